"""Groups of parameters with options of their own."""

import numpy as np
import pytest

from autograd_mini import Value, optim

EVERY = [
    optim.SGD,
    optim.Momentum,
    optim.Nesterov,
    optim.Adagrad,
    optim.Adadelta,
    optim.RMSprop,
    optim.Adam,
    optim.AdamW,
]


def three():
    values = [Value(np.array([1.0, -2.0]), name="u"), Value(0.5, name="v"), Value([[3.0]], name="w")]
    for n, p in enumerate(values):
        p.grad = np.full(p.shape, n + 1.0)[()]
    return values


@pytest.mark.parametrize("make", EVERY)
def test_each_group_moves_as_with_an_optimizer_of_its_own(make):
    u, v, w = three()
    together = make(
        [{"parameters": [u, v]}, {"parameters": iter([w]), "learning_rate": 0.5, "weight_decay": 0.25}], 0.1
    )
    a, b, c = three()
    apart = [make([a, b], 0.1), make([c], 0.5, weight_decay=0.25)]
    for _ in range(4):
        together.step()
        for optimizer in apart:
            optimizer.step()
    for p, q in zip((u, v, w), (a, b, c), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    assert [p.name for p in together.parameters] == ["u", "v", "w"]
    assert repr(together) == f"{make.__name__}(3 parameters, learning_rate=[0.1, 0.5])"


def test_options_of_a_group_may_be_assigned_between_steps():
    u, v, _ = three()
    optimizer = optim.SGD([{"parameters": [u]}, {"parameters": [v]}], 0.1)
    optimizer.groups[1]["learning_rate"] = np.float32(0.5)
    optimizer.step()
    assert u.data.tolist() == [0.9, -2.1]
    assert v.data == -0.5
    assert type(v.data) is float
    optimizer.groups[0]["learning_rate"] = -1
    with pytest.raises(ValueError, match="SGD: learning_rate must be a finite number ≥ 0, got -1"):
        optimizer.step()
    assert v.data == -0.5
    optimizer.learning_rate = 0.25  # of all
    assert [group["learning_rate"] for group in optimizer.groups] == [0.25, 0.25]
    assert optimizer.learning_rate == 0.25


def test_one_learning_rate_of_several():
    u, v, _ = three()
    optimizer = optim.SGD([{"parameters": [u], "learning_rate": 1}, {"parameters": [v]}], 0.1)
    with pytest.raises(ValueError, match="the groups' learning rates differ"):
        _ = optimizer.learning_rate


def test_an_error_in_a_later_group_changes_nothing():
    u, v, _ = three()
    optimizer = optim.Momentum([{"parameters": [u]}, {"parameters": [v]}], 0.1)
    v.grad = np.nan
    with pytest.raises(FloatingPointError, match="gradient of v"):
        optimizer.step()
    assert u.data.tolist() == [1.0, -2.0]
    assert not np.any(optimizer.memory[0])


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        (
            lambda u, v: [{"parameters": [u, v]}, {"parameters": [u]}],
            ValueError,
            "SGD: u is given twice, at .* 0 and 2",
        ),
        (lambda u, v: [{"parameters": [u, u]}], ValueError, "SGD, group 0: u is given twice"),
        (lambda u, v: [{"parameters": [u]}, {"parameters": []}], ValueError, "SGD, group 1: no parameters to train"),
        (lambda u, v: [{"parameters": [u]}, v], TypeError, "SGD, group 1: expected a group like the others"),
        (lambda u, v: [{"params": [u]}], ValueError, "SGD, group 0: a group needs 'parameters', got params"),
        (
            lambda u, v: [{"parameters": [u], "lr": 1}],
            ValueError,
            "unknown option 'lr'; known are learning_rate, weight",
        ),
        (
            lambda u, v: [{"parameters": [u]}, {"parameters": [v], "learning_rate": -1}],
            ValueError,
            "SGD, group 1: learn",
        ),
        (lambda u, v: [{"parameters": u}], TypeError, r"SGD, group 0: .* got one Value: write \[u\]"),
        (lambda u, v: [{"parameters": [u, 3.0]}], TypeError, "SGD, group 0: parameter 1 must be a Value"),
    ],
)
def test_refused_groups(groups, error, message):
    u, v, _ = three()
    with pytest.raises(error, match=message):
        optim.SGD(groups(u, v), 0.1)
