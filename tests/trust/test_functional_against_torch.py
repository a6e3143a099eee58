"""nn.functional and the layers beside PyTorch's: numbers, slopes and second slopes, and what is refused.

Every case runs in float64 and float32. A random projection of the gradient is differentiated again,
also with respect to the upstream gradient. What differs on purpose stands in DIFFERENCES, with the
title under which docs/differences.md gives the reason; any other difference fails, and so does a
listed one that is none.
"""

import inspect
import math
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from autograd_mini import Value, nn
from autograd_mini.backprop import gradients
from autograd_mini.nn import functional as F

torch = pytest.importorskip("torch")
TF = torch.nn.functional

DTYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
INF, NAN = math.inf, math.nan

#: (function and options, what differs where): the title of the reason.
DIFFERENCES: dict[tuple[str, str], str] = {
    **{(name, "second at 0.0"): "Second slopes at a corner" for name in ("elu()", "elu(alpha=0.3)", "selu()")},
    ("softplus(beta=3.0, threshold=2.0)", f"second at {2 / 3}"): "Second slopes at a corner",
    **{(name, f"second at {x}"): "Slopes at ±∞" for name in ("gelu()", "silu()", "softsign()") for x in (INF, -INF)},
    **{("softsign()", f"slope at {x}"): "Slopes at ±∞" for x in (INF, -INF)},
    ("gelu(), float32", "value at inf"): "Slopes at ±∞",
    ("the mean of nothing", "second"): "The mean of nothing",
    **{("binary_cross_entropy", f"slope at {x}, {x}"): "Certain probabilities" for x in (0.0, 1.0)},
    **{
        ("binary_cross_entropy", f"second at {p}, {y}"): "Certain probabilities"
        for p in (0.0, 1.0)
        for y in (0.0, 0.5, 1.0)
    },
    # There a slope is 1e12, and PyTorch's 1e-12 a float32.
    **{
        ("binary_cross_entropy, float64", f"slope at {p}, {y}"): "Certain probabilities"
        for p, y in ((0.0, 1.0), (0.0, 0.5), (1.0, 0.0), (1.0, 0.5))
    },
    **{("binary_cross_entropy_with_logits", f"value at -inf, {y}"): "Beside an infinite logit" for y in (0.5, 1.0)},
    **{
        (name, f"{what} at [inf, 0.0, 1.0]"): "Beside an infinite logit"
        for what, names in {
            "value": ["softmax", "log_softmax", "cross_entropy, class 1", "cross_entropy, class 2"],
            "slope": [
                *("log_softmax", "cross_entropy, half", "cross_entropy, smooth"),
                *[f"cross_entropy, {kind} {k}" for kind in ("class", "shares") for k in range(3)],
            ],
        }.items()
        for name in names
    },
    **{
        (loss, "refused here: shapes that broadcast"): "Losses never broadcast"
        for loss in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "kl_div")
    },
    **{
        (loss, "refused here: no probabilities"): "Targets that are no probabilities"
        for loss in ("binary_cross_entropy_with_logits", "kl_div", "cross_entropy")
    },
    ("cross_entropy", "refused there: one-hot whole numbers"): "Shapes and types taken besides",
    ("linear", "refused there: a bias of one output"): "Shapes and types taken besides",
    ("layer_norm", "refused there: one size as a number"): "Shapes and types taken besides",
    ("conv2d", "refused there: more axes"): "Shapes and types taken besides",
    ("avg_pool2d", "refused there: fewer axes"): "Shapes and types taken besides",
    ("linear", "refused there: two precisions"): "Precisions mix",
    ("linear", "refused here: one bias for all"): "One bias for each output",
    ("hardtanh", "refused here: equal bounds"): "An interval has a width",
    ("softmax", "default of axis"): "The axis of a softmax",
    ("Softmax", "default of axis"): "The axis of a softmax",
    ("log_softmax", "default of axis"): "The axis of a softmax",
    ("LogSoftmax", "default of axis"): "The axis of a softmax",
    ("softplus", "default of threshold"): "softplus has no threshold",
    ("Softplus", "default of threshold"): "softplus has no threshold",
}
HERE, OPTIM = "tests/trust/test_functional_against_torch.py", "tests/optim/test_against_torch.py"
TABLE = "tests/trust/test_table_against_torch.py"
#: Title: the test that shows a difference with another subject than one function.
ELSEWHERE = {
    "Names": f"{HERE}::test_parameters_and_their_defaults",
    "Parameters that are not here": f"{HERE}::test_parameters_and_their_defaults",
    "Slopes at nan": f"{HERE}::test_activations_at_special_points",
    "Digits of a loss": f"{HERE}::test_logits_keep_their_digits",
    "Ties": f"{HERE}::test_ties_share",
    "A branch not taken": f"{HERE}::test_a_branch_not_taken_has_no_slope",
    "Whole numbers": f"{HERE}::test_whole_numbers_become_float64",
    "Overflow on the way": f"{TABLE}::test_elementwise_where_numbers_end",
    "The origin": f"{TABLE}::test_elementwise_where_numbers_end",
    "Powers of 0 and to the 0": f"{TABLE}::test_elementwise_where_numbers_end",
    "Determinants of low rank": f"{TABLE}::test_determinants_of_low_rank_have_second_slopes",
    "The cube root": f"{TABLE}::test_elementwise_where_numbers_end",
    "The sign of nan": f"{TABLE}::test_elementwise_where_numbers_end",
    "Momentum": f"{OPTIM}::test_momentum_under_a_schedule",
    "Adagrad": f"{OPTIM}::test_adagrad_of_the_lecture_has_no_eps_and_starts_from_nothing",
    "Weight decay": f"{OPTIM}::test_decay_is_decoupled_where_pytorch_adds_it_to_the_gradient",
    "Clipped norms": f"{OPTIM}::test_clipped_norms_differ_by_pytorchs_millionth",
}


# -- how two computations are compared -------------------------------------------------------------


def close(a, b):
    """Element by element, to the digits of the type; nan equals nan."""
    digits = 1e-10 if b.dtype == np.float64 else 1e-4
    scale = np.abs(b[np.isfinite(b)]).max(initial=1.0)
    return np.isclose(a, b, rtol=digits, atol=digits * scale, equal_nan=True)


def both(ours, theirs, leaves, seed):
    """(what, our numbers, PyTorch's) for the output, all first and all second gradients."""
    rng = np.random.default_rng(seed)
    values, tensors = [v for v, _ in leaves], [t for _, t in leaves]
    z, t = ours(), theirs()
    yield "value", z.data, t.detach().numpy()

    def random_like(number):
        drawn = rng.choice([-1.0, 1.0], size=np.shape(number)) * rng.uniform(0.5, 2.0, size=np.shape(number))
        drawn = np.asarray(drawn, np.asarray(number).dtype)
        return Value(drawn), torch.tensor(drawn, requires_grad=True)

    g, h = random_like(z.data)
    slopes = gradients(z, values, g, create_graph=True)
    torch_slopes = torch.autograd.grad(t, tensors, h, create_graph=True, materialize_grads=True)
    for a, b in zip(slopes, torch_slopes, strict=True):
        yield "slope", getattr(a, "data", a), b.detach().numpy()
    projection, torch_projection = 0.0 * np.sum(g), 0.0 * h.sum()
    for a, b in zip(slopes, torch_slopes, strict=True):
        r, q = random_like(b.detach().numpy())
        projection, torch_projection = projection + np.sum(a * r.data), torch_projection + (b * q.detach()).sum()
    second = gradients(projection, [*values, g])
    torch_second = torch.autograd.grad(torch_projection, [*tensors, h], materialize_grads=True)
    for a, b in zip(second, torch_second, strict=True):
        yield "second", a, b.numpy(force=True)  # zeros may have no memory


def different(ours, theirs, leaves, seed=0, points=None):
    """What differs: {"slope", ...}, or {"slope at 0", ...} where the elements are `points`."""
    found = set()
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for what, a, b in both(ours, theirs, leaves, seed):
            assert np.shape(a) == b.shape, (what, np.shape(a), b.shape)
            assert np.asarray(a).dtype == b.dtype, (what, np.asarray(a).dtype, b.dtype)
            wrong = ~close(np.asarray(a), b)
            if points is None:
                found |= {what} if wrong.any() else set()
            elif b.shape == (len(points),):
                found |= {f"{what} at {points[i]}" for i in np.flatnonzero(wrong)}
    return found


def leaf(array, dtype):
    """A Value and a tensor for floats; whole numbers stay constants, and sizes what they are."""
    if isinstance(array, int | tuple):
        return array, array
    array = np.asarray(array)
    if array.dtype.kind != "f":
        return array, torch.tensor(array)
    return Value(array.astype(dtype)), torch.tensor(array.astype(dtype), requires_grad=True)


def constant(array, dtype):
    array = np.asarray(array)
    array = array.astype(dtype) if array.dtype.kind == "f" else array
    return array, torch.tensor(array)


def call_both(name, inputs, options, dtype, view=lambda x: x, leaves=9, **more):
    """Run nn.functional's and PyTorch's function of that name on the same numbers; the first inputs are leaves."""
    pairs = [(leaf if i < leaves else constant)(x, dtype) for i, x in enumerate(inputs)]
    arrays = {k: constant(x, dtype) for k, x in options.items() if isinstance(x, np.ndarray)}
    here = options | {k: pair[0] for k, pair in arrays.items()}
    there = {"dim" if k == "axis" else k: x for k, x in options.items()} | {k: pair[1] for k, pair in arrays.items()}
    return different(
        lambda: getattr(F, name)(view(pairs[0][0]), *[v for v, _ in pairs[1:]], **here),
        lambda: getattr(TF, name)(view(pairs[0][1]), *[t for _, t in pairs[1:]], **there),
        [pair for pair in pairs if type(pair[0]) is Value],
        **more,
    )


def expected(name, dtype):
    cases = {case for function, case in DIFFERENCES if function in (name, f"{name}, {dtype}")}
    return {case for case in cases if case.startswith(("value", "slope", "second"))}


def label(item):
    """What a case is called: its function, and its options."""
    if isinstance(item, dict):
        return ", ".join(f"{k}={'…' if isinstance(v, np.ndarray) else v}" for k, v in item.items())
    return item if isinstance(item, str) else None


# -- activations: any shape, any layout, and where floats end --------------------------------------

ACTIVATIONS = [
    ("relu", {}),
    ("relu6", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("leaky_relu", {"negative_slope": -0.5}),
    ("elu", {}),
    ("elu", {"alpha": 0.3}),
    ("selu", {}),
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
    ("silu", {}),
    ("sigmoid", {}),
    ("tanh", {}),
    ("softsign", {}),
    ("softplus", {"threshold": 20}),
    ("softplus", {"beta": 3.0, "threshold": 2.0}),
    ("softplus", {"beta": 0.5, "threshold": 50}),
    ("logsigmoid", {}),
    ("hardtanh", {}),
    ("hardtanh", {"min_val": -0.5, "max_val": 2.0}),
]
ALONG = [(name, {"axis": axis}) for name in ("softmax", "log_softmax") for axis in (0, -1, 1, -2)]
SHAPES = [(), (0,), (1,), (5,), (1, 1), (3, 0, 2), (1, 4), (4, 1), (4, 6), (2, 3, 4)]
VIEWS = {
    "as it is": lambda x: x,
    "transposed": lambda x: x.swapaxes(0, -1) if x.ndim else x,
    "every other": lambda x: x[..., ::2] if x.ndim else x,
    "broadcast": lambda x: (torch.broadcast_to if isinstance(x, torch.Tensor) else np.broadcast_to)(x, (2, *x.shape)),
}
POINTS = [0.0, -1.0, 1.0, 6.0, -0.5, 2.0, 2 / 3, 1e-30, -1e-30, -30.0, 30.0, -1e3, 1e3, -INF, INF, NAN]


@DTYPES
@pytest.mark.parametrize(("name", "options"), ACTIVATIONS + ALONG, ids=label)
def test_activations_of_any_shape(name, options, dtype):
    rng = np.random.default_rng(3)
    for shape in SHAPES:
        for how, view in VIEWS.items():
            x = 3 * rng.normal(size=shape)
            axis = options.get("axis", -1)
            if not -max(x.ndim, 1) <= axis < max(x.ndim, 1) or (how == "broadcast" and axis >= x.ndim):
                continue
            assert call_both(name, [x], options, dtype, view) == set(), (shape, how)


@DTYPES
@pytest.mark.parametrize(("name", "options"), ACTIVATIONS, ids=label)
def test_activations_at_special_points(name, options, dtype):
    found = call_both(name, [POINTS], options, dtype, points=POINTS)
    assert found - {"slope at nan", "second at nan"} == expected(f"{name}({label(options)})", dtype)
    assert "value at nan" not in found


# -- losses ----------------------------------------------------------------------------------------

RNG = np.random.default_rng(21)
NUMBERS = [2 * RNG.normal(size=(6, 4)) for _ in range(2)]
ONE = [RNG.normal(size=()) for _ in range(2)]
EMPTY = [np.zeros((0, 3))] * 2
UNIT = [RNG.uniform(0.05, 0.95, size=(6, 4)) for _ in range(2)]
LOGITS, CLASSES = 3 * RNG.normal(size=(6, 4)), np.array([0, 3, 1, 2, 0, -100])
SHARES = [RNG.dirichlet(np.ones(4), size=6) for _ in range(2)]
DEEP, DEEP_CLASSES = RNG.normal(size=(2, 4, 3, 2)), RNG.integers(0, 4, size=(2, 3, 2))
DEEP_SHARES = np.moveaxis(RNG.dirichlet(np.ones(4), size=(2, 3, 2)), -1, 1)
EACH, OF_CLASS = RNG.uniform(0.1, 3.0, size=(6, 4)), RNG.uniform(0.1, 3.0, size=4)

LOSSES = [
    *[(loss, x, {}) for loss in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss") for x in (NUMBERS, ONE, EMPTY)],
    *[(loss, NUMBERS, {"weight": EACH}) for loss in ("mse_loss", "l1_loss", "huber_loss")],
    ("huber_loss", NUMBERS, {"delta": 0.3}),
    ("huber_loss", NUMBERS, {"delta": 3}),
    ("smooth_l1_loss", NUMBERS, {"beta": 0.3}),
    ("smooth_l1_loss", NUMBERS, {"beta": 0}),
    *[("binary_cross_entropy", x, {}) for x in (UNIT, [np.array(0.3), np.array(0.9)], EMPTY)],
    ("binary_cross_entropy", [UNIT[0], np.array(UNIT[1] > 0.5, float)], {}),
    ("binary_cross_entropy", UNIT, {"weight": EACH}),
    ("binary_cross_entropy", UNIT, {"weight": OF_CLASS}),
    *[("binary_cross_entropy_with_logits", x, {}) for x in ([LOGITS, UNIT[1]], [ONE[0], np.array(0.9)], EMPTY)],
    *[
        ("binary_cross_entropy_with_logits", [LOGITS, UNIT[1]], options)
        for options in (
            {"weight": EACH},
            {"weight": EACH[:, :1]},
            {"pos_weight": OF_CLASS},
            {"pos_weight": OF_CLASS, "weight": np.array(2.0)},
        )
    ],
    *[("kl_div", x, {}) for x in ([np.log(SHARES[0]), SHARES[1]], [np.array(-0.3), np.array(0.9)], EMPTY)],
    ("kl_div", [np.log(SHARES[0]), np.log(SHARES[1])], {"log_target": True}),
    *[
        (loss, x, options)
        for loss in ("cross_entropy", "nll_loss")
        for x in (
            [LOGITS, CLASSES],
            [LOGITS[0], np.array(1)],
            [DEEP, DEEP_CLASSES],
            [DEEP[..., 0], DEEP_CLASSES[..., 0]],
        )
        for options in ({}, {"weight": OF_CLASS}, {"ignore_index": 2}, {"weight": OF_CLASS, "ignore_index": 0})
        if not (CLASSES is x[1] and options.get("ignore_index") is not None)  # it has a -100 of its own
    ],
    *[(loss, [LOGITS[:, :1], np.zeros(6, int)], {}) for loss in ("cross_entropy", "nll_loss")],
    *[
        ("cross_entropy", [x, y], {"label_smoothing": 0.2} | options)
        for x, y in ((LOGITS, CLASSES), (LOGITS, SHARES[0]), (DEEP, DEEP_CLASSES), (DEEP, DEEP_SHARES))
        for options in ({}, {"weight": OF_CLASS})
    ],
    *[
        ("cross_entropy", x, options)
        for x in ([LOGITS, SHARES[0]], [LOGITS[0], SHARES[0][0]], [DEEP, DEEP_SHARES])
        for options in ({}, {"weight": OF_CLASS})
    ],
]


def other_order(x):
    """The same numbers in another order in memory; PyTorch's nll_loss refuses that in its backward pass."""
    back = tuple(range(x.ndim))[::-1]
    return x if isinstance(x, torch.Tensor) else np.transpose(1.0 * np.transpose(x, back), back)


@DTYPES
@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "batchmean"])
@pytest.mark.parametrize(("name", "inputs", "options"), LOSSES, ids=label)
def test_losses(name, inputs, options, reduction, dtype):
    if reduction == "batchmean" and (name != "kl_div" or not inputs[0].size > 1):
        return
    for view in (lambda x: x, other_order):
        assert call_both(name, inputs, options | {"reduction": reduction}, dtype, view) == set()


NOTHING = [
    ("kl_div", EMPTY, {"reduction": "batchmean"}),
    *[
        (loss, x, options)
        for loss in ("cross_entropy", "nll_loss")
        for x in (
            [np.zeros((0, 3)), np.zeros(0, int)],
            [LOGITS[:, :3], np.full(6, -100)],
            [LOGITS[0, :3], np.array(-100)],
        )
        for options in ({"reduction": "mean"}, {"reduction": "mean", "weight": OF_CLASS[:3]})
    ],
]


@DTYPES
@pytest.mark.parametrize(("name", "inputs", "options"), NOTHING, ids=label)
def test_the_mean_of_nothing(name, inputs, options, dtype):
    assert call_both(name, inputs, options, dtype) == expected("the mean of nothing", dtype)
    assert call_both(name, inputs, options | {"reduction": "sum"}, dtype) == set()
    assert call_both(name, inputs, options | {"reduction": "none"}, dtype) == set()


SPECIAL = [0.0, 1.0, -1.0, 0.5, 1e3, -1e3, INF, -INF]
AT = [  # the prediction's points, and the target's that each of them meets
    *[(loss, SPECIAL, [0.0, 1.0], {}) for loss in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss")],
    ("huber_loss", SPECIAL, [0.0, 1.0], {"delta": 0.5}),
    ("smooth_l1_loss", SPECIAL, [0.0, 1.0], {"beta": 0.5}),
    ("smooth_l1_loss", SPECIAL, [0.0, 1.0], {"beta": 0}),
    ("binary_cross_entropy", [0.0, 1.0, 0.5, 0.125], [0.0, 1.0, 0.5], {}),
    ("binary_cross_entropy_with_logits", [0.0, 30.0, -30.0, 1e3, -1e3, INF, -INF], [0.0, 1.0, 0.5], {}),
    ("kl_div", [0.0, -1.0, -1e3, -INF], [0.0, 1.0, 0.5], {}),
    ("kl_div", [0.0, -1.0, -1e3, -INF], [0.0, -1.0, -1e3, -INF], {"log_target": True}),
]


@DTYPES
@pytest.mark.parametrize(("name", "points", "targets", "options"), AT, ids=label)
def test_losses_at_special_points(name, points, targets, options, dtype):
    found = set()
    for x in points:
        for y in targets:
            options = options | {"reduction": "none"}
            found |= {f"{what} at {x}, {y}" for what in call_both(name, [[x], [y]], options, dtype, leaves=1)}
    assert found == expected(f"{name}", dtype)


ROWS = [[0.0, 1.0, -INF], [INF, 0.0, 1.0], [NAN, 0.0, 1.0], [1e3, -1e3, 0.0], [-INF, -INF, -INF], [800.0, 799.0, 799.0]]
OF_ROWS = {
    **{name: ({}, []) for name in ("softmax", "log_softmax")},
    **{f"{name}, class {k}": ({}, [np.array(k)]) for name in ("cross_entropy", "nll_loss") for k in range(3)},
    **{f"cross_entropy, shares {k}": ({}, [np.eye(3)[k]]) for k in range(3)},
    "cross_entropy, half": ({}, [np.array([0.5, 0.5, 0.0])]),
    "cross_entropy, smooth": ({"label_smoothing": 0.1}, [np.array(0)]),
}


@DTYPES
@pytest.mark.parametrize("case", OF_ROWS)
def test_rows_with_special_points(case, dtype):
    found, (options, target) = set(), OF_ROWS[case]
    name = case.split(",")[0]
    options = options if target else {"axis": -1}
    for row in ROWS:
        found |= {f"{what} at {row}" for what in call_both(name, [row, *target], options, dtype, leaves=1)}
    assert found == expected(case, dtype)


# -- functions with weights ------------------------------------------------------------------------

X, W = RNG.normal(size=(4, 3)), RNG.normal(size=(5, 3))
PICTURE, KERNEL = RNG.normal(size=(2, 3, 5, 6)), RNG.normal(size=(4, 3, 3, 2))
ROWS_OF_ONE, ONES = RNG.normal(size=(1, 1)), RNG.normal(size=(1, 1))

WITH_WEIGHTS = [
    *[("linear", [x, W, RNG.normal(size=5)], {}) for x in (X, X[0], X[:0], RNG.normal(size=(2, 1, 4, 3)))],
    ("linear", [X, W], {}),
    ("linear", [X, W[0]], {}),
    ("linear", [X[0], W[0]], {}),
    ("linear", [ROWS_OF_ONE, ONES, np.array([2.0])], {}),
    ("linear", [np.zeros((4, 0)), np.zeros((5, 0)), RNG.normal(size=5)], {}),
    ("layer_norm", [X, (3,)], {}),
    ("layer_norm", [X, (4, 3), RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))], {"eps": 0.1}),
    ("layer_norm", [X, (3,), RNG.normal(size=3)], {}),
    ("layer_norm", [X, (3,), RNG.normal(size=3), RNG.normal(size=3)], {"eps": 1e-3}),
    ("layer_norm", [X[:0], (3,), RNG.normal(size=3), RNG.normal(size=3)], {}),
    ("layer_norm", [X[:, :1], (1,)], {}),
    ("layer_norm", [np.ones((2, 3)), (3,)], {}),
    ("layer_norm", [1e3 * X, (3,)], {}),
    *[
        ("embedding", [np.array(indices, int), W], {"padding_idx": padding_idx})
        for indices in ([[1, 1, 4], [0, 3, 1]], 2, [1])
        for padding_idx in (None, 1, -4)
    ],
    ("conv2d", [PICTURE, KERNEL, RNG.normal(size=4)], {}),
    ("conv2d", [PICTURE, KERNEL], {"stride": 2, "padding": 1}),
    ("conv2d", [PICTURE, KERNEL, RNG.normal(size=4)], {"stride": (1, 3), "padding": (0, 2)}),
    ("conv2d", [PICTURE[0], KERNEL, RNG.normal(size=4)], {}),
    ("conv2d", [PICTURE[:1], KERNEL[:1]], {}),
    ("conv2d", [PICTURE[:0], KERNEL, RNG.normal(size=4)], {"padding": 1}),
    *[
        (pool, [x, kernel], options)
        for pool in ("max_pool2d", "avg_pool2d")
        for x in (PICTURE, PICTURE[0], PICTURE[:1], PICTURE[:0])
        for kernel, options in ((2, {}), ((3, 2), {"stride": (2, 1)}), (3, {"stride": 2, "padding": 1}), (1, {}))
    ],
]


@DTYPES
@pytest.mark.parametrize(("name", "inputs", "options"), WITH_WEIGHTS, ids=label)
def test_functions_with_weights(name, inputs, options, dtype):
    assert call_both(name, inputs, options, dtype) == set()


def random_calls(rng):
    """One call of each kind, of any sizes, also 0 and 1."""
    lead = tuple(rng.integers(0, 4, size=rng.integers(0, 3)).tolist())
    n, k, batch = (int(m) for m in rng.integers(1, 5, size=3))
    tail = tuple(rng.integers(1, 4, size=rng.integers(1, 3)).tolist())
    x, deep = rng.normal(size=(*lead, n)), rng.normal(size=(batch, n, *lead))
    window = [int(m) for m in rng.integers(1, 4, size=2)]
    stride, margin = [int(m) for m in rng.integers(1, 4, size=2)], [int(rng.integers(0, m // 2 + 1)) for m in window]
    picture = rng.normal(size=(batch, k, *[m + int(rng.integers(0, 4)) for m in window]))
    moves = {"stride": tuple(stride), "padding": tuple(margin)}
    yield "linear", [x, rng.normal(size=(k, n)), rng.normal(size=k)], {}
    yield "layer_norm", [rng.normal(size=lead + tail), tail, rng.normal(size=tail), rng.normal(size=tail)], {}
    yield "embedding", [rng.integers(0, k, size=(1, *tail)), rng.normal(size=(k, n))], {"padding_idx": -1}
    yield "conv2d", [picture, rng.normal(size=(n, k, *window)), rng.normal(size=n)], moves
    yield "max_pool2d", [picture, tuple(window)], moves
    yield "avg_pool2d", [picture, tuple(window)], moves
    for name in ("softmax", "log_softmax"):
        yield name, [x, int(rng.integers(-x.ndim, x.ndim))], {}
    for name in ("cross_entropy", "nll_loss"):
        yield name, [deep, rng.integers(0, n, size=(batch, *lead))], {"weight": rng.uniform(size=n), "reduction": "sum"}
    for name in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"):
        yield name, [deep, rng.normal(size=deep.shape)], {"reduction": str(rng.choice(["sum", "none"]))}


@DTYPES
@pytest.mark.parametrize("seed", range(25))
def test_random_sizes(seed, dtype):
    for name, inputs, options in random_calls(np.random.default_rng(seed)):
        assert call_both(name, inputs, options, dtype) == set(), (name, [np.shape(x) for x in inputs], options)


def test_embedding_of_nothing():
    """PyTorch's own second derivative fails there."""
    z = F.embedding(np.zeros((0, 2), int), Value(W))
    assert z.shape == tuple(TF.embedding(torch.zeros((0, 2), dtype=int), torch.tensor(W)).shape)
    np.testing.assert_array_equal(gradients(z, [z.inputs[0]], np.zeros((0, 2, 3)))[0], 0 * W)


# -- layers, with PyTorch's state ------------------------------------------------------------------

LAYERS = [
    (nn.Linear, torch.nn.Linear, (3, 5), {}, [(4, 3), (3,), (1, 3), (0, 3), (2, 1, 4, 3)]),
    (nn.Linear, torch.nn.Linear, (1, 1), {"bias": False}, [(4, 1), (1,)]),
    (nn.Conv2d, torch.nn.Conv2d, (2, 3, 3), {}, [(2, 2, 5, 6), (2, 5, 6), (1, 2, 3, 3), (0, 2, 5, 6)]),
    (nn.Conv2d, torch.nn.Conv2d, (2, 3, (3, 2), (2, 1), (1, 0)), {"bias": False}, [(2, 2, 5, 6), (2, 1, 2)]),
    (nn.Conv2d, torch.nn.Conv2d, (1, 1, 1, 2), {}, [(2, 1, 5, 6), (1, 1, 1, 1)]),
    (nn.MaxPool2d, torch.nn.MaxPool2d, (2,), {}, [(2, 3, 5, 6), (3, 4, 5), (1, 1, 2, 2), (0, 3, 4, 4)]),
    (nn.MaxPool2d, torch.nn.MaxPool2d, (3, 2, 1), {}, [(2, 3, 5, 6), (3, 1, 1)]),
    (nn.AvgPool2d, torch.nn.AvgPool2d, (2,), {}, [(2, 3, 5, 6), (3, 4, 5), (1, 1, 2, 2), (0, 3, 4, 4)]),
    (nn.AvgPool2d, torch.nn.AvgPool2d, ((2, 3), 2, 1), {}, [(2, 3, 5, 6), (3, 4, 5)]),
    (nn.BatchNorm1d, torch.nn.BatchNorm1d, (3,), {}, [(4, 3), (2, 3), (4, 3, 2), (1, 3, 5), (0, 3)]),
    (nn.BatchNorm1d, torch.nn.BatchNorm1d, (3,), {"eps": 0.1, "affine": False}, [(4, 3), (1, 3, 2)]),
    (nn.LayerNorm, torch.nn.LayerNorm, (3,), {}, [(4, 3), (3,), (1, 3), (0, 3), (2, 1, 4, 3)]),
    (nn.LayerNorm, torch.nn.LayerNorm, ((2, 3),), {"eps": 0.1}, [(4, 2, 3), (2, 3), (0, 2, 3)]),
    (nn.LayerNorm, torch.nn.LayerNorm, (3,), {"bias": False}, [(4, 3)]),
    (nn.LayerNorm, torch.nn.LayerNorm, (3,), {"elementwise_affine": False}, [(4, 3)]),
    (nn.Flatten, torch.nn.Flatten, (), {}, [(2, 3, 4), (1, 3), (0, 3, 4)]),
    (nn.RNNCell, torch.nn.RNNCell, (3, 4), {}, [(2, 3), (3,), (1, 3), (0, 3)]),
    (nn.RNNCell, torch.nn.RNNCell, (3, 4), {"nonlinearity": "relu", "bias": False}, [(2, 3), (3,)]),
    (nn.GRUCell, torch.nn.GRUCell, (3, 4), {}, [(2, 3), (3,), (1, 3), (0, 3)]),
    (nn.GRUCell, torch.nn.GRUCell, (3, 4), {"bias": False}, [(2, 3), (3,)]),
]


@DTYPES
@pytest.mark.parametrize(("ours", "theirs", "sizes", "options", "shapes"), LAYERS, ids=label)
def test_layers(ours, theirs, sizes, options, shapes, dtype):
    rng = np.random.default_rng(5)
    torch.manual_seed(5)
    for shape in shapes:
        one, other = ours(*sizes, **options), theirs(*sizes, **options).to(getattr(torch, dtype))
        if "dtype" in inspect.signature(ours).parameters:
            one = ours(*sizes, **options, dtype=dtype)
        assert set(one.state_dict()) == set(other.state_dict())
        one.load_state_dict(other.state_dict())
        inputs = [leaf(rng.normal(size=shape), dtype)]
        if hasattr(one, "hidden_size"):  # a cell also takes a state
            inputs.append(leaf(rng.normal(size=(*shape[:-1], one.hidden_size)), dtype))
        assert list(dict(one.named_parameters())) == list(dict(other.named_parameters()))
        assert layers_differ(one, other, inputs) == set(), shape
        if len(inputs) == 2:
            assert layers_differ(one, other, inputs[:1]) == set(), shape


def layers_differ(one, other, inputs):
    names = dict(other.named_parameters())
    leaves = inputs + [(p, names[name]) for name, p in one.named_parameters()]
    return different(lambda: one(*[v for v, _ in inputs]), lambda: other(*[t for _, t in inputs]), leaves)


@DTYPES
@pytest.mark.parametrize("padding_idx", [None, 0, -2])
@pytest.mark.parametrize("indices", [np.array([[1, 1, 4], [0, 3, 1]]), np.array(3), np.array([[2]])], ids=label)
def test_embedding_layers(indices, padding_idx, dtype):
    one, other = nn.Embedding(5, 3, padding_idx, dtype=dtype), torch.nn.Embedding(5, 3, padding_idx)
    if padding_idx is not None:
        assert one.weight.data[padding_idx].tolist() == other.weight[padding_idx].tolist() == [0, 0, 0]
    other = other.to(getattr(torch, dtype))
    one.load_state_dict(other.state_dict())
    leaves = [(one.weight, other.weight)]
    assert different(lambda: one(indices), lambda: other(torch.tensor(indices)), leaves) == set()


# -- losses as modules, with their options ---------------------------------------------------------

LOSS_MODULES = [
    *[(loss, NUMBERS, {}) for loss in ("MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss")],
    ("HuberLoss", NUMBERS, {"delta": 0.3}),
    ("SmoothL1Loss", NUMBERS, {"beta": 0.3}),
    ("BCELoss", UNIT, {"weight": OF_CLASS}),
    ("BCEWithLogitsLoss", [LOGITS, UNIT[1]], {"weight": EACH, "pos_weight": OF_CLASS}),
    ("KLDivLoss", [np.log(SHARES[0]), SHARES[1]], {}),
    ("KLDivLoss", [np.log(SHARES[0]), np.log(SHARES[1])], {"log_target": True}),
    ("CrossEntropyLoss", [LOGITS, CLASSES], {"weight": OF_CLASS, "label_smoothing": 0.3}),
    ("CrossEntropyLoss", [DEEP, DEEP_CLASSES], {"ignore_index": 1}),
    ("NLLLoss", [LOGITS, CLASSES], {"weight": OF_CLASS}),
    ("NLLLoss", [DEEP, DEEP_CLASSES], {"ignore_index": 1}),
]


@DTYPES
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("name", "inputs", "options"), LOSS_MODULES, ids=label)
def test_loss_modules(name, inputs, options, reduction, dtype):
    pairs = [leaf(x, dtype) for x in inputs]
    arrays = {k: constant(x, dtype) for k, x in options.items() if isinstance(x, np.ndarray)}
    one = getattr(nn, name)(**options | {k: pair[0] for k, pair in arrays.items()}, reduction=reduction)
    other = getattr(torch.nn, name)(**options | {k: pair[1] for k, pair in arrays.items()}, reduction=reduction)
    leaves = [pair for pair in pairs if type(pair[0]) is Value]
    assert different(lambda: one(*[v for v, _ in pairs]), lambda: other(*[t for _, t in pairs]), leaves) == set()


# -- differences that are no function's own --------------------------------------------------------


def slopes(x, ours, theirs):
    value, tensor = Value(x), torch.tensor(x, dtype=torch.float64, requires_grad=True)
    ours(value).sum().backward()
    theirs(tensor).sum().backward()
    return value.grad.tolist(), tensor.grad.tolist()


def test_ties_share():
    assert slopes([2.0, 2.0], lambda x: x.max(0), lambda x: x.max(0)[0]) == ([0.5, 0.5], [1, 0])
    here, there = slopes([[[2.0, 2.0], [2.0, 2.0]]], lambda x: F.max_pool2d(x, 2), lambda x: TF.max_pool2d(x, 2))
    assert (here, there) == ([[[0.25, 0.25], [0.25, 0.25]]], [[[1, 0], [0, 0]]])


def test_a_branch_not_taken_has_no_slope():
    with np.errstate(divide="ignore"):
        here, there = slopes(
            [0.0, 2.0], lambda x: np.where(x > 0, np.log(x), 0.0), lambda x: torch.where(x > 0, torch.log(x), 0.0)
        )
    assert here == [0, 0.5]
    assert math.isnan(there[0])


def test_whole_numbers_become_float64():
    assert F.relu(np.array([1, 2])).dtype == np.mean(Value([1, 2])).dtype == np.float64
    assert TF.relu(torch.tensor([1, 2])).dtype == torch.int64


def test_logits_keep_their_digits():
    """PyTorch computes (1 − y) x + ln(1 + e^−x): at x = −40, y = 0 that is −40 + 40."""
    x = torch.tensor([-40.0], dtype=torch.float64)
    assert TF.binary_cross_entropy_with_logits(x, torch.zeros(1, dtype=torch.float64)).item() in (0.0, math.exp(-40))
    assert F.binary_cross_entropy_with_logits(Value([-40.0]), [0.0]).item() == pytest.approx(math.exp(-40), rel=1e-14)


# -- what is refused -------------------------------------------------------------------------------

P, C = np.full((4, 3), 0.5), np.array([0, 1, 2, 0])
BOTH = "refused by both"

REFUSALS = [  # function, arguments, options, who refuses what, and what our message says
    ("linear", [X, W[:, :2]], {}, BOTH, r"linear: expected x .* got x \(4, 3\), weight \(5, 2\)"),
    ("linear", [np.array(1.0), W], {}, BOTH, r"got x \(\)"),
    ("linear", [X, W, np.ones(4)], {}, BOTH, r"needs a bias \(5,\), got \(4,\)"),
    ("linear", [X, W, np.ones(1)], {}, "refused here: one bias for all", r"needs a bias \(5,\), got \(1,\)"),
    ("linear", [X, W[0], np.array(0.5)], {}, "refused there: a bias of one output", None),
    ("linear", [X.astype("float32"), W], {}, "refused there: two precisions", None),
    ("layer_norm", [X, (4,)], {}, BOTH, r"expected x \(\.\.\., 4\), got \(4, 3\)"),
    ("layer_norm", [X, ()], {}, BOTH, r"got \(4, 3\)"),
    ("layer_norm", [X, (3,), np.ones(1)], {}, BOTH, r"expected weight \(3,\), got \(1,\)"),
    ("layer_norm", [X, (3,), None, np.ones((4, 3))], {}, BOTH, r"expected bias \(3,\), got \(4, 3\)"),
    ("layer_norm", [X, 3], {}, "refused there: one size as a number", None),
    ("embedding", [np.array([0, 5]), W], {}, BOTH, r"indices\[1\] is 5; with 5 rows they must be 0 to 4"),
    ("embedding", [np.array([-1]), W], {}, BOTH, r"indices\[0\] is -1"),
    ("embedding", [np.array([0.0]), W], {}, BOTH, r"whole numbers, got float64; use indices.astype\(int\)"),
    ("embedding", [np.array([0]), W[0]], {}, BOTH, r"expected weight \(words, features\), got \(3,\)"),
    ("embedding", [np.array([0]), W], {"padding_idx": 5}, BOTH, "padding_idx is 5, but there are 5 rows"),
    ("conv2d", [PICTURE, KERNEL[:, :2]], {}, BOTH, r"got x \(2, 3, 5, 6\), weight \(4, 2, 3, 2\)"),
    ("conv2d", [PICTURE, KERNEL, np.ones(3)], {}, BOTH, r"needs a bias \(4,\), got \(3,\)"),
    ("conv2d", [PICTURE[:, :, :2], KERNEL], {}, BOTH, r"at least \(3, 2\), the kernel, got \(2, 3, 2, 6\)"),
    ("conv2d", [PICTURE, KERNEL], {"stride": 0}, BOTH, "stride must be a positive whole number, got 0"),
    ("conv2d", [PICTURE, KERNEL], {"padding": -1}, BOTH, "padding must be a whole number ≥ 0, got -1"),
    ("conv2d", [PICTURE[None], KERNEL], {}, "refused there: more axes", None),
    ("max_pool2d", [PICTURE, 7], {}, BOTH, r"at least \(7, 7\), the kernel, got \(2, 3, 5, 6\), padding \(0, 0\)"),
    ("avg_pool2d", [PICTURE, 3, 1, 2], {}, BOTH, r"padding may be at most half the kernel \(3, 3\), got \(2, 2\)"),
    ("avg_pool2d", [PICTURE[0, 0, 0], 2], {}, BOTH, r"expected a picture \(\.\.\., H, W\) .* got \(6,\)"),
    ("avg_pool2d", [PICTURE[0, 0], 2], {}, "refused there: fewer axes", None),
    ("gelu", [X], {"approximate": "erf"}, BOTH, "approximate must be 'none' or 'tanh', got 'erf'"),
    ("hardtanh", [X, 2.0, 1.0], {}, BOTH, "min_val must be less than max_val, got 2.0 and 1.0"),
    ("hardtanh", [X, 1.0, 1.0], {}, "refused here: equal bounds", "min_val must be less than max_val, got 1.0 and 1.0"),
    ("dropout", [X, 1.5], {}, BOTH, "p must be between 0 and 1, got 1.5"),
    ("softmax", [X, 2], {}, BOTH, "axis 2 is out of bounds for array of dimension 2"),
    ("log_softmax", [X, -3], {}, BOTH, "axis -3 is out of bounds for array of dimension 2"),
    *[
        (
            loss,
            [P, y],
            {},
            "refused here: shapes that broadcast",
            rf"prediction \(4, 3\) and target {re.escape(str(y.shape))} differ in shape",
        )
        for loss in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "kl_div")
        for y in (P[0], P[:, :1])
    ],
    *[
        (loss, [P, P[0]], {}, BOTH, r"prediction \(4, 3\) and target \(3,\) differ in shape")
        for loss in ("binary_cross_entropy", "binary_cross_entropy_with_logits")
    ],
    *[
        (loss, [P, P[:2]], {}, BOTH, r"prediction \(4, 3\) and target \(2, 3\) differ in shape")
        for loss in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "kl_div", "binary_cross_entropy")
    ],
    *[
        (loss, [P, P], {"reduction": "avg"}, BOTH, "reduction must be one of sum, mean, none.*, got 'avg'")
        for loss in (
            *("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "kl_div"),
            *("binary_cross_entropy", "binary_cross_entropy_with_logits"),
        )
    ],
    *[
        (loss, [P, C], {"reduction": "avg"}, BOTH, "reduction must be one of sum, mean, none, got 'avg'")
        for loss in ("cross_entropy", "nll_loss")
    ],
    *[
        (loss, [P, P], {"weight": P[0]}, BOTH, r"weight \(3,\) and prediction \(4, 3\) differ in shape")
        for loss in ("mse_loss", "l1_loss", "huber_loss")
    ],
    *[("huber_loss", [P, P], {"delta": d}, BOTH, f"delta must be a finite number > 0, got {d}") for d in (0.0, -1.0)],
    ("smooth_l1_loss", [P, P], {"beta": -1.0}, BOTH, "beta must be a finite number > 0, got -1.0"),
    *[
        ("binary_cross_entropy", [p, P], {}, BOTH, "prediction must be between 0 and 1, got .*with_logits")
        for p in (P - 1, P + 1, P * NAN)
    ],
    ("binary_cross_entropy", [P, P + 1], {}, BOTH, "target must be between 0 and 1, got 1.5"),
    ("binary_cross_entropy_with_logits", [P, P + 1], {}, "refused here: no probabilities", "between 0 and 1, got 1.5"),
    ("binary_cross_entropy", [P, P], {"weight": P[:2]}, BOTH, r"weight \(2, 3\) does not broadcast to .*\(4, 3\)"),
    *[
        ("binary_cross_entropy_with_logits", [P, P], {key: P[:2]}, BOTH, rf"{key} \(2, 3\) does not broadcast to")
        for key in ("weight", "pos_weight")
    ],
    (
        "kl_div",
        [P, -P],
        {},
        "refused here: no probabilities",
        r"must hold probabilities, the smallest is -0.5; for logarithms pass log_target=True",
    ),
    ("kl_div", [P[0, 0], P[0, 0]], {"reduction": "batchmean"}, BOTH, "got a single number"),
    *[
        call
        for loss in ("cross_entropy", "nll_loss")
        for call in (
            (loss, [P, C[:3]], {}, BOTH, r"prediction \(4, 3\) needs a target of classes \(4,\).* got target \(3,\)"),
            (loss, [P, np.array(1)], {}, BOTH, r"prediction \(4, 3\) needs a target of classes \(4,\)"),
            (loss, [P, C + 1], {}, BOTH, r"target\[2\] is class 3; with 3 logits the classes are 0 to 2"),
            (loss, [P, C - 1], {}, BOTH, r"target\[0\] is class -1"),
            (loss, [P, C * 1.0], {}, BOTH, r"whole numbers, got target of float64; use target.astype\(int\)"),
            (loss, [P[0, 0], np.array(0)], {}, BOTH, r"expected prediction \(batch, classes, \.\.\.\) or .* got \(\)"),
            (loss, [P, C], {"weight": np.ones(4)}, BOTH, r"prediction \(4, 3\) has 3 classes, .* got weight \(4,\)"),
            (loss, [P, C], {"weight": np.ones((3, 1))}, BOTH, r"got weight \(3, 1\)"),
            (loss, [DEEP, DEEP_CLASSES[0]], {}, BOTH, r"needs a target of classes \(2, 3, 2\).* got target \(3, 2\)"),
        )
    ],
    (
        "cross_entropy",
        [P, P],
        {},
        "refused here: no probabilities",
        "≥ 0 and summing to 1; the smallest is 0.5, one example sums to 1.5",
    ),
    ("cross_entropy", [P, P / 1.5], {"ignore_index": 1}, BOTH, "ignore_index is a class, but the target holds prob"),
    ("cross_entropy", [P, np.eye(3, dtype=int)[C]], {}, "refused there: one-hot whole numbers", None),
    ("cross_entropy", [P, C], {"label_smoothing": 1.5}, BOTH, "label_smoothing must be between 0 and 1, got 1.5"),
    ("nll_loss", [P, np.eye(3)[C]], {}, BOTH, r"needs a target of classes \(4,\), got target \(4, 3\)"),
]


def refuses(call):
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
    except Exception as error:
        return str(error)
    return None


@pytest.mark.parametrize(("name", "inputs", "options", "who", "message"), REFUSALS, ids=label)
def test_what_is_refused(name, inputs, options, who, message):
    there = [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in inputs]
    options_there = {k: torch.tensor(x) if isinstance(x, np.ndarray) else x for k, x in options.items()}
    ours = refuses(lambda: getattr(F, name)(*inputs, **options))
    theirs = refuses(lambda: getattr(TF, name)(*there, **options_there))
    verdict = {(True, True): BOTH, (True, False): "refused here", (False, True): "refused there"}
    assert verdict.get((ours is not None, theirs is not None)) == who.split(":")[0], (ours, theirs)
    assert who == BOTH or (name, who) in DIFFERENCES
    if message is not None:
        assert re.search(message, ours), ours


# -- parameters, and the list of differences -------------------------------------------------------

RENAMED = {"dim": {"axis"}, "input": {"x", "prediction", "indices"}}
#: What docs/differences.md says is not here.
ABSENT = {
    *("inplace", "size_average", "reduce", "dtype", "_stacklevel"),
    *("max_norm", "norm_type", "scale_grad_by_freq", "sparse"),
    *(
        "BatchNorm1d.bias",
        "dilation",
        "groups",
        "padding_mode",
        "track_running_stats",
        "device",
        "args",
        "kwargs",
        "_weight",
        "_freeze",
    ),
    *("min_value", "max_value", "ceil_mode", "count_include_pad", "divisor_override", "return_indices"),
}


def parameters(function, name):
    """[(name, default), ...], from the documentation where a function is not written in Python."""
    try:
        found = [(p.name, p.default) for p in inspect.signature(function).parameters.values()]
        if inspect.isclass(function) or found[0][0] != "args":
            return found
    except ValueError:
        pass
    inside = re.search(rf"{name}\(([^)]*)\)", function.__doc__)[1]
    parts = [part.split("=") for part in inside.replace(" ", "").split(",")]
    return [(part[0], eval(part[1]) if part[1:] else inspect.Parameter.empty) for part in parts]


FUNCTIONS = {name: (getattr(F, name), getattr(TF, name)) for name in F.__all__ if hasattr(TF, name)}
CLASSES_OF_BOTH = {
    name: (getattr(nn, name), getattr(torch.nn, name))
    for name in nn.__all__
    if inspect.isclass(getattr(torch.nn, name, None)) and name not in ("Module", "Sequential")
}


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES_OF_BOTH])
def test_parameters_and_their_defaults(name):
    one, other = (FUNCTIONS | CLASSES_OF_BOTH)[name]
    ours, theirs = parameters(one, name), parameters(other, name)
    theirs = [(key, default) for key, default in theirs if not {key, f"{name}.{key}"} & ABSENT]
    own = [key for key, _ in ours[len(theirs) :]]
    assert own in ([], ["rng"], ["dtype"], ["init", "rng", "dtype"]), own
    for (here, default), (there, wanted) in zip(ours, theirs, strict=False):
        assert here in RENAMED.get(there, {there})
        assert (default == wanted) != ((name, f"default of {here}") in DIFFERENCES), (here, default, wanted)
    assert len(ours) >= len(theirs), theirs[len(ours) :]


def test_every_difference_is_listed_once_and_shown_by_a_test():
    root = Path(__file__).parents[2]
    section = (root / "docs" / "differences.md").read_text().split("## From PyTorch")[1].split("\n## ")[0]
    titles = re.findall(r"^- \*\*(.+?)\*\*", section, re.MULTILINE)
    assert len(titles) == len(set(titles))
    assert set(titles) == {*DIFFERENCES.values(), *ELSEWHERE}
    for place in ELSEWHERE.values():
        file, test = place.split("::")
        assert f"def {test}(" in (root / file).read_text(), place
    kinds = {(name, who) for name, _, _, who, _ in REFUSALS if who != BOTH}
    assert kinds == {key for key in DIFFERENCES if key[1].startswith("refused")}
