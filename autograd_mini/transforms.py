"""Differentiate functions: `grad(f)` is a function, like f, whose value is the derivative of f.

    >>> import numpy as np
    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0

All take functions of any number of positional arguments (numbers, arrays or Values) and
differentiate with respect to all of them, or to those chosen by `argnums`: one gradient for one
argument, a tuple for several. Given plain numbers they return plain numbers; given Values, or called
inside another transform, they return Values that can be differentiated further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd_mini.backprop import fit, gradients, is_own, topological_order, zero_like
from autograd_mini.errors import GraphError, ShapeError
from autograd_mini.modes import inside_transform, record_anyway
from autograd_mini.numbers import as_type_of, constant, with_shapes
from autograd_mini.rules import Along, Pull, restore_axes
from autograd_mini.value import Value
from autograd_mini.visible import shown

Argnums = int | Sequence[int] | None


def _positions(argnums: Argnums, count: int, what: str) -> tuple[int, ...]:
    if not count:
        raise TypeError(f"{what}: the function was called without positional arguments, nothing to differentiate")
    chosen: tuple[Any, ...] = tuple(range(count))
    if argnums is not None:
        chosen = tuple(argnums) if isinstance(argnums, Iterable) else (argnums,)
    if not all(isinstance(i, int | np.integer) for i in chosen):
        raise TypeError(f"{what}: argnums must be the arguments' positions, such as 0 or (0, 1), got {argnums!r:.60}")
    for i in chosen:
        if not -count <= i < count:
            raise ValueError(f"{what}: argnums={argnums} does not fit a call with {count} positional arguments")
    positions = tuple(i % count for i in chosen)
    if len(set(positions)) < len(positions):
        raise ValueError(f"{what}: argnums={argnums} names an argument twice")
    return positions


def check_function(what: str, f: Any) -> None:
    if not callable(f):
        hint = "; pass the function itself, f, not f(x)" if type(f) is Value else ""
        raise TypeError(f"{what}: expected a function, got {shown(f)}{hint}")


def _run(f: Callable, args: tuple, positions: Sequence[int], what: str) -> tuple[Value, list[Value], bool]:
    """Call f on fresh nodes for the chosen arguments: its result, those nodes, and whether to record on."""
    check_function(what, f)
    nested = inside_transform.get() or any(type(a) is Value for a in args)
    # +v: a node of its own, so that in f(v, v) the two arguments have two gradients
    nodes = [+args[i] if type(args[i]) is Value else Value(args[i]) for i in positions]
    call = list(args)
    for i, node in zip(positions, nodes, strict=True):
        call[i] = node
    outer = inside_transform.get()
    try:
        inside_transform.set(True)
        with record_anyway():
            out = f(*call)
    finally:
        inside_transform.set(outer)
    if type(out) is not Value:
        if isinstance(out, tuple | list | dict) or out is None:
            hint = "; is its `return` missing?" if out is None else ""
            raise TypeError(f"{what}: the function must return one Value, got {type(out).__name__}{hint}")
        out = Value(out)  # a constant: all its derivatives are 0
    return out, nodes, nested


def _result(x: Any, nested: bool) -> Any:
    return x._data if type(x) is Value and not nested else x


def _shaped(values: list, argnums: Argnums, count: int) -> Any:
    single = isinstance(argnums, int) or (argnums is None and count == 1)
    return values[0] if single else tuple(values)


def value_and_grad(f: Callable[..., Any], argnums: Argnums = None) -> Callable[..., tuple[Any, Any]]:
    """The function that returns both f and its gradient, from one recording.

    f must return a scalar. The gradient has the shape of the argument; see the module for `argnums`.

    Raises:
        GraphError: f does not return a scalar.

    >>> value_and_grad(lambda x, y: x * y)(2.0, 5.0)
    (10.0, (5.0, 2.0))
    """

    def run(*args: Any) -> tuple[Any, Any]:
        positions = _positions(argnums, len(args), "grad")
        out, nodes, nested = _run(f, args, positions, "grad")
        if out.ndim:
            raise GraphError(f"grad: the function must return a scalar, got shape {out.shape}; use jacobian, or reduce")
        found = gradients(out, nodes, create_graph=nested, stop=set(nodes))
        return _result(out, nested), _shaped(found, argnums, len(args))

    return run


def grad(f: Callable[..., Any], argnums: Argnums = None) -> Callable[..., Any]:
    """The gradient of a scalar function, as a function of the same arguments.

    >>> grad(lambda w: np.sum(w * w))(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    def run(*args: Any) -> Any:
        return value_and_grad(f, argnums)(*args)[1]

    return run


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple]]:
    """f(*args), and the function that maps an upstream gradient u to uᵀJ, one entry per argument.

    >>> z, pull = vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    out, nodes, nested = _run(f, args, range(len(args)), "vjp")

    def pull(upstream: Any) -> tuple:
        record = nested or type(upstream) is Value
        return tuple(gradients(out, nodes, upstream, create_graph=record, stop=set(nodes)))

    return out if nested else out._data - 0.0, pull  # a copy, with −0.0 as it is: the graph keeps its own numbers


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f(*primals) and its derivative along the tangents, J t: forward mode.

    The tangents travel from the inputs to the output, each operation multiplying by its local
    derivative on the way; one pass whatever the size of the output.

    Args:
        primals: the arguments of f.
        tangents: one direction per argument, of the argument's shape.

    Raises:
        ShapeError: a tangent that has not its argument's shape.

    >>> jvp(lambda x: x * x, (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    (array([1., 4.]), array([2., 0.]))
    """
    _check_lists("jvp", primals, tangents)
    if len(primals) != len(tangents):
        count = f"{len(primals)} primals, {len(tangents)} tangents"
        raise ValueError(f"jvp: expected one tangent for each argument, got {count}")
    for i, (x, t) in enumerate(zip(primals, tangents, strict=True)):
        if np.shape(x) != np.shape(t):
            raise ShapeError(f"jvp: tangent {i} has shape {np.shape(t)}, its argument has {np.shape(x)}")
    out, nodes, nested = _run(f, tuple(primals), range(len(primals)), "jvp")
    nested = nested or any(type(t) is Value for t in tangents)
    tangent = push_forward(out, dict(zip(nodes, tangents, strict=True)), recorded=nested)
    return _result(out, nested), tangent if nested or is_own(tangent) else tangent.copy()


def _check_lists(what: str, *lists: Any) -> None:
    for name, given in zip(("primals", "tangents"), lists, strict=True):
        if not isinstance(given, tuple | list):
            kind = type(given).__name__
            raise TypeError(f"{what}: {name} must be a tuple with one entry for each argument, (x,), got {kind}")


def push_forward(output: Value, tangents: dict[Value, Any], recorded: bool = False) -> Any:
    """The tangent of `output`, given those of some of the nodes that it was made from."""
    known = {x: (t if type(t) is Value else _like(t, x._data)) for x, t in tangents.items()}
    with np.errstate(all="ignore"):
        for node in reversed(topological_order(output, stop=set(known))):
            if any(type(x) is Value and x in known for x in node.inputs):
                known[node] = _tangent(node, known, recorded)
    return known.get(output, zero_like(output._data))


def _like(tangent: Any, data: Any) -> Any:
    """A tangent of its own memory, in the precision of the data it belongs to."""
    t = as_type_of(data, constant(tangent))
    return t.copy() if t is tangent and np.ndim(t) else t


def _tangent(node: Value, known: dict[Value, Any], recorded: bool) -> Any:
    """Σ over the inputs of ∂z/∂x · (tangent of x)."""
    op = node.op
    assert op is not None  # a node with inputs was computed
    numbers = node.inputs if recorded else [constant(x) for x in node.inputs]
    if not op.elementwise and not recorded:
        numbers = with_shapes(numbers)
    z = node if recorded else node._data
    if op.jointly_linear:  # the operation itself, applied to all tangents at once
        parts = [known[x] if type(x) is Value and x in known else np.zeros_like(x) for x in node.inputs]
        return op(*parts, params=node.params)
    total: Any = None
    for position, x in enumerate(node.inputs):
        if type(x) is not Value or x not in known:
            continue
        rule, t = op.rules[0 if op.variadic else position], known[x]
        if node.partials is not None and not recorded:
            term = _times(t, node.partials[position])
        elif type(rule) is Pull and rule.push is not None:
            term = rule.push(t, z, *numbers, *node.params)
        elif type(rule) is Pull:  # linear in this input: the operation itself, with the tangent in its place
            term = op(*numbers[:position], *with_shapes([t]), *numbers[position + 1 :], params=node.params)
        elif type(rule) is Along:
            wide = restore_axes(z, *node.params[:2])
            axis, keepdims = node.params[:2]
            local = rule.derivative(wide, *numbers, *node.params)
            term = np.sum(_times(t, local), axis=axis, keepdims=keepdims)
        else:
            term = _times(t, rule.derivative(z, *numbers, *node.params))  # type: ignore[union-attr]
        total = term if total is None else total + term
    return fit(total, node._data)


def _times(tangent: Any, local: Any) -> Any:
    """tangent × local derivative; where either is 0 so is the product.

    The backward pass meets a branch not taken as an upstream of 0, the forward pass as a local
    derivative of 0; the other factor may be infinite or nan there.
    """
    product = tangent * local
    bad = np.logical_not(np.isfinite(product))
    if not np.any(bad):
        return product
    return np.where(bad & (np.equal(tangent, 0) | np.equal(local, 0)), 0.0, product)


def _basis(shape: tuple[int, ...], dtype: Any) -> Any:
    """The unit directions of a space of arrays, one after the other."""
    if not shape:
        yield 1.0
        return
    for index in np.ndindex(shape):
        e = np.zeros(shape, dtype)
        e[index] = 1
        yield e


def jacobian(f: Callable[..., Any], argnums: Argnums = None, *, mode: str = "auto") -> Callable[..., Any]:
    """All derivatives ∂f_i/∂x_j: an array of shape `f(x).shape + x.shape` (one per argument).

    Row by row in reverse mode, or column by column in forward mode: whichever takes fewer passes, or
    the `mode` asked for ("reverse" or "forward").

    >>> jacobian(lambda x: x * x)(np.array([1.0, 3.0]))
    array([[2., 0.],
           [0., 6.]])
    """

    if mode not in ("auto", "reverse", "forward"):
        raise ValueError(f"jacobian: mode must be 'auto', 'reverse' or 'forward', got {mode!r}")

    def run(*args: Any) -> Any:
        positions = _positions(argnums, len(args), "jacobian")
        out, nodes, nested = _run(f, args, positions, "jacobian")
        forward = sum(node.size for node in nodes) < out.size if mode == "auto" else mode == "forward"
        if forward:
            found = [
                _stacked([push_forward(out, {x: e}, nested) for e in _basis(x.shape, x.dtype)], x.shape, out.shape, -1)
                for x in nodes
            ]
        else:
            rows = [
                gradients(out, nodes, e, create_graph=nested, stop=set(nodes)) for e in _basis(out.shape, out.dtype)
            ]
            found = [_stacked([row[i] for row in rows], out.shape, x.shape, 0) for i, x in enumerate(nodes)]
        return _shaped(found, argnums, len(args))

    return run


def _stacked(parts: list, many: tuple[int, ...], each: tuple[int, ...], axis: int) -> Any:
    """Join one result (of shape `each`) per unit direction (of shape `many`), the directions at `axis`."""
    if not parts:  # an empty argument or output
        return np.zeros((*many, *each) if axis == 0 else (*each, *many))
    shape = (*many, *each) if axis == 0 else (*each, *many)
    joined: Any = np.reshape(np.stack(parts, axis), shape)
    return joined if shape or type(joined) is Value else float(joined)


def hessian(f: Callable[..., Any], argnums: Argnums = None) -> Callable[..., Any]:
    """The second derivatives ∂²f/∂x_i∂x_j of a scalar function: shape `x.shape + x.shape`.

    For several arguments a tuple of tuples of blocks: `hessian(f)(x, y)[0][1]` is ∂²f/∂x∂y.

    >>> hessian(lambda x: x[0] * x[1])(np.array([3.0, 5.0]))
    array([[0., 1.],
           [1., 0.]])
    """

    def run(*args: Any) -> Any:
        positions = _positions(argnums, len(args), "hessian")
        blocks = []
        for i in positions:
            row = jacobian(grad(f, i), tuple(positions))(*args)
            blocks.append(_shaped(list(row), argnums, len(args)))
        return _shaped(blocks, argnums, len(args))

    return run


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of a scalar function times a vector, without the Hessian: forward over reverse.

    Returns one array per argument (the array itself for one argument).

    >>> hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    array([ 6., 12.])
    """
    _check_lists("hvp", primals, tangents)
    found = [jvp(grad(f, i), primals, tangents)[1] for i in range(len(primals))]
    return _shaped(found, None, len(primals))
