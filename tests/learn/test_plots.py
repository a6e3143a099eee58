"""Plots: what is drawn are the numbers that were given, or that the model and the engine compute."""

import subprocess
import sys

import numpy as np
import pytest

from autograd_mini import Value, nn, optim

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure

from autograd_mini.learn.plots import (
    activations,
    confusion_matrix,
    decision_boundary,
    descend,
    descents,
    heat_map,
    hidden_units,
    histograms,
    lecture_pictures,
    loss_curves,
    loss_surface,
)
from autograd_mini.learn.plots.surfaces import surface

X, Y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


def net():
    return nn.MLP([2, 3, 1], "sigmoid", "sigmoid", rng=np.random.default_rng(0))


def drawn(ax):
    """Everything can be rendered, and no text is empty."""
    ax.figure.canvas.draw()
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    return ax


CALLS = {
    "loss_curves": lambda ax=None: loss_curves([1.0, 0.5], ax),
    "activations": lambda ax=None: activations(["tanh"], ax),
    "decision_boundary": lambda ax=None: decision_boundary(net(), X, Y, ax, resolution=5),
    "hidden_units": lambda ax=None: hidden_units(net(), "1", ax=ax, resolution=5),
    "hidden_unit": lambda ax=None: hidden_units(net(), "1", X, Y, ax, unit=1, resolution=5),
    "heat_map": lambda ax=None: heat_map(net()[0].weight, ax),
    "histograms": lambda ax=None: histograms(net(), ax),
    "confusion_matrix": lambda ax=None: confusion_matrix([[1, 2], [3, 4]], None, ax),
    "loss_surface": lambda ax=None: loss_surface(
        net(), lambda m: m(X).sum(), ("0.weight", (0, 0)), ("0.bias", 1), ax, resolution=5
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_draws_on_the_given_axes_or_on_new_ones_and_returns_them(name):
    ax = Figure().subplots()
    assert drawn(CALLS[name](ax)) is ax
    assert drawn(CALLS[name]()) is not ax


def test_scripts_leave_nothing_with_pyplot(monkeypatch):
    from matplotlib import pyplot

    for call in CALLS.values():
        call()
    assert pyplot.get_fignums() == []


def test_in_ipython_pyplot_has_the_figure_so_that_it_is_shown(monkeypatch):
    import types

    import matplotlib
    from matplotlib import pyplot

    matplotlib.use("Agg")
    monkeypatch.setitem(
        sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: object(), version_info=(9, 0))
    )
    ax = loss_curves([1.0])
    try:
        assert pyplot.gcf() is ax.figure
    finally:
        pyplot.close("all")


@pytest.mark.parametrize("name", CALLS)
def test_without_matplotlib_the_extra_is_named(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"autograd-mini\[plot\]"):
        CALLS[name]()


def test_importing_the_plots_imports_no_matplotlib():
    code = "import sys, autograd_mini.learn.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- curves ------------------------------------------------------------------------------------------


def test_loss_curves_draw_the_histories():
    histories = {"SGD": [4.0, 2.0, np.inf], "momentum": [3.0, 1.0]}
    ax = loss_curves(histories, log=True)
    assert [line.get_label() for line in ax.lines] == list(histories)
    for line, history in zip(ax.lines, histories.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), history)
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, len(history) + 1))
    assert ax.get_yscale() == "log"
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == 2
    drawn(ax)


@pytest.mark.parametrize("histories", [[], {}, {"a": []}, [[1.0, 2.0]], {"a": 3.0}])
def test_loss_curves_refuse_what_is_no_history(histories):
    with pytest.raises(ValueError, match="expected a loss per epoch"):
        loss_curves(histories)


def test_activations_draw_the_function_and_its_slope():
    ax = activations(["tanh", nn.LeakyReLU(0.2), "linear"], limits=(-2.0, 2.0))
    tanh, slope, leaky, leaky_slope, line, line_slope = (line.get_ydata() for line in ax.lines)
    s = ax.lines[0].get_xdata()
    np.testing.assert_allclose(tanh, np.tanh(s))
    np.testing.assert_allclose(slope, 1 - np.tanh(s) ** 2)
    np.testing.assert_allclose(leaky, np.where(s > 0, s, 0.2 * s))
    np.testing.assert_allclose(leaky_slope, np.where(s > 0, 1, 0.2))
    np.testing.assert_array_equal(line, s)
    np.testing.assert_array_equal(line_slope, 1)
    assert (s[0], s[-1], 0.0 in s) == (-2, 2, True)


def test_every_named_activation_is_drawn_except_those_of_many_inputs():
    elementwise = [name for name in nn.ACTIVATIONS if "softmax" not in name]
    assert len(activations(elementwise).lines) == 2 * len(elementwise)
    with pytest.raises(ValueError, match="log_softmax depends on all inputs"):
        activations(["log_softmax"])


# -- planes ------------------------------------------------------------------------------------------


class Sum(nn.Module):
    """x₁ + x₂, and whether it was asked in training."""

    def forward(self, x):
        self.asked_in_training = self.training
        return x[:, 0] + x[:, 1]


def contours(ax):
    return [c for c in ax.collections if hasattr(c, "levels")]


def test_the_boundary_is_where_the_model_crosses_the_threshold():
    model = Sum()
    ax = decision_boundary(model, X, Y, threshold=1.25, resolution=50)
    shading, boundary = contours(ax)
    (line,) = boundary.get_paths()
    np.testing.assert_allclose(line.vertices.sum(axis=1), 1.25)
    assert 1.25 in shading.levels
    for k, points in enumerate(ax.collections[-2:]):
        np.testing.assert_array_equal(points.get_offsets(), X[k == Y])
    assert not model.asked_in_training
    assert model.training
    drawn(ax)


def test_several_outputs_are_coloured_by_the_largest():
    model = nn.Linear(2, 3, bias=False)
    model.load_state_dict({"weight": [[0, 0], [1, 0], [0, 1]]})
    ax = decision_boundary(model, X, np.array([0, 1, 2, 1]), limits=((-1, 1), (-1, 1)), resolution=41)
    assert len([c for c in ax.collections if str(c.get_label()).startswith("class")]) == 3
    _, first, second = contours(ax)
    for x, y in first.get_paths()[0].vertices:  # class 0 where both are negative
        assert min(abs(x), abs(y)) < 0.06
        assert max(x, y) < 0.06
    assert second.get_paths()
    drawn(ax)


def test_a_constant_model_has_no_boundary():
    model = nn.Linear(2, 1)
    model.load_state_dict({"weight": [[0.0, 0.0]], "bias": [0.2]})
    assert len(contours(decision_boundary(model, X, Y[:, None], resolution=5))) == 1
    ax = hidden_units(model, "", resolution=5)
    assert ax.get_legend().get_texts()[0].get_text() == "unit 0: 0.2 everywhere"


@pytest.mark.parametrize(
    ("X", "y", "match"),
    [
        (np.zeros((4, 3)), Y, "two inputs"),
        (np.zeros((0, 2)), Y, "two inputs"),
        (X, Y[:3], "whole number"),
        (X, Y - 1, "whole number"),
        (X, Y + 0.5, "whole number"),
    ],
)
def test_other_examples_are_refused(X, y, match):
    with pytest.raises(ValueError, match=match):
        decision_boundary(net(), X, y)


def test_a_hidden_unit_is_drawn_as_the_model_computes_it():
    model = net()
    ax = hidden_units(model, "1", unit=2, limits=((-1, 2), (0, 1)), resolution=4)
    (image,) = [c for c in ax.collections if c.get_array() is not None]
    across, up = np.meshgrid(np.linspace(-1, 2, 4), np.linspace(0, 1, 4))
    expected = model[:2](np.stack([across.ravel(), up.ravel()], axis=1)).data[:, 2]
    np.testing.assert_allclose(np.asarray(image.get_array()).ravel(), expected)
    assert not model[1]._after  # the hook is gone


def test_all_hidden_units_are_lines_halfway_up_with_ticks_on_the_higher_side():
    model = nn.Linear(2, 2, bias=False)
    model.load_state_dict({"weight": [[1.0, 0.0], [0.0, -1.0]]})
    ax = hidden_units(model, "", limits=((-1, 1), (-1, 1)), resolution=11)
    upright, level = contours(ax)
    assert set(upright.get_paths()[0].vertices[:, 0]) == {0.0}
    assert set(level.get_paths()[0].vertices[:, 1]) == {0.0}
    # A tick leaves its line at 90° to the left, where the numbers must be larger: up where x₁ is.
    (x0, y0), (x1, y1) = upright.get_paths()[0].vertices[[0, -1]]
    assert y1 < y0
    (x0, y0), (x1, y1) = level.get_paths()[0].vertices[[0, -1]]
    assert x1 < x0


@pytest.mark.parametrize(
    ("layer", "unit", "match"),
    [
        (np.ones((3, 2)), None, "no layer array"),
        ("7", None, "no layer '7'; there are '0', '1'"),
        ("1", 3, "0 … 2"),
        ("1", -1, "0 … 2"),
    ],
)
def test_a_unit_that_is_not_there_is_refused(layer, unit, match):
    with pytest.raises(ValueError, match=match):
        hidden_units(net(), layer, unit=unit, resolution=3)


# -- weights -----------------------------------------------------------------------------------------


def test_heat_maps_draw_weights_and_gradients():
    layer = nn.Linear(3, 2)
    with pytest.raises(ValueError, match=r"weight has no gradient yet; call backward\(\)"):
        heat_map(layer.weight, gradient=True)
    layer(np.array([1.0, 2.0, 3.0])).sum().backward()
    for gradient, numbers in [(False, layer.weight.data), (True, layer.weight.grad)]:
        (image,) = drawn(heat_map(layer.weight, gradient=gradient)).images
        np.testing.assert_array_equal(image.get_array(), numbers)
        assert image.get_clim() == (-np.abs(numbers).max(), np.abs(numbers).max())
    assert heat_map(nn.Conv2d(2, 4, 3).weight).images[0].get_array().shape == (4, 18)
    assert heat_map(layer.bias).images[0].get_array().shape == (1, 2)
    assert heat_map(Value(0.0)).images[0].get_clim() == (-1, 1)


def test_histograms_count_every_weight():
    model = nn.MLP([4, 5, 6])
    model(np.ones(4)).sum().backward()
    for gradients in (False, True):
        ax = drawn(histograms(model, gradients=gradients, bins=10))
        outlines = ax.patches[::2]
        for outline, layer in zip(outlines, (model[0], model[2]), strict=True):
            shares, edges, _ = outline.get_data()
            numbers = layer.weight.grad if gradients else layer.weight.data
            np.testing.assert_array_equal(shares * numbers.size, np.histogram(numbers, edges)[0])
            assert sum(shares) == pytest.approx(1)


def test_a_model_of_biases_only_shows_them_and_one_without_anything_is_refused():
    assert histograms(nn.LayerNorm(3)).get_legend().get_texts()[0].get_text() == "weight"
    with pytest.raises(ValueError, match="no finite parameter"):
        histograms(nn.Tanh())


def test_the_confusion_matrix_draws_counts_and_shares_of_rows():
    counts = np.array([[8, 2, 0], [1, 1, 0], [0, 0, 0]])
    ax = drawn(confusion_matrix(counts, ["a", "b", "c"]))
    np.testing.assert_array_equal(ax.images[0].get_array(), [[0.8, 0.2, 0], [0.5, 0.5, 0], [0, 0, 0]])
    assert {(*text.get_position(), text.get_text()) for text in ax.texts} == {
        (0, 0, "8"), (1, 0, "2"), (0, 1, "1"), (1, 1, "1"),
    }  # fmt: skip
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b", "c"]


@pytest.mark.parametrize("counts", [[[1.0]], [[1, 2]], [1], [[-1]], np.zeros((0, 0), int)])
def test_what_is_no_confusion_matrix_is_refused(counts):
    with pytest.raises(ValueError, match="expected counts"):
        confusion_matrix(counts)
    with pytest.raises(ValueError, match="1 classes, but 2 labels"):
        confusion_matrix([[1]], ["a", "b"])


# -- surfaces ----------------------------------------------------------------------------------------

WEIGHTS = ("weight", (0, 1)), ("bias", 0)


def linear():
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": [[5.0, 1.0]], "bias": [-1.0]})
    return layer


def bowl(layer):
    """E = w₀ + w₁² + 10 (b − 1)²"""
    w, b = layer.weight[0, 1], layer.bias[0]
    return layer.weight[0, 0] + w * w + 10 * (b - 1) ** 2


def test_the_surface_is_the_loss_and_the_model_stays():
    layer = linear()
    E = surface(layer, bowl, *WEIGHTS, np.array([0.0, 2.0, 3.0]), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(E, [[5, 9, 14], [15, 19, 24]])
    np.testing.assert_array_equal(layer.weight.data, [[5, 1]])

    def failing(layer):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        surface(layer, failing, *WEIGHTS, np.array([7.0]), np.array([7.0]))
    np.testing.assert_array_equal(layer.weight.data, [[5, 1]])


def test_contours_lie_at_their_levels():
    ax = drawn(loss_surface(linear(), bowl, *WEIGHTS, limits=((-2, 2), (-1, 3)), resolution=201, levels=4))
    filled, lines = contours(ax)
    np.testing.assert_allclose(filled.levels, 5 + 44 * np.array([0, 1, 4, 9, 16]) / 16)
    np.testing.assert_array_equal(lines.levels, filled.levels[1:-1])
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        w, b = path.vertices.T
        np.testing.assert_allclose(5 + w**2 + 10 * (b - 1) ** 2, level, rtol=1e-3)


def test_the_path_is_the_optimizers():
    layer = linear()
    optimizer = optim.Momentum(layer.parameters(), 0.02, momentum=0.5)
    path = descend(layer, bowl, optimizer, *WEIGHTS, steps=10)
    twin = linear()
    by_hand, expected = optim.Momentum([twin.bias, twin.weight], 0.02, momentum=0.5), []
    for _ in range(11):
        by_hand.zero_grad()
        E = bowl(twin)
        expected.append((twin.weight.data[0, 1], twin.bias.data[0], E.item()))
        E.backward()
        twin.weight.grad[0, 0] = 0.0
        by_hand.step()
    np.testing.assert_allclose(path, expected, rtol=1e-12)
    assert layer.weight.data[0, 0] == 5
    ax = loss_surface(layer, bowl, *WEIGHTS, path=path, resolution=5)
    line, start, end = ax.lines
    np.testing.assert_array_equal(line.get_xydata(), path[:, :2])
    np.testing.assert_array_equal(start.get_xydata()[0], path[0, :2])
    np.testing.assert_array_equal(end.get_xydata()[0], path[-1, :2])
    assert ax.get_xlim()[0] < path[:, 0].min()
    assert ax.get_xlabel() == "weight weight[0, 1]"


def test_a_path_that_diverges_ends_where_numbers_do():
    layer = linear()
    path = descend(layer, bowl, optim.SGD(layer.parameters(), 1e3), *WEIGHTS, steps=1000)
    assert 10 < len(path) < 200
    drawn(loss_surface(linear(), bowl, *WEIGHTS, path=path, limits=((-2, 2), (-1, 3)), resolution=5))


def test_other_weights_that_move_are_told():
    layer = linear()
    with pytest.raises(RuntimeError, match="without weight decay"):
        descend(layer, bowl, optim.SGD(layer.parameters(), 0.01, weight_decay=0.1), *WEIGHTS)


@pytest.mark.parametrize("weight", [("gain", 0), ("weight", 0), ("weight", (0, 2)), ("bias", (0, 0))])
def test_a_weight_that_is_not_there_is_refused(weight):
    with pytest.raises(ValueError, match=r"no parameter 'gain'|is not one weight"):
        loss_surface(linear(), bowl, weight, WEIGHTS[1])


def test_the_four_pictures_show_what_they_say():
    overshooting, divergence, plateau, local = (descent.run() for descent in descents())
    curvature = np.linalg.eigvalsh(np.array([[5.0, 1.0], [1.0, 3.0]]))[-1]  # Σ x², Σ x, the number of examples
    assert 1 / curvature < descents()[0].learning_rate < 2 / curvature < descents()[1].learning_rate

    turns = np.sum(np.diff(overshooting[:, :2], axis=0)[:-1] * np.diff(overshooting[:, :2], axis=0)[1:], axis=1)
    assert np.mean(turns < 0) > 0.9  # almost every step goes back over the valley
    assert overshooting[-1, 2] < 1e-2 * overshooting[0, 2]
    assert np.all(np.diff(divergence[1:, 2]) > 0)
    assert divergence[-1, 2] > 100 * divergence[0, 2]
    assert plateau[-1, 2] > 0.95 * plateau[0, 2]  # 60 steps, and hardly lower
    model, loss = descents()[2].model(), descents()[2].loss
    assert surface(model, loss, ("0.weight", (0, 0)), ("0.bias", 0), np.array([9.0]), np.array([0.0])) < 0.01

    d = descents()[3]
    E = surface(d.model(), d.loss, ("0.weight", (0, 0)), ("0.bias", 0), *(np.linspace(*ends, 50) for ends in d.limits))
    assert E.min() < local[-1, 2] - 0.05  # there is a better place
    (w, b), eps = local[-1, :2], 0.3
    ring = surface(
        d.model(),
        d.loss,
        ("0.weight", (0, 0)),
        ("0.bias", 0),
        w + eps * np.array([-1, 0, 1]),
        b + eps * np.array([-1, 0, 1]),
    )
    assert np.argmin(ring) == 4  # but none nearby
    np.testing.assert_allclose(local[-1, :2], local[-20, :2], atol=2e-2)  # and it hardly moves any more


def test_the_four_pictures_are_drawn_on_given_axes():
    axes = Figure(figsize=(10, 8)).subplots(2, 2)
    pictures = lecture_pictures(axes, resolution=10)
    assert pictures == list(axes.ravel())
    for ax, descent in zip(pictures, descents(), strict=True):
        assert drawn(ax).get_title() == descent.title
        np.testing.assert_array_equal(ax.lines[0].get_xydata(), descent.run()[:, :2])
    with pytest.raises(ValueError, match="4 pictures, but 3 axes"):
        lecture_pictures(axes.ravel()[:3])
