"""All public ways to show something, with what names may be hostile in it, as a table."""

import io
from types import SimpleNamespace

import numpy as np

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.explain import delta_rule, derive, draw, draw_network, graph, paths, source, trace
from autograd_mini.explain import latex as latex_of
from autograd_mini.explain import text as text_of
from autograd_mini.explain.stepper.stepper import step_through
from autograd_mini.explain.terminal.terminal import step_in_terminal
from autograd_mini.learn.datasets import Dataset
from autograd_mini.learn.history import History
from autograd_mini.nn.analyze import analyze
from autograd_mini.nn.summary import summary
from autograd_mini.notes import Source, add_note, notes_of
from autograd_mini.replay.trace import Trace

NAMES = [
    *("<script>alert(1)</script>", "</style></script></svg><b>", "<!-- ", " -->", "]]>", "&lt;&amp;&#60;&"),
    *('" onload="alert(1)" x="', "' onclick='alert(1)' x='", "javascript:alert(1)", "<b>bold</b>", "<TABLE><TR>"),
    *("{a|b}|<c>", "\\N\\G\\L\\l\\n", "a -> b; c [label=d]", "\\input{/etc/passwd}", "\\href{javascript:x}{y}"),
    *("}}$$\\end{gathered}$", "%#_^~&", "$x$", "\\frac{", "`````", "# not\nimport os", "'''\"\"\"\\", "f\r\n  g\t\v\f"),
    *("\x1b[2J\x1b]0;title\x07", "\x9b31m\x85\x7f", "\u202eabc\u2066", "\u2028\u2029\u200f\ufeff", "a\0b", "\ud800x"),
    *("__proto__", "@STORY@ @SCRIPT@", "%s{0}{}%(x)s", "x" * 2000, "nan", "🙂e\u0301"),
]


# -- what is shown ---------------------------------------------------------------------------------


def subject(name, number=0.5):
    """Values, layers, an optimizer and data that are called so."""
    x, w = ag.Value(number, name=name), ag.Value(2.0, name=name + "w")
    s = w * x
    s.name = name + "s"
    y = np.tanh(s)
    add_note(y, Source(f"{name}.py", 3, f"y = {name}"))
    loss = (y - 1) ** 2 * x
    loss.name = name + "E"
    loss.backward()
    one_line = name.encode("utf-8", "replace").decode().replace("\0", "0")  # all that Python allows a class
    layer = type(f"K{one_line}", (nn.Tanh,), {})
    network = nn.Sequential(
        nn.Linear(2, 2, rng=np.random.default_rng(0)), layer(), nn.Linear(2, 1, rng=np.random.default_rng(1))
    )
    holder = nn.Module()
    if "." not in name:
        setattr(holder, name, layer())
        setattr(holder, name + "w", w)
    holder.forward = lambda x: next(child for _, child in holder.named_children())(x) if holder.children() else x
    W = ag.Value(np.full((2, 2), number), name=name)
    arrays = np.sum(np.tanh(W @ ag.Value([1.0, 2.0], name=name + "v")))
    history = History()
    history.append({name: 0.5, "loss": number})
    units = {"names": [[name + "a", "B"], ["D", name + "e"], [name + "g"]], "bias_names": [name + "c", "F"]}
    primitive = ag.Primitive("op", lambda x: x, ag.Local(1), symbol=name)
    return SimpleNamespace(
        x=x,
        w=w,
        y=y,
        loss=loss,
        network=network,
        holder=holder,
        arrays=arrays,
        history=history,
        units=units,
        W=W,
        optimizer=optim.SGD([w, x], learning_rate=0.1) if np.isfinite(number) else None,
        result=holder(loss),
        name=name,
        primitive=primitive,
        data=Dataset(name, np.zeros((2, 1)), np.zeros(2, int), (name,), (name, "b"), name, name),
        applied=primitive(loss),
    )


def written(function):
    """What a function writes into a file that it is given."""

    def text(s, tmp_path):
        function(s, tmp_path / "file")
        return (tmp_path / "file").read_text("utf-8")

    return text


def typed(s, _):
    commands = "\n".join(
        ["help", "next", "next", "goto 3", "back", "print", "where", "graph", "weights", "list", "all", "quit"]
    )
    seen = io.StringIO()
    step_in_terminal(s.loss, s.optimizer, stdin=io.StringIO(commands), stdout=seen)
    return seen.getvalue()


def still_frames(s, tmp_path):
    return [path.read_text("utf-8") for path in step_through(s.loss).frames(tmp_path / "frames", steps=[0, 2])]


def all_of(items, attribute):
    return [getattr(item, attribute) for item in items]


def drawn(s):
    return draw_network(s.network, [[1.0, 0.0]], [[1.0]], learning_rate=0.5, **s.units)


def ruled(s):
    return delta_rule(s.network, [[1.0, 0.0]], [[1.0]], 0.5, **s.units)


def compiled(s):
    """A step whose parameters, arguments and function are called so, called once."""
    rates = np.ones(2)

    def f(x, **others):
        return np.sum(np.tanh(s.W @ rates)) * s.w + (s.x * x) ** 2

    f.__name__ = s.name
    step = ag.compile(f)
    step(0.5)
    return step


def pictures(s):
    graphs = [
        draw(v, layers=layers, show="none")
        for v in (s.loss, s.arrays, s.result, s.applied)
        for layers in ("open", "collapsed")
    ]
    return [picture.svg("built-in") for picture in [*graphs, drawn(s)]]


#: Where it is defined -> its kind, and how to get it. Several ways of one member stand in a list.
PRODUCERS = {
    "explain.pictures.picture.Picture.svg": ("svg", lambda s, _: pictures(s)),
    "explain.pictures.picture.Picture.text": ("text", lambda s, _: [draw(s.result).text(), drawn(s).text()]),
    "explain.pictures.picture.Picture.write": ("svg", lambda s, t: draw(s.loss).write(t / "a.svg").read_text("utf-8")),
    "explain.pictures.picture.Picture._repr_mimebundle_": (
        "html",
        lambda s, _: draw(s.result)._repr_mimebundle_()["text/html"],
    ),
    "explain.pictures.draw.draw": (
        "dot",
        lambda s, _: [draw(s.loss).source, draw(s.result, layers="collapsed").source],
    ),
    "explain.units.network_picture.draw_network": ("dot", lambda s, _: drawn(s).source),
    "explain.formulas.notation.latex": ("latex", lambda s, _: [latex_of(s.loss), latex_of(s.arrays)]),
    "explain.formulas.notation.text": ("text", lambda s, _: [text_of(s.loss), text_of(s.arrays)]),
    "explain.graph_data.Graph.to_dict": ("data", lambda s, _: graph(s.result).to_dict()),
    "explain.graph_data.Graph.to_json": ("json", lambda s, _: graph(s.result).to_json()),
    "explain.graph_data.Graph.to_networkx": (
        "data",
        lambda s, _: {str(k): str(sorted(d)) for k, d in graph(s.loss).to_networkx().nodes(data=True)},
    ),
    "explain.graph_data.Graph.__repr__": ("text", lambda s, _: repr(graph(s.result))),
    "explain.paper.derivation.Derivation.text": (
        "text",
        lambda s, _: [derive(s.loss, s.w).text, derive(s.arrays, s.W, element=(0, 1)).text],
    ),
    "explain.paper.derivation.Derivation.latex": (
        "latex",
        lambda s, _: [derive(s.loss, s.w).latex, derive(s.arrays, s.W, element=(0, 1)).latex],
    ),
    "explain.paper.derivation.Derivation.__str__": ("text", lambda s, _: str(derive(s.loss, s.w))),
    "explain.paper.derivation.Derivation._repr_latex_": ("latex", lambda s, _: derive(s.loss, s.w)._repr_latex_()),
    "explain.paper.derivation.Derivation.to_dict": ("data", lambda s, _: derive(s.loss, s.w).to_dict()),
    "explain.paper.paths.Paths.text": ("text", lambda s, _: paths(s.loss, s.x).text),
    "explain.paper.paths.Paths.latex": ("latex", lambda s, _: paths(s.loss, s.x).latex),
    "explain.paper.paths.Paths.__str__": ("text", lambda s, _: str(paths(s.loss, s.x))),
    "explain.paper.paths.Paths._repr_latex_": ("latex", lambda s, _: paths(s.loss, s.x)._repr_latex_()),
    "explain.paper.paths.Paths.to_dict": ("data", lambda s, _: paths(s.loss, s.x).to_dict()),
    "explain.paper.paths.Path.text": ("text", lambda s, _: all_of(paths(s.loss, s.x).listed, "text")),
    "explain.paper.paths.Path.latex": ("latex", lambda s, _: all_of(paths(s.loss, s.x).listed, "latex")),
    "explain.paper.paths.Path.to_dict": ("data", lambda s, _: paths(s.loss, s.x).listed[0].to_dict()),
    "explain.program.program.source": (
        "python",
        lambda s, _: [str(source(s.loss)), str(source(s.arrays)), str(source(s.result))],
    ),
    "explain.program.program.Program._repr_markdown_": ("markdown", lambda s, _: source(s.loss)._repr_markdown_()),
    "replay.compiled.Compiled.source": ("python", lambda s, _: compiled(s).source),
    "replay.compiled.Compiled.__repr__": ("text", lambda s, _: repr(compiled(s))),
    "replay.trace.Var.__repr__": ("text", lambda s, _: repr(Trace().given("leaf", 0.5, label=s.name))),
    "explain.scopes.Scope.to_dict": ("data", lambda s, _: [scope.to_dict() for scope in graph(s.result).scopes]),
    "explain.stepper.stepper.Stepper.__repr__": ("text", lambda s, _: repr(step_through(s.loss))),
    "explain.stepper.stepper.Stepper.html": (
        "html",
        lambda s, _: [step_through(s.loss).html, step_through(s.result).html, step_through(s.arrays).html],
    ),
    "explain.stepper.stepper.Stepper.save": ("html", written(lambda s, path: step_through(s.loss).save(path))),
    "explain.stepper.stepper.Stepper.frames": ("svg", still_frames),
    "explain.stepper.stepper.Stepper.animated_svg": (
        "svg",
        written(lambda s, path: step_through(s.loss).animated_svg(path)),
    ),
    "explain.stepper.stepper.Stepper._repr_html_": ("html", lambda s, _: step_through(s.loss)._repr_html_()),
    "explain.stepper.stepper.Stepper._repr_mimebundle_": (
        "text",
        lambda s, _: step_through(s.loss)._repr_mimebundle_()["text/plain"],
    ),
    "explain.story.element.Element.lines": ("text", lambda s, _: list(trace(s.arrays).element(s.W, (0, 1)).lines())),
    "explain.story.steps.TraceStep.text": ("text", lambda s, _: all_of(trace(s.loss, s.optimizer), "text")),
    "explain.story.steps.TraceStep.latex": ("latex", lambda s, _: all_of(trace(s.loss, s.optimizer), "latex")),
    "explain.story.steps.TraceStep.to_dict": (
        "data",
        lambda s, _: [step.to_dict() for step in trace(s.loss, s.optimizer)],
    ),
    "explain.story.steps.TraceStep._repr_latex_": (
        "latex",
        lambda s, _: [step._repr_latex_() for step in trace(s.loss)],
    ),
    "explain.story.steps.TraceStep.__str__": ("text", lambda s, _: list(map(str, trace(s.loss, s.optimizer)))),
    "explain.story.trace.Trace.__str__": ("text", lambda s, _: [str(trace(s.loss, s.optimizer)), str(trace(s.result))]),
    "explain.story.trace.Trace.__repr__": ("text", lambda s, _: repr(trace(s.loss))),
    "explain.story.trace.Trace.to_dataframe": ("html", lambda s, _: trace(s.loss).to_dataframe().to_html()),
    "explain.story.trace.Trace.latex": ("latex", lambda s, _: trace(s.loss, s.optimizer).latex),
    "explain.story.trace.Trace.to_html": (
        "html",
        lambda s, _: [trace(s.loss, s.optimizer).to_html(), trace(s.result).to_html()],
    ),
    "explain.story.trace.Trace._repr_html_": ("html", lambda s, _: trace(s.arrays)._repr_html_()),
    "explain.story.trace.Trace.to_dict": ("data", lambda s, _: trace(s.loss).to_dict()),
    "explain.story.trace.Trace.to_json": ("json", lambda s, _: trace(s.loss).to_json()),
    "explain.terminal.terminal.step_in_terminal": ("text", typed),
    "explain.units.delta_rows.Row.text": ("text", lambda s, _: [row.text() for row in ruled(s).rows]),
    "explain.units.delta_rows.Row.latex": ("latex", lambda s, _: [row.latex() for row in ruled(s).rows]),
    "explain.units.delta_rows.Row.to_dict": ("data", lambda s, _: ruled(s).rows[0].to_dict()),
    "explain.units.delta_rows.Row.__str__": ("text", lambda s, _: list(map(str, ruled(s).rows))),
    "explain.units.delta_rule.DeltaRule.__str__": ("text", lambda s, _: str(ruled(s))),
    "explain.units.delta_rule.DeltaRule.to_dict": ("data", lambda s, _: ruled(s).to_dict()),
    "explain.units.delta_rule.DeltaRule._repr_html_": ("html", lambda s, _: ruled(s)._repr_html_()),
    "learn.datasets.Dataset.__repr__": ("text", lambda s, _: repr(s.data)),
    "learn.history.History.to_frame": ("html", lambda s, _: s.history.to_frame().to_html()),
    "learn.history.History.to_json": ("json", lambda s, _: s.history.to_json()),
    "learn.history.History.__repr__": ("text", lambda s, _: repr(s.history)),
    "nn.analyze.Analysis.__str__": (
        "text",
        lambda s, _: [str(analyze(s.network, 2)), str(analyze(s.network, 3)), str(analyze(s.holder, 2))],
    ),
    "nn.module.Module.__repr__": ("text", lambda s, _: [repr(s.network), repr(s.holder)]),
    "nn.summary.Summary.__str__": ("text", lambda s, _: str(summary(s.network, 2))),
    "notes.Source.__str__": ("text", lambda s, _: str(notes_of(s.y)[0])),
    "optim.optimizer.Optimizer.__repr__": ("text", lambda s, _: repr(s.optimizer)),
    "rules.Primitive.__repr__": ("text", lambda s, _: repr(s.primitive)),
    "value.Value.__repr__": ("text", lambda s, _: [repr(s.x), repr(s.loss), repr(s.applied)]),
    "value.Value.__format__": ("text", lambda s, _: f"{s.loss}"),
}
