"""Record a step once and replay it: `compile(f)` gives the same values, gradients and updates, without the engine.

>>> import autograd_mini as ag
>>> w = ag.Value(2.0, name="w")
>>> step = compile(lambda x, y: 0.5 * (w * x - y) ** 2)
>>> step(3.0, 1.0), w.grad
(12.5, 15.0)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd_mini.backprop import step_watchers
from autograd_mini.modes import inside_transform, no_grad_blocks
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.replay.flat import Shared
from autograd_mini.replay.program import AS_WRITTEN, FAILURES, Answer, Program
from autograd_mini.replay.recording import record, recording, run_once
from autograd_mini.replay.trace import CannotReplay, CompileError
from autograd_mini.value import Value, recording_hooks
from autograd_mini.visible import shown, visible

#: A function that asks for more programs than these is run as written for the others.
MOST_PROGRAMS = 8


class Compiled:
    """A compiled function, see `compile`."""

    def __init__(self, f: Callable[..., Any], optimizer: Optimizer | None, backward: bool, numba: bool) -> None:
        self.f = f
        self.optimizer = optimizer
        self.backward = backward
        self.numba = numba
        self.programs: list[Program] = []
        self.shared = Shared()
        self.__name__ = getattr(f, "__name__", type(f).__name__)
        self.__doc__ = getattr(f, "__doc__", None)
        self.__wrapped__ = f

    @property
    def source(self) -> str:
        """The Python that the last recorded program runs; empty before the first call."""
        return self.programs[-1].source if self.programs else ""

    def __repr__(self) -> str:
        return f"<compiled {visible(self.__name__)}, {len(self.programs)} programs>"

    def __call__(self, *args: Any) -> Any:
        for program in self.programs:
            if program.arguments == len(args):
                try:
                    result = program.run(*args)
                except FAILURES:
                    return self._as_written(args)
                if type(result) is not Answer:
                    return result
                if result is AS_WRITTEN:
                    return self._as_written(args)
        return self._recorded(args) if _undisturbed(self.backward) else self._as_written(args)

    def each(self, samples: Iterable[Any]) -> np.ndarray:
        """Call it for each of the samples, tuples of arguments, one after the other; the outputs as an array."""
        if type(samples) is np.ndarray and samples.ndim == 2 and samples.dtype == float:
            if len(samples) and self.programs and self.programs[-1].kernel_source:
                found = self.programs[-1].call_each(samples)
                if type(found) is not Answer:
                    return found
            samples = samples.tolist()
        samples = samples if type(samples) is list else list(samples)
        if not {list, tuple}.issuperset(map(type, samples)):
            samples = [tuple(sample) for sample in samples]
        outputs: list[Any] = []
        if samples and not self.programs:
            outputs = [self(*samples[0])]
        rest = samples[len(outputs) :]
        if rest and self.programs:
            found = self.programs[-1].call_each(rest)
            if type(found) is not Answer:
                return np.array([*outputs, *found])
        return np.array([*outputs, *(self(*sample) for sample in rest)])

    # -- as written --------------------------------------------------------------------------------

    def _as_written(self, args: tuple) -> Any:
        return self._finished(self.f(*args))

    def _finished(self, output: Any) -> Any:
        """What is left to do once f has returned."""
        if not self.backward:
            return _numbers(output)
        output.backward()
        if self.optimizer is not None:
            self.optimizer.step()
            self.optimizer.zero_grad()
        return _numbers(output)

    def _recorded(self, args: tuple) -> Any:
        """The call as written; on the way it is recorded as a program for the next ones."""
        if len(self.programs) >= MOST_PROGRAMS:
            warnings.warn(
                f"compile: {self.__name__} asked for more than {MOST_PROGRAMS} programs, by its arguments' shapes, its "
                "fixed arguments or its branches: further ones are run as written, which is slow. Pass numbers that "
                "vary as floats or arrays",
                RuntimeWarning,
                stacklevel=3,
            )
            return self._as_written(args)
        with recording:
            output, draws = run_once(self.f, args)
            if self.backward and type(output) is not Value:
                raise CompileError(f"compile: f must return the Value to differentiate, got {shown(output)}")
            try:
                found = record(self.f, args, output, draws, self.optimizer, self.backward)
                self.programs.append(Program(found, self.optimizer, self.__name__, self.numba, self.shared))
            except CannotReplay:
                pass
        return self._finished(output)


def _undisturbed(backward: bool) -> bool:
    """Nobody watches what the engine does, which a program would not tell."""
    return not (recording_hooks or step_watchers or (backward and no_grad_blocks.get()) or inside_transform.get())


def _numbers(item: Any) -> Any:
    if type(item) is Value:
        return item._data.copy() if np.ndim(item._data) else item._data
    if type(item) is tuple or type(item) is list:
        return type(item)([_numbers(part) for part in item])
    if type(item) is dict:
        return {key: _numbers(part) for key, part in item.items()}
    return item


def compile(
    f: Callable[..., Any], *, optimizer: Optimizer | None = None, backward: bool = True, numba: bool = False
) -> Compiled:
    """A function that does what f does, and its gradients, as a straight list of NumPy calls, recorded once.

    `step = compile(f)`: `step(*args)` is `E = f(*args); E.backward(); return E.data`, with an optimizer also
    `optimizer.step(); optimizer.zero_grad()`. The first call, and each with arguments of another kind, is made as
    written, and recorded: f is run a second time, on arrays that write down every NumPy function which the engine
    calls forwards, backwards and in the optimizer. Later calls run that list, and nothing else.

    Args:
        f: returns the Value to differentiate. It may use Values and modules that it is not given: their numbers are
            read at every call.
        optimizer: steps after every call; its options, such as a learning rate under a schedule, are read each time.
        backward: False computes f alone, which may then return anything that holds Values.
        numba: machine code for a step on tiny arrays, and for the loop over samples (`each`) where f computes on
            numbers alone; it is compiled when it is first run, for a second or so. Needs the extra `numba`.

    Arguments may be nested in tuples, lists and dicts. Arrays (by shape and dtype) and floats are free; Values are
    leaves and get their `.grad`; ints, texts and all else are fixed, and each has a program of its own.

    Where f branches on a number, the program asks the same question, and another answer has another program. Random
    layers draw anew, running statistics follow, `train()` and `eval()` are seen. Whatever a program cannot do as the
    engine does (overflow, 0 · ∞, hooks, `anomaly`) is left to the engine, before anything has changed.
    Parameters and memory are changed all at once, also under Ctrl-C; two threads do not meet in its buffers.

    Not seen are changes of plain numbers and arrays that f finds outside without being given them, and what else f
    does, such as printing: a program is what it computed.

    Returns:
        `step`, with `step.source`, the Python that it runs, and `step.each(samples)`, which calls it for each of many
        tuples of arguments in one loop and gives the outputs as an array.

    Raises:
        CompileError: (in a call) f asks a traced number for its value (`float(x)`, `.item()`), makes other constants
            in every run, or keeps what it computed in a module; nothing has changed.

    >>> import autograd_mini as ag
    >>> w, b = ag.Value(2.0, name="w"), ag.Value(-1.0, name="b")
    >>> optimizer = ag.optim.SGD([w, b], learning_rate=0.25)
    >>> step = compile(lambda x, y: 0.5 * (w * x + b - y) ** 2, optimizer=optimizer)
    >>> step(1.0, 0.0), w.data
    (0.5, 1.75)
    >>> step.each([(1.0, 0.0), (2.0, 1.0)])
    array([0.125    , 0.3828125])
    >>> print(step.source.partition("# Forward")[2].partition("# Is all finite")[0].strip())
    subtract = w * x + b - y
        multiply = 0.5 * (subtract * subtract)
        # Update
        new_w = w + neg * (subtract * x)
        new_b = b + neg * subtract
    """
    if not callable(f) or isinstance(f, Value):
        raise TypeError(f"compile: expected a function, got {shown(f)}; pass the function itself, f, not f(x)")
    if optimizer is not None and not backward:
        raise ValueError("compile: an optimizer needs gradients: leave out backward=False, or the optimizer")
    return Compiled(f, optimizer, backward, numba)
