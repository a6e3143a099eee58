"""The printed program runs on its own and gives the engine's numbers: every comparison here is for equality."""

import ast
import functools
import inspect
import math
import os
import statistics
import subprocess
import sys
from types import FunctionType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import Local, Primitive, Pull, Value, floats, nn, rules
from autograd_mini.explain.program.program import Program, source
from autograd_mini.explain.program.program_lines import Lines
from autograd_mini.explain.program.rule_source import NoSourceError, definition
from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record
from autograd_mini.notes import record_sources
from autograd_mini.primitives import TABLE, elementwise, products, reductions, shaping
from autograd_mini.spelling import RESERVED, Names, identifier, number_text
from tests.engine.examples import EXAMPLES


def same(one, other):
    """Equal to the last bit, in shape and precision too; only −0 counts as 0."""
    one, other = np.asarray(one), np.asarray(other)
    return (one.shape, one.dtype) == (other.shape, other.dtype) and np.array_equal(one, other, equal_nan=True)


def check(z, upstream=None, **options):
    """Run the program alone and compare every variable with the engine's number and gradient."""
    text = source(z, upstream, **options)
    variables = dict(text.given)
    with np.errstate(all="ignore"):
        exec(str(text), variables)
    values = list(text.names)
    assert values[-1] is z
    for v, gradient in zip(values, ag.gradients(z, values, upstream), strict=True):
        assert same(variables[text.names[v]], v.data), text.names[v]
        assert same(variables[text.gradient_names[v]], gradient), text.gradient_names[v]
    assert imported(text) <= {"numpy", "math"}
    return text


def imported(text):
    return {alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for alias in node.names}


def line(text, name):
    """The last assignment to a variable."""
    return [row for row in text.splitlines() if row.startswith(f"{name} = ")][-1]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_every_row_of_the_table(row, dtype):
    for example in EXAMPLES[row.name]:
        inputs = [Value(np.asarray(x, dtype)[()]) for x in example.inputs]
        z = row(*inputs, params=example.params)
        check(z, np.random.default_rng(0).normal(size=z.shape) if z.ndim else 1.7)


# -- what it looks like ----------------------------------------------------------------------------


def test_the_lectures_network_is_the_delta_rule_written_out():
    run = record(WORKED, INPUTS, TARGET)
    text = check(run.E)
    assert imported(text) == {"math"}
    assert line(text, "w_GD") == "w_GD = 4.5"
    assert line(text, "h_D") == "h_D = sigmoid_of_number(s_D)"
    assert line(text, "E") == "E = 0.5 * square_1"
    assert line(text, "d_ŷ") == "d_ŷ = -d_subtract_1"
    assert line(text, "d_s_G") == "d_s_G = d_ŷ * (ŷ * (1 - ŷ))"
    assert line(text, "d_C") == "d_C = d_C + d_multiply_3 * w_DC"
    variables = text.run()
    assert variables["d_w_GD"] == -0.03816470715743934
    assert [text.names[w] for w in run.w.values()] == [f"w_{arrow}" for arrow in WORKED]
    assert all(value.grad is None for value in text.names)


def test_the_matrix_form_is_one_line_each():
    rng = np.random.default_rng(0)
    x, W, b = (Value(rng.normal(size=n), name=name) for n, name in (((4, 3), "x"), ((2, 3), "W"), ((2,), "b")))
    s = x @ W.T + b
    s.name = "s"
    text = check(np.sum(np.tanh(s)))
    assert line(text, "d_s") == "d_s = d_tanh_1 * (1 - tanh_1 * tanh_1)"
    assert line(text, "d_matmul_1") == "d_matmul_1 = d_s"
    assert line(text, "d_b") == "d_b = np.sum(d_s, axis=0)  # summed over the copies that broadcasting made"
    assert line(text, "d_x") == "d_x = d_matmul_1 @ transpose_1.T"
    assert line(text, "d_transpose_1") == "d_transpose_1 = x.T @ d_matmul_1"
    assert "def " not in text


@pytest.mark.parametrize(
    ("formula", "lines"),
    [
        (lambda x: x**3, ["z = x ** 3", "d_x = d_z * (3 * x ** 2)"]),
        (lambda x: x**-1.5, ["z = x ** (-1.5)", "d_x = d_z * (-1.5 * x ** (-2.5))"]),
        (lambda x: 2 / x, ["z = 2 / x", "d_x = d_z * (-z / x)"]),
        (lambda x: -x, ["z = -x", "d_x = -d_z"]),
        (lambda x: x - (-3.0), ["z = x - -3.0", "d_x = d_z"]),
        (lambda x: 2.0**x, ["z = 2.0 ** x", "d_x = d_z * (z * math.log(2.0))"]),
        (np.log, ["z = math.log(x)", "d_x = d_z * (1 / x)"]),
        (np.abs, ["z = math.fabs(x)"]),
        (ag.relu, ["z = float(x if x >= 0 or x != x else 0)", "d_x = d_z * (x > 0)"]),
        (lambda x: np.sin(x) - x, ["z = sin_1 - x", "d_x = d_x + d_sin_1 * math.cos(x)"]),
        (lambda x: (x + 1) - (x + 0) * 1, ["d_x = d_add_2", "d_x = d_x + d_add_1"]),
        (lambda x: 3 - x - x, ["d_x = d_x - d_subtract_1"]),
    ],
)
def test_scalars(formula, lines):
    x = Value(1.25, name="x")
    z = formula(x)
    z.name = "z"
    text = check(z)
    for expected in lines:
        assert expected in text.splitlines()


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda x: np.sum(x), "d_x = np.full((2, 3), d_z)"),
        (lambda x: np.mean(x), "d_x = np.full((2, 3), d_z * (1 / 6))"),
        (lambda x: np.sum(x, axis=1), "d_x = np.full((2, 3), np.expand_dims(d_z, 1))"),
        (lambda x: x[:, ::2], "d_x = put_back(d_z, (2, 3), (slice(None, None), slice(None, None, 2)))"),
        (lambda x: x[1], "z = x[1]"),
        (lambda x: x[..., None, :2], "z = x[..., None, :2]"),
        (lambda x: np.pad(x, 1), "d_x = d_z[1:3, 1:4]"),
        (lambda x: np.transpose(x[None], (2, 0, 1)), "d_getitem_1 = np.transpose(d_z, [1, 2, 0])"),
        (lambda x: np.reshape(x, -1), "d_x = np.reshape(d_z, (2, 3))"),
        (lambda x: np.clip(x, 0, None), "z = np.clip(x, 0, None)"),
        (lambda x: x / np.arange(1, 4), "z = x / constant"),
    ],
)
def test_arrays(formula, expected):
    x = Value(np.random.default_rng(0).normal(size=(2, 3)), name="x")
    z = formula(x)
    z.name = "z"
    text = check(z, np.random.default_rng(1).normal(size=z.shape) if z.ndim else 2.5)
    assert line(text, expected.partition(" = ")[0]) == expected


def test_layers_are_headed_by_their_names():
    model, error = nn.MLP([2, 3, 1], "tanh"), nn.MSELoss()
    text = check(error(model(np.ones((4, 2))), np.zeros((4, 1))))
    headings = [row for row in text.splitlines() if row.startswith("#")]
    forward = headings.index("# Forward")
    assert headings[forward + 1 : forward + 5] == ["# 0: Linear", "# 1: Tanh", "# 2: Linear", "# MSELoss"]
    assert headings[forward + 6 :] == ["# MSELoss", "# 2: Linear", "# 1: Tanh", "# 0: Linear"]


def test_lines_of_your_code_stand_beside_those_of_the_program():
    x = Value(2.0, name="x")
    with record_sources():
        z = x * x  # squared
    text = check(z)
    assert line(text, "multiply_1").endswith(": z = x * x  # squared")
    assert "# line" not in line(text, "d_x")


def test_it_says_itself_in_a_notebook():
    text = source(Value(2.0, name="x") * 3)
    assert text._repr_markdown_() == f"```python\n{text}\n```\n"
    with record_sources():
        z = Value(1.0) * 2  # ```
    assert source(z)._repr_markdown_().startswith("````python\n")


def test_run_gives_the_variables_and_nothing_else():
    x = Value(2.0, name="x")
    assert source(x * x).run() == {"x": 2.0, "multiply_1": 4.0, "d_multiply_1": 1.0, "d_x": 4.0}
    assert isinstance(source(x), Program)
    assert source(x).run() == {"x": 2.0, "d_x": 1.0}


# -- whole networks --------------------------------------------------------------------------------


def rng():
    return np.random.default_rng(0)


IMAGES = rng().normal(size=(2, 1, 8, 8))
POINTS = rng().normal(size=(5, 4))
NETWORKS = {
    "mlp": (lambda dtype: nn.MLP([4, 6, 3], "relu", rng=rng(), dtype=dtype), POINTS),
    "deep": (lambda dtype: nn.MLP([4, 5, 5, 5, 3], "sigmoid", rng=rng(), dtype=dtype), POINTS),
    "conv": (
        lambda dtype: nn.Sequential(
            nn.Conv2d(1, 3, 3, stride=2, padding=1, rng=rng(), dtype=dtype),
            nn.Tanh(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(12, 3, rng=rng(), dtype=dtype),
        ),
        IMAGES,
    ),
    "activations": (
        lambda dtype: nn.Sequential(
            nn.Linear(4, 4, rng=rng(), dtype=dtype),
            *(nn.GELU(), nn.SiLU(), nn.ELU(), nn.LeakyReLU(), nn.Softsign(), nn.Softplus(), nn.Softmax()),
            nn.Linear(4, 3, rng=rng(), dtype=dtype),
        ),
        POINTS,
    ),
    "norms": (
        lambda dtype: nn.Sequential(
            nn.Linear(4, 6, rng=rng(), dtype=dtype),
            nn.BatchNorm1d(6, dtype=dtype),
            nn.Dropout(0.4, rng=rng()),
            nn.LayerNorm(6, dtype=dtype),
            nn.Linear(6, 3, rng=rng(), dtype=dtype),
        ),
        POINTS,
    ),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name, dtype):
    make, x = NETWORKS[name]
    model = make(dtype)
    loss = nn.CrossEntropyLoss()(model(x.astype(dtype)), np.arange(len(x)) % 3)
    assert loss.dtype == dtype
    text = check(loss)
    loss.backward()
    variables = text.run()
    for parameter in model.parameters():
        assert same(variables[text.gradient_names[parameter]], parameter.grad)


@pytest.mark.parametrize("make", [nn.RNNCell, nn.GRUCell])
def test_recurrent_networks_and_embeddings(make):
    words, cell, h = nn.Embedding(6, 3, rng=rng()), make(3, 4, rng=rng()), None
    for step in ([1, 2], [2, 2], [0, 5]):
        h = cell(words(np.array(step)), h)
    check(np.sum(np.square(h)))


# -- random graphs ---------------------------------------------------------------------------------


SHAPES = [(), (1,), (3,), (2, 1), (1, 3), (2, 3), (4, 1, 3), (1, 1, 1)]
OPERATIONS = [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.logaddexp, np.arctan2]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(SHAPES), st.booleans()), min_size=2, max_size=4),
    st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8),
    st.integers(0, 2**32 - 1),
)
def test_any_mixture_of_shapes_and_precisions(leaves, calls, seed):
    random = np.random.default_rng(seed)
    nodes = [
        Value(random.normal(size=shape).astype(np.float32 if short else np.float64)[()]) for shape, short in leaves
    ]
    with np.errstate(all="ignore"):
        for operation, i, j in calls:
            nodes.append(operation(nodes[i % len(nodes)], nodes[j % len(nodes)]))
        z = sum(map(np.sum, nodes))
    check(z)


def test_a_recorded_backward_pass_is_a_graph_too():
    x, W = Value([0.3, -0.2], name="x"), Value(np.random.default_rng(0).normal(size=(3, 2)), name="W")
    z = np.sum(np.tanh(W @ x) ** 2)
    (slope,) = ag.gradients(z, [x], create_graph=True)
    check(np.sum(slope * slope))


# -- numbers that are not ordinary -----------------------------------------------------------------


@pytest.mark.parametrize("x", [0.0, -0.0, 1.0, -1.5, 710.0, 1e200, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize(
    "formula",
    [
        np.log,
        np.sqrt,
        np.exp,
        np.reciprocal,
        lambda x: 1 / x,
        lambda x: x / x,
        lambda x: x**0.5,
        lambda x: x**x,
        lambda x: x // x,
        lambda x: x % 0.0,
        lambda x: 0 * np.log(x),
        lambda x: np.where(x > 0, np.log(x), 0),
        lambda x: np.where(x > 0, np.log(x), x),
        lambda x: np.maximum(x, 0) * np.sqrt(x),
        lambda x: np.linalg.norm(x) * 3,
        ag.softplus,
        ag.sigmoid,
    ],
)
@pytest.mark.parametrize("kind", [float, np.float32, lambda x: np.array([x, 2.0]), lambda x: np.array([[x]], "f4")])
def test_zero_and_infinity(formula, x, kind):
    with np.errstate(all="ignore"):
        z = formula(Value(kind(x), name="x"))
        check(np.sum(z) if z.ndim else z)


def test_zero_times_infinity_is_zero_as_in_the_engine():
    x = Value(np.array([0.0, 2.0]), name="x")
    with np.errstate(divide="ignore"):
        z = np.sum(np.where(x.data > 0, np.log(x), 0))
    text = check(z)
    assert line(text, "d_x") == "d_x = chain_rule(d_log_1, 1 / x)"
    assert text.run()["d_x"].tolist() == [0.0, 0.5]
    ordinary = source(np.sum(np.log(Value(np.array([1.0, 2.0]), name="x"))))
    assert "chain_rule" not in ordinary
    y = Value(0.0, name="y")
    with np.errstate(divide="ignore"):
        z = 0.0 * np.log(y)
    assert line(check(z), "d_y") == "d_y = d_log_1 * (1 / np.float64(y)) if d_log_1 else 0.0"


def test_numbers_of_several_precisions():
    x, w = Value(np.float32([1.1, 2.2]), name="x"), Value(0.3, name="w")
    text = check(np.sum(x * w) * np.float64(2) + np.sum(Value([0.1, 0.2])) * x[0])
    assert line(text, "x") == "x = np.array([1.1, 2.2], dtype=np.float32)"
    assert "np.float64(2.0)" in text
    check(np.sum(Value(np.float16([1, 2])) * np.float32(0.1)).astype(np.float64) * 2)


# -- operations of your own ------------------------------------------------------------------------

RATE = 0.3333333333333333
ENDLESSLY = math.inf
cube = Primitive("cube", lambda x: x**3, Local(lambda z, x: 3 * x**2))
twice, thrice = Primitive("twice", lambda x: 2 * x, Local(2)), Primitive("thrice", lambda x: 3 * x, Local(3))


def helper(x, power=2, *, scale=1.0):
    "Several lines, that cannot be one expression."
    total = 0.0
    for k in range(power):
        total = total + scale * RATE * x**k
    return total


def slope_of_helper(x, power=2):
    return sum(k * RATE * x ** (k - 1) for k in range(1, power))


def closure(factor):
    return Primitive("scaled", lambda x: factor * x, Local(lambda z, x: factor))


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@decorated
def wrapped_slope(z, x):
    return np.cos(x) * [1.0, 2.0][0]


OWN = {
    "cube": (cube, "cube_1 = x ** 3"),
    "twice": (twice, "d_x = d_twice_1 * 2"),
    "thrice, on the same line": (thrice, "thrice_1 = 3 * x"),
    "closure": (closure(0.75), "scaled_1 = 0.75 * x"),
    "closure over an array": (closure(np.array(0.75)), "scaled_1 = np.array(0.75) * x"),
    "functions": (
        Primitive("poly", lambda x: helper(x, 3), Local(lambda z, x: slope_of_helper(x, power=3))),
        "poly_1 = helper(x, 3)",
    ),
    "keywords": (
        Primitive("poly", lambda x: helper(x, scale=2.0), Local(lambda z, x: 2 * slope_of_helper(x))),
        "poly_1 = helper(x, scale=2.0)",
    ),
    "partial": (
        Primitive("poly", functools.partial(helper, power=2), Local(lambda z, x: slope_of_helper(x))),
        "poly_1 = helper(x, power=2)",
    ),
    "default": (
        Primitive("scaled", lambda x, k=4.0: k * x, Local(lambda z, x, k=4.0: k)),
        "d_x = d_scaled_1 * 4.0",
    ),
    "NumPy's functions": (Primitive("sine", np.sin, Local(lambda z, x: np.cos(x))), "sine_1 = np.sin(x)"),
    "decorated": (Primitive("sine", np.sin, Local(wrapped_slope)), "d_x = d_sine_1 * (np.cos(x) * 1.0)"),
    "pull": (
        Primitive("doubled", lambda x: np.multiply(x, 2), Pull(lambda g, z, x: g * 2)),
        "d_x = d_doubled_1 * 2",
    ),
    "the engine's functions": (
        Primitive("swish", lambda x: x * ag.sigmoid(x), Local(lambda z, x: ag.sigmoid(x) + z * (1 - ag.sigmoid(x)))),
        "swish_1 = x * as_plain(stable_sigmoid(as_operand(x)))",
    ),
    "a comprehension with a variable's name": (
        Primitive("sums", lambda x: sum(x * y for y in (1, 2)), Local(lambda z, x: sum(x for x in (1, 2)))),
        "sums_1 = sum((x * y for y in (1, 2)))",
    ),
    "a constant": (
        Primitive("bounded", lambda x: np.minimum(x, ENDLESSLY), Local(lambda z, x: x < ENDLESSLY)),
        "bounded_1 = np.minimum(x, np.inf)",
    ),
    "mathematics of scalars": (
        Primitive("wave", lambda x: np.sin(x * np.pi), Local(lambda z, x: np.pi * np.cos(x * np.pi))),
        "wave_1 = np.sin(x * np.pi)",
    ),
}


@pytest.mark.parametrize("x", [1.25, np.array([0.5, -1.5])], ids=["scalar", "array"])
@pytest.mark.parametrize("name", OWN)
def test_operations_of_your_own(name, x):
    row, expected = OWN[name]
    z = row(Value(x, name="x"))
    text = check(z, np.ones(z.shape) if z.ndim else None)
    assert expected in text.splitlines()


def test_modules_that_a_row_uses_are_imported():
    row = Primitive("odd", lambda x: x * statistics.fmean([1.0, 2.0]), Local(lambda z, x: 1.5 * (os.linesep != "")))
    x, y = Value(3.0, name="x"), Value(2.0, name="statistics")
    text = source(row(x) * y)
    assert text.splitlines()[1:3] == ["import statistics as statistics_2", "import os"]
    assert text.run()["d_x"] == 3.0


def test_an_array_in_a_closure():
    z = closure(np.array([0.5, 2.0]))(Value(np.array([1.0, 3.0]), name="x"))
    text = check(z, np.ones(2))
    assert line(text, "constant") == "constant = np.array([0.5, 2.0])"
    assert line(text, "d_x") == "d_x = d_scaled_1 * constant"


def test_many_closures_of_one_lambda_keep_their_numbers_apart():
    x = Value(2.0, name="x")
    z = x
    for factor in (0.5, 3.0, -1.0):
        z = closure(factor)(z)
    text = check(z)
    assert [line(text, f"scaled_{k}").partition(" = ")[2] for k in (1, 2, 3)] == [
        "0.5 * x",
        "3.0 * scaled_1",
        "-1.0 * scaled_2",
    ]


def test_a_variable_and_a_function_of_the_same_name():
    x, y = Value(2.0, name="helper"), Value(3.0, name="stable_sigmoid")
    z = OWN["functions"][0](x) * ag.sigmoid(y) * Value(1.5, name="total") * Value(0.5, name="RATE")
    text = check(z)
    assert line(text, "helper") == "helper = 2.0"
    assert "\ndef helper_2(x, power=2, *, scale=1.0):" in text


def test_a_row_without_source_is_named():
    scope = {"np": np}
    exec("rule = lambda z, x: np.cos(x)", scope)
    row = Primitive("mystery", np.sin, Local(scope["rule"]))
    with pytest.raises(NoSourceError, match=r"operation 'mystery': the source of <lambda> was not written in a file"):
        source(row(Value(2.0)))


def test_a_row_that_mentions_what_no_text_can_name():
    secret = object()
    row = Primitive("odd", lambda x: x * (secret is not None), Local(1))
    with pytest.raises(NoSourceError, match=r"operation 'odd': a program cannot mention a thing such as this: object"):
        source(row(Value(2.0)))


def test_a_file_that_was_changed_since(tmp_path):
    path = tmp_path / "rules.py"
    path.write_text("rule = lambda z, x: 2 * x\n")
    scope = {}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    assert ast.unparse(definition(scope["rule"])) == "lambda z, x: 2 * x"
    other = tmp_path / "others.py"
    other.write_text("rule = lambda z, x: 2 * x\n")
    exec(compile(other.read_text(), str(other), "exec"), scope)
    other.write_text("rule = lambda z, x: 3 * x\n")
    with pytest.raises(NoSourceError, match=r"is not in .*others.py:1 any more"):
        definition(scope["rule"])


def test_the_source_of_every_rule_is_found():
    functions = [
        f
        for row in TABLE.values()
        for f in (row.forward, row.float_forward, *row.float_rules, *(getattr(r, "pull", None) for r in row.rules))
        if isinstance(f, FunctionType)
    ]
    assert len(functions) > 100
    for function in functions:
        node = definition(function)
        names = [parameter.arg for parameter in node.args.posonlyargs + node.args.args]
        assert names == list(function.__code__.co_varnames[: function.__code__.co_argcount])


# -- names -----------------------------------------------------------------------------------------

HOSTILE = [
    "lambda", "np", "math", "print", "__import__", "__builtins__", "_", "None", "exec", "match", "d_x", "x", "d_d_x",
    "a b", "a-b", "a+b", "0.weight", "1", "½", "ŷ", "y\u0302", "ﬁt", "ｎｐ", "x\n__import__('os').abort()", "#", "'''",
    "a" * 300, "\u202eevil", "שלום", "🙂", "\ud800", "x = 1; y", "", "\u037a", "\u00b7", "a\u00b7", "²",
    "stable_sigmoid", "chain_rule", "constant",
]  # fmt: skip


def test_hostile_names_become_identifiers():
    leaves = [Value(float(k), name=name or None) for k, name in enumerate(HOSTILE)]
    z = Value(0.0, name="total")
    for leaf in leaves:
        z = z + leaf * leaf
    text = check(z)
    names = [*text.names.values(), *text.gradient_names.values()]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name not in RESERVED and not name.startswith("__") for name in names)
    assert [text.names[leaf] for leaf in leaves[16:17]] == ["weight_0"]
    assert text.names[leaves[19]] == "ŷ"


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_label_makes_an_identifier_of_its_own(labels):
    names = Names()
    made = [names.new(label) for label in labels]
    assert len(set(made)) == len(made)
    for name in made:
        assert name not in RESERVED
        scope = {}
        exec(f"{name} = 1", scope)
        assert name in scope  # as Python stores it


@settings(deadline=None)
@given(st.text(max_size=20))
def test_an_identifier_is_its_own_identifier(label):
    assert identifier(identifier(label)).rstrip("_") == identifier(label).rstrip("_")


def names_in_rules():
    """Every name that a rule, or a function beside the rules, binds, and some that they mention."""
    found = {"np", "math", "others", "constant", "chain_rule", "rule", "put_back", "stable_sigmoid", "sum_1", "LN2"}
    for module in (elementwise, reductions, products, shaping, rules, floats):
        for function in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(function, ast.FunctionDef | ast.Lambda):
                found |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
                stored = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
                found |= {node.id for node in stored if isinstance(node.ctx, ast.Store)}
    return sorted(found)


NAMES_IN_RULES = names_in_rules()


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_values_called_like_the_names_in_rules(row):
    assert {"x", "y", "g", "z", "position", "inputs", "axis", "start", "np", "term", "put_back"} <= set(NAMES_IN_RULES)
    for turn, example in enumerate(EXAMPLES[row.name]):
        wishes = iter(NAMES_IN_RULES[7 * turn :] + NAMES_IN_RULES[: 7 * turn])
        inputs = [Value(x, name=next(wishes)) for x in example.inputs]
        others = [Value(np.full((7,) * (1 + k % 2), 0.5), name=name) for k, name in enumerate(wishes)]
        z = np.sum(row(*inputs, params=example.params))
        check(np.sum(sum(others[::2])) + np.sum(sum(others[1::2])) + z * z)


JOINS = {
    "concatenate": lambda x, y: np.concatenate([y, x, y]),
    "concatenate along the last": lambda x, y: np.concatenate([y[None], x[None]], axis=-1),
    "stack": lambda x, y: np.stack([x, x * 2, y[:2]]),
    "einsum": lambda x, y: np.einsum("i,j->ij", x, y),
    "einsum on a diagonal": lambda x, y: np.einsum("ii,j->i", x[:, None] * x, y),
    "matmul": lambda x, y: x @ (x[:, None] * y),
    "pad": lambda x, y: np.pad(x, (2, 1)) * y[0],
    "roll": lambda x, y: np.roll(x, 1) * y[1],
    "cumsum": lambda x, y: np.cumsum(x) * y[2],
    "prod with a zero": lambda x, y: np.prod(x - x.data[0]) * np.prod(y),
    "max": lambda x, y: np.max(x) * np.max(y),
    "norm": lambda x, y: np.linalg.norm(x) * y,
    "logsumexp": lambda x, y: ag.logsumexp(y) * x,
    "where": lambda x, y: np.where(x.data > 1, x, y[0]),
    "getitem": lambda x, y: y[[0, 0, 2]] * x[::-1][0],
    "log of 0": lambda x, y: np.where(x.data > 1, np.log(x - x.data[0]), 0) * y[0],
}


@pytest.mark.parametrize("formula", JOINS.values(), ids=JOINS)
def test_two_values_called_like_the_names_in_rules(formula):
    for first, second in zip(NAMES_IN_RULES, NAMES_IN_RULES[1:] + NAMES_IN_RULES[:1], strict=True):
        with np.errstate(divide="ignore"):
            z = formula(Value([1.0, 2.0], name=first), Value([3.0, 4.0, 5.0], name=second))
        check(np.sum(z * np.arange(1.0, z.size + 1).reshape(z.shape)))


def shadowed(x, RATE=2.0):
    "Names that mean different things in different places."
    total = sum(RATE for RATE in (1.0, 2.0)) + RATE
    for max in (1.0, 2.0):
        total = total + scaled_by(max, x=x) + [-x for x in range(3)][-1] + (lambda x, RATE=RATE: x * RATE)(1.0)
    return total


def scaled_by(np, *, x):
    best = max(np, 0.0)
    for _ in range(1):
        best = best * x
    return best


def test_names_that_mean_different_things_in_different_places():
    row = Primitive(
        "odd",
        lambda x: shadowed(x) * max(sum(RATE for RATE in (1.0, 2.0)), RATE),
        Local(lambda z, x: sum(x for x in (4.0, 5.0)) * x + RATE * shadowed(x, RATE=1.0)),
    )
    for name in ("RATE", "total", "max", "x", "np", "best", "shadowed", "scaled_by", "_"):
        for number in (1.5, np.array([1.5, -2.0])):
            z = row(Value(number, name=name))
            check(z, np.ones(z.shape) if z.ndim else None)


def test_a_parameter_with_the_name_of_something_used_is_renamed_where_it_is_given():
    row = Primitive("odd", lambda x: shadowing(math=x, np=2.0), Local(lambda z, x: 2.0))
    text = check(row(Value([1.0, 3.0], name="x")), np.ones(2))
    assert "shadowing(math=x, np_=2.0)" in text


def shadowing(math, np):
    total = math * 0
    for _ in range(2):
        total = maximal(total, math * np)
    return total


def maximal(a, b):
    return np.maximum(a, b)


def test_two_values_of_one_name():
    a, b = Value(2.0, name="a"), Value(3.0, name="a")
    text = check(a * b + Value(4.0, name="a (2)"))
    assert len({*text.names.values()}) == len(text.names)


def test_names_in_comments_stay_there():
    class Layer(nn.Module):
        def __init__(self):
            self.w = Value(2.0)

        def forward(self, x):
            return self.w * x

    Layer.__name__ = "x\nraise SystemExit\r#"
    text = check(Layer()(Value(3.0)))
    assert "\nraise" not in text
    assert "\r" not in text


@pytest.mark.parametrize(
    "kind", ["f2", "f4", "f8", "g", "i1", "i8", "u2", "?"], ids=lambda kind: f"dtype {np.dtype(kind)}"
)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 2), (0,), (2, 0)])
def test_numbers_read_back_exactly(kind, shape):
    for seed in range(5):
        array = np.random.default_rng(seed).normal(size=shape) * 10.0 ** (seed - 2)
        array = np.asarray(array + (0.1 if kind == "g" else 0), kind) / (np.asarray(3, kind) if kind == "g" else 1)
        array = np.asarray(array, kind)
        for number in (array, array[()], np.asfortranarray(array)):
            for in_rows in (False, True):
                back = eval(number_text(number, in_rows), {"np": np})
                assert same(back, number)
                if np.ndim(number):
                    assert back.flags.f_contiguous == number.flags.f_contiguous


@settings(deadline=None)
@given(st.floats(), st.floats(width=32))
def test_every_float_reads_back(double, single):
    for number in (double, np.float64(double), np.float32(single)):
        back = eval(number_text(number), {"np": np})
        assert same(back, number)
        assert np.signbit(back) == np.signbit(number) or np.isnan(number)


# -- large inputs, other starts, refusals ----------------------------------------------------------


def test_large_arrays_are_given_from_outside():
    x, W = Value(np.arange(40.0).reshape(8, 5), name="x"), Value(np.ones((1, 5)), name="W")
    text = check(np.sum(x @ W.T * np.ones((8, 1))), limit=7)
    assert list(text.given) == ["x", "constant"]
    assert text.given["x"] is not x.data
    assert "# x: float64 array of shape (8, 5), too long to write here, is expected as a variable" in text
    assert len(text) < 1500
    with pytest.raises(NameError, match="x"):
        exec(text, {})
    assert not source(np.sum(x), limit=40).given


def test_an_upstream_gradient_to_start_from():
    x = Value([1.0, 2.0], name="x")
    z = x * x
    z.name = "z"
    text = check(z, np.array([1.0, 10.0]))
    assert line(text, "d_z") == "d_z = np.array([1.0, 10.0])"
    with pytest.raises(ag.GraphError, match="starts from a scalar"):
        source(z)


def test_nothing_of_the_graph_is_changed():
    x = Value([1.0, 2.0], name="x")
    z = np.sum(x * x)
    z.backward()
    before = x.grad
    source(z).run()
    assert x.grad is before
    assert x.grad.tolist() == [2.0, 4.0]


def test_values_computed_without_a_graph_are_given():
    x = Value(2.0, name="x")
    with ag.no_grad():
        y = x * x
    assert line(check(y * x), "multiply_1") == "multiply_1 = 4.0"


def test_what_is_refused():
    x = Value(2.0, name="x")
    with pytest.raises(TypeError, match="expected a Value, got float"):
        source(2.0)
    z = x
    for _ in range(10):
        z = z * x
    with pytest.raises(ValueError, match="11 Values, more than max_nodes=5"):
        source(z, max_nodes=5)
    with pytest.raises(ValueError, match="limit is a number of entries, 0 or more, got -1"):
        source(z, limit=-1)
    x.data = 3.0
    with pytest.raises(ag.GraphError, match="the data of x"):
        source(z)


def test_a_gradient_hook_on_any_node_is_refused():
    x = Value(2.0, name="x")
    middle = x * x
    z = middle * 3
    for node, called in ((x, "x"), (middle, "a Value made by multiply"), (z, "a Value made by multiply")):
        with (
            node.register_hook(lambda grad: grad),
            pytest.raises(ag.GraphError, match=f"source: a gradient hook on {called} changes"),
        ):
            source(z)
    check(z)


def test_errors_speak_of_source():
    x = Value([1.0, 2.0], name="x")
    with pytest.raises(
        ag.GraphError, match=r"^source\(\) starts from a scalar.*source\(…, upstream=np.ones\(\(2,\)\)\)$"
    ):
        source(x * x)
    with pytest.raises(ag.ShapeError, match=r"^source\(\): upstream has shape \(3,\), expected \(2,\)"):
        source(x * x, upstream=np.ones(3))
    with ag.no_grad():
        y = np.sum(x)
    with pytest.raises(ag.GraphError, match=r"^source\(\): this Value was computed by sum inside no_grad\(\)"):
        source(y)


def test_single_numbers_are_always_written_out():
    x = Value(2.0, name="x")
    text = check(x * 2 + Value(np.float32(0.5), name="half"), limit=0)
    assert not text.given
    assert line(text, "x") == "x = 2.0"
    assert list(check(np.sum(x * Value([1.0], name="a")), limit=0).given) == ["a"]


# -- large graphs ----------------------------------------------------------------------------------


def lines_made(monkeypatch, z):
    """How many lines were worked out, rather than filled in, and the program."""
    made = []
    original = Lines._forward, Lines._backward
    monkeypatch.setattr(Lines, "_forward", lambda *args: made.append(args) or original[0](*args))
    monkeypatch.setattr(Lines, "_backward", lambda *args: made.append(args) or original[1](*args))
    text = check(z, max_nodes=10**6)
    monkeypatch.undo()
    return len(made), text


def test_a_line_is_worked_out_once_for_each_kind_of_operation(monkeypatch):
    v = Value(1.0, name="v")
    for k in range(500):
        v = v * (1.0 + k / 1000) - k / 7
    made, text = lines_made(monkeypatch, v)
    assert made < 10
    assert line(text, "multiply_3") == "multiply_3 = subtract_2 * 1.002"
    assert line(text, "d_subtract_2") == "d_subtract_2 = d_multiply_3 * 1.002"


def test_lines_that_depend_on_a_constants_number_are_made_for_each_number():
    x, numbers = Value(1.5, name="x"), [2.5, 3.0, -1.5, 1.0, 2.5, -0.0, 0.5]
    text = check(sum(x**number for number in numbers) + sum(number**x for number in (2.5, 3.0, 2.5)))
    assert line(text, "d_x").startswith("d_x = d_x + ")
    assert "d_power_1 * (2.5 * x ** 1.5)" in text
    check(sum(2 * np.float64(number) * (number - x) / -number for number in (0.5, -0.25, 3.0)))


def test_arrays_among_the_operands_have_slots_too(monkeypatch):
    W = Value(np.eye(3), name="W")
    rows = [np.full(3, k + 0.5) for k in range(40)]
    made, text = lines_made(monkeypatch, sum(np.sum((W @ row - row) ** 2) for row in rows))
    assert made < 20
    assert line(text, "matmul_40") == "matmul_40 = W @ constant_40"


@pytest.mark.parametrize("count", [3, 400])
def test_of_a_join_each_part_gets_its_slice(count):
    parts = [Value(np.full(2, float(k)), name=f"x{k}") for k in range(count)]
    text = check(np.sum(np.concatenate(parts) * np.arange(2.0 * count)))
    assert line(text, "d_x1") == "d_x1 = d_concatenate_1[2:4]"
    assert "def " not in text
    assert len(text) < 200 * count + 1000
    columns = [Value(np.full((2, 1 + k), 0.5), name=f"c{k}") for k in range(3)]
    text = check(np.sum(np.square(np.concatenate(columns, axis=-1))))
    assert line(text, "d_c2") == "d_c2 = d_concatenate_1[:, 3:6]"


# -- really alone ----------------------------------------------------------------------------------

ALONE = """
import runpy, sys
for name in ("autograd_mini", "graphviz", "scipy", "torch"):
    sys.modules[name] = None  # importing it is an error
variables = runpy.run_path(sys.argv[1])
print(repr(float(variables["loss"])), repr(variables["d_bias_2"].tolist()))
print([name for name in sys.modules if name.startswith("autograd_mini.")])
"""


def test_a_program_of_its_own_in_a_process_of_its_own(tmp_path):
    model = nn.MLP([4, 6, 3], "tanh", rng=rng())
    loss = nn.CrossEntropyLoss()(model(POINTS), np.arange(5) % 3)
    loss.name = "loss"
    path = tmp_path / "program.py"
    path.write_text(source(loss), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(path)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    loss.backward()
    assert done.stdout == f"{loss.data!r} {model.parameters()[-1].grad.tolist()!r}\n[]\n"
    assert done.stderr == ""
