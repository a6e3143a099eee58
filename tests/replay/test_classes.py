"""Losses over classes are shorter in a program than in the engine, and equal to it wherever logits and classes lie."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from tests.replay.twins import never


def compiled_and_twin(loss, logits):
    """The compiled loss of these logits as a leaf, and the number and gradient that the engine has for it."""
    x = ag.Value(logits)
    step = ag.compile(lambda y: loss(x, y))

    def twin(y):
        leaf = ag.Value(x.data)
        E = loss(leaf, y)
        E.backward()
        return E.data, leaf.grad

    return x, step, twin


def same(x, step, twin, y, tolerance=1e-13):
    x.grad = None
    found = step(y)
    expected, grad = twin(y)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(x.grad, grad, rtol=tolerance, atol=tolerance)
    assert x.grad.dtype == grad.dtype


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8, np.uint64, ">i4"])
@pytest.mark.parametrize("classes", [1, 3, 64, 65])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_cross_entropy_is_the_engines(classes, reduction, dtype):
    rng = np.random.default_rng(3)
    loss = nn.CrossEntropyLoss(reduction=reduction)
    x, step, twin = compiled_and_twin(loss, rng.normal(size=(7, classes)) * 5)
    for _ in range(4):
        same(x, step, twin, rng.integers(classes, size=7).astype(dtype))
        step.f = never
        x.data = rng.normal(size=(7, classes)) * 5
    assert len(step.programs) == 1


def test_the_program_of_cross_entropy_is_short():
    rng = np.random.default_rng(3)
    x, step, twin = compiled_and_twin(nn.CrossEntropyLoss(), rng.normal(size=(7, 3)))
    same(x, step, twin, rng.integers(3, size=7))
    source = step.source
    for gone in ("isfinite", "np.where", "minimum.reduce", "np.array", "np.negative", "log_softmax["):
        assert gone not in source
    assert "one_hot.take(y, 0)" in source
    assert "y.view(np.uint64)" in source
    assert source.count("np.add.reduce") == 1  # of exponentials; one-hot rows are known
    assert "    mean = float(np.vdot(d_log_softmax, log_softmax))\n" in source


@pytest.mark.parametrize("wrong", [-1, 3, -128])
@pytest.mark.parametrize("dtype", [np.int8, np.int64, ">i4"])
def test_a_class_that_does_not_exist_is_refused_as_ever(wrong, dtype):
    x, step, twin = compiled_and_twin(nn.CrossEntropyLoss(), np.zeros((2, 3)))
    y = np.array([0, 2], dtype)
    for _ in range(2):
        same(x, step, twin, y)
    x.grad = None
    with pytest.raises(ValueError, match=f"class {wrong}; with 3 logits the classes are 0 to 2"):
        step(np.array([0, wrong], dtype))
    assert x.grad is None
    same(x, step, twin, y)


def test_an_example_that_counts_nothing_has_a_program_of_its_own():
    x, step, twin = compiled_and_twin(nn.CrossEntropyLoss(), np.array([[1.0, 2.0], [3.0, 1.0]]))
    for y in ([0, 1], [1, -100], [1, 1], [-100, 0]):
        same(x, step, twin, np.array(y))


@pytest.mark.parametrize("logit", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("everywhere", [False, True])
def test_infinite_logits_come_out_as_the_engine_has_them(logit, everywhere):
    x, step, twin = compiled_and_twin(nn.CrossEntropyLoss(), np.array([[1.0, 2.0, 0.5], [3.0, 1.0, 1.0]]))
    y = np.array([0, 1])
    for _ in range(2):
        same(x, step, twin, y)
    x.data = np.array([[logit if everywhere else 1.0, logit, logit if everywhere else 0.5], [3.0, 1.0, 1.0]])
    with np.errstate(all="ignore"):
        same(x, step, twin, y)
        alone = ag.compile(lambda z: nn.functional.log_softmax(z, 1), backward=False)
        for z in (np.ones((2, 3)), np.ones((2, 3)), x.data):
            np.testing.assert_array_equal(alone(z), nn.functional.log_softmax(z, 1))


def test_the_loss_by_its_slopes_is_scaled_as_ever():
    """The slopes of 3 · mean are not those of the mean; those of a loss that is added to another are both."""
    rng = np.random.default_rng(3)
    loss, norm = nn.CrossEntropyLoss(), nn.CrossEntropyLoss(reduction="sum")
    for f in (lambda x, y: 3.0 * loss(x, y), lambda x, y: loss(x, y) + norm(2.0 * x, y), lambda x, y: norm(x, y) ** 2):
        x, step, twin = compiled_and_twin(f, rng.normal(size=(7, 3)))
        for i in range(3):
            step.f = never if i else step.f
            same(x, step, twin, rng.integers(3, size=7))
    look = ag.compile(loss, backward=False)
    x, y = rng.normal(size=(7, 3)), rng.integers(3, size=7)
    for _ in range(2):
        np.testing.assert_allclose(look(x, y), loss(x, y), rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_other_sums_of_picked_entries_are_left_as_they_are(dtype):
    rng = np.random.default_rng(3)
    loss, rows, other_rows = nn.CrossEntropyLoss(), np.arange(7), np.array([0, 0, 1, 2, 6, 6, 3])
    weights = rng.normal(size=7).astype(dtype)
    for f in (
        lambda x, y: np.dot(weights, x[rows, y]),
        lambda x, y: np.sum(x[other_rows, y]),
        lambda x, y: np.sum(np.concatenate([x, 2 * x], axis=1)[rows, y]),
        lambda x, y: np.sum(x[rows, y] ** 2) + np.sum(x[rows, y]),
    ):
        x, step, twin = compiled_and_twin(lambda x, y, f=f: loss(x, y) + f(x, y), rng.normal(size=(7, 3)).astype(dtype))
        for i in range(3):
            step.f = never if i else step.f
            same(x, step, twin, rng.integers(3, size=7), 1e-13 if dtype is np.float64 else 1e-5)


def test_labels_that_are_smoothed():
    rng = np.random.default_rng(3)
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    x, step, twin = compiled_and_twin(loss, rng.normal(size=(7, 3)))
    for i in range(3):
        step.f = never if i else step.f
        same(x, step, twin, rng.integers(3, size=7))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(7, 3), (7, 3, 2)])
def test_classes_that_are_weighted(shape, reduction):
    rng = np.random.default_rng(3)
    loss = nn.CrossEntropyLoss(weight=[1.0, 2.0, 0.5], reduction=reduction)
    x, step, twin = compiled_and_twin(lambda x, y: np.sum(loss(x, y)), rng.normal(size=shape))
    for i in range(3):
        step.f = never if i else step.f
        same(x, step, twin, rng.integers(3, size=(7, *shape[2:])))
    assert len(step.programs) == 1


def test_a_sum_of_negatives_and_the_slope_of_relu():
    w = ag.Value(np.linspace(-2.0, 3.0, 1200).reshape(30, 40))
    f = lambda x: np.sum(-np.maximum(w * x, 0))  # noqa: E731
    step = ag.compile(f)
    for x in (np.ones((30, 40)), np.ones((30, 40)), -np.ones((30, 40))):
        w.grad = None
        found, grad = step(x), w.grad
        w.grad = None
        E = f(x)
        E.backward()
        assert found == E.data
        np.testing.assert_array_equal(grad, w.grad)
    assert "np.negative" not in step.source
    assert "np.greater(maximum" in step.source  # not of w * x, whose memory the maximum takes


def test_other_bounds_and_other_shifts_are_left_as_they_are():
    w = ag.Value([1.0, 2.0, 3.0], name="w")

    def f(y, x):
        if np.minimum.reduce(y, axis=None) >= -2 and np.maximum.reduce(y, axis=None) < 3:
            return np.sum(w * y)
        return np.sum(w)

    step = ag.compile(f)
    for y, expected in (([0, 1, 2], 8.0), ([2, 2, -2], 0.0), ([0, 1, 2], 8.0), ([0, 0, -3], 6.0), ([0, 0, 3], 6.0)):
        assert step(np.array(y), 0.0) == expected
    assert len(step.programs) == 3

    def shifted(x, z):  # by the top of another array: z - ∞ is no alarm
        top = np.max(z, axis=0, keepdims=True)
        return np.exp(x - np.where(np.isfinite(top), top, 0))

    look = ag.compile(shifted, backward=False)
    x = np.array([1.0, 2.0])
    for z in (x, x, np.array([np.inf, 0.0])):
        np.testing.assert_array_equal(look(x, z), shifted(x, z))
