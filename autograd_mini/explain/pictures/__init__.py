"""Graphs drawn: what to show, where to put it, and who draws it."""
