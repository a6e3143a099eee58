"""The delta rule by hand: checked by finite differences and by its own algebra, without the engine."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_mini.explain.units import hand
from autograd_mini.explain.units.hand import LINEAR, RELU, SIGMOID, TANH, Layer, delta_rule

ACTIVATIONS = [SIGMOID, TANH, RELU, LINEAR]


def network(rng, sizes, activations):
    return [
        Layer(rng.normal(size=(n, m)), rng.normal(size=n), activation)
        for m, n, activation in zip(sizes[:-1], sizes[1:], activations, strict=True)
    ]


def error(layers, x, y):
    h = x
    for W, b, activation in layers:
        h = activation.function(W @ h + b[:, None])
    return 0.5 * np.sum((y - h) ** 2)


def test_it_imports_numpy_and_the_standard_library_alone():
    tree = ast.parse(Path(hand.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"__future__", "collections.abc", "typing", "numpy"}


def test_it_runs_where_there_is_no_engine():
    code = f"""
import runpy, sys
sys.modules["autograd_mini"] = None
rule = runpy.run_path({hand.__file__!r})
np = rule["np"]
layer = rule["Layer"](np.ones((1, 2)), np.zeros(1), rule["TANH"])
update = rule["delta_rule"]([layer], np.ones((2, 1)), np.ones((1, 1)), 1.0)
print(update.weights[0].shape, [name for name in sys.modules if name.startswith("autograd_mini.")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(1, 2) []\n"


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda activation: activation.name)
def test_slopes_are_the_derivatives(activation):
    s = np.array([-40.0, -3.0, -0.4, 0.3, 2.0, 30.0])
    numeric = (activation.function(s + 1e-6) - activation.function(s - 1e-6)) / 2e-6
    np.testing.assert_allclose(activation.slope(s), numeric, atol=1e-9)


def test_sigmoid_does_not_overflow_and_keeps_the_digits_of_small_numbers():
    with np.errstate(all="raise", under="ignore"):
        low, half, high = hand.sigmoid(np.array([-700.0, 0.0, 1000.0]))
    assert low == pytest.approx(np.exp(-700), rel=1e-14)
    assert (half, high) == (0.5, 1.0)
    assert SIGMOID.slope(np.array([0.0])) == 0.25


@pytest.mark.parametrize("depth", range(1, 7))
def test_updates_are_the_downhill_gradient(depth):
    rng = np.random.default_rng(depth)
    activations = [ACTIVATIONS[k] for k in rng.integers(0, 4, depth)]
    sizes = rng.integers(1, 5, depth + 1)
    layers = network(rng, sizes, activations)
    x, y = rng.normal(size=(sizes[0], 3)), rng.normal(size=(sizes[-1], 3))
    update = delta_rule(layers, x, y, learning_rate=0.5)
    for layer, ΔW, Δb in zip(layers, update.weights, update.biases, strict=True):
        for parameter, step in ((layer.W, ΔW), (layer.b, Δb)):
            assert step.shape == parameter.shape
            for i in np.ndindex(parameter.shape):
                kept = parameter[i]
                parameter[i] = kept + 1e-6
                up = error(layers, x, y)
                parameter[i] = kept - 1e-6
                down = error(layers, x, y)
                parameter[i] = kept
                assert step[i] == pytest.approx(-0.5 * (up - down) / 2e-6, rel=1e-5, abs=1e-7)


def test_a_batch_sums_the_updates_of_its_examples():
    rng = np.random.default_rng(0)
    layers = network(rng, [3, 4, 2], [TANH, SIGMOID])
    x, y = rng.normal(size=(3, 5)), rng.normal(size=(2, 5))
    together = delta_rule(layers, x, y, 0.1)
    alone = [delta_rule(layers, x[:, [i]], y[:, [i]], 0.1) for i in range(5)]
    for i in range(2):
        np.testing.assert_allclose(together.weights[i], sum(one.weights[i] for one in alone), rtol=1e-12)
        np.testing.assert_allclose(together.biases[i], sum(one.biases[i] for one in alone), rtol=1e-12)


def test_any_activation_of_ones_own():
    cube = hand.Activation("cube", lambda s: s**3, lambda s: 3 * s**2)
    update = delta_rule([Layer(np.array([[2.0]]), np.array([1.0]), cube)], np.array([[1.0]]), np.array([[20.0]]), 0.1)
    assert update.output == 27
    assert update.deltas[0] == (20 - 27) * 27
    assert update.weights[0] == pytest.approx(-18.9)


def test_the_network_is_left_as_it_was():
    layers = network(np.random.default_rng(0), [2, 2, 1], [TANH, LINEAR])
    before = [layer.W.copy() for layer in layers]
    delta_rule(layers, np.ones((2, 1)), np.ones((1, 1)), 1.0)
    assert all(np.array_equal(layer.W, W) for layer, W in zip(layers, before, strict=True))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones(2), np.ones((1, 1)), r"one example alone is x\[:, None\]"),
        (np.ones((3, 1)), np.ones((1, 1)), r"expected columns x \(2, batch\)"),
        (np.ones((2, 1)), np.ones((2, 1)), r"y \(1, batch\)"),
        (np.ones((2, 3)), np.ones((1, 4)), "x has 3 examples, y has 4"),
    ],
)
def test_shapes_that_do_not_fit(x, y, message):
    layers = network(np.random.default_rng(0), [2, 2, 1], [TANH, LINEAR])
    with pytest.raises(ValueError, match=message):
        delta_rule(layers, x, y, 1.0)


def test_no_layers():
    with pytest.raises(ValueError, match="at least one layer"):
        delta_rule([], np.ones((1, 1)), np.ones((1, 1)), 1.0)
