"""Provoke every error of the package: each says what was expected, what came and the fix, and changes nothing."""

from __future__ import annotations

import pytest

from tests.trust.errors import commands, engine, explain, learn, model_files, nn, optim, replay
from tests.trust.errors.rows import Exited, Row, provoke, raised_at, reached, sites

ROOMS = [engine, nn, optim, learn, model_files, explain, commands, replay]
ROWS: list[Row] = [row for room in ROOMS for row in room.ROWS]
SITES = sites()


def test_every_row_has_a_name_of_its_own():
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_error_teaches_and_changes_nothing(row):
    error, changed = provoke(row)
    message = str(error.args[0]) if isinstance(error, KeyError) else str(error)
    assert type(error) is row.error
    assert isinstance(error, Exited) or raised_at(error, SITES), f"not one of the package's own errors: {message}"
    assert not changed, f"the error changed {changed}: {message}"
    assert " at 0x" not in message
    assert [part for part in row.says if part not in message] == [], message


def test_every_error_of_the_package_has_a_row():
    with reached(SITES) as seen:
        for row in ROWS:
            provoke(row)
    assert [str(site) for site in SITES if site not in seen] == [], "write a row for each"
