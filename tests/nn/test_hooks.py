"""Hooks around a module's forward, and freezing."""

import copy

import numpy as np
import pytest

from autograd_mini import nn, optim


def test_hooks_see_the_input_and_the_output_in_order():
    net, seen = nn.Sequential(nn.Linear(2, 3), nn.Tanh()), []
    net[1].register_forward_pre_hook(lambda module, args: seen.append(("before", module, args[0].shape)))
    net[1].register_forward_hook(lambda module, args, output: seen.append(("after", args[0].shape, output.shape)))
    net[1].register_forward_hook(lambda module, args, output: seen.append("last"))
    plain = net(np.ones((4, 2)))
    assert seen == [("before", net[1], (4, 3)), ("after", (4, 3), (4, 3)), "last"]
    assert plain.shape == (4, 3)


def test_hooks_replace_input_and_output():
    class Add(nn.Module):
        def forward(self, x, y, scale=1):
            return scale * (x + y)

    add = Add()
    add.register_forward_pre_hook(lambda module, args: (10 * args[0], args[1]))
    add.register_forward_hook(lambda module, args, output: output + args[0])
    assert add(1, 2, scale=3) == 3 * 12 + 10
    double = nn.Identity()
    double.register_forward_pre_hook(lambda module, args: 2 * args[0])  # one argument needs no tuple
    assert double(4) == 8


def test_gradients_flow_through_a_replaced_output():
    net = nn.Linear(2, 1)
    with net.register_forward_hook(lambda module, args, output: 3 * output):
        net([1.0, 2.0]).sum().backward()
    np.testing.assert_array_equal(net.weight.grad, [[3.0, 6.0]])


def test_handles_remove_just_their_own_hook():
    net, seen = nn.Identity(), []
    first = net.register_forward_hook(lambda *_: seen.append(1))
    second = net.register_forward_hook(lambda *_: seen.append(2))
    second.remove()
    second.remove()  # does nothing
    third = net.register_forward_hook(lambda *_: seen.append(3))
    second.remove()  # nor does this, though 3 came to stand in its place
    net(0)
    first.remove()
    net(0)
    third.remove()
    net(0)
    assert seen == [1, 3, 3]
    assert nn.Identity()(0) == 0  # other modules never had a hook


def test_a_hook_may_remove_itself():
    net, seen = nn.Identity(), []

    def once(module, args, output):
        seen.append("once")
        handle.remove()

    handle = net.register_forward_hook(once)
    net.register_forward_hook(lambda *_: seen.append("always"))
    net(0)
    net(0)
    assert seen == ["once", "always", "always"]


def test_errors_in_hooks_reach_the_caller_and_with_removes_them():
    net = nn.Identity()

    def fail(*_):
        raise RuntimeError("stop here")

    for register in (net.register_forward_hook, net.register_forward_pre_hook):
        with pytest.raises(RuntimeError, match="stop here"), register(fail):
            net(0)
        assert net(0) == 0
    with pytest.raises(TypeError, match="a hook must be a function, got int 3"):
        net.register_forward_hook(3)


def test_a_copy_has_hooks_of_its_own():
    net, seen = nn.Identity(), []
    handle = net.register_forward_hook(lambda module, *_: seen.append(module))
    twin = copy.deepcopy(net)
    handle.remove()
    twin(0)
    net(0)
    assert seen == [twin]


# -- freezing --------------------------------------------------------------------------------------


def test_a_frozen_module_does_not_move():
    net = nn.MLP([2, 3, 1], rng=np.random.default_rng(0))
    assert net[0].freeze() is net[0]
    assert net[0].frozen
    before = net.state_dict()
    optimizer = optim.SGD(net.parameters(), learning_rate=0.1)
    nn.L2Loss()(net(np.ones((4, 2))), np.zeros((4, 1))).backward()
    optimizer.step()
    after = net.state_dict()
    assert list(after) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    for name in after:
        assert np.array_equal(before[name], after[name]) is name.startswith("0.")
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters(include_frozen=True))


def test_parameters_leave_frozen_ones_out_and_unfreeze_brings_them_back():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), nn.Linear(2, 1))
    net[0].freeze()
    assert [n for n, _ in net.named_parameters()] == ["1.weight", "1.bias"]
    assert len(net.parameters(include_frozen=True)) == 6
    net[0][1].unfreeze()
    assert [n for n, _ in net.named_parameters()] == ["0.1.weight", "0.1.bias", "1.weight", "1.bias"]
    assert len(net.unfreeze().parameters()) == 6


def test_frozen_parameters_are_named_and_loaded_like_any():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 1).freeze()))
    assert net[0][0].weight.name == "0.0.weight"
    net.load_state_dict({"0.0.weight": [[1.0, 2.0]], "0.0.bias": [3.0]})
    assert net([1.0, 1.0]).data.tolist() == [6.0]


def test_what_a_frozen_module_shares_stays_put():
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    net[1].weight = net[0].weight
    net[1].freeze()
    assert net.parameters() == []
