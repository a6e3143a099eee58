"""The losses: values, gradients, stability and refusals."""

import math

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, gradcheck, nn
from autograd_mini.nn import functional as f

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
        loss(reduction="avg")


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss, nn.NLLLoss, nn.BCELoss, nn.BCEWithLogitsLoss])
def test_a_reduction_in_the_place_of_weights(loss):
    with pytest.raises(TypeError, match=r"weight must be numbers, got 'sum'; did you mean reduction='sum'\?"):
        loss("sum")


def test_repr_and_default_reductions():
    assert repr(nn.L2Loss()) == "L2Loss(reduction='sum')"
    assert repr(nn.CrossEntropyLoss()) == "CrossEntropyLoss(ignore_index=-100, label_smoothing=0.0, reduction='mean')"


# -- CrossEntropyLoss ------------------------------------------------------------------------------

LOGITS = RNG.normal(size=(5, 3))
CLASSES = np.array([0, 2, 1, 1, 2])


@pytest.mark.parametrize(
    "target", [CLASSES, np.eye(3)[CLASSES], np.eye(3, dtype=int)[CLASSES]], ids=["classes", "one-hot", "int one-hot"]
)
def test_cross_entropy_values(target):
    each = [cross_entropy(x, t) for x, t in zip(LOGITS, np.eye(3)[CLASSES], strict=True)]
    none = nn.CrossEntropyLoss(reduction="none")(Value(LOGITS), target)
    np.testing.assert_allclose(none.data, each, rtol=1e-13)
    assert nn.CrossEntropyLoss()(Value(LOGITS), target).item() == pytest.approx(math.fsum(each) / 5, rel=1e-13)
    assert nn.CrossEntropyLoss(reduction="sum")(Value(LOGITS), target).item() == pytest.approx(
        math.fsum(each), rel=1e-13
    )


def test_cross_entropy_of_probabilities():
    y = RNG.dirichlet(np.ones(3), size=5)
    each = [cross_entropy(x, t) for x, t in zip(LOGITS, y, strict=True)]
    np.testing.assert_allclose(nn.CrossEntropyLoss(reduction="none")(Value(LOGITS), y).data, each, rtol=1e-13)


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
    loss = nn.CrossEntropyLoss(reduction=reduction)
    assert gradcheck(lambda x: loss(x, target), LOGITS, order=2).ok
    assert gradcheck(lambda x: nn.CrossEntropyLoss()(x, 1), LOGITS[0], order=2).ok


def test_cross_entropy_gradient_is_softmax_minus_target():
    x = Value(LOGITS)
    nn.CrossEntropyLoss(reduction="sum")(x, CLASSES).backward()
    softmax = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(x.grad, softmax - np.eye(3)[CLASSES], rtol=1e-12)


@pytest.mark.parametrize("target", [[0, 1], np.eye(2)])
def test_cross_entropy_is_stable_at_a_thousand(target):
    x = Value([[-1000.0, 1000.0], [1000.0, -1000.0]])
    each = nn.CrossEntropyLoss(reduction="none")(x, target)
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


def test_cross_entropy_prediction_shape():
    with pytest.raises(ShapeError, match=r"expected prediction \(batch, classes, \.\.\.\) or \(classes,\), got \(\)"):
        nn.CrossEntropyLoss()(Value(1.0), 0)


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
    for given in (target, Value(target)):
        with pytest.raises(ValueError, match=message):
            nn.CrossEntropyLoss()(Value(LOGITS[:2]), given)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("target", [CLASSES, np.eye(3)[CLASSES]], ids=["classes", "one-hot"])
def test_label_smoothing(target, smoothing):
    smoothed = (1 - smoothing) * np.eye(3)[CLASSES] + smoothing / 3
    each = [cross_entropy(x, t) for x, t in zip(LOGITS, smoothed, strict=True)]
    loss = nn.CrossEntropyLoss(reduction="none", label_smoothing=smoothing)
    np.testing.assert_allclose(loss(Value(LOGITS), target).data, each, rtol=1e-13)
    assert gradcheck(lambda x: loss(x, target), LOGITS, order=2).ok


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, np.nan])
def test_label_smoothing_range(smoothing):
    for call in (
        lambda: nn.CrossEntropyLoss(label_smoothing=smoothing),
        lambda: f.cross_entropy(Value(LOGITS), CLASSES, label_smoothing=smoothing),
    ):
        with pytest.raises(ValueError, match="label_smoothing must be between 0 and 1, got"):
            call()


def test_nll_is_cross_entropy_after_log_softmax():
    log_p = LOGITS - np.log(np.exp(LOGITS).sum(axis=1, keepdims=True))
    for reduction in ("mean", "sum", "none"):
        np.testing.assert_allclose(
            nn.NLLLoss(reduction=reduction)(Value(log_p), CLASSES).data,
            nn.CrossEntropyLoss(reduction=reduction)(Value(LOGITS), CLASSES).data,
            rtol=1e-13,
        )
    assert nn.NLLLoss()(Value(log_p[0]), 2).item() == -log_p[0, 2]
    assert gradcheck(lambda x: nn.NLLLoss()(x, CLASSES), log_p, order=2).ok
    with pytest.raises(ShapeError, match=r"nll_loss: prediction \(5, 3\) needs a target of classes \(5,\), got"):
        nn.NLLLoss()(Value(log_p), np.eye(3)[CLASSES])
    with pytest.raises(TypeError, match="nll_loss: classes must be whole numbers"):
        nn.NLLLoss()(Value(log_p), CLASSES + 0.5)
    with pytest.raises(ValueError, match=r"nll_loss: target\[1\] is class 3"):
        nn.NLLLoss()(Value(log_p), [0, 3, 1, 1, 1])


def test_nll_reads_whole_logarithms_as_floats():
    for log_p in ([[-2, -1], [-3, -4]], np.array([[-2, -1], [-3, -4]])):
        each = f.nll_loss(log_p, [1, 0], weight=[0.5, 0.25], reduction="none")
        assert each.tolist() == [0.25, 1.5]


# -- the losses of a number, written a second time, one number after another ------------------------

NUMBERS = RNG.normal(size=(4, 3)) * 2
SIGNS = RNG.choice([-1.0, 1.0], size=(4, 3))
UNIT = RNG.uniform(0.05, 0.95, size=(4, 3))
SHARES = RNG.dirichlet(np.full(3, 8.0), size=4)


def huber(d, delta):
    return 0.5 * d * d if abs(d) <= delta else delta * (abs(d) - 0.5 * delta)


LOSSES = {  # name: module, function, prediction, target, the definition
    "mse": (nn.MSELoss, f.mse_loss, NUMBERS, NUMBERS[::-1], lambda p, y: (p - y) ** 2),
    "l1": (nn.L1Loss, f.l1_loss, NUMBERS, NUMBERS[::-1], lambda p, y: abs(p - y)),
    "huber": (nn.HuberLoss, f.huber_loss, NUMBERS, NUMBERS[::-1], lambda p, y: huber(p - y, 1.0)),
    "huber δ": (
        lambda **k: nn.HuberLoss(delta=0.5, **k),
        lambda *a, **k: f.huber_loss(*a, **k, delta=0.5),
        NUMBERS,
        NUMBERS[::-1],
        lambda p, y: huber(p - y, 0.5),
    ),
    "smooth l1": (
        lambda **k: nn.SmoothL1Loss(beta=2.0, **k),
        lambda *a, **k: f.smooth_l1_loss(*a, **k, beta=2.0),
        NUMBERS,
        NUMBERS[::-1],
        lambda p, y: huber(p - y, 2.0) / 2,
    ),
    "smooth l1, β = 0": (
        lambda **k: nn.SmoothL1Loss(beta=0, **k),
        lambda *a, **k: f.smooth_l1_loss(*a, **k, beta=0),
        NUMBERS,
        NUMBERS[::-1],
        lambda p, y: abs(p - y),
    ),
    "hinge": (nn.HingeLoss, f.hinge_loss, NUMBERS, SIGNS, lambda p, y: max(0.0, 1 - y * p)),
    "bce": (
        nn.BCELoss,
        f.binary_cross_entropy,
        UNIT,
        UNIT[::-1],
        lambda p, y: -(y * math.log(p) + (1 - y) * math.log(1 - p)),
    ),
    "bce with logits": (
        nn.BCEWithLogitsLoss,
        f.binary_cross_entropy_with_logits,
        NUMBERS,
        UNIT,
        lambda x, y: -(y * math.log(1 / (1 + math.exp(-x))) + (1 - y) * math.log(1 / (1 + math.exp(x)))),
    ),
    "kl": (nn.KLDivLoss, f.kl_div, np.log(SHARES), SHARES[::-1], lambda x, y: y * (math.log(y) - x)),
    "kl, log target": (
        lambda **k: nn.KLDivLoss(log_target=True, **k),
        lambda *a, **k: f.kl_div(*a, **k, log_target=True),
        np.log(SHARES),
        np.log(SHARES[::-1]),
        lambda x, y: math.exp(y) * (y - x),
    ),
}
every_loss = pytest.mark.parametrize(("module", "function", "prediction", "target", "one"), LOSSES.values(), ids=LOSSES)


@every_loss
def test_values(module, function, prediction, target, one):
    each = [one(p, y) for p, y in zip(prediction.ravel().tolist(), target.ravel().tolist(), strict=True)]
    for make in (lambda **k: module(**k), lambda **k: lambda p, y: function(p, y, **k)):
        assert make()(Value(prediction), target).item() == pytest.approx(math.fsum(each) / 12, rel=1e-12)
        total = make(reduction="sum")(Value(prediction), target)
        assert (total.item(), total.shape) == (pytest.approx(math.fsum(each), rel=1e-12), ())
        none = make(reduction="none")(Value(prediction), target)
        assert none.shape == (4, 3)
        np.testing.assert_allclose(none.data.ravel(), each, rtol=1e-12, atol=1e-15)
        scalar = make()(Value(prediction[0, 0]), target[0, 0])
        assert (scalar.item(), type(scalar.data)) == (pytest.approx(each[0], rel=1e-12), float)
        assert float(make()(prediction, target)) == pytest.approx(math.fsum(each) / 12, rel=1e-12)  # without a graph


@every_loss
def test_gradients(module, function, prediction, target, one):
    def check(loss):
        assert gradcheck(lambda p: loss(p, target), prediction, order=2).ok

    for reduction in ("mean", "sum", "none"):
        check(module(reduction=reduction))
    assert gradcheck(lambda p: module()(p, target[0, 0]), prediction[0, 0]).ok
    if one is not LOSSES["hinge"][4]:  # whose targets are ±1
        assert gradcheck(lambda y: module()(prediction, y), target, order=1).ok


@every_loss
def test_never_broadcast(module, function, prediction, target, one):
    for p, y, hint in (
        (prediction[:, :1], target[:, 0], r"; did you mean target.reshape\(\(4, 1\)\)\?"),
        (prediction, target[:, :1], "differ in shape$"),
        (prediction, target[0, 0], "differ in shape$"),
        (prediction[0, 0], target, "differ in shape$"),
    ):
        with pytest.raises(ShapeError, match=hint):
            module()(Value(p), y)


@every_loss
def test_float32_stays_also_beside_whole_numbers(module, function, prediction, target, one):
    p, y = Value(prediction.astype(np.float32)), target.astype(np.float32)
    assert module()(p, y).dtype == np.float32
    whole = np.ones((4, 3), dtype=int)
    E = module()(p, whole)
    assert E.dtype == np.float32
    E.backward()
    assert p.grad.dtype == np.float32
    assert E.item() == pytest.approx(module()(Value(prediction), whole.astype(float)).item(), rel=1e-5)


@every_loss
def test_reductions(module, function, prediction, target, one):
    with pytest.raises(ValueError, match=r"reduction must be one of sum, mean, none.*, got 'avg'"):
        module(reduction="avg")
    with pytest.raises(ValueError, match=r"reduction must be one of sum, mean, none.*, got 'avg'"):
        function(prediction, target, reduction="avg")


def test_slopes_at_corners():
    corners = [
        (f.l1_loss, [0.0, -1.0, 1.0], [0.0, 0.0, 0.0], [0.0, -1.0, 1.0]),
        (f.huber_loss, [-1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 1.0]),
        (f.hinge_loss, [1.0, 0.5, 2.0], [1.0, 1.0, 1.0], [0.0, -1.0, 0.0]),
    ]
    for loss, prediction, target, slopes in corners:
        p = Value(prediction)
        loss(p, target, reduction="sum").backward()
        assert p.grad.tolist() == slopes


def test_extreme_numbers_are_no_trouble():
    far = Value([1e200, -1e200])
    for loss, slope in ((nn.L1Loss("sum"), 1.0), (nn.HuberLoss("sum", 3.0), 3.0), (nn.SmoothL1Loss("sum", 3.0), 1.0)):
        far.grad = None
        E = loss(far, [0.0, 0.0])
        E.backward()
        assert E.item() == pytest.approx(2e200 * slope)
        assert far.grad == pytest.approx([slope, -slope], rel=1e-15)


def test_logits_at_a_thousand():
    x = Value([-1000.0, 1000.0, -1000.0, 1000.0, 0.0])
    each = nn.BCEWithLogitsLoss(reduction="none")(x, [0.0, 1.0, 1.0, 0.0, 0.5])
    assert each.data.tolist() == [0.0, 0.0, 1000.0, 1000.0, math.log(2)]
    each.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, -1.0, 1.0, 0.0]


def test_logits_keep_their_digits():
    """At x = 40 the loss of a right "yes" is e^−40, which 1 − σ(40) would round to 0."""
    x = Value([40.0, -40.0])
    each = nn.BCEWithLogitsLoss(reduction="none")(x, [1.0, 0.0])
    each.sum().backward()
    np.testing.assert_allclose(each.data, math.exp(-40), rtol=1e-14)
    np.testing.assert_allclose(x.grad, [-math.exp(-40), math.exp(-40)], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_certain_and_wrong(dtype):
    p = Value(np.array([0.0, 1.0, 0.0, 1.0, 1e-30], dtype))
    each = nn.BCELoss(reduction="none")(p, [0.0, 1.0, 1.0, 0.0, 1.0])
    np.testing.assert_allclose(each.data, [0.0, 0.0, 100.0, 100.0, 30 * math.log(10)], rtol=1e-6)
    each.sum().backward()
    np.testing.assert_allclose(p.grad, [1.0, -1.0, -1e12, 1e12, -1e12], rtol=1e-6)


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan, np.inf])
def test_probabilities_are_checked(bad):
    with pytest.raises(ValueError, match="binary_cross_entropy: prediction must be between 0 and 1, got"):
        nn.BCELoss()(Value([0.5, bad]), [0.0, 1.0])
    for loss in (nn.BCELoss(), nn.BCEWithLogitsLoss()):
        with pytest.raises(ValueError, match="target must be between 0 and 1, got"):
            loss(Value([0.5, 0.5]), [0.0, bad])
    with pytest.raises(ValueError, match=r"kl_div: the target must hold probabilities, the smallest is -0\.1"):
        nn.KLDivLoss()(Value([-1.0, -1.0]), [1.1, -0.1])
    with pytest.raises(ValueError, match=r"hinge_loss: targets must be -1 or 1, got 0; did you mean 2 \* target - 1\?"):
        nn.HingeLoss()(Value([1.0, 1.0]), [0, 1])
    with pytest.raises(ValueError, match=r"hinge_loss: targets must be -1 or 1, got 0\.5$"):
        nn.HingeLoss()(Value([1.0, 1.0]), [0.5, 1])


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ([0, 0, 0], r"got 0; did you mean 2 \* target - 1\?$"),
        ([1, 0, 1], r"got 0; did you mean 2 \* target - 1\?$"),
        ([1, 0, 5], "got 0$"),
        ([-1, 1, 0], "got 0$"),
        (0, r"got 0; did you mean 2 \* target - 1\?$"),
    ],
)
def test_a_hint_for_targets_of_0_and_1_alone(target, message):
    for given in (target, Value(target)):
        with pytest.raises(ValueError, match=f"hinge_loss: targets must be -1 or 1, {message}"):
            f.hinge_loss(Value(np.ones(np.shape(target))), given)


@pytest.mark.parametrize("name", ["weight", "pos_weight"])
def test_weights_have_the_precision_of_the_prediction(name):
    """Not the target's: 0.1 in float32 would be off by 1e-9."""
    E = f.binary_cross_entropy_with_logits(Value([0.0]), np.ones(1, np.float32), **{name: [0.1]})
    assert E.item() == pytest.approx(0.1 * math.log(2), rel=1e-15)


def test_kl_of_a_certain_target_and_of_itself():
    y = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    x = Value(np.log(SHARES[:2]))
    each = nn.KLDivLoss("none")(x, y)
    assert each.data[y == 0].tolist() == [0.0, 0.0, 0.0]
    E = nn.KLDivLoss("batchmean")(x, y)
    assert E.item() == pytest.approx(each.data.sum() / 2, rel=1e-15)
    E.backward()
    np.testing.assert_allclose(x.grad, -y / 2)
    assert nn.KLDivLoss("sum")(Value(np.log(SHARES)), SHARES).item() == pytest.approx(0.0, abs=1e-15)
    target = Value(y)
    nn.KLDivLoss("sum")(x, target).backward()
    np.testing.assert_array_equal(target.grad[y == 0], -x.data[y == 0])  # as y ln y counts 0, so does its slope
    with pytest.raises(ShapeError, match="'batchmean' divides by the number of examples, got a single number"):
        nn.KLDivLoss("batchmean")(Value(-1.0), 0.5)
    with pytest.raises(ValueError, match="KLDivLoss: reduction must be one of sum, mean, none, batchmean, got 'avg'"):
        nn.KLDivLoss("avg")


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, "sum", None])
def test_thresholds(bad):
    for make, name in ((nn.HuberLoss, "delta"), (nn.SmoothL1Loss, "beta")):
        with pytest.raises(ValueError, match=f"{make.__name__}: {name} must be a finite number > 0, got"):
            make(**{name: bad})
    with pytest.raises(ValueError, match="HuberLoss: delta must be"):
        nn.HuberLoss(delta=0)


def test_reprs_show_the_options():
    assert repr(nn.MSELoss()) == "MSELoss(reduction='mean')"
    assert repr(nn.HuberLoss(delta=2)) == "HuberLoss(delta=2.0, reduction='mean')"
    assert repr(nn.SmoothL1Loss(reduction="sum")) == "SmoothL1Loss(beta=1.0, reduction='sum')"
    assert repr(nn.KLDivLoss("batchmean")) == "KLDivLoss(log_target=False, reduction='batchmean')"
    assert nn.KLDivLoss().eval().extra_repr() == "log_target=False, reduction='mean'"
