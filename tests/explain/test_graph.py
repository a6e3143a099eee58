"""A recorded graph as plain data."""

import copy
import json
import pickle
import sys
from typing import NamedTuple

import networkx
import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.explain.graph_data import Graph
from autograd_mini.explain.stored import as_stored, from_stored


class Two(NamedTuple):
    a: ag.Value
    b: ag.Value


def small():
    a, b = ag.Value(2.0, name="a"), ag.Value(3.0, name="b")
    y = (a - b) * a + 1
    y.name = "y"
    return a, b, y


def test_nodes_come_behind_their_inputs_with_all_their_facts():
    _, _, y = small()
    y.backward()
    g = ag.graph(y)
    assert [n.name for n in g.nodes] == ["a", "b", "subtract_1", "multiply_1", "", "y"]
    assert [n.kind for n in g.nodes] == ["leaf", "leaf", "computed", "computed", "constant", "computed"]
    assert [n.inputs for n in g.nodes] == [(), (), (0, 1), (2, 0), (), (3, 4)]
    assert [n.data for n in g.nodes] == [2.0, 3.0, -1.0, -2.0, 1, -1.0]
    assert [n.grad for n in g.nodes] == [1.0, -2.0, 2.0, 1.0, None, 1.0]
    assert [n.named for n in g.nodes] == [True, True, False, False, False, True]
    assert [n.age for n in g.nodes if n.age is not None] == sorted(n.age for n in g.nodes if n.age is not None)
    assert g.output is g.nodes[-1]
    assert g.output.value is y


def test_edges_keep_order_and_number():
    a = ag.Value(2.0, name="a")
    edges = [(e.source, e.target, e.position) for e in ag.graph(a * a).edges]
    assert edges == [(0, 1, 0), (0, 1, 1)]
    _, _, y = small()
    assert [(e.source, e.target, e.position) for e in ag.graph(y).edges] == [
        *((0, 2, 0), (1, 2, 1), (2, 3, 0), (0, 3, 1), (3, 5, 0), (4, 5, 1)),
    ]


def test_depth_and_counts():
    _, _, y = small()
    g = ag.graph(y)
    assert g.depth == 3
    assert g.counts == {"subtract": 1, "multiply": 1, "add": 1}
    assert (len(g.leaves), len(g.constants), len(g.computed)) == (2, 1, 3)
    assert repr(g) == ("<Graph of y: 6 nodes (2 leaves, 1 constants; 1 subtract, 1 multiply, 1 add), depth 3>")
    assert ag.graph(ag.Value(1.0)).depth == 0


def test_made_names_avoid_given_ones():
    a = ag.Value(1.0, name="multiply_1")
    assert [n.name for n in ag.graph(a * 2 * 3).computed] == ["multiply_2", "multiply_3"]


def test_a_leaf_without_a_name_is_numbered_too():
    assert [n.name for n in ag.graph(ag.Value(1.0) + ag.Value(2.0)).leaves] == ["value_1", "value_2"]


def test_nodes_are_found_by_value_name_and_index():
    a, _, y = small()
    g = ag.graph(y)
    assert g.node(a) is g.node("a") is g.node(0) is g.nodes[0]
    assert g.node(-1) is g.output
    with pytest.raises(KeyError, match=r"no node is called 'subtract_2'; did you mean 'subtract_1'"):
        g.node("subtract_2")
    with pytest.raises(KeyError, match="nodes 0 to 5, not 6"):
        g.node(6)
    with pytest.raises(KeyError, match="not part of this graph"):
        g.node(ag.Value(1.0))
    with pytest.raises(KeyError, match="no node is called True"):
        g.node(True)


def test_two_values_of_one_name_are_told_apart():
    twins = ag.graph(ag.Value(1.0, name="w") * ag.Value(2.0, name="w") + ag.Value(3.0, name="w (2)"))
    assert [n.name for n in twins.leaves] == ["w", "w (2)", "w (2) (2)"]
    assert twins.node("w (2) (2)").data == 3.0
    with pytest.raises(KeyError, match=r"2 Values are called 'w' \(indices 0, 1\): say which by its index"):
        twins.node("w")


def network():
    class Net(nn.Module):
        def __init__(self):
            self.hidden = nn.Linear(3, 4)
            self.output = nn.Sequential(nn.Tanh(), nn.Linear(4, 1))

        def forward(self, x):
            return 2 * self.output(self.hidden(x))

    return Net()


def test_nodes_are_grouped_by_the_module_calls_that_made_them():
    net = network()
    loss = nn.L2Loss()(net(np.ones((5, 3))), np.zeros((5, 1)))
    g = ag.graph(loss)
    scopes = [(s.path, s.kind, s.parent) for s in g.scopes]
    assert scopes == [
        *(("Net", "Net", None), ("hidden", "Linear", "Net"), ("output", "Sequential", "Net")),
        *(("output.0", "Tanh", "output"), ("output.1", "Linear", "output"), ("L2Loss", "L2Loss", None)),
    ]
    found = {n.name: n.scope for n in g.nodes if n.name}
    assert found == {
        "hidden.weight": "hidden",
        "hidden.bias": "hidden",
        "output.1.weight": "output.1",
        "output.1.bias": "output.1",
        "transpose_1": "hidden",
        "matmul_1": "hidden",
        "add_1": "hidden",
        "tanh_1": "output.0",
        "transpose_2": "output.1",
        "matmul_2": "output.1",
        "add_2": "output.1",
        "multiply_1": "Net",
        "subtract_1": "L2Loss",
        "square_1": "L2Loss",
        "sum_1": "L2Loss",
        "E": "L2Loss",
    }
    assert {n.scope for n in g.constants} == {"hidden", "Net", "L2Loss"}  # x, 2, the target and ½
    assert [n.name for n in g.within("output")] == [
        *("output.1.weight", "output.1.bias", "tanh_1", "transpose_2", "matmul_2", "add_2"),
    ]
    assert g.scope("hidden").label == "hidden: Linear"
    assert g.scope("L2Loss").label == "L2Loss"
    with pytest.raises(KeyError, match=r"no layer is called 'hiden'; there are: 'Net', 'hidden'"):
        g.within("hiden")


def test_a_layer_called_twice_has_two_calls():
    layer = nn.Linear(2, 2)
    g = ag.graph(layer(layer(np.ones(2))))
    assert [(s.path, s.module, s.call) for s in g.scopes] == [("Linear", "Linear", 1), ("Linear (2)", "Linear", 2)]
    assert [n.scope for n in g.computed] == ["Linear"] * 3 + ["Linear (2)"] * 3
    assert len(g.within("Linear")) == 3 + 3 + 2 + 1  # both calls, the parameters and the constant input
    assert {n.scope for n in g.within("Linear (2)")} == {"Linear (2)"}


def test_a_parameter_of_the_outermost_module_is_in_it_whatever_its_name():
    layer = nn.Linear(2, 1)
    layer.weight.name = "W"
    g = ag.graph(layer(np.ones(2)))
    assert [g.node(name).scope for name in ("W", "bias")] == ["Linear", "Linear"]


def test_a_call_with_two_results_is_one_layer():
    class Both(nn.Module):
        def forward(self, x):
            return np.sin(x), np.cos(x)

    model = Both()
    s, c = model(ag.Value(1.0, name="x"))
    g = ag.graph(s * c)
    assert [(scope.path, scope.call) for scope in g.scopes] == [("Both", 1)]
    assert [g.node(name).scope for name in ("sin_1", "cos_1", "multiply_1", "x")] == ["Both", "Both", None, None]


def test_two_models_are_not_two_calls_of_one():
    first, second = (nn.Sequential(nn.Linear(2, 2), nn.Tanh()) for _ in range(2))
    g = ag.graph(second(first(np.ones(2))))
    assert [(s.path, s.module, s.call, s.parent) for s in g.scopes] == [
        *(("Sequential", "Sequential", 1, None), ("0", "0", 1, "Sequential"), ("1", "1", 1, "Sequential")),
        ("Sequential_2", "Sequential_2", 1, None),
        *(
            ("Sequential_2.0", "Sequential_2.0", 1, "Sequential_2"),
            ("Sequential_2.1", "Sequential_2.1", 1, "Sequential_2"),
        ),
    ]
    assert {n.value for n in g.within("0") if n.kind == "leaf"} == {first[0].weight, first[0].bias}
    loose = ag.graph(nn.Linear(2, 1)(nn.Linear(2, 2)(np.ones(2))))
    assert [s.path for s in loose.scopes] == ["Linear", "Linear_2"]


@pytest.mark.parametrize("made", [lambda x: {"a": x * 2}, lambda x: [x * 2, x * 3], lambda x: Two(x * 2, x * 3)])
def test_calls_that_return_dictionaries_lists_and_named_tuples_are_layers(made):
    class Net(nn.Module):
        def forward(self, x):
            return made(x)

    out = Net()(ag.Value(1.0, name="x"))
    assert [s.path for s in ag.graph(next(iter(out.values())) if isinstance(out, dict) else out[0]).scopes] == ["Net"]


def test_a_model_that_is_gone_still_has_its_layers():
    g = ag.graph(nn.Sequential(nn.Linear(2, 2), nn.Tanh())(np.ones(2)))
    assert [(s.path, s.kind, s.parent) for s in g.scopes] == [
        *(("Sequential", "Sequential", None), ("0", "Linear", "Sequential"), ("1", "Tanh", "Sequential")),
    ]


def test_values_outside_any_module_have_no_scope():
    net = nn.Tanh()
    x = ag.Value([1.0, 2.0], name="x")
    g = ag.graph(np.sum(net(x * 3)) + 1)
    assert {n.name: n.scope for n in g.nodes if n.name} == {
        "x": None,
        "multiply_1": None,
        "tanh_1": "Tanh",
        "sum_1": None,
        "add_1": None,
    }


def test_json_is_strict_and_comes_back_whole():
    with np.errstate(divide="ignore"):
        x = ag.Value(np.array([[1.0, 0.0], [np.nan, 2.0]], dtype=np.float32), name="x")
        y = np.sum(np.log(x)[0])
    y.backward()
    with ag.record_sources():
        z = y * 2
    g = ag.graph(z)
    facts = json.loads(g.to_json())
    assert [n["name"] for n in facts["nodes"]] == [n.name for n in g.nodes]
    twin = Graph.from_dict(facts)
    assert twin.to_dict() == g.to_dict()
    assert twin.node("x").data.dtype == np.float32
    np.testing.assert_array_equal(twin.node("x").data, x.data)
    np.testing.assert_array_equal(twin.node("x").grad, x.grad)
    assert twin.output.source == g.output.source
    assert facts["nodes"][2]["params"] == ["0"]
    assert facts["depth"] == g.depth == 4


@pytest.mark.parametrize(
    "number",
    [None, 1, True, 0.1, float("inf"), float("nan"), np.float32(0.1), np.arange(6.0).reshape(2, 3), np.zeros((0, 2))],
)
def test_numbers_are_stored_to_the_last_digit(number):
    back = from_stored(json.loads(json.dumps(as_stored(number), allow_nan=False)))
    np.testing.assert_array_equal(back, number)
    assert type(back) is type(number)
    assert getattr(back, "dtype", None) == getattr(number, "dtype", None)


def test_a_graph_can_be_compared_copied_and_pickled():
    model = nn.MLP([2, 3, 1], "tanh")
    g = ag.graph(model(np.ones((4, 2))))
    for twin in (copy.deepcopy(g), pickle.loads(pickle.dumps(g)), Graph.from_dict(g.to_dict())):
        assert twin == g
        assert twin.output.value is None
    assert g != ag.graph(model(np.zeros((4, 2))))
    assert g != "g"


def test_networkx_has_every_edge():
    a, _, y = small()
    n = ag.graph(y * a).to_networkx()
    assert isinstance(n, networkx.MultiDiGraph)
    assert networkx.is_directed_acyclic_graph(n)
    assert n.number_of_edges() == len(list(ag.graph(y * a).edges))
    assert n.nodes[0]["name"] == "a"
    assert sorted(d["position"] for _, _, d in n.in_edges(2, data=True)) == [0, 1]


def test_without_networkx_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ModuleNotFoundError, match=r"to_networkx needs .*networkx.*autograd-mini\[explain\]"):
        ag.graph(ag.Value(1.0) * 2).to_networkx()


def test_a_graph_is_a_picture_of_the_moment():
    w = ag.Value(2.0, name="w")
    y = w * w
    g = ag.graph(y)
    y.backward()
    assert g.node("w").grad is None
    assert ag.graph(y).node("w").grad == 4.0
    w.data = 5.0
    assert ag.graph(y).node("multiply_1").data == 4.0  # a stale graph can still be looked at


def test_wrong_arguments():
    with pytest.raises(TypeError, match="graph: expected a Value, got float"):
        ag.graph(1.0)


def test_a_long_chain_needs_no_recursion():
    v = ag.Value(1.0)
    for _ in range(20_000):
        v = v + 1
    assert ag.graph(v).depth == 20_000
