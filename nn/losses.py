"""Measure how wrong a prediction is: one number E, whose gradient trains the network.

In formulas, as in the lecture, y is the target and ŷ the prediction. Every loss is a module with
`loss(prediction, target)`; all but L2Loss are those of `functional`, with their options kept.
"""

from __future__ import annotations

from typing import Any

from autograd_mini.nn import functional as f
from autograd_mini.nn import loss_checks as checks
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import share


class _Loss(Module):
    _more_reductions: tuple[str, ...] = ()

    def __init__(self, reduction: str = "mean") -> None:
        checks.check_reduction(type(self).__name__, reduction, *self._more_reductions)
        self.reduction = reduction

    def extra_repr(self) -> str:
        hidden = ("reduction", "training")
        options = {name: item for name, item in vars(self).items() if name not in hidden and item is not None}
        return ", ".join(f"{name}={item!r}" for name, item in [*options.items(), ("reduction", self.reduction)])


class L2Loss(_Loss):
    """The squared error E = ½ Σ (y − ŷ)², with ∂E/∂ŷ = ŷ − y (lecture 9, "several outputs").

    Args:
        reduction: "sum" over outputs and examples (the lecture's: a batch's updates are summed),
            "mean" over all of them, or "none" for one number per output.

    Shapes:
        prediction, target: any shape, the same for both -> ()

    Raises:
        ShapeError: the shapes differ. They are never broadcast: (n,) against (n, 1) would make n²
            differences.
        ValueError: an unknown reduction.

    >>> from autograd_mini import Value
    >>> prediction = Value([0.5, 0.5])
    >>> E = L2Loss()(prediction, [1.0, 0.0])
    >>> E.backward()
    >>> E.item(), prediction.grad
    (0.25, array([-0.5,  0.5]))
    """

    def __init__(self, reduction: str = "sum") -> None:
        super().__init__(reduction)

    def forward(self, prediction: Any, target: Any) -> Any:
        prediction, target = checks.operands("L2Loss", prediction, target)
        return 0.5 * checks.reduced("L2Loss", (target - prediction) ** 2, self.reduction)


class MSELoss(_Loss):
    """The mean squared error, mean of (y − ŷ)²: see `mse_loss`. "sum" is twice the lecture's L2Loss.

    Args:
        reduction: "mean" over all elements, "sum", or "none" for one number per element.

    Shapes:
        prediction, target: any shape, the same for both -> ()

    >>> from autograd_mini import Value
    >>> MSELoss()(Value([3.0, 1.0]), [1.0, 1.0]).item()
    2.0
    """

    def forward(self, prediction: Any, target: Any) -> Any:
        return f.mse_loss(prediction, target, self.reduction)


class L1Loss(_Loss):
    """The mean absolute error, mean of |y − ŷ|: see `l1_loss`.

    Args:
        reduction: "mean" over all elements, "sum", or "none" for one number per element.

    Shapes:
        prediction, target: any shape, the same for both -> ()

    >>> from autograd_mini import Value
    >>> L1Loss()(Value([3.0, 1.0]), [1.0, 1.0]).item()
    1.0
    """

    def forward(self, prediction: Any, target: Any) -> Any:
        return f.l1_loss(prediction, target, self.reduction)


class HuberLoss(_Loss):
    """½ d² for |d| ≤ δ, else δ (|d| − ½ δ), with d = ŷ − y: see `huber_loss`.

    Args:
        reduction: "mean" over all elements, "sum", or "none" for one number per element.
        delta: δ > 0, from where on the error counts as it is and not squared.

    Shapes:
        prediction, target: any shape, the same for both -> ()

    >>> from autograd_mini import Value
    >>> HuberLoss(delta=2.0)(Value([10.0]), [0.0]).item()
    18.0
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        self.delta = checks.positive("HuberLoss", "delta", delta)
        super().__init__(reduction)

    def forward(self, prediction: Any, target: Any) -> Any:
        return f.huber_loss(prediction, target, self.reduction, self.delta)


class SmoothL1Loss(_Loss):
    """½ d²/β for |d| < β, else |d| − ½ β, with d = ŷ − y: see `smooth_l1_loss`.

    Args:
        reduction: "mean" over all elements, "sum", or "none" for one number per element.
        beta: β ≥ 0; 0 is L1Loss.

    Shapes:
        prediction, target: any shape, the same for both -> ()

    >>> from autograd_mini import Value
    >>> SmoothL1Loss(beta=2.0)(Value([10.0]), [0.0]).item()
    9.0
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        self.beta = 0.0 if beta == 0 else checks.positive("SmoothL1Loss", "beta", beta)
        super().__init__(reduction)

    def forward(self, prediction: Any, target: Any) -> Any:
        return f.smooth_l1_loss(prediction, target, self.reduction, self.beta)


class HingeLoss(_Loss):
    """max(0, 1 − y ŷ), with y = −1 or 1: see `hinge_loss`.

    Args:
        reduction: "mean" over all elements, "sum", or "none" for one number per element.

    Shapes:
        prediction, target: any shape, the same for both -> ()

    >>> from autograd_mini import Value
    >>> HingeLoss()(Value([2.0, 0.5]), [1, -1]).item()
    0.75
    """

    def forward(self, prediction: Any, target: Any) -> Any:
        return f.hinge_loss(prediction, target, self.reduction)


class BCELoss(_Loss):
    """−(y ln p + (1 − y) ln(1 − p)) for predicted probabilities p: see `binary_cross_entropy`.

    Args:
        weight: what to multiply each by; it broadcasts to the prediction's shape.
        reduction: "mean" over all elements, "sum", or "none" for one number per element.

    Shapes:
        prediction, target: any shape, the same for both; numbers in [0, 1] -> ()

    >>> from autograd_mini import Value
    >>> BCELoss()(Value([1.0, 1.0]), [1.0, 0.0]).item()
    50.0
    """

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = checks.numbers_or_none("BCELoss", "weight", weight)

    def forward(self, prediction: Any, target: Any) -> Any:
        return f.binary_cross_entropy(prediction, target, self.weight, self.reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of σ(x), exact at any x: see `binary_cross_entropy_with_logits`.

    Args:
        weight: what to multiply each by; it broadcasts to the prediction's shape.
        reduction: "mean" over all elements, "sum", or "none" for one number per element.
        pos_weight: what to multiply the loss of a "yes" by; it broadcasts too.

    Shapes:
        prediction, target: any shape, the same for both; targets in [0, 1] -> ()

    >>> from autograd_mini import Value
    >>> BCEWithLogitsLoss()(Value([1000.0, 1000.0]), [1, 0]).item()
    500.0
    """

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.weight = checks.numbers_or_none("BCEWithLogitsLoss", "weight", weight)
        self.pos_weight = checks.numbers_or_none("BCEWithLogitsLoss", "pos_weight", pos_weight)

    def forward(self, prediction: Any, target: Any) -> Any:
        return f.binary_cross_entropy_with_logits(prediction, target, self.weight, self.reduction, self.pos_weight)


class KLDivLoss(_Loss):
    """y (ln y − x), x the predicted logarithms of probabilities: see `kl_div`.

    Args:
        reduction: "mean" over all elements, "batchmean" over the examples (the divergence proper),
            "sum", or "none" for one number per element.
        log_target: the target holds logarithms too.

    Shapes:
        prediction, target: any shape, the same for both -> ()

    >>> from autograd_mini import Value
    >>> KLDivLoss("batchmean")(Value([[-2.0, -1.0]]), [[1.0, 0.0]]).item()
    2.0
    """

    _more_reductions = ("batchmean",)

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        self.log_target = log_target
        super().__init__(reduction)

    def forward(self, prediction: Any, target: Any) -> Any:
        return f.kl_div(prediction, target, self.reduction, self.log_target)


class CrossEntropyLoss(_Loss):
    """The surprise at the right class: E = −Σ_k y_k ln softmax(ŷ)_k, with ∂E/∂ŷ = softmax(ŷ) − y.

    The prediction is logits, any numbers: softmax is taken here, through its logarithm, so that
    nothing overflows or rounds to ln 0 (lecture 9, "classification"). See `cross_entropy`.

    Args:
        weight: one for each class, which multiplies its term.
        ignore_index: a class whose examples do not count.
        reduction: "mean" over the examples, "sum", or "none" for one number per example.
        label_smoothing: ε in [0, 1], the part of the target that is spread over all classes.

    Shapes:
        prediction: (batch, classes), (batch, classes, ...) or (classes,)
        target: whole numbers, the classes: (batch,), (batch, ...) or (); or of the prediction's shape:
            one-hot or probabilities that sum to 1.
        -> ()

    Raises:
        ShapeError: the target has neither of those shapes.
        ValueError: a class that does not exist, probabilities that are negative or do not sum to 1,
            an unknown reduction.
        TypeError: classes that are not whole numbers.

    >>> from autograd_mini import Value
    >>> loss = CrossEntropyLoss()
    >>> loss(Value([[1000.0, 0.0], [0.0, 1000.0]]), [0, 0]).item()
    500.0
    >>> loss(Value([0.0, 0.0]), [1, 0]).item()
    0.6931471805599453
    """

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction)
        label_smoothing = share("CrossEntropyLoss", "label_smoothing", label_smoothing)
        self.weight = checks.numbers_or_none("CrossEntropyLoss", "weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, prediction: Any, target: Any) -> Any:
        options = (self.weight, self.ignore_index, self.reduction, self.label_smoothing)
        return f.cross_entropy(prediction, target, *options)


class NLLLoss(_Loss):
    """−x_k, x the predicted logarithms of probabilities, k the right class: see `nll_loss`.

    Args:
        weight: one for each class, which multiplies its term.
        ignore_index: a class whose examples do not count.
        reduction: "mean" over the examples, "sum", or "none" for one number per example.

    Shapes:
        prediction: (batch, classes), (batch, classes, ...) or (classes,)
        target: whole numbers, (batch,), (batch, ...) or () -> ()

    >>> from autograd_mini import Value
    >>> NLLLoss()(Value([[-0.5, -1.0], [-2.0, -0.25]]), [0, 1]).item()
    0.375
    """

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = checks.numbers_or_none("NLLLoss", "weight", weight)
        self.ignore_index = ignore_index

    def forward(self, prediction: Any, target: Any) -> Any:
        return f.nll_loss(prediction, target, self.weight, self.ignore_index, self.reduction)
