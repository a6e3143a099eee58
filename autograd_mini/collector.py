"""Let Python's cyclic collector look less often while large graphs are made: it finds nothing in them.

A node refers to its inputs only: no cycles, and a graph is freed with its last reference. The collector does not know
that. While a graph of a million nodes grows it looks at all of them again and again, which costs more than recording
them does. So a backward pass over many nodes tells it to wait until about as many new objects as such a graph has
have been made, and a pass over few nodes puts its threshold back.

>>> before = gc.get_threshold()
>>> rest_for(50_000); gc.get_threshold()[0]
150000
>>> rest_for(10); gc.get_threshold() == before
True
"""

from __future__ import annotations

import gc

#: A node comes with the tuples of its inputs and local derivatives.
OBJECTS = 3
#: The largest threshold: garbage in cycles waits until so many objects more were made, about a million nodes.
MOST = 3_000_000
#: Graphs of fewer nodes than this leave it alone.
MANY = 500

_usual = gc.get_threshold()
_raised = 0


def rest_for(nodes: int) -> None:
    """Expect more graphs of so many nodes."""
    global _usual, _raised
    if nodes < MANY and not _raised:
        return
    now = gc.get_threshold()
    if not _raised or now[0] != _raised:  # as it was at first, or as the user has set it since
        _usual = now
    wanted = min(OBJECTS * nodes, MOST)
    if nodes < MANY or not 0 < _usual[0] < wanted:
        _raised = 0
        if now != _usual:
            gc.set_threshold(*_usual)
    elif wanted != now[0]:
        _raised = wanted
        gc.set_threshold(wanted, *now[1:])
