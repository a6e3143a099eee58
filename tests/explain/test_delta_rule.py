"""The delta rule by hand beside automatic differentiation: the lecture's numbers, and stacks drawn at random."""

import html
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.explain.formatting import shown
from autograd_mini.explain.units.delta_rule import delta_rule
from autograd_mini.explain.units.units import NotDenseError
from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record
from autograd_mini.primitives import elementwise
from autograd_mini.rules import Local

ACTIVATIONS = [name for name in nn.ACTIVATIONS if "softmax" not in name]

#: shared/lecture/FACTS.md, section 1, "exact (float64)".
EXACT = {
    "δ_G": 0.042393477248457226,
    "Δw_GD": 0.3816470715743937,
    "Δw_GE": 0.07121324767984076,
    "Δw_GF": 0.42393477248457226,
    "δ_D": 0.017131266927288575,
    "Δw_DA": 0.17131266927288574,
    "Δw_DB": 0.0,
    "Δw_DC": 0.17131266927288574,
    "δ_E": -0.03081038029405612,
    "Δw_EA": -0.3081038029405612,
}
LECTURE_STATE = {
    "0.weight": [[3.7, 3.7], [2.9, 2.9]],
    "0.bias": [-1.5, -4.5],
    "2.weight": [[4.5, -5.2]],
    "2.bias": [-2.0],
}
LECTURE_NAMES = {"names": [["A", "B"], ["D", "E"], ["G"]], "bias_names": ["C", "F"]}


def lecture_module():
    net = nn.MLP([2, 2, 1], "sigmoid", "sigmoid")
    net.load_state_dict(LECTURE_STATE)
    return net


def by_recording():
    return delta_rule(record(WORKED, INPUTS, TARGET).E, learning_rate=10.0)


def by_module():
    return delta_rule(lecture_module(), [1, 0], [1], 10.0, **LECTURE_NAMES)


# -- the lecture -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [by_recording, by_module])
def test_the_lectures_numbers(rule):
    rule = rule()
    assert [row.name for row in rule.rows] == [*EXACT, "Δw_EB", "Δw_EC"]
    for name, exact in EXACT.items():
        assert rule.row(name).by_hand == pytest.approx(exact, rel=1e-14, abs=0)
        assert rule.row(name).autodiff == pytest.approx(exact, rel=1e-14, abs=0)
    assert rule.largest_difference <= 1e-15
    assert rule.error == pytest.approx(0.5 * (1 - 0.7645193158707326) ** 2)


@pytest.mark.parametrize("rule", [by_recording, by_module])
def test_the_lectures_lines(rule):
    rule = rule()
    assert rule.row("δ_G").text() == "δ_G = (y − ŷ) ŷ′ = (1 − 0.7645) · 0.18 = 0.04239"
    assert rule.row("Δw_GD").text() == "Δw_GD = µ δ_G h_D = 10 · 0.04239 · 0.9002 = 0.3816"
    assert rule.row("Δw_GF").text() == "Δw_GF = µ δ_G h_F = 10 · 0.04239 · 1 = 0.4239"
    assert rule.row("δ_D").text() == "δ_D = w_GD δ_G h_D′ = 4.5 · 0.04239 · 0.0898 = 0.01713"
    assert rule.row("δ_E").text() == "δ_E = w_GE δ_G h_E′ = −5.2 · 0.04239 · 0.1398 = −0.03081"
    assert rule.row("Δw_EA").text() == "Δw_EA = µ δ_E h_A = 10 · (−0.03081) · 1 = −0.3081"
    assert rule.row("δ_G").latex() == (
        r"\delta_{G} = \left(y - \hat{y}\right) \, \hat{y}' = \left(1 - 0.7645\right) \cdot 0.18 = 0.04239"
    )
    assert rule.row("Δw_EA").latex(2) == (
        r"\Delta w_{EA} = \mu \, \delta_{E} \, h_{A} = 10 \cdot \left(-0.031\right) \cdot 1 = -0.31"
    )
    assert rule.heading == "Delta rule, µ = 10, E = ½ Σ (y − ŷ)² = 0.02773, 1 example"


# -- stacks at random ------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_random_stacks_agree(activation, depth):
    rng = np.random.default_rng([depth, ACTIVATIONS.index(activation)])
    for batch in (1, 2, 5, 8):
        sizes = [int(n) for n in rng.integers(1, 12, depth + 1)]
        net = nn.MLP(sizes, activation, activation, bias=bool(batch % 2), init="glorot_uniform", rng=rng)
        x, y = rng.normal(size=(batch, sizes[0])), rng.normal(size=(batch, sizes[-1]))
        rule = delta_rule(net, x, y, 0.1)
        assert rule.largest_relative_difference <= 1e-12
        assert len(rule.rows) >= sum(p.size for p in net.parameters())
        nn.L2Loss()(net(x), y).backward()
        for (by_hand, auto), weight in zip(
            rule.numbers.weights, [p for p in net.parameters() if p.ndim == 2], strict=True
        ):
            np.testing.assert_array_equal(auto, -0.1 * weight.grad)
            np.testing.assert_allclose(by_hand, auto, rtol=0, atol=1e-12 * np.abs(auto).max())


def test_columns_and_single_examples_agree():
    rng = np.random.default_rng(0)
    W, c = ag.Value(rng.normal(size=(3, 4))), ag.Value(rng.normal(size=(3, 1)))
    x, y = rng.normal(size=(4, 6)), rng.normal(size=(3, 6))
    rule = delta_rule(lambda x: np.tanh(W @ x + c), x, y, 0.5)
    assert rule.units.batch == 6
    assert np.abs(rule.numbers.weights[0][1]).max() > 0
    assert rule.largest_relative_difference <= 1e-12
    assert delta_rule(lambda x: np.tanh(W @ x + c[:, 0]), x[:, 0], y[:, 0], 0.5).largest_relative_difference <= 1e-12


def test_a_wrong_gradient_is_seen(monkeypatch):
    monkeypatch.setattr(elementwise.sigmoid, "rules", (Local(lambda z, x: 2 * z * (1 - z)),))
    rule = by_module()
    row = rule.row("Δw_GD")
    assert row.by_hand == pytest.approx(EXACT["Δw_GD"])
    assert row.autodiff == pytest.approx(2 * EXACT["Δw_GD"])
    assert row.difference == pytest.approx(EXACT["Δw_GD"])
    assert rule.largest_relative_difference > 0.4


@pytest.mark.parametrize("operation", [elementwise.sigmoid, elementwise.tanh, elementwise.relu])
def test_a_wrong_rule_is_seen(operation, monkeypatch):
    """The usual activations have formulas of their own in the rule by hand."""
    w, x = ag.Value(np.array([[0.5]])), np.array([[2.0]])
    assert delta_rule(lambda x: operation(x @ w), x, [[3.0]], 1.0).largest_difference <= 1e-15
    monkeypatch.setattr(operation, "rules", (ag.Local(lambda z, x: 0.75 + 0 * z),))
    rule = delta_rule(lambda x: operation(x @ w), x, [[3.0]], 1.0)
    assert rule.row("δ_ŷ").difference > 0.1


def test_other_losses_take_the_error_signal_from_the_graph():
    rng = np.random.default_rng(5)
    net = nn.MLP([3, 4, 2], "tanh", rng=rng)
    x = rng.normal(size=(4, 3))
    rule = delta_rule(net, x, np.array([0, 1, 1, 0]), 0.1, loss=nn.CrossEntropyLoss())
    assert rule.largest_relative_difference <= 1e-12
    assert "(−∂E/∂ŷ1[0]) ŷ1′[0]" in str(rule)
    probabilities = np.exp(rule.numbers.output) / np.exp(rule.numbers.output).sum(axis=0)
    onehot = np.array([[1, 0, 0, 1], [0, 1, 1, 0]])
    np.testing.assert_allclose(rule.numbers.deltas[-1][0], (onehot - probabilities) / 4, rtol=1e-12, atol=1e-15)
    rule = delta_rule(net, x, rng.normal(size=(4, 2)), 0.1, loss=nn.MSELoss())
    assert rule.largest_relative_difference <= 1e-12
    assert rule.heading.startswith("Delta rule, µ = 0.1, E = 0.125 Σ (y − ŷ)² = ")
    assert rule.row("δ_ŷ1[0]").text().startswith("δ_ŷ1[0] = 0.25 (y1[0] − ŷ1[0]) ŷ1′[0] = 0.25 · (")


def test_a_shared_weight_has_the_sum_of_its_updates():
    W = ag.Value(np.random.default_rng(0).normal(size=(2, 2)), name="W")
    rule = delta_rule(lambda x: np.tanh(np.tanh(x @ W.T) @ W.T), np.ones((1, 2)), np.zeros((1, 2)), 0.1)
    assert rule.largest_relative_difference <= 1e-12
    np.testing.assert_array_equal(rule.numbers.weights[0][1], rule.numbers.weights[1][1])
    assert rule.row("Δ W[0, 0]").text().startswith("Δ W[0, 0] = µ δ_ŷ1 h1_1 + elsewhere = 0.1 · ")


def test_constant_weights_have_no_rows():
    W = ag.Value(np.eye(2), name="W")
    rule = delta_rule(lambda x: np.tanh(x @ W.T) @ np.ones((2, 1)), np.ones((1, 2)), np.zeros((1, 1)), 0.1)
    assert [row.name for row in rule.rows if row.name[0] == "Δ"] == [f"Δ W[{j}, {k}]" for j in (0, 1) for k in (0, 1)]
    assert rule.largest_relative_difference <= 1e-12


def test_a_target_may_leave_out_axes_of_size_1():
    for y in (1, [1], [[1.0]]):
        rule = delta_rule(lecture_module(), [[1, 0]], y, 10.0, **LECTURE_NAMES)
        assert rule.row("δ_G").by_hand == pytest.approx(EXACT["δ_G"], rel=1e-14)


# -- every number shown is the engine's ------------------------------------------------------------


def numbers_of(rule):
    """(name, by hand, autodiff, difference) as the table prints them."""
    for line in str(rule).splitlines()[3:-2]:
        cells = re.split(r"\s{2,}", line.strip())
        yield cells[0], *cells[-3:]


@pytest.mark.parametrize("batch", [1, 3, 6])
def test_the_table_shows_the_arrays_numbers(batch):
    rng = np.random.default_rng(batch)
    net = nn.MLP([2, 2, 1], "tanh", rng=rng)
    x, y = rng.normal(size=(batch, 2)), rng.normal(size=(batch, 1))
    rule = delta_rule(net, x, y, 0.1)
    E = nn.L2Loss()(net(x), y)
    s1, s2 = (layer.s.values[0] for layer in delta_rule(E, learning_rate=0.1).units.layers)
    E.backward()
    printed = {name: (hand, auto) for name, hand, auto, _ in numbers_of(rule)}
    expected = {}
    for j, (s, k) in {"δ_ŷ": (s2, 0), "δ_h1_1": (s1, 0), "δ_h1_2": (s1, 1)}.items():
        deltas = -s.grad[:, k]
        if batch <= 4:
            expected |= {j if batch == 1 else f"{j}[{n}]": delta for n, delta in enumerate(deltas)}
        else:
            expected[f"Σ {j}"] = deltas.sum()
    for p in net.parameters():
        for index in np.ndindex(p.shape):
            expected[f"Δ {p.name}[{', '.join(map(str, index))}]"] = -0.1 * p.grad[index]
    assert printed.keys() == expected.keys()
    for name, number in expected.items():
        assert printed[name][1] == shown(number, 6)
        assert float(printed[name][0].replace("−", "-")) == pytest.approx(number, rel=1e-5)


def test_numbers_in_formulas_multiply_to_the_result():
    rng = np.random.default_rng(2)
    net = nn.MLP([3, 4, 2], "tanh", rng=rng)
    for batch in (1, 3):
        rule = delta_rule(net, rng.normal(size=(batch, 3)), rng.normal(size=(batch, 2)), 0.1)
        for row in rule.rows:
            _, *_, numbers, result = row.text(digits=12).split(" = ")
            if "…" not in numbers:
                program = numbers.replace("−", "-").replace("·", "*")
                assert eval(program) == pytest.approx(float(result.replace("−", "-")), rel=1e-9, abs=1e-12)


def test_a_long_sum_is_cut_short_and_says_so():
    net = nn.MLP([2, 1, 5], "tanh", rng=np.random.default_rng(0))
    row = delta_rule(net, [1, 2], np.zeros(5), 0.1).row("δ_h1_1")
    w = [f"2.weight[{i}, 0] δ_ŷ{i + 1}" for i in range(3)]
    assert row.text().startswith(f"δ_h1_1 = ({' + '.join(w)} + …) h1_1′ = (")
    assert r"+ \dots\right) \, h_{1,1}'" in row.latex()


def test_several_outputs_have_names_of_their_own():
    net = nn.MLP([2, 2], rng=np.random.default_rng(0))
    rule = delta_rule(net, [1, 2], [0, 1], 0.1, names=[["A", "B"], ["G", "H"]])
    assert rule.row("δ_H").text().startswith("δ_H = (y_H − ŷ_H) ŷ_H′ = (1 − ")
    assert rule.row("δ_H").latex().startswith(r"\delta_{H} = \left(y_{H} - \hat{y}_{H}\right) \, \hat{y}_{H}' = ")
    assert rule.row("Δb_G").text().startswith("Δb_G = µ δ_G = 0.1 · ")


def test_batches_are_summed_in_one_line():
    net = nn.MLP([2, 1], rng=np.random.default_rng(0))
    x, y = np.arange(12.0).reshape(6, 2), np.ones((6, 1))
    rule = delta_rule(net, x, y, 0.1, names=["AB", "G"], bias_names=["C"])
    assert [row.name for row in rule.rows] == ["Σ δ_G", "Δw_GA", "Δw_GB", "Δw_GC"]
    assert rule.row("Δw_GA").text().startswith("Δw_GA = µ Σ δ_G h_A = 0.1 · (")
    assert rule.row("Σ δ_G").latex().startswith(r"\sum_n \delta_{G} = \sum_n \left(y - \hat{y}\right) \, \hat{y}' = ")
    assert rule.row("Δw_GA").latex().startswith(r"\Delta w_{GA} = \mu \, \sum_n \delta_{G} \, h_{A} = 0.1 \cdot \left(")
    assert "6 examples, their updates summed" in rule.heading


def test_a_large_network_has_a_table_of_bounded_size_that_says_what_it_left_out():
    net = nn.MLP([64, 200, 10], "relu", rng=np.random.default_rng(0))
    rule = delta_rule(net, np.ones((3, 64)), np.zeros((3, 10)), 0.1)
    lines = str(rule).splitlines()
    assert len(lines) < 130
    assert "… 196 more weights of this unit" in lines  # 200 weights and a bias, 5 shown
    assert "… 5 more units of layer 2, with their weights" in lines
    assert "… 195 more units of layer 1, with their weights" in lines
    assert lines[-1] == (
        f"largest difference of all {3 * 210 + 64 * 200 + 200 + 2000 + 10} numbers: {shown(rule.largest_difference, 2)}"
    )
    assert len(rule._repr_html_()) < 60_000
    deep = nn.MLP([5] * 40, "tanh", rng=np.random.default_rng(0))
    lines = str(delta_rule(deep, np.ones(5), np.zeros(5), 0.1)).splitlines()
    assert len(lines) < 210
    assert re.fullmatch(r"… \d+ more lines", lines[-3])


def test_as_dictionaries():
    rule = by_recording()
    facts = json.loads(json.dumps(rule.to_dict(), ensure_ascii=False))
    assert [row["name"] for row in facts["rows"]] == [row.name for row in rule.rows]
    assert facts["rows"][0] == {
        "name": "δ_G",
        "formula": "(y − ŷ) ŷ′",
        "numbers": "(1 − 0.7645) · 0.18",
        "latex": rule.rows[0].latex(),
        "example": 0,
        "by_hand": rule.rows[0].by_hand,
        "autodiff": rule.rows[0].autodiff,
        "difference": rule.rows[0].difference,
    }
    assert facts["largest_difference"] == rule.largest_difference


def cells_of(rule):
    table = ET.fromstring(rule._repr_html_())
    return [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]


def test_as_html():
    rule = by_recording()
    rows = cells_of(rule)
    assert rows[0][1:] == ["formula", "with numbers", "by hand", "autodiff", "difference"]
    assert rows[2][:5] == ["Δw_GD", "µ δ_G h_D", "10 · 0.04239 · 0.9002", "0.381647", "0.381647"]
    assert len(rows) == 1 + len(rule.rows)


# -- names -----------------------------------------------------------------------------------------

HOSTILE = [
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "a & b",
    '"quotes"',
    "two\nlines",
    "$x$",
    "\\alpha",
    "{x}_%#",
    "שלום",
    "🙂",
    "a\0b",
    "\n",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_data(name):
    w, x, b = ag.Value(2.0, name=name), ag.Value(0.5, name=name), ag.Value(0.25, name=name)
    h = (w * x + b).tanh()
    h.name = name
    rule = delta_rule(0.5 * (1.0 - h) ** 2, learning_rate=1.0)
    rows = cells_of(rule)
    assert [len(row) for row in rows] == [6] * 4
    shown_name = {"two\nlines": "two lines", "a\0b": "a␀b", "\n": "␊"}.get(name, name)
    assert rows[2][0] == f"Δ{shown_name}"
    assert len(str(rule).splitlines()) == 8
    assert html.escape(shown_name) in rule._repr_html_()
    assert all("\n" not in row.latex() for row in rule.rows)
    for row in rule.rows:  # braces stay balanced, so that no name can end a formula
        plain = re.sub(r"\\[{}\\]", "", row.latex())
        assert plain.count("{") == plain.count("}")


# -- what it leaves alone --------------------------------------------------------------------------


def test_nothing_is_disturbed():
    net = lecture_module()
    nn.L2Loss()(net(np.array([1.0, 0.0])), [1.0]).backward()
    before = [(p.grad.copy(), p.data.copy(), p.age) for p in net.parameters()]
    with ag.no_grad():  # it records for itself
        rule = delta_rule(net, [1, 0], [1], 10.0)
    assert rule.largest_difference <= 1e-15
    for p, (grad, data, age) in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.grad, grad)
        np.testing.assert_array_equal(p.data, data)
        assert p.age == age
    run = record(WORKED, INPUTS, TARGET)
    delta_rule(run.E, learning_rate=1.0)
    assert run.E.grad is None
    assert all(w.grad is None for w in run.w.values())


@pytest.mark.parametrize("hooked", ["0.weight", "x", "ŷ"])
def test_a_graph_with_gradient_hooks_is_refused(hooked):
    net, x, seen = lecture_module(), ag.Value([1.0, 0.0], name="x"), []
    run = net(x)
    run.name = "ŷ"
    E = nn.L2Loss()(run, [1.0])
    values = {"0.weight": net[0].weight, "x": x, "ŷ": run}
    with (
        values[hooked].register_hook(seen.append),
        pytest.raises(ag.GraphError, match=f"delta_rule: a gradient hook on {hooked} .*remove"),
    ):
        delta_rule(E, learning_rate=1.0)
    assert seen == []  # it did not run either
    assert delta_rule(E, learning_rate=1.0).largest_difference <= 1e-15


class Interrupting(nn.Module):
    def forward(self, x):
        raise KeyboardInterrupt


class Counting(nn.Module):
    """Its buffers change in place, and it draws from a generator in a list."""

    buffer_names = ("total",)

    def __init__(self):
        self.total, self.calls, self.rng = np.zeros(2), 0, np.random.default_rng(3)

    def forward(self, x):
        self.total += 1
        self.calls += 1
        self.last = self.rng.random()
        return x


def state_of(net):
    return [
        (
            {name: repr(item) for name, item in vars(module).items() if not isinstance(item, nn.Module)},
            [item.bit_generator.state for item in vars(module).values() if isinstance(item, np.random.Generator)],
        )
        for module in net.modules()
    ]


@pytest.mark.parametrize(
    ("last", "error"),
    [(nn.Linear(4, 1), NotDenseError), (Interrupting(), KeyboardInterrupt), (nn.Linear(3, 1), ag.ShapeError)],
)
@pytest.mark.parametrize("how", ["module", "function", "method"])
def test_a_model_that_is_refused_or_interrupted_is_as_it_was(last, error, how):
    layers = nn.Linear(3, 4), nn.BatchNorm1d(4), Counting(), nn.Dropout(0.5), nn.MaskPoolDropout(0.5, masks=2)
    net = nn.Sequential(*layers, last)
    model = {"module": net, "function": lambda x: net(x), "method": net.forward}[how]
    before = state_of(net)
    total = net[2].total
    with pytest.raises(error):
        delta_rule(model, np.random.default_rng(0).normal(size=(4, 3)), np.ones((4, 1)), 0.1)
    assert state_of(net) == before
    assert net[2].total is total


def test_a_model_that_is_explained_is_as_it_was():
    net = nn.Sequential(Counting(), nn.Linear(2, 1))
    before = state_of(net)
    delta_rule(net, [[1.0, 2.0]], [[1.0]], 0.1, loss=nn.L2Loss())
    assert state_of(net) == before
    loss = Counting()
    loss.forward = lambda prediction, y: nn.L2Loss()(Counting.forward(loss, prediction), y)
    before = state_of(loss)
    delta_rule(nn.Linear(2, 1), [[1.0, 2.0]], [[1.0]], 0.1, loss=loss)
    assert state_of(loss) == before


def test_float32_stays_close():
    net = nn.MLP([3, 4, 1], "tanh", rng=np.random.default_rng(0), dtype=np.float32)
    rule = delta_rule(net, np.ones((2, 3), np.float32), np.zeros((2, 1), np.float32), 0.1)
    assert 0 < rule.largest_relative_difference < 1e-5


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: delta_rule(lecture_module(), [1, 0], [1]), TypeError, "expected a learning rate"),
        (lambda: delta_rule(record(WORKED, INPUTS, TARGET).E, 10.0), TypeError, "expected a learning rate"),
        (lambda: delta_rule(record(WORKED, INPUTS, TARGET).E, [1], [2], 1.0), TypeError, "has its x and y in it"),
        (lambda: delta_rule(lecture_module(), [1, 0], learning_rate=1.0), TypeError, "expected x and y"),
        (lambda: delta_rule("net", [1, 0], [1], 1.0), TypeError, "a model to call or a recorded Value, got str"),
        (lambda: delta_rule(lambda x: x, [1, 0], [1], 1.0), TypeError, "the model gave ndarray, not a Value"),
        (lambda: delta_rule(lecture_module(), [1, 0], [1, 2], 1.0), ag.ShapeError, "differ in shape"),
        (lambda: delta_rule(lecture_module(), [1, 0, 0], [1], 1.0), ag.ShapeError, "Linear"),
        (lambda: delta_rule(lecture_module()(np.ones((3, 2))), learning_rate=1.0), TypeError, "expected a loss"),
        (
            lambda: delta_rule(lecture_module(), [1, 0], [1], 1.0, loss=lambda prediction, y: 1.0),
            TypeError,
            "the loss gave float",
        ),
        (
            lambda: delta_rule(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)), [[1, 0]], [[1, 1]], 1.0),
            NotDenseError,
            "layer 1: ",
        ),
    ],
)
def test_errors_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("rate", [-1, 0, np.nan, np.inf, "a", "0.1", [1.0, 2.0]])
def test_a_learning_rate_is_a_positive_number(rate):
    with pytest.raises(ValueError, match="delta_rule: learning_rate must be a positive number, got") as raised:
        delta_rule(lecture_module(), [1, 0], [1], rate)
    assert str(raised.value).endswith(repr(rate))


def test_no_examples():
    with pytest.raises(ValueError, match=r"x has no examples: the network's output has shape \(0, 1\)"):
        delta_rule(nn.Linear(2, 1), np.zeros((0, 2)), np.zeros((0, 1)), 0.1)
    W = ag.Value(np.ones((1, 2)), name="W")
    with pytest.raises(ValueError, match="x has no examples"):
        delta_rule(lambda x: W @ x, np.zeros((2, 0)), np.zeros((1, 0)), 0.1)


def test_tiny_numbers_are_written_as_formulas_write_them():
    w, x = ag.Value(2e-7, name="w"), ag.Value(-3e-6, name="x")
    row = delta_rule(0.5 * (1.0 - w * x) ** 2, learning_rate=1e-3).row("Δw")
    assert row.text(2) == "Δw = µ δ_ŷ h_x = 0.001 · 1 · (−3·10⁻⁶) = −3·10⁻⁹"
    assert row.latex(2).endswith(r"0.001 \cdot 1 \cdot \left(-3 \cdot 10^{-6}\right) = -3 \cdot 10^{-9}")


def test_an_unknown_row():
    with pytest.raises(KeyError, match="did you mean"):
        by_recording().row("Δw_GX")


def test_parameters_that_changed_since_the_recording():
    run = record(WORKED, INPUTS, TARGET)
    run.w["GD"].data = 1.0
    with pytest.raises(ag.GraphError, match="w_GD"):
        delta_rule(run.E, learning_rate=1.0)
