"""Real data: the digits, at least 96 % of the held-out quarter, for more than one seed."""

import pytest

from autograd_mini.lecture import SEED
from autograd_mini.lecture.digits import EPOCHS, SIZES, train_digits


@pytest.mark.parametrize("seed", [SEED, 2, 3])
def test_at_least_96_percent_of_a_held_out_quarter_within_30_seconds(seed):
    run = train_digits(seed, progress=False)
    assert SIZES == [64, 32, 10]
    assert (run.training_examples, run.held_out) == (1347, 450)
    assert run.accuracy >= 0.96
    assert run.accuracy == run.confusion.trace() / run.confusion.sum()
    assert run.seconds < 30
    assert len(run.losses) == len(run.accuracies) == EPOCHS
    assert run.losses[-1] < 0.05 < run.losses[0]


def test_the_same_seed_gives_the_same_run():
    assert train_digits(5, progress=False).losses == train_digits(5, progress=False).losses


def test_the_progress_bar_goes_to_standard_error(capsys):
    train_digits(SEED, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "digits: 100%" in err
    assert f"{EPOCHS}/{EPOCHS}" in err
    train_digits(SEED, progress=False)
    assert capsys.readouterr() == ("", "")
