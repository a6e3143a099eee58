"""The stepper: a page, a notebook cell, a widget, slides."""
