"""Print the lecture's results to a terminal of 120 columns.

>>> print(show_table(Table(["name", "s"], [["D", "2.2"], ["E", "−1.6"]], {1})))
name     s
----------
D      2.2
E     −1.6
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from autograd_mini.lecture import wording
from autograd_mini.lecture.run import Lecture
from autograd_mini.lecture.wording import Table

WIDTH = 120


def sections(lecture: Lecture) -> Iterator[str]:
    """The text, a section at a time; each is computed when it is asked for."""
    yield _section(
        "1. The worked example: one forward pass, one backward pass, one update",
        show_table(_without_formulas(wording.example_table(lecture))),
        *wording.example_legend(lecture),
        *lecture.erratum.sentences(),
    )
    yield _section(
        "2. The delta rule by hand and automatic differentiation, on random networks",
        show_table(wording.comparison_table(lecture)),
        wording.comparison_legend(),
    )
    yield _section(
        "3. XOR: the lecture's table of outputs",
        show_table(wording.xor_table(lecture)),
        wording.xor_legend(),
    )
    yield _section(
        "4. XOR, learned",
        wording.linear_sentence(lecture),
        show_table(wording.training_table(lecture)),
        *wording.training_legend(lecture),
    )
    yield _section("5. Real data", wording.digits_sentence(lecture))


def _section(title: str, *parts: str) -> str:
    filled = [part if "\n" in part else textwrap.fill(part, WIDTH) for part in parts]
    return "\n\n".join([f"{title}\n{'=' * len(title)}", *filled]) + "\n"


def show_table(table: Table) -> str:
    """Columns as wide as their widest cell; numbers to the right."""
    cells = [table.columns, *table.lines]
    widths = [max(len(line[i]) for line in cells) for i in range(len(table.columns))]
    lines = [
        "  ".join(
            cell.rjust(width) if i in table.numeric else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def _without_formulas(table: Table) -> Table:
    lines = [[line[0], *line[2:]] for line in table.lines]
    return Table([table.columns[0], *table.columns[2:]], lines, {i - 1 for i in table.numeric})
