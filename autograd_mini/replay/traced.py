"""An array that writes down what is done with it: run the engine on such arrays, and its whole step is on paper.

The engine runs on any array that speaks NumPy's protocols, so it runs on these. Each operation is carried out
with the recording's numbers and written into a `Trace`.

>>> trace = Trace()
>>> x = Traced(trace, trace.given("argument", np.array([1.0, 4.0])))
>>> y = np.sqrt(x) + 1
>>> [var.function.__name__ for var in trace.made], y.symbol.number
(['sqrt', 'add'], array([2., 3.]))
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from autograd_mini.notes import user_line
from autograd_mini.replay.numeric import ON_TRUTHS, on_floats
from autograd_mini.replay.trace import SCALARS, CannotReplay, CompileError, Trace, Var, mapped
from autograd_mini.value import Value

#: What can be told of an array without its numbers.
_ABOUT_SHAPES = frozenset({np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj, np.result_type})
_MADE_LIKE = frozenset({np.zeros_like, np.ones_like, np.empty_like})


class Traced:
    """Stands for an array or a number of a program, see `Var`; assigning elements gives it a new Var."""

    __slots__ = ("symbol", "trace")
    __hash__ = None  # type: ignore[assignment]

    #: So that the engine adopts it as a gradient: what a program may write into is decided when it is written.
    base = None

    def __init__(self, trace: Trace, symbol: Var) -> None:
        self.trace = trace
        self.symbol = symbol

    # -- what is known of it -----------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.symbol.number)

    @property
    def ndim(self) -> int:
        return np.ndim(self.symbol.number)

    @property
    def size(self) -> int:
        return np.size(self.symbol.number)

    @property
    def dtype(self) -> np.dtype:
        number = self.symbol.number
        return number.dtype if hasattr(number, "dtype") else np.dtype(type(number))

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    def __len__(self) -> int:
        return len(self.symbol.number)

    # -- what asks for its numbers -----------------------------------------------------------------

    def __bool__(self) -> bool:
        return self.trace.asked(self.symbol)

    def __iter__(self) -> Iterator[Traced]:
        return (self[i] for i in range(len(self)))

    def _refuse(self, asked: str) -> NoReturn:
        raise CompileError(
            f"compile: {asked} of {described(self.symbol)} was asked for, at {user_line()}: the program would be right "
            "for that number alone. Compute with NumPy's functions, or pass it as an int, which the program may "
            "depend on"
        )

    def __float__(self) -> float:
        self._refuse("the number (float)")

    def __int__(self) -> int:
        self._refuse("the number (int)")

    def __index__(self) -> int:
        self._refuse("the number (as an index)")

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("a plain array")

    def item(self, *args: Any) -> NoReturn:
        self._refuse("the number (item)")

    def tolist(self) -> NoReturn:
        self._refuse("a list of the numbers (tolist)")

    def __round__(self, digits: int | None = None) -> NoReturn:
        self._refuse("the number (round)")

    def __format__(self, spec: str) -> str:
        if spec:
            self._refuse("the number (to print it)")
        return repr(self)

    def __repr__(self) -> str:
        return f"Traced({self.symbol.number!r})"

    # -- NumPy's protocols -------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(type(x) is Value for x in inputs):
            return NotImplemented
        out = kwargs.pop("out", None)
        if method == "at":  # adds in place: from here on it is another Var
            target, *others = inputs
            target.symbol = self.made(added_at, (target, ufunc, *others)).symbol
            return None
        made = self.made(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)
        if out is None:
            return made
        out[0][...] = made  # an array that is not traced cannot take it
        return out[0]

    def __array_function__(self, func: Any, types: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        if Value in types:
            return NotImplemented
        if func in _ABOUT_SHAPES:
            return func(*_plain_numbers(args), **_plain_numbers(kwargs))
        if func in _MADE_LIKE or func is np.full_like:
            return self._like(func, args, kwargs)
        return self.made(func, args, kwargs)

    def _like(self, func: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        if any(isinstance(x, Traced) for x in args[1:]):
            return self.made(func, args, kwargs)
        made = func(*_plain_numbers(args), **_plain_numbers(kwargs))
        return Traced(self.trace, self.trace.given("constant", made))

    def made(self, function: Any, args: tuple, kwargs: dict[str, Any] | None = None) -> Any:
        """Call the function with the recording's numbers and write it down."""
        args, kwargs = mapped(args, _var), mapped(kwargs, _var) if kwargs else {}
        kinds = {type(x.number if type(x) is Var else x) for x in args}
        if not kwargs and kinds <= SCALARS:
            short = on_floats(function)
            numbers = kinds != {bool}
            if short is not None and (numbers or function.__name__ in ON_TRUTHS):
                try:
                    return Traced(self.trace, self.trace.call(short, args))
                except (ArithmeticError, ValueError, TypeError):
                    raise CannotReplay from None  # NumPy answers in its place, with inf or nan and a warning
        made = self.trace.call(function, args, kwargs)
        if isinstance(made.number, tuple | list):
            count = len(made.number)
            return [Traced(self.trace, self.trace.call(operator.getitem, (made, i))) for i in range(count)]
        return Traced(self.trace, made)

    # -- operators: NumPy's functions --------------------------------------------------------------

    # fmt: off
    def __add__(self, other: Any) -> Any:          return _operate(np.add, self, other)
    def __radd__(self, other: Any) -> Any:         return _operate(np.add, other, self)
    def __sub__(self, other: Any) -> Any:          return _operate(np.subtract, self, other)
    def __rsub__(self, other: Any) -> Any:         return _operate(np.subtract, other, self)
    def __mul__(self, other: Any) -> Any:          return _operate(np.multiply, self, other)
    def __rmul__(self, other: Any) -> Any:         return _operate(np.multiply, other, self)
    def __truediv__(self, other: Any) -> Any:      return _operate(np.divide, self, other)
    def __rtruediv__(self, other: Any) -> Any:     return _operate(np.divide, other, self)
    def __floordiv__(self, other: Any) -> Any:     return _operate(np.floor_divide, self, other)
    def __rfloordiv__(self, other: Any) -> Any:    return _operate(np.floor_divide, other, self)
    def __mod__(self, other: Any) -> Any:          return _operate(np.remainder, self, other)
    def __rmod__(self, other: Any) -> Any:         return _operate(np.remainder, other, self)
    def __pow__(self, other: Any) -> Any:
        if self.symbol.is_scalar or type(other) is Value:
            return _operate(np.power, self, other)
        square = type(other) is int and other == 2  # what NumPy's ** does; other powers have short ways too
        return np.square(self) if square else self.made(operator.pow, (self, other))
    def __rpow__(self, other: Any) -> Any:         return _operate(np.power, other, self)
    def __matmul__(self, other: Any) -> Any:       return _operate(np.matmul, self, other)
    def __rmatmul__(self, other: Any) -> Any:      return _operate(np.matmul, other, self)
    def __and__(self, other: Any) -> Any:          return _operate(np.bitwise_and, self, other)
    def __rand__(self, other: Any) -> Any:         return _operate(np.bitwise_and, other, self)
    def __or__(self, other: Any) -> Any:           return _operate(np.bitwise_or, self, other)
    def __ror__(self, other: Any) -> Any:          return _operate(np.bitwise_or, other, self)
    def __xor__(self, other: Any) -> Any:          return _operate(np.bitwise_xor, self, other)
    def __lt__(self, other: Any) -> Any:           return _operate(np.less, self, other)
    def __le__(self, other: Any) -> Any:           return _operate(np.less_equal, self, other)
    def __gt__(self, other: Any) -> Any:           return _operate(np.greater, self, other)
    def __ge__(self, other: Any) -> Any:           return _operate(np.greater_equal, self, other)
    def __eq__(self, other: object) -> Any:        return _operate(np.equal, self, other)
    def __ne__(self, other: object) -> Any:        return _operate(np.not_equal, self, other)
    def __neg__(self) -> Any:                      return _operate(np.negative, self)
    def __pos__(self) -> Any:                      return self
    def __abs__(self) -> Any:                      return _operate(np.absolute, self)
    def __invert__(self) -> Any:                   return _operate(np.invert, self)
    # fmt: on

    def __getitem__(self, index: Any) -> Any:
        if type(index) is tuple and not index:
            return self.copy()  # there are no 0-d arrays in a program
        return self.made(operator.getitem if self.ndim else taken, (self, index))

    def __setitem__(self, index: Any, item: Any) -> None:
        self.symbol = self.made(assigned, (self, index, item)).symbol

    # -- methods -----------------------------------------------------------------------------------

    @property
    def T(self) -> Any:
        return self.made(np.transpose, (self,))

    def copy(self) -> Traced:
        return Traced(self.trace, self.symbol)  # a Var is never written into, a copy is another name for it

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        if np.dtype(dtype) == self.dtype:
            return self.copy()
        if not self.ndim and np.dtype(dtype) == float:
            return self.made(float, (self,))
        return self.made(cast, (self, np.dtype(dtype)))

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        return self.made(np.reshape, (self, shape[0] if len(shape) == 1 else shape))

    # fmt: off
    def ravel(self) -> Any:                                   return self.made(np.reshape, (self, -1))
    flatten = ravel
    def transpose(self, *axes: Any) -> Any:
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return self.made(np.transpose, (self, order))
    def swapaxes(self, axis1: int, axis2: int) -> Any:        return self.made(np.swapaxes, (self, axis1, axis2))
    def squeeze(self, axis: Any = None) -> Any:               return self.made(np.squeeze, (self, axis))
    def take(self, indices: Any, axis: Any = None) -> Any:    return self.made(np.take, (self, indices, axis))
    def repeat(self, repeats: Any, axis: Any = None) -> Any:  return self.made(np.repeat, (self, repeats, axis))
    def dot(self, other: Any) -> Any:                         return self.made(np.dot, (self, other))
    def round(self, decimals: int = 0) -> Any:                return self.made(np.round, (self, decimals))
    def clip(self, *bounds: Any, **named: Any) -> Any:        return self.made(np.clip, (self, *bounds), named)
    def cumsum(self, axis: Any = None) -> Any:                return self.made(np.cumsum, (self, axis))
    def argmax(self, axis: Any = None) -> Any:                return self.made(np.argmax, (self, axis))
    def argmin(self, axis: Any = None) -> Any:                return self.made(np.argmin, (self, axis))
    def argsort(self, axis: Any = -1) -> Any:                 return self.made(np.argsort, (self, axis))
    def sum(self, axis: Any = None, **named: Any) -> Any:     return self.made(np.sum, (self, axis), named)
    def mean(self, axis: Any = None, **named: Any) -> Any:    return self.made(np.mean, (self, axis), named)
    def prod(self, axis: Any = None, **named: Any) -> Any:    return self.made(np.prod, (self, axis), named)
    def var(self, axis: Any = None, **named: Any) -> Any:    return self.made(np.var, (self, axis), named)
    def std(self, axis: Any = None, **named: Any) -> Any:     return self.made(np.std, (self, axis), named)
    def max(self, axis: Any = None, **named: Any) -> Any:     return self.made(np.max, (self, axis), named)
    def min(self, axis: Any = None, **named: Any) -> Any:     return self.made(np.min, (self, axis), named)
    # fmt: on

    def all(self, axis: Any = None, **named: Any) -> Any:
        return self.made(np.all, (self,) if axis is None else (self, axis), named)

    def any(self, axis: Any = None, **named: Any) -> Any:
        return self.made(np.any, (self,) if axis is None else (self, axis), named)


def taken(number: Any, index: Any) -> Any:
    """What indexing makes of a single number."""
    return np.asarray(number)[index]


def assigned(array: Any, index: Any, item: Any) -> Any:
    """A copy of the array with `array[index] = item`."""
    array = np.array(array)
    array[index] = item
    return array


def added_at(array: Any, ufunc: np.ufunc, index: Any, *item: Any) -> Any:
    """A copy of the array after `ufunc.at(array, index, item)`."""
    array = np.array(array)
    ufunc.at(array, index, *item)
    return array


def cast(x: Any, dtype: Any) -> Any:
    """The numbers in another type."""
    return x.astype(dtype) if hasattr(x, "astype") else dtype.type(x)


def described(var: Var) -> str:
    if var.label:
        return f"{var.label} {var.shape}" if var.shape else var.label
    if var.is_given:
        return f"an unnamed {'Value' if var.function in ('leaf', 'value') else var.function} {var.shape}"
    made_by = getattr(var.function, "__name__", "")
    return f"a result of {made_by} {var.shape}" if var.shape else f"a result of {made_by}"


def _operate(function: np.ufunc, *operands: Any) -> Any:
    if any(type(x) is Value for x in operands):
        return NotImplemented
    return function(*operands)


def _var(item: Any) -> Any:
    return item.symbol if type(item) is Traced else item


def _plain_numbers(item: Any) -> Any:
    return mapped(item, lambda part: part.symbol.number if type(part) is Traced else part)
