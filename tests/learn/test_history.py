"""The history: columns, the best epoch, JSON, DataFrame."""

import json

import numpy as np
import pytest

from autograd_mini.learn import History


def history(*rows, stopped=""):
    found = History()
    for loss, r2 in rows:
        found.append({"loss": loss, "r2": r2})
    found.stopped = stopped
    return found


def test_columns_and_rows():
    found = history((0.5, 0.1), (0.25, 0.3))
    assert found["loss"] == [0.5, 0.25]
    assert found.last == {"loss": 0.25, "r2": 0.3}
    assert (len(found), found.columns) == (2, ["loss", "r2"])
    assert repr(found) == "History(2 epochs: loss=0.25, r2=0.3)"
    with pytest.raises(KeyError, match="no column 'los' in the history; there are loss, r2"):
        found["los"]
    with pytest.raises(ValueError, match="expected the columns loss, r2; got loss"):
        found.append({"loss": 1.0})
    assert len(found) == 2


def test_the_best_epoch_is_the_first_of_the_best():
    found = history((2, np.nan), (1, 5), (1, 7), (3, 7))
    assert found.best_epoch("loss") == 2
    assert found.best_epoch("r2", largest=True) == 3
    assert found.best_epoch("r2") == 2
    assert history().best_epoch("loss") == history((1, np.nan)).best_epoch("r2") == 0


def test_json_there_and_back():
    found = history((0.1 + 0.2, np.nan), (1e-300, 3), stopped="enough")
    again = History.from_json(json.dumps(json.loads(found.to_json())))
    assert again["loss"] == found["loss"]
    np.testing.assert_array_equal(again["r2"], found["r2"])
    assert again.stopped == "enough"
    assert History.from_json(history().to_json()).rows == []


def test_state_there_and_back():
    found, again = history((0.1, np.nan), (0.2, 3), stopped="enough"), history((9, 9))
    again.load_state_dict(found.state_dict())
    assert (again["loss"], again.stopped) == ([0.1, 0.2], "enough")
    again.load_state_dict(history().state_dict())
    assert (len(again), again.stopped) == (0, "")


def test_a_frame_has_a_row_for_each_epoch():
    frame = history((0.5, 0.1), (0.25, 0.3)).to_frame()
    assert frame.index.tolist() == [1, 2]
    assert frame["loss"].tolist() == [0.5, 0.25]
    assert len(history().to_frame()) == 0
