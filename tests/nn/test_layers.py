"""Linear, Sequential, MLP and the activations: values, gradients, shapes and errors."""

import threading

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, gradcheck, nn, no_grad
from autograd_mini.nn import functional as F
from autograd_mini.nn.activations import by_name

RNG = np.random.default_rng(7)


# -- Linear ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 3), (2, 4, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_is_the_weighted_sum(shape, bias):
    layer = nn.Linear(3, 2, bias=bias)
    W, b = layer.weight.data, layer.bias.data if bias else np.zeros(2)
    x = RNG.normal(size=shape)
    out = layer(x)
    assert out.shape == (*shape[:-1], 2)
    for index in np.ndindex(shape[:-1]):
        expected = [b[k] + sum(W[k, j] * x[index][j] for j in range(3)) for k in range(2)]
        np.testing.assert_allclose(out.data[index], expected, rtol=1e-13, atol=1e-14)
    assert (layer.bias is not None) is bias
    assert len(layer.parameters()) == 1 + bias


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 2, 3)])
def test_linear_gradients(shape):
    layer = nn.Linear(3, 2)

    def f(x, W, b):
        object.__setattr__(layer, "weight", W)
        object.__setattr__(layer, "bias", b)
        return layer(x)

    report = gradcheck(f, RNG.normal(size=shape), RNG.normal(size=(2, 3)), RNG.normal(size=2), order=2)
    assert report.ok


def test_linear_takes_lists_and_values():
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": [[1, 2]], "bias": [3]})
    assert layer([1, 1]).data.tolist() == [6.0]
    x = Value([1.0, 1.0])
    layer(x).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]
    assert layer.weight.grad.tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize("x", [[1, 2], Value([1.0, 2.0])], ids=["list", "Value"])
@pytest.mark.parametrize("weight", [[[3, 4]], Value([[3.0, 4.0]])], ids=["list", "Value"])
@pytest.mark.parametrize("bias", [[-2], Value([-2.0])], ids=["list", "Value"])
def test_linear_as_a_function_takes_a_list_or_a_value_in_every_place(x, weight, bias):
    z = F.linear(x, weight, bias)
    data = z.data if isinstance(z, Value) else z
    assert data.dtype == float
    np.testing.assert_array_equal(data, [9.0])
    assert isinstance(z, Value) is any(isinstance(operand, Value) for operand in (x, weight, bias))


@pytest.mark.parametrize(
    ("x", "weight", "bias", "message"),
    [
        ((2, 2), (4, 3), (4,), r"expected x \(\.\.\., in\) and weight \(out, in\), got x \(2, 2\), weight \(4, 3\)"),
        ((2, 3), (4, 3, 5), (4,), r"got x \(2, 3\), weight \(4, 3, 5\)"),
        ((2, 3), (4, 3), (1,), r"weight \(4, 3\) needs a bias \(4,\), got \(1,\)"),
        ((2, 3), (4, 3), (2, 4), r"weight \(4, 3\) needs a bias \(4,\), got \(2, 4\)"),
    ],
)
def test_linear_as_a_function_never_broadcasts(x, weight, bias, message):
    for kind in (Value, np.asarray):
        with pytest.raises(ShapeError, match=f"linear: .*{message}"):
            F.linear(np.ones(x), kind(np.ones(weight)), kind(np.ones(bias)))


def test_linear_as_a_function_refuses_complex_numbers():
    with pytest.raises(TypeError, match="expected real numbers"):
        F.linear(np.ones((1, 2), complex), Value(np.ones((1, 2))), Value(np.ones(1)))


def test_linear_to_a_single_number_is_a_scalar():
    weight, bias = Value([3.0, 4.0]), Value(-2.0)
    z = F.linear(np.array([1.0, 2.0]), weight, bias)
    assert type(z.data) is float
    z.backward()
    assert (z.data, weight.grad.tolist(), bias.grad) == (9.0, [1.0, 2.0], 1.0)


def test_linear_float32():
    layer = nn.Linear(3, 2, dtype=np.float32)
    out = layer(np.ones((4, 3), dtype=np.float32))
    assert out.dtype == layer.weight.dtype == layer.bias.dtype == np.float32
    out.sum().backward()
    assert layer.weight.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((4, 2)), r"Linear: x \(4, 2\) @ 0.weight.T \(3, 5\): expected x \(..., 3\), got 2 features$"),
        (np.ones((3, 4)), r"got 4 features; did you mean x.T\?"),
        (np.ones(2), r"Linear: x \(2,\) @ 0.weight.T \(3, 5\): expected x \(..., 3\), got 2"),
        (2.0, r"expected x \(..., 3\), got a single number$"),
    ],
)
def test_linear_misfit_names_the_layer(x, message):
    net = nn.Sequential(nn.Linear(3, 5))
    for operand in (x, Value(x)):
        with pytest.raises(ShapeError, match=message):
            net(operand)


def test_linear_of_one_feature_and_a_number():
    with pytest.raises(ShapeError, match=r"did you mean \[x\]\?"):
        nn.Linear(1, 1)(2.0)


@pytest.mark.parametrize("size", [0, -1, 2.5, "3", None, (2, 3)])
def test_linear_sizes(size):
    with pytest.raises(ValueError, match="in_features must be a positive whole number, got"):
        nn.Linear(size, 1)
    with pytest.raises(ValueError, match="out_features must be a positive whole number, got"):
        nn.Linear(1, size)


def test_linear_records_while_another_thread_is_inside_no_grad():
    layer, inside, leave = nn.Linear(3, 2), threading.Event(), threading.Event()

    def other():
        with no_grad():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait()
    try:
        np.sum(layer(np.ones((4, 3)))).backward()
    finally:
        leave.set()
        thread.join()
    np.testing.assert_array_equal(layer.weight.grad, np.full((2, 3), 4.0))


def test_linear_takes_numpy_integers():
    assert nn.Linear(np.int64(3), np.int32(2)).weight.shape == (2, 3)


@pytest.mark.parametrize("dtype", [int, complex, bool])
def test_linear_dtype(dtype):
    with pytest.raises(TypeError, match="dtype must be a float type, got"):
        nn.Linear(1, 1, dtype=dtype)


@pytest.mark.parametrize("init", ["uniform", "fan_in_uniform", "glorot_uniform"])
def test_linear_draws_weight_and_bias_from_one_interval(init):
    layer = nn.Linear(4, 500, init=init, rng=np.random.default_rng(0))
    bound = {"uniform": 0.01, "fan_in_uniform": 0.5, "glorot_uniform": np.sqrt(6 / 504)}[init]
    for p in layer.parameters():
        assert 0.98 * bound < np.abs(p.data).max() <= bound


def test_linear_with_an_initialisation_of_its_own():
    calls = []

    def zeros(shape, rng, layer):
        calls.append((shape, layer))
        return np.zeros(shape)

    assert not nn.Linear(2, 3, init=zeros).weight.data.any()
    assert calls == [((3, 2), (3, 2)), ((3,), (3, 2))]


# -- Sequential ------------------------------------------------------------------------------------


def test_sequential_chains():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = RNG.normal(size=(4, 2))
    np.testing.assert_array_equal(net(x).data, net[2](net[1](net[0](x))).data)
    assert nn.Sequential()(x) is x


def test_sequential_is_a_sequence():
    modules = [nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)]
    net = nn.Sequential(*modules)
    assert len(net) == 3
    assert list(net) == modules
    assert net[-1] is modules[-1]
    part = net[1:]
    assert isinstance(part, nn.Sequential)
    assert list(part) == modules[1:]
    assert part[1].weight.name == "2.weight"  # the name it got first
    with pytest.raises(IndexError, match="module 3 is out of range: there are 3"):
        net[3]


def test_sequential_repeats_a_module():
    double = nn.Linear(1, 1, bias=False)
    double.load_state_dict({"weight": [[2.0]]})
    net = nn.Sequential(double, double, double)
    assert len(net) == 3
    assert net([1.0]).data.tolist() == [8.0]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (nn.Tanh, r"argument 1 must be a Module, got .*; did you mean Tanh\(\)\?"),
        ([nn.Tanh()], r"pass the modules one by one: Sequential\(\*modules\)"),
        (np.tanh, "argument 1 must be a Module, got <ufunc 'tanh'>"),
    ],
)
def test_sequential_of_something_else(item, message):
    with pytest.raises(TypeError, match=message):
        nn.Sequential(nn.Tanh(), item)


# -- MLP -------------------------------------------------------------------------------------------


def test_mlp_is_built_from_its_sizes():
    net = nn.MLP([2, 4, 3, 1], activation="relu", output_activation="sigmoid")
    assert [type(m).__name__ for m in net] == ["Linear", "ReLU", "Linear", "ReLU", "Linear", "Sigmoid"]
    assert [(n, p.shape) for n, p in net.named_parameters()] == [
        ("0.weight", (4, 2)),
        ("0.bias", (4,)),
        ("2.weight", (3, 4)),
        ("2.bias", (3,)),
        ("4.weight", (1, 3)),
        ("4.bias", (1,)),
    ]
    assert [p.name for p in net.parameters()] == [n for n, _ in net.named_parameters()]


def test_mlp_computes_the_formula():
    net = nn.MLP([2, 3, 1], activation="tanh")
    W1, b1, W2, b2 = (p.data for p in net.parameters())
    x = RNG.normal(size=(5, 2))
    np.testing.assert_allclose(net(x).data, np.tanh(x @ W1.T + b1) @ W2.T + b2, rtol=1e-13, atol=1e-14)


def test_mlp_options():
    net = nn.MLP((2, 3, 1), activation=nn.Sigmoid, bias=False, init="uniform", dtype=np.float32)
    assert len(net.parameters()) == 2
    assert all(p.dtype == np.float32 and np.abs(p.data).max() <= 0.01 for p in net.parameters())
    assert isinstance(net[1], nn.Sigmoid)
    assert len(nn.MLP([2, 1])) == 1
    assert len(nn.MLP([2, 1], output_activation=nn.Tanh())) == 2


def test_mlp_same_seed_same_network_and_layers_differ():
    nets = [nn.MLP([3, 3, 3], rng=np.random.default_rng(5)) for _ in range(2)]
    for p, q in zip(*(net.parameters() for net in nets), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    assert (nets[0][0].weight.data != nets[0][2].weight.data).all()
    assert (nn.MLP([3, 3])[0].weight.data != nn.MLP([3, 3])[0].weight.data).any()


@pytest.mark.parametrize("sizes", [[], [3], 3, [[1, 2], [3, 4]]])
def test_mlp_needs_two_sizes(sizes):
    with pytest.raises(ValueError, match=r"MLP: expected sizes \[inputs, ..., outputs\], at least two, got"):
        nn.MLP(sizes)


def test_mlp_bad_size():
    with pytest.raises(ValueError, match="out_features must be a positive whole number, got 0"):
        nn.MLP([2, 0, 1])


# -- activations -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cls", "formula"),
    [
        ("sigmoid", nn.Sigmoid, lambda x: 1 / (1 + np.exp(-x))),
        ("tanh", nn.Tanh, lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))),
        ("relu", nn.ReLU, lambda x: x * (x > 0)),
        ("identity", nn.Identity, lambda x: x),
        ("linear", nn.Identity, lambda x: x),
    ],
)
def test_activations(name, cls, formula):
    module = by_name(name)
    assert type(module) is cls
    x = np.array([-2.0, -0.3, 0.4, 3.0])
    np.testing.assert_allclose(module(Value(x)).data, formula(x), rtol=1e-14)
    np.testing.assert_allclose(module(x), formula(x), rtol=1e-14)
    assert module(Value(x.astype(np.float32))).dtype == np.float32
    assert module(Value(0.4)).item() == pytest.approx(formula(0.4), rel=1e-14)
    assert gradcheck(lambda v: 1 * module(v), x, order=2).ok


def test_activations_by_name():
    tanh = nn.Tanh()
    assert by_name(tanh) is tanh
    assert isinstance(by_name(nn.ReLU), nn.ReLU)
    with pytest.raises(ValueError, match="unknown name 'rleu'; known are sigmoid, tanh, relu, identity, linear"):
        nn.MLP([1, 1, 1], activation="rleu")
    with pytest.raises(TypeError, match=r"expected a name .* or a Module, got int 3"):
        nn.MLP([1, 1, 1], activation=3)
