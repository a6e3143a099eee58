"""By hand against automatic differentiation on random networks."""

import numpy as np
import pytest

from autograd_mini.explain.units.hand import RELU, SIGMOID, TANH, Activation
from autograd_mini.lecture import compare as module
from autograd_mini.lecture.compare import compare, compare_random_networks, random_layers, relative_difference


@pytest.fixture(scope="module")
def results():
    return compare_random_networks(np.random.default_rng(0), count=36)


def test_every_weight_agrees_to_1e_12(results):
    assert module.TOLERANCE == 1e-12
    assert max(result.worst for result in results) <= 1e-12
    assert all(result.agree for result in results)


def test_the_networks_are_as_various_as_promised(results):
    assert {result.depth for result in results} == {1, 2, 3, 4, 5, 6}
    widths = {n for result in results for n in result.sizes}
    assert min(widths) == 1
    assert max(widths) == 200
    drawn = [n for result in results[:-2] for n in result.sizes]
    assert 90 < sum(drawn) / len(drawn) < 110
    assert {name for result in results for name in result.activations} == {"sigmoid", "tanh", "relu", "linear"}
    assert {result.batch for result in results} >= {1, 8}
    assert [result.sizes for result in results[-2:]] == [[1] * 7, [200] * 7]


def test_all_weights_are_counted(results):
    for result in results:
        pairs = zip(result.sizes[:-1], result.sizes[1:], strict=True)
        assert result.weights == sum(n * m + n for m, n in pairs)


@pytest.mark.parametrize("wrong", [1 + 1e-9, -1.0])
def test_a_wrong_rule_is_noticed(monkeypatch, wrong):
    false_tanh = Activation("tanh", TANH.function, lambda s: wrong * TANH.slope(s))
    monkeypatch.setitem(module.RECORDED, false_tanh, np.tanh)
    rng = np.random.default_rng(0)
    layers = [layer._replace(activation=false_tanh) for layer in random_layers(rng, [3, 4, 2])]
    result = compare(layers, rng.normal(size=(3, 2)), rng.normal(size=(2, 2)))
    assert not result.agree


@pytest.mark.parametrize("activation", [SIGMOID, RELU])
def test_scores_beyond_all_bounds(activation):
    rng = np.random.default_rng(0)
    layers = [layer._replace(W=1e3 * layer.W, activation=activation) for layer in random_layers(rng, [5, 5, 5])]
    assert compare(layers, rng.normal(size=(5, 4)), rng.normal(size=(5, 4))).agree


def test_relative_difference():
    a = np.array([[1.0, 0.0, 4.0]])
    assert relative_difference(a, a) == 0
    assert relative_difference(a, np.array([[1.0, 0.0, 5.0]])) == 0.2
    assert relative_difference(np.array([1e-30]), np.array([2e-30])) == 0.5
    assert relative_difference(np.array([0.5]), np.array([0.0])) == 0.5
