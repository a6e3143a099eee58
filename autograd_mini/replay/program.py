"""A recorded step as a function that can be called: compiled from its text, and asked whether it fits a call."""

from __future__ import annotations

import linecache
import math
from collections.abc import Callable
from contextvars import Context
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np

from autograd_mini.backprop import step_watchers
from autograd_mini.hooks import gradient_hooks
from autograd_mini.modes import inside_transform, no_grad_blocks
from autograd_mini.optim.blocks import Held
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.replay.checks import accumulated, hooked
from autograd_mini.replay.flat import Shared
from autograd_mini.replay.kernel import machine_code
from autograd_mini.replay.machine import MachineCode
from autograd_mini.replay.recording import Recording
from autograd_mini.replay.scalars import scalarised
from autograd_mini.replay.simplify import needed, simplified
from autograd_mini.replay.text import Text
from autograd_mini.replay.trace import CannotReplay
from autograd_mini.value import Value, next_age, recording_hooks

_serial = count(1).__next__


#: Programs on arrays that come to at most so many calls on single numbers are written so: with 280 they take a third of
#: the time, with 1100 the same, and each takes 15 µs to write.
MOST_CALLS = 600


class Answer:
    """What a program returns in place of a result when it has changed nothing."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __repr__(self) -> str:
        return self.what


#: These arguments, or an answer to a question, are not those that the program was recorded with.
OTHERWISE = Answer("OTHERWISE")
#: The call has to be made as written: something is not finite, or a gradient is there already.
AS_WRITTEN = Answer("AS_WRITTEN")


#: What a program raises where the engine may find a way: 0/0, `math` out of its domain.
FAILURES = (ArithmeticError, ValueError, CannotReplay)


class Program:
    """The function that a recorded step became."""

    def __init__(
        self, recording: Recording, optimizer: Optimizer | None, name: str, numba: bool, shared: Shared
    ) -> None:
        self.arguments = len(recording.args)
        self.generators = list(dict.fromkeys(var.function.__self__ for var in recording.trace.draws))
        trace = recording.trace
        trace.made, results = simplified(trace, recording.results())
        tiny = scalarised(trace, results, MOST_CALLS)
        if tiny is not None:
            trace.made, results = needed(trace.made, tiny), tiny
        recording.replace(results)
        text = Text(recording, trace.made, optimizer, name, numba, shared)
        self.source = text.step
        self.widths = [self.arguments, {self.arguments}]
        self.alarm: list[Any] = []
        """NumPy puts something in here when a number overflows or becomes nan."""
        self.lock = shared.lock
        self.has_arrays = text.has_arrays
        self.known = dict(text.body.known)
        self.kernel_source = text.kernel
        if text.kernel:
            self.known["kernel"] = machine_code(text.kernel, text.body.known)
        elif type(text.body) is MachineCode:
            self.known["kernel"] = machine_code(text.body.kernel, text.body.known)
            self.source = f"{text.body.kernel}\n{self.source}"
        self.run: Callable[..., Any] = self._compiled(text.step, "step")
        self._each = text.each

    @cached_property
    def run_each(self) -> Callable[..., Any] | None:
        """The loop over many samples, compiled when it is asked for first."""
        return self._compiled(self._each, "each") if self._each else None

    def call_each(self, samples: Any) -> Any:
        """All steps, one after the other, or an Answer where none was made."""
        if self.run_each is None:
            return AS_WRITTEN
        if (samples.shape[1] if type(samples) is np.ndarray else set(map(len, samples))) not in self.widths:
            return AS_WRITTEN
        try:
            return self.run_each(samples)
        except FAILURES:
            return AS_WRITTEN

    def _alone(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """The function for one thread at a time, for its buffers are; NumPy tells the alarm."""
        lock, context, alarm = self.lock, self._listening(), self.alarm

        def alone(*args: Any) -> Any:
            if not lock.acquire(False):
                return AS_WRITTEN
            try:
                return context.run(run, *args)
            finally:
                alarm.clear()
                lock.release()

        return alone

    def _drawing(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """The function, after which nothing has been drawn where nothing was done."""

        def drawing(*args: Any) -> Any:
            states = [generator.bit_generator.state for generator in self.generators]
            result: Any = AS_WRITTEN
            try:
                result = run(*args)
            finally:
                if type(result) is Answer:
                    for generator, state in zip(self.generators, states, strict=True):
                        generator.bit_generator.state = state
            return result

        return drawing

    def _listening(self) -> Context:
        """A context in which NumPy, instead of warning, tells the alarm: the call is then made as written."""
        ring = self.alarm.append

        def listen() -> None:
            np.seterrcall(lambda kind, flag: ring(kind))
            np.seterr(divide="call", over="call", invalid="call", under="ignore")

        context = Context()
        context.run(listen)
        return context

    def _compiled(self, source: str, name: str) -> Callable[..., Any]:
        file = f"<ag.compile {_serial()}>"
        space: dict[str, Any] = {
            "np": np,
            "math": math,
            "OTHERWISE": OTHERWISE,
            "AS_WRITTEN": AS_WRITTEN,
            "next_age": next_age,
            "accumulated": accumulated,
            "hooked": hooked,
            "alarm": self.alarm,
            "Held": Held,
            "Value": Value,
            "recording_hooks": recording_hooks,
            "step_watchers": step_watchers,
            "gradient_hooks": gradient_hooks,
            "no_grad_blocks": no_grad_blocks,
            "inside_transform": inside_transform,
            **self.known,
        }
        exec(compile(source, file, "exec"), space)
        linecache.cache[file] = len(source), None, source.splitlines(True), file
        run: Callable[..., Any] = space[name]
        run = self._alone(run) if self.has_arrays else run
        return self._drawing(run) if self.generators else run
