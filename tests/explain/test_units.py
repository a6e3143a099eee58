"""Units found in recorded graphs: every number and gradient is that of the Value it came from."""

import re
from itertools import pairwise

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.explain.units.cells import Cells, follow
from autograd_mini.explain.units.squared_error import squared_errors
from autograd_mini.explain.units.units import NotDenseError, find_units
from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record

RNG = np.random.default_rng(7)
W1, B1, W2, B2 = RNG.normal(size=(4, 3)), RNG.normal(size=4), RNG.normal(size=(2, 4)), RNG.normal(size=2)
X, Y = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))
ACTIVATIONS = [name for name in nn.ACTIVATIONS if "softmax" not in name]


def value(array, name=None):
    return ag.Value(array, name=name)


# -- reading ---------------------------------------------------------------------------------------


def test_cells_find_the_entries_behind_views():
    W = value(np.arange(6.0).reshape(2, 3), "W")
    for view, expected in [
        (W.T, W.data.T),
        (W[1], W.data[1]),
        (W.reshape(3, 2), W.data.reshape(3, 2)),
        (+W[:, ::-1], None),
    ]:
        base, entries = follow(view)
        assert base is W
        cells = Cells((base,), entries)
        np.testing.assert_array_equal(cells.read(), view.data if expected is None else expected)
        first, index = cells.where(*(0,) * entries.ndim)
        assert first is W
        assert W.data[index] == view.data.flat[0]


def test_cells_read_several_values_and_know_what_is_absent():
    a, b = value(2.0, "a"), value([3.0, 4.0], "b")
    cells = Cells((a, b, 7.0), np.array([[0, 2], [-1, 3]]))
    assert cells.read().tolist() == [[2, 4], [0, 7]]
    (a * a).backward()
    assert cells.read(lambda v: getattr(v, "grad", None), absent=-1).tolist() == [[4, -1], [-1, -1]]
    assert cells.known(lambda v: getattr(v, "grad", None)).tolist() == [[True, False], [False, False]]
    assert cells.where(1, 0) is None
    assert cells.where(0, 1) == (b, (1,))
    assert cells.where(1, 1) == (7.0, ())


def test_numbers_added_to_cells_go_to_their_values():
    a, b = value([1.0, 2.0]), value(3.0)
    totals = {}
    Cells((a, b), np.array([[0, 2], [0, -1]])).add_to(totals, np.array([[1.0, 10.0], [100.0, 1000.0]]))
    Cells((b,), np.array([0])).add_to(totals, np.array([5.0]))
    assert totals[id(a)].tolist() == [101, 0]
    assert totals[id(b)] == 15


# -- the lecture's network -------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["E", "output"])
def test_the_lectures_network_unit_by_unit(what):
    run = record(WORKED, INPUTS, TARGET)
    units = find_units(getattr(run, what))
    assert units.names == [["A", "B"], ["D", "E"], ["G"]]
    assert units.bias_names == ["C", "F"]
    assert units.x.read().tolist() == [[1], [0]]
    assert [layer.activation.name for layer in units.layers] == ["sigmoid", "sigmoid"]
    for layer, (before, after, bias) in enumerate([("AB", "DE", "C"), ("DE", "G", "F")]):
        found = units.layers[layer]
        for j, unit in enumerate(after):
            assert found.s.where(j, 0)[0] is run.s[unit]
            assert found.h.where(j, 0)[0] is run.h[unit]
            assert found.b.where(j)[0] is run.w[unit + bias]
            assert units.weight_name(layer, j, None) == f"w_{unit}{bias}"
            for k, source in enumerate(before):
                assert found.W.where(j, k)[0] is run.w[unit + source]
                assert units.weight_name(layer, j, k) == f"w_{unit}{source}"
    is_loss = what == "E"
    assert units.loss is (run.E if is_loss else None)
    assert units.factor == (0.5 if is_loss else None)
    assert (units.target.tolist() if is_loss else None) == ([[1.0]] if is_loss else None)


def test_each_weights_gradient_can_be_read():
    run = record(WORKED, INPUTS, TARGET)
    run.E.backward()
    units = find_units(run.E)
    grads = units.layers[1].W.read(lambda v: v.grad)
    assert grads.tolist() == [[run.w["GD"].grad, run.w["GE"].grad]]
    # FACTS: Δw_GD = 0.3816470715743937 with µ = 10
    assert -10 * grads[0, 0] == pytest.approx(0.3816470715743937, rel=1e-14)


# -- all ways to write a dense layer ---------------------------------------------------------------


def mlp(x, columns=False, turned=False, b1=B1, b2=B2):
    """The same network in rows or in columns; the weights as Values, or as transposed ones."""
    w1, w2 = (value(W.T).T if turned else value(W) for W in (W1, W2))
    if columns:
        c1, c2 = ((value(b)[:, None] if np.ndim(x) > 1 else value(b)) for b in (b1, b2))
        return w2 @ np.tanh(w1 @ x + c1) + c2
    return np.tanh(x @ w1.T + value(b1)) @ w2.T + value(b2)


def scalars():
    """Unit by unit, each a batch of numbers."""
    w = {(layer, j, k): value(W[j, k]) for layer, W in enumerate([W1, W2]) for j, k in np.ndindex(W.shape)}
    h = [value(X[:, k], f"x_{k}") for k in range(3)]
    for layer, b in enumerate([B1, B2]):
        scores = [sum(w[layer, j, k] * source for k, source in enumerate(h)) + value(b[j]) for j in range(len(b))]
        h = [np.tanh(s) for s in scores] if layer == 0 else scores
    return sum(0.5 * np.sum((Y[:, j] - out) ** 2) for j, out in enumerate(h))


FORMS = {
    "rows": lambda: mlp(X),
    "rows, x a Value": lambda: mlp(value(X, "x")),
    "rows of transposed weights": lambda: mlp(X, turned=True),
    "columns": lambda: mlp(X.T, columns=True),
    "columns, x a Value": lambda: mlp(value(X.T, "x"), columns=True),
    "columns of transposed weights": lambda: mlp(X.T, columns=True, turned=True),
    "x V + b, both Values": lambda: np.tanh(value(X) @ value(W1.T) + value(B1)) @ value(W2.T) + value(B2),
    "the bias first": lambda: value(B2) + np.tanh(value(B1) + X @ value(W1).T) @ value(W2).T,
    "rows, then columns": lambda: value(W2) @ np.tanh(X @ value(W1).T + value(B1)).T + value(B2)[:, None],
    "transposed at the end": lambda: mlp(X.T, columns=True).T,
    "biases as rows": lambda: mlp(X, b1=B1[None, :], b2=B2[None, :]),
    "nn": lambda: network()(X),
    "unit by unit": scalars,
}


def network():
    net = nn.MLP([3, 4, 2], "tanh")
    net.load_state_dict({"0.weight": W1, "0.bias": B1, "2.weight": W2, "2.bias": B2})
    return net


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_dense_network_has_the_same_units(form):
    units = find_units(FORMS[form]())
    assert [layer.activation.name for layer in units.layers] == ["tanh", "linear"]
    for found, (W, b) in zip(units.layers, [(W1, B1), (W2, B2)], strict=True):
        np.testing.assert_array_equal(found.W.read(), W)
        np.testing.assert_array_equal(found.b.read(), b)
    np.testing.assert_array_equal(units.x.read(), X.T)
    s = W1 @ X.T + B1[:, None]
    np.testing.assert_allclose(units.layers[0].s.read(), s, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(units.layers[0].h.read(), np.tanh(s), rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(units.layers[1].h.read(), W2 @ np.tanh(s) + B2[:, None], rtol=1e-13, atol=1e-13)
    assert units.batch == 5


@pytest.mark.parametrize(
    ("form", "batch"),
    [
        (lambda: mlp(X[0]), 1),
        (lambda: mlp(X[0], columns=True), 1),
        (lambda: value(W2[:1]) @ np.tanh(value(W1) @ X[0]), 1),
        (lambda: value(W1[0]) @ X[0] + value(1.0), 1),
        (lambda: X @ value(W1[0]) + value(1.0), 5),
        (lambda: value(W1[0]) @ X.T + value(1.0), 5),
        (lambda: network()(X.reshape(5, 1, 3)), 5),
    ],
)
def test_vectors_and_stacks_of_examples(form, batch):
    units = find_units(form())
    assert units.batch == batch
    h = units.layers[-1].h.read()
    W, b = units.layers[-1].W.read(), units.layers[-1].b
    before = units.layers[-2].h.read() if len(units.layers) > 1 else units.x.read()
    np.testing.assert_allclose(h, W @ before + (0 if b is None else b.read()[:, None]), rtol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_are_replayed_on_plain_arrays(activation):
    net = nn.MLP([3, 4, 2], activation, activation, rng=np.random.default_rng(3))
    for x in (X, X[0]):
        units = find_units(net(x))
        for layer in units.layers:
            s, h = layer.s.read(), layer.h.read()
            np.testing.assert_allclose(layer.activation.function(s), h, rtol=1e-15, atol=1e-16)
            numeric = (layer.activation.function(s + 1e-6) - layer.activation.function(s - 1e-6)) / 2e-6
            np.testing.assert_allclose(layer.activation.slope(s), numeric, atol=1e-7)


def test_an_activation_written_by_hand_and_a_dropout_mask_belong_to_the_activation():
    units = find_units(1 / (1 + np.exp(-(X @ value(W1).T + value(B1)))))
    s = units.layers[0].s.read()
    np.testing.assert_allclose(units.layers[0].activation.slope(s), ag.sigmoid(s) * (1 - ag.sigmoid(s)), rtol=1e-12)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5, rng=np.random.default_rng(0)), nn.Linear(4, 1))
    units = find_units(net(X))
    dropped = units.layers[0].h.read() == 0
    assert 0 < dropped.sum() < dropped.size
    slopes = units.layers[0].activation.slope(units.layers[0].s.read())
    np.testing.assert_array_equal(slopes == 0, dropped)


def test_units_may_have_different_activations():
    a, b, x = value(2.0, "a"), value(-3.0, "b"), value(0.5, "x")
    v = value(1.5, "v") * np.tanh(a * x) + value(0.5, "w") * ag.sigmoid(b * x)
    layer = find_units(v).layers[0]
    np.testing.assert_allclose(layer.activation.function(layer.s.read()), [[np.tanh(1)], [ag.sigmoid(-1.5)]])


def test_units_need_not_use_every_input():
    a, b, x, z = value(2.0, "w_a"), value(-3.0, "w_b"), value(0.5, "x"), value(0.25, "z")
    units = find_units(value(1.0, "v") * np.tanh(a * x) + value(2.0, "u") * np.tanh(b * z))
    assert units.layers[0].W.read().tolist() == [[2, 0], [0, -3]]
    assert units.layers[0].W.where(0, 1) is None


def test_a_weight_is_a_leaf_that_one_unit_uses_or_the_first_factor():
    for product in (lambda w, x: w * x, lambda w, x: x * w):
        w, v, x = value(2.0, "w"), value(3.0, "v"), value(5.0, "x")
        s = product(w, x).tanh(), product(v, x).tanh()
        units = find_units(value(1.0, "p") * s[0] + value(1.0, "q") * s[1])
        assert [units.layers[0].W.where(j, 0)[0] for j in (0, 1)] == [w, v]
    p, q = value(2.0, "p"), value(3.0, "q")
    assert find_units((p * q).tanh()).layers[0].W.where(0, 0)[0] is p
    w = value(2.0, "w")
    assert find_units((q * w).tanh()).layers[0].W.where(0, 0)[0] is w


@pytest.mark.parametrize(
    ("score", "weight", "name"),
    [
        (lambda x, w: x @ w.T, W1, "w"),
        (lambda x, w: w @ x.T, W1, "w"),
        (lambda x, w: x @ w, W1.T, "hidden.weight"),
        (lambda x, w: x @ w.T, W1, None),
        (lambda x, w: x @ w + value(B1), W1.T, None),
        (lambda x, w: w @ x + value(np.ones((4, 1))), W1, None),
        (lambda x, w: w @ x, W1, None),
    ],
)
def test_of_two_leaves_one_is_the_weight(score, weight, name):
    """If x is a Value too, the name tells, or a transpose, or the bias's shape; else it is W x."""
    w = value(weight, name)
    W = find_units(score(value(np.ones((3, 3)), "x"), w)).layers[0].W
    assert W.values[0] is w
    assert W.place.shape == (4, 3)


def test_inputs_may_be_plain_numbers():
    w = {name: value(number, name) for name, number in {"p": 1.0, "q": 2.0, "r": 3.0, "s": 4.0}.items()}
    h = (w["p"] * 0.5 + w["q"] * 0.25).tanh(), (w["r"] * 0.5 + w["s"] * 0.25).tanh()
    units = find_units(value(1.0, "u") * h[0] + value(1.0, "v") * h[1])
    assert units.layers[0].W.read().tolist() == [[1, 2], [3, 4]]
    assert units.x.read().tolist() == [[0.5], [0.25]]
    assert units.names[0] == ["x1", "x2"]
    units = find_units((w["p"] * 0.5 + w["q"] * 1.0).tanh())
    assert units.layers[0].b.where(0)[0] is w["q"]  # the last source, always 1, is a bias unit


def test_an_input_of_1_is_no_bias_unit_where_there_is_a_bias():
    w, v, b, x, z = (value(n, name) for n, name in [(2.0, "w"), (3.0, "v"), (4.0, "b"), (0.5, "x"), (1.0, "z")])
    units = find_units((w * x + v * z + b).tanh())
    assert units.names[0] == ["x", "z"]
    assert units.layers[0].b.where(0)[0] is b


def test_an_autoencoders_target_is_no_weight():
    W = value(W1, "W")
    h = np.tanh(X @ W.T)
    assert squared_errors(np.sum((h - X @ W.T) ** 2)) is None


def test_a_deep_stack_needs_no_recursion():
    net = nn.MLP([2] * 401, "tanh")
    assert len(find_units(net(np.zeros((1, 2)))).layers) == 400


def test_finding_units_changes_nothing():
    net = network()
    nn.L2Loss()(net(X), Y).backward()
    E = nn.L2Loss()(net(X), Y)
    before = {p.name: (p.grad.copy(), p.data.copy(), p.age) for p in net.parameters()}
    find_units(E)
    for p in net.parameters():
        grad, data, age = before[p.name]
        np.testing.assert_array_equal(p.grad, grad)
        np.testing.assert_array_equal(p.data, data)
        assert p.age == age
    assert E.grad is None


# -- the loss --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "factor"),
    [
        (lambda p: 0.5 * np.sum((Y - p) ** 2), 0.5),
        (lambda p: np.sum((p - Y) ** 2) / 2, 0.5),
        (lambda p: np.sum(np.square(Y - p) * 0.5), 0.5),
        (lambda p: np.sum((Y - p) ** 2.0) / 2, 0.5),
        (lambda p: np.sum(np.sum((Y - p) ** 2, axis=1)), 1.0),
        (lambda p: np.mean((Y - p) ** 2), 0.1),
        (lambda p: np.mean(np.sum((value(Y, "y") - p) ** 2, axis=1)), 0.2),
        (lambda p: nn.L2Loss()(p, Y), 0.5),
        (lambda p: nn.MSELoss()(p, Y), 0.1),
        (lambda p: 0.5 * np.sum((Y.T - p.T) ** 2), 0.5),
        (lambda p: 0.5 * np.sum((Y.ravel() - p.reshape(-1)) ** 2), 0.5),
    ],
)
def test_squared_errors_in_any_form(loss, factor):
    units = find_units(loss(network()(X)))
    assert units.factor == pytest.approx(factor, rel=1e-15)
    np.testing.assert_array_equal(units.target, Y.T)


def test_a_difference_times_itself_is_a_square():
    d = Y - network()(X)
    assert [part.factor for part in squared_errors(np.sum(d * d))] == [1.0]


@pytest.mark.parametrize(
    "loss",
    [
        lambda p: np.sum((p - p.data[:1]) ** 2),
        lambda p: np.sum(np.abs(Y - p)),
        lambda p: nn.HuberLoss()(p, Y),
        lambda p: nn.CrossEntropyLoss()(p, [0, 1, 0, 1, 0]),
        lambda p: np.sum((Y - p) ** 3),
        lambda p: np.sum((Y - p) ** 2 * Y),
    ],
)
def test_other_losses_are_followed_to_the_last_layer(loss):
    prediction = network()(X)
    units = find_units(loss(prediction))
    assert units.layers[-1].h.values == (prediction,)
    assert units.target is None
    assert units.factor is None


def test_the_activation_before_a_loss_belongs_to_the_network():
    net = nn.MLP([3, 2], output_activation="sigmoid")
    prediction = net(X)
    units = find_units(nn.BCELoss()(prediction, (Y > 0) * 1.0))
    assert units.layers[-1].h.values == (prediction,)
    assert units.layers[-1].activation.name == "sigmoid"


def test_the_output_can_be_told():
    net = nn.MLP([3, 2], output_activation="gelu")
    prediction = net(X)
    E = np.sum(np.abs(Y - prediction))
    assert find_units(E).layers[-1].activation.name == "linear"
    units = find_units(E, output=prediction)
    assert units.layers[-1].h.values == (prediction,)


# -- names -----------------------------------------------------------------------------------------


def test_made_names_and_given_names():
    net = network()
    units = find_units(net(X))
    assert units.names == [["x1", "x2", "x3"], ["h1_1", "h1_2", "h1_3", "h1_4"], ["ŷ1", "ŷ2"]]
    assert units.bias_names == [None, None]
    assert units.weight_name(1, 1, 2) == "2.weight[1, 2]"
    assert units.weight_name(1, 1, None) == "2.bias[1]"
    units = find_units(net(X), names=["abc", ["p", "q", "r", "hidden"], "GH"], bias_names=["C", None])
    assert units.weight_name(0, 0, 1) == "w_pb"
    assert units.weight_name(0, 3, 1) == "w_hidden←b"
    assert units.weight_name(0, 0, None) == "w_pC"
    assert units.weight_name(1, 0, None) == "b_G"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"names": [["a"], ["b"], ["c"]]}, r"names: expected lists of \[3, 4, 2\] names"),
        ({"names": [["a", "b", "c"]]}, r"names: expected lists of \[3, 4, 2\] names"),
        ({"bias_names": ["C"]}, "bias_names: expected 2"),
    ],
)
def test_names_that_do_not_fit(given, message):
    with pytest.raises(ValueError, match=message):
        find_units(network()(X), **given)


# -- what is no dense stack ------------------------------------------------------------------------


class Skip(nn.Module):
    def __init__(self):
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        h = np.tanh(self.first(x))
        return self.second(h) + h


class Parallel(nn.Module):
    def __init__(self):
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        return self.first(x) * ag.sigmoid(self.second(x))


def named_scalars(*numbers):
    return [value(number, name) for number, name in numbers]


def skipping_scalars():
    w, v, u, x = named_scalars((2.0, "w"), (3.0, "v"), (4.0, "u"), (0.5, "x"))
    h = (w * x).tanh()
    return (v * h + u * x).tanh()


def uneven_scalars():
    x, *weights = named_scalars((0.5, "x"), (2.0, "u"), (3.0, "v"), (4.0, "w"), (1.5, "p"), (2.5, "q"))
    u, v, w, p, q = weights
    h = (v * (u * x).tanh()).tanh()
    return p * (w * h).tanh() + q * h


def unrecorded():
    with ag.no_grad():
        return value(np.ones(4)).tanh()


def batch_norm():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    return net, net(X)


def layer_norm():
    net = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    return net, net(X)


def penalty():
    net = nn.MLP([3, 2])
    return net, nn.L2Loss()(net(X), Y) + 0.1 * np.sum(net[0].weight ** 2)


def without(make):
    return lambda: (None, make())


MISFITS = {
    "a batch norm": (batch_norm, ["layer 1", "element by element"]),
    "a layer norm": (layer_norm, ["mean at mean_", "layer 1", "element by element"]),
    "a softmax": (
        lambda: ((net := nn.MLP([3, 2], output_activation="softmax")), net(X)),
        ["log_softmax at log_softmax_1 (5, 2)", "layer 1"],
    ),
    "a skip connection": (
        lambda: ((net := Skip()), net(X)),
        ["add at add_", "(5, 3)", "several weighted sums", "skips"],
    ),
    "two layers side by side": (
        lambda: ((net := Parallel()), net(X)),
        ["multiply at multiply_1", "several weighted sums"],
    ),
    "a penalty": (penalty, ["square at square_", "0.weight besides the network's output"]),
    "a gain": (
        without(lambda: (np.tanh(X @ value(W1).T) * value(B1, "gain")) @ value(W2).T),
        ["multiply at multiply_1 (5, 4)", "gain (4,)", "neither a score nor a constant"],
    ),
    "a threshold": (
        without(lambda: np.tanh(X @ value(W1).T - value(B1, "θ"))),
        ["subtract at subtract_1", "θ (4,)", "s = W h + b"],
    ),
    "two biases": (without(lambda: X @ value(W1).T + value(B1) + value(B1)), ["add at add_2", "2 biases"]),
    "a bias that makes a matrix": (
        without(lambda: np.tanh(value(W1) @ X[0] + value(B1[:, None])) @ value(W2).T),
        ["add at add_1 (4, 4)", "(units, 1) for examples in columns"],
    ),
    "a bias for each example": (without(lambda: X @ value(W1).T + value(np.ones((5, 4)))), ["differs from example"]),
    "two products": (without(lambda: X @ value(W1).T + X @ value(W1).T), ["several matrix products"]),
    "a stack of matrices": (without(lambda: X @ value(np.ones((2, 3, 4)))), ["matmul at matmul_1", "(2, 3, 4)"]),
    "products of hidden units": (
        without(lambda: (lambda s: s @ s.T)(X @ value(W1).T)),
        ["matmul at matmul_2 (5, 5)", "one side of a layer is its weight"],
    ),
    "an einsum": (without(lambda: np.einsum("bi,oi->bo", X, value(W1))), ["einsum at einsum_1", "no weighted sum"]),
    "a reshape between layers": (
        without(lambda: np.tanh(X[:4] @ value(W1).T).reshape(2, 8) @ value(np.ones((2, 8))).T),
        ["tanh at tanh_1 (4, 4)", "rearranged"],
    ),
    "no weights": (without(lambda: value(2.0, "a") + 1), ["add at add_1 ()", "no weighted sum"]),
    "a leaf": (without(lambda: value(2.0, "a")), ["the leaf at a ()", "no weighted sum"]),
    "an input beside hidden units": (without(skipping_scalars), ["multiply at multiply_", "it weighs x beside hidden"]),
    "layers of uneven depth": (without(uneven_scalars), ["skips a layer"]),
    "two weights between two units": (
        without(lambda: (lambda w, v, x: (w * x + v * x).tanh())(*named_scalars((1.0, "w"), (2.0, "v"), (3.0, "x")))),
        ["second weight between the same two units"],
    ),
    "a number times its weight beside a matrix product": (
        without(lambda: value(W1[0]) @ X[0] + value(2.0) * value(3.0)),
        ["products of single numbers to a matrix product"],
    ),
    "a matrix product beside scores written out": (
        without(
            lambda: (lambda w, v, x: v * (w * x).tanh() + v * (value(W1[0]) @ X[0]))(
                *named_scalars((1.0, "w"), (2.0, "v"), (3.0, "x"))
            )
        ),
        ["a matrix product where the other units' scores are written out"],
    ),
    "two numbers as a bias": (
        without(lambda: (lambda w, x: w * x + value(1.0) + value(2.0))(*named_scalars((1.0, "w"), (3.0, "x")))),
        ["more than one number as a bias"],
    ),
    "something that was not recorded": (without(lambda: X @ value(W1).T + unrecorded()), ["no_grad()"]),
    "an activation that broadcasts": (
        without(lambda: (X[0] @ value(W1).T) * np.ones((5, 4)) @ value(W2).T),
        ["multiply at multiply_1 (5, 4)", "its shape differs"],
    ),
    "outputs that the loss leaves out": (
        without(lambda: np.sum((Y[:, 0] - (X @ value(W1[:2]).T)[:, 0]) ** 2)),
        ["does not look at each output once"],
    ),
}


@pytest.mark.parametrize("what", MISFITS)
def test_the_error_names_the_node_that_does_not_fit(what):
    make, fragments = MISFITS[what]
    _net, output = make()  # the network is kept, for its layers' names
    with pytest.raises(NotDenseError) as error:
        find_units(output)
    message = str(error.value)
    assert message.startswith("not a stack of dense layers: ")
    for fragment in fragments:
        assert fragment in message


def test_the_error_tells_the_line_of_code():
    with ag.record_sources():
        h = np.tanh(X @ value(W1).T - value(B1))
    with pytest.raises(NotDenseError, match=re.escape("test_units.py") + r":\d+: h = np.tanh"):
        find_units(h)


def test_a_graph_cut_by_no_grad_is_told():
    net = network()
    with ag.no_grad():
        s = net[0](X)
    assert find_units(s @ value(W2).T).names[0] == ["x1", "x2", "x3", "x4"]  # where the graph ends, the inputs are
    with ag.no_grad():
        out = net(X)
    with pytest.raises(NotDenseError, match="no_grad"):
        find_units(out)


def test_what_is_no_value():
    with pytest.raises(TypeError, match="find_units: expected a Value, got ndarray"):
        find_units(np.ones(2))


def test_random_stacks_of_all_depths():
    rng = np.random.default_rng(0)
    for depth in range(1, 5):
        sizes = [int(n) for n in rng.integers(1, 9, depth + 1)]
        net = nn.MLP(sizes, "relu", bias=bool(depth % 2), rng=rng)
        units = find_units(net(rng.normal(size=(3, sizes[0]))))
        weights = [p for p in net.parameters() if p.ndim == 2]
        assert [layer.W.place.shape for layer in units.layers] == [(b, a) for a, b in pairwise(sizes)]
        for layer, weight in zip(units.layers, weights, strict=True):
            np.testing.assert_array_equal(layer.W.read(), weight.data)
            assert (layer.b is None) == (depth % 2 == 0)
