"""Keep what happened in training: a row of numbers for each epoch.

>>> history = History()
>>> history.append({"loss": 0.5, "validation_loss": 0.75})
>>> history.append({"loss": 0.25, "validation_loss": 1.0})
>>> history["loss"], len(history), history.best_epoch("validation_loss")
([0.5, 0.25], 2, 1)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_mini.visible import visible


class History:
    """One row an epoch, each with the same columns; `history["loss"]` is a column.

    Attributes:
        rows: the rows, in order; epoch 1 is rows[0].
        stopped: why training ended early, "" if it did not.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.stopped = ""

    def append(self, row: Mapping[str, float]) -> None:
        """Add an epoch.

        Raises:
            ValueError: other columns than before.
        """
        if self.rows and list(row) != self.columns:
            raise ValueError(f"history: expected the columns {', '.join(self.columns)}; got {', '.join(row)}")
        self.rows.append({name: float(number) for name, number in row.items()})

    @property
    def columns(self) -> list[str]:
        return list(self.rows[0]) if self.rows else []

    @property
    def last(self) -> dict[str, float]:
        """The latest epoch's numbers; {} before the first."""
        return self.rows[-1] if self.rows else {}

    def best_epoch(self, column: str, largest: bool = False) -> int:
        """The number, from 1, of the first epoch with the least (or the largest) entry; 0 if there is none.

        Raises:
            KeyError: no such column.
        """
        numbers = [(-number if largest else number) for number in self[column]] if self.rows else []
        finite = [number for number in numbers if not math.isnan(number)]
        return numbers.index(min(finite)) + 1 if finite else 0

    def to_frame(self) -> Any:
        """The history as a pandas DataFrame, indexed by the epoch from 1.

        Raises:
            ModuleNotFoundError: pandas is not installed (the extra `csv`).
        """
        import pandas

        return pandas.DataFrame(self.rows, index=pandas.RangeIndex(1, len(self) + 1, name="epoch"))

    def to_json(self) -> str:
        """The history as a JSON document; nan, which JSON does not have, becomes null.

        >>> History.from_json('{"stopped": "", "rows": [{"loss": null}]}')["loss"]
        [nan]
        """
        rows = [{name: x if math.isfinite(x) else None for name, x in row.items()} for row in self.rows]
        return json.dumps({"stopped": self.stopped, "rows": rows}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> History:
        """The history that `to_json` wrote."""
        found, history = json.loads(text), cls()
        for row in found["rows"]:
            history.append({name: math.nan if number is None else number for name, number in row.items()})
        history.stopped = found["stopped"]
        return history

    # A checkpoint keeps it as arrays, bit for bit and without a limit on its length.

    def state_dict(self) -> dict[str, Any]:
        # Not by name: a file may keep its arrays in another order.
        columns = {f"column {i}": np.array(self[name]) for i, name in enumerate(self.columns)}
        return {"stopped": self.stopped, "columns": json.dumps(self.columns), **columns}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        names = json.loads(state["columns"])
        columns = [np.asarray(state[f"column {i}"]).tolist() for i in range(len(names))]
        self.rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        self.stopped = str(state["stopped"])

    def __getitem__(self, column: str) -> list[float]:
        if column not in self.columns:
            raise KeyError(f"no column {column!r} in the history; there are {', '.join(self.columns) or 'none yet'}")
        return [row[column] for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        last = ", ".join(f"{visible(name)}={number:.4g}" for name, number in self.last.items())
        stopped = visible(self.stopped)
        return f"History({len(self)} epochs{': ' + last if last else ''}{'; ' + stopped if stopped else ''})"
