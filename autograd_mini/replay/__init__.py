"""Record a training step once and replay it as the straight list of NumPy calls that it makes."""

from autograd_mini.replay.compiled import Compiled, compile
from autograd_mini.replay.trace import CompileError

__all__ = ["CompileError", "Compiled", "compile"]
