"""Write docs/examples and docs/images: what each explaining function shows of the lecture's network.

    python docs/make_examples.py [FOLDER]

Needs the extra `explain` and Graphviz's `dot`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.lecture.network import LEARNING_RATE, worked_step

HERE = Path(__file__).parent


def unit() -> ag.Value:
    """The README's unit."""
    x, w, b = ag.Value(1.0, name="x"), ag.Value(2.7, name="w"), ag.Value(-0.5, name="b")
    E = 0.5 * (1.0 - (w * x + b).sigmoid()) ** 2
    E.name = "E"
    E.backward()
    return E


def batch() -> ag.Value:
    """A small network's error on a batch."""
    rng = np.random.default_rng(0)
    model = nn.MLP([4, 6, 3], "tanh", rng=rng)
    E = nn.L2Loss()(model(rng.normal(size=(8, 4))), rng.normal(size=(8, 3)))
    E.backward()
    return E


def write(folder: Path) -> None:
    """All examples, into `folder`/examples and `folder`/images."""
    examples, images = folder / "examples", folder / "images"
    examples.mkdir(parents=True, exist_ok=True)
    images.mkdir(parents=True, exist_ok=True)
    E, sgd = worked_step()
    E.backward()

    ag.draw(unit()).write(images / "unit.svg")
    ag.draw_network(E, learning_rate=LEARNING_RATE).write(images / "network.svg")
    ag.draw(E, compact=True, gradient_colors=True).write(examples / "graph.svg")
    error = batch()
    ag.draw(error, heat_map="grad", constants=False).write(examples / "batch.svg")
    ag.draw(error, layers="collapsed").write(examples / "batch-collapsed.svg")

    story = ag.trace(E, sgd)
    stepper = ag.step_through(story)
    stepper.save(examples / "stepper.html")
    stepper.animated_svg(examples / "steps.svg")
    ag.step_through(story.through("w_GD")).gif(examples / "steps-to-w_GD.gif")

    texts = {
        "trace.txt": story,
        "derivation.txt": ag.derive(E, "w_GD"),
        "derivation.tex": ag.derive(E, "w_GD").latex,
        "paths.txt": ag.paths(E, "A"),
        "delta-rule.txt": ag.delta_rule(E, learning_rate=LEARNING_RATE),
        "program.py": ag.source(E),
    }
    for name, shown in texts.items():
        (examples / name).write_text(f"{shown}\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else HERE)
