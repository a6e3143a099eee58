"""The errors of the engine: Values, backward passes, transforms, and NumPy's functions of Values."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np

import autograd_mini as ag
from autograd_mini import AnomalyError, GradcheckError, GraphError, MissingRuleError, ShapeError, Value
from autograd_mini.rules import Local, Primitive
from autograd_mini.value import FUNCTIONS
from tests.trust.errors.rows import row

RNG = np.random.default_rng(0)


def w() -> Value:
    """A leaf of two numbers that already has a gradient, which an error must leave alone."""
    value = Value([1.0, 2.0], name="w")
    value.grad = np.array([5.0, 6.0])
    return value


def W() -> Value:
    value = Value(np.arange(6.0).reshape(2, 3), name="W")
    value.grad = np.ones((2, 3))
    return value


def b() -> Value:
    return Value(3.0, name="b")


def computed() -> Value:
    z = w() * 2.0
    z.name = "z"
    return z


def in_no_grad() -> Value:
    with ag.no_grad():
        z = w().sum()
    z.name = "z"
    return z


def stale() -> tuple[Value, Value]:
    x = w()
    E = (x * x).sum()
    x.data = [3.0, 4.0]
    return E, x


def with_hook(value: Value, hook: Any) -> Value:
    value.register_hook(hook)
    return value


def backward_of_hook_of_wrong_shape(x: Value, E: Value) -> None:
    E.backward()


def hooked() -> tuple[Value, Value]:
    x = with_hook(w(), lambda grad: grad[:1])
    return x, (x * x).sum()


def leaf_grad(grad: Any) -> Any:
    def given() -> tuple[Value, Value, Value]:
        x, y = Value([[1.0, 2.0, 3.0]], name="x"), w()
        E = (x * x).sum() + (y * y).sum()
        x.grad = grad
        return E, x, y

    return given


def subclass() -> type:
    class Mine(Value):
        pass

    return Mine


def in_anomaly(function: Any, *inputs: Value) -> None:
    with ag.anomaly():
        function(*inputs)


def write_into(x: Value) -> None:
    with ag.anomaly():
        z = (x * x).sum()
        x.data[0] = 7.0
        try:
            z.backward()
        finally:
            x.data[0] = 1.0


def set_data(x: Value, data: Any) -> None:
    x.data = data


def set_item(x: Value) -> None:
    x[0] = 1.0


ROWS = [
    # -- Values ------------------------------------------------------------------------------------
    row("Value of a Value", TypeError, ["Value(v)", "+v for a new node", "Value(v.data)"], Value, b),
    row("Value of complex numbers", TypeError, ["real numbers", "complex128 (list [1j, 2.0])"], lambda: Value([1j, 2.0])),
    row("Value of text", TypeError, ["real numbers", "<U3 (str '1.5')"], lambda: Value("1.5")),
    row("Value of None", TypeError, ["real numbers", "object (NoneType None)"], lambda: Value(None)),
    row("Value of dates", TypeError, ["real numbers", "datetime64"], lambda: Value(np.array(["2020-01-01"], "M8[D]"))),
    row("Value of a list of Values", TypeError, ["w of shape (2,)", "np.stack"], lambda x: Value([x, x]), w),
    row("Value of a jagged list", ValueError, ["one length", "list"], lambda: Value([[1.0, 2.0], [3.0]])),
    row("Value of a masked array", TypeError, ["masked", ".filled("], lambda: Value(np.ma.array([1.0, 2.0], mask=[0, 1]))),
    row("Value with a name that is no text", TypeError, ["name", "text", "got 3"], lambda: Value(1.0, name=3)),
    row("Value subclassed", TypeError, ["Value cannot be subclassed", "exact type"], subclass),
    row("data of a computed Value", GraphError, ["name='z'", "computed by multiply", "Make a new Value"], lambda z: set_data(z, 1.0), computed),
    row("data of another shape", ValueError, ["data of w", "(2,)", "(3,)"], lambda x: set_data(x, [1.0, 2.0, 3.0]), w),
    row("data that are text", TypeError, ["real numbers", "str"], lambda x: set_data(x, "ab"), w),
    row("data that are a Value", TypeError, ["data of w of shape (2,)", "plain numbers", "assign its .data"], lambda x: set_data(x, w()), w),
    row("item of two numbers", ValueError, ["item()", "w of shape (2,)", "index it"], Value.item, w),
    row("astype of integers", TypeError, ["astype(int64)", "holds floats", ".data.astype"], lambda x: x.astype(int), w),
    row("astype of no type", TypeError, ["astype", "'flaot'"], lambda x: x.astype("flaot"), w),
    row("index that is a Value", TypeError, ["index", "got a Value", ".data"], lambda x, y: x[y], lambda: (w(), b())),
    row("index out of range", IndexError, ["getitem: w (2,)", "index 5"], lambda x: x[5], w),
    row("index of too many axes", IndexError, ["getitem: w (2,)", "1-dimensional", "2 were indexed"], lambda x: x[0, 0], w),
    row("len of a number", TypeError, ["b of shape ()", "single number", "len()"], len, b),
    row("iteration over a number", TypeError, ["b of shape ()", "cannot be iterated"], iter, b),
    row("truth of two numbers", ValueError, ["truth of w of shape (2,)", ".all()", ".any()"], bool, w),
    row("float inside a transform", TypeError, ["float(Value)", "np.sin, not math.sin", "item()"], lambda: ag.grad(math.sin)(1.0)),
    row("copy of a computed Value", GraphError, ["z of shape (2,)", "multiply", "+v", "Value(v.data)"], copy.copy, computed),
    row("deep copy of a computed Value", GraphError, ["z of shape (2,)", "multiply", "+v"], copy.deepcopy, computed),
    row("pickle of a computed Value", GraphError, ["z of shape (2,)", "multiply", "pickle its .data"], pickle.dumps, computed),
    row("conversion to an array", TypeError, ["w of shape (2,)", ".data", "np.stack"], np.asarray, w),
    row("comparison with text", TypeError, ["real numbers", "str 'a'"], lambda x: x < "a", w),
    row("a Value plus text", TypeError, ["real numbers", "str 'a'"], lambda x: x + "a", w),
    row("a Value plus None", TypeError, ["real numbers", "NoneType None"], lambda x: x + None, w),
    row("a Value plus complex", TypeError, ["real numbers", "complex 1j"], lambda x: x + 1j, w),
    row("a Value plus an object array", TypeError, ["real numbers", "ndarray"], lambda x: x + np.array([None, 1]), w),
    row("a Value plus a jagged list", ShapeError, ["add: w (2,)", "one length", "list [[1.0], [1.0, 2.0]]"], lambda x: x + [[1.0], [1.0, 2.0]], w),  # noqa: RUF005
    row("a Value plus a list of Values", TypeError, ["b of shape ()", "np.stack"], lambda x, y: x + [y, y], lambda: (w(), b())),  # noqa: RUF005
    row("a Value plus another shape", ShapeError, ["add: w (2,), W (2, 3)", "broadcast"], lambda x, y: x + y, lambda: (w(), W())),
    row("an element assigned", TypeError, ["cannot be assigned", "np.where", "v.data = numbers"], set_item, w),
    row("an element deleted", TypeError, ["cannot be deleted", "v[1:]", "np.concatenate"], lambda x: x.__delitem__(0), w),
    row("an attribute that arrays have", AttributeError, ["'byteswap'", "v.data.byteswap"], lambda x: x.byteswap, w),
    row("an attribute that is a function of NumPy", AttributeError, ["'sort'", "v.data.sort", "np.sort(v)"], lambda x: x.sort(), w),
    row("reshape to nothing", TypeError, ["reshape()", "new shape"], lambda x: x.reshape(), W),
    row("reshape to another size", ShapeError, ["reshape: W (2, 3)", "size 6", "(4,)"], lambda x: x.reshape(4), W),
    row("a number in a number", TypeError, ["single number", "=="], lambda x: 3.0 in x, b),
    row("matmul, left one transposed", ShapeError, ["W (2, 3) @ w (2,)", "inner sizes 3 and 2 differ", "did you mean W.T?"], lambda x, y: x @ y, lambda: (W(), w())),
    row("matmul, right one transposed", ShapeError, ["array (4, 3) @ W (2, 3)", "3 and 2 differ", "did you mean W.T?"], lambda y: np.ones((4, 3)) @ y, W),
    row("matmul of batches", ShapeError, ["matmul", "batch sizes (5,) and (4,)"], lambda x: x @ np.ones((4, 3, 2)), lambda: Value(np.ones((5, 2, 3)))),
    row("matmul with a number", ShapeError, ["matmul: W (2, 3) @ b ()", "with *, not with @"], lambda x, y: x @ y, lambda: (W(), b())),
    row("inverse of a singular matrix", np.linalg.LinAlgError, ["solve: M (2, 2)", "Singular"], np.linalg.inv, lambda: Value(np.ones((2, 2)), name="M")),
    row("axis that is not there", np.exceptions.AxisError, ["sum: W (2, 3)", "axis 2"], lambda x: x.sum(axis=2), W),
    row("axis that is no number", TypeError, ["sum: W (2, 3)", "integer"], lambda x: x.sum(axis=1.5), W),
    # -- NumPy's functions -------------------------------------------------------------------------
    row("a ufunc without a rule", MissingRuleError, ["np.spacing", "no derivative rule", ".data", "Primitive("], np.spacing, w),
    row("a ufunc's method without a rule", MissingRuleError, ["np.add.reduceat", "no derivative rule"], lambda x: np.add.reduceat(x, [0]), w),
    row("a function without a rule", MissingRuleError, ["np.interp", "no derivative rule"], lambda x: np.interp(x, [0.0], [1.0]), w),
    row("a ufunc that writes", TypeError, ["np.add", "out=", "a = a + v"], lambda x, y: np.add(x, 1.0, out=y), lambda: (w(), np.zeros(2))),
    row("a ufunc's option", TypeError, ["np.add: where= is not supported"], lambda x: np.add(x, 1.0, where=[True, False]), w),
    row("a function's option", TypeError, ["np.sum: where= is not supported"], lambda x: np.sum(x, where=[True, False]), w),
    row("np.where of one choice", ValueError, ["np.where", "condition, x, y"], lambda x: np.where([True, False], x), w),
    row("np.clip, one bound by place", TypeError, ["np.clip", "both bounds", "min= or max="], lambda x: FUNCTIONS[np.clip](x, 0.0), w),  # NumPy 2.0 refuses it first
    row("np.clip, bounds given twice", ValueError, ["np.clip", "twice"], lambda x: np.clip(x, 0.0, 1.0, max=2.0), w),
    row("np.clip with a Value as bound", TypeError, ["np.clip", "np.minimum and np.maximum"], lambda x, y: np.clip(x, y, None), lambda: (w(), b())),
    row("np.take_along_axis", ShapeError, ["indices (1,)", "W (2, 3)"], lambda x: np.take_along_axis(x, np.array([0]), 1), W),
    row("np.diag of a stack", ShapeError, ["np.diag", "T (1, 2, 2)", "np.diagonal"], np.diag, lambda: Value(np.ones((1, 2, 2)), name="T")),
    row("np.diff backwards", ValueError, ["np.diff", "-1"], lambda x: np.diff(x, -1), w),
    row("np.select of unequal lists", ValueError, ["np.select", "1 conditions", "got 2"], lambda x: np.select([x > 1], [x, x]), w),
    row("np.linalg.multi_dot of one", ValueError, ["multi_dot", "two", "got 1"], lambda x: np.linalg.multi_dot([x]), w),
    row("np.linalg.outer of matrices", ValueError, ["np.linalg.outer", "(2, 3)", "(2,)"], np.linalg.outer, lambda: (W(), w())),
    row("np.cross of pairs", ValueError, ["np.cross", "3 elements", "2 and 2"], lambda x: np.cross(x, x), w),
    row("np.tensordot over too many axes", IndexError, ["np.tensordot", "axes=2", "w (2,)"], lambda x: np.tensordot(x, x, 2), w),
    row("np.tensordot over one axis twice", ValueError, ["np.tensordot", "twice"], lambda x: np.tensordot(x, x, ([0, 0], [0, 1])), W),
    row("np.tensordot over axes of two sizes", ShapeError, ["axis 0 of W (2, 3)", "axis 1 of W (2, 3)"], lambda x: np.tensordot(x, x, ([0], [1])), W),
    row("np.einsum by lists", TypeError, ["np.einsum", "string", "'ij,jk->ik'"], lambda x: np.einsum(x, [0], [0]), w),
    row("np.einsum of too few operands", ValueError, ["'i,i->'", "2 operands", "got 1"], lambda x: np.einsum("i,i->", x), w),
    row("np.einsum that loses axes", ValueError, ["'...i->i'", "'...'", "add it there"], lambda x: np.einsum("...i->i", x), W),
    row("np.linalg.norm of an order", TypeError, ["ord='nuc'", "(2, 3)", "None, 1, 2"], lambda x: np.linalg.norm(x, "nuc"), W),
    row("np.stack of unequal shapes", ValueError, ["np.stack", "(2,), (2, 3)"], lambda x, y: np.stack([x, y]), lambda: (w(), W())),
    row("np.vsplit of a vector", ValueError, ["np.vsplit", "2 axes", "(2,)"], lambda x: np.vsplit(x, 2), w),
    row("np.rot90 of one axis", ValueError, ["np.rot90", "two different axes", "(0, 0)"], lambda x: np.rot90(x, axes=(0, 0)), W),
    row("np.pad of another mode", TypeError, ["np.pad", "'mean'", "constant, edge"], lambda x: np.pad(x, 1, "mean"), w),
    row("np.average without an axis", TypeError, ["np.average", "(3,)", "(2, 3)", "axis"], lambda x: np.average(x, weights=[1.0, 1, 1]), W),
    row("np.average along another axis", ValueError, ["np.average", "(3,)", "axis 0", "(2, 3)"], lambda x: np.average(x, 0, [1.0, 1, 1]), W),
    row("np.average of weights 0", ZeroDivisionError, ["np.average", "sum to zero"], lambda x: np.average(x, weights=[0.0, 0.0]), w),
    row("np.convolve of a matrix", ValueError, ["np.convolve", "(2, 3)", "(2,)"], lambda x, y: np.convolve(x, y), lambda: (W(), w())),
    row("np.convolve of another mode", ValueError, ["np.convolve", "'fulll'", "'same'"], lambda x: np.convolve(x, x, "fulll"), w),
    # -- rows of the table -------------------------------------------------------------------------
    row("Primitive without rules", TypeError, ["cube", "one Local, Along or Pull rule per input", "()"], lambda: Primitive("cube", lambda x: x**3)),
    row("Primitive with a function as rule", TypeError, ["cube", "Local, Along or Pull"], lambda: Primitive("cube", lambda x: x**3, math.sin)),
    row("Local of None", TypeError, ["Local", "function (z, *inputs)", "got NoneType None"], lambda: Local(None)),
    row("Pull of None", TypeError, ["Pull", "function (g, z, *inputs)", "got NoneType None"], lambda: ag.Pull(None)),
    row("Pull with a push of None twice", TypeError, ["Pull", "function", "got int 3"], lambda: ag.Pull(np.sin, 3)),
    row("Primitive of too many inputs", TypeError, ["cube: got 2 inputs", "for 1"], lambda: Primitive("cube", lambda x: x**3, Local(1))(1.0, 2.0)),
    # -- backward ----------------------------------------------------------------------------------
    row("backward from an array", GraphError, ["backward()", "z has shape (2,)", ".sum()", "np.ones((2,))"], Value.backward, computed),
    row("backward of no_grad", GraphError, ["backward()", "z was computed by sum", "no_grad()", "outside"], Value.backward, in_no_grad),
    row("backward with another upstream", ShapeError, ["upstream", "(3,)", "(2,)"], lambda z: z.backward(np.ones(3)), computed),
    row("backward with text", TypeError, ["real numbers", "'a'"], lambda z: z.backward(["a", "b"]), computed),
    row("backward with a jagged list", ValueError, ["one length", "list [[1.0], [1.0, 2.0]]"], lambda z: z.backward([[1.0], [1.0, 2.0]]), computed),
    row("backward after an update", GraphError, ["data of w (2,) changed", "multiply", "backward() before"], lambda E, x: E.backward(), stale),
    row("backward onto a gradient of another shape", ShapeError, ["x.grad", "(3,)", "(1, 3)", "x.grad = None"], lambda E, x, y: E.backward(), leaf_grad(np.ones(3))),
    row("backward onto a number for a gradient", ShapeError, ["x.grad", "()", "(1, 3)", "x.grad = None"], lambda E, x, y: E.backward(), leaf_grad(0.0)),
    row("backward onto text for a gradient", TypeError, ["x.grad", "real numbers", "str 'none'", "x.grad = None"], lambda E, x, y: E.backward(), leaf_grad("none")),
    row("steps from an array", GraphError, ["steps()", "z has shape (2,)", "upstream=np.ones((2,))"], ag.steps, computed),
    row("gradients by one Value", TypeError, ["gradients", "list of inputs", "write [z]"], lambda z: ag.gradients(z, z, [1.0, 1.0]), computed),
    row("gradients by a number", TypeError, ["gradients", "list of inputs", "float 1.0"], lambda z: ag.gradients(z, 1.0, [1.0, 1.0]), computed),
    row("gradients of a number", TypeError, ["gradients", "expected a Value", "float 1.0"], lambda: ag.gradients(1.0, [])),
    row("gradients by what is no Value", TypeError, ["gradients", "input 0", "Value", "float"], lambda z: ag.gradients(z, [1.0], [1.0, 1.0]), computed),
    row("a hook that is no function", TypeError, ["hook must be a function", "3"], lambda x: x.register_hook(3), w),
    row("a hook that returns another shape", ShapeError, ["gradient hook", "w", "(1,)", "(2,)"], backward_of_hook_of_wrong_shape, hooked),
    row("a hook that returns text", TypeError, ["gradient hook", "w", "real numbers", "'a'"], lambda x, E: E.backward(), lambda: ((x := with_hook(w(), lambda grad: ["a", "b"])), (x * x).sum())),
    # -- anomaly -----------------------------------------------------------------------------------
    row("anomaly forward", AnomalyError, ["log made the first inf of x = 0.0", "engine.py"], lambda x: in_anomaly(np.log, x), lambda: Value(0.0, name="x")),
    row("anomaly backward", AnomalyError, ["backward through sqrt", "first inf", "x[1] = 0.0", "engine.py"], lambda x: in_anomaly(lambda x: np.sqrt(x).sum().backward(), x), lambda: Value([4.0, 0.0], name="x")),
    row("anomaly in a sum of gradients", AnomalyError, ["first inf", "x ()", "adds up"], lambda x: in_anomaly(lambda x: (x * 1e308 + x * 1e308).backward(), x), lambda: Value(0.0, name="x")),
    row("anomaly of a write", GraphError, ["numbers of w (2,)", "written into after multiply", "backward() first", "copy"], write_into, w),
    # -- gradcheck and transforms ------------------------------------------------------------------
    row("gradcheck of order 3", ValueError, ["gradcheck", "1 or 2", "got 3"], lambda: ag.gradcheck(np.sin, 1.0, order=3)),
    row("gradcheck of no input", TypeError, ["gradcheck", "at least one input"], lambda: ag.gradcheck(np.sin)),
    row("gradcheck of randomness", GraphError, ["gradcheck", "different results", "random"], lambda: ag.gradcheck(lambda x: x * RNG.random(), 1.0)),
    row("gradcheck that fails", GradcheckError, ["argument 0", "automatic 3, numeric 6"], lambda: ag.gradcheck(lambda x: x * x.data, 3.0, order=1)),
    row("grad of no argument", TypeError, ["grad", "without positional arguments"], lambda: ag.grad(lambda: 1.0)()),
    row("grad by an argument that is not there", ValueError, ["grad", "argnums=2", "1 positional"], lambda: ag.grad(np.sin, 2)(1.0)),
    row("grad by an argument twice", ValueError, ["grad", "argnums=(0, -1)", "twice"], lambda: ag.grad(np.sin, (0, -1))(1.0)),
    row("grad by an argument's name", TypeError, ["grad", "argnums", "position", "'x'"], lambda: ag.grad(np.sin, "x")(1.0)),
    row("grad by half an argument", TypeError, ["grad", "argnums", "positions", "0.5"], lambda: ag.grad(np.sin, 0.5)(1.0)),
    row("gradcheck of a Value", TypeError, ["gradcheck", "expected a function", "got Value", "not f(x)"], lambda x: ag.gradcheck(x, 1.0), b),
    row("grad of a number", TypeError, ["grad", "function", "got float"], lambda: ag.grad(2.0)(1.0)),
    row("grad of a Value", TypeError, ["grad", "function", "got Value", "f, not f(x)"], lambda x: ag.grad(x)(1.0), b),
    row("grad of a tuple", TypeError, ["grad", "one Value", "got tuple"], lambda: ag.grad(lambda x: (x, x))(1.0)),
    row("grad of a function without return", TypeError, ["grad", "one Value", "got NoneType", "`return`"], lambda: ag.grad(lambda x: None)(1.0)),
    row("grad of an array", GraphError, ["grad", "scalar", "(2,)", "jacobian"], lambda x: ag.grad(np.sin)(x), lambda: np.ones(2)),
    row("jacobian of another mode", ValueError, ["jacobian", "'reverse'", "'sideways'"], lambda: ag.jacobian(np.sin, mode="sideways")),
    row("jvp of too few tangents", ValueError, ["jvp", "2 primals", "1 tangents"], lambda: ag.jvp(np.add, (1.0, 2.0), (1.0,))),
    row("jvp of a tangent of another shape", ShapeError, ["jvp", "tangent 0", "(2,)", "()"], lambda: ag.jvp(np.sin, (1.0,), (np.ones(2),))),
    row("jvp of numbers that are no sequence", TypeError, ["jvp", "primals", "(x,)"], lambda: ag.jvp(np.sin, 1.0, 1.0)),
    row("hvp of numbers that are no sequence", TypeError, ["hvp", "primals", "(x,)"], lambda: ag.hvp(np.sin, 1.0, 1.0)),
    row("relu of text", TypeError, ["real numbers", "got str"], lambda: ag.relu("a")),
    row("softmax of complex numbers", TypeError, ["real numbers", "got list"], lambda: ag.softmax([1j, 2])),
    row("sigmoid of a masked array", TypeError, ["real numbers", "without a mask", "got MaskedArray"], lambda: ag.sigmoid(np.ma.array([1.0, 2.0], mask=[0, 1]))),
    row("a Value times a masked array", TypeError, ["multiply: w (2,)", "masked", "x.filled(0)"], lambda x: x * np.ma.array([1.0, 2.0], mask=[0, 1]), w),
    row("sigmoid of None", TypeError, ["real numbers", "got NoneType"], lambda: ag.sigmoid(None)),
    row("an attribute of the package", AttributeError, ["'autograd_mini'", "'gradient'"], lambda: ag.gradient),
]  # fmt: skip
