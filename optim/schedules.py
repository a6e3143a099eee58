"""Change the learning rate while training: `schedule.step()` after each optimizer step (or each epoch).

A schedule is a factor, a function of the step number n = 0, 1, …; every group of the optimizer gets

    µ(n) = µ₀ · factor(n),   µ₀ the rate it had when the schedule was made.

>>> from autograd_mini import Value, optim
>>> optimizer = optim.SGD([Value(0.0)], learning_rate=0.5)
>>> schedule = optim.StepSchedule(optimizer, every=2, factor=0.1)
>>> for _ in range(4):
...     print(optimizer.learning_rate)
...     schedule.step()
0.5
0.5
0.05
0.05

Its picture needs no training: `plt.plot([schedule.factor(n) for n in range(100)])`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_mini.optim.groups import number
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.optim.state import differences, refuse
from autograd_mini.value import Value
from autograd_mini.visible import shown


class Schedule:
    """µ(n) = µ₀ · factor(n), where a subclass says in `factor` what that is.

    Making a schedule sets µ(0) at once. From then on it owns the learning rate: a rate assigned by
    hand lasts until the next `step()`.

    Attributes:
        optimizer: whose learning rates it sets.
        base: µ₀ of each of its groups.
        n: how often `step` was called.

    >>> class Halving(Schedule):
    ...     def factor(self, n):
    ...         return 0.5**n
    >>> from autograd_mini import Value, optim
    >>> optimizer = optim.SGD([Value(0.0)], learning_rate=1.0)
    >>> schedule = Halving(optimizer)
    >>> schedule.step()
    >>> optimizer.learning_rate
    0.5
    """

    #: Attributes besides `n` and `base` that a later step depends on: plain numbers.
    remembers: tuple[str, ...] = ()

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__}: expected an optimizer, got {shown(optimizer)}")
        self.optimizer = optimizer
        self.base: list[float] = [float(group["learning_rate"]) for group in optimizer.groups]
        self.n = 0
        self._set_rates()

    def factor(self, n: int) -> float:
        """What µ₀ is multiplied with at step n; every subclass defines its own."""
        raise NotImplementedError(f"{type(self).__name__} has no factor: define `def factor(self, n)` in its class")

    def step(self) -> None:
        """Go on to the next step number and set its learning rates."""
        self.n += 1
        self._set_rates()

    def state_dict(self) -> dict[str, Any]:
        """All that a later step depends on, besides what the schedule was made with: names -> numbers."""
        state: dict[str, Any] = {"schedule": type(self).__name__, "n": self.n}
        state |= {f"base.{k}": rate for k, rate in enumerate(self.base)}
        return state | {name: getattr(self, name) for name in self.remembers}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over where a schedule made alike has stopped, and set the learning rates of its n.

        Raises:
            ValueError: another kind of schedule, entries that are missing, unexpected or no numbers.
                The message lists all of them, and nothing has changed.
            TypeError: `state` is not a mapping.
        """
        self._take(self._checked(state))
        self._set_rates()

    def _checked(self, state: Mapping[str, Any]) -> dict[str, Any]:
        owner, own = type(self).__name__, Schedule.state_dict(self)
        problems = differences(state, list(own))
        loaded: dict[str, Any] = {}
        for name in own.keys() & state.keys():
            try:
                if name == "schedule":
                    if str(state[name]) != owner:
                        raise ValueError(f"expected {owner}, got {state[name]}")
                elif name in self.remembers:
                    loaded[name] = float(state[name])
                else:
                    loaded[name] = number(owner, name, state[name])
            except (TypeError, ValueError) as error:
                problems.append(f"{name}: {error}")
        refuse(owner, problems)
        return loaded

    def _take(self, loaded: Mapping[str, Any]) -> None:
        self.n = int(loaded["n"])
        self.base = [loaded[f"base.{k}"] for k in range(len(self.base))]
        for name in self.remembers:
            setattr(self, name, loaded[name])

    def _set_rates(self) -> None:
        factor = self.factor(self.n)
        for group, rate in zip(self.optimizer.groups, self.base, strict=True):
            group["learning_rate"] = rate * factor

    def __repr__(self) -> str:
        return f"{type(self).__name__}(n={self.n}, {self.optimizer!r})"

    def _number(self, what: str, given: Any, most: float | None = None) -> float:
        return number(type(self).__name__, what, given, most)

    def _count(self, what: str, given: Any) -> int:
        if not isinstance(given, int | np.integer) or isinstance(given, bool) or given < 1:
            raise ValueError(f"{type(self).__name__}: {what} must be a whole number ≥ 1, got {given!r}")
        return int(given)


class ConstantSchedule(Schedule):
    """factor(n) = 1: no change, to be compared with, or to be warmed up to."""

    def factor(self, n: int) -> float:
        return 1.0


class StepSchedule(Schedule):
    """factor(n) = f^⌊n/every⌋: a staircase, one stair down every so many steps.

    Raises:
        ValueError: `every` is not a whole number ≥ 1, a negative factor.
    """

    def __init__(self, optimizer: Optimizer, every: int, factor: float = 0.1) -> None:
        self.every, self.stair = self._count("every", every), self._number("factor", factor)
        super().__init__(optimizer)

    def factor(self, n: int) -> float:
        return self.stair ** (n // self.every)


class ExponentialSchedule(Schedule):
    """factor(n) = fⁿ: the same fraction off at every step.

    Raises:
        ValueError: a negative factor.
    """

    def __init__(self, optimizer: Optimizer, factor: float) -> None:
        self.base_factor = self._number("factor", factor)
        super().__init__(optimizer)

    def factor(self, n: int) -> float:
        return self.base_factor**n


class InverseTimeSchedule(Schedule):
    """factor(n) = 1/(1 + decay · n): halved after 1/decay steps, then ever more slowly.

    Σµ(n) grows without bound while Σµ(n)² does not, under which stochastic gradient descent still
    arrives (Robbins & Monro, 1951, A stochastic approximation method).

    Raises:
        ValueError: a negative decay.

    >>> from autograd_mini import Value, optim
    >>> schedule = InverseTimeSchedule(optim.SGD([Value(0.0)], 1.0), decay=0.5)
    >>> [schedule.factor(n) for n in (0, 2, 6)]
    [1.0, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, decay: float) -> None:
        self.decay = self._number("decay", decay)
        super().__init__(optimizer)

    def factor(self, n: int) -> float:
        return 1 / (1 + self.decay * n)


class CosineSchedule(Schedule):
    """factor(n) = end + (1 − end)(1 + cos(π n/steps))/2: half a cosine, from 1 down to `end`; it stays there.

    Source: Loshchilov & Hutter, 2017, SGDR: stochastic gradient descent with warm restarts, eq. 5,
    without restarts.

    Args:
        optimizer: starts with its highest rate.
        steps: after how many the end is reached.
        end: the last factor.

    Raises:
        ValueError: `steps` is not a whole number ≥ 1, a negative end.

    >>> from autograd_mini import Value, optim
    >>> schedule = CosineSchedule(optim.SGD([Value(0.0)], 1.0), steps=4)
    >>> [round(schedule.factor(n), 3) for n in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, steps: int, end: float = 0.0) -> None:
        self.steps, self.end = self._count("steps", steps), self._number("end", end)
        super().__init__(optimizer)

    def factor(self, n: int) -> float:
        return cosine(1.0, self.end, min(n / self.steps, 1.0))


class OneCycleSchedule(Schedule):
    """Up from `start` to 1 and down to `end`, each by half a cosine, in `steps` steps altogether.

    The optimizer's own rate is the peak, and may be higher than one would dare to begin with. The
    last rate is that of step number steps − 1; it stays there.

    Source: Smith & Topin, 2019, Super-convergence; the defaults are PyTorch's (`OneCycleLR`, whose
    cycling of the momentum is left out).

    Args:
        optimizer: its rate is the highest.
        steps: the number of steps in training.
        rise: the part of them that goes up, between 0 and 1.
        start, end: the first and the last factor.

    Raises:
        ValueError: `steps` is not a whole number ≥ 1, too few to rise and fall; rise, start or end
            out of range.
    """

    def __init__(
        self, optimizer: Optimizer, steps: int, rise: float = 0.3, start: float = 1 / 25, end: float = 1 / 250_000
    ) -> None:
        self.steps, self.rise = self._count("steps", steps), self._number("rise", rise, most=1)
        self.start, self.end = self._number("start", start), self._number("end", end)
        self.top = self.rise * steps - 1
        if not 0 < self.top < steps - 1:
            raise ValueError(f"OneCycleSchedule: {steps} steps, {rise:g} of them rising, leave none to rise or to fall")
        super().__init__(optimizer)

    def factor(self, n: int) -> float:
        if n <= self.top:
            return cosine(self.start, 1.0, n / self.top)
        return cosine(1.0, self.end, min((n - self.top) / (self.steps - 1 - self.top), 1.0))


class ReduceOnPlateau(Schedule):
    """Multiply the rate with `by` when the loss has stopped falling: `schedule.step(loss)` once an epoch.

    A loss is better if it is below the best so far by more than `threshold` of its size. When more
    than `patience` calls in a row were not better, the rate is reduced and the count starts again.

    Args:
        optimizer: starts with its highest rate.
        by: the factor of one reduction, in [0, 1].
        patience: how many calls without improvement are borne.
        threshold: ≥ 0, relative.
        lowest: the smallest factor altogether.

    Raises:
        ValueError: an argument out of range; in `step`, a loss that is not a number.

    >>> from autograd_mini import Value, optim
    >>> optimizer = optim.SGD([Value(0.0)], learning_rate=1.0)
    >>> schedule = ReduceOnPlateau(optimizer, by=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0, 2.0):
    ...     schedule.step(loss)
    ...     print(optimizer.learning_rate)
    1.0
    1.0
    1.0
    0.5
    0.5
    """

    remembers = ("scale", "best", "waited")

    def __init__(
        self, optimizer: Optimizer, by: float = 0.1, patience: int = 10, threshold: float = 1e-4, lowest: float = 0.0
    ) -> None:
        self.by, self.patience = self._number("by", by, most=1), self._number("patience", patience)
        self.threshold, self.lowest = self._number("threshold", threshold), self._number("lowest", lowest, most=1)
        self.scale, self.best, self.waited = 1.0, math.inf, 0.0
        super().__init__(optimizer)

    def factor(self, n: int) -> float:
        """The factor now, whatever n: it depends on the losses, not on the step number."""
        return self.scale

    def step(self, loss: float) -> None:  # type: ignore[override]
        """Look at the loss of one more epoch, a number."""
        if not isinstance(loss, int | float | np.number | Value) or not math.isfinite(loss):
            raise ValueError(f"ReduceOnPlateau: expected the loss as a finite number, got {loss!r}")
        if self.best == math.inf or loss < self.best - self.threshold * abs(self.best):
            self.best, self.waited = float(loss), 0.0
        else:
            self.waited += 1
        if self.waited > self.patience:
            self.scale, self.waited = max(self.scale * self.by, self.lowest), 0.0
        super().step()


class WarmUp(Schedule):
    """Begin gently: in a straight line up to another schedule's first rate, then that schedule.

    factor(n) = (n + 1)/(steps + 1) · first for n < steps, then the other's factor(n − steps). Nothing
    begins at 0, where a step would be wasted.

    Source: Goyal et al., 2017, Accurate, large minibatch SGD, section 2.2 ("gradual warmup").

    Args:
        then: the schedule to go on with, made for the same optimizer.
        steps: how long the warm-up takes.

    Raises:
        ValueError: `steps` is not a whole number ≥ 1.
        TypeError: `then` is not a schedule.

    >>> from autograd_mini import Value, optim
    >>> optimizer = optim.SGD([Value(0.0)], learning_rate=1.0)
    >>> schedule = WarmUp(ExponentialSchedule(optimizer, 0.5), steps=3)
    >>> [schedule.factor(n) for n in range(6)]
    [0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    """

    def __init__(self, then: Schedule, steps: int) -> None:
        if not isinstance(then, Schedule):
            raise TypeError(f"WarmUp: expected a schedule to go on with, got {shown(then)}")
        self.then, self.steps = then, self._count("steps", steps)
        self.optimizer, self.base, self.n = then.optimizer, then.base, 0
        self._set_rates()

    def factor(self, n: int) -> float:
        if n < self.steps:
            return (n + 1) / (self.steps + 1) * self.then.factor(0)
        return self.then.factor(n - self.steps)

    def step(self, *loss: float) -> None:
        """Go on one step; once warm, the other schedule does (a loss is for it)."""
        if self.n >= self.steps:
            self.then.step(*loss)
        self.n += 1
        self._set_rates()

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {f"then.{name}": item for name, item in self.then.state_dict().items()}

    def _checked(self, state: Mapping[str, Any]) -> dict[str, Any]:
        inner = {name.removeprefix("then."): state[name] for name in state if name.startswith("then.")}
        own = super()._checked({name: state[name] for name in state if not name.startswith("then.")})
        return own | {f"then.{name}": item for name, item in self.then._checked(inner).items()}

    def _take(self, loaded: Mapping[str, Any]) -> None:
        super()._take(loaded)
        self.then._take({name.removeprefix("then."): loaded[name] for name in loaded if name.startswith("then.")})


def cosine(first: float, last: float, part: float) -> float:
    """Half a cosine from `first`, at part 0, to `last`, at part 1.

    >>> cosine(1.0, 0.0, 0.5)
    0.5
    """
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2
