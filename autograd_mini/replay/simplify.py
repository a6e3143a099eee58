"""Make a program shorter without changing what it computes: no call twice, none in vain, none that changes nothing.

>>> trace = Trace()
>>> x = trace.given("argument", np.ones((2, 3)), label="x")
>>> y = trace.call(np.transpose, (trace.call(np.transpose, (x,)),))
>>> z = trace.call(np.multiply, (y, 1.0))
>>> simplified(trace, [z])
([], [Var x (2, 3)])
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.replay.classes import by_slopes, one_bound, one_hot, row_sums, shift
from autograd_mini.replay.columns import in_columns
from autograd_mini.replay.known_forms import expanded, sigmoid
from autograd_mini.replay.trace import Trace, Var, guard, mapped, watched
from autograd_mini.replay.traced import assigned

FLOATS = np.dtype(np.float32), np.dtype(np.float64)
TIMES = frozenset({np.multiply, operator.mul})
NEGATIVE = frozenset({np.negative, operator.neg})
DIFFERENCE = frozenset({np.subtract, operator.sub})
ONE = frozenset({np.multiply, np.divide, operator.mul, operator.truediv})


def simplified(trace: Trace, results: Sequence[Var]) -> tuple[list[Var], list[Var]]:
    """The calls that are left, in order, and the Vars that stand for the results now."""
    calls = trace.made
    while True:
        count = len(calls)
        uses = Counter(x for var in calls for x in var.operands())
        uses.update(results)
        rewriter = _Rewriter(trace, uses)
        calls = rewriter.rewritten(calls)
        results = [rewriter.now(x) for x in results]
        trace.draws = [rewriter.now(x) for x in trace.draws]
        calls = needed(calls, results)
        if len(calls) == count and not rewriter.changed:
            calls = one_bound(trace, by_slopes(trace, calls))
            calls, results = in_columns(trace, calls, results)
            calls = needed(calls, results)
            _find_prelude(calls)
            return calls, results


def _find_prelude(calls: Sequence[Var]) -> None:
    """What depends on the optimizer's options alone stays the same in every turn of a loop."""
    fixed: set[Var] = set()
    for var in calls:
        operands = list(var.operands())
        if operands and all(x in fixed or x.function in ("option", "constant") for x in operands) and var.is_scalar:
            fixed.add(var)
            var.part = "prelude"


def needed(calls: Sequence[Var], results: Sequence[Var]) -> list[Var]:
    """The calls without which the results, or an answer to a question, could not be told."""
    wanted = set(results)
    kept = []
    for var in reversed(calls):
        if var in wanted or var.function in (guard, watched) or is_draw(var):
            kept.append(var)
            wanted.update(var.operands())
    return kept[::-1]


def is_draw(var: Var) -> bool:
    return isinstance(getattr(var.function, "__self__", None), np.random.Generator)


class _Rewriter:
    """Goes through the calls once, from the first to the last."""

    def __init__(self, trace: Trace, uses: Counter[Var]) -> None:
        self.trace = trace
        self.uses = uses
        self.instead: dict[Var, Var] = {}
        self.known: dict[Any, Var] = {}
        self.calls: list[Var] = []
        self.changed = False

    def now(self, var: Any) -> Any:
        return self.instead.get(var, var) if type(var) is Var else var

    def rewritten(self, calls: Sequence[Var]) -> list[Var]:
        for var in calls:
            var.args = mapped(var.args, self.now)
            if var.kwargs:
                var.kwargs = mapped(var.kwargs, self.now)
            other = None if is_draw(var) else self._other(var)
            if other is None:
                self.calls.append(var)
            else:
                self.instead[var] = other
                self.changed = True
                if other.label is None and not other.is_given:
                    other.label = var.label
        return self.calls

    def _other(self, var: Var) -> Var | None:
        """A Var that holds the same numbers and is known already, or None."""
        if not any(x.function != "constant" for x in var.operands()):
            return var if var.function is guard else self.trace.given("constant", var.number)
        if var.function is guard:  # a second one would get the same answer
            before = self.known.setdefault(("guard", var.args[0]), var)
            return None if before is var else before
        self._shorten(var)
        sums = row_sums(var) if var.function == np.add.reduce else None
        if sums is not None:
            return self.trace.given("constant", sums)
        same = self._unchanged(var)
        if same is not None:
            return same
        key = _key((var.function, var.args, var.kwargs))
        if key in self.known:
            return self.known[key]
        self.known[key] = var
        return None

    def _unchanged(self, var: Var) -> Var | None:
        """An operand that the call leaves as it is."""
        function, args = var.function, var.args
        x = args[0] if args else None
        if function in ONE and len(args) == 2:
            pairs = [(x, args[1])] if function in (np.divide, operator.truediv) else [(x, args[1]), (args[1], x)]
            for left, right in pairs:
                if type(left) is Var and _is_one(right) and _alike(left, var):
                    return left
        if type(x) is not Var:
            return None
        if function is np.reshape and x.shape == var.shape:
            return x
        if function is np.transpose and len(x.shape) < 2:
            return x
        if function is np.transpose and x.function is np.transpose and len(x.args) == len(args) == 1:
            return x.args[0]
        if function is np.broadcast_to and x.shape == var.shape:
            return x
        return x if function in (float, bool) and type(x.number) is function else None

    def _shorten(self, var: Var) -> None:
        """The same by another call that is quicker, or that can be simplified further."""
        function, args = var.function, var.args
        if function is sigmoid and not var.is_scalar and _kind(var) in FLOATS:
            self._become(var, *expanded(var, lambda f, inner: self._insert(f, inner, part=var.part)))
            function, args = var.function, var.args
        if function in TIMES:
            self._scale(var)
            function, args = var.function, var.args
        x = args[0] if args else None
        if type(x) is not Var:
            return
        if function in NEGATIVE and x.function in DIFFERENCE:
            self._become(var, x.function, x.args[::-1])  # −(a − b) = b − a
        elif function is np.subtract and not var.kwargs and (top := shift(var)) is not None:
            self._become(var, function, (x, top))
        elif function is np.greater and (relu := self.known.get(_key((np.maximum, args, var.kwargs)))) is not None:
            self._become(var, function, (relu, args[1]), var.kwargs)  # so that x itself need not be kept
        elif function is assigned and (table := one_hot(var)) is not None:
            self._become(var, np.take, (self.trace.given("constant", table, label="one_hot"), args[1][1], 0))
        elif function in (np.transpose, np.swapaxes) and len(x.shape) == 2 and len(args) > 1:
            axes = [axis % 2 for axis in (args[1:] if function is np.swapaxes else args[1] or (1, 0))]
            if function is np.swapaxes and axes[0] != axes[1]:
                axes = [1, 0]
            if axes == [1, 0]:
                self._become(var, np.transpose, (x,))
        elif function is np.reshape and x.function is np.reshape:
            self._become(var, np.reshape, (x.args[0], var.shape))
        elif function is np.expand_dims or function is np.squeeze:
            self._become(var, np.reshape, (x, var.shape))
        elif function is np.transpose and x.function in (np.matmul, np.dot) and self._swappable(x, len(args)):
            left, right = x.args  # (A B)ᵀ = Bᵀ Aᵀ, which comes out in the order in which it is needed
            self._become(var, x.function, (self._transposed(right, var), self._transposed(left, var)))
        elif function is np.matmul and all(type(y) is Var and len(y.shape) in (1, 2) for y in args):
            self._become(var, np.dot, args)  # the same up to two axes, with less ado
        elif function in REDUCTIONS and _is_float(x) and set(var.kwargs) <= {"axis", "keepdims"}:
            self._reduce(var, x)

    def _scale(self, var: Var) -> None:
        """Two constant factors, of which one is a power of two, are one: that is exact."""
        c, x = _factor(var)
        if x is not None and x.function in TIMES and self.uses[x] == 1:
            inner, y = _factor(x)
            exact = math.frexp(c)[0] in (0.5, -0.5) or math.frexp(inner)[0] in (0.5, -0.5)
            if y is not None and exact and x.shape == var.shape and _kind(x) == _kind(y) == _kind(var):
                self._become(var, var.function, (float(c * inner), y))
        elif (
            x is not None and any(map(_is_constant_array, var.args)) and _alike(x, var)
        ):  # of one number, again and again
            self._become(var, var.function, (c, x))

    def _become(self, var: Var, function: Any, args: tuple, kwargs: dict[str, Any] | None = None) -> None:
        var.function, var.args, var.kwargs = function, args, kwargs or {}
        self.changed = True

    def _insert(self, function: Any, args: tuple, kwargs: dict[str, Any] | None = None, *, part: str) -> Var:
        self.trace.part, before = part, self.trace.part
        made = self.trace.call(function, args, kwargs)
        self.trace.part = before
        self.trace.made.pop()
        self.calls.append(made)
        self.changed = True
        return made

    def _swappable(self, product: Var, arguments: int) -> bool:
        two = [type(x) is Var and len(x.shape) == 2 for x in product.args]
        return arguments == 1 and self.uses[product] == 1 and all(two) and len(two) == 2

    def _transposed(self, x: Var, var: Var) -> Var:
        if x.function is np.transpose and len(x.args) == 1:
            return x.args[0]
        return self._insert(np.transpose, (x,), part=var.part)

    def _reduce(self, var: Var, x: Var) -> None:
        axis = var.args[1] if len(var.args) > 1 else var.kwargs.get("axis")
        keepdims = bool(var.kwargs.get("keepdims", False))
        if len(var.args) > 2 or not x.shape:
            return
        if (
            axis is None
            and "axis" not in var.kwargs
            and len(var.args) < 2
            and var.function in (np.add.reduce, np.maximum.reduce, np.minimum.reduce)
        ):
            axis = 0  # the ufuncs' own default
        reduce = REDUCTIONS[var.function]
        of_sum = reduce == np.add.reduce
        if type(axis) is tuple and len(axis) == 1:
            axis = axis[0]
        if var.function is np.mean:
            count = np.size(x.number) // max(np.size(var.number), 1)
            if count:  # the mean of nothing is left to NumPy
                total = self._insert(np.sum, (x,), {"axis": axis, "keepdims": keepdims}, part=var.part)
                self._become(var, operator.truediv if total.is_scalar else np.divide, (total, float(count)))
        elif axis is None and not keepdims and of_sum and x.function is np.square:
            if type(x.args[0]) is Var and _kind(x.args[0]) == np.dtype(float) and var.is_scalar:
                self._become(var, np.vdot, (x.args[0], x.args[0]))
            elif reduce != var.function or var.kwargs:
                self._become(var, np.add.reduce, (x, None))
        elif of_sum and x.function is np.negative and self.uses[x] == 1:  # −a − b = −(a + b), which is less to negate
            total = self._insert(var.function, (x.args[0], *var.args[1:]), var.kwargs, part=var.part)
            self._become(var, operator.neg if var.is_scalar else np.negative, (total,))
        elif of_sum and len(x.shape) == 2 and axis in (0, -2) and x.shape[0] > 0:
            ones = self.trace.given("constant", np.ones(x.shape[0], x.number.dtype), label="ones")
            if keepdims:
                self._become(var, np.reshape, (self._insert(np.dot, (ones, x), part=var.part), var.shape))
            else:
                self._become(var, np.dot, (ones, x))
        elif axis is None and not keepdims and of_sum and len(x.shape) == 1 and x.number.dtype == float and x.shape[0]:
            ones = self.trace.given("constant", np.ones(x.shape[0]), label="ones")
            self._become(var, np.dot, (ones, x))
        elif reduce != var.function or var.kwargs.keys() - {"keepdims"}:
            self._become(var, reduce, (x, axis), {"keepdims": True} if keepdims else {})


#: What a reduction of floats comes down to; np.mean to a sum.
REDUCTIONS: dict[Any, Any] = {np.sum: np.add.reduce, np.max: np.maximum.reduce, np.min: np.minimum.reduce}
REDUCTIONS[np.mean] = np.add.reduce
REDUCTIONS.update((ufunc.reduce, ufunc.reduce) for ufunc in (np.add, np.maximum, np.minimum))


def _is_float(x: Var) -> bool:
    return getattr(x.number, "dtype", None) in FLOATS


def _is_one(x: Any) -> bool:
    number = x.number if type(x) is Var and x.function == "constant" else x
    return type(number) in (int, float) and number == 1


def _factor(var: Var) -> tuple[float, Var | None]:
    """The constant number in a product, and what it multiplies."""
    for c, x in (var.args, var.args[::-1]):
        number = c.number if type(c) is Var and c.function == "constant" else c
        if type(x) is Var and type(number) is not Var and np.size(number) and not isinstance(number, bool):
            first = np.ravel(number)[0].item()
            if math.isfinite(first) and first and np.all(number == first):
                return first, x
    return 0.0, None


def _is_constant_array(x: Any) -> bool:
    return type(x) is Var and x.function == "constant" and np.ndim(x.number) > 0


def _kind(x: Var) -> Any:
    return getattr(x.number, "dtype", type(x.number))


def _alike(x: Var, var: Var) -> bool:
    kind = getattr(x.number, "dtype", type(x.number)), x.shape
    return kind == (getattr(var.number, "dtype", type(var.number)), var.shape)


def _key(item: Any) -> Any:
    kind = type(item)
    if kind is tuple or kind is list:
        return kind.__name__, *[part if type(part) is Var else _key(part) for part in item]
    if kind is dict:
        return "dict", *((name, _key(part)) for name, part in item.items())
    if kind is slice:
        return "slice", _key(item.start), _key(item.stop), _key(item.step)
    if kind in (float, int, bool, str):
        return kind, repr(item)
    return id(item) if kind is not Var else item
