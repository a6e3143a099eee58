"""A Module finds, names, saves and loads its parameters."""

import copy
import pickle

import numpy as np
import pytest

from autograd_mini import Value, nn, no_grad


class Block(nn.Module):
    """A parameter, a submodule, a list of modules and a tuple of scalar parameters."""

    def __init__(self):
        self.scale = Value(2.0)
        self.inner = nn.Linear(2, 2)
        self.towers = [nn.Linear(2, 1), nn.Linear(2, 1, bias=False)]
        self.pair = (Value(1.0), Value(2.0))
        self.constant = np.ones(3)

    def forward(self, x):
        return self.scale * self.inner(x)


def names(module):
    return [name for name, _ in module.named_parameters()]


def test_parameters_own_first_then_submodules_in_order_of_assignment():
    assert names(Block()) == [
        "scale",
        "pair.0",
        "pair.1",
        "inner.weight",
        "inner.bias",
        "towers.0.weight",
        "towers.0.bias",
        "towers.1.weight",
    ]
    block = Block()
    assert [p.name for p in block.parameters()] == names(block)


def test_modules_and_children():
    block = Block()
    assert [path for path, _ in block.named_modules()] == ["", "inner", "towers.0", "towers.1"]
    assert block.modules() == [block, block.inner, *block.towers]
    assert block.children() == [block.inner, *block.towers]
    assert [name for name, _ in block.named_children()] == ["inner", "towers.0", "towers.1"]


def test_super_init_is_not_needed_and_does_no_harm():
    class Without(nn.Module):
        def __init__(self):
            self.w = Value(1.0)

    class With(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = Value(1.0)

    assert names(Without()) == names(With()) == ["w"]
    assert Without().training


def test_computed_values_are_not_parameters():
    block = Block()
    block.w_squared = block.scale * block.scale
    with no_grad():
        block.unrecorded = block.scale * block.scale
    assert "w_squared" not in names(block)
    assert "unrecorded" not in names(block)
    assert block.w_squared.name is None


def test_replaced_and_deleted_attributes():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    new = Value(np.zeros((3, 2)))
    net[0].weight = new
    assert any(p is new for p in net.parameters())
    assert new.name == "weight"
    assert len(net.parameters()) == 4
    del net[0].bias
    assert names(net) == ["0.weight", "1.weight", "1.bias"]
    net[0].weight = None
    assert names(net) == ["1.weight", "1.bias"]


def test_a_shared_parameter_is_listed_once():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert names(net) == ["0.weight", "0.bias", "1.bias"]
    assert net[0].weight.name == "0.weight"
    layer = nn.Linear(2, 2)
    assert names(nn.Sequential(layer, nn.Tanh(), layer)) == ["0.weight", "0.bias"]
    assert len(nn.Sequential(layer, layer).modules()) == 2


def test_names_grow_from_the_inside_out_and_own_names_stay():
    layer = nn.Linear(2, 2)
    assert [p.name for p in layer.parameters()] == ["weight", "bias"]
    layer.bias.name = "b"
    outer = nn.Sequential(nn.Sequential(nn.Tanh(), layer))
    assert [p.name for p in outer.parameters()] == ["0.1.weight", "b"]

    class Own(nn.Module):
        def __init__(self):
            self.w = Value(1.0, name="β")

    assert Own().w.name == "β"


def test_zero_grad():
    block = Block()
    block(np.ones(2)).sum().backward()
    assert block.scale.grad is not None
    block.zero_grad()
    assert all(p.grad is None for p in block.parameters())


def test_train_and_eval_reach_every_module_and_return_it():
    block = Block()
    assert block.training
    assert block.eval() is block
    assert not any(m.training for m in block.modules())
    assert block.train() is block
    assert all(m.training for m in block.modules())
    assert names(block.train(False)) == names(Block())


def test_forward_missing():
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty has no forward: define `def forward\(self, x\)`"):
        Empty()(1.0)


def test_forward_takes_any_arguments():
    class Add(nn.Module):
        def forward(self, x, y, *, factor=1):
            return factor * (x + y)

    assert Add()(1, 2, factor=3) == 9


def test_repr_is_a_tree():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 3, bias=False), nn.Tanh()), nn.ReLU())
    assert repr(net) == (
        "Sequential(\n"
        "  (0): Sequential(\n"
        "    (0): Linear(in_features=2, out_features=3, bias=False)\n"
        "    (1): Tanh()\n"
        "  )\n"
        "  (1): ReLU()\n"
        ")"
    )

    class Both(nn.Module):
        def __init__(self):
            self.inner = nn.Tanh()

        def extra_repr(self):
            return "size=3"

    assert repr(Both()) == "Both(\n  size=3\n  (inner): Tanh()\n)"


@pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"]
)
def test_copies_are_whole_and_independent(twin_of):
    net = nn.MLP([2, 3, 1])
    net[2].weight_again = net[2].weight
    net.eval()
    twin = twin_of(net)
    assert names(twin) == names(net)
    assert [p.name for p in twin.parameters()] == names(net)
    assert twin[2].weight_again is twin[2].weight
    assert not twin.training
    x = np.ones((4, 2))
    np.testing.assert_array_equal(twin(x).data, net(x).data)
    twin[0].weight.data = np.zeros((3, 2))
    assert net[0].weight.data.any()


# -- state dicts -----------------------------------------------------------------------------------


def test_state_dict_is_a_copy():
    block = Block()
    state = block.state_dict()
    assert list(state) == names(block)
    assert type(state["scale"]) is float
    state["inner.weight"][:] = 99
    assert not (block.inner.weight.data == 99).any()


def test_load_what_was_saved(tmp_path):
    net, twin = nn.MLP([2, 3, 1]), nn.MLP([2, 3, 1])
    np.savez(tmp_path / "net.npz", **net.state_dict())
    with np.load(tmp_path / "net.npz") as state:
        twin.load_state_dict(state)
    for p, q in zip(net.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        assert p.data is not q.data
    twin.load_state_dict(net.state_dict() | {"0.bias": [np.nan, np.inf, 0]})
    assert np.isnan(twin[0].bias.data[0])


def test_loading_copies_and_keeps_dtypes():
    layer = nn.Linear(2, 1, dtype=np.float32)
    weight = np.array([[1.0, 2.0]])
    layer.load_state_dict({"weight": weight, "bias": [1]})
    weight[:] = 0
    assert layer.weight.data.tolist() == [[1.0, 2.0]]
    assert layer.weight.dtype == layer.bias.dtype == np.float32

    block = Block()
    block.load_state_dict(block.state_dict() | {"scale": np.int64(7)})
    assert type(block.scale.data) is float
    assert block.scale.data == 7


def test_loading_makes_recorded_graphs_stale():
    layer = nn.Linear(2, 1)
    E = layer(np.ones(2)).sum()
    layer.load_state_dict(layer.state_dict())
    with pytest.raises(RuntimeError, match=r"the data of (weight|bias)"):
        E.backward()


def test_all_problems_are_reported_at_once_and_nothing_is_loaded():
    net = nn.Sequential(*(nn.Linear(2, 2) for _ in range(4)))
    before = net.state_dict()
    state = net.state_dict()
    state["0.weight"] = np.zeros((2, 2))  # fits, and must not be loaded all the same
    del state["0.bias"]
    state["1.weight"] = np.ones((3, 2))
    state["1.bias"] = ["a", "b"]
    state["2.weight"] = np.ones((2, 2)) * 1j
    state["2.bias"] = None
    state["3.weight"] = [[1.0, 2.0], [3.0]]
    state["extra"] = 1.0
    with pytest.raises(ValueError, match="does not fit Sequential; nothing was loaded") as caught:
        net.load_state_dict(state)
    lines = str(caught.value).split("\n  ")[1:]
    assert lines[:2] == ["missing: 0.bias (2,)", "unexpected: extra"]
    assert lines[2] == "1.weight: expected shape (2, 2), got (3, 2)"
    assert [line.split(":")[0] for line in lines[3:]] == ["1.bias", "2.weight", "2.bias", "3.weight"]
    assert lines[4:6] == [
        "2.weight: expected real numbers, got complex128",
        "2.bias: expected real numbers, got object",
    ]
    for path, numbers in net.state_dict().items():
        np.testing.assert_array_equal(numbers, before[path])


def test_loading_takes_what_turns_into_an_array():
    class Tensor:  # like PyTorch's: its dtype is no NumPy dtype
        dtype = "torch.float32"

        def __array__(self, dtype=None, copy=None):
            return np.ones((1, 1), dtype=np.float32)

    layer = nn.Linear(1, 1)
    layer.load_state_dict({"weight": Tensor(), "bias": Value([3.0])})
    assert (layer.weight.item(), layer.bias.item()) == (1.0, 3.0)
    assert layer.bias.is_leaf


def test_load_from_something_else():
    with pytest.raises(TypeError, match="expected names -> numbers, got list"):
        nn.Linear(1, 1).load_state_dict([1.0])
