"""Carry out NumPy's functions on arrays of Vars: what moves numbers moves these, what computes writes down each number.

>>> trace = Trace()
>>> x, y = trace.given("argument", 2.0), trace.given("argument", 5.0)
>>> products = Elements(trace).result(np.multiply, (np.array([x, y, 3.0]), np.array([y, 1.0, 2.0])), {})
>>> [var.args for var in trace.made] == [(x, y)], products[1] is y, products[2]
(True, True, 6.0)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd_mini.floats import FLOAT_FUNCTIONS
from autograd_mini.replay.flat import packed
from autograd_mini.replay.memory import is_reduction
from autograd_mini.replay.numeric import ON_TRUTHS, on_floats
from autograd_mini.replay.trace import Trace, Var
from autograd_mini.replay.traced import added_at, assigned, cast
from autograd_mini.replay.updating import joined, part

FLOAT, TRUTH = np.dtype(float), np.dtype(bool)
#: They move numbers about, and look at none.
MOVING = frozenset(
    {
        *(np.transpose, np.swapaxes, np.moveaxis, np.reshape, np.expand_dims, np.squeeze, np.ravel, np.broadcast_to),
        *(np.concatenate, np.stack, np.take, np.repeat, np.roll, np.flip, np.tile, np.diagonal, np.pad),
        *(operator.getitem, part, joined, assigned),
    }
)
#: An operand of these that is not finite makes a result that is not finite: it cannot hide.
_TELLING = frozenset({operator.add, operator.sub, operator.mul, operator.neg, operator.pos, math.fabs, float})
_TELLING |= {FLOAT_FUNCTIONS["square"], math.sqrt, math.log, packed, part}
_ONE_BY_ONE = {np.all: np.logical_and, np.any: np.logical_or, np.prod: np.multiply}
_RUNNING = {np.cumsum: np.add, np.cumprod: np.multiply}


class Otherwise(Exception):
    """Something in the program cannot be written on single numbers."""


def otherwise() -> NoReturn:
    """Leave the program as it is."""
    raise Otherwise


class Elements:
    """Calls on arrays whose entries are Vars and plain numbers."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._before: dict[Any, Var] = {}
        self.watched: dict[Var, None] = {}
        """Operands behind which an inf or nan would be seen no more."""

    def result(self, function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """What the function gives, of another kind perhaps than NumPy's, see `typed`."""
        if function in MOVING:
            function = _joined if function is joined else function
            try:
                return function(*args, **kwargs)
            except TypeError:  # it computes with them too, as np.pad does for some of its modes
                otherwise()
        if is_reduction(function) or function in _ONE_BY_ONE:
            return self._reduced(function, args, kwargs)
        x, *others = args
        if function in _RUNNING:
            axis = others[0] if others else kwargs.get("axis")
            return self.of(_RUNNING[function]).accumulate(np.ravel(x) if axis is None else x, axis=axis or 0)
        if kwargs:
            otherwise()
        if function is cast:
            return x
        if function is added_at and others[0] is np.add:
            return added_at(x, self.of(np.add), *others[1:])
        if function is np.vdot:
            return self._product(np.ravel(x), np.ravel(others[0]))
        if function in (np.dot, np.matmul):
            return self._product(x, *others)
        if function is np.clip:
            low, high = others
            x = x if low is None else self.of(np.maximum)(x, low)
            return x if high is None else self.of(np.minimum)(x, high)
        if function is operator.pow:
            return self.of(np.power)(x, *others)
        if (isinstance(function, np.ufunc) and function.nout == 1) or (function is np.where and len(args) == 3):
            return self.of(function)(x, *others)
        otherwise()

    def _product(self, x: np.ndarray, y: np.ndarray) -> Any:
        if x.ndim == 0 or y.ndim == 0:
            return self.of(np.multiply)(x, y)
        left = x[..., :, None] if y.ndim > 1 else x
        right = y[..., None, :, :] if x.ndim > 1 and y.ndim > 1 else y
        products = self.of(np.multiply)(left, right)
        return self.of(np.add).reduce(products, axis=-1 if y.ndim == 1 else -2)

    def _reduced(self, function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        x, *others = args
        if len(others) > 1 or kwargs.keys() - {"axis", "keepdims", "dtype"}:
            otherwise()  # what type comes out is asked in the end
        axis = others[0] if others else kwargs.get("axis", None if function in _ONE_BY_ONE else 0)
        ufunc = _ONE_BY_ONE.get(function) or function.__self__
        return self.of(ufunc).reduce(x, axis=axis, keepdims=bool(kwargs.get("keepdims", False)))

    def of(self, function: Any) -> Any:
        """The function as a ufunc, which writes down what it does with each number."""
        short = on_floats(function)
        if short is None:
            otherwise()
        takes_truths = function.__name__ in ON_TRUTHS or function.__name__.startswith("logical_")

        def one(*operands: Any) -> Any:
            if function is np.where and type(operands[0]) is not Var:
                return operands[1] if operands[0] else operands[2]
            return self.made(short, operands if takes_truths else tuple([self.number(x) for x in operands]))

        return np.frompyfunc(one, 3 if function is np.where else function.nin, 1, identity=None)

    def number(self, x: Any) -> Any:
        """The same as a float, where it is a truth or a whole number."""
        if type(x) is Var:
            return self.made(FLOAT_FUNCTIONS["where"], (x, 1.0, 0.0)) if type(x.number) is bool else x
        return float(x)

    def made(self, function: Callable[..., Any], args: tuple) -> Any:
        """A call, or what is known already: that of constants, of the same again, of a factor 1."""
        if function is operator.mul and 1.0 in args:
            return args[1] if args[0] == 1.0 else args[0]
        key = (function, *[x if type(x) is Var else repr(x) for x in args])
        found = self._before.get(key)
        if found is None:
            try:
                if function is not packed and not any(type(x) is Var for x in args):
                    return function(*args)
                found = self._before[key] = self.trace.call(function, args)
            except (ArithmeticError, ValueError, TypeError):
                otherwise()
            self.watch(function, args)
        return found

    def watch(self, function: Callable[..., Any], args: Sequence[Any]) -> None:
        """Keep an eye on operands behind which an inf or nan would be seen no more."""
        if function not in _TELLING:
            hiding = args[1:] if function is operator.truediv else args
            self.watched.update(dict.fromkeys(x for x in hiding if type(x) is Var and type(x.number) is float))

    def typed(self, found: Any, like: Any) -> Any:
        """Floats where the call gives floats, truths where it gives truths, in the same shape."""
        found = found.item() if isinstance(found, np.ndarray) and not found.ndim else found
        kind = getattr(like, "dtype", np.dtype(type(like)))
        if kind not in (FLOAT, TRUTH) or np.shape(found) != np.shape(like):
            otherwise()
        if not isinstance(found, np.ndarray):
            return self._of_kind(found, kind)
        typed = np.empty(found.shape, object)
        for k, x in enumerate(found.flat):
            typed.flat[k] = self._of_kind(x, kind)
        return typed

    def _of_kind(self, x: Any, kind: np.dtype) -> Any:
        if kind == FLOAT:
            return self.number(x)
        if type(x.number if type(x) is Var else x) not in (bool, np.bool_):
            otherwise()
        return x if type(x) is Var else bool(x)


def _joined(*arrays: Any) -> np.ndarray:
    return np.concatenate([np.ravel(x) for x in arrays])
