"""Let numba compile a step on single numbers: a function of its own, given arrays to read and arrays to fill."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd_mini.floats import FLOAT_FUNCTIONS
from autograd_mini.replay.flat import item, packed
from autograd_mini.replay.kernel import as_numba_reads
from autograd_mini.replay.spelled import FORMS
from autograd_mini.replay.tape import EXPRESSIONS
from autograd_mini.replay.trace import PARTS, SCALARS, Var, guard, watched
from autograd_mini.replay.updating import joined, part
from autograd_mini.replay.writing import Body
from autograd_mini.spelling import Names

OTHERWISE, AS_WRITTEN = 1, 2
_OUTSIDE = frozenset({joined, part})


def can_be_machine_code(calls: Sequence[Var]) -> bool:
    """Are these the calls of a program on tiny arrays, all known to numba?"""
    own = (item, packed, watched, guard, *_OUTSIDE)
    return any(var.function in (item, packed) for var in calls) and all(
        var.part == "prelude" or var.function in own or _is_known(var) for var in calls
    )


def _is_known(var: Var) -> bool:
    if var.function is float:
        return all(type(x.number) is float for x in var.operands())
    known = var.function in FORMS or var.function is FLOAT_FUNCTIONS["sign"]
    return known or EXPRESSIONS.get(var.function, "").startswith("math.")


class MachineCode(Body):
    """The lines of such a program: one calls the kernel."""

    def __init__(self, calls: Sequence[Var], leaving: Sequence[Var], names: Names) -> None:
        super().__init__(calls, leaving, names)
        self.kernel = ""
        """The text of the function that numba compiles."""
        self._last = max({var.part for var in calls} & set(PARTS), key=PARTS.index)
        self._before: list[str] = []
        self._inner: list[str] = []
        self._filled: list[str] = []
        self._inputs: dict[str, None] = {}
        self._made: dict[Var, None] = {}
        results = [var for var in calls if var in self.leaving and type(var.number) in SCALARS]
        self._results = [var for var in results if var.part != "prelude"]

    def lines(self, calls: Sequence[Var], missed: str) -> list[str]:
        found = super().lines([var for var in calls if var.part == "prelude"], missed)
        rest = [var for var in calls if var.part != "prelude"]
        after: list[str] = []
        for var in rest:
            if var.function is part:
                after += super().lines([var], missed)
            elif var.function is joined:
                self._before += super().lines([var], missed)
            else:
                self._add(var)
        if rest and rest[-1].part == self._last:
            found += [*self._before, *self._run(), *after]
        return found

    def _add(self, var: Var) -> None:
        """The call as lines of the kernel."""
        self._inputs.update(
            (self.text(x), None) for x in var.operands() if x not in self._made and x.function != "constant"
        )
        self._made[var] = None
        if var.function is item:
            array, k = var.args
            place = ", ".join(str(int(i)) for i in np.unravel_index(k, array.shape))
            self._inner.append(f"{self.name(var)} = {self.text(array)}[{place}]")
        elif var.function is packed:
            shape, *numbers = var.args
            name = self.name(var)
            self._before += self._parts(var) if var in self.parts else [f"{name} = np.empty({self.text(shape)})"]
            self._inputs[name] = None
            for where, x in zip(np.ndindex(*shape), numbers, strict=True):
                self._filled.append(f"{name}[{', '.join(map(str, where))}] = {self.text(x)}")
        elif var.function is watched:
            self._inner.append(self._watched(var, self._left(AS_WRITTEN)))
        else:
            self._inner += super().lines([var], self._left(OTHERWISE))

    def _left(self, code: int) -> str:
        return f"return {', '.join([str(code), *(repr(type(var.number)()) for var in self._results)])}"

    def _run(self) -> list[str]:
        outputs = [self.text(var) for var in self._results]
        lines = [*map(as_numba_reads, self._inner), *self._filled, f"return {', '.join(['0', *outputs])}"]
        inputs = ", ".join(self._inputs)
        self.kernel = "\n".join([f"def kernel({inputs}):", *(f"    {line}" for line in lines), ""])
        names = ", ".join(["code", *outputs])
        return [f"{names} = kernel({inputs})", "if code: return OTHERWISE if code == 1 else AS_WRITTEN"]
