"""Interrupt a function anywhere: Ctrl-C before its n-th instruction, or a real signal after some microseconds."""

from __future__ import annotations

import dis
import gc
import math
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import cache
from types import CodeType, FrameType
from typing import Any

import numpy as np

import autograd_mini
from autograd_mini import modes, notes
from autograd_mini.anomaly import _blocks as anomaly_blocks
from autograd_mini.backprop import step_watchers
from autograd_mini.hooks import gradient_hooks
from autograd_mini.value import recording_hooks

PACKAGE = os.path.dirname(autograd_mini.__file__)
CALLS = {number for name, number in dis.opmap.items() if name.startswith("CALL")}
BEGINNINGS = {number for name, number in dis.opmap.items() if name in ("RESUME", "JUMP_BACKWARD")}


def places(run: Callable[[], Any], signals_only: bool = False) -> int:
    """In how many places the function can be interrupted, see `interrupt`."""
    return _traced(run, math.inf, signals_only)


def interrupt(run: Callable[[], Any], place: float, signals_only: bool = False) -> bool:
    """Run it with KeyboardInterrupt before the instruction number `place`, from 0; False: it has fewer.

    Counted are the instructions of the package, and of the standard library's context managers. With `signals_only`
    only those where CPython itself looks for Ctrl-C: as a function begins, as a loop goes round, after a call.
    This needs the tracing of Python 3.11: later ones stop in other places at other times.
    """
    return _traced(run, place, signals_only) > place


def _traced(run: Callable[[], Any], place: float, signals_only: bool) -> int:
    count = 0
    last: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if event == "call":
            if not _counts(frame.f_code.co_filename):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        elif event == "opcode":
            at = frame.f_lasti
            if not signals_only or _signals_come(frame.f_code, last.get(frame), at):
                count += 1
                if count > place:
                    sys.settrace(None)
                    last.clear()
                    raise KeyboardInterrupt
            last[frame] = at
        elif event == "return":
            last.pop(frame, None)
        return trace

    outer = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(outer)
    return count


@cache
def _counts(file: str) -> bool:
    return file.startswith(PACKAGE) or os.path.basename(file) == "contextlib.py"


@cache
def _signals_come(code: CodeType, before: int | None, at: int) -> bool:
    if code.co_code[at] in BEGINNINGS:
        return True
    if before is None or code.co_code[before] not in CALLS:
        return False
    # The interrupt belongs to the call: where another handler is in charge after it, it cannot be imitated there.
    return _handler(code, before) == _handler(code, at)


def _handler(code: CodeType, offset: int) -> int | None:
    table = dis._parse_exception_table(code)  # type: ignore[attr-defined]
    return next((entry.target for entry in table if entry.start <= offset < entry.end), None)


def signalled(run: Callable[[], Any], seconds: float, by_thread: bool) -> bool:
    """Run it with a real signal after so many seconds, from a timer or from another thread; False: it was quicker."""
    armed, struck = True, False
    number = signal.SIGINT if by_thread else signal.SIGALRM

    def handler(*_: Any) -> None:
        nonlocal armed, struck
        if armed:
            armed, struck = False, True
            raise KeyboardInterrupt

    before = signal.signal(number, handler)
    me, thread = threading.get_ident(), None
    callbacks = gc.callbacks.copy()
    gc.callbacks.clear()  # Hypothesis' own: an interrupt in it would be swallowed
    try:
        if by_thread:
            thread = threading.Timer(seconds, lambda: signal.pthread_kill(me, number))
            thread.start()
        else:
            signal.setitimer(signal.ITIMER_REAL, seconds)
        run()
        armed = False
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if thread:
            thread.cancel()
            thread.join()
        signal.signal(number, before)
        gc.callbacks[:] = callbacks
    return struck


def modes_now() -> tuple:
    """All settings that a training step switches, as they are now."""
    blocks = modes.no_grad_blocks, modes.inside_transform, notes._blocks, anomaly_blocks
    hooks = [list((known() or {}).values()) for known in gradient_hooks.values()]
    return *(var.get() for var in blocks), len(recording_hooks), len(step_watchers), hooks, np.geterr(), np.geterrcall()


def numbers_of(*things: Any) -> tuple:
    """Models' and optimizers' states, Values' gradients, bit for bit."""
    found: list[Any] = []
    for thing in things:
        if thing is None:
            found.append(None)
        elif hasattr(thing, "state_dict"):
            found += [numbers_of(*thing.state_dict().values())]
            found += [module.training for module in thing.modules()] if hasattr(thing, "modules") else []
        elif isinstance(thing, str):
            found.append(thing)
        else:
            found.append((type(thing), np.asarray(thing).dtype.char, np.shape(thing), np.asarray(thing).tobytes()))
    return tuple(found)
