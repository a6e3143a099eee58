"""The engine made visible: recorded graphs as data, pictures, steps, derivations and programs."""

from autograd_mini.explain.formulas.notation import latex, text
from autograd_mini.explain.graph_data import Graph, graph
from autograd_mini.explain.paper.derive import derive
from autograd_mini.explain.paper.paths import paths
from autograd_mini.explain.pictures.draw import DotMissingError, Picture, draw
from autograd_mini.explain.program.program import source
from autograd_mini.explain.stepper.stepper import step_through
from autograd_mini.explain.story.trace import Trace, trace
from autograd_mini.explain.terminal.terminal import step_in_terminal
from autograd_mini.explain.units.delta_rule import delta_rule
from autograd_mini.explain.units.network_picture import draw_network

__all__ = [
    "DotMissingError",
    "Graph",
    "Picture",
    "Trace",
    "delta_rule",
    "derive",
    "draw",
    "draw_network",
    "graph",
    "latex",
    "paths",
    "source",
    "step_in_terminal",
    "step_through",
    "text",
    "trace",
]
