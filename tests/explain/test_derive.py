"""Derivations read as on paper, and every line of them comes to the engine's gradient."""

import json
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from latex2mathml.converter import convert

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.explain.formulas.notation import number
from autograd_mini.explain.paper.derivation import decimals
from autograd_mini.explain.paper.derive import derive
from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record
from tests.explain.reading import as_numpy, evaluated, from_text
from tests.explain.test_algebra import random_graph


def line(derivation, kind):
    return next(line for line in derivation.lines if line.kind == kind)


def worth(text, numbers):
    """What a line of a scalar derivation comes to."""
    for name in numbers:
        text = re.sub(rf"(?<!\w){re.escape(name)}\(", f"{name}·(", text)
    return evaluated(from_text(re.sub(r"(?<![\w.])([\d.]+)\(", r"\1·(", text)), numbers)


# -- the lecture's line ------------------------------------------------------------------------------


def test_the_lecture_s_line_is_exactly_this():
    run = record(WORKED, INPUTS, TARGET)
    assert derive(run.E, run.w["GD"]).equation == (
        "∂E/∂w_GD = ∂E/∂ŷ · ∂ŷ/∂s_G · ∂s_G/∂w_GD = −(y − ŷ) · ŷ(1 − ŷ) · h_D = −0.2355 · 0.1800 · 0.9002 = −0.0382"
    )


def test_a_hidden_weight_of_the_lecture():
    run = record(WORKED, INPUTS, TARGET)
    assert str(derive(run.E, run.w["EA"])) == (
        "∂E/∂w_EA = ∂E/∂ŷ · ∂ŷ/∂s_G · ∂s_G/∂h_E · ∂h_E/∂s_E · ∂s_E/∂w_EA\n"
        "         = −(y − ŷ) · ŷ(1 − ŷ) · w_GE · h_E(1 − h_E) · A\n"
        "         = −0.2355 · 0.1800 · (−5.2) · 0.1398 · 1\n"
        "         = 0.0308"
    )


def test_its_latex_is_one_aligned_block():
    run = record(WORKED, INPUTS, TARGET)
    assert derive(run.E, run.w["GD"]).latex == "\n".join(
        [
            r"\begin{aligned}",
            r"\frac{\partial E}{\partial w_{GD}} &= \frac{\partial E}{\partial \hat{y}} \cdot "
            r"\frac{\partial \hat{y}}{\partial s_{G}} \cdot \frac{\partial s_{G}}{\partial w_{GD}} \\",
            r" &= -\left(y - \hat{y}\right) \cdot \hat{y} \, \left(1 - \hat{y}\right) \cdot h_{D} \\",
            r" &= -0.2355 \cdot 0.1800 \cdot 0.9002 \\",
            r" &= -0.0382",
            r"\end{aligned}",
        ]
    )
    assert derive(run.E, run.w["GD"])._repr_latex_().startswith(r"$\displaystyle \begin{aligned}")


@pytest.mark.parametrize("arrow", WORKED)
@pytest.mark.parametrize("level", ["unit", "operation"])
def test_every_line_of_every_weight_comes_to_the_gradient(arrow, level):
    run = record(WORKED, INPUTS, TARGET)
    [gradient] = ag.gradients(run.E, [run.w[arrow]])
    found = derive(run.E, run.w[arrow], level=level, digits=15)
    names = {n.name: n.data for n in ag.graph(run.E).nodes if n.name}
    assert found.result == gradient
    assert found.level == level
    assert worth(line(found, "local").text, names) == pytest.approx(gradient, rel=1e-13)
    assert worth(line(found, "numbers").text, {}) == pytest.approx(gradient, rel=1e-10)
    assert worth(line(found, "result").text, {}) == pytest.approx(gradient, rel=1e-10)
    assert [line.kind for line in found.lines] == ["chain", "local", "numbers", "result"]


def test_the_operation_level_has_a_factor_for_every_operation():
    run = record(WORKED, INPUTS, TARGET)
    found = derive(run.E, run.w["GD"], level="operation")
    product = next(n.name for n in ag.graph(run.E).nodes if n.op == "multiply" and n.value.inputs[0] is run.w["GD"])
    assert line(found, "chain").text == (
        "∂E/∂square_1 · ∂square_1/∂subtract_1 · ∂subtract_1/∂ŷ · ∂ŷ/∂s_G · ∂s_G/∂add_3 · "
        f"∂add_3/∂{product} · ∂{product}/∂w_GD"
    )
    assert line(found, "local").text == "0.5 · 2·subtract_1 · (−1) · ŷ(1 − ŷ) · 1 · 1 · h_D"
    assert line(found, "numbers").text == "0.5 · 0.4710 · (−1) · 0.1800 · 1 · 1 · 0.9002"


# -- several ways ------------------------------------------------------------------------------------


def named(value, name):
    value.name = name
    return value


def test_several_ways_are_a_sum_of_products():
    x = ag.Value(0.5, name="x")
    a = named(np.sin(x), "a")
    b = named(a * x, "b")
    c = named(np.exp(b) + a, "c")
    found = derive(c, x)
    assert found.equation == (
        "dc/dx = ∂c/∂a · ∂a/∂x + ∂c/∂b · ∂b/∂x + ∂c/∂b · ∂b/∂a · ∂a/∂x"
        " = 1 · cos(x) + e^b · a + e^b · x · cos(x)"
        " = 1 · 0.8776 + 1.2709 · 0.4794 + 1.2709 · 0.5 · 0.8776 = 2.0445"
    )
    assert found.result == ag.gradients(c, [x])[0]


def test_what_all_ways_share_stays_a_factor():
    w = ag.Value(2.0, name="w")
    s = named(3.0 * w, "s")
    a, b = named(np.sin(s), "a"), named(np.cos(s), "b")
    t = named(a - b, "t")
    found = derive(named(t * t, "E"), w)
    assert line(found, "chain").text == "∂E/∂t · (∂t/∂a · ∂a/∂s + ∂t/∂b · ∂b/∂s) · ∂s/∂w"
    assert line(found, "local").text == "2·t · (1 · cos(s) − 1 · (−sin(s))) · 3"
    assert found.subject == "dE/dw"
    assert found.lines[0].subject_latex == r"\frac{\mathrm{d} E}{\mathrm{d} w}"
    assert worth(line(found, "local").text, {v.name: v.data for v in (t, s, a, b)}) == pytest.approx(found.result)


def test_unnamed_operations_between_are_one_factor():
    x = ag.Value(0.7, name="x")
    u = named(x * np.sin(x) + x * x, "u")
    E = named(u * 1.0, "E")
    assert line(derive(E, x), "chain").text == "∂E/∂u · ∂u/∂x"
    assert line(derive(E, x), "local").text == "1 · (2·x + sin(x) + x·cos(x))"
    assert derive(u, x).equation.startswith("∂u/∂x = 2·x + sin(x) + x·cos(x) = ")


def test_a_sum_as_first_factor_has_brackets():
    x = ag.Value(0.7, name="x")
    a = named(x + 1, "a")
    E = a * a - a
    assert line(derive(named(E, "E"), x), "local").text == "(−1 + 2·a) · 1"
    assert worth(line(derive(E, x), "local").text, {"a": a.data}) == pytest.approx(ag.gradients(E, [x])[0])


def test_products_that_are_too_many_are_told_in_words_and_numbers():
    x = ag.Value(0.5, name="x")
    v = x
    for i in range(4):
        v = named(np.sin(v) + 0.1 * sum(named(v * k, f"m_{i}_{k}") for k in (1.0, 2.0, 3.0)), f"v_{i}") + x
    found = derive(named(v * 1.0, "E"), x, digits=12)
    assert "[" in line(found, "chain").text
    left_out = int(re.search(r"\[(\d+) more products\]", line(found, "chain").text)[1])
    assert f"{left_out} of {left_out + 6} products of a sum are not written out." in str(found)
    assert worth(line(found, "numbers").text, {}) == pytest.approx(found.result, rel=1e-8)
    assert r"[\text{" in line(found, "local").latex


def test_long_chains_leave_out_their_middle():
    v = x = ag.Value(0.3, name="x")
    for i in range(40):
        v = named(np.sin(v) + v * 0.5, f"v_{i}")
    found = derive(v, x, digits=12)
    assert "[28 more factors]" in line(found, "chain").text
    assert "28 factors of a product are not written out." in str(found)
    assert len(line(found, "numbers").text.split(" · ")) == 13
    assert worth(line(found, "numbers").text, {}) == pytest.approx(found.result, rel=1e-6)


def test_long_ways_of_a_sum_leave_out_their_middle():
    x = ag.Value(0.3, name="x")
    v = x
    for i in range(30):
        v = named(np.sin(v), f"v_{i}")
    found = derive(named(v * x, "E"), x, digits=12)
    assert "[19 more factors]" in line(found, "chain").text
    assert worth(line(found, "numbers").text, {}) == pytest.approx(found.result, rel=1e-6)


def test_a_formula_that_is_too_long_stays_a_symbol():
    v = x = ag.Value(0.3, name="x")
    for _ in range(300):
        v = np.sin(v) + v * 0.3
    found = derive(named(v, "E"), x)
    assert [kept.kind for kept in found.lines] == ["result"]
    assert found.subject == "∂E/∂x"
    assert found.equation == f"∂E/∂x = {number(found.result).written}"
    assert "The formula of ∂E/∂x is too long to be read; name some of the Values on its way." in str(found)
    assert found.result == ag.gradients(v, [x])[0]
    beside = derive(named(np.sin(v), "F"), x)
    assert [kept.text for kept in beside.lines[:2]] == ["∂F/∂E · ∂E/∂x", "cos(E) · ∂E/∂x"]


def test_one_note_tells_all_that_is_too_long():
    v = x = ag.Value(0.3, name="x")
    for layer in range(3):
        for _ in range(60):
            v = np.sin(v) + v * 0.3
        v = named(v * 1.0, f"v_{layer}")
    found = derive(v, x)
    assert [kept.kind for kept in found.lines] == ["local", "numbers", "result"]  # "chain" would be the same line
    assert [note.text for note in found.notes] == [
        "The formulas of ∂v_2/∂v_1, ∂v_1/∂v_0, ∂v_0/∂x are too long to be read; name some of the Values on their way."
    ]
    assert found.notes[0].latex.startswith(r"\text{The formulas of } \frac{\partial v_{2}}{\partial v_{1}}, ")


def test_factors_of_one_name_are_a_power_however_many():
    x = ag.Value(-2.0, name="x")
    v = x
    for _ in range(7):
        v = v * x
    assert derive(named(v, "E"), x).equation == "∂E/∂x = 8·x^7 = −1024"


@pytest.mark.parametrize("shape", [(), (3,)])
def test_no_line_lacks_a_side(shape):
    W = ag.Value(np.eye(3) * 0.5 if shape else 0.5, name="W")
    v = ag.Value(np.ones(shape), name="h")
    for _ in range(20):
        v = np.tanh(W @ v if shape else W * v)
    found = derive(named((v * v).sum() if shape else v * v, "E"), W)
    assert len(found.lines) == 1
    for kept in found.lines:
        assert kept.subject.strip()
        assert kept.text.strip()
        assert kept.latex.strip()
    assert found.subject == "∂E/∂W"
    assert "The formula of ∂E/∂W is too long to be read" in str(found)


def test_no_line_says_what_the_line_below_says():
    x = ag.Value(0.3, name="x")
    s = named(x * 3.0, "s")
    assert derive(named(s * 2.0, "E"), x).equation == "∂E/∂x = ∂E/∂s · ∂s/∂x = 2 · 3 = 6"
    assert derive(s, x).equation == "∂s/∂x = 3"
    A, y = ag.Value(np.ones((1, 3)), name="A"), ag.Value(np.ones((4, 3)), name="y")
    assert derive(named((A + y).sum(), "E"), A).equation == "∂E/∂A = [[4 4 4]]"


def test_zero_times_infinity_counts_as_0_and_that_is_said_once():
    x = ag.Value(0.0, name="x")
    with np.errstate(all="ignore"):
        E = named(np.log(x) * 0 + np.log(x) * 0 + x, "E")
    found = derive(E, x, level="operation")
    assert line(found, "numbers").text == "1 + 1 · 1 · 0 · inf + 1 · 1 · 0 · inf"
    assert found.result == 1.0
    assert str(found).count("0 · ∞ counts as 0, as in backpropagation: nothing arrives there.") == 1
    assert r"& 0 \cdot \infty \text{ counts as 0" in found.latex
    run = record(WORKED, INPUTS, TARGET)
    assert "counts as 0" not in str(derive(run.E, run.w["GD"]))


@pytest.mark.parametrize("level", ["unit", "operation"])
def test_a_graph_of_many_nodes_has_a_derivation(level):
    v = x = ag.Value(0.3, name="x")
    for _ in range(20_000):
        v = v + 1e-5 * v * v
    found = derive(v, x, level=level)
    assert found.result == ag.gradients(v, [x])[0]
    assert len(str(found)) < 10_000


@pytest.mark.parametrize("level", ["unit", "operation"])
@pytest.mark.parametrize("seed", range(60))
def test_random_graphs(seed, level):
    rng = np.random.default_rng(seed)
    leaves = [ag.Value(rng.normal(), name=n) for n in "pqr"]
    E = random_graph(rng, leaves, 10)
    inner = [v for v in ag.backprop.topological_order(E) if v.op is not None]
    for i, v in enumerate(inner):
        if rng.random() < 0.4:
            v.name = f"n_{i}"
    nodes = ag.graph(E).nodes
    here = {n.name: n.data for n in nodes if n.name} | {"E": E.data}
    for w in leaves:
        if w not in {n.value for n in nodes} or w is E:
            continue
        found = derive(E, w, level=level, digits=15)
        [gradient] = ag.gradients(E, [w])
        assert found.result == gradient
        assert worth(line(found, "result").text, {}) == pytest.approx(gradient, rel=1e-9, abs=1e-11)
        for kept in found.lines if not found.notes else []:
            if kept.kind in ("local", "numbers"):
                assert worth(kept.text, here) == pytest.approx(gradient, rel=1e-9, abs=1e-11)
        for kept in found.lines:
            assert kept.latex.count("{") == kept.latex.count("}")
            assert kept.latex.count(r"\left") == kept.latex.count(r"\right")


# -- what it leaves alone, and what it refuses -----------------------------------------------------------


def test_gradients_data_and_names_stay_as_they_were():
    run = record(WORKED, INPUTS, TARGET)
    run.E.backward()
    nodes = ag.backprop.topological_order(run.E)
    before = [(v.grad, v.data, v.name, v.age, v.inputs) for v in nodes]
    for level in ("unit", "operation", "matrix"):
        derive(run.E, run.w["DA"], level=level)
    assert [(v.grad, v.data, v.name, v.age, v.inputs) for v in nodes] == before


def test_it_works_inside_no_grad():
    run = record(WORKED, INPUTS, TARGET)
    with ag.no_grad():
        assert line(derive(run.E, run.w["GD"]), "local").text == "−(y − ŷ) · ŷ(1 − ŷ) · h_D"


def test_values_without_names_are_called_as_graph_calls_them():
    w = ag.Value(3.0)
    E = w * w
    assert derive(E, w).equation == "∂multiply_1/∂value_1 = 2·value_1 = 6"
    for level in ("unit", "operation", "matrix"):
        assert derive(E, w, level=level).subject == "∂multiply_1/∂value_1"
    assert [n.name for n in ag.graph(E).nodes] == ["value_1", "multiply_1"]
    assert derive(E, "value_1").equation == derive(E, w).equation
    arrays = ag.Value([1.0, 2.0])
    assert derive((arrays * arrays).sum(), arrays, element=1).equation == "∂sum_1/∂value_1[1] = 2·value_1[1] = 4"
    net = nn.MLP([2, 1])
    assert derive(nn.MSELoss()(net(np.ones((3, 2))), np.ones((3, 1))), net[0].weight).subject == "∂E/∂0.weight"


def test_two_values_of_one_name_are_told_apart_as_graph_does():
    a, twin = ag.Value(2.0, name="a"), ag.Value(3.0, name="a")
    assert derive(named(a * twin, "E"), a).equation == "∂E/∂a = a (2) = 3"


def test_intermediate_values_can_be_derived_too():
    run = record(WORKED, INPUTS, TARGET)
    found = derive(run.E, run.s["G"])
    assert found.equation == "∂E/∂s_G = ∂E/∂ŷ · ∂ŷ/∂s_G = −(y − ŷ) · ŷ(1 − ŷ) = −0.2355 · 0.1800 = −0.0424"
    assert line(derive(run.h["D"], run.w["DA"]), "chain").text == "∂h_D/∂s_D · ∂s_D/∂w_DA"


def test_a_weight_may_be_given_by_its_name():
    run = record(WORKED, INPUTS, TARGET)
    assert str(derive(run.E, "w_DA")) == str(derive(run.E, run.w["DA"]))


def test_errors_that_teach():
    run = record(WORKED, INPUTS, TARGET)
    other = ag.Value(1.0, name="v")
    with pytest.raises(
        ag.GraphError, match=r"derive: E was not computed from v of shape \(\).*its named leaves: .*w_GD"
    ):
        derive(run.E, other)
    with pytest.raises(ag.GraphError, match="another Value called w_GD: is it from an earlier pass"):
        derive(run.E, ag.Value(1.0, name="w_GD"))
    with pytest.raises(ag.GraphError, match="the weight is the loss itself"):
        derive(run.E, run.E)
    with pytest.raises(ag.GraphError, match="was not computed from E"):
        derive(run.s["D"], run.E)
    with pytest.raises(TypeError, match="derive: expected a Value, got float"):
        derive(0.5, run.w["GD"])
    with pytest.raises(TypeError, match="derive: expected a Value, got int"):
        derive(run.E, 3)
    with pytest.raises(KeyError, match="no node is called 'w_GX'; did you mean 'w_G"):
        derive(run.E, "w_GX")
    with pytest.raises(ValueError, match="level must be 'operation', 'unit' or 'matrix', got 'layer'"):
        derive(run.E, run.w["GD"], level="layer")
    W = ag.Value([1.0, 2.0], name="W")
    with pytest.raises(ag.GraphError, match=r"has shape \(2,\); only a single number has a gradient to explain"):
        derive(W * 2, W)
    with pytest.raises(ValueError, match=r"level='operation' is for single numbers, W has shape \(2,\)"):
        derive((W * 2).sum(), W, level="operation")


def test_a_graph_that_is_stale_is_refused():
    run = record(WORKED, INPUTS, TARGET)
    run.w["GD"].data = 5.0
    with pytest.raises(ag.GraphError, match=r"the data of w_GD .* changed after"):
        derive(run.E, run.w["DA"])


def test_hooks_are_refused_for_no_formula_tells_what_they_do():
    run = record(WORKED, INPUTS, TARGET)
    with run.h["D"].register_hook(lambda grad: 0 * grad):
        with pytest.raises(ag.GraphError, match="a gradient hook on h_D"):
            derive(run.E, run.w["DA"])
        assert derive(run.E, run.w["GD"]).result == pytest.approx(-0.0381647)


@pytest.mark.parametrize("hostile", ["<b>x</b>", "a & b", "$x$", "{", r"\end{aligned}", "%", "a\nb", "\u202ex"])
def test_hostile_names_stay_text(hostile):
    w = ag.Value(2.0, name=hostile)
    s = named(w * 3, hostile + "s")
    found = derive(s * s, w)
    assert len(found.text.splitlines()) == 4
    for kept in found.lines:
        root = ElementTree.fromstring(convert(kept.latex))
        assert not {e.tag.split("}")[1] for e in root.iter()} & {"b", "script"}


def test_a_value_from_no_grad_has_no_graph():
    x = ag.Value(2.0, name="x")
    with ag.no_grad():
        y = x * 3
    with pytest.raises(ag.GraphError, match=r"derive: a Value made by multiply was computed inside no_grad\(\), so it"):
        derive(y, x)
    with pytest.raises(
        ag.GraphError, match=r"its graph ends at a Value made by multiply, which was computed inside no_grad\(\)"
    ):
        derive(y * 2, x)


@pytest.mark.parametrize("digits", [0, -1, 0.5, "4", None, True])
def test_digits_are_a_whole_number(digits):
    run = record(WORKED, INPUTS, TARGET)
    with pytest.raises(ValueError, match="derive: digits must be a whole number from 1 on, got"):
        derive(run.E, run.w["GD"], digits=digits)


def test_derivations_can_be_compared():
    E, (W_1, _, W_2), _ = network(rows=True)
    assert derive(E, W_1) == derive(E, W_1)
    assert derive(E, W_1) != derive(E, W_2)
    assert derive(E, W_1) != "a derivation"


# -- numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "digits", "text", "latex"),
    [
        (0.18002953, 4, "0.1800", "0.1800"),
        (-0.0381647, 4, "−0.0382", "-0.0382"),
        (1.0, 4, "1", "1"),
        (-5.2, 4, "−5.2", "-5.2"),
        (0.0, 4, "0", "0"),
        (-0.0, 4, "0", "0"),
        (12.34567, 2, "12.35", "12.35"),
        (0.00098765, 4, "0.0009877", "0.0009877"),
        (1.5e-7, 4, "1.5·10⁻⁷", r"1.5 \cdot 10^{-7}"),
        (123456.7, 4, "1.235·10⁵", r"1.235 \cdot 10^{5}"),
        (999.99999, 4, "1000.0000", "1000.0000"),
        (math.inf, 4, "inf", r"\infty"),
        (-math.inf, 4, "−inf", r"-\infty"),
        (math.nan, 4, "nan", r"\text{nan}"),
        (np.float32(0.12345), 4, "0.1235", "0.1235"),
    ],
)
def test_numbers_have_decimals_unless_they_would_lose_by_it(data, digits, text, latex):
    assert decimals(data, "text", digits).written == text
    assert decimals(data, "latex", digits).written == latex


@pytest.mark.parametrize("digits", [1, 2, 4, 6])
@pytest.mark.parametrize("size", [1.0, 0.05, 0.0044257, 1e-5, 87.654321])
def test_what_is_printed_multiplies_out(size, digits):
    w = ag.Value(1.23456, name="w")
    s = named(w * size, "s")
    found = derive(named(s * 6.54321, "E"), w, digits=digits)
    precision = 0.5 * 10.0 ** (1 - min(digits, 3))  # of a number with so many digits
    for written, exactly in zip(line(found, "numbers").text.split(" · "), (6.54321, size), strict=True):
        assert worth(written, {}) == pytest.approx(exactly, rel=precision)
    result = worth(line(found, "result").text, {})
    assert result == pytest.approx(found.result, rel=precision)
    assert worth(line(found, "numbers").text, {}) == pytest.approx(result, rel=3.5 * precision)


def test_small_numbers_keep_their_digits():
    w, q = ag.Value(1.0, name="w"), ag.Value(0.001123, name="q")
    E = named(w * q, "E")
    assert derive(E, w).equation == "∂E/∂w = q = 0.001123"
    assert derive(E, w, level="matrix").equation.endswith("= 0.001123")
    x = ag.Value(0.3, name="x")
    assert derive(named(x * 0.011234, "E"), x).equation == "∂E/∂x = 0.01123"
    s = named(x * 0.0044257, "s")
    assert derive(named(s * 6.0, "E"), x).equation == "∂E/∂x = ∂E/∂s · ∂s/∂x = 6 · 0.004426 = 0.02655"


def test_a_number_looks_the_same_in_every_line():
    x = ag.Value(0.3, name="x")
    s = named(x * 0.123456, "s")
    h = named(np.sin(s), "h")
    assert derive(h, x).equation == "∂h/∂x = ∂h/∂s · ∂s/∂x = cos(s) · 0.1235 = 0.9993 · 0.1235 = 0.1234"


def test_infinite_and_nan_gradients_are_shown():
    x = ag.Value(0.0, name="x")
    a = named(np.sqrt(x), "a")
    found = derive(named(2 * a, "E"), x)
    assert line(found, "numbers").text == "2 · inf"
    assert line(found, "result").text == "inf"


def test_products_that_are_infinite_with_both_signs():
    x = ag.Value(0.0, name="x")
    a = named(np.sqrt(x), "a")
    b = named(-a, "b")
    found = derive(named(a * 2 + b, "E"), x, level="operation")
    assert line(found, "numbers").text == "(1 · (−1) + 1 · 2) · inf"
    c = named(-np.sqrt(x), "c")
    with np.errstate(all="ignore"):
        found = derive(named(a + c, "E"), x)
    assert line(found, "numbers").text == "1 · inf + 1 · (−inf)"
    assert line(found, "result").text == "nan"


def test_float32():
    w = ag.Value(np.float32(0.3), name="w")
    h = named(np.tanh(w), "h")
    found = derive(named(h * h, "E"), w)
    assert found.result == ag.gradients(h * h, [w])[0]
    assert line(found, "local").text == "2·h · (1 − h²)"


def test_json():
    run = record(WORKED, INPUTS, TARGET)
    stored = json.loads(json.dumps(derive(run.E, run.w["GD"]).to_dict(), allow_nan=False))
    assert stored["level"] == "unit"
    assert [kept["kind"] for kept in stored["lines"]] == ["chain", "local", "numbers", "result"]
    assert stored["lines"][0]["subject"] == "∂E/∂w_GD"
    assert stored["result"] == ag.gradients(run.E, [run.w["GD"]])[0]


# -- matrices ----------------------------------------------------------------------------------------


def network(rows, batch=4, seed=0):
    """Two layers with named scores; examples in rows, in columns, or one vector."""
    rng = np.random.default_rng(seed)
    W_1, W_2 = ag.Value(rng.normal(size=(3, 2)), name="W_1"), ag.Value(rng.normal(size=(2, 3)), name="W_2")
    b_1 = ag.Value(rng.normal(size=3 if rows else (3, 1)), name="b_1")
    x, y = ag.Value(rng.normal(size=(batch, 2)), name="x"), ag.Value(rng.normal(size=(batch, 2)), name="y")
    if not rows:
        x, y = ag.Value(x.data.T, name="x"), ag.Value(y.data.T, name="y")
    s_1 = named(x @ W_1.T + b_1 if rows else W_1 @ x + b_1, "s_1")
    h = named(ag.sigmoid(s_1), "h")
    s_2 = named(h @ W_2.T if rows else W_2 @ h, "s_2")
    out = named(ag.sigmoid(s_2), "ŷ")
    return named(0.5 * np.sum((y - out) ** 2), "E"), (W_1, b_1, W_2), (x, y, s_1, h, s_2, out)


def test_the_lecture_s_matrix_form():
    E, (W_1, _, W_2), _ = network(rows=False)
    found = derive(E, W_1, level="matrix")
    assert [(kept.subject, kept.text) for kept in found.lines[:4]] == [
        ("δ_2", "−∂E/∂s_2 = (y − ŷ) ⊙ ŷ ⊙ (1 − ŷ)"),
        ("δ_1", "−∂E/∂s_1 = W_2ᵀ δ_2 ⊙ h ⊙ (1 − h)"),
        ("∂E/∂W_1", "−δ_1 xᵀ"),
        ("ΔW_1", "−µ ∂E/∂W_1 = µ δ_1 xᵀ"),
    ]
    assert "Shapes: W_1 (3, 2), δ_2 (2, 4), δ_1 (3, 4)." in str(found)
    assert "The product sums over the 4 examples of the batch." in str(found)
    np.testing.assert_array_equal(found.result, ag.gradients(E, [W_1])[0])
    assert [kept.subject for kept in derive(E, W_2).lines] == ["δ", "∂E/∂W_2", "ΔW_2", "δ", "∂E/∂W_2"]
    assert line(derive(E, W_2), "update").latex == (
        r"-\mu \, \frac{\partial E}{\partial W_{2}} = \mu \, \delta \, {h}^T"
    )
    assert line(derive(E, W_2), "update").subject_latex == r"\Delta W_{2}"


def test_unit_by_unit_it_is_the_delta_rule():
    run = record(WORKED, INPUTS, TARGET)
    assert str(derive(run.E, run.w["DA"], level="matrix")) == (
        "δ_G      = −∂E/∂s_G = (y − ŷ)·ŷ(1 − ŷ)\n"
        "δ_D      = −∂E/∂s_D = δ_G·w_GD·h_D(1 − h_D)\n"
        "∂E/∂w_DA = −δ_D·A\n"
        "Δw_DA    = −µ·∂E/∂w_DA = µ·δ_D·A\n"
        "δ_G      = 0.0424\n"
        "δ_D      = 0.0171\n"
        "∂E/∂w_DA = −0.0171"
    )


def matrix_worth(text, arrays):
    """A line of a matrix derivation, run by NumPy: factors side by side are a matrix product."""
    text = re.sub(r"Σ\((.*), axis=(\d)(, keepdims=True)?\)", r"sum(\1, axis=\2\3)", text)
    return as_numpy(re.sub(r"(?<=[\wᵀ)]) (?=[\w(])", " @ ", text), arrays)


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_every_line_of_a_matrix_derivation_has_the_engine_s_numbers(rows, which):
    E, weights, others = network(rows)
    found = derive(E, weights[which], level="matrix")
    by_name = {v.name: v for v in (*weights, *others)}
    arrays = {n: v.data for n, v in by_name.items()}
    for kept in found.lines:
        if kept.kind == "delta":
            score = by_name["s_" + (kept.subject.partition("_")[2] or "2")]
            delta = -ag.gradients(E, [score])[0]
            np.testing.assert_allclose(matrix_worth(kept.text.split(" = ")[1], arrays), delta)
            arrays[kept.subject] = delta
    [gradient] = ag.gradients(E, [weights[which]])
    np.testing.assert_allclose(matrix_worth(line(found, "local").text, arrays), gradient)
    np.testing.assert_allclose(
        matrix_worth(line(found, "update").text.split(" = ")[1].replace("µ ", "10·"), arrays), -10 * gradient
    )
    np.testing.assert_array_equal(found.result, gradient)


def test_only_weighing_makes_a_score_of_an_array():
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.LayerNorm(4), nn.Linear(4, 1, rng=rng))
    E = named((net(rng.normal(size=(5, 3))) ** 2).sum(), "E")
    found = derive(E, net[0].weight)
    assert [(kept.subject, kept.text) for kept in found.lines[:3]] == [
        ("δ_2", "−∂E/∂s_2 = −2·s_2"),
        ("δ_1", "−∂E/∂s_1"),
        ("∂E/∂0.weight", "−δ_1ᵀ x"),
    ]
    assert "The formula of ∂E/∂s_1 is too long" in str(found)


def test_no_two_deltas_have_one_name():
    rng = np.random.default_rng(0)
    A, B, C = (ag.Value(rng.normal(size=(2, 2)), name=n) for n in "ABC")
    x = ag.Value(rng.normal(size=2), name="x")
    s = named(A @ x, "s_1")
    h = named(B @ np.tanh(s), "h_1")
    out = named(C @ np.tanh(h), "s_2")
    found = derive(named((out**2).sum(), "E"), A)
    assert [kept.subject for kept in found.lines if kept.kind == "delta"] == ["δ_2", "δ_h1", "δ_s1"]
    numbers = {kept.subject: kept.text for kept in found.lines if kept.kind == "numbers"}
    for value, delta in ((s, "δ_s1"), (h, "δ_h1"), (out, "δ_2")):
        [gradient] = ag.gradients((out**2).sum(), [value])
        assert numbers[delta] == number(-gradient).written
    assert line(found, "delta").subject_latex == r"\delta_{2}"
    x.name = "δ_2"  # a name that is taken
    assert derive(named((out**2).sum(), "E"), A).lines[0].subject == "δ_s2"


def test_one_example_as_a_vector():
    W, x, y = (
        ag.Value([[1.0, 2.0], [0.5, -1.0]], name="W"),
        ag.Value([0.3, -0.2], name="x"),
        ag.Value([1.0, 0.0], name="y"),
    )
    s = named(W @ x, "s")
    out = named(np.tanh(s), "ŷ")
    E = named(0.5 * np.sum((y - out) ** 2), "E")
    found = derive(E, W)
    assert line(found, "delta").text == "−∂E/∂s = (y − ŷ) ⊙ (1 − ŷ²)"
    assert line(found, "local").text == "−δ xᵀ"
    assert "batch" not in str(found)
    delta = (y.data - out.data) * (1 - out.data**2)
    np.testing.assert_allclose(found.result, -np.outer(delta, x.data))
    assert line(derive(E, x), "local").text == "−Wᵀ δ"


def test_a_network_of_nn_gets_the_lecture_s_names():
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Linear(2, 3, rng=rng), nn.Tanh(), nn.Linear(3, 1, rng=rng), nn.Sigmoid())
    loss = nn.L2Loss()(net(rng.normal(size=(4, 2))), np.ones((4, 1)))
    found = derive(loss, net[0].weight)
    assert [(kept.subject, kept.text) for kept in found.lines[:4]] == [
        ("δ_2", "−∂E/∂s_2 = (y − ŷ) ⊙ ŷ ⊙ (1 − ŷ)"),
        ("δ_1", "−∂E/∂s_1 = δ_2 2.weight ⊙ (1 − h_1²)"),
        ("∂E/∂0.weight", "−δ_1ᵀ x"),
        ("Δ0.weight", "−µ ∂E/∂0.weight = µ δ_1ᵀ x"),
    ]
    assert "x (4, 2), y (4, 1)" in str(found)
    assert line(derive(loss, net[0].bias), "local").text == "−Σ(δ_1, axis=0)"
    np.testing.assert_array_equal(found.result, ag.gradients(loss, [net[0].weight])[0])


@pytest.mark.parametrize(
    ("layers", "loss", "target"),
    [
        (lambda r: [nn.Linear(3, 4, rng=r), nn.ReLU(), nn.Linear(4, 3, rng=r)], nn.CrossEntropyLoss(), [0, 2, 1, 1]),
        (lambda r: [nn.Linear(3, 4, rng=r), nn.LayerNorm(4), nn.Linear(4, 1, rng=r)], nn.MSELoss(), np.ones((4, 1))),
        (lambda r: [nn.Linear(3, 4, rng=r), nn.Softplus(), nn.Linear(4, 1, rng=r)], nn.L1Loss(), np.ones((4, 1))),
    ],
)
def test_other_networks_have_derivations_too(layers, loss, target):
    rng = np.random.default_rng(1)
    net = nn.Sequential(*layers(rng))
    E = loss(net(rng.normal(size=(4, 3))), np.asarray(target))
    for p in net.parameters():
        found = derive(E, p)
        np.testing.assert_array_equal(found.result, ag.gradients(E, [p])[0])
        assert line(found, "result").subject == f"∂E/∂{p.name}"
        for kept in found.lines:
            assert kept.latex.count("{") == kept.latex.count("}")


def test_a_scalar_weight_behind_arrays_is_a_matrix_derivation():
    w, x = ag.Value(2.0, name="w"), ag.Value([1.0, 2.0, 3.0], name="x")
    e = named(w * x - 1.0, "e")
    found = derive(named(np.sum(e * e), "E"), w)
    assert found.level == "matrix"
    assert found.result == ag.gradients(np.sum(e * e), [w])[0]
    unnamed = np.sum((w * x - 1.0) ** 2)
    assert derive(unnamed, w).equation == "∂sum_1/∂w = 2·Σ((w·x − 1) ⊙ x) = 44"


# -- entries -----------------------------------------------------------------------------------------


def test_an_entry_of_a_weight_is_derived_like_a_scalar():
    W, h = ag.Value([[1.0, 2.0], [3.0, 4.0]], name="W"), ag.Value([0.3, -0.2], name="h")
    s = named(W @ h, "s")
    out = named(ag.sigmoid(s), "ŷ")
    y = ag.Value([1.0, 0.0], name="y")
    E = named(0.5 * np.sum((y - out) ** 2), "E")
    assert derive(E, W, element=(1, 0)).equation == (
        "∂E/∂W[1, 0] = ∂E/∂ŷ[1] · ∂ŷ[1]/∂s[1] · ∂s[1]/∂W[1, 0] = −(y[1] − ŷ[1]) · ŷ[1](1 − ŷ[1]) · h[0]"
        " = 0.5250 · 0.2494 · 0.3 = 0.0393"
    )
    assert derive(E, W, element=(-1, -2)).equation == derive(E, W, element=(1, 0)).equation
    assert r"\partial \hat{y}[1]" in derive(E, W, element=(1, 0)).latex


@pytest.mark.parametrize("rows", [True, False])
def test_every_entry_comes_to_its_gradient(rows):
    E, weights, others = network(rows, batch=2)
    entries = {f"{v.name}_{'_'.join(map(str, k))}": v.data[k] for v in (*weights, *others) for k in np.ndindex(v.shape)}
    for w in weights:
        [gradient] = ag.gradients(E, [w])
        for k in np.ndindex(w.shape):
            found = derive(E, w, element=k, digits=14)
            assert found.result == gradient[k]
            assert worth(line(found, "numbers").text, {}) == pytest.approx(gradient[k], rel=1e-9)
            local = re.sub(
                r"(\w+)\[([\d, ]+)\]", lambda m: f"{m[1]}_{m[2].replace(', ', '_')}", line(found, "local").text
            )
            assert worth(local, entries) == pytest.approx(gradient[k], rel=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        lambda A, x: np.sum(np.max(A, axis=0) * x),
        lambda A, x: ag.logsumexp(A @ x),
        lambda A, x: np.sum(ag.softmax(A, axis=1) @ x),
        lambda A, x: np.prod(A.T @ A @ x),
        lambda A, x: np.linalg.norm(A * x),
        lambda A, x: np.mean(np.concatenate([A, A[::-1]]) ** 3),
        lambda A, x: np.sum(np.cumsum(A, axis=1)[:, -1] * np.roll(A, 1)[:, 0]),
        lambda A, x: np.einsum("ij,j->", A, x),
        lambda A, x: np.sum(np.where(A.data > 0, A, A * A)),
        lambda A, x: np.sum(np.clip(A, -0.5, 0.5) * np.pad(x, (0, 0))),
        lambda A, x: np.sum(A.astype(np.float32) ** 2),
    ],
)
def test_any_operation_can_be_taken_apart(function):
    rng = np.random.default_rng(3)
    A, x = ag.Value(rng.normal(size=(3, 2)), name="A"), ag.Value(rng.normal(size=2), name="x")
    E = function(A, x)
    [gradient] = ag.gradients(E, [A])
    for k in [(0, 0), (2, 1)]:
        if gradient[k] == 0:
            continue
        found = derive(E, A, element=k, digits=14)
        assert found.result == gradient[k]
        assert worth(line(found, "result").text, {}) == pytest.approx(gradient[k], rel=1e-6)


def test_entries_of_networks_of_nn():
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Linear(2, 3, rng=rng), nn.Tanh(), nn.Linear(3, 2, rng=rng), nn.Sigmoid())
    loss = nn.L2Loss()(net(rng.normal(size=(1, 2))), np.ones((1, 2)))
    found = derive(loss, net[0].weight, element=(1, 0))
    assert line(found, "chain").text.endswith("∂h_1[0, 1]/∂s_1[0, 1] · ∂s_1[0, 1]/∂0.weight[1, 0]")
    assert line(found, "local").text.endswith(" · (1 − h_1[0, 1]²) · x[0, 0]")
    assert found.subject == "dE/d0.weight[1, 0]"
    assert worth(line(derive(loss, net[0].weight, element=(1, 0), digits=15), "numbers").text, {}) == pytest.approx(
        ag.gradients(loss, [net[0].weight])[0][1, 0]
    )


def test_entries_that_cannot_be_derived():
    E, (W_1, _, _), _ = network(rows=True)
    for wrong in [3, (3, 0), (0, 0, 0), (0.5, 1), "a", (slice(None), 0)]:
        with pytest.raises(IndexError, match=r"is no entry of W_1 \(3, 2\)"):
            derive(E, W_1, element=wrong)
    with pytest.raises(ValueError, match="level='matrix' derives the whole of an array"):
        derive(E, W_1, element=(0, 0), level="matrix")
    big = ag.Value(np.ones((300, 300)), name="big")
    with pytest.raises(ValueError, match=r"taken apart into single numbers, the computation has about .* operations"):
        derive(np.sum(big * big), big, element=(0, 0))


@pytest.mark.parametrize("level", ["unit", "operation"])
@pytest.mark.parametrize("function", [lambda p: p[:2] ** 2, np.max, lambda p: -np.min(p[:2])])
def test_an_entry_that_is_not_used_has_the_gradient_0(function, level):
    p = ag.Value([1.0, 4.0, 3.0], name="p")
    E = named(function(p).sum() if function(p).ndim else function(p), "E")
    found = derive(E, p, element=2, level=level)
    assert found.result == ag.gradients(E, [p])[0][2] == 0
    assert (found.equation, found.level) == ("∂E/∂p[2] = 0", level)
    assert str(found) == "∂E/∂p[2] = 0\np[2] is not used: a small change of it changes nothing."
    assert found.lines[0].subject_latex == r"\frac{\partial E}{\partial p[2]}"
    assert found.subject == "∂E/∂p[2]"
    assert len(found.lines) == 1


def test_the_entry_of_a_single_number_is_itself():
    x = ag.Value(3.0, name="x")
    E = named(x * x, "E")
    assert derive(E, x, element=()).equation == derive(E, x).equation == "∂E/∂x = 2·x = 6"
