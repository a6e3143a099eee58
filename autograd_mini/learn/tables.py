"""Read examples from a CSV file, and say exactly what is wrong with it if that fails.

The first row holds the columns' names and is row 1, as in a spreadsheet; every other row is an
example. Needs pandas: `pip install 'autograd-mini[csv]'`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from autograd_mini.learn.datasets import Dataset

if TYPE_CHECKING:
    from pandas import DataFrame, Series

Path = str | os.PathLike[str]

#: What stands for a missing cell, in small letters.
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "#n/a"})
#: A column of whole numbers with at most so many different ones is one of classes.
MOST_CLASSES = 20


class TableError(ValueError):
    """A table cannot be used; the message is one line that names the file, and the row and column."""


def load_csv(
    path: Path,
    target: str,
    *,
    task: str | None = None,
    ignore: Sequence[str] = (),
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
) -> Dataset:
    """The examples of a CSV file: X (examples, features) as float64, and y.

    The target's column tells the task: classes if it is text, or whole numbers of at most 20 kinds
    which occur twice each on average; else numbers to predict. Classes are numbered from 0 in
    alphabetical or numerical order: y (examples,); numbers are a column: y (examples, 1). Empty rows
    are passed over.

    Args:
        path: of the file.
        target: the name of the column to predict.
        task: "classification" or "regression", to decide otherwise.
        ignore: columns to leave out, such as a row's number.
        delimiter: between two cells, one character.
        encoding: of the text; UTF-8 by default, with or without a mark at its beginning.

    Raises:
        TableError: no such file or column, nothing in it, another encoding or delimiter, names that
            are missing or occur twice, cells that are missing, not numbers or not finite, a target
            with one class or value, fewer than two rows.
        ValueError: an unknown task.
        ModuleNotFoundError: pandas is not installed.

    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "flowers.csv")
    >>> with open(path, "w") as file:
    ...     _ = file.write("length,species\\n1.5,rose\\n4,lily\\n2,rose\\n4.5,lily\\n")
    >>> data = load_csv(path, "species")
    >>> data.X.ravel(), data.y, data.class_names
    (array([1.5, 4. , 2. , 4.5]), array([1, 0, 1, 0]), ('lily', 'rose'))
    >>> load_csv(path, "spezies")
    Traceback (most recent call last):
    autograd_mini.learn.tables.TableError: flowers.csv: no column 'spezies'; did you mean 'species'? \
The columns are: 'length', 'species'
    """
    if task not in (None, "classification", "regression"):
        raise ValueError(f"load_csv: task must be 'classification' or 'regression', got {task!r}")
    table = _read(path, delimiter, encoding)
    _need(path, table, [target, *ignore])
    features = [name for name in table.columns if name != target and name not in ignore]
    if not features:
        _fail(path, f"no column is left to predict {target!r} from")
    if len(table) < 2:
        _fail(path, f"{len(table)} row of data; there must be two at least")
    y, class_names = _target(path, table[target], task)
    X = np.column_stack([_numbers(path, table[name]) for name in features])
    name = os.path.basename(os.fspath(path))
    return Dataset(name, X, y, tuple(features), class_names, f"Read from {name}.", target)


def load_features(
    path: Path, feature_names: Sequence[str], *, delimiter: str = ",", encoding: str = "utf-8-sig"
) -> np.ndarray:
    """The named columns of a CSV file, in the order of the names: (examples, features). Others are not looked at.

    Raises:
        TableError: as in `load_csv`, or there are no rows.
        ModuleNotFoundError: pandas is not installed.
    """
    table = _read(path, delimiter, encoding)
    _need(path, table, feature_names)
    if not len(table):
        _fail(path, "no rows of data, only the columns' names")
    return np.column_stack([_numbers(path, table[name]) for name in feature_names])


def _read(path: Path, delimiter: str, encoding: str) -> DataFrame:
    """All cells as text, stripped; the index is each row's number."""
    import pandas

    try:
        cells = pandas.read_csv(
            path,
            sep=delimiter,
            encoding=encoding,
            header=None,  # pandas would rename a column that occurs twice
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,  # so that rows keep their numbers
        )
    except OSError as error:
        _fail(path, error.strerror or str(error))
    except pandas.errors.EmptyDataError:
        _fail(path, "the file is empty")
    except UnicodeError as error:
        _fail(path, f"not a text in {encoding} ({error}); save it as UTF-8, or name its encoding, such as latin-1")
    except LookupError:
        _fail(path, f"unknown encoding {encoding!r}")
    except ValueError as error:  # pandas.errors.ParserError is one
        _fail(path, f"no table: {error}".replace("Error tokenizing data. C error: ", "").strip())
    cells = cells.apply(lambda column: column.str.strip())
    cells.index += 1
    names = list(cells.iloc[0])
    _check_names(path, names, delimiter)
    table = cells.iloc[1:].set_axis(names, axis=1)
    return table[(table != "").any(axis=1)]


def _check_names(path: Path, names: list[str], delimiter: str) -> None:
    if len(names) == 1:
        others = [other for other in (";", "\t", "|", ",") if other in names[0]]
        if others:
            _fail(path, f"one column only, {names[0][:60]!r}; are cells separated by {others[0]!r}, not {delimiter!r}?")
    if any(character < " " for name in names for character in name):
        _fail(path, "no table: the first row holds control characters; is it a text file?")
    for position, name in enumerate(names, 1):
        if not name:
            _fail(path, f"column {position} has no name (pandas writes such a one unless told index=False)")
        if name in names[: position - 1]:
            _fail(path, f"two columns are called {name!r}: {names.index(name) + 1} and {position}")


def _need(path: Path, table: DataFrame, wanted: Sequence[str]) -> None:
    """Raise a TableError unless all wanted columns are there."""
    known = [str(name) for name in table.columns]
    for name in wanted:
        if name not in known:
            near = get_close_matches(str(name), known, n=3, cutoff=0.5)
            near = near or [k for k in known if k.lower() == str(name).lower()]
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
            listed = ", ".join(map(repr, known[:20])) + (", …" if len(known) > 20 else "")
            _fail(path, f"no column {name!r}{hint} The columns are: {listed}")


def _target(path: Path, column: Series[str], task: str | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """y, and the names of its classes if it is one of them."""
    import pandas

    _no_missing(path, column)
    numbers = pandas.to_numeric(column, errors="coerce")
    kinds = column.nunique()
    if kinds == 1:
        _fail(path, f"the target {column.name!r} is {column.iloc[0]!r} in every row; there is nothing to learn")
    if task is None:
        text = numbers.isna().mean() > 0.5  # a column of numbers with a slip in it is none of classes
        few = bool((numbers % 1 == 0).all()) and numbers.nunique() <= min(MOST_CLASSES, len(column) / 2)
        task = "classification" if text or few else "regression"
    if task == "regression":
        return _numbers(path, column)[:, None], ()
    if kinds > len(column) / 2:
        few_rows = f"the target {column.name!r} has {kinds} different entries in {len(column)} rows"
        _fail(path, f"{few_rows}: too few of each to learn classes from")
    names, y = np.unique(column.to_numpy(dtype=str) if numbers.isna().any() else numbers, return_inverse=True)
    return y, tuple(str(name) if isinstance(name, str) else f"{name:.15g}" for name in names)


def _numbers(path: Path, column: Series[str]) -> np.ndarray:
    """The column as float64, if all its cells are finite numbers."""
    import pandas

    _no_missing(path, column)
    numbers = pandas.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        cell = column.iloc[wrong[0]]
        if len(wrong) == len(column):
            why = "nor is any other cell of the column; leave the column out (ignore) or write it as numbers"
        elif "," in cell:
            why = "write a decimal point, and no commas between thousands"
        else:
            why = f"{len(wrong)} such {'cell' if len(wrong) == 1 else 'cells'} in the column"
        kind = "too large a number" if np.isinf(numbers[wrong[0]]) else "not a number"
        _fail(path, f"row {column.index[wrong[0]]}, column {column.name!r}: {cell[:40]!r} is {kind}; {why}")
    return numbers


def _no_missing(path: Path, column: Series[str]) -> None:
    missing = np.flatnonzero(column.str.lower().isin(MISSING))
    if len(missing):
        where = f"row {column.index[missing[0]]}, column {column.name!r}"
        cell, count = column.iloc[missing[0]], len(missing)
        shown = f" ({cell!r})" if cell else ""
        _fail(path, f"{where}: the cell is missing{shown}; {count} in this column: fill them in, or remove the rows")


def _fail(path: Path, what: Any) -> NoReturn:
    line = " ".join(f"{os.path.basename(os.fspath(path))}: {what}".split())
    raise TableError(line) from None
