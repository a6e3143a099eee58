"""Both dropouts: which units are off, what is scaled, where gradients go, what eval() does."""

import copy

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, gradcheck, nn
from autograd_mini.nn import functional as F

# -- Dropout ---------------------------------------------------------------------------------------


def seeded(seed=0):
    return np.random.default_rng(seed)


def test_dropout_scales_what_it_keeps_and_the_gradient_takes_the_same_way():
    x = Value(seeded(1).normal(size=(200, 50)))
    z = nn.Dropout(0.3, seeded())(x)
    z.sum().backward()
    kept = z.data != 0
    np.testing.assert_allclose(z.data[kept], x.data[kept] / 0.7, rtol=1e-15)
    np.testing.assert_allclose(x.grad, kept / 0.7, rtol=1e-15)
    assert abs(kept.mean() - 0.7) < 0.02


def test_dropout_draws_afresh_and_repeats_with_the_seed():
    x = np.ones(1000)
    layer, twin = nn.Dropout(0.5, seeded()), nn.Dropout(0.5, seeded())
    first, second = layer(x), layer(x)
    assert (first != second).any()
    np.testing.assert_array_equal(twin(x), first)
    np.testing.assert_array_equal(copy.deepcopy(twin)(x), second)


def test_dropout_is_the_identity_after_eval_and_for_p_0():
    x = Value(np.ones(3))
    assert nn.Dropout(0.5).eval()(x) is x
    assert nn.Dropout(0.0)(x) is x
    np.testing.assert_array_equal(nn.Dropout(1.0)(x).data, np.zeros(3))


def test_dropout_derivatives_with_a_mask_held_fast():
    assert gradcheck(lambda x: nn.Dropout(0.5, seeded())(x) ** 3, seeded().normal(size=(3, 4)), order=2).ok


def test_dropout_float32_and_errors():
    x = Value(np.ones((4, 3), dtype=np.float32))
    z = nn.Dropout(0.5)(x)
    z.sum().backward()
    assert z.dtype == x.grad.dtype == np.float32
    for p in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="Dropout: p must be between 0 and 1, got"):
            nn.Dropout(p)
    with pytest.raises(TypeError, match=r"pass rng=np.random.default_rng\(7\)"):
        nn.Dropout(0.5, rng=7)


def test_the_function_draws_afresh_where_no_generator_is_given():
    x = np.ones(1000)
    assert (F.dropout(x) != F.dropout(x)).any()
    with pytest.raises(TypeError, match=r"pass rng=np.random.default_rng\(7\)"):
        F.dropout(x, rng=7)


def test_dropout_reads_lists_and_whole_numbers_as_floats():
    numbers = np.arange(1.0, 51.0)
    expected = F.dropout(numbers, 0.3, rng=seeded())
    for x in (numbers.tolist(), np.arange(1, 51), np.arange(1, 51, dtype=np.int8)):
        found = F.dropout(x, 0.3, rng=seeded())
        assert found.dtype == float
        np.testing.assert_array_equal(found, expected)


def test_dropout_reads_a_matrix_as_an_array():
    with pytest.warns(PendingDeprecationWarning):
        x = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(F.dropout(x, 0.3, rng=seeded(1)), F.dropout(np.array(x), 0.3, rng=seeded(1)))


# -- MaskPoolDropout -------------------------------------------------------------------------------


def test_masks_are_drawn_once_and_alternate():
    layer = nn.MaskPoolDropout(0.5, masks=3, rng=seeded(), units=6)
    pool = layer.pool.copy()
    x = seeded(1).normal(size=(4, 6))
    for i in [0, 1, 2, 0, 1]:
        np.testing.assert_array_equal(layer(x), x * pool[i])
        assert layer.current == i
    np.testing.assert_array_equal(layer.pool, pool)


def test_the_pool_is_drawn_when_the_first_input_tells_its_size():
    layer = nn.MaskPoolDropout(0.5, masks=3, rng=seeded())
    assert layer.pool is None
    with pytest.raises(ValueError, match="has no masks yet: give units=, or an input first"):
        layer.draw()
    layer(np.ones((2, 6)))
    np.testing.assert_array_equal(layer.pool, nn.MaskPoolDropout(0.5, 3, seeded(), units=6).pool)


def test_the_gradient_goes_back_through_the_same_mask():
    layer = nn.MaskPoolDropout(0.5, masks=4, rng=seeded(), units=5)
    for i in range(4):
        x = Value(np.ones((3, 5)))
        layer(x).sum().backward()
        np.testing.assert_array_equal(x.grad, np.broadcast_to(layer.pool[i], (3, 5)))
    with layer.use(1):
        assert gradcheck(lambda x: layer(x) ** 3, np.ones((2, 5)), order=2).ok


def test_eval_is_the_exact_mean_of_the_thinned_networks_weighted_sums():
    layer, out = nn.MaskPoolDropout(0.4, masks=7, rng=seeded(), units=5), nn.Linear(5, 2)
    x = seeded(2).normal(size=(3, 5))
    thinned = [out(layer(x)).data for _ in range(7)]
    np.testing.assert_allclose(out(layer.eval()(x)).data, np.mean(thinned, axis=0), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(layer.presence(), layer.pool.sum(0) / 7)
    assert layer.current == 6  # eval() took none


def test_masks_can_be_chosen_for_a_time():
    layer, x = nn.MaskPoolDropout(0.5, masks=4, rng=seeded(), units=8), np.ones(8)
    layer(x)
    with layer.use("mask 2") as same:
        assert same is layer
        for _ in range(3):
            np.testing.assert_array_equal(layer(x), layer.pool[2])
        with layer.use(0):
            np.testing.assert_array_equal(layer(x), layer.pool[0])
        assert layer.fixed == 2
    assert layer.fixed is None
    layer(x)
    assert layer.current == 1  # goes on from the mask used last
    layer.use(3)
    assert [(layer(x), layer.current)[1] for _ in range(2)] == [3, 3]
    layer.use(None)
    assert [(layer(x), layer.current)[1] for _ in range(2)] == [0, 1]
    with pytest.raises(ZeroDivisionError), layer.use(2):
        1 / 0  # noqa: B018
    assert layer.fixed is None
    for unknown in (4, -1, "mask 4"):
        with pytest.raises(ValueError, match=r"there is no mask .*; they are 0 to 3 or mask 0, mask 1, mask 2, mask 3"):
            layer.use(unknown)


def test_masks_can_be_listed_and_drawn():
    layer = nn.MaskPoolDropout(0.5, masks=11, rng=seeded(), units=4)
    masks = layer.named_masks()
    assert list(masks) == [f"mask {i}" for i in range(11)]
    lines = layer.draw().split("\n")
    for i, line in enumerate(lines):
        np.testing.assert_array_equal([c == "■" for c in line[-4:]], masks[f"mask {i}"])
    assert lines[0].startswith("mask 0   ")
    assert lines[10].startswith("mask 10  ")
    assert layer.pool.dtype == bool
    assert layer.pool.shape == (11, 4)


def test_no_mask_is_all_off():
    assert nn.MaskPoolDropout(0.95, masks=50, rng=seeded(), units=3).pool.any(axis=1).all()


def test_the_pool_is_saved_and_loaded_even_before_it_is_drawn():
    trained = nn.Sequential(nn.Linear(2, 3), nn.MaskPoolDropout(0.5, 4, seeded()))
    assert "1.pool" not in trained.state_dict()
    trained(np.ones(2))
    assert [n for n, _ in trained.named_parameters()] == ["0.weight", "0.bias"]
    fresh = nn.Sequential(nn.Linear(2, 3), nn.MaskPoolDropout(0.5, 4))
    fresh.load_state_dict(trained.state_dict())
    np.testing.assert_array_equal(fresh[1].pool, trained[1].pool)
    assert fresh[1].pool.dtype == bool
    x = np.ones((2, 2))
    np.testing.assert_array_equal(fresh.eval()(x).data, trained.eval()(x).data)


def test_mask_pool_float32_and_errors():
    layer = nn.MaskPoolDropout(0.5, 4, units=3)
    x = Value(np.ones((4, 3), dtype=np.float32))
    assert layer(x).dtype == layer.eval()(x).dtype == np.float32
    with pytest.raises(ShapeError, match=r"gets \(4, 2\): expected 3 units, those of its pool; draw a new one: .*=2"):
        layer(np.ones((4, 2)))
    with pytest.raises(ShapeError, match=r"expected \(..., units\), not a single number"):
        layer(1.0)
    for p in (-0.1, 1.0, 1):
        with pytest.raises(ValueError, match=r"MaskPoolDropout: p must be (between 0 and 1|less than 1), got"):
            nn.MaskPoolDropout(p)
    with pytest.raises(ValueError, match="masks must be a positive whole number, got 0"):
        nn.MaskPoolDropout(0.5, masks=0)


def test_a_mean_of_masks_over_a_training_run():
    """Every pass trains just the weights of the units that are on."""
    layer, out = nn.MaskPoolDropout(0.5, 2, seeded(3), units=6), nn.Linear(6, 1)
    for mask in layer.pool:
        out.zero_grad()
        out(layer(np.ones((1, 6)))).sum().backward()
        np.testing.assert_array_equal(out.weight.grad[0] != 0, mask)


def test_a_pool_that_is_not_drawn_is_not_missing():
    layer, drawn = nn.MaskPoolDropout(0.5), nn.MaskPoolDropout(0.5, units=3)
    layer.load_state_dict(layer.state_dict())
    assert layer.pool is None
    with pytest.raises(ValueError, match=r"missing: pool \(16, 3\)"):
        drawn.load_state_dict({})
