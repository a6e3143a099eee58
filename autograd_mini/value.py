"""Record what you compute: a `Value` is a number or an array that remembers how it was made.

>>> import numpy as np
>>> x, w = Value([1.0, 2.0], name="x"), Value(3.0, name="w")
>>> E = np.sum(w * x)
>>> E.backward()
>>> w.grad, x.grad
(3.0, array([3., 3.]))

A Value is what one may ask a gradient of; plain numbers and arrays are constants.
"""

from __future__ import annotations

import inspect
import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from autograd_mini import primitives
from autograd_mini.array_methods import ArrayMethods
from autograd_mini.errors import GraphError, MissingRuleError, operand_error
from autograd_mini.hooks import Handle, add_gradient_hook
from autograd_mini.modes import inside_transform, no_grad_blocks, open_blocks
from autograd_mini.numbers import (
    FLOAT64_SCALARS,
    PLAIN_NUMBERS,
    as_type_of,
    constant,
    is_float_array,
    own_data,
    with_shapes,
    without_integers,
)
from autograd_mini.primitives import elementwise, products, shaping
from autograd_mini.rules import Primitive

#: NumPy's ufuncs that have a row in the table, and what NumPy's other functions do with Values
#: (filled by `dispatch`).
UFUNCS: dict[Any, Callable[..., Any]] = {np.power: elementwise.power}
UFUNCS.update({row.forward: row for row in primitives.TABLE.values() if isinstance(row.forward, np.ufunc)})
UFUNC_METHODS: dict[tuple[Any, str], Callable[..., Any]] = {}
FUNCTIONS: dict[Any, Callable[..., Any]] = {}
#: Called with every new node and its operands, while there are any (see `notes.record_sources`, `anomaly`).
recording_hooks: list[Callable[[Value, tuple], None]] = []

next_age = itertools.count(1).__next__
_new = object.__new__
_no_grad_blocks = no_grad_blocks.get


def _operator(op: Primitive) -> Callable[[Value, Any], Value]:
    """An operator of Values: `apply2`, without its questions where both operands are floats, as in scalar graphs."""
    forward, slopes, (slope, _) = op.float_forward, op.float_partials, op.float_rules
    fixed = slopes if type(slopes) is tuple else None

    def operate(self: Value, other: Any) -> Value:
        x = self._data
        if type(x) is float and not recording_hooks and not open_blocks:
            try:
                if type(other) is Value and type(other._data) is float:
                    z = forward(x, other._data)  # type: ignore[misc]
                    dx, dy = fixed or slopes(z, x, other._data)  # type: ignore[misc, operator]
                elif type(other) is float or type(other) is int:
                    z = forward(x, other)  # type: ignore[misc]
                    dx, dy = fixed[0] if fixed else slope(z, x, other), None
                else:
                    return apply2(op, self, other)
            except (ArithmeticError, ValueError, TypeError):
                return apply2(op, self, other)
            node = _new(Value)  # as in `record`
            node._data = z
            node.grad = node.name = None
            node.op = op
            node._x = self
            node._y = other
            node._dx = dx
            node._dy = dy
            node.params = ()
            node.age = next_age()
            return node
        return apply2(op, self, other)

    return operate


class Value(ArrayMethods):
    """A number or array of floats that remembers how it was made.

    Args:
        data: a number, a nested list or an array (any shape). Integers and booleans become float64,
            float32 stays float32; the numbers are copied.
        name: what errors, pictures and derivations call it.

    Attributes:
        data: a Python float, a NumPy scalar of another precision, or an array. Assigning replaces
            the numbers of a leaf (same shape, same precision) and makes graphs recorded earlier stale.
        grad: dE/d(this) after `backward()`: same shape as `data`, or None before.
        op: the `Primitive` that made it, or None for a leaf.
        inputs: the operation's operands in order: Values, and the plain constants as they came.
        partials: a scalar's local derivatives by its inputs, as floats; None if it has more than two inputs, or arrays.
        params: the operation's parameters (an axis, a shape, an index).
        age: a creation counter; a Value is always younger than its inputs.

    Raises:
        TypeError: data that are not real numbers (complex, text, objects).

    >>> a = Value(2.0, name="a")
    >>> (a * a).backward()
    >>> a
    Value(2.0, name='a', grad=4.0)
    """

    __slots__ = ("__weakref__", "_data", "_dx", "_dy", "_x", "_y", "age", "grad", "name", "notes", "op", "params")

    _data: Any
    grad: Any
    name: str | None
    op: Primitive | None
    params: tuple[Any, ...]
    age: int
    #: What `inputs` and `partials` tell, for two tuples would make a node half as large again: z = x · y and its local
    #: derivatives dx = ∂z/∂x and dy = ∂z/∂y, each None if it has none. More than two inputs are a tuple in `_x`.
    _x: Any
    _y: Any
    _dx: Any
    _dy: Any
    #: What `notes` has written down of this node; the slot is empty on nearly every node.
    notes: Any

    def __init__(self, data: Any, name: str | None = None) -> None:
        if type(data) is Value:
            raise TypeError(
                "Value(v): v is already a Value; use v itself, +v for a new node, or Value(v.data) to cut its graph"
            )
        if name is not None and not isinstance(name, str):
            raise TypeError(
                f"Value: the name must be a text, got {name!r:.60}; several numbers go in a list, Value([1.0, 2.0])"
            )
        self._data = own_data(data)
        self.grad = None
        self.name = name
        self.op = None
        self._x = self._y = self._dx = self._dy = None
        self.params = ()
        self.age = next_age()

    def __init_subclass__(cls, **kwargs: Any) -> NoReturn:
        raise TypeError("Value cannot be subclassed: the engine knows it by its exact type; write functions of Values")

    _record: Callable[..., Any]  # = apply, set below: what lets `Primitive.__call__` record
    _differentiate: Callable[..., None]  # = backprop.backward, set there, for backprop is built on Value

    # -- numbers -----------------------------------------------------------------------------------

    def _set_data(self, data: Any) -> None:
        if self.op is not None:
            raise GraphError(
                f"{self!r} was computed by {self.op.name}; only a leaf's data can be assigned. "
                "Make a new Value, or change the leaves and compute again"
            )
        if type(data) is float and type(self._data) is float:  # quickly, for a training loop over scalars
            self.age = next_age()
            self._data = data
            return
        if type(data) is Value:
            raise TypeError(f"the data of {self._what()} are plain numbers, got a Value; assign its .data")
        new = own_data(data, copy=data is not self._data)
        if np.shape(new) != self.shape:
            raise ValueError(
                f"data of {self.name or 'Value'} has shape {self.shape}, cannot be replaced by shape {np.shape(new)}"
            )
        new = as_type_of(self._data, new)
        # Younger than every graph that used the old numbers: those are stale now. First, lest Ctrl-C come in between.
        self.age = next_age()
        self._data = new

    data = property(operator.attrgetter("_data"), _set_data)

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The operation's operands in order: Values, and the plain constants as they came."""
        x, y = self._x, self._y
        if y is not None:
            return x, y
        return x if type(x) is tuple else () if x is None else (x,)

    @property
    def partials(self) -> tuple[float | None, ...] | None:
        """Each local derivative ∂(this)/∂(input), None for a constant input, of a scalar made of one or two.

        None elsewhere, where the rules are run by the backward pass.
        """
        dx, dy = self._dx, self._dy
        if dx is None and dy is None:
            return None
        return (dx,) if self._y is None else (dx, dy)

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self._data)

    @property
    def ndim(self) -> int:
        return np.ndim(self._data)

    @property
    def size(self) -> int:
        return np.size(self._data)

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(float) if type(self._data) is float else self._data.dtype

    @property
    def is_leaf(self) -> bool:
        """True for a Value that was given, not computed."""
        return self.op is None

    def item(self) -> float:
        """The number of a Value of size 1 as a Python float."""
        if self.size != 1:
            raise ValueError(f"item(): expected one number, {self._what()} has {self.size}; index it first")
        return float(np.asarray(self._data).reshape(())) if self.ndim else float(self._data)

    def numpy(self) -> np.ndarray:
        """A copy of the numbers as an array, cut from the graph."""
        return np.array(self._data)

    def tolist(self) -> Any:
        """The numbers as nested lists of Python floats."""
        return np.asarray(self._data).tolist()

    # -- arithmetic --------------------------------------------------------------------------------

    # fmt: off
    __add__ = _operator(elementwise.add)
    def __radd__(self, other: Any) -> Value:      return apply2(elementwise.add, other, self)
    __sub__ = _operator(elementwise.subtract)
    def __rsub__(self, other: Any) -> Value:      return apply2(elementwise.subtract, other, self)
    __mul__ = _operator(elementwise.multiply)
    def __rmul__(self, other: Any) -> Value:      return apply2(elementwise.multiply, other, self)
    __truediv__ = _operator(elementwise.divide)
    def __rtruediv__(self, other: Any) -> Value:  return apply2(elementwise.divide, other, self)
    def __floordiv__(self, other: Any) -> Value:  return apply2(elementwise.floor_divide, self, other)
    def __rfloordiv__(self, other: Any) -> Value: return apply2(elementwise.floor_divide, other, self)
    def __mod__(self, other: Any) -> Value:       return apply2(elementwise.remainder, self, other)
    def __rmod__(self, other: Any) -> Value:      return apply2(elementwise.remainder, other, self)
    def __divmod__(self, other: Any) -> tuple:    return self // other, self % other
    def __rdivmod__(self, other: Any) -> tuple:   return other // self, other % self
    def __pow__(self, other: Any) -> Value:
        if type(other) is int and other == 2:  # as NumPy does: x * x is faster and exact
            return apply1(elementwise.square, self)
        return apply2(elementwise.power, self, other)
    def __rpow__(self, other: Any) -> Value:      return apply2(elementwise.power, other, self)
    def __matmul__(self, other: Any) -> Value:    return apply2(products.matmul, self, other)
    def __rmatmul__(self, other: Any) -> Value:   return apply2(products.matmul, other, self)
    def __neg__(self) -> Value:                   return apply1(elementwise.negative, self)
    def __pos__(self) -> Value:                   return apply1(elementwise.positive, self)
    def __abs__(self) -> Value:                   return apply1(elementwise.absolute, self)

    # Comparisons look at the numbers and record nothing: they give plain booleans.
    def __lt__(self, other: Any) -> Any: return self._data < constant(other)
    def __le__(self, other: Any) -> Any: return self._data <= constant(other)
    def __gt__(self, other: Any) -> Any: return self._data > constant(other)
    def __ge__(self, other: Any) -> Any: return self._data >= constant(other)
    def __eq__(self, other: object) -> Any: return _equal(operator.eq, self, other)
    def __ne__(self, other: object) -> Any: return _equal(operator.ne, self, other)
    # fmt: on

    __hash__ = object.__hash__  # by identity: a Value can be a dictionary's key, whatever its numbers

    # -- functions, as methods ---------------------------------------------------------------------

    # fmt: off
    def exp(self) -> Value:      return apply1(elementwise.exp, self)
    def log(self) -> Value:      return apply1(elementwise.log, self)
    def sqrt(self) -> Value:     return apply1(elementwise.sqrt, self)
    def square(self) -> Value:   return apply1(elementwise.square, self)
    def abs(self) -> Value:      return apply1(elementwise.absolute, self)
    def sin(self) -> Value:      return apply1(elementwise.sin, self)
    def cos(self) -> Value:      return apply1(elementwise.cos, self)
    def tanh(self) -> Value:     return apply1(elementwise.tanh, self)
    def sigmoid(self) -> Value:  return apply1(elementwise.sigmoid, self)
    def relu(self) -> Value:     return apply1(elementwise.relu, self)
    def softplus(self) -> Value: return apply1(elementwise.softplus, self)
    # fmt: on

    def astype(self, dtype: Any) -> Value:
        """Cast to another float type, recorded: the gradient is cast back."""
        try:
            dtype = np.dtype(dtype)
        except TypeError:
            raise TypeError(f"astype: expected a float type such as np.float32, got {dtype!r:.60}") from None
        if dtype.kind != "f":
            raise TypeError(f"astype({dtype}): a Value holds floats; use .data.astype for a constant")
        return apply(shaping.astype, (self,), (dtype,))

    # -- differentiation ---------------------------------------------------------------------------

    def backward(self, upstream: Any = None, *, create_graph: bool = False, retain_grads: bool = True) -> None:
        """Differentiate this Value with respect to everything it was made from, in reverse.

        Args:
            upstream: dE/d(this) to start from, of this Value's shape; 1 for a scalar by default.
            create_graph: record the pass itself, so that each `.grad` is a Value that can be
                differentiated again.
            retain_grads: False keeps only the leaves' gradients and frees the others on the way.

        Leaves add the result to the `.grad` they have; every other node's `.grad` starts afresh, so
        that a second call on the same graph adds the same gradients again.

        Raises:
            GraphError: no upstream for a Value that is not a scalar; a Value without a graph (made in
                `no_grad`); a leaf whose data changed after it was recorded.
            ShapeError: an upstream of another shape.

        If anything is raised, every `.grad` is as it was before.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> y.backward(); x.grad
        6.0
        >>> y.backward(); x.grad
        12.0
        """
        self._differentiate(upstream, create_graph, retain_grads)

    def register_hook(self, hook: Callable[[Any], Any]) -> Handle:
        """Call `hook(grad)` in every backward pass, once this Value's gradient is final.

        What the hook returns, if not None, replaces the gradient: it is kept as `.grad` and passed on.
        `remove()` of the handle takes the hook away; so does the end of a `with` block.

        Raises:
            ShapeError: (in the pass) the hook returned another shape; every `.grad` is as before.

        >>> w = Value(3.0)
        >>> handle = w.register_hook(lambda grad: max(-1.0, min(1.0, grad)))
        >>> (w * w).backward(); w.grad
        1.0
        >>> handle.remove()
        """
        return add_gradient_hook(self, hook)

    # -- containers --------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Value:
        if type(index) is Value or (type(index) is tuple and any(type(part) is Value for part in index)):
            raise TypeError("an index must be plain integers, slices or arrays, got a Value; use its .data")
        # Copies: an index array that is shuffled in place later must not move the gradient.
        parts = index if type(index) is tuple else (index,)
        own = tuple([_own_index(part) if isinstance(part, list | np.ndarray) else part for part in parts])
        return apply(shaping.getitem, (self,), (own if type(index) is tuple else own[0],))

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError(f"{self._what()} is a single number and has no len()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Value]:
        if not self.ndim:
            raise TypeError(f"{self._what()} is a single number and cannot be iterated")
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(f"the truth of {self._what()} is ambiguous: use (v > 0).all(), (v > 0).any() or v.data")
        return bool(self._data)

    def __float__(self) -> float:
        if inside_transform.get():  # math.sin(x) in a function given to grad would be a constant, its gradient 0
            raise TypeError(
                f"float({self.name or 'Value'}) inside a function that is being differentiated would cut it from its "
                "graph: use NumPy's functions (np.sin, not math.sin), or item() for a plain number"
            )
        return self.item()

    def __int__(self) -> int:
        return int(self.item())

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.item(), digits)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __repr__(self) -> str:
        if np.ndim(self._data):
            shown = np.array2string(np.asarray(self._data), separator=", ", prefix="Value(", threshold=100)
        else:
            shown = repr(float(self._data))
        parts = [shown]
        if self.dtype != float:
            parts.append(f"dtype={self.dtype}")
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        if self.op is not None:
            parts.append(f"op={self.op.name}")
        if isinstance(self.grad, float):
            parts.append(f"grad={self.grad!r}")
        return f"Value({', '.join(parts)})"

    def _what(self) -> str:
        return f"{self.name or 'Value'} of shape {self.shape}"

    # -- copies ------------------------------------------------------------------------------------

    def __copy__(self) -> Value:
        if self.op is not None:
            raise GraphError(
                f"{self._what()} was computed by {self.op.name}: a copy would lose its graph. Use +v for a "
                "new node in the graph, Value(v.data) for a new leaf"
            )
        twin = Value(self._data, self.name)
        twin.grad = self.grad if isinstance(self.grad, float | None | Value) else self.grad.copy()
        return twin

    def __deepcopy__(self, memo: dict) -> Value:
        return self.__copy__()

    def __reduce__(self) -> tuple:
        if self.op is not None:
            raise GraphError(
                f"{self._what()} was computed by {self.op.name} and cannot be pickled; pickle its .data, "
                "or the leaves it was made from"
            )
        return _restore, (self._data, self.name, self.grad)

    # -- NumPy's protocols -------------------------------------------------------------------------

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            f"{self._what()} is not converted to an array silently, because that would cut it from its graph: "
            "use .data for its numbers, np.stack([...]) to join Values"
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        function = UFUNCS.get(ufunc) if method == "__call__" else UFUNC_METHODS.get((ufunc, method))
        label = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        if function is None:
            raise no_rule(label)
        if "out" in kwargs:
            raise TypeError(f"{label}: cannot write a Value into an array (out=, or array += v): use a = a + v")
        if method == "__call__" and kwargs:
            raise TypeError(f"{label}: {', '.join(kwargs)}= is not supported on Values")
        if type(function) is Primitive and function.elementwise:  # the short ways
            return apply1(function, inputs[0]) if len(inputs) == 1 else apply2(function, *inputs)
        return function(*inputs, **kwargs)

    def __array_function__(self, func: Callable, types: Any, args: tuple, kwargs: dict) -> Any:
        function = FUNCTIONS.get(func)
        label = f"{func.__module__}.{func.__name__}".replace("numpy", "np", 1)
        if function is None:
            raise no_rule(label)
        code = function.__code__
        if kwargs and not code.co_flags & inspect.CO_VARKEYWORDS:
            unknown = set(kwargs) - set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
            kwargs = {k: x for k, x in kwargs.items() if k not in unknown or x is not None}  # out=None changes nothing
            unknown &= set(kwargs)
            if unknown:
                raise TypeError(f"{label}: {', '.join(sorted(unknown))}= is not supported on Values")
        return function(*args, **kwargs)


def no_rule(label: str) -> MissingRuleError:
    return MissingRuleError(
        f"{label} has no derivative rule for Values: compute with .data if no gradient is wanted, write it with "
        "functions that have one, or add it as a row: autograd_mini.Primitive(name, forward, rules...)"
    )


def _own_index(part: list | np.ndarray) -> np.ndarray:
    array = np.array(part)
    return array.astype(int) if isinstance(part, list) and not array.size else array  # [] picks nothing


def _restore(data: Any, name: str | None, grad: Any) -> Value:
    value = Value(data, name)
    value.grad = grad
    return value


def _equal(compare: Callable, self: Value, other: Any) -> Any:
    try:
        return compare(self._data, constant(other))
    except TypeError:  # not numbers: `v == None` is False, as for any object
        return NotImplemented


# -- recording -------------------------------------------------------------------------------------


def record(op: Primitive, inputs: tuple, params: tuple, partials: tuple | None, z: Any) -> Value:
    """Make the node of one operation whose result is `z`."""
    node = _new(Value)  # slot by slot: twice as fast as going through __init__
    node._data = z
    node.grad = node.name = None
    node.op = op
    node._x = node._y = node._dx = node._dy = None
    if open_blocks and _no_grad_blocks():
        node.params = ()
    else:
        node.params = params
        if len(inputs) == 2:
            node._x, node._y = inputs
            if partials:
                node._dx, node._dy = partials
        elif len(inputs) == 1:
            node._x = inputs[0]
            if partials:
                node._dx = partials[0]
        else:
            node._x = inputs or None
    node.age = next_age()
    if recording_hooks:
        for hook in tuple(recording_hooks):  # a copy, for another thread may take its hook away
            hook(node, inputs)
    return node


def apply1(op: Primitive, x: Value) -> Value:
    """`apply` for an elementwise operation of one Value: the short way for floats and arrays."""
    xd = x._data
    if type(xd) is float:
        try:
            z = op.float_forward(xd)  # type: ignore[misc]
            partials = (op.float_rules[0](z, xd),)
        except (ArithmeticError, ValueError, TypeError):
            pass  # log of 0, overflow: NumPy's answer below
        else:
            return record(op, (x,), (), partials, z)
    elif type(xd) is np.ndarray:
        return record(op, (x,), (), None, op.forward(xd))
    return apply(op, (x,))


def apply2(op: Primitive, x: Any, y: Any) -> Value:
    """`apply` for an operation of two operands, one a Value, and no params: the short way for floats and arrays."""
    xd = x._data if type(x) is Value else x
    yd = y._data if type(y) is Value else y
    if (type(xd) is float or type(xd) is int) and (type(yd) is float or type(yd) is int):
        try:
            z = op.float_forward(xd, yd)  # type: ignore[misc]
            dx, dy = op.float_rules
            partials = (None if x is xd else dx(z, xd, yd), None if y is yd else dy(z, xd, yd))
        except (ArithmeticError, ValueError, TypeError):
            pass  # division by 0, overflow: NumPy's answer below
        else:
            return record(op, (x, y), (), partials, z)
    elif (x is not xd or type(xd) in PLAIN_NUMBERS or is_float_array(xd)) and (
        y is not yd or type(yd) in PLAIN_NUMBERS or is_float_array(yd)
    ):
        try:
            z = op.forward(xd, yd)
        except (ValueError, TypeError):
            pass  # apply explains what is wrong
        else:
            if type(z) is np.ndarray and z.dtype.kind == "f":
                return record(op, (x, y), (), None, z)
    return apply(op, (x, y))


def apply(op: Primitive, inputs: tuple, params: tuple = ()) -> Value:
    """Compute any operation on its inputs (Values and constants) and record it as a new Value.

    Raises:
        ShapeError: the operands' shapes do not fit.
        TypeError: an operand is not made of real numbers.
    """
    try:
        datas = [x._data if type(x) is Value else constant(x) for x in inputs]
        for x, d in zip(inputs, datas, strict=True):
            if type(d) is not np.ndarray or d.dtype.kind != "f" or (x is not d and type(x) is not Value):
                # Not arrays of floats alone, as they nearly always are.
                datas = without_integers(datas)
                inputs = tuple([x if type(x) is Value else d for x, d in zip(inputs, datas, strict=True)])
                if not op.elementwise:
                    datas = with_shapes(datas)
                elif FLOAT64_SCALARS.issuperset(map(type, datas)) and not any(map(np.ndim, params)):
                    return _apply_to_numbers(op, inputs, params, datas)
                break
        z = op.forward(*datas, *params)
    except (ValueError, TypeError, IndexError) as error:
        raise operand_error(op.name, inputs, error) from error
    if type(z) is np.float64:
        z = float(z)
    elif type(z) is not np.ndarray or not z.ndim or z.dtype.kind != "f":
        z = own_data(z, copy=False)
    return record(op, inputs, params, None, z)


def _apply_to_numbers(op: Primitive, inputs: tuple, params: tuple, datas: list) -> Value:
    """A scalar elementwise operation; its local derivatives are stored with it."""
    datas = [float(d) for d in datas]
    if op.float_forward is not None and not params:
        try:
            z = op.float_forward(*datas)
            partials = [d(z, *datas) if type(x) is Value else None for d, x in zip(op.float_rules, inputs, strict=True)]
        except (ArithmeticError, ValueError, TypeError):
            pass
        else:
            return record(op, inputs, (), tuple(partials), float(z))
    # What `math` refuses (log of 0, overflow) or has no form for: NumPy answers, with inf or nan
    # and NumPy's own warning.
    numbers = [np.float64(d) for d in datas]
    z = op.forward(*numbers, *params)
    with np.errstate(all="ignore"):
        partials = [
            float(rule.derivative(z, *numbers, *params)) if type(x) is Value else None  # type: ignore[union-attr]
            for rule, x in zip(op.rules, inputs, strict=True)
        ]
    return record(op, inputs, params, tuple(partials), float(z))


Value._record = staticmethod(apply)
