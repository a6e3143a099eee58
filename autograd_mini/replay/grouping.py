"""Find the calls of a long program of numbers that can be made side by side, many as one call on arrays.

A call's level is one more than the highest level of what it needs, so calls of one level do not need each other.
A sum that grows term by term, `s = s + w * x` again and again, would have a level for each term: it is taken as a
whole, a sum of so many products. Its terms are added in the same order, unless it is one of a few of its length.

>>> x, y = Var(2.0, "leaf", (), {}, ""), Var(3.0, "leaf", (), {}, "")
>>> a = Var(6.0, operator.mul, (x, y), {}, "forward")
>>> b = Var(8.0, operator.add, (a, x), {}, "forward")
>>> c = Var(5.0, operator.sub, (b, y), {}, "forward")
>>> [group] = grouped([a, b, c], lambda var: var is not c)
>>> str(group), group.operands == [[(x, y), (x, None), (y, -1.0)]]
('level 1: a sum of 3 terms', True)
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd_mini.replay.trace import Var, guard

#: What is added to a sum: a number and None, or two numbers of which it is the product.
Term = tuple[Any, Any]
#: Sums of one length that have fewer terms in all are added up together with those of other lengths.
FEW = 500


class Group:
    """Calls of one function on one level, or sums of one length."""

    def __init__(self, level: int, function: Any, kind: Any) -> None:
        self.level = level
        self.function = function
        """None for sums."""
        self.kind = kind
        """Of sums: (number of terms, the first that is a product, the one behind the last); None for any length.
        Of other calls: how many operands."""
        self.members: list[Var] = []
        self.operands: list[Sequence[Any]] = []
        """For each member its operands, or its terms if it is a sum."""

    def __str__(self) -> str:
        count = len(self.members)
        if self.function is not None:
            return f"level {self.level}: {name_of(self.function)}{f', {count} times' if count > 1 else ''}"
        length = f"{self.kind[0]} terms" if self.kind else f"{sum(map(len, self.operands))} terms in all"
        return f"level {self.level}: {'a sum' if count == 1 else f'{count} sums'} of {length}"


def name_of(function: Any) -> str:
    return getattr(function, "__name__", "call").strip("_")


def grouped(calls: Iterable[Var], used_once: Callable[[Var], bool]) -> list[Group]:
    """The calls, guards left out, as groups in an order in which they can be made.

    `used_once` says whether a Var is an operand of one of the calls, once, and needed for nothing else.
    """
    sums, inside = _sums(calls, used_once)
    levels: dict[Any, int] = {}
    groups: dict[Any, Group] = {}
    for var in calls:
        if var in inside or var.function is guard:
            continue
        function: Any
        kind: Any
        operands: Sequence[Any]
        terms = sums.get(var)
        if terms is None:
            level = 1 + max([levels.get(x, 0) for x in var.args])
            function, kind, operands = var.function, len(var.args), var.args
        else:
            level = 1 + max([max(levels.get(x, 0), levels.get(y, 0)) for x, y in terms])
            function, kind, operands = None, _kind(terms), terms
        levels[var] = level
        group = groups.get((level, function, kind))
        if group is None:
            group = groups[level, function, kind] = Group(level, function, kind)
        group.members.append(var)
        group.operands.append(operands)
    return sorted(_few_together(groups.values()), key=lambda group: group.level)


def _sums(calls: Iterable[Var], used_once: Callable[[Var], bool]) -> tuple[dict[Var, list[Term]], set[Var]]:
    """The terms of every sum, and the Vars that are inside of sums alone."""
    sums: dict[Var, list[Term]] = {}
    open_sums: set[Any] = set()
    products: set[Any] = set()
    negatives: set[Any] = set()
    inside: set[Var] = set()

    def term(x: Any, minus: bool) -> Term:
        if x in products and not minus:
            inside.add(x)
            return x.args
        if x in negatives:
            inside.add(x)
            x, minus = x.args[0], not minus
        return x, -1.0 if minus else None

    for var in calls:
        function = var.function
        if function is operator.add or function is operator.sub:
            x, y = var.args
            minus = function is operator.sub
            # Terms are added one by one to the longer side: x + y and y + x are the same, to the last bit.
            if not minus and y in open_sums and (x not in open_sums or len(sums[x]) < len(sums[y])):
                x, y = y, x
            if x in open_sums:
                terms = sums.pop(x)
                inside.add(x)
            else:
                terms = [term(x, False)]
            terms.append(term(y, minus))
            sums[var] = terms
            if used_once(var):
                open_sums.add(var)
        elif function is operator.mul and used_once(var):
            products.add(var)
        elif function is operator.neg and used_once(var):
            negatives.add(var)
    for var in [var for var, terms in sums.items() if len(terms) == 2 and inside.isdisjoint(var.args)]:
        del sums[var]  # a sum or difference of two numbers as they stand
    return sums, inside


def _kind(terms: list[Term]) -> tuple[int, int, int]:
    products = [i for i, (_, y) in enumerate(terms) if y is not None]
    return (len(terms), products[0], products[-1] + 1) if products else (len(terms), 0, 0)


def _few_together(groups: Iterable[Group]) -> list[Group]:
    """The groups, those sums of a level in one that are only a few of their length."""
    kept: list[Group] = []
    few: dict[int, list[Group]] = {}
    for group in groups:
        if group.function is None and group.kind[0] * len(group.members) < FEW:
            few.setdefault(group.level, []).append(group)
        else:
            kept.append(group)
    for level, some in few.items():
        if len(some) > 1:
            together = Group(level, None, None)
            for group in some:
                together.members += group.members
                together.operands += group.operands
            some = [together]
        kept += some
    return kept
