"""Give every box of a directed graph its rank, whatever cycles it has.

>>> ranks_of(3, without_cycles(3, [(0, 1), (1, 2), (2, 0)]))
[0, 1, 2]
"""

from __future__ import annotations

from collections.abc import Sequence


def crossed(n: int, edges: Sequence[tuple[int, int]]) -> int:
    """How many ranks the edges between n boxes cross, all together: a measure of a layout's work.

    >>> crossed(3, [(0, 1), (1, 2), (0, 2)])
    4
    """
    forward = without_cycles(n, [(s, t) for s, t in edges if s != t])
    rank = ranks_of(n, forward)
    return sum(rank[t] - rank[s] for s, t in forward)


def without_cycles(n: int, edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Each different edge once; those that close a cycle are turned round."""
    targets: list[list[int]] = [[] for _ in range(n)]
    for s, t in dict.fromkeys(edges):
        targets[s].append(t)
    state, turned = [0] * n, set()  # 0 new, 1 on the way, 2 done
    for root in range(n):
        stack = [(root, iter(targets[root]))] if not state[root] else []
        state[root] = max(state[root], 1)
        while stack:
            v, rest = stack[-1]
            for t in rest:
                if state[t] == 1:
                    turned.add((v, t))
                elif not state[t]:
                    state[t] = 1
                    stack.append((t, iter(targets[t])))
                    break
            else:
                state[v] = 2
                stack.pop()
    return list(dict.fromkeys((t, s) if (s, t) in turned else (s, t) for s, t in edges))


def ranks_of(n: int, edges: list[tuple[int, int]]) -> list[int]:
    """Every box right before the first that needs it: its rank counts from the end."""
    sources: list[list[int]] = [[] for _ in range(n)]
    missing = [0] * n
    for s, t in edges:
        sources[t].append(s)
        missing[s] += 1
    level = [0] * n
    ready = [v for v in range(n) if not missing[v]]
    while ready:
        t = ready.pop()
        for s in sources[t]:
            level[s] = max(level[s], level[t] + 1)
            missing[s] -= 1
            if not missing[s]:
                ready.append(s)
    last = max(level, default=0)
    return [last - k for k in level]
