"""Place the boxes of a directed graph in layers, so that it can be drawn where no Graphviz is installed.

The method is Sugiyama's (Sugiyama, Tagawa and Toda, 1981, Methods for visual understanding of
hierarchical system structures): ranks, an order within each rank with few crossings, coordinates.
Time and memory grow with the number of boxes and of ranks that edges cross, which is bounded.

    >>> placed = place([(40, 20), (40, 20), (40, 20)], [(0, 2), (1, 2)])
    >>> [round(x) for x, _ in placed.centres]
    [20, 20, 96]
    >>> placed.routes[0][0], placed.routes[0][-1]
    ((40.0, 10.0), (76.0, 27.0))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from autograd_mini.explain.pictures.ranks import ranks_of, without_cycles

Point = tuple[float, float]

RANK_GAP, GAP, GROUP_GAP = 36.0, 14.0, 18.0
#: How far the ends of parallel edges are apart.
SPREAD = 8.0
#: How often the order and the places are improved; the last time of each goes from the output back.
ORDERINGS, SHIFTS = 7, 8
#: A line that bends by less is drawn straight.
STRAIGHT = 0.5
#: Edges over several ranks are led past the boxes between, unless that takes more points than this.
MOST_BENDS = 20_000


@dataclass(frozen=True)
class Placed:
    """Where everything goes; x grows along the arrows, y across them."""

    centres: list[Point]
    routes: list[list[Point]]
    """Per edge: where it starts, bends and ends."""
    size: Point
    ranks: list[int]
    """Per box, which column it stands in."""
    columns: list[Point]
    """Where each column begins and ends."""


def place(
    sizes: Sequence[Point], edges: Sequence[tuple[int, int]], groups: Sequence[tuple[int, ...]] | None = None
) -> Placed:
    """Centres of boxes and routes of edges, in ranks from left to right.

    Args:
        sizes: (length along the arrows, length across them) of every box.
        edges: (from, to); cycles, loops and several edges between two boxes are allowed.
        groups: per box the groups it lies in, the outermost first; a group's boxes are kept together.
    """
    n = len(sizes)
    forward = without_cycles(n, [(s, t) for s, t in edges if s != t])
    rank = ranks_of(n, forward)
    groups = list(groups) if groups is not None else [()] * n
    chains = _bends(forward, rank, groups)
    layers: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    for v in _first_order(n, forward, len(rank), chains):
        layers[rank[v]].append(v)
    before, after = _neighbours(len(rank), chains)
    _reorder(layers, before, after, groups)
    heights = [sizes[v][1] if v < n else 2.0 for v in range(len(rank))]
    y = _heights(layers, _straight(before, n), _straight(after, n), heights, groups)
    columns: list[Point] = []
    for layer in layers:
        start = columns[-1][1] + RANK_GAP if columns else 0.0
        columns.append((start, start + max(sizes[v][0] if v < n else 0.0 for v in layer)))
    top = min((y[v] - heights[v] / 2 for v in range(len(y))), default=0.0)
    points = [(sum(columns[rank[v]]) / 2, y[v] - top) for v in range(len(rank))]
    routes = _routes(edges, chains, points, sizes)
    bottom = max((points[v][1] + heights[v] / 2 for v in range(len(y))), default=0.0)
    size = (columns[-1][1] if columns else 0.0, bottom)
    return Placed(points[:n], routes, size, rank[:n], columns)


def _bends(
    edges: list[tuple[int, int]], rank: list[int], groups: list[tuple[int, ...]]
) -> dict[tuple[int, int], list[int]]:
    """Per edge the points it passes, one a rank; points are added to `rank` and `groups`.

    The edges from one box share their points: a weight used at a hundred places is one line with a
    hundred branches.
    """
    chains: dict[tuple[int, int], list[int]] = {}
    shared: dict[tuple[int, int], int] = {}
    for s, t in edges:
        chain = [s]
        for k in range(rank[s] + 1, rank[t]):
            if (s, k) not in shared and len(shared) < MOST_BENDS:
                shared[s, k] = len(rank)
                rank.append(k)
                common = [a for a, b in zip(groups[s], groups[t], strict=False) if a == b]
                groups.append(tuple(common))
            if (s, k) in shared:
                chain.append(shared[s, k])
        chains[s, t] = [*chain, t]
    return chains


def _neighbours(n: int, chains: dict[tuple[int, int], list[int]]) -> tuple[list[list[int]], list[list[int]]]:
    before: list[list[int]] = [[] for _ in range(n)]
    after: list[list[int]] = [[] for _ in range(n)]
    for chain in chains.values():
        for a, b in pairwise(chain):
            if not before[b] or before[b][-1] != a:
                before[b].append(a)
                after[a].append(b)
    return before, after


def _straight(near: list[list[int]], n: int) -> list[list[int]]:
    """The neighbours that pull: a line over many ranks follows its own points, not the branches that leave it."""
    return [[u for u in us if u >= n] or us if v >= n else us for v, us in enumerate(near)]


def _first_order(
    n: int, edges: list[tuple[int, int]], total: int, chains: dict[tuple[int, int], list[int]]
) -> list[int]:
    """Boxes and points as they are met on the way back from the ends, operands in their order."""
    sources: list[list[int]] = [[] for _ in range(n)]
    ends = set(range(n))
    for s, t in edges:
        sources[t].append(s)
        ends.discard(s)
    order: dict[int, None] = {}
    stack = sorted(ends, reverse=True)
    while stack:
        t = stack.pop()
        if t in order:
            continue
        order[t] = None
        for s in sources[t]:
            order.update(dict.fromkeys(chains[s, t][1:-1]))
        stack.extend(s for s in reversed(sources[t]) if s not in order)
    return [*order, *(v for v in range(total) if v not in order)]


def _reorder(
    layers: list[list[int]], before: list[list[int]], after: list[list[int]], groups: list[tuple[int, ...]]
) -> None:
    """Sort every rank by the mean place of the neighbours, to and fro; groups stay together."""
    at: dict[int, float] = {}
    for layer in layers:
        at.update((v, (i + 0.5) / len(layer)) for i, v in enumerate(layer))
    for sweep in range(ORDERINGS):
        near = after if sweep % 2 == 0 else before
        middle = _middles(at, groups)
        for layer in reversed(layers) if sweep % 2 == 0 else layers:
            wanted = {}
            for v in layer:  # one that has no neighbours on this side looks to the other
                beside = near[v] or before[v] or after[v]
                wanted[v] = sum(at[u] for u in beside) / len(beside) if beside else at[v]
            layer.sort(key=lambda v: (*((middle[g], g) for g in groups[v]), (wanted[v], -1)))
            at.update((v, (i + 0.5) / len(layer)) for i, v in enumerate(layer))


def _middles(at: dict[int, float], groups: list[tuple[int, ...]]) -> dict[int, float]:
    """The mean place of each group, over all ranks, so that two groups do not change sides between ranks."""
    sums: dict[int, tuple[float, int]] = {}
    for v, place in at.items():
        for g in groups[v]:
            total, count = sums.get(g, (0.0, 0))
            sums[g] = total + place, count + 1
    return {g: total / count for g, (total, count) in sums.items()}


def _heights(
    layers: list[list[int]],
    before: list[list[int]],
    after: list[list[int]],
    heights: list[float],
    groups: list[tuple[int, ...]],
) -> list[float]:
    """The coordinate across: each as near to the mean of its neighbours as the order and the gaps allow."""
    y = [0.0] * len(heights)
    for layer in layers:
        place = 0.0
        for v in layer:
            place += heights[v] / 2
            y[v] = place
            place += heights[v] / 2 + GAP
    for sweep in range(SHIFTS):
        near = [after, before, before, after][sweep % 4]
        for layer in reversed(layers) if near is after else layers:
            wanted = [sum(y[u] for u in near[v]) / len(near[v]) if near[v] else y[v] for v in layer]
            gaps = [0.0]
            for u, v in pairwise(layer):
                gap = GAP if groups[u] == groups[v] else GROUP_GAP * (1 + abs(len(groups[u]) - len(groups[v])))
                gaps.append(gaps[-1] + (heights[u] + heights[v]) / 2 + gap)
            for v, place in zip(layer, _apart(wanted, gaps), strict=True):
                y[v] = place
    return y


def _apart(wanted: list[float], offsets: list[float]) -> list[float]:
    """The places nearest to the wanted ones (in squares) that keep their order and their distances.

    Less the offsets, the places must not fall: that is isotonic regression, solved by pooling neighbours.

    >>> _apart([5.0, 5.0, 30.0], [0.0, 10.0, 20.0])
    [0.0, 10.0, 30.0]
    """
    pools: list[tuple[float, int]] = []  # (mean, how many)
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _routes(
    edges: Sequence[tuple[int, int]],
    chains: dict[tuple[int, int], list[int]],
    points: list[Point],
    sizes: Sequence[Point],
) -> list[list[Point]]:
    """From border to border; several edges between two boxes lie side by side."""
    twins: dict[tuple[int, int], int] = {}
    for edge in edges:
        twins[edge] = twins.get(edge, 0) + 1
    done: dict[tuple[int, int], int] = {}
    routes = []
    for s, t in edges:
        k = done[s, t] = done.get((s, t), -1) + 1
        shift = SPREAD * (k - (twins[s, t] - 1) / 2)
        if s == t:
            (x, y), (long, high) = points[s], sizes[s]
            side, out = x + long / 2, 16.0 + 6 * k
            routes.append([(side, y - high / 5), (side + out, y), (side, y + high / 5)])
            continue
        chain = chains.get((s, t)) or chains[t, s][::-1]
        to = 1 if points[chain[0]][0] <= points[chain[-1]][0] else -1
        route = [(points[v][0], points[v][1] + shift) for v in chain]
        route[0] = (route[0][0] + to * sizes[s][0] / 2, route[0][1])
        route[-1] = (route[-1][0] - to * sizes[t][0] / 2, route[-1][1])
        routes.append(_without_straights(route))
    return routes


def _without_straights(route: list[Point]) -> list[Point]:
    """The route without the points at which it does not bend."""
    kept = route[:1]
    for spot, following in pairwise(route[1:]):
        if max(abs(kept[-1][1] - spot[1]), abs(spot[1] - following[1])) > STRAIGHT:
            kept.append(spot)
    return kept + route[-1:]
