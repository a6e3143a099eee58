"""The sum over paths is the gradient; paths are counted exactly, however many there are."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from latex2mathml.converter import convert

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.explain.formulas.notation import number
from autograd_mini.explain.paper.paths import paths
from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record
from tests.explain.test_algebra import random_graph


def named(value, name):
    value.name = name
    return value


def by_hand(loss, w):
    """All paths as lists of local derivatives, by plain recursion over the steps of one backward pass."""
    steps = ag.steps(loss)

    def below(node):
        if node is w:
            return [[]]
        return [[s.local, *rest] for s in steps if s.node is node for rest in below(s.input)]

    return below(loss)


def test_a_sum_over_three_paths():
    x = ag.Value(3.0, name="x")
    y = named(x * x, "y")
    found = paths(named(y * x, "E"), x)
    assert str(found) == (
        "dE/dx = 27: the sum of 3 products, one a path, from x to E\n"
        "1. x → y → E: 3 · 3 = 9\n"
        "2. x → y → E: 3 · 3 = 9\n"
        "3. x → E: 9\n"
        "9 + 9 + 9 = 27\n"
        "Multiplications: 5 along the paths one by one, 4 by backpropagation."
    )
    assert (found.count, found.multiplications, found.backprop_multiplications) == (3, 5, 4)
    assert [path.positions for path in found.listed] == [(0, 0), (1, 0), (1,)]
    assert [path.factors for path in found.listed] == [(3.0, 3.0), (3.0, 3.0), (9.0,)]


def test_latex():
    x = ag.Value(-3.0, name="x")
    y = named(x * x, "y_1")
    found = paths(named(y * x, "E"), x)
    assert found.latex.splitlines() == [
        r"\begin{aligned}",
        r"& x \to y_{1} \to E: \quad -3 \cdot \left(-3\right) = 9 \\",
        r"& x \to y_{1} \to E: \quad -3 \cdot \left(-3\right) = 9 \\",
        r"& x \to E: \quad 9 \\",
        r"& \frac{\mathrm{d} E}{\mathrm{d} x} = 9 + 9 + 9 = 27",
        r"\end{aligned}",
    ]
    assert found._repr_latex_().startswith(r"$\displaystyle \begin{aligned}")
    assert found.listed[0].text == "x → y_1 → E: −3 · (−3) = 9"


@pytest.mark.parametrize("arrow", WORKED)
def test_the_lecture_s_network_has_one_path_for_each_weight(arrow):
    run = record(WORKED, INPUTS, TARGET)
    found = paths(run.E, run.w[arrow])
    assert found.count == len(found.listed) == 1
    assert found.rest is None
    assert found.listed[0].names[0] == f"w_{arrow}"
    assert found.listed[0].names[-1] == "E"
    assert found.gradient == ag.gradients(run.E, [run.w[arrow]])[0]
    assert found.total == pytest.approx(found.gradient, rel=1e-14)
    assert found.multiplications == found.backprop_multiplications == len(found.listed[0].factors)
    assert str(found).startswith(f"dE/dw_{arrow} = {number(found.gradient).written}: the product along the path")


@pytest.mark.parametrize("seed", range(80))
def test_random_graphs(seed):
    rng = np.random.default_rng(seed)
    leaves = [ag.Value(rng.normal(), name=n) for n in "pqr"]
    E = random_graph(rng, leaves, 10)
    nodes = {n.value for n in ag.graph(E).nodes}
    for w in leaves:
        if w is E or w not in nodes:
            continue
        expected = by_hand(E, w)
        found = paths(E, w, limit=10_000)
        assert found.count == len(expected) == len(found.listed)
        assert found.multiplications == sum(map(len, expected))
        assert sorted(path.factors for path in found.listed) == sorted(map(tuple, expected))
        assert found.total == pytest.approx(ag.gradients(E, [w])[0], rel=1e-9, abs=1e-9)
        few = paths(E, w, limit=2)
        assert (few.count, few.multiplications) == (found.count, found.multiplications)
        assert [p.positions for p in few.listed] == [p.positions for p in found.listed[:2]]
        assert few.total == pytest.approx(found.gradient, rel=1e-9, abs=1e-9)


def test_only_some_are_listed_and_the_rest_is_told():
    v = x = ag.Value(2.0, name="x")
    for _ in range(5):
        v = v * v
    found = paths(named(v, "E"), x, limit=3)
    assert len(found) == 3
    assert found.count == 32
    assert found.rest == found.gradient - sum(p.product for p in found.listed)
    assert f"The other 29 paths together: {number(found.rest).written}" in str(found)
    assert r"\text{the other } 29 \text{ paths: }" in found.latex
    assert found.multiplications == 32 * 5
    assert found.backprop_multiplications == 10


def test_counts_are_exact_without_listing():
    v = x = ag.Value(1.0, name="x")
    for _ in range(1000):
        v = v + v
    found = paths(v, x, limit=1)
    assert found.count == 2**1000
    assert found.multiplications == 1000 * 2**1000
    assert found.backprop_multiplications == 2000
    assert "the sum of 1.072·10³⁰¹ products" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["count"] == 2**1000


def test_fibonacci():
    a, b = ag.Value(1.0, name="a"), None
    b = named(a * 1.0, "b")
    fibonacci = [1, 1]
    for _ in range(60):
        a, b = b, a + b
        fibonacci.append(sum(fibonacci[-2:]))
    start = next(n.value for n in ag.graph(b).nodes if n.name == "a")
    assert paths(b, start, limit=1).count == fibonacci[-1]


@pytest.mark.parametrize("shape", [(), (2,)])
def test_graphs_of_a_hundred_thousand_nodes(shape):
    v = x = ag.Value(np.ones(shape), name="x")
    for _ in range(100_000 if not shape else 3_000):
        v = v * 0.9999
    E = v if not shape else v.sum()
    found = paths(E, x)
    assert found.count == 1
    np.testing.assert_allclose(found.listed[0].product, found.gradient)
    assert "…" in found.listed[0].text
    assert len(str(found)) < 1000


def test_very_many_paths_are_stored_as_text():
    v = x = ag.Value(1.0, name="x")
    for _ in range(20_000):
        v = v * 0.5 + v * 0.5
    found = paths(v, x, limit=1)
    assert found.count == 2**20_000
    assert json.loads(json.dumps(found.to_dict()))["count"] == "3.980·10⁶⁰²⁰"


# -- arrays ------------------------------------------------------------------------------------------


def test_products_of_arrays_have_the_shape_of_w():
    W, x = ag.Value(np.arange(6.0).reshape(2, 3) / 10, name="W"), ag.Value([1.0, 2.0, 3.0], name="x")
    h = named(np.tanh(W @ x), "h")
    E = named(np.sum(h * h) + W.sum(), "E")
    found = paths(E, W)
    assert found.count == 3
    assert [p.names for p in found.listed] == [
        *[("W", "matmul_1", "h", "multiply_1", "sum_1", "E")] * 2,
        ("W", "sum_2", "E"),
    ]
    one = np.outer(h.data * (1 - h.data**2), x.data)
    np.testing.assert_allclose(found.listed[0].product, one)
    np.testing.assert_allclose(found.listed[2].product, np.ones((2, 3)))
    np.testing.assert_allclose(found.total, found.gradient)
    assert found.listed[0].factors is None
    assert found.listed[2].text == "W → sum_2 → E: [[1 1 1] [1 1 1]]"


def test_a_network_of_nn():
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Linear(2, 3, rng=rng), nn.Tanh(), nn.Linear(3, 2, rng=rng))
    loss = nn.CrossEntropyLoss()(net(rng.normal(size=(4, 2))), np.array([0, 1, 1, 0]))
    for p in net.parameters():
        found = paths(loss, p)
        assert found.rest is None
        assert found.listed[0].product.shape == p.shape
        np.testing.assert_allclose(found.total, ag.gradients(loss, [p])[0], rtol=1e-12, atol=1e-15)
        np.testing.assert_array_equal(found.gradient, ag.gradients(loss, [p])[0])


def test_a_scalar_weight_behind_arrays():
    w, x = ag.Value(2.0, name="w"), ag.Value([1.0, 2.0, 3.0], name="x")
    found = paths(np.sum((w * x) * w), w)
    assert [p.product for p in found.listed] == [12.0, 12.0]
    assert found.gradient == 24.0
    assert (found.loss, found.weight) == ("sum_1", "w")


def test_values_without_names_are_called_as_graph_calls_them():
    w = ag.Value(3.0)
    E = w * w
    found = paths(E, w)
    assert [found.loss, found.weight] == [n.name for n in ag.graph(E).nodes[::-1]] == ["multiply_1", "value_1"]
    net = nn.MLP([2, 1])
    assert paths(nn.MSELoss()(net(np.ones((3, 2))), np.ones((3, 1))), net[0].weight).loss == "E"


def test_zero_times_infinity_is_zero_as_in_backpropagation():
    x = ag.Value(0.0, name="x")
    a = named(np.sqrt(x), "a")
    found = paths(named(0 * a + x, "E"), x)
    assert sorted(p.product for p in found.listed) == [0.0, 1.0]
    assert found.total == found.gradient == 1.0
    said = "0 · ∞ counts as 0, as in backpropagation: nothing arrives there."
    assert str(found).splitlines()[-1] == said
    twice = paths(named(0 * a + 0 * a + x, "E"), x)
    assert str(twice).count(said) == 1
    assert r"& 0 \cdot \infty \text{ counts as 0" in twice.latex
    assert "counts as 0" not in str(paths(named(2 * a, "E"), x))


def test_zero_times_nan_is_zero_too():
    x = ag.Value(-1.0, name="x")
    with np.errstate(all="ignore"):
        found = paths(named(np.log(x * np.nan) * 0 + x, "E"), x)
    assert found.total == found.gradient == 1.0
    assert "0 · nan counts as 0" in str(found)


# -- the rest ----------------------------------------------------------------------------------------


def test_nothing_of_the_graph_changes():
    run = record(WORKED, INPUTS, TARGET)
    run.E.backward()
    nodes = ag.backprop.topological_order(run.E)
    before = [(v.grad, v.data, v.name, v.age, v.inputs) for v in nodes]
    with ag.no_grad():
        paths(run.E, run.w["DA"])
    assert [(v.grad, v.data, v.name, v.age, v.inputs) for v in nodes] == before


def test_json():
    x = ag.Value(3.0, name="x")
    stored = json.loads(json.dumps(paths(named(x * x, "E"), x, limit=1).to_dict(), allow_nan=False))
    assert stored == {
        "loss": "E",
        "weight": "x",
        "count": 2,
        "listed": [{"names": ["x", "E"], "positions": [0], "factors": [3.0], "product": 3.0}],
        "gradient": 6.0,
        "rest": 3.0,
        "multiplications": 2,
        "backprop_multiplications": 2,
    }


@pytest.mark.parametrize("hostile", ["<b>x</b>", "a & b", "$x$", "{", r"\end{aligned}", "…"])
def test_hostile_names_stay_text(hostile):
    w = ag.Value(2.0, name=hostile)
    found = paths(named(w * w * w, hostile + "s"), w)
    for path in found.listed:
        root = ElementTree.fromstring(convert(path.latex))
        assert not {e.tag.split("}")[1] for e in root.iter()} & {"b", "script"}


def test_errors_that_teach():
    run = record(WORKED, INPUTS, TARGET)
    for limit in (0, -1, 0.5, "a", None, True):
        with pytest.raises(ValueError, match=f"paths: limit must be a whole number from 1 on, got {limit!r}"):
            paths(run.E, run.w["GD"], limit=limit)
    with ag.no_grad():
        alone = run.E * 2
    with pytest.raises(ag.GraphError, match=r"paths: a Value made by multiply was computed inside no_grad\(\)"):
        paths(alone, run.E)
    with pytest.raises(ag.GraphError, match="paths: E was not computed from v"):
        paths(run.E, ag.Value(1.0, name="v"))
    with pytest.raises(ag.GraphError, match="the weight is the loss itself"):
        paths(run.E, run.E)
    with pytest.raises(TypeError, match="paths: expected a Value, got float"):
        paths(1.0, run.E)
    W = ag.Value([1.0], name="W")
    with pytest.raises(ag.GraphError, match="only a single number has a gradient to explain"):
        paths(W * 2, W)
    run.w["GD"].data = 5.0
    with pytest.raises(ag.GraphError, match="changed after"):
        paths(run.E, run.w["DA"])


def test_paths_can_be_compared():
    W = ag.Value([[1.0, 2.0]], name="W")
    E = named((W * W).sum(), "E")
    assert paths(E, W) == paths(E, W)
    assert paths(E, W) != paths(E, W, limit=1)
    assert paths(E, W).listed[0] == paths(E, W, limit=1).listed[0]
    assert paths(E, W) != "paths"


def test_a_weight_may_be_given_by_its_name():
    x = ag.Value(3.0, name="x")
    E = x * x
    assert str(paths(E, "x")) == str(paths(E, x))
    with pytest.raises(KeyError, match="no node is called 'y'"):
        paths(E, "y")
