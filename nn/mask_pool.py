"""Dropout the lecture's way: a pool of masks, drawn once and alternated, that can be looked at.

>>> layer = MaskPoolDropout(0.5, masks=3, rng=np.random.default_rng(1), units=8)
>>> print(layer.draw())
mask 0  ■■□■□□■□
mask 1  ■□■■□■□□
mask 2  □□□□■□□■
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.functions import as_operand
from autograd_mini.nn.init import generator
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Misfit, Shape, check, share, whole


class MaskPoolDropout(Module):
    """Units are switched off by the masks of a pool, one mask per pass in turn (lecture 9, "dropout").

    Each mask makes a thinned network out of the whole one; like in bagging, all of them are trained,
    and they share their weights. One mask serves a whole batch, and the gradient goes back through it:
    a unit that is off gets none.

    In training a unit that is on gives x itself. After `eval()` every unit gives x · (the part of
    the pool's masks in which it is on). So the weighted sums of the next layer, W (presence ⊙ x) + b,
    are exactly the mean of those of the thinned networks, unit by unit, also where chance has put one
    unit into more masks than another; what nonlinear layers make of them is an approximation of the
    ensemble's mean.

    Args:
        p: the probability that a mask switches a unit off, 0 ≤ p < 1.
        masks: how many masks the pool has; the lecture says 10 to 20.
        rng: the numpy.random.Generator to draw from; a fresh one by default, which draws anew in a forked process.
        units: how many units there are; by default the pool is drawn when the first input tells.

    Attributes:
        pool: (masks, units), True where a unit is on, ready to be shown as a picture; None before
            it is drawn. It is a buffer: saved and loaded with the network. No mask is all off.
        current: the number of the mask used last, None before the first pass in training.
        fixed: the number of the mask chosen by `use`, else None.

    Shapes:
        x: (..., units) -> the same

    Raises:
        ShapeError: x has another number of units than the pool.
        ValueError: p is not in [0, 1), sizes that are not positive whole numbers.

    >>> layer = MaskPoolDropout(0.5, masks=2, rng=np.random.default_rng(1))
    >>> x = np.ones(4)
    >>> layer(x), layer(x), layer(x)
    (array([1., 1., 0., 1.]), array([0., 0., 1., 0.]), array([1., 1., 0., 1.]))
    >>> layer.eval()(x)
    array([0.5, 0.5, 0.5, 0.5])
    """

    buffer_names = ("pool",)
    pool: np.ndarray | None

    def __init__(
        self, p: float = 0.5, masks: int = 16, rng: np.random.Generator | None = None, units: int | None = None
    ) -> None:
        self.p = share("MaskPoolDropout", "p", p)
        if p == 1:
            raise ValueError("MaskPoolDropout: p must be less than 1, got 1: no mask would have a unit that is on")
        self.masks = whole("MaskPoolDropout", "masks", masks)
        self.rng = generator(rng)
        self.pool = None if units is None else self._drawn(whole("MaskPoolDropout", "units", units))
        self.current: int | None = None
        self.fixed: int | None = None

    def forward(self, x: Any) -> Any:
        check(self, x)
        x = as_operand(x)
        if self.pool is None:
            self.pool = self._drawn(x.shape[-1])
        if not self.training:
            return x * self.presence().astype(x.dtype)
        self.current = self._next() if self.fixed is None else self.fixed
        return x * self.pool[self.current].astype(x.dtype)

    def presence(self) -> np.ndarray:
        """For each unit the part of the masks in which it is on, (units,)."""
        return self._known().mean(axis=0)

    def named_masks(self) -> dict[str, np.ndarray]:
        """The masks by name, True where a unit is on.

        >>> MaskPoolDropout(0.5, 2, np.random.default_rng(1), units=3).named_masks()
        {'mask 0': array([ True,  True, False]), 'mask 1': array([ True, False, False])}
        """
        return {f"mask {i}": mask for i, mask in enumerate(self._known())}

    def use(self, mask: int | str | None) -> Fixed:
        """Use one mask, by number or name, in every training pass from now on; None alternates again.

        In a `with` block only until its end.

        Raises:
            ValueError: there is no such mask.

        >>> layer = MaskPoolDropout(0.5, 4, np.random.default_rng(1), units=3)
        >>> with layer.use("mask 2"):
        ...     _ = layer(np.ones(3)), layer(np.ones(3))
        ...     layer.current
        2
        """
        before, self.fixed = self.fixed, None if mask is None else self._number(mask)
        return Fixed(self, before)

    def draw(self) -> str:
        """The pool as text: a line for each mask, ■ for a unit that is on and □ for one that is off."""
        units = {name: "".join("■" if on else "□" for on in mask) for name, mask in self.named_masks().items()}
        width = max(map(len, units))
        return "\n".join(f"{name:{width}}  {drawn}" for name, drawn in units.items())

    def output_shape(self, shape: Shape) -> Shape:
        if not shape:
            raise Misfit("expected (..., units), not a single number")
        units = shape[-1] if self.pool is None else self.pool.shape[1]
        if shape[-1] != units:
            raise Misfit(
                f"expected {units} units, those of its pool; draw a new one: "
                f"MaskPoolDropout({self.p}, units={shape[-1]})",
                (*shape[:-1], units),
            )
        return shape

    def extra_repr(self) -> str:
        return f"p={self.p}, masks={self.masks}"

    def _drawn(self, units: int) -> np.ndarray:
        pool = self.rng.random((self.masks, units)) >= self.p
        while not pool.any(axis=1).all():  # a network without units learns nothing
            off = ~pool.any(axis=1)
            pool[off] = self.rng.random((off.sum(), units)) >= self.p
        return pool

    def _known(self) -> np.ndarray:
        if self.pool is None:
            raise ValueError(f"{self!r} has no masks yet: give units=, or an input first")
        return self.pool

    def _next(self) -> int:
        return 0 if self.current is None else (self.current + 1) % len(self._known())

    def _number(self, mask: int | str) -> int:
        count = self.masks if self.pool is None else len(self.pool)
        names = {f"mask {i}": i for i in range(count)}
        number = names.get(mask, -1) if isinstance(mask, str) else mask
        if not 0 <= number < count:
            raise ValueError(f"{self!r}: there is no mask {mask!r}; they are 0 to {count - 1} or {', '.join(names)}")
        return number


class Fixed:
    """What `MaskPoolDropout.use` gives back: leaving its `with` block restores what was used before."""

    def __init__(self, layer: MaskPoolDropout, before: int | None) -> None:
        self.layer = layer
        self.before = before

    def __enter__(self) -> MaskPoolDropout:
        return self.layer

    def __exit__(self, *exception: object) -> None:
        self.layer.fixed = self.before
