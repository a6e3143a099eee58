"""Write the lecture's results as one HTML page that needs nothing beside itself."""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING, Any

from autograd_mini import __version__
from autograd_mini.lecture import wording
from autograd_mini.lecture.run import Lecture
from autograd_mini.lecture.wording import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #ffffff; --faint: #59636e; --line: #d1d9e0;
        --stripe: #f6f8fa; --mark: #fff1c2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --faint: #9198a1; --line: #3d444d; --stripe: #161b22; --mark: #4a3a00; }
}
body { margin: 2rem auto; padding: 0 1rem; max-width: 76rem; color: var(--ink); background: var(--paper);
       font: 16px/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
p { max-width: 48rem; }
.faint, figcaption { color: var(--faint); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem; }
th, td { padding: .25rem .55rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
th { vertical-align: bottom; }
.number { text-align: right; }
tbody tr:nth-child(even) { background: var(--stripe); }
tbody tr.mark { background: var(--mark); }
figure { margin: 1rem 0; }
.picture { background: white; border: 1px solid var(--line); border-radius: 6px; padding: .5rem; overflow-x: auto; }
.picture svg { display: block; max-width: 100%; height: auto; margin: auto; }
"""

COLORS = {"SGD": "#0072b2", "momentum": "#d55e00", "Adagrad": "#009e73"}  # told apart by all eyes


def html_report(lecture: Lecture) -> str:
    """The page: tables, the worked example's graph, loss curves; no script, nothing fetched."""
    parts = [
        "<h1>The lecture, reproduced</h1>",
        _text(f"{wording.SOURCE}. Computed by autograd-mini {__version__}.", "faint"),
        "<h2>1. The worked example</h2>",
        _table(wording.example_table(lecture)),
        *map(_text, wording.example_legend(lecture)),
        "<h3>The erratum</h3>",
        *map(_text, lecture.erratum.sentences()),
        "<h3>The recorded graph</h3>",
        _picture(
            lecture.graph,
            "graph",
            "Every Value of the forward pass with its number and, after the backward pass, its "
            "gradient ∂E/∂(value), before the update. A circle is an operation.",
        ),
        "<h2>2. The delta rule by hand and automatic differentiation</h2>",
        _table(wording.comparison_table(lecture)),
        _text(wording.comparison_legend()),
        "<h2>3. XOR: the lecture’s table of outputs</h2>",
        _table(wording.xor_table(lecture)),
        _text(wording.xor_legend()),
        "<h2>4. XOR, learned</h2>",
        _text(wording.linear_sentence(lecture)),
        _table(wording.training_table(lecture)),
        *map(_text, wording.training_legend(lecture)),
        _picture(
            _svg(_xor_curves(lecture)),
            "xor",
            "The error E of the four examples during training; a dot marks where all four are right "
            "for good. Note the logarithmic scale of the epochs.",
        ),
        "<h2>5. Real data: handwritten digits</h2>",
        _text(wording.digits_sentence(lecture)),
        _picture(
            _svg(_digits_curves(lecture)),
            "digits",
            "The loss on the training digits and the share of the held-out digits that are right.",
        ),
        "<h3>What was taken for what</h3>",
        _text("A line for each digit, a column for each answer, over the held-out digits."),
        _table(wording.confusion_table(lecture)),
    ]
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>The lecture, reproduced</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _text(text: str, style: str = "") -> str:
    attribute = f' class="{style}"' if style else ""
    return f"<p{attribute}>{escape(text)}</p>"


def _table(table: Table) -> str:
    def cells(tag: str, line: list[str]) -> str:
        marks = [' class="number"' if i in table.numeric else "" for i in range(len(line))]
        return "".join(f"<{tag}{mark}>{escape(cell)}</{tag}>" for mark, cell in zip(marks, line, strict=True))

    lines = [
        ('<tr class="mark">' if i in table.marked else "<tr>") + cells("td", line) + "</tr>"
        for i, line in enumerate(table.lines)
    ]
    head, body = cells("th", table.columns), "\n".join(lines)
    return f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


def _picture(svg: str, name: str, caption: str) -> str:
    return (
        f'<figure><div class="picture">{embeddable(svg, name)}</div>\n'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def embeddable(svg: str, name: str) -> str:
    """An SVG file's text as an element of a page: no prolog, and ids that no other picture has.

    >>> embeddable('<?xml version="1.0"?><svg><g id="a"/><use href="#a"/></svg>', "xor")
    '<svg id="xor" role="img"><g id="xor-a"/><use href="#xor-a"/></svg>'
    """
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{name}-", svg)
    svg = svg.replace("*{", f"#{name} *{{")  # matplotlib's style would reach the whole page
    return svg.replace("<svg", f'<svg id="{name}" role="img"', 1)


def _svg(figure: Figure) -> str:
    import matplotlib as mpl

    # Without a fixed salt and date every run would write another file.
    with mpl.rc_context({"svg.hashsalt": "autograd-mini", "svg.fonttype": "path"}):
        text = io.StringIO()
        nothing: dict[str, Any] = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(text, format="svg", metadata=nothing)
    return text.getvalue()


def _xor_curves(lecture: Lecture) -> Figure:
    from matplotlib.figure import Figure

    intervals = list(dict.fromkeys(run.recipe.interval for run in lecture.runs))
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    for axes, interval in zip(figure.subplots(1, 3, sharey=True), intervals, strict=True):
        for run in lecture.runs:
            if run.recipe.interval == interval:
                name = run.recipe.optimizer
                x = range(1, len(run.losses) + 1)
                axes.plot(x, run.losses, color=COLORS[name], label=name)
                if run.solved_at is not None:
                    axes.plot(run.solved_at, run.losses[run.solved_at - 1], "o", color=COLORS[name])
        axes.set(title=f"weights from {interval}", xlabel="epoch", xscale="log", ylim=(0, None))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("E")
    figure.axes[0].legend(frameon=False)
    return figure


def _digits_curves(lecture: Lecture) -> Figure:
    from matplotlib.figure import Figure

    digits = lecture.digits
    x = range(1, len(digits.losses) + 1)
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(x, digits.losses, color=COLORS["SGD"])
    left.set(title="training loss (cross-entropy)", xlabel="epoch", yscale="log")
    right.plot(x, [100 * accuracy for accuracy in digits.accuracies], color=COLORS["momentum"])
    right.axhline(96, color="#59636e", linestyle="--", linewidth=1)
    right.set(title="held-out digits right, %", xlabel="epoch")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return figure
