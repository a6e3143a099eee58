"""The initialisations: their distributions, shapes and generators."""

import functools
import math

import numpy as np
import pytest

from autograd_mini import nn
from autograd_mini.nn import init

BOUNDS = {
    "uniform": lambda n_out, n_in: 0.01,
    "fan_in_uniform": lambda n_out, n_in: 1 / math.sqrt(n_in),
    "glorot_uniform": lambda n_out, n_in: math.sqrt(6) / math.sqrt(n_in + n_out),
    "he_uniform": lambda n_out, n_in: math.sqrt(6 / n_in),
}
DEVIATIONS = {
    "glorot_normal": lambda n_out, n_in: math.sqrt(2 / (n_in + n_out)),
    "he_normal": lambda n_out, n_in: math.sqrt(2 / n_in),
}


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("layer", [(200, 50), (50, 200), (100, 100)])
def test_uniform_up_to_its_bound(name, layer):
    draw, bound = init.by_name(name), BOUNDS[name](*layer)
    for shape in (layer, (10000,)):  # a bias has another shape and the same interval
        numbers = draw(shape, np.random.default_rng(1), layer)
        assert numbers.shape == shape
        assert 0.995 * bound < numbers.max() <= bound
        assert -bound <= numbers.min() < -0.995 * bound
        assert abs(numbers.mean()) < 0.05 * bound
        assert numbers.std() == pytest.approx(bound / math.sqrt(3), rel=0.05)


@pytest.mark.parametrize("name", DEVIATIONS)
@pytest.mark.parametrize("layer", [(200, 50), (50, 200), (100, 100)])
def test_normal_of_its_deviation(name, layer):
    draw, sigma = init.by_name(name), DEVIATIONS[name](*layer)
    for shape in (layer, (10000,)):
        numbers = draw(shape, np.random.default_rng(1), layer)
        assert numbers.shape == shape
        assert abs(numbers.mean()) < 0.05 * sigma
        assert numbers.std() == pytest.approx(sigma, rel=0.03)
        assert (np.abs(numbers) < sigma).mean() == pytest.approx(0.6827, abs=0.02)
        assert (np.abs(numbers) < 2 * sigma).mean() == pytest.approx(0.9545, abs=0.01)


def test_uniform_and_normal_have_the_same_variance():
    for kind in ("glorot", "he"):
        deviations = [
            init.by_name(f"{kind}_{how}")((300, 200), np.random.default_rng(2)).std() for how in ("uniform", "normal")
        ]
        assert deviations[0] == pytest.approx(deviations[1], rel=0.01)


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3), (1, 5), (5, 1), (3, 2, 2), (8, 2, 3)])
def test_orthogonal(shape):
    w = init.orthogonal(shape, np.random.default_rng(5))
    assert w.shape == shape
    w = w.reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-14)


def test_every_orthogonal_matrix_is_equally_likely():
    rng = np.random.default_rng(6)
    first = np.array([init.orthogonal((2, 2), rng) for _ in range(4000)])
    assert (first > 0).mean(axis=0) == pytest.approx(np.full((2, 2), 0.5), abs=0.03)  # no sign is preferred
    assert (np.linalg.det(first) > 0).mean() == pytest.approx(0.5, abs=0.03)
    angles = np.sort(np.arctan2(first[:, 1, 0], first[:, 0, 0]))
    np.testing.assert_allclose(angles, np.linspace(-np.pi, np.pi, 4000), atol=0.15)


def test_an_orthogonal_layer_keeps_lengths():
    layer = nn.Linear(6, 6, init="orthogonal", rng=np.random.default_rng(0))
    assert layer.bias.data.tolist() == [0.0] * 6
    x = np.random.default_rng(1).normal(size=(5, 6))
    np.testing.assert_allclose(np.linalg.norm(layer(x).data, axis=1), np.linalg.norm(x, axis=1), rtol=1e-14)


def test_zeros_and_constant():
    assert nn.Linear(2, 1, init="zeros").weight.data.tolist() == [[0.0, 0.0]]
    layer = nn.Linear(2, 1, init="constant")
    assert (layer.weight.data.tolist(), layer.bias.data.tolist()) == ([[1.0, 1.0]], [1.0])
    half = nn.Linear(2, 1, init=functools.partial(init.constant, value=0.5))
    assert (half.weight.data.tolist(), half.bias.data.tolist()) == ([[0.5, 0.5]], [0.5])


@pytest.mark.parametrize("name", init.BY_NAME)
def test_every_name_makes_a_layer_and_the_same_seed_the_same(name):
    layers = [nn.Linear(3, 2, init=name, rng=np.random.default_rng(4), dtype=np.float32) for _ in range(2)]
    for one, other in zip(layers[0].parameters(), layers[1].parameters(), strict=True):
        assert one.dtype == np.float32
        np.testing.assert_array_equal(one.data, other.data)


def test_sizes_are_those_of_the_shape_unless_given():
    rng = lambda: np.random.default_rng(3)  # noqa: E731
    for name in [*BOUNDS, *DEVIATIONS]:
        draw = init.by_name(name)
        np.testing.assert_array_equal(draw((2, 5), rng()), draw((2, 5), rng(), (2, 5)))
    with pytest.raises(ValueError, match=r"shape \(3,\) does not tell .* pass layer=\(n_out, n_in\)"):
        init.fan_in_uniform((3,))
    for draw in (init.glorot_uniform, init.glorot_normal, init.he_uniform, init.he_normal):
        with pytest.raises(ValueError, match=r"shape \(3,\) does not tell"):
            draw((3,))
    assert init.uniform((3,)).shape == (3,)


def test_uniform_bound():
    assert np.abs(init.uniform((100,), np.random.default_rng(0), bound=3.0)).max() > 2.5


def test_same_seed_same_numbers_and_the_generator_moves_on():
    rng = np.random.default_rng(0)
    first, second = init.fan_in_uniform((2, 3), rng), init.fan_in_uniform((2, 3), rng)
    assert (first != second).all()
    np.testing.assert_array_equal(first, init.fan_in_uniform((2, 3), np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("rng", "message"),
    [
        (7, r"must be a numpy.random.Generator, got int 7: pass rng=np.random.default_rng\(7\)"),
        (np.int64(7), r"got int 7: pass rng=np.random.default_rng\(7\)"),
        (np.random.RandomState(7), r"got RandomState: pass rng=np.random.default_rng\(seed\)"),
        (np.random, r"got module: pass rng=np.random.default_rng\(seed\)"),
    ],
)
def test_a_wrong_generator(rng, message):
    draws = (init.uniform, init.glorot_normal, init.he_normal, init.orthogonal)
    for draw in draws:
        with pytest.raises(TypeError, match=message):
            draw((2, 2), rng)
    for make in (lambda: init.uniform((1,), rng), lambda: nn.Linear(1, 1, rng=rng), lambda: nn.MLP([1, 1], rng=rng)):
        with pytest.raises(TypeError, match=message):
            make()


def test_unknown_name():
    with pytest.raises(ValueError, match="unknown name 'xavier'; known are uniform, fan_in_uniform, glorot_uniform"):
        nn.Linear(1, 1, init="xavier")
