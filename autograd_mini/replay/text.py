"""Put the lines of a step together: it checks its arguments, loads, computes, and leaves all behind at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from textwrap import indent
from typing import Any

import numpy as np

from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.replay.checks import argument_checks
from autograd_mini.replay.flat import Parts, Shared, item, packed
from autograd_mini.replay.kernel import kernel_of
from autograd_mini.replay.levels import body_of
from autograd_mini.replay.machine import MachineCode
from autograd_mini.replay.memory import is_fresh
from autograd_mini.replay.places import InPlaces
from autograd_mini.replay.recording import Recording
from autograd_mini.replay.spelled import ATOM
from autograd_mini.replay.together import Together, found_together
from autograd_mini.replay.trace import Var, variables_in
from autograd_mini.replay.updating import joined, part
from autograd_mini.replay.writing import MOST_OPERATORS
from autograd_mini.spelling import Names
from autograd_mini.value import Value
from autograd_mini.visible import visible

Section = tuple[str, list[str]]
#: What the lines call so themselves.
OWN = frozenset(
    {
        *("code", "held", "Held"),
        *("step", "each", "samples", "outputs", "append", "age", "optimizer", "memory", "new_memory", "updates"),
        *(
            "alarm",
            "kernel",
            "turn",
            "fine",
            "OTHERWISE",
            "AS_WRITTEN",
            "next_age",
            "accumulated",
            "Value",
            "total",
            "e",
        ),
    }
)


class Text:
    """The text of a recorded step, and of the loop over many of them."""

    def __init__(
        self,
        recording: Recording,
        calls: Sequence[Var],
        optimizer: Optimizer | None,
        name: str,
        numba: bool,
        shared: Shared,
    ) -> None:
        self.recording, self.calls, self.optimizer, self.numba = recording, calls, optimizer, numba
        names = Names()
        names.taken |= OWN
        self.argument_names = [names.new(name) for name in recording.argument_names]
        self.body = body_of(calls, recording.results(), names, numba)
        self.together: list[Together] = []
        self.blocks = ""
        """The name of the optimizer's blocks, if what it remembers stays together too."""
        self.flat: set[Var] = set()
        """Parts that are not taken out of what is remembered then."""
        if optimizer is not None:
            self.body.known["optimizer"] = optimizer
            self._stay_together(optimizer, shared)
        self.has_arrays = isinstance(self.body, InPlaces) or any(map(_on_arrays, calls))
        self.takes_floats = all(type(x) is Var and type(x.number) is float for x in recording.args)
        self.step = self.each = self.kernel = ""
        self._write(name)

    def _stay_together(self, optimizer: Optimizer, shared: Shared) -> None:
        """What is updated as one array is not taken apart from one call to the next."""
        body, self.together = self.body, found_together(self.recording, self.calls, optimizer.remembers)
        for block in self.together:
            news = [new for _, _, new, _ in block.updates]
            make = partial(Parts, [new.shape for new in news], block.whole.number.dtype)
            block.parts = body.mention("parts", shared.get((block.whole.number.dtype, *block.positions), make))
            block.left = body.names.new("left")
            body.parts[block.whole] = block.left, block.parts, news
            body.loaded.add(block.before)
            body.spared.discard(block.whole)
        if self.together and optimizer.remembers and all(block.memory for block in self.together):
            every = tuple([tuple(block.positions) for block in self.together])
            blocks = shared.get(every, lambda: [block.block() for block in self.together])
            self.blocks = body.mention("blocks", blocks)
            for block in self.together:
                body.loaded |= {before for before, _ in block.memory or ()}
                self.flat |= {x for *_, remembered in block.updates for x in remembered if x.function is part}
            body.loaded |= self.flat

    def _write(self, name: str) -> None:
        body, r = self.body, self.recording
        checks = argument_checks(body, self.argument_names, r.args, "return OTHERWISE")
        head = f"The arguments, as {visible(name)} was recorded with them", checks
        used = {x for var in self.calls for x in var.operands()} | set(r.results())
        loads = self._loads([var for var in r.trace.given_vars if var in used])
        parts: dict[str, list[str]] = {"prelude": loads, "forward": [], "backward": [], "update": []}
        for name_of_part, lines in parts.items():
            lines += body.lines([var for var in self.calls if var.part == name_of_part], "return OTHERWISE")
        given = "Given", loads
        checks += self._circumstances()
        calls: list[Section] = [
            ("Forward", parts["forward"]),
            ("Backward: d_v stands for ∂output/∂v", parts["backward"]),
            ("Update", parts["update"]),
        ]
        finals = self._finals()
        output, texts = self._output(finals)
        last = self._last(finals, texts)
        signature = ", ".join(self.argument_names)
        self.step = f"def step({signature}):\n{_text([head, given, *calls, *last], 4)}\n    return {output}\n"
        if self.optimizer is not None and r.updates and not r.gradients and type(r.output) is Var:
            following, after = self._following(finals)
            if self.numba and self.takes_floats and not self.has_arrays and type(body) is not MachineCode:
                self._in_a_kernel(given, output, following, after)
                return
            lines = [*parts["forward"], *parts["backward"], *parts["update"], output]
            following = _at_once(lines, parts["update"], following)
            one = "," if len(self.argument_names) == 1 else ""
            self.each = "\n".join(
                [
                    f"def each(samples):\n{_text([('Is all as it was?', self._circumstances()), given], 4)}",
                    "    outputs = []\n    append = outputs.append",
                    f"    for {signature or '()'}{one} in samples:",
                    _text([*([] if self.takes_floats else [head]), *calls], 8),
                    f"        append({output})",
                    _text([("The next step starts from here", following)], 8),
                    "    total = sum(outputs)",
                    *(["    if type(total) is not float: return AS_WRITTEN  # others than floats"] * self.takes_floats),
                    _text(self._last(after, ["total"]), 4),
                    "    return outputs\n",
                ]
            )

    def _in_a_kernel(self, given: Section, output: str, following: list[str], after: list[str]) -> None:
        """The loop over many samples as machine code."""
        states = list(dict.fromkeys(line.partition(" = ")[0] for line in following if line.count(" = ") == 1))
        loaded = [line.partition(" = ")[0] for line in given[1] if " = " in line and not line.startswith("if ")]

        def lines(missed: str) -> str:
            found = []
            for name in ("forward", "backward", "update"):
                found += self.body.lines([var for var in self.calls if var.part == name], missed)
            return _text([("", found)], 8)

        if len(following) == 1 and len(states) < len(self._following_names):  # all in one line
            states = self._following_names
        self.kernel, inputs = kernel_of(lines, loaded, states, following, self.argument_names, output)
        self.each = "\n".join(
            [
                f"def each(samples):\n{_text([('Is all as it was?', self._circumstances()), given], 4)}",
                "    samples = np.array(samples, float)",
                "    outputs = np.empty(len(samples))",
                f"    {', '.join(['fine', *states])} = kernel({', '.join(['samples', 'outputs', *inputs])})",
                "    if not fine: return AS_WRITTEN",
                "    total = float(np.add.reduce(outputs))",
                _text(self._last(after, ["total"]), 4),
                "    return outputs\n",
            ]
        )

    def _circumstances(self) -> list[str]:
        """Lines that ask whether all is as it was, besides the arguments."""
        watched = "recording_hooks or step_watchers or inside_transform.get()"
        if self.recording.backward:
            watched += " or no_grad_blocks.get()"
        lines = [f"if {watched}: return AS_WRITTEN"]
        leaves = [var.args[0] for var in self.recording.trace.given_vars if var.function == "leaf"]
        known = self.body.mention("leaves", [v for v in leaves if v is not None])
        arguments = [self._owner(leaf) for leaf, _ in self.recording.gradients if type(leaf) is Var]
        lines.append(f"if gradient_hooks and hooked({', '.join([f'*{known}', *arguments])}): return AS_WRITTEN")
        owners = [self._owner(leaf) for leaf, _ in self.recording.gradients]
        for k, (leaf, _) in enumerate(self.recording.gradients):
            if type(leaf) is Var:  # given twice, as another one or as one that the function knows
                others = [other for other in (*owners[:k], *owners[k + 1 :]) if other != owners[k]]
                lines += [f"if {' or '.join(f'{owners[k]} is {other}' for other in others)}: return AS_WRITTEN"] * bool(
                    others
                )
        if self.optimizer is not None:
            lines.append("if optimizer.explain: return AS_WRITTEN")
        states = [
            (self.body.mention(type(m).__name__, m), m.training) for m in self.recording.modules if _may_depend(m)
        ]
        different = " or ".join(f"not {name}.training" if on else f"{name}.training" for name, on in states)
        return [*lines, f"if {different}: return OTHERWISE"] if states else lines

    # -- what is given -----------------------------------------------------------------------------

    def _loads(self, given: list[Var]) -> list[str]:
        lines: list[str] = []
        memory: list[Var] = []
        for var in given:
            if var.function == "leaf":
                lines.append(f"{self.body.name(var, var.args[0].name or 'leaf')} = {self._owner(var.args[0])}._data")
            elif var.function == "buffer":
                module, attribute = var.args
                lines.append(f"{self.body.name(var)} = {self._state(module)}[{attribute!r}]")
            elif var.function == "option":
                lines += self._option(var)
            elif var.function == "memory":
                memory.append(var)
        for block in self.together:
            lines += self._joined(block)
        if self.blocks:
            return lines + self._held(memory)
        return [*lines, *["memory = optimizer.memory"] * bool(memory), *self._each(memory)]

    def _joined(self, block: Together) -> list[str]:
        """The parameters as one array: that of the last call, if they still hold its parts."""
        names = [self.body.name(x) for x in block.before.args]
        whole, *kept = [self.body.names.new("kept") for _ in range(len(names) + 1)]
        same = " and ".join(f"{name} is {other}" for name, other in zip(names, kept, strict=True))
        joins = self.body.mention("joined", joined)
        return [
            f"{block.left} = {block.parts}.now",
            f"{', '.join([whole, *kept])} = {block.left}",
            f"{self.body.name(block.before)} = {whole} if {same} else {joins}({', '.join(names)})",
        ]

    def _held(self, memory: list[Var]) -> list[str]:
        """What is remembered, flat as the last call left it, or to be joined."""
        inside = {position for block in self.together for position in block.positions}
        joins = self.body.mention("joined", joined)
        flat, taken = [], []
        for block in self.together:
            names = [self.body.name(before) for before, _ in block.memory or ()]
            flat.append(f"({', '.join(names)},)")
            for name, (before, _) in zip(names, block.memory or (), strict=True):
                if before.function is joined:
                    taken.append(f"{name} = {joins}({', '.join(map(self.body.name, before.args))})")
        mine = [var for var in memory if var.args[0] in inside]
        apart = self._each(mine)
        counts = []
        for block in self.together:
            for before, _ in block.memory or ():
                if before.function == "memory":
                    others = [x for x in mine if x.args[0] in block.positions and x.args[1] == before.args[1]]
                    counts += [f"{self.body.name(x)} = {self.body.name(before)}" for x in others if x is not before]
        return [
            "held = optimizer._memory",
            f"if type(held) is Held and held.blocks is {self.blocks}:",
            f"    memory, ({', '.join(flat)},) = held.others, held.flat",
            *(f"    {line}" for line in counts),
            "else:",
            "    memory = optimizer.memory",
            *(f"    {line}" for line in [*apart, *taken]),
            *self._each([var for var in memory if var.args[0] not in inside]),
        ]

    def _each(self, memory: list[Var]) -> list[str]:
        return [line for var in memory for line in self._memory(var)]

    def _owner(self, leaf: Any) -> str:
        if type(leaf) is Value:
            return self.body.mention(f"{leaf.name or 'leaf'}_value", leaf)
        return f"{self.body.name(leaf)}_value"  # an argument

    def _state(self, module: Any) -> str:
        return self.body.mention(f"{type(module).__name__}_state", vars(module))

    def _option(self, var: Var) -> list[str]:
        k, option = var.args
        most = self.optimizer.at_most.get(option)  # type: ignore[union-attr]
        name = self.body.name(var)
        fits = f"0.0 <= {name} < math.inf" if most is None else f"0.0 <= {name} <= {most!r}"
        return [
            f"{name} = optimizer.groups[{k}][{option!r}]",
            f"if type({name}) is not float or not {fits}: return AS_WRITTEN",
        ]

    def _memory(self, var: Var) -> list[str]:
        i, k = var.args
        w = self.optimizer.parameters[i]  # type: ignore[union-attr]
        name = self.body.name(var, f"{var.label}_{w.name or i}")
        load = f"{name} = memory[{i}][{k}]"
        if type(var.number) is np.ndarray:  # zero before the first step
            zeros = f"np.zeros({var.shape}, np.{var.number.dtype.name})"
            return [load, f"if type({name}) is not np.ndarray: {name} = {zeros}"]
        if type(var.number) is float:
            return [load, f"if type({name}) is not float: {name} = float({name})"]
        return [load]

    # -- what is left behind -----------------------------------------------------------------------

    def _finals(self) -> list[str]:
        """The results, each in memory of its own."""
        seen: set[Var] = set()
        texts = []
        for var in self.recording.results():
            text = "" if var in self.flat else self.body.text(var)
            if type(var.number) is np.ndarray:
                if var.is_given or not is_fresh(var) or var in seen:
                    text += ".copy()"
                seen.add(var)
            texts.append(text)
        return texts

    def _output(self, finals: list[str]) -> tuple[str, list[str]]:
        """The output as it is returned, and what of it has to be finite."""
        texts = iter(finals)

        def written(item: Any) -> str:
            if type(item) is dict:
                return f"{{{', '.join(f'{key!r}: {written(part)}' for key, part in item.items())}}}"
            if type(item) is tuple or type(item) is list:
                inside = ", ".join(map(written, item))
                return f"({inside}{',' if len(item) == 1 else ''})" if type(item) is tuple else f"[{inside}]"
            return next(texts) if type(item) is Var else self.body.mention("fixed", item)

        found = written(self.recording.output)
        return found, [self._squares(var) for var in variables_in(self.recording.output)]

    def _last(self, finals: list[str], outputs: list[str]) -> list[Section]:
        finite, stores = list(outputs), []
        before: list[str] = []
        r, optimizer = self.recording, self.optimizer
        texts = iter(finals[len(list(variables_in(r.output))) :])
        for leaf, var in r.gradients:
            owner, name = self._owner(leaf), self.body.names.new("grad")
            finite.append(self._squares(var))
            before += [
                f"{name} = {next(texts)}",
                f"if {owner}.grad is not None: {name} = accumulated({owner}, {name})",
            ]
            stores.append(f"{owner}.grad = {name}")
        memory = {}
        for i, w, new, remembered in r.updates:
            owner, text = self._owner(w), next(texts)
            before.append(f"if {owner}.grad is not None: return AS_WRITTEN")
            stores += [f"{owner}._data = {text}", f"{owner}.age = age"]
            finite.append(self._squares(new, text))
            memory[i] = [next(texts) for _ in remembered]
            finite += [t for t, var in zip(memory[i], remembered, strict=True) if type(var.number) is float]
        if optimizer is not None:
            others = [w for i, w in enumerate(optimizer.parameters) if i not in memory]
            before += [f"if {self._owner(w)}.grad is not None: return AS_WRITTEN" for w in others]
            if optimizer.remembers and memory:
                now, attribute = self._new_memory(memory)
                before.append(f"new_memory = {now}")
                stores.append(f"optimizer.{attribute} = new_memory")
            stores += [f"{block.parts}.now = {block.left}" for block in self.together]
            before.append("updates = {}")
            stores.append("optimizer._updates = updates")
        finite += [self._squares(var) for var in r.trace.finite]
        for module, attribute, _ in r.buffers:
            name = self.body.names.new(attribute)
            before.append(f"{name} = {next(texts)}")
            stores.append(f"{self._state(module)}[{attribute!r}] = {name}")
        if memory:
            before.append("age = next_age()")
        checked = ["if alarm: return AS_WRITTEN"] if self.has_arrays else []
        terms = [text for text in dict.fromkeys(finite) if text]
        if terms:
            # Python does not read an expression of thousands of operators.
            total = " + ".join(terms) if len(terms) <= MOST_OPERATORS else f"sum(({', '.join(terms)}))"
            checked.append(f"if not -math.inf < {total} < math.inf: return AS_WRITTEN")
        return [
            ("Is all finite? Otherwise the call is made as written", checked),
            ("Changed at once: between the last lines Python looks for no interrupt", before + stores),
        ]

    def _new_memory(self, memory: dict[int, list[str]]) -> tuple[str, str]:
        """What is remembered from now on, and the attribute that holds it."""
        idle = "memory" if self.blocks else "optimizer.memory"
        tuples = {
            i: f"({', '.join(memory[i])},)" if i in memory else f"{idle}[{i}]"
            for i in range(len(self.optimizer.parameters))  # type: ignore[union-attr]
        }
        if not self.blocks:
            return f"[{', '.join(tuples.values())}]", "memory"
        tuples |= {i: "()" for block in self.together for i in block.positions}
        flat = [f"({', '.join(self.body.text(new) for _, new in block.memory or ())},)" for block in self.together]
        return f"Held({self.blocks}, [{', '.join(flat)}], [{', '.join(tuples.values())}])", "_memory"

    def _squares(self, var: Var, text: str | None = None) -> str:
        """A number that is finite if all of the Var is; nothing for a constant or whole numbers."""
        if var.function is part and (text is None or not self.body.has(var) or text == self.body.text(var)):
            var, text = var.args[0], None  # all parts at once
        text = self.body.text(var, ATOM) if text is None else text
        if var.function in ("constant", packed) or getattr(var.number, "dtype", np.dtype(type(var.number))).kind != "f":
            return ""
        return f"np.vdot({text}, {text})" if type(var.number) is np.ndarray else text

    def _following(self, finals: list[str]) -> tuple[list[str], list[str]]:
        """Lines by which what was changed takes the place of what it was, and the results under these names."""
        r = self.recording
        given = {(var.function, *map(_known_by, var.args)): var for var in r.trace.given_vars}
        states: list[Var | None] = []
        for i, w, _, remembered in r.updates:
            states += [given.get(("leaf", id(w))), *(given.get(("memory", i, k)) for k in range(len(remembered)))]
        states += [given.get(("buffer", id(module), name)) for module, name, _ in r.buffers]
        skipped = len(list(variables_in(r.output)))
        after = list(finals)
        left = [self.body.name(block.before) for block in self.together]
        right = [self.body.name(block.whole) for block in self.together]
        if self.blocks:
            left += [self.body.name(before) for block in self.together for before, _ in block.memory or ()]
            right += [self.body.text(new) for block in self.together for _, new in block.memory or ()]
        lines = [f"{state} = {new}" for state, new in zip(left, right, strict=True)]
        for place, state in enumerate(states, skipped):
            if state is not None and self.body.has(state) and finals[place] and self.body.name(state) not in left:
                after[place] = self.body.name(state)
                left.append(after[place])
                right.append(finals[place])
                lines.append(f"{left[-1]} = {right[-1]}")
        self._following_names = left
        if set(left) & set(right):  # one becomes the other
            lines = [f"{', '.join(left)} = {', '.join(right)}"]
        return lines, after


def _on_arrays(var: Var) -> bool:
    """Does NumPy compute it?"""
    return type(var.number) is np.ndarray and var.function not in (item, packed, joined, part)


def _may_depend(module: Any) -> bool:
    """May what the module computes depend on `training`? A layer of this package says so by its name."""
    kind = type(module)
    if not kind.__module__.startswith("autograd_mini.nn"):
        return True
    return any("training" in getattr(item, "__code__", _NO_CODE).co_names for item in vars(kind).values())


_NO_CODE = compile("", "", "exec")


def _at_once(lines: list[str], last: list[str], following: list[str]) -> list[str]:
    """Where a line `new = …` is the last to mention what it takes the place of, it is named so at once."""
    counts = Counter(word for line in lines for word in _words(line))
    made = {line.partition(" = ")[0]: i for i, line in enumerate(last)}
    mentioned = {word: i for i, line in enumerate(last) for word in _words(line)}  # where it is for the last time
    left = []
    for line in following:
        state, _, new = line.partition(" = ")
        place = made.get(new)
        if place is not None and counts[new] == 1 and mentioned.get(state, -1) <= place:
            last[place] = f"{state} = {last[place].partition(' = ')[2]}"
        else:
            left.append(line)
    return left


def _words(line: str) -> list[str]:
    return re.findall(r"\w+", line)


def _known_by(item: Any) -> Any:
    return item if isinstance(item, int | str) else id(item)


def _text(sections: list[Section], depth: int) -> str:
    texts = ["\n".join([f"# {title}", *lines]) for title, lines in sections if lines]
    return indent("\n".join(texts), " " * depth)
