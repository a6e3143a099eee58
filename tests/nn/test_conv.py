"""Convolution and pooling against loops over every pixel, and their derivatives."""

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, gradcheck, nn
from autograd_mini.nn import functional as F
from autograd_mini.nn.windows import fold, places, windows

RNG = np.random.default_rng(11)
GEOMETRIES = [  # picture, kernel, stride, padding
    ((4, 4), (1, 1), (1, 1), (0, 0)),
    ((5, 6), (3, 2), (1, 1), (0, 0)),
    ((5, 6), (3, 2), (2, 1), (1, 0)),
    ((7, 5), (2, 3), (3, 2), (1, 1)),
    ((3, 3), (3, 3), (1, 1), (0, 0)),
    ((6, 5), (2, 2), (3, 3), (0, 1)),
]


def padded(x, padding, outside):
    n, channels, height, width = x.shape
    p, q = padding
    frame = np.full((n, channels, height + 2 * p, width + 2 * q), outside)
    frame[:, :, p : p + height, q : q + width] = x
    return frame


def naive_windows(x, kernel, stride, padding, outside, each):
    """`each(n, channel-stack)` for every place, over plain loops."""
    x = padded(x, padding, outside)
    rows = (x.shape[2] - kernel[0]) // stride[0] + 1
    columns = (x.shape[3] - kernel[1]) // stride[1] + 1
    out = [
        [
            [each(x[n, :, r * stride[0] :, c * stride[1] :][:, : kernel[0], : kernel[1]]) for c in range(columns)]
            for r in range(rows)
        ]
        for n in range(len(x))
    ]
    return np.moveaxis(np.array(out), -1, 1)


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), GEOMETRIES)
@pytest.mark.parametrize("bias", [True, False])
def test_conv2d_is_the_loop(size, kernel, stride, padding, bias):
    layer = nn.Conv2d(2, 3, kernel, stride, padding, bias=bias, rng=RNG)
    W, b = layer.weight.data, layer.bias.data if bias else np.zeros(3)
    x = RNG.normal(size=(2, 2, *size))

    def each(window):
        return [
            b[o] + sum(W[o, i, u, v] * window[i, u, v] for i, u, v in np.ndindex(window.shape)) for o in range(len(W))
        ]

    expected = naive_windows(x, kernel, stride, padding, 0.0, each)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(layer(x[0]).data, expected[0], rtol=1e-12, atol=1e-13)
    assert layer.output_shape(("batch", 2, *size)) == ("batch", *expected.shape[1:])
    assert layer.output_shape((2, *size)) == expected.shape[1:]


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), GEOMETRIES[1:4])
def test_conv2d_derivatives(size, kernel, stride, padding):
    x, W, b = RNG.normal(size=(1, 2, *size)), RNG.normal(size=(1, 2, *kernel)), RNG.normal(size=1)
    assert gradcheck(lambda *args: F.conv2d(*args, stride, padding), x, W, b, order=1).ok
    assert gradcheck(lambda *args: (F.conv2d(*args, stride, padding) ** 2).sum(), x[:, :, :4, :4], W, b, order=2).ok


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), GEOMETRIES)
def test_pools_are_the_loops(size, kernel, stride, padding):
    padding = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
    x = RNG.normal(size=(2, 2, *size))
    for cls, outside, each in (
        (nn.MaxPool2d, -np.inf, lambda w: [max(channel.ravel().tolist()) for channel in w]),
        (nn.AvgPool2d, 0.0, lambda w: [sum(channel.ravel().tolist()) / channel.size for channel in w]),
    ):
        layer = cls(kernel, stride, padding)
        expected = naive_windows(x, kernel, stride, padding, outside, each)
        np.testing.assert_allclose(layer(x), expected, rtol=1e-13, atol=1e-14)
        np.testing.assert_array_equal(layer(Value(x)).data, layer(x))
        np.testing.assert_array_equal(layer(x[1]), layer(x)[1])
        assert layer.output_shape(("batch", 2, *size)) == ("batch", *expected.shape[1:])
        assert gradcheck(layer, x[:1], order=1).ok
        assert gradcheck(lambda v, layer=layer: (layer(v) ** 3).sum(), x[:1, :1], order=2).ok


def test_the_strides_of_pools_are_their_kernels():
    assert nn.MaxPool2d(3)(np.zeros((1, 1, 9, 7))).shape == (1, 1, 3, 2)
    assert nn.AvgPool2d((2, 3))(np.zeros((1, 1, 4, 6))).shape == (1, 1, 2, 2)


def test_lists_and_whole_numbers_are_read_as_floats():
    answer = F.conv2d([[[1, 2], [3, 4]]], [[[[2]]]])
    assert answer.dtype == float
    np.testing.assert_array_equal(answer, [[[2, 4], [6, 8]]])
    for pool, number in ((F.max_pool2d, 4.0), (F.avg_pool2d, 2.5)):
        answer = pool([[[1, 2], [3, 4]]], 2)
        assert answer.dtype == float
        np.testing.assert_array_equal(answer, [[[number]]])


def test_a_size_that_is_not_known_yet_stays():
    assert places(("height", 28), (3, 3), (2, 2), (1, 1)) == ("height", 14)


def test_ties_share_the_gradient():
    x = Value(np.ones((1, 2, 2)))
    nn.MaxPool2d(2)(x).sum().backward()
    np.testing.assert_array_equal(x.grad, np.full((1, 2, 2), 0.25))


def test_nothing_outside_is_ever_the_largest():
    x = Value(-np.ones((1, 2, 2)))
    z = nn.MaxPool2d(2, stride=2, padding=1)(x)
    np.testing.assert_array_equal(z.data, -np.ones((1, 2, 2)))
    z.sum().backward()
    np.testing.assert_array_equal(x.grad, np.ones((1, 2, 2)))


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), GEOMETRIES)
def test_windows_and_fold_are_transposes(size, kernel, stride, padding):
    x = RNG.normal(size=(2, *size))
    seen = windows(x, params=(kernel, stride))
    g = RNG.normal(size=seen.shape)
    assert np.sum(seen * g) == pytest.approx(np.sum(x * fold(g, params=(size, kernel, stride))))
    assert gradcheck(lambda v: windows(v, params=(kernel, stride)) ** 2, x[:1], order=1).ok
    assert gradcheck(lambda v: fold(v, params=(size, kernel, stride)) ** 2, g[:, :, :1], order=1).ok


@pytest.mark.parametrize("layer", [nn.Conv2d(1, 2, 3, padding=1, dtype=np.float32), nn.MaxPool2d(2), nn.AvgPool2d(2)])
def test_float32_stays(layer):
    x = Value(np.ones((1, 1, 4, 4), dtype=np.float32))
    z = layer(x)
    z.sum().backward()
    assert z.dtype == x.grad.dtype == np.float32
    assert all(p.grad.dtype == np.float32 for p in layer.parameters())


def test_padding_of_float32_pools():
    x = Value(np.ones((1, 1, 4, 4), dtype=np.float32))
    for layer in (nn.MaxPool2d(2, padding=1), nn.AvgPool2d(2, padding=1)):
        assert layer(x).dtype == np.float32


def test_a_convolution_learns_the_kernel_that_made_the_pictures():
    rng = np.random.default_rng(0)
    x, true = rng.normal(size=(8, 1, 6, 6)), rng.normal(size=(1, 1, 3, 3))
    target, layer = F.conv2d(x, true), nn.Conv2d(1, 1, 3, bias=False, rng=rng)
    for _ in range(60):
        layer.zero_grad()
        nn.L2Loss(reduction="mean")(layer(x), target).backward()
        layer.weight.data = layer.weight.data - 0.5 * layer.weight.grad
    np.testing.assert_allclose(layer.weight.data, true, atol=1e-3)


def test_conv2d_draws_with_the_windows_size():
    layer = nn.Conv2d(4, 200, (3, 3), rng=np.random.default_rng(0))
    for p in layer.parameters():
        assert 0.97 / 6 < np.abs(p.data).max() <= 1 / 6  # ±1/√(4·3·3)
    twin = nn.Conv2d(4, 200, 3, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer.weight.data, twin.weight.data)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (
            nn.Conv2d(3, 8, 3),
            (2, 1, 8, 8),
            r"^Conv2d\(in_channels=3, out_channels=8, .*\) gets \(2, 1, 8, 8\): expected 3 channels, got 1; "
            r"make it Conv2d\(1, …\) or the layer before give 3",
        ),
        (nn.Conv2d(1, 8, 3), (8, 8), r"gets \(8, 8\): expected \(batch, 1, height, width\); .* use x\[:, None\]"),
        (nn.Conv2d(1, 8, 5), (1, 4, 8), r"expected a picture of at least 5 × 5, padding included; make the kernel"),
        (nn.MaxPool2d(3), (1, 2, 8), r"MaxPool2d\(.*\) gets \(1, 2, 8\): expected a picture of at least 3 × 3"),
        (nn.AvgPool2d(3), (8, 8), r"AvgPool2d\(.*\) gets \(8, 8\): expected \(batch, channels, height, width\)"),
    ],
)
def test_misfits(layer, shape, message):
    with pytest.raises(ShapeError, match=message):
        layer(np.zeros(shape))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2d(0, 1, 1), "Conv2d: in_channels must be a positive whole number, got 0"),
        (lambda: nn.Conv2d(1, 1, (1, 2, 3)), r"kernel_size must be one whole number or \(height, width\), got \(1, 2"),
        (lambda: nn.Conv2d(1, 1, 1, stride=0), "stride must be a positive whole number, got 0"),
        (lambda: nn.Conv2d(1, 1, 1, padding=-1), "padding must be a whole number ≥ 0, got -1"),
        (lambda: nn.MaxPool2d(2, padding=2), r"MaxPool2d: padding may be at most half the kernel \(2, 2\), got"),
        (lambda: nn.AvgPool2d(1.5), "AvgPool2d: kernel_size must be a positive whole number, got 1.5"),
    ],
)
def test_wrong_sizes(make, message):
    with pytest.raises(ValueError, match=message):
        make()
