"""The stepper in a terminal."""
