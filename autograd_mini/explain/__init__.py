"""The engine made visible: pictures of recorded graphs."""

from autograd_mini.explain.draw import Picture, draw

__all__ = ["Picture", "draw"]
