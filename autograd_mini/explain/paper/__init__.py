"""Gradients derived as on paper: the chain rule for one weight, and the sum over paths."""
