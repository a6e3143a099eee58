"""The losses beside PyTorch's: values and gradients, for every reduction, also at the edges."""

import numpy as np
import pytest

from autograd_mini import Value
from autograd_mini.nn import loss_functions as f

torch = pytest.importorskip("torch")
F = torch.nn.functional

RNG = np.random.default_rng(21)
NUMBERS, OTHERS = 2 * RNG.normal(size=(2, 6, 4))
LOGITS = np.array([[-1000.0, 1000.0, 0.0, 3.0], [800.0, 799.0, -5.0, 0.0], *NUMBERS[2:]])
UNIT = np.array([[0.001, 0.999, 1e-6, 1 - 1e-6], *RNG.uniform(size=(5, 4))])
TARGETS = np.array([[0.0, 1.0, 1.0, 0.0], *RNG.uniform(size=(5, 4))])
CLASSES = np.array([0, 3, 1, 2, 0, 0])
SHARES = RNG.dirichlet(np.ones(4), size=6)
CERTAIN = np.eye(4)[CLASSES]

CASES = {
    "mse": (f.mse_loss, F.mse_loss, NUMBERS, OTHERS, {}),
    "l1": (f.l1_loss, F.l1_loss, NUMBERS, np.where(OTHERS > 1, NUMBERS, OTHERS), {}),
    "huber": (f.huber_loss, F.huber_loss, NUMBERS, OTHERS, {}),
    "huber δ": (f.huber_loss, F.huber_loss, LOGITS, OTHERS, {"delta": 0.3}),
    "smooth l1": (f.smooth_l1_loss, F.smooth_l1_loss, NUMBERS, OTHERS, {}),
    "smooth l1 β": (f.smooth_l1_loss, F.smooth_l1_loss, NUMBERS, OTHERS, {"beta": 0.3}),
    "smooth l1 β = 0": (f.smooth_l1_loss, F.smooth_l1_loss, NUMBERS, OTHERS, {"beta": 0}),
    "bce": (f.binary_cross_entropy, F.binary_cross_entropy, UNIT, TARGETS, {}),
    "bce with logits": (
        f.binary_cross_entropy_with_logits,
        F.binary_cross_entropy_with_logits,
        LOGITS,
        TARGETS,
        {},
    ),
    "kl": (f.kl_div, F.kl_div, np.log(SHARES), SHARES[::-1], {}),
    "kl, certain": (f.kl_div, F.kl_div, np.log(SHARES), CERTAIN, {}),
    "kl, log target": (f.kl_div, F.kl_div, np.log(SHARES), np.log(SHARES[::-1]), {"log_target": True}),
    "nll": (f.nll_loss, F.nll_loss, np.log(SHARES), CLASSES, {}),
    "cross-entropy": (f.cross_entropy, F.cross_entropy, LOGITS, CLASSES, {}),
    "cross-entropy, one-hot": (f.cross_entropy, F.cross_entropy, LOGITS, CERTAIN, {}),
    "cross-entropy, shares": (f.cross_entropy, F.cross_entropy, LOGITS, SHARES, {}),
    "cross-entropy, smooth": (f.cross_entropy, F.cross_entropy, LOGITS, CLASSES, {"label_smoothing": 0.2}),
    "cross-entropy, smooth shares": (f.cross_entropy, F.cross_entropy, LOGITS, SHARES, {"label_smoothing": 0.2}),
    "hinge": (
        f.hinge_loss,
        lambda p, y, reduction: {"mean": torch.mean, "sum": torch.sum, "none": lambda e: e}[reduction](
            F.relu(1 - y * p)
        ),
        NUMBERS,
        np.sign(OTHERS),
        {},
    ),
}


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss:UserWarning")
@pytest.mark.parametrize(
    ("case", "reduction"),
    [(case, reduction) for case in CASES for reduction in ("mean", "sum", "none")]
    + [(case, "batchmean") for case in CASES if case.startswith("kl")],
)
def test_values_and_gradients(case, reduction):
    ours, theirs, prediction, target, options = CASES[case]
    p, q = Value(prediction), torch.tensor(prediction, requires_grad=True)
    mine = ours(p, target, reduction=reduction, **options)
    other = theirs(q, torch.tensor(target.copy()), reduction=reduction, **options)
    assert mine.shape == tuple(other.shape)
    np.testing.assert_allclose(mine.data, other.detach().numpy(), rtol=1e-12, atol=1e-12)
    upstream = np.random.default_rng(0).normal(size=mine.shape)
    mine.backward(upstream)
    other.backward(torch.tensor(upstream))
    np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-11, atol=1e-12)


def test_probabilities_at_the_edges():
    """The same clamps, in values and slopes; PyTorch's 1e-12 is a float32, hence the tolerance."""
    edges, target = [0.0, 1.0, 1e-30, 1e-13, 1e-30], [1.0, 0.0, 1.0, 1.0, 0.5]
    p, q = Value(edges), torch.tensor(edges, dtype=torch.float64, requires_grad=True)
    mine = f.binary_cross_entropy(p, target, reduction="none")
    other = F.binary_cross_entropy(q, torch.tensor(target, dtype=torch.float64), reduction="none")
    np.testing.assert_allclose(mine.data, other.detach().numpy(), rtol=1e-12)
    mine.sum().backward()
    other.sum().backward()
    np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-8)


def test_certain_and_right_has_a_slope_here_and_none_in_pytorch():
    """−ln(1 − p) rises with slope 1 at p = 0, y = 0; PyTorch's (p − y)/max(p (1 − p), 1e-12) is 0."""
    p, q = Value([0.0, 1.0]), torch.tensor([0.0, 1.0], requires_grad=True)
    f.binary_cross_entropy(p, [0.0, 1.0], reduction="sum").backward()
    F.binary_cross_entropy(q, torch.tensor([0.0, 1.0]), reduction="sum").backward()
    assert p.grad.tolist() == [1.0, -1.0]
    assert q.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("target", [2, SHARES[0]])
def test_one_example(target):
    p, q = Value(LOGITS[1]), torch.tensor(LOGITS[1], requires_grad=True)
    mine, other = f.cross_entropy(p, target), F.cross_entropy(q, torch.tensor(target))
    mine.backward()
    other.backward()
    assert mine.item() == pytest.approx(other.item(), rel=1e-12)
    np.testing.assert_allclose(p.grad, q.grad.numpy(), atol=1e-14)


def test_where_logits_keep_more_digits_than_pytorchs():
    """PyTorch computes (1 − y) x + ln(1 + e^−x): at x = −40, y = 0 that is −40 + 40."""
    x = torch.tensor([-40.0], dtype=torch.float64)
    assert F.binary_cross_entropy_with_logits(x, torch.zeros(1, dtype=torch.float64)).item() in (0.0, np.exp(-40))
    assert f.binary_cross_entropy_with_logits(Value([-40.0]), [0.0]).item() == pytest.approx(np.exp(-40), rel=1e-14)
