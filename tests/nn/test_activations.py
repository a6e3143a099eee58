"""Every activation, as a function and as a module: values, slopes, extremes, kinks, precision."""

import math

import numpy as np
import pytest

from autograd_mini import Value, gradcheck, nn
from autograd_mini.nn import functional as F
from autograd_mini.nn.activations import by_name

# Written one number at a time, with `math` only.
FORMULAS = {
    "identity": lambda x: x,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": lambda x: (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x)),
    "relu": lambda x: x if x > 0 else 0.0,
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1)),
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "softplus": lambda x: math.log(1 + math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "hard_tanh": lambda x: max(-1.0, min(1.0, x)),
    "logsigmoid": lambda x: -math.log(1 + math.exp(-x)),
}
POINTS = np.array([-3.0, -1.7, -0.4, 0.3, 0.9, 2.5])


@pytest.mark.parametrize("name", FORMULAS)
def test_function_and_module_compute_the_formula(name):
    function, module = getattr(F, name), by_name(name)
    expected = [FORMULAS[name](x) for x in POINTS.tolist()]
    for answer in (function(POINTS), module(POINTS), function(Value(POINTS)).data, module(Value(POINTS)).data):
        np.testing.assert_allclose(answer, expected, rtol=1e-13)
    assert function(0.3) == pytest.approx(FORMULAS[name](0.3), rel=1e-13)
    assert function(Value(0.3)).item() == pytest.approx(FORMULAS[name](0.3), rel=1e-13)


@pytest.mark.parametrize("name", sorted(FORMULAS.keys() - {"identity"}))
def test_whole_numbers_and_lists_are_read_as_floats(name):
    expected = [FORMULAS[name](x) for x in (-2.0, 3.0)]
    for x in ([-2, 3], np.array([-2, 3])):
        answer = getattr(F, name)(x)
        assert answer.dtype == float
        np.testing.assert_allclose(answer, expected, rtol=1e-13)


@pytest.mark.parametrize("name", [*FORMULAS, "softmax", "log_softmax"])
def test_first_and_second_derivatives(name):
    function = getattr(F, name)
    assert gradcheck(lambda x: 1 * function(x), POINTS, order=2).ok
    assert gradcheck(lambda x: 1 * by_name(name)(x), POINTS.reshape(2, 3), order=2).ok


@pytest.mark.parametrize("name", [n for n in FORMULAS if n != "identity"])
def test_a_scalar_has_the_same_derivatives(name):
    assert gradcheck(getattr(F, name), -0.4, order=2).ok
    assert gradcheck(getattr(F, name), 0.7, order=2).ok


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "low", "high", "slope_low", "slope_high"),
    [
        ("identity", -1000, 1000, 1, 1),
        ("sigmoid", 0, 1, 0, 0),
        ("tanh", -1, 1, 0, 0),
        ("relu", 0, 1000, 0, 1),
        ("leaky_relu", -10, 1000, 0.01, 1),
        ("elu", -1, 1000, 0, 1),
        ("selu", -1.7580993408473766, 1050.7009873554805, 0, 1.0507009873554805),
        ("gelu", 0, 1000, 0, 1),
        ("silu", 0, 1000, 0, 1),
        ("softplus", 0, 1000, 0, 1),
        ("softsign", -1000 / 1001, 1000 / 1001, 1 / 1001**2, 1 / 1001**2),
        ("hard_tanh", -1, 1, 0, 0),
        ("logsigmoid", -1000, 0, 1, 0),
    ],
)
def test_extremes_are_right_and_silent(name, low, high, slope_low, slope_high, dtype):
    x = Value(np.array([-1000, 1000], dtype=dtype))
    z = getattr(F, name)(x)
    assert z.dtype == dtype
    rtol = 1e-6 if dtype is np.float32 else 1e-12
    np.testing.assert_allclose(z.data, [low, high], rtol=rtol, atol=1e-300)
    (1 * z).sum().backward()
    assert x.grad.dtype == dtype
    np.testing.assert_allclose(x.grad, [slope_low, slope_high], rtol=rtol, atol=1e-300)
    for number, answer, slope in ((-1000.0, low, slope_low), (1000.0, high, slope_high)):
        scalar = Value(number)
        z = 1 * getattr(F, name)(scalar)
        z.backward()
        assert z.item() == pytest.approx(answer, rel=1e-12)
        assert scalar.grad == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_extremes_of_both_kinds(approximate):
    x = Value([-1000.0, 1000.0])
    z = F.gelu(x, approximate)
    z.sum().backward()
    np.testing.assert_array_equal(z.data, [0, 1000])
    np.testing.assert_array_equal(x.grad, [0, 1])


@pytest.mark.parametrize(
    ("name", "kink", "slope"),
    [
        ("relu", 0, 0),
        ("leaky_relu", 0, 0.01),
        ("elu", 0, 1),
        ("selu", 0, 1.0507009873554805 * 1.6732632423543772),
        ("softsign", 0, 1),
        ("hard_tanh", -1, 0),
        ("hard_tanh", 1, 0),
    ],
)
def test_slopes_at_kinks_are_as_documented(name, kink, slope):
    x = Value([float(kink)])
    getattr(F, name)(x).backward([1.0])
    assert x.grad[0] == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize("name", [*nn.ACTIVATIONS])
def test_by_name_and_shapes(name):
    module = by_name(name)
    assert module.output_shape(("batch", 3)) == ("batch", 3)
    x = np.array([[-1.0, 0.5]], dtype=np.float32)
    assert module(Value(x)).dtype == np.float32
    assert module(x).dtype == np.float32
    assert module(x).shape == (1, 2)


def test_parameters_of_activations():
    x = np.array([-2.0, -0.5, 0.5, 2.0])
    np.testing.assert_allclose(nn.LeakyReLU(0.2)(x), [-0.4, -0.1, 0.5, 2.0])
    np.testing.assert_allclose(nn.ELU(2.0)(x), np.where(x > 0, x, 2 * (np.exp(x) - 1)))
    for beta in (0.5, 2, 3.0):
        np.testing.assert_allclose(nn.Softplus(beta)(x), np.log(1 + np.exp(beta * x)) / beta)
    np.testing.assert_allclose(nn.Hardtanh(0, 1)(x), [0, 0, 0.5, 1])
    tanh_form = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    np.testing.assert_allclose(nn.GELU("tanh")(x), tanh_form)
    assert np.abs(F.gelu(POINTS) - F.gelu(POINTS, "tanh")).max() < 5e-4
    for function in (
        lambda v: F.leaky_relu(v, 0.2),
        lambda v: F.elu(v, 2.0),
        lambda v: F.softplus(v, 3.0),
        lambda v: F.hardtanh(v, 0, 1),
        lambda v: F.gelu(v, "tanh"),
    ):
        assert gradcheck(function, x, order=2).ok
    assert repr(nn.LeakyReLU(0.2)) == "LeakyReLU(negative_slope=0.2)"
    assert repr(nn.ELU()) == "ELU(alpha=1.0)"
    assert repr(nn.GELU()) == "GELU(approximate='none')"
    assert repr(nn.Softplus()) == "Softplus(beta=1.0)"
    assert repr(nn.Hardtanh()) == "Hardtanh(min_val=-1.0, max_val=1.0)"
    assert repr(nn.LogSoftmax(0)) == "LogSoftmax(axis=0)"


def test_wrong_parameters():
    for make in (nn.GELU, lambda a: F.gelu(1.0, a)):
        with pytest.raises(ValueError, match="gelu: approximate must be 'none' or 'tanh', got 'erf'"):
            make("erf")
    for make in (nn.Hardtanh, lambda a, b: F.hardtanh(0.0, a, b)):
        with pytest.raises(ValueError, match="min_val must be less than max_val, got 1 and 1"):
            make(1, 1)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_along_an_axis(axis):
    x = np.random.default_rng(3).normal(size=(3, 4))
    expected = np.exp(x) / np.exp(x).sum(axis, keepdims=True)
    np.testing.assert_allclose(nn.Softmax(axis)(x), expected, rtol=1e-13)
    np.testing.assert_allclose(nn.LogSoftmax(axis)(Value(x)).data, np.log(expected), rtol=1e-12)
    assert gradcheck(nn.Softmax(axis), x, order=2).ok
    extreme = Value(np.array([[-1000.0, 0.0, 1000.0]]))
    z = F.log_softmax(extreme)
    z[0, 0].backward()
    np.testing.assert_array_equal(z.data, [[-2000, -1000, 0]])
    np.testing.assert_array_equal(extreme.grad, [[1, 0, -1]])


OPTIONS = {
    "gelu, tanh": lambda x: F.gelu(x, "tanh"),
    "softplus, beta": lambda x: F.softplus(x, 2),  # 2 * [1, -2] would be the list twice
    "softplus, threshold": lambda x: F.softplus(x, threshold=0.0),
}
FUNCTIONS = {name: getattr(F, name) for name in FORMULAS if name != "identity"} | OPTIONS
of_numbers = pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
of_arrays = pytest.mark.parametrize(
    "f", [*FUNCTIONS.values(), F.softmax, F.log_softmax], ids=[*FUNCTIONS, "softmax", "log_softmax"]
)


@of_numbers
def test_a_number_gives_a_plain_number(f):
    for x in (1, 0.5, np.float64(0.5), np.array(0.5), np.array(1)):
        assert type(f(x)) is float
    assert type(F.log_softmax(0.5, axis=None)) is float


@of_arrays
@pytest.mark.parametrize("dtype", [int, float])
def test_a_matrix_is_read_as_an_array(f, dtype):
    """As `*` of np.matrix is the product of matrices, x σ(x) would be one."""
    x = np.array([[-1, 2], [3, 0.5]]).astype(dtype)
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix(x)
    found = f(matrix)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, f(x))


@of_arrays
def test_lists_and_whole_numbers_are_read_as_arrays_of_floats(f):
    expected = f(np.array([1.0, -2.0, 3.0]))
    for x in ([1, -2, 3], (1, -2, 3), np.array([1, -2, 3]), np.array([1, -2, 3], np.int8)):
        found = f(x)
        assert type(found) is np.ndarray
        assert found.dtype == float
        np.testing.assert_array_equal(found, expected)
