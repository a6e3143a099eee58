"""Shorter forms of what a loss over classes computes: the shift of its softmax, its one-hot slopes, its checks.

>>> trace = Trace()
>>> y = trace.given("argument", np.array([1, 0]), label="y")
>>> index = trace.given("constant", np.arange(2)), y
>>> d = trace.call(assigned, (trace.given("constant", np.zeros((2, 3))), index, -0.5))
>>> one_hot(d)[[1, 0]].tolist() == d.number.tolist() == [[0.0, -0.5, 0.0], [-0.5, 0.0, 0.0]]
True
>>> row_sums(trace.call(np.add.reduce, (d, 1), {"keepdims": True})).tolist()
[[-0.5], [-0.5]]
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini.replay.trace import Trace, Var, guard
from autograd_mini.replay.traced import assigned

#: A table of one-hot rows for more classes than these would take more memory than it saves time.
MOST_CLASSES = 64
AT_LEAST = frozenset({np.greater_equal, operator.ge})
LESS = frozenset({np.less, operator.lt})


def shift(var: Var) -> Var | None:
    """The top of `x - where(isfinite(top), top, 0)`: where it is infinite, x - top is ∞ − ∞, and the alarm rings."""
    x, chosen = var.args
    if type(x) is not Var or type(chosen) is not Var or chosen.function is not np.where or len(chosen.args) != 3:
        return None
    finite, top, zero = chosen.args
    asked = type(finite) is Var and finite.function is np.isfinite and finite.args[0] is top
    its_own = type(top) is Var and top.function == np.maximum.reduce and top.args[0] is x
    return top if asked and its_own and type(zero) is int and zero == 0 else None


def _scattered(var: Any) -> np.ndarray | None:
    """What a row holds for each class, where every row of zeros got the same constant at the place of its class."""
    if type(var) is not Var or var.function is not assigned or np.ndim(var.number) != 2:
        return None
    (zeros, item), index = map(_known, (var.args[0], var.args[2])), var.args[1]
    if zeros is None or item is None or not np.size(item) or type(index) is not tuple or len(index) != 2:
        return None
    rows, classes = _known(index[0]), index[1]
    count, most = zeros.shape
    if rows is None or type(classes) is not Var or not count or not most:
        return None
    each = classes.shape == (count,) and np.array_equal(rows, np.arange(count))
    same = np.all(np.equal(item, np.ravel(item)[0])) and not zeros.any()
    if not (each and same and np.can_cast(classes.number.dtype, np.intp)):  # as take asks for
        return None
    return np.full(most, np.ravel(item)[0], zeros.dtype)


def _known(item: Any) -> Any:
    """The number of a constant, None for other Vars."""
    return item if type(item) is not Var else item.number if item.function == "constant" else None


def one_hot(var: Var) -> np.ndarray | None:
    """The table whose rows, taken by class, are those of the Var: `zeros[arange(n), classes] = c`."""
    slopes = _scattered(var)
    return None if slopes is None or len(slopes) > MOST_CLASSES else np.diag(slopes)


def row_sums(var: Var) -> np.ndarray | None:
    """The sums along the rows of such slopes, also where they were taken from a table: each row has one."""
    (x, *axis), slopes = var.args, _scattered(var.args[0])
    if axis not in ([1], [-1], [(1,)], [(-1,)]) or var.kwargs != {"keepdims": True} or type(x) is not Var:
        return None
    if slopes is not None:
        return np.full(var.shape, slopes[0])
    if x.function is np.take and np.ndim(_known(x.args[0])) == 2 and x.args[2:] == (0,) and not x.kwargs:
        sums = np.add.reduce(_known(x.args[0]), 1)
        return np.full(var.shape, sums[0]) if sums.size and np.all(sums == sums[0]) else None
    return None


def by_slopes(trace: Trace, calls: Sequence[Var]) -> list[Var]:
    """The calls, where a sum Σ log_p[i, y_i] is taken as ⟨d, log_p⟩/c by the slopes of backwards, d = c · one_hot[y].

    Where a class has no probability at all, 0 · −∞ is nan, and the call is made as written.
    """
    slopes = {var.args[1]: var for var in calls if var.function is np.take and _one_slope(var)}
    kept: dict[Var, None] = {}
    shares: dict[Any, tuple[Var, float]] = {}
    for var in calls:
        log_p, times = _summed(var, slopes), _multiplier(var)
        if log_p is not None:
            d = slopes[var.operands()[-1].args[1][1]]
            trace.part, before = var.part, trace.part
            product = trace.call(np.vdot, (d, log_p))
            trace.part, d.part = before, var.part
            kept |= {d: None, product: None}
            var.function = operator.truediv if var.is_scalar else np.divide
            var.args = product, _one_slope(d)
            shares[var] = product, 1 / _one_slope(d)
        elif times and var.args[0] in shares:
            product, factor = shares[var.args[0]]
            shares[var] = product, factor * times
            if abs(factor * times - 1) <= np.finfo(product.args[0].number.dtype).eps:  # a mean of −log_p is ⟨d, log_p⟩
                var.function, var.args = np.vdot, product.args
        kept[var] = None
    return list(kept)


def _multiplier(var: Var) -> float:
    """The constant by which the call multiplies; 0 for other calls."""
    if var.function in (np.negative, operator.neg):
        return -1.0
    divides = var.function in (np.divide, operator.truediv) and type(var.args[1]) is float and var.args[1] != 0
    return 1 / var.args[1] if divides and type(var.args[0]) is Var else 0.0


def _one_slope(var: Var) -> float:
    """What stands in each row that is taken from a one-hot table; 0 for other calls."""
    table = _known(var.args[0])
    if np.ndim(table) != 2 or var.args[2:] != (0,) or type(var.args[1]) is not Var or not np.size(table):
        return 0.0
    c = table[0, 0].item()
    return c if np.array_equal(table, np.diag([c] * len(table))) else 0.0


def _summed(var: Var, slopes: Mapping[Var, Var]) -> Var | None:
    """The array of which one entry in each row is summed up, there where such slopes are not 0."""
    if var.function == np.add.reduce and var.args[1:] == (None,) and not var.kwargs:
        picked = var.args[0]
    elif var.function is np.dot and len(var.args) == 2 and np.all(np.equal(_known(var.args[0]), 1)):
        picked = var.args[1]
    else:
        return None
    if type(picked) is not Var or picked.function is not operator.getitem:
        return None
    array, index = picked.args
    if type(index) is not tuple or len(index) != 2 or type(index[1]) is not Var or index[1] not in slopes:
        return None
    d, rows = slopes[index[1]], _known(index[0])
    alike = array.shape == d.shape and array.number.dtype == d.number.dtype
    return array if alike and rows is not None and np.array_equal(rows, np.arange(len(rows))) else None


def unsigned(x: np.ndarray) -> np.ndarray:
    """The same bits, read as numbers that are never negative: what was negative is then larger than all others."""
    return x.view(f"u{x.dtype.itemsize}")


def one_bound(trace: Trace, calls: Sequence[Var]) -> list[Var]:
    """The calls, where 0 ≤ min(y) and max(y) < n is asked of whole numbers as one question."""
    lowest: dict[Var, Var] = {}
    kept: list[Var] = []
    for var in calls:
        y = _bounded(var, AT_LEAST, np.minimum.reduce)
        if y is not None and var.args[0].args[1] == 0:
            lowest[y] = var
        y = _bounded(var, LESS, np.maximum.reduce)  # by a number > 0, for both answers were yes
        if y in lowest:
            kept.remove(lowest.pop(y))
            question = var.args[0]
            trace.part, before = question.part, trace.part
            top = trace.call(np.maximum.reduce, (trace.call(unsigned, (y,)),), {"axis": None})
            less = trace.call(question.function, (top, question.args[1]))
            trace.part = before
            kept += [*top.args, top, less]
            var.args = (less,)
        kept.append(var)
    return kept


def _bounded(var: Var, compared: frozenset, reduce: Any) -> Var | None:
    """The signed whole numbers of which a guard found that their lowest or highest is within a constant bound."""
    if var.function is not guard or var.number is not True or var.args[0].function not in compared:
        return None
    extreme, bound = var.args[0].args
    if type(extreme) is not Var or extreme.function != reduce or type(bound) is not int:
        return None
    y, whole = extreme.args[0], (*extreme.args[1:], *extreme.kwargs.values()) == (None,)
    if not whole or not y.is_given or type(y.number) is not np.ndarray:
        return None
    return y if y.number.dtype.kind == "i" and y.number.dtype.isnative else None
