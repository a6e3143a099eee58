"""Record a step: run the engine once on arrays that write down what it does with them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_mini.backprop import gradients, seed, topological_order
from autograd_mini.draws import watching_draws
from autograd_mini.nn.module import Module
from autograd_mini.notes import Call, notes_of
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.replay.arguments import names_of, traced_arguments
from autograd_mini.replay.checks import hooked
from autograd_mini.replay.found import found_in
from autograd_mini.replay.known_forms import one_call_each
from autograd_mini.replay.standing_in import changed_buffers, instead, traced_buffers
from autograd_mini.replay.trace import CannotReplay, CompileError, Trace, Var, mapped, variables_in
from autograd_mini.replay.traced import Traced
from autograd_mini.replay.updating import recorded_updates
from autograd_mini.value import Value
from autograd_mini.visible import shown

#: While a step is recorded, the parameters hold arrays that are traced: one recording at a time.
recording = threading.RLock()


class Recording:
    """The whole step on paper: the trace, and which of its Vars are results."""

    def __init__(self, trace: Trace, args: tuple, argument_names: Sequence[str]) -> None:
        self.trace = trace
        self.backward = True
        """Are gradients part of it?"""
        self.args = args
        """The arguments of the recording, with Vars in place of arrays, floats and Values."""
        self.argument_names = argument_names
        self.output: Any = None
        """A Var, or a nesting of them where only `f` itself is replayed."""
        self.gradients: list[tuple[Value | Var, Var]] = []
        """(leaf, its gradient); the leaf is a Var where it is an argument."""
        self.updates: list[tuple[int, Value, Var, tuple]] = []
        """(position in the optimizer, parameter, what it becomes, what is remembered of it)"""
        self.buffers: list[tuple[Module, str, Var]] = []
        """What modules remember of the batch: (module, attribute, what it becomes)."""
        self.modules: list[Module] = []
        """Those whose `training` the step may depend on."""

    def results(self) -> list[Var]:
        """All that leaves the program, in order."""
        found = [*variables_in(self.output), *(var for _, var in self.gradients)]
        for _, _, new, remembered in self.updates:
            found += [new, *remembered]
        return [*found, *(var for _, _, var in self.buffers), *self.trace.finite]

    def replace(self, results: Sequence[Var]) -> None:
        """Other Vars for the results, in the same order."""
        others = iter(results)
        self.output = mapped(self.output, lambda item: next(others) if type(item) is Var else item)
        self.gradients = [(leaf, next(others)) for leaf, _ in self.gradients]
        self.updates = [(i, w, next(others), tuple(next(others) for _ in m)) for i, w, _, m in self.updates]
        self.buffers = [(module, name, next(others)) for module, name, _ in self.buffers]
        self.trace.finite = list(others)


def run_once(f: Callable[..., Any], args: tuple) -> tuple[Any, list[Any]]:
    """What f returns, as ever, and the random numbers that its layers drew."""
    draws: list[Any] = []

    def draw(method: Callable[..., Any], args: tuple) -> Any:
        draws.append(method(*args))
        return draws[-1].copy() if np.ndim(draws[-1]) else draws[-1]

    with _drawing(draw):
        return f(*args), draws


def record(
    f: Callable[..., Any],
    args: tuple,
    first: Any,
    draws: Sequence[Any],
    optimizer: Optimizer | None,
    backward: bool,
) -> Recording:
    """Run f a second time, as it was when it returned `first` and drew these numbers, and write down the step.

    Raises:
        CompileError: f does what no program can repeat.
        CannotReplay: these numbers cannot be recorded, others may.
    """
    trace = Trace()
    values, modules = found_in(f)
    nodes = topological_order(first) if type(first) is Value else []
    if hooked(*nodes):
        raise CannotReplay
    values = list(dict.fromkeys([*values, *(node for node in nodes if node.op is None)]))
    modules = list(
        dict.fromkeys([*modules, *(note.module for node in nodes for note in notes_of(node) if isinstance(note, Call))])
    )
    if optimizer is not None:
        values = list(dict.fromkeys([*values, *optimizer.parameters]))
    names = names_of(f, len(args))
    given, in_arguments = traced_arguments(trace, args, names)
    values = [v for v in values if v.op is None and all(v is not w for w, _ in in_arguments)]
    own = [Traced(trace, trace.given("leaf", v._data, v, label=v.name)) for v in values]
    leaves = {id(v): (v, data.symbol) for v, data in zip(values, own, strict=True)}
    result = Recording(trace, mapped(given, lambda x: _var(x._data if type(x) is Value else x)), names)
    result.modules, result.backward = modules, backward
    stand_ins = {id(v): (var, var) for v, var in in_arguments}
    quiet = np.errstate(all="ignore")  # the first run has given NumPy's warnings
    with quiet, instead(values, own), traced_buffers(trace, modules), _replaying(trace, draws), one_call_each():
        second = f(*given)
        if not backward:
            result.output = mapped(second, _output)
        else:
            seed(second, None)
            order = topological_order(second)
            _compare(nodes, order)
            _label(order)
            result.output = _output(second)
            reached = [node for node in order if node.op is None and (id(node) in leaves or id(node) in stand_ins)]
            trace.part = "backward"
            inner = [node for node in order if node.op is not None]
            anew = [node for node in order if node.op is None and type(node._data) is not Traced]  # made by f itself
            with instead(anew, [Traced(trace, trace.given("constant", node._data)) for node in anew]):
                found = gradients(second, [*reached, *inner])
            for node, grad in zip([*reached, *inner], found, strict=True):
                var = _var_of(trace, grad)
                if var.label is None and not var.is_given:
                    var.label = f"d_{_label_of(node)}"
                if node.op is None:
                    result.gradients.append(((leaves.get(id(node)) or stand_ins[id(node)])[0], var))
            if optimizer is not None:
                trace.part = "update"
                by_leaf = {id(w): var for w, var in result.gradients if type(w) is Value}
                result.updates = recorded_updates(trace, optimizer, by_leaf)
                if type(optimizer).__module__.startswith("autograd_mini.optim"):
                    trace.finite.clear()  # whose updates are not finite where a gradient is not
                updated = {id(w) for _, w, _, _ in result.updates}
                result.gradients = [(leaf, var) for leaf, var in result.gradients if id(leaf) not in updated]
        result.buffers = changed_buffers(trace, modules)
    return result


# -- while f runs ----------------------------------------------------------------------------------


@contextmanager
def _drawing(draw: Callable[..., Any]) -> Iterator[None]:
    before = watching_draws.get()
    try:
        watching_draws.set(draw)
        yield
    finally:
        watching_draws.set(before)


@contextmanager
def _replaying(trace: Trace, draws: Sequence[Any]) -> Iterator[None]:
    """Random layers get the numbers that they drew in the first run, and the program a call that draws anew."""
    given = iter(draws)

    def draw(method: Callable[..., Any], args: tuple) -> Traced:
        number = next(given, None)
        if number is None:
            raise CompileError("compile: f did not draw as many random numbers when it was run a second time")
        var = Var(number, method, args, {}, trace.part)
        trace.made.append(var)
        trace.draws.append(var)
        return Traced(trace, var)

    with _drawing(draw):
        yield


# -- Vars ------------------------------------------------------------------------------------------


def _var(item: Any) -> Any:
    return item.symbol if type(item) is Traced else item


def _var_of(trace: Trace, number: Any) -> Var:
    return number.symbol if type(number) is Traced else trace.given("constant", number)


def _output(item: Any) -> Any:
    return _var(item._data if type(item) is Value else item)


def _label_of(node: Value) -> str:
    if node.name:
        return node.name
    var = _var(node._data)
    return var.label if type(var) is Var and var.label else (node.op.name if node.op else "v")


def _label(order: list[Value]) -> None:
    """The Vars take the names of the nodes whose numbers they are."""
    for node in reversed(order):
        var = _var(node._data)
        if type(var) is Var and not var.is_given and (node.name or var.label is None):
            var.label = node.name or (node.op.name if node.op else None)


def _compare(first: list[Value], second: list[Value]) -> None:
    """Both runs must have computed the same: what differs is a constant that f makes anew in every call.

    Raises:
        CompileError: they differ.
    """
    if [node.op for node in first] != [node.op for node in second]:
        raise CompileError(
            f"compile: f recorded {len(first)} Values in one run and {len(second)} in the next, or other operations, "
            "with the same arguments: what decides that must be an argument"
        )
    for one, other in zip(reversed(first), reversed(second), strict=True):
        pairs = [*zip(one.inputs, other.inputs, strict=True), *zip(one.params, other.params, strict=True)]
        if one.op is None:
            pairs = [(one._data, other._data)]
        for then, now in pairs:
            if type(then) is not Value and then is not now and not _same(then, now):
                name = one.op.name if one.op else f"the Value {one.name or shown(one)}"
                raise CompileError(
                    f"compile: a constant of {name} differs between two runs of f with the same arguments: the program "
                    "would repeat one of them for ever. Pass random numbers, counters and times as arguments"
                )


def _same(then: Any, now: Any) -> bool:
    if isinstance(now, tuple | list) and type(then) is type(now) and len(then) == len(now):
        return all(map(_same, then, now))
    then, now = (x.symbol.number if type(x) is Traced else x for x in (then, now))
    try:
        return bool(np.array_equal(then, now, equal_nan=True))
    except TypeError:  # no numbers
        return bool(then == now)
