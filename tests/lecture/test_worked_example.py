"""The worked example against the lecture's printed numbers and their exact values."""

from decimal import Decimal

import numpy as np
import pytest

from autograd_mini.lecture.errata import slide_erratum
from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record
from autograd_mini.lecture.rounding import rounded, sigmoid_slope, slide_numbers
from autograd_mini.lecture.worked_example import PRINTED, Verdict, worked_example

#: name: (printed, exact in float64), from the lecture and from an independent calculation.
REFERENCE = {
    "s_D": ("2.2", 2.2),
    "h_D": ("0.90", 0.9002495108803148),
    "s_E": ("-1.6", -1.6),
    "h_E": ("0.17", 0.16798161486607552),
    "s_G": ("1.17", 1.1776184016578237),
    "ŷ": ("0.76", 0.7645193158707326),
    "ŷ′": ("0.181", 0.18002953153127957),
    "δ_G": ("0.0434", 0.042393477248457226),
    "Δw_GD": ("0.391", 0.3816470715743937),
    "Δw_GE": ("0.074", 0.07121324767984076),
    "Δw_GF": ("0.434", 0.42393477248457226),
    "new w_GD": ("4.891", 4.5 + 0.3816470715743937),
    "new w_GE": ("-5.126", -5.2 + 0.07121324767984076),
    "new w_GF": ("-1.566", -2 + 0.42393477248457226),
    "h_D′": ("0.0898", 0.08980032904006877),
    "δ_D": ("0.0175", 0.017131266927288575),
    "Δw_DA": ("0.175", 0.17131266927288574),
    "Δw_DB": ("0", 0.0),
    "Δw_DC": ("0.175", 0.17131266927288574),
    "h_E′": ("0.2055", 0.139763791933061),
    "δ_E": ("-0.0464", -0.03081038029405612),
    "Δw_EA": ("-0.464", -0.3081038029405612),
}
ERRATA = {"h_E′", "δ_E", "Δw_EA"}


@pytest.fixture(scope="module")
def example():
    return worked_example()


@pytest.mark.parametrize("name", REFERENCE)
def test_every_quantity_of_the_lecture(example, name):
    printed, exact = REFERENCE[name]
    row = example.row(name)
    assert row.printed == printed
    assert abs(row.by_hand - exact) <= 1e-15
    assert abs(row.autodiff - exact) <= 1e-15
    assert row.difference == abs(row.by_hand - row.autodiff) <= 1e-15


def test_rounding_as_the_slide_does_gives_the_print_except_where_the_lecture_is_wrong(example):
    for row in example.rows:
        if row.printed is not None:
            assert (row.rounded == Decimal(row.printed)) == (row.name not in ERRATA), row.name
        expected = Verdict.ERRATUM if row.name in ERRATA else Verdict.AGREES
        assert row.verdict is (expected if row.printed else Verdict.NOT_PRINTED)


def test_nothing_printed_is_left_out_and_all_nine_weights_are_there(example):
    assert set(REFERENCE) == {row.name for row in example.rows if row.printed}
    names = [row.name for row in example.rows]
    assert len(names) == len(set(names)) == 31
    assert {f"Δw_{arrow}" for arrow in WORKED} | {f"new w_{arrow}" for arrow in WORKED} <= set(names)


def test_all_lines_agree_to_1e_15(example):
    assert example.largest_difference == max(row.difference for row in example.rows) <= 1e-15


def test_the_right_numbers_of_the_erratum(example):
    assert [str(example.row(name).rounded) for name in ("h_E′", "δ_E", "Δw_EA")] == ["0.1398", "-0.0316", "-0.316"]


def test_the_update_lowers_the_error(example):
    assert example.row("E").autodiff == pytest.approx(0.027725576298993897, abs=1e-15)
    assert example.error_after == pytest.approx(0.0031819989, abs=1e-9)


def test_the_graph_keeps_the_numbers_its_gradients_belong_to(example):
    w = example.recording.w
    assert {arrow: value.data for arrow, value in w.items()} == WORKED
    assert w["GD"].grad == pytest.approx(-0.03816470715743937, abs=1e-15)


def test_another_learning_rate_scales_the_updates_and_is_not_compared_with_the_print(example):
    other = worked_example(2.5)
    for row in other.rows:
        if row.name.startswith("Δw"):
            assert row.autodiff == pytest.approx(example.row(row.name).autodiff / 4, abs=1e-15)
            assert row.by_hand == pytest.approx(row.autodiff, abs=1e-15)
        if "w_" in row.name and row.printed:
            assert row.verdict is Verdict.OTHER_RATE
    assert other.row("Δw_GD").rounded == Decimal("0.098")  # 2.5 × 0.0434 × 0.90 = 0.09765
    assert other.row("h_E′").verdict is Verdict.ERRATUM
    assert other.row("δ_G").verdict is Verdict.AGREES


# -- rounding --------------------------------------------------------------------------------------


def test_rounding_is_computed_not_looked_up():
    """Other weights and inputs: every rounded number lies within its rounding of the exact one."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        weights = {arrow: round(float(rng.normal()), 1) for arrow in WORKED}
        inputs = (float(rng.integers(2)), float(rng.integers(2)))
        slide, exact = slide_numbers(weights, inputs, 0.0, 1.0), record(weights, inputs, 0.0)
        exact.E.backward()
        assert float(slide["h_D"]) == pytest.approx(exact.h["D"].item(), abs=0.005)
        assert float(slide["s_G"]) == pytest.approx(exact.s["G"].item(), abs=0.03)
        assert float(slide["δ_G"]) == pytest.approx(-exact.s["G"].grad, abs=0.005)
        assert float(slide["Δw_DA"]) == pytest.approx(-exact.w["DA"].grad, abs=0.01)


def test_each_step_starts_from_the_rounded_results():
    slide = slide_numbers(WORKED, INPUTS, TARGET, 10.0)
    assert slide["s_G"] == rounded(Decimal("0.90") * Decimal("4.5") - Decimal("0.17") * Decimal("5.2") - 2, 2)
    assert slide["δ_G"] == rounded((1 - slide["ŷ"]) * slide["ŷ′"], 4)
    assert rounded(Decimal("0.042393"), 4) != slide["δ_G"]  # from exact numbers it would be 0.0424


@pytest.mark.parametrize(("number", "result"), [("0.0625", "0.063"), ("-0.0625", "-0.063"), ("-0.0001", "0.000")])
def test_rounding_by_hand(number, result):
    assert str(rounded(Decimal(number), 3)) == result


# -- the erratum -----------------------------------------------------------------------------------


def test_what_is_said_of_the_erratum_is_so():
    erratum = slide_erratum()
    assert str(erratum.printed) == PRINTED["h_E′"] == "0.2055"
    assert erratum.right == pytest.approx(0.139763791933061, abs=1e-15)
    assert [str(erratum.right_on_slide), str(erratum.right_from_activation)] == ["0.1398", "0.1411"]
    for h in erratum.would_need_h_E:
        assert h * (1 - h) == pytest.approx(0.2055, abs=1e-12)
    assert str(erratum.slope_at_h_D) == "0.2055"
    sigma = 1 / (1 + np.exp(-0.9))
    assert f"{sigma * (1 - sigma):.4f}" == "0.2055"
    assert round(sigmoid_slope(Decimal("0.9")), 4) == Decimal("0.2055")
    assert {name: str(number) for name, number in erratum.followed.items()} == {"δ_E": "-0.0464", "Δw_EA": "-0.464"}
    assert {name: str(number) for name, number in erratum.corrected.items()} == {"δ_E": "-0.0316", "Δw_EA": "-0.316"}


def test_the_erratum_is_told_with_its_numbers():
    story = " ".join(slide_erratum().sentences())
    for fact in ("0.2055", "0.1398", "0.13976379193306", "0.1411", "0.289", "0.711", "σ′(0.90)", "−0.0464", "−0.316"):
        assert fact in story
