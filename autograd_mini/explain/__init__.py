"""The engine made visible: recorded graphs as pictures and as formulas."""

from autograd_mini.explain.draw import DotMissingError, Picture, draw
from autograd_mini.explain.notation import latex

__all__ = ["DotMissingError", "Picture", "draw", "latex"]
