"""Name what the layers of a network computed, as the lecture does: scores s_1, s_2 …, activations h_1, h_2 …"""

from __future__ import annotations

from collections.abc import Iterator

from autograd_mini.explain.graph_data import COMPUTED, Graph, Node
from autograd_mini.nn.conv import correlation
from autograd_mini.primitives import products
from autograd_mini.value import Value

#: What makes a score: products with weights.
WEIGHING = frozenset({products.matmul.name, products.einsum.name, correlation.name})


def layer_names(graph: Graph) -> dict[Value, str]:
    """Names for outputs of layers that have none: a layer with weights gives a score, one without an activation.

    The last activation is ŷ.

    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> from autograd_mini.explain.graph_data import graph
    >>> list(layer_names(graph(nn.MLP([2, 3, 1], "tanh")(np.ones((4, 2))))).values())
    ['s_1', 'h_1', 's_2']
    """
    taken = {node.name for node in graph.nodes if node.named}
    names: dict[Value, str] = {}
    layer = 0
    for nodes in _calls(graph):
        output = nodes[-1]
        if not output.shape or output.value is None:
            continue  # a loss
        if any(node.op in WEIGHING for node in nodes):
            layer += 1
            wanted = f"s_{layer}"
        else:
            wanted = f"h_{layer}" if layer else ""
        if wanted and not output.named and wanted not in taken and wanted not in names.values():
            names[output.value] = wanted
    if names and "ŷ" not in taken and list(names.values())[-1].startswith("h_"):
        names[list(names)[-1]] = "ŷ"
    return names


def _calls(graph: Graph) -> Iterator[list[Node]]:
    """What each innermost module call computed, in order."""
    outer = {scope.parent for scope in graph.scopes}
    inside: dict[str, list[Node]] = {scope.path: [] for scope in graph.scopes if scope.path not in outer}
    for node in graph.nodes:
        if node.kind == COMPUTED and node.scope in inside:
            inside[node.scope].append(node)
    return (nodes for nodes in inside.values() if nodes)
