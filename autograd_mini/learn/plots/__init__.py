"""Draw what happens in training with matplotlib; every function takes an `ax` and returns it.

>>> ax = loss_curves([1.0, 0.5, 0.25])
>>> ax.get_xlabel(), ax.get_ylabel()
('epoch', 'loss E')

Without an `ax` each makes a figure of its own: notebooks show it, scripts write it with
`ax.figure.savefig("picture.png")`, and for a window, `_, ax = plt.subplots()` comes first.
"""

from autograd_mini.learn.plots.curves import activations, loss_curves
from autograd_mini.learn.plots.lecture_pictures import Descent, descents, lecture_pictures
from autograd_mini.learn.plots.planes import decision_boundary, hidden_units
from autograd_mini.learn.plots.surfaces import descend, loss_surface
from autograd_mini.learn.plots.weights import confusion_matrix, heat_map, histograms

__all__ = [
    "Descent",
    "activations",
    "confusion_matrix",
    "decision_boundary",
    "descend",
    "descents",
    "heat_map",
    "hidden_units",
    "histograms",
    "lecture_pictures",
    "loss_curves",
    "loss_surface",
]
