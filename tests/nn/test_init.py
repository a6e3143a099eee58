"""The lecture's initialisations: their bounds, shapes and generators."""

import math

import numpy as np
import pytest

from autograd_mini import nn
from autograd_mini.nn import init

BOUNDS = {
    "uniform": lambda n_out, n_in: 0.01,
    "fan_in_uniform": lambda n_out, n_in: 1 / math.sqrt(n_in),
    "glorot_uniform": lambda n_out, n_in: math.sqrt(6) / math.sqrt(n_in + n_out),
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


def test_sizes_are_those_of_the_shape_unless_given():
    rng = lambda: np.random.default_rng(3)  # noqa: E731
    for name in BOUNDS:
        draw = init.by_name(name)
        np.testing.assert_array_equal(draw((2, 5), rng()), draw((2, 5), rng(), (2, 5)))
    with pytest.raises(ValueError, match=r"shape \(3,\) does not tell .* pass layer=\(n_out, n_in\)"):
        init.fan_in_uniform((3,))
    with pytest.raises(ValueError, match=r"shape \(3,\) does not tell"):
        init.glorot_uniform((3,))
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
    for make in (lambda: init.uniform((1,), rng), lambda: nn.Linear(1, 1, rng=rng), lambda: nn.MLP([1, 1], rng=rng)):
        with pytest.raises(TypeError, match=message):
            make()


def test_unknown_name():
    with pytest.raises(ValueError, match="unknown name 'xavier'; known are uniform, fan_in_uniform, glorot_uniform"):
        nn.Linear(1, 1, init="xavier")
