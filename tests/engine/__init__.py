"""The engine's tests: one module per module of the engine."""
