"""Write a program on tiny arrays as one on their single numbers: Python adds two floats in a tenth of NumPy's time.

Every array becomes an array of Vars, one for each number: what moves numbers about moves these, and what computes
with them is written down number by number.

>>> trace = Trace()
>>> x = trace.given("argument", np.array([1.0, 2.0]), label="x")
>>> y = trace.call(np.add.reduce, (trace.call(np.multiply, (x, 3.0)), None))
>>> [z] = scalarised(trace, [y], 100)
>>> [var.function.__name__ for var in trace.made], z.number
(['item', 'item', 'mul', 'mul', 'add'], 9.0)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd_mini.floats import FLOAT_FUNCTIONS
from autograd_mini.replay.flat import item, packed
from autograd_mini.replay.memory import is_reduction
from autograd_mini.replay.numeric import ON_TRUTHS, on_floats
from autograd_mini.replay.simplify import is_draw
from autograd_mini.replay.trace import NESTED, SCALARS, Trace, Var, guard, mapped, watched
from autograd_mini.replay.traced import added_at, assigned, cast
from autograd_mini.replay.updating import joined, part

FLOAT = np.dtype(float)
PARTS = ("forward", "backward", "update")
#: They move numbers about, and look at none.
_MOVING = frozenset(
    {
        *(
            operator.getitem,
            part,
            np.transpose,
            np.swapaxes,
            np.moveaxis,
            np.reshape,
            np.expand_dims,
            np.squeeze,
            np.ravel,
        ),
        *(np.broadcast_to, np.concatenate, np.stack, np.take, np.repeat, np.roll, np.flip, np.tile, np.diagonal),
        np.pad,
    }
)
#: An operand of these that is not finite makes a result that is not finite: it cannot hide.
_TELLING = frozenset({operator.add, operator.sub, operator.mul, operator.neg, operator.pos, math.fabs, float})
_TELLING |= {FLOAT_FUNCTIONS["square"], math.sqrt, math.log}


class Otherwise(Exception):
    """Something in the program cannot be written on single numbers."""


def scalarised(trace: Trace, results: Sequence[Var], most: int) -> list[Var] | None:
    """Put calls on single numbers in place of the trace's: what the results are now.

    None, and nothing is changed, if the calls would be more than `most`, or cannot be written so.
    """
    calls = trace.made
    if not _fits(trace, calls, most):
        return None
    before = trace.part
    trace.made, expander = [], _Expander(trace)
    try:
        expander.expand(calls)
        return expander.leaving(results)
    except Otherwise:
        trace.made = calls
        return None
    finally:
        trace.part = before


def _fits(trace: Trace, calls: Sequence[Var], most: int) -> bool:
    """Are there arrays, all of them tiny and of floats or truths?"""
    count, arrays = 0, False
    for var in calls:
        numbers = [x.number for x in var.operands()]
        if is_draw(var) or not all(map(_is_plain, [var.number, *numbers])):
            return False
        arrays = arrays or any(isinstance(x, np.ndarray) for x in numbers)
        if var.function in (np.dot, np.matmul):
            left = np.shape(var.args[0].number if type(var.args[0]) is Var else var.args[0])
            count += 2 * np.size(var.number) * (left[-1] if left else 1)
        elif var.function not in _MOVING and var.function is not joined:
            count += max([np.size(var.number), *map(np.size, numbers)])
        if count > most:
            return False
    return arrays


def _is_plain(number: Any) -> bool:
    if isinstance(number, np.ndarray):
        return number.size > 0 and number.dtype.kind in "fbi" and number.dtype.itemsize in (1, 8)
    return type(number) in SCALARS


class _Expander:
    """Goes through the calls and writes down what becomes of them."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.known: dict[Var, Any] = {}
        """For every array an array of Vars and plain numbers, for a scalar a Var or a number."""
        self.packed: dict[Var, Var] = {}
        self.watched: dict[Var, None] = {}

    def expand(self, calls: Sequence[Var]) -> None:
        self.trace.part = "forward"
        for var in calls:
            if var.function is joined and all(x.function in ("leaf", "memory") for x in var.args):
                self._taken_together(var)
        for var in calls:
            self.trace.part = var.part
            if var.function is not guard and var not in self.known:
                self.known[var] = self._typed(var, self._expanded(var))
            elif var.function is guard:
                truth = self.now(var.args[0])
                if type(truth) is Var:
                    self._kept(var, (truth,))
                elif bool(truth) != var.number:
                    raise Otherwise

    def leaving(self, results: Sequence[Var]) -> list[Var]:
        """The results as arrays again, and a look at all that has to be finite."""
        self.trace.part = max(
            [var.part for var in self.trace.made if var.part in PARTS], key=PARTS.index, default="forward"
        )
        found = [self._result(var) for var in results]
        if self.watched:
            self.trace.call(watched, tuple(self.watched))
        return found

    def now(self, x: Any) -> Any:
        """What stands for an operand: Vars or numbers, in an array if it is one."""
        if isinstance(x, np.ndarray):
            return x.astype(object) if x.ndim else x.item()
        if type(x) is not Var:
            return x
        if x not in self.known:
            if x.function == "constant":
                self.known[x] = self.now(x.number)
            elif isinstance(x.number, np.ndarray):
                self.known[x] = self._items(x)
            else:
                self.known[x] = x
        return self.known[x]

    def _taken_together(self, var: Var) -> None:
        """What the program is given is taken out of one array where it is needed so too."""
        self.known[var] = self._items(self._kept(var, var.args))
        start = 0
        for x in var.args:
            self.known[x] = self.known[var][start : start + x.number.size].reshape(x.shape)
            for k, one in enumerate(self.known[x].flat):
                one.label = f"{x.label or 'v'}_{k}"
            start += x.number.size

    def _items(self, x: Var) -> np.ndarray:
        if x.number.dtype != FLOAT:
            raise Otherwise
        found = np.empty(x.number.size, object)
        for k in range(found.size):
            found[k] = self.trace.call(item, (x, k))
            found[k].part, found[k].label = "forward", f"{x.label or 'v'}_{k}"
        return found.reshape(x.shape)

    def _kept(self, var: Var, args: tuple) -> Var:
        """The same call of other Vars; the old one stays as it is, for it may be needed after all."""
        kept = Var(var.number, var.function, args, mapped(var.kwargs, self._number_of), self.trace.part)
        kept.label = var.label
        self.trace.made.append(kept)
        return kept

    def _result(self, var: Var) -> Var:
        known = self.now(var)
        if not isinstance(known, np.ndarray):
            return known if type(known) is Var else self.trace.given("constant", known)
        if var.is_given:
            return var
        if var.number.dtype != FLOAT:
            raise Otherwise
        if var not in self.packed:
            if var.function is part:
                whole, *where = var.args
                self.packed[var] = self._made(part, (self._result(whole), *where))
            else:
                self.packed[var] = self._made(packed, (var.shape, *known.flat))
                self.watched.update(dict.fromkeys(x for x in known.flat if type(x) is Var))
            self.packed[var].label = var.label
        return self.packed[var]

    # -- calls -------------------------------------------------------------------------------------

    def _expanded(self, var: Var) -> Any:
        function, args, kwargs = var.function, var.args, var.kwargs
        if var.is_scalar and all(x.is_scalar for x in var.operands()):
            numbers = mapped(args, self._number_of)
            self._watch(function, numbers)
            return self._kept(var, numbers)
        if function in _MOVING:
            first, *rest = args
            moved = mapped(first, self.now) if type(first) in NESTED else self.now(first)
            try:
                return function(moved, *mapped(rest, self._fixed), **mapped(kwargs, self._fixed))
            except TypeError:  # it computes with them too, as np.pad does for some of its modes
                raise Otherwise from None
        if function is joined:
            return np.concatenate([np.ravel(self.now(x)) for x in args])
        if function is assigned:
            return assigned(self.now(args[0]), mapped(args[1:2], self._fixed)[0], self.now(args[2]))
        if function is added_at and args[1] is np.add:
            return added_at(
                self.now(args[0]), self._on_arrays(np.add), mapped(args[2:3], self._fixed)[0], self.now(args[3])
            )
        if is_reduction(function) or function in (np.all, np.any, np.prod):
            return self._reduced(function, args, kwargs)
        x, *others = map(self.now, args)
        if function in (np.cumsum, np.cumprod):
            axis, ufunc = others[0] if others else kwargs.get("axis"), np.add if function is np.cumsum else np.multiply
            return self._on_arrays(ufunc).accumulate(np.ravel(x) if axis is None else x, axis=axis or 0)
        if kwargs:
            raise Otherwise
        if function is cast:
            return x  # see `_typed`
        if function is np.vdot:
            return self._product(np.ravel(x), np.ravel(others[0]))
        if function in (np.dot, np.matmul):
            return self._product(x, *others)
        if function is np.clip:
            low, high = others
            x = x if low is None else self._on_arrays(np.maximum)(x, low)
            return x if high is None else self._on_arrays(np.minimum)(x, high)
        if function is operator.pow:
            return self._on_arrays(np.power)(x, *others)
        if (isinstance(function, np.ufunc) and function.nout == 1) or (function is np.where and len(args) == 3):
            return self._on_arrays(function)(x, *others)
        raise Otherwise

    def _number_of(self, x: Any) -> Any:
        return self.now(x) if type(x) is Var else x

    def _fixed(self, x: Any) -> Any:
        """What says where numbers are moved to must be the same at every call."""
        if type(x) is not Var:
            return x
        if x.function != "constant":
            raise Otherwise
        return x.number

    def _product(self, x: np.ndarray, y: np.ndarray) -> Any:
        if x.ndim == 0 or y.ndim == 0:
            return self._on_arrays(np.multiply)(x, y)
        left = x[..., :, None] if y.ndim > 1 else x
        right = y[..., None, :, :] if x.ndim > 1 and y.ndim > 1 else y
        products = self._on_arrays(np.multiply)(left, right)
        return self._on_arrays(np.add).reduce(products, axis=-1 if y.ndim == 1 else -2)

    def _reduced(self, function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        x, *others = args
        if len(others) > 1 or kwargs.keys() - {"axis", "keepdims", "dtype"}:
            raise Otherwise  # what type comes out is asked in the end
        default = None if function in (np.all, np.any, np.prod) else 0
        axis = others[0] if others else kwargs.get("axis", default)
        one_by_one = {np.all: np.logical_and, np.any: np.logical_or, np.prod: np.multiply}
        ufunc = one_by_one.get(function) or function.__self__
        keepdims = bool(kwargs.get("keepdims", False))
        return self._on_arrays(ufunc).reduce(self.now(x), axis=axis, keepdims=keepdims)

    def _on_arrays(self, function: Any) -> Any:
        """The function as one of NumPy's, which writes down what it does with each number."""
        short = on_floats(function)
        if short is None:
            raise Otherwise

        def one(*operands: Any) -> Any:
            if function is np.where and type(operands[0]) is not Var:
                return operands[1] if operands[0] else operands[2]
            return self._made(short, tuple(self._number(x, short, function) for x in operands))

        count = 3 if function is np.where else function.nin
        return np.frompyfunc(one, count, 1, identity=None)

    def _number(self, x: Any, short: Any, function: Any) -> Any:
        truth = type(x.number if type(x) is Var else x) is bool
        if truth and function.__name__ not in ON_TRUTHS and not function.__name__.startswith("logical_"):
            return self._float(x)
        return float(x) if type(x) is int else x

    def _float(self, truth: Any) -> Any:
        return self._made(FLOAT_FUNCTIONS["where"], (truth, 1.0, 0.0)) if type(truth) is Var else float(truth)

    def _made(self, function: Callable[..., Any], args: tuple) -> Any:
        """A call, or its result where all is known of it."""
        given = [x for x in args if type(x) is Var]
        try:
            if not given and function is not packed:
                return function(*args)
            made = self.trace.call(function, args)
        except (ArithmeticError, ValueError, TypeError):
            raise Otherwise from None
        if function not in (packed, part):
            self._watch(function, args)
        return made

    def _watch(self, function: Callable[..., Any], args: Sequence[Any]) -> None:
        """Keep an eye on operands behind which an inf or nan would be seen no more."""
        if function not in _TELLING:
            hiding = args[1:] if function is operator.truediv else args
            self.watched.update(dict.fromkeys(x for x in hiding if type(x) is Var and type(x.number) is float))

    def _typed(self, var: Var, found: Any) -> Any:
        """Floats where the call gives floats, truths where it gives truths."""
        kind = getattr(var.number, "dtype", np.dtype(type(var.number)))
        if kind not in (FLOAT, np.dtype(bool)):
            raise Otherwise
        if not isinstance(var.number, np.ndarray):
            return self._of_kind(found.item() if isinstance(found, np.ndarray) else found, kind)
        typed = np.empty(var.shape, object)
        for k, x in enumerate(_flat(found, var.shape)):
            typed.flat[k] = self._of_kind(x, kind)
            if type(typed.flat[k]) is Var and var.label:
                typed.flat[k].label = typed.flat[k].label or f"{var.label}_{k}"
        return typed

    def _of_kind(self, x: Any, kind: np.dtype) -> Any:
        number = x.number if type(x) is Var else x
        if kind == FLOAT and type(number) is not float:
            return self._float(x)
        if kind != FLOAT and type(number) not in (bool, np.bool_):
            raise Otherwise
        return x if type(x) is Var or kind == FLOAT else bool(x)


def _flat(found: Any, shape: tuple[int, ...]) -> Iterator[Any]:
    found = found if isinstance(found, np.ndarray) else np.array(found, object)
    if found.shape != shape:
        raise Otherwise
    return iter(found.ravel())
