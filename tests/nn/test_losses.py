"""L2Loss and CrossEntropyLoss: values, gradients, stability and refusals."""

import math

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, gradcheck, nn

RNG = np.random.default_rng(11)


def cross_entropy(logits, target):
    """The definition, with exact sums, for one example: −Σ t ln(e^x / Σe^x)."""
    total = math.fsum(math.exp(x) for x in logits)
    return -math.fsum(t * math.log(math.exp(x) / total) for x, t in zip(logits, target, strict=True))


# -- L2Loss ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (3,), (4, 2), (2, 3, 2)])
def test_l2_values_and_gradients(shape):
    y_hat, y = RNG.normal(size=shape), RNG.normal(size=shape)
    each = [0.5 * (a - b) ** 2 for a, b in zip(np.ravel(y), np.ravel(y_hat), strict=True)]
    assert nn.L2Loss()(Value(y_hat), y).item() == pytest.approx(math.fsum(each), rel=1e-14)
    assert nn.L2Loss("mean")(Value(y_hat), y).item() == pytest.approx(math.fsum(each) / len(each), rel=1e-14)
    none = nn.L2Loss(reduction="none")(Value(y_hat), y)
    assert none.shape == shape
    np.testing.assert_allclose(np.ravel(none.data), each, rtol=1e-14)

    prediction = Value(y_hat)
    nn.L2Loss()(prediction, y).backward()
    np.testing.assert_allclose(prediction.grad, y_hat - y, rtol=1e-14)
    for reduction in ("sum", "mean", "none"):
        assert gradcheck(nn.L2Loss(reduction), y_hat, y, order=2).ok


@pytest.mark.parametrize(
    ("prediction", "target", "hint"),
    [
        ((4, 1), (4,), r"did you mean target.reshape\(\(4, 1\)\)\?"),
        ((4,), (4, 1), r"did you mean target.reshape\(\(4,\)\)\?"),
        ((4, 2), (4, 1), "differ in shape$"),
        ((4, 2), (), "differ in shape$"),
        ((), (3,), "differ in shape$"),
    ],
)
def test_l2_never_broadcasts(prediction, target, hint):
    with pytest.raises(ShapeError, match=hint) as caught:
        nn.L2Loss()(Value(np.ones(prediction)), np.ones(target))
    assert f"prediction {prediction} and target {target}" in str(caught.value)


def test_l2_takes_lists_integers_and_plain_predictions():
    assert nn.L2Loss()(Value([1.0, 2.0]), [0, 0]).item() == 2.5
    assert nn.L2Loss()([1.0, 2.0], [0, 0]) == 2.5
    assert nn.L2Loss()(Value(3.0), 1).item() == 2.0
    assert nn.L2Loss()(Value(np.float32([1, 2])), np.float32([0, 0])).dtype == np.float32


@pytest.mark.parametrize("loss", [nn.L2Loss, nn.CrossEntropyLoss])
def test_unknown_reduction(loss):
    with pytest.raises(ValueError, match="reduction must be one of sum, mean, none, got 'avg'"):
        loss("avg")


def test_repr_and_default_reductions():
    assert repr(nn.L2Loss()) == "L2Loss(reduction='sum')"
    assert repr(nn.CrossEntropyLoss()) == "CrossEntropyLoss(reduction='mean')"


# -- CrossEntropyLoss ------------------------------------------------------------------------------

LOGITS = RNG.normal(size=(5, 3))
CLASSES = np.array([0, 2, 1, 1, 2])


@pytest.mark.parametrize(
    "target", [CLASSES, np.eye(3)[CLASSES], np.eye(3, dtype=int)[CLASSES]], ids=["classes", "one-hot", "int one-hot"]
)
def test_cross_entropy_values(target):
    each = [cross_entropy(x, t) for x, t in zip(LOGITS, np.eye(3)[CLASSES], strict=True)]
    none = nn.CrossEntropyLoss("none")(Value(LOGITS), target)
    np.testing.assert_allclose(none.data, each, rtol=1e-13)
    assert nn.CrossEntropyLoss()(Value(LOGITS), target).item() == pytest.approx(math.fsum(each) / 5, rel=1e-13)
    assert nn.CrossEntropyLoss("sum")(Value(LOGITS), target).item() == pytest.approx(math.fsum(each), rel=1e-13)


def test_cross_entropy_of_probabilities():
    y = RNG.dirichlet(np.ones(3), size=5)
    each = [cross_entropy(x, t) for x, t in zip(LOGITS, y, strict=True)]
    np.testing.assert_allclose(nn.CrossEntropyLoss("none")(Value(LOGITS), y).data, each, rtol=1e-13)


@pytest.mark.parametrize("target", [2, np.int8(2), [0, 0, 1], Value(np.eye(3)[2])])
def test_cross_entropy_of_one_example(target):
    E = nn.CrossEntropyLoss()(Value(LOGITS[0]), target)
    assert E.shape == ()
    assert E.item() == pytest.approx(cross_entropy(LOGITS[0], [0, 0, 1]), rel=1e-13)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    "target", [CLASSES, np.eye(3)[CLASSES], np.full((5, 3), 1 / 3)], ids=["classes", "one-hot", "soft"]
)
def test_cross_entropy_gradients(reduction, target):
    loss = nn.CrossEntropyLoss(reduction)
    assert gradcheck(lambda x: loss(x, target), LOGITS, order=2).ok
    assert gradcheck(lambda x: nn.CrossEntropyLoss()(x, 1), LOGITS[0], order=2).ok


def test_cross_entropy_gradient_is_softmax_minus_target():
    x = Value(LOGITS)
    nn.CrossEntropyLoss("sum")(x, CLASSES).backward()
    softmax = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(x.grad, softmax - np.eye(3)[CLASSES], rtol=1e-12)


@pytest.mark.parametrize("target", [[0, 1], np.eye(2)])
def test_cross_entropy_is_stable_at_a_thousand(target):
    x = Value([[-1000.0, 1000.0], [1000.0, -1000.0]])
    each = nn.CrossEntropyLoss("none")(x, target)
    assert each.data.tolist() == [2000.0, 2000.0]
    each.sum().backward()
    assert x.grad.tolist() == [[-1.0, 1.0], [1.0, -1.0]]
    assert nn.CrossEntropyLoss()(Value([[1000.0, -1000.0]]), [0]).item() == 0.0


def test_cross_entropy_keeps_float32():
    E = nn.CrossEntropyLoss()(Value(LOGITS.astype(np.float32)), CLASSES)
    assert E.dtype == np.float32


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([0, 1, 3], r"target\[2\] is class 3; with 3 logits the classes are 0 to 2"),
        ([0, -1, 1], r"target\[1\] is class -1"),
    ],
)
def test_classes_out_of_range(classes, message):
    with pytest.raises(ValueError, match=message):
        nn.CrossEntropyLoss()(Value(LOGITS[:3]), classes)
    with pytest.raises(ValueError, match="target is class 3; with 3 logits"):
        nn.CrossEntropyLoss()(Value(LOGITS[0]), 3)


@pytest.mark.parametrize(
    ("prediction", "target"),
    [((5, 3), (4,)), ((5, 3), (5, 1)), ((5, 3), ()), ((3,), (1,)), ((3,), (2,)), ((5, 3), (3,)), ((5, 1), (5,) * 2)],
)
def test_cross_entropy_shapes(prediction, target):
    with pytest.raises(ShapeError) as caught:
        nn.CrossEntropyLoss()(Value(np.ones(prediction)), np.zeros(target, dtype=int))
    for shape in (prediction, prediction[:-1], target):
        assert str(shape) in str(caught.value)


@pytest.mark.parametrize("prediction", [(), (2, 3, 4)])
def test_cross_entropy_prediction_shape(prediction):
    with pytest.raises(ShapeError, match=r"expected prediction \(batch, classes\) or \(classes,\), got"):
        nn.CrossEntropyLoss()(Value(np.ones(prediction)), 0)


@pytest.mark.parametrize("classes", [[0.0, 1.0], [True, False]])
def test_classes_are_whole_numbers(classes):
    with pytest.raises(TypeError, match=r"classes must be whole numbers, got target of .*; use target.astype\(int\)"):
        nn.CrossEntropyLoss()(Value(LOGITS[:2]), classes)
    with pytest.raises(TypeError, match="classes must be whole numbers"):
        nn.CrossEntropyLoss()(Value(LOGITS[0]), Value(1.0))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ([[1, 1, 0], [0, 0, 1]], "one example sums to 2"),
        ([[1.5, -0.5, 0], [0, 0, 1]], "the smallest is -0.5"),
        ([[0, 0, 0], [0, 0, 1]], "one example sums to 0"),
        ([[np.nan, 0, 0], [0, 0, 1]], "one example sums to nan"),
    ],
)
def test_targets_that_are_no_probabilities(target, message):
    with pytest.raises(ValueError, match=message):
        nn.CrossEntropyLoss()(Value(LOGITS[:2]), target)
