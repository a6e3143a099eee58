"""Networks learn: the lecture's worked step, exclusive or, a regression."""

import numpy as np
import pytest

from autograd_mini import Value, nn, optim


def worked_network():
    """Lecture 9's 2-2-1 network of sigmoids; a bias is the weight from the unit that is always 1."""
    net = nn.MLP([2, 2, 1], activation="sigmoid", output_activation="sigmoid")
    net.load_state_dict(
        {
            "0.weight": [[3.7, 3.7], [2.9, 2.9]],
            "0.bias": [-1.5, -4.5],
            "2.weight": [[4.5, -5.2]],
            "2.bias": [-2.0],
        }
    )
    return net


EXACT = {  # µ δ h, computed apart from this project in float64
    "0.weight": [[0.17131266927288574, 0.0], [-0.3081038029405612, 0.0]],
    "0.bias": [0.17131266927288574, -0.3081038029405612],
    "2.weight": [[0.3816470715743937, 0.07121324767984076]],
    "2.bias": [0.42393477248457226],
}


@pytest.mark.parametrize(("x", "y"), [([1.0, 0.0], [1.0]), ([[1.0, 0.0]], [[1.0]])], ids=["vector", "batch of one"])
def test_the_lectures_worked_step(x, y):
    net = worked_network()
    prediction = net(x)
    assert prediction.item() == pytest.approx(0.7645193158707326, abs=1e-15)
    nn.L2Loss()(prediction, y).backward()
    before = net.state_dict()
    optim.SGD(net.parameters(), learning_rate=10).step()
    for name, after in net.state_dict().items():
        np.testing.assert_allclose(after - before[name], EXACT[name], rtol=0, atol=1e-15)


def test_updates_of_a_batch_are_summed():
    xs, ys = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    whole, one_by_one = worked_network(), worked_network()
    nn.L2Loss()(whole(xs), ys).backward()
    for x, y in zip(xs, ys, strict=True):
        nn.L2Loss()(one_by_one(x), y).backward()  # leaves accumulate
    for p, q in zip(whole.parameters(), one_by_one.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, q.grad, rtol=1e-13, atol=1e-16)


def train(net, loss, optimizer, x, y, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        E = loss(net(x), y)
        E.backward()
        optimizer.step()
    return E.item()


X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
MAKES = {
    "SGD": lambda ps: optim.SGD(ps, 0.5),
    "Momentum": lambda ps: optim.Momentum(ps, 0.1, 0.9),
    "Nesterov": lambda ps: optim.Nesterov(ps, 0.1, 0.9),
    "Adagrad": lambda ps: optim.Adagrad(ps, 0.3),
    "Adadelta": lambda ps: optim.Adadelta(ps, 10.0),
    "RMSprop": lambda ps: optim.RMSprop(ps, 0.01),
    "Adam": lambda ps: optim.Adam(ps, 0.05),
    "AdamW": lambda ps: optim.AdamW(ps, 0.05, weight_decay=0.001),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_exclusive_or_is_learned(make, dtype):
    net = nn.MLP([2, 4, 1], activation="tanh", output_activation="sigmoid", rng=np.random.default_rng(1), dtype=dtype)
    y = np.array([[0], [1], [1], [0]], dtype=dtype)
    assert train(net, nn.L2Loss(), make(net.parameters()), X.astype(dtype), y, 600) < 0.02
    assert (np.round(net(X).data) == y).all()
    assert all(p.dtype == dtype for p in net.parameters())


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_classes_are_learned(make):
    net = nn.MLP([2, 8, 2], rng=np.random.default_rng(2))
    assert train(net, nn.CrossEntropyLoss(), make(net.parameters()), X, [0, 1, 1, 0], 400) < 0.05
    assert np.argmax(net(X).data, axis=1).tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("make", [lambda ps: optim.SGD(ps, 0.3), lambda ps: optim.Momentum(ps, 0.1, 0.5)])
def test_regression_finds_the_least_squares_line(make):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(50, 2))
    y = x @ [[2.0], [-3.0]] + 0.5 + 0.1 * rng.normal(size=(50, 1))
    layer = nn.Linear(2, 1, rng=rng)
    train(layer, nn.L2Loss("mean"), make(layer.parameters()), x, y, 300)
    best, *_ = np.linalg.lstsq(np.column_stack([x, np.ones(50)]), y)
    np.testing.assert_allclose(np.append(layer.weight.data, layer.bias.data), best.ravel(), atol=1e-10)


def test_scalar_parameters_learn():
    slope, offset = Value(0.0, name="slope"), Value(0.0, name="offset")
    optimizer = optim.SGD([slope, offset], 0.1)
    for _ in range(300):
        optimizer.zero_grad()
        E = sum(0.5 * (2.0 * x + 1.0 - (slope * x + offset)) ** 2 for x in (-1.0, 0.0, 1.0))
        E.backward()
        optimizer.step()
    assert (slope.data, offset.data) == pytest.approx((2.0, 1.0), abs=1e-9)
    assert type(slope.data) is float
