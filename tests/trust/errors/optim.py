"""The errors of `optim`: optimizers, their groups and state, clipping, schedules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini import ShapeError, Value, nn, optim
from tests.trust.errors.rows import row


def w() -> Value:
    value = Value([1.0, 2.0], name="w")
    value.grad = np.array([0.5, -0.5])
    return value


def computed() -> Value:
    z = w() * 2.0
    z.name = "z"
    return z


def momentum(grad: Any = ...) -> Callable[[], optim.Optimizer]:
    """An optimizer after two steps, so that it has a memory; its first parameter with the gradient given."""

    def given() -> optim.Optimizer:
        a, b = w(), Value(3.0, name="b")
        b.grad = 1.0
        made = optim.Momentum([a, b], 0.1)
        made.explain = True
        made.step()
        made.step()
        if grad is not ...:
            a.grad = grad
        return made

    return given


def steep() -> optim.Optimizer:
    a = w()
    a.grad = np.array([1e300, 0.0])
    return optim.RMSprop([a], 0.1)


def two_rates() -> optim.Optimizer:
    return optim.SGD([{"parameters": [w()], "learning_rate": 0.1}, {"parameters": [w()]}], 0.2)


class NoRule(optim.Optimizer):
    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, 0.1)


class Forgetful(NoRule):
    remembers = ("previous",)

    def update(self, g: Any, previous: Any, learning_rate: float) -> tuple[Any, ...]:
        return (-learning_rate * g,)


class Misshapen(NoRule):
    def update(self, g: Any, learning_rate: float) -> tuple[Any, ...]:
        return (np.zeros(3),)


class NoFactor(optim.Schedule):
    pass


def load(**changed: Any) -> Callable:
    """Load a part's own state with some entries changed, or left out where they are `...`."""

    def call(part: Any) -> None:
        state = {**part.state_dict(), **{name.replace("__", "."): entry for name, entry in changed.items()}}
        part.load_state_dict({name: entry for name, entry in state.items() if entry is not ...})

    return call


def cosine() -> optim.Schedule:
    made = optim.CosineSchedule(momentum()(), 10)
    made.step()
    return made


def plateau() -> optim.ReduceOnPlateau:
    made = optim.ReduceOnPlateau(momentum()(), patience=1)
    made.step(1.0)
    made.step(2.0)
    return made


REFUSED = "nothing was loaded"

ROWS = [
    # -- parameters --------------------------------------------------------------------------------
    row("no parameters", ValueError, ["SGD", "no parameters", "iterator can be used only once"], lambda: optim.SGD([], 0.1)),
    row("one Value for parameters", TypeError, ["SGD", "list of Values", "write [w]"], lambda x: optim.SGD(x, 0.1), w),
    row("a model for parameters", TypeError, ["SGD", "list of Values", "got Linear", ".parameters()"], lambda m: optim.SGD(m, 0.1), lambda: nn.Linear(1, 1)),
    row("a method for parameters", TypeError, ["SGD", "list of Values", "got method", "call it", "model.parameters()"], lambda m: optim.SGD(m.parameters, 0.1), lambda: nn.Linear(1, 1)),
    row("a number for parameters", TypeError, ["SGD", "list of Values", "got float"], lambda: optim.SGD(0.1, 0.1)),
    row("an array for a parameter", TypeError, ["SGD", "parameter 1", "Value", "array([1.])"], lambda x: optim.SGD([x, np.ones(1)], 0.1), w),
    row("a computed parameter", TypeError, ["SGD", "z (2,)", "computed by multiply", "Value(v.data)"], lambda z: optim.SGD([z], 0.1), computed),
    row("a parameter twice", ValueError, ["SGD", "w is given twice", "positions 0 and 1"], lambda x: optim.SGD([x, x], 0.1), w),
    row("a negative learning rate", ValueError, ["SGD", "learning_rate", "finite number ≥ 0", "got -0.1"], lambda x: optim.SGD([x], -0.1), w),
    row("a learning rate of nan", ValueError, ["SGD", "learning_rate", "finite number ≥ 0", "got nan"], lambda x: optim.SGD([x], np.nan), w),
    row("a learning rate as text", ValueError, ["SGD", "learning_rate", "finite number ≥ 0", "got 'fast'"], lambda x: optim.SGD([x], "fast"), w),
    row("a momentum of 2", ValueError, ["Momentum", "momentum", "between 0 and 1", "got 2"], lambda x: optim.Momentum([x], 0.1, momentum=2), w),
    row("a group that is no dict", TypeError, ["SGD, group 1", "dict with 'parameters'", "got int 3"], lambda x: optim.SGD([{"parameters": [x]}, 3], 0.1), w),
    row("a group without parameters", ValueError, ["SGD, group 0", "'parameters'", "got params"], lambda x: optim.SGD([{"params": [x]}], 0.1), w),
    row("a group with an unknown option", ValueError, ["SGD, group 0", "unknown option 'lr'", "learning_rate"], lambda x: optim.SGD([{"parameters": [x], "lr": 1}], 0.1), w),
    # -- steps -------------------------------------------------------------------------------------
    row("the learning rate of groups that differ", ValueError, ["SGD", "differ", "groups[i]['learning_rate']"], lambda o: o.learning_rate, two_rates),
    row("a learning rate assigned as text", ValueError, ["Momentum", "learning_rate", "got 'a'"], lambda o: setattr(o, "learning_rate", "a"), momentum()),
    row("an optimizer without a rule", NotImplementedError, ["NoRule", "def update(self, g, learning_rate)"], NoRule.step, lambda: NoRule([w()])),
    row("an optimizer that forgets", ValueError, ["Forgetful", "0 things", "names 1", "previous"], Forgetful.step, lambda: Forgetful([w()])),
    row("an update of another shape", ShapeError, ["Misshapen", "update of w", "(3,)", "(2,)"], Misshapen.step, lambda: Misshapen([w()])),
    row("a gradient of another shape", ShapeError, ["Momentum", "gradient of w", "(3,)", "(2,)"], optim.Momentum.step, momentum(np.ones(3))),
    row("a gradient of nan", FloatingPointError, ["Momentum", "gradient of w", "1 of 2 entries", "no parameter was changed", "learning rate"], optim.Momentum.step, momentum(np.array([1.0, np.nan]))),
    row("a gradient of text", TypeError, ["Momentum", "gradient of w", "real numbers", "'big'"], optim.Momentum.step, momentum("big")),
    row("a gradient of complex numbers", TypeError, ["Momentum", "gradient of w", "real numbers"], optim.Momentum.step, momentum(np.array([1j, 2.0]))),
    row("an update that overflows", FloatingPointError, ["RMSprop", "update of w", "overflow", "largest gradient is 1e+300", "clip it"], lambda o: o.step(), steep),
    row("preview of what is no parameter", ValueError, ["Momentum: preview", "name='other'", "not one of its parameters"], lambda o, x: o.preview({x: 1.0}), lambda: (momentum()(), Value(1.0, name="other"))),
    row("preview of a list", TypeError, ["Momentum: preview", "parameters -> gradients", "got list"], lambda o: o.preview([1.0]), momentum()),
    row("preview of a text", TypeError, ["Momentum", "gradient of w", "real numbers", "'big'"], lambda o: o.preview({o.parameters[0]: "big"}), momentum()),
    row("preview of another shape", ShapeError, ["Momentum", "gradient of w", "(3,)", "(2,)"], lambda o: o.preview({o.parameters[0]: np.ones(3)}), momentum()),
    row("the last update that was not kept", ValueError, ["SGD", "w has no update on record", "explain = True"], lambda o: o.last_update(o.parameters[0]), lambda: optim.SGD([w()], 0.1)),
    row("the last update of a stranger", ValueError, ["Momentum", "Value(1.0", "not one of its parameters"], lambda o: o.last_update(Value(1.0)), momentum()),
    # -- state -------------------------------------------------------------------------------------
    row("optimizer, load a list", TypeError, ["names -> numbers", "got list"], lambda o: o.load_state_dict([]), momentum()),
    row("optimizer, load another kind", ValueError, [REFUSED, "optimizer: expected Momentum, got Adam"], load(optimizer="Adam"), momentum()),
    row("optimizer, load without an entry", ValueError, [REFUSED, "missing: memory.0.previous"], load(memory__0__previous=...), momentum()),
    row("optimizer, load one too many", ValueError, [REFUSED, "unexpected: memory.9"], load(memory__9=0.0), momentum()),
    row("optimizer, load a rate of text", ValueError, [REFUSED, "group.0.learning_rate", "finite number ≥ 0", "'a'"], load(group__0__learning_rate="a"), momentum()),
    row("optimizer, load a memory of text", ValueError, [REFUSED, "memory.0.previous: expected real numbers, got <U1"], load(memory__0__previous="a"), momentum()),
    row("optimizer, load unequal lists", ValueError, [REFUSED, "memory.0.previous", "one length"], load(memory__0__previous=[[1.0], [1.0, 2.0]]), momentum()),
    row("optimizer, load a memory of nan", ValueError, [REFUSED, "memory.1.previous: nan or inf"], load(memory__1__previous=np.nan), momentum()),
    row("optimizer, load a memory of another shape", ValueError, [REFUSED, "memory.0.previous: expected shape (2,), got (3,)"], load(memory__0__previous=np.ones(3)), momentum()),
    # -- clipping ----------------------------------------------------------------------------------
    row("clipping to a negative norm", ValueError, ["clip_by_norm", "max_norm", "finite number ≥ 0", "got -1"], lambda x: optim.clip_by_norm([x], -1), w),
    row("clipping a gradient of nan", FloatingPointError, ["clip_by_value", "gradient of w", "nan or inf", "no gradient was changed"], lambda o: optim.clip_by_value(o.parameters, 1.0), momentum(np.array([np.nan, 1.0]))),
    row("clipping a gradient of text", TypeError, ["clip_by_value", "gradient of w", "real numbers", "'a'"], lambda o: optim.clip_by_value(o.parameters, 1.0), momentum("a")),
    # -- schedules ---------------------------------------------------------------------------------
    row("a schedule of a number", TypeError, ["CosineSchedule", "expected an optimizer", "got float 0.1"], lambda: optim.CosineSchedule(0.1, 10)),
    row("a schedule without a factor", NotImplementedError, ["NoFactor", "def factor(self, n)"], NoFactor, momentum()),
    row("a schedule of half a step", ValueError, ["CosineSchedule", "steps", "whole number ≥ 1", "got 0.5"], lambda o: optim.CosineSchedule(o, 0.5), momentum()),
    row("a schedule with a negative factor", ValueError, ["ExponentialSchedule", "factor", "finite number ≥ 0", "got -1"], lambda o: optim.ExponentialSchedule(o, -1), momentum()),
    row("a cycle without a rise", ValueError, ["OneCycleSchedule", "10 steps", "rise"], lambda o: optim.OneCycleSchedule(o, 10, rise=0.0), momentum()),
    row("a plateau of nan", ValueError, ["ReduceOnPlateau", "finite number", "got nan"], lambda s: s.step(np.nan), plateau),
    row("a plateau of text", ValueError, ["ReduceOnPlateau", "finite number", "got 'low'"], lambda s: s.step("low"), plateau),
    row("a warm-up of an optimizer", TypeError, ["WarmUp", "a schedule", "Momentum(2 parameters"], lambda o: optim.WarmUp(o, 10), momentum()),
    row("schedule, load another kind", ValueError, [REFUSED, "schedule: expected CosineSchedule, got StepSchedule"], load(schedule="StepSchedule"), cosine),
    row("schedule, load a list", TypeError, ["names -> numbers", "got list"], lambda s: s.load_state_dict([]), cosine),
    row("schedule, load n as text", ValueError, [REFUSED, "n must be a finite number ≥ 0", "'a'"], load(n="a"), cosine),
    row("plateau, load a text", ValueError, [REFUSED, "best: ", "'a'"], load(best="a"), plateau),
]  # fmt: skip
