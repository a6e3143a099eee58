"""Compute a batch turned round, a column for each example, where a program is quicker so.

The engine has a row for each example, as one reads it: h = x Wᵀ + b. Turned round, hᵀ = W xᵀ + b: BLAS multiplies
float32 faster in that order, and NumPy reduces the few numbers for each example side by side, and not row by row.
Whatever only takes part in products, goes number by number, or is summed up, can be turned; a product that is not
takes the transposed view of one that is.

>>> trace = Trace()
>>> x, w = (trace.given(kind, np.ones((2, 3), np.float32), label=kind) for kind in ("argument", "leaf"))
>>> s = trace.call(np.dot, (x, trace.call(np.transpose, (w,))))
>>> h = trace.call(np.maximum, (s, 0))
>>> total = trace.call(np.add.reduce, (h, None))
>>> [(var.function.__name__, var.args) for var in in_columns(trace, trace.made, [total])[0][2:4]]
[('dot', (Var leaf (2, 3), Var transpose (3, 2))), ('maximum', (Var dot (2, 2), 0))]
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_mini.replay.trace import Trace, Var, mapped
from autograd_mini.replay.traced import assigned

REDUCTIONS = (np.add.reduce, np.maximum.reduce, np.minimum.reduce)
#: Rows that are shorter are reduced faster as columns, whatever they are made of.
SHORT = 64


def in_columns(trace: Trace, calls: Sequence[Var], results: Sequence[Var]) -> tuple[list[Var], list[Var]]:
    """The same calls, some of them turned round, and the same results."""
    group = _groups(calls, results)
    worth = {group[var] for var in calls if var in group and _pays(var)}
    turned = _Turned(trace, {var for var in group if group[var] in worth})
    return turned.calls(calls), [turned.instead.get(var, var) for var in results]


def _pays(var: Var) -> bool:
    if var.function is np.dot:
        return var.number.dtype == np.float32 and all(type(x) is Var for x in var.args) and var.args[1].shape[0] > 1
    return var.function in REDUCTIONS and var.args[0].shape[1] <= min(SHORT, var.args[0].shape[0])


def _groups(calls: Sequence[Var], results: Sequence[Var]) -> dict[Var, Any]:
    """The Vars that can be turned, each with a name for those that have to be turned together."""
    parent: dict[Var, Var] = {var: var for var in calls if _can_be_turned(var)}

    def root(var: Var) -> Var:
        while parent[var] is not var:
            parent[var] = parent[parent[var]]
            var = parent[var]
        return var

    stays = {var for var in results if var in parent}
    for var in calls:
        for x in var.operands():
            if x in parent and not (var in parent or _reads_columns(var)):
                stays.add(x)
        if var in parent:
            for x in _side_by_side(var):
                if x in parent:
                    parent[root(x)] = root(var)
                elif not (x.function == "constant" or len(x.shape) < 2):
                    stays.add(var)
        elif var.function is np.vdot and all(x in parent for x in var.args):
            parent[root(var.args[0])] = root(var.args[1])
        elif var.function is np.vdot:
            stays.update(x for x in var.args if x in parent)
    left = {root(var) for var in stays}
    return {var: root(var) for var in parent if root(var) not in left}


def _can_be_turned(var: Var) -> bool:
    function, args = var.function, var.args
    if np.ndim(var.number) != 2 or var.number.dtype.kind not in "fb" or not var.number.size:
        return False
    if function is np.dot:
        return all(type(x) is Var and len(x.shape) == 2 for x in args)
    if function is np.take:
        from_rows = args[2:] == (0,) and np.ndim(_number(args[1])) == 1 and not var.kwargs
        return from_rows and type(args[0]) is Var and args[0].function == "constant"
    if function is assigned:
        constant = type(args[0]) is Var and args[0].function == "constant"
        return constant and _places(args[1]) is not None and np.ndim(_number(args[2])) < 2
    if function in REDUCTIONS:
        return args[1:] in ((1,), (-1,)) and var.kwargs == {"keepdims": True} and len(args[0].shape) == 2
    return _is_elementwise(var)


def _is_elementwise(var: Var) -> bool:
    if isinstance(var.function, np.ufunc):
        return var.function.nout == 1 and var.function.signature is None and not var.kwargs
    return var.function is np.where and len(var.args) == 3 and not var.kwargs


def _side_by_side(var: Var) -> Iterator[Var]:
    """The operands that have to lie in memory as the result does."""
    if var.function in REDUCTIONS or _is_elementwise(var):
        yield from var.operands()


def _places(index: Any) -> tuple[Any, Any] | None:
    """Rows and columns of single entries."""
    pair = type(index) is tuple and len(index) == 2
    return index if pair and all(np.ndim(_number(x)) == 1 and not isinstance(x, slice) for x in index) else None


def _number(item: Any) -> Any:
    return item.number if type(item) is Var else item


def _reads_columns(var: Var) -> bool:
    """Can the call, which is not turned itself, read its operands turned round?"""
    function, args = var.function, var.args
    if function is np.dot:
        return len(args) == 2 and all(type(x) is Var for x in args)
    if function is np.transpose:
        return len(args) == 1
    if function is np.vdot:
        return True
    if function is operator.getitem:
        return _places(args[1]) is not None
    return function in REDUCTIONS and args[1:] in ((1,), (-1,), (None,)) and not var.kwargs


class _Turned:
    """Writes the calls anew."""

    def __init__(self, trace: Trace, chosen: set[Var]) -> None:
        self.trace = trace
        self.chosen = chosen
        self.instead: dict[Var, Var] = {}
        """What is turned -> its columns; what is the transpose of such a one -> the same columns."""
        self.views: dict[Var, Var] = {}
        self.made: list[Var] = []

    def calls(self, calls: Sequence[Var]) -> list[Var]:
        for var in calls:
            if var in self.chosen:
                self.instead[var] = self._turned(var)
            elif var.function is np.transpose and var.args[0] in self.chosen:
                self.instead[var] = self.instead[var.args[0]]
            else:
                self._read(var)
                self.made.append(var)
        return self.made

    def _make(self, number: Any, function: Any, args: tuple, kwargs: dict[str, Any], part: str) -> Var:
        made = Var(number, function, args, kwargs, part)
        self.made.append(made)
        return made

    def _view(self, x: Var, part: str) -> Var:
        """The transpose of a Var of the new calls."""
        if x.function is np.transpose and len(x.args) == 1:
            return x.args[0]
        if x.function == "constant":
            return self.trace.given("constant", np.ascontiguousarray(x.number.T), label=x.label)
        if x not in self.views:
            self.views[x] = self._make(x.number.T, np.transpose, (x,), {}, part)
        return self.views[x]

    def _row(self, x: Var, part: str) -> Var:
        """What stands for a Var, as it was."""
        return self._view(self.instead[x], part) if x in self.chosen else self.instead.get(x, x)

    def _column(self, x: Var, part: str) -> Var:
        """What stands for a Var, turned round."""
        return self.instead[x] if x in self.chosen else self._view(self.instead.get(x, x), part)

    def _beside(self, x: Any, part: str) -> Any:
        """An operand that meets the others number by number."""
        if not np.ndim(_number(x)):
            return x
        if type(x) is not Var:
            x = self.trace.given("constant", np.asarray(x))
        if len(x.shape) == 2:
            return self._column(x, part)
        if x.function == "constant":
            return self.trace.given("constant", x.number.reshape(-1, 1), label=x.label)
        return self._make(x.number.reshape(-1, 1), np.reshape, (x, (x.shape[0], 1)), {}, part)

    def _turned(self, var: Var) -> Var:
        function, args, part = var.function, var.args, var.part
        if function is np.dot:
            args = self._column(args[1], part), self._column(args[0], part)
        elif function is np.take:
            args = self._column(args[0], part), args[1], 1
        elif function is assigned:
            args = self._column(args[0], part), args[1][::-1], args[2]
        elif function in REDUCTIONS:
            args = self._column(args[0], part), 0
        else:
            args = tuple([self._beside(x, part) for x in args])
        made = self._make(np.empty_like(var.number.T, order="C"), function, args, var.kwargs, part)
        made.label = var.label
        return made

    def _read(self, var: Var) -> None:
        """Let a call that stays as it is read operands that were turned."""
        function, args, part = var.function, var.args, var.part
        turned = args[0] if args and type(args[0]) is Var and args[0] in self.chosen else None
        if function is np.dot and len(args[0].shape) == 1 and args[1] in self.chosen:
            var.args = self.instead[args[1]], args[0]
        elif function is np.vdot and turned is not None:
            var.args = self.instead[turned], self.instead[args[1]]
        elif function is operator.getitem and turned is not None:
            var.args = self.instead[turned], args[1][::-1]
        elif function in REDUCTIONS and turned is not None:
            var.args = self.instead[turned], None if args[1] is None else 0
        else:
            var.args = mapped(args, lambda x: self._row(x, part) if type(x) is Var else x)
            var.kwargs = mapped(var.kwargs, lambda x: self._row(x, part) if type(x) is Var else x)
