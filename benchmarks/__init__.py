"""Measure this library against others and against programs written by hand: `python -m benchmarks`."""
