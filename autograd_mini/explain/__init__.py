"""The engine made visible: recorded graphs as data, pictures, steps, derivations and programs."""

from autograd_mini.explain.delta_rule import delta_rule
from autograd_mini.explain.derive import derive
from autograd_mini.explain.draw import DotMissingError, Picture, draw
from autograd_mini.explain.graph import Graph, graph
from autograd_mini.explain.network_picture import draw_network
from autograd_mini.explain.notation import latex, text
from autograd_mini.explain.paths import paths
from autograd_mini.explain.program import source
from autograd_mini.explain.stepper import step_through
from autograd_mini.explain.terminal import step_in_terminal
from autograd_mini.explain.trace import Trace, trace

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
