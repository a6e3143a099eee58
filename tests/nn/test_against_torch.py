"""Layers beside PyTorch's over several steps and in a whole network, with the state dicts exchanged."""

import numpy as np
import pytest

from autograd_mini import Value, nn

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(21)


def agree(ours, theirs, *inputs, rtol=1e-9):
    """Outputs, gradients of all inputs and of all parameters, from the same upstream gradient."""
    values, tensors = [Value(x) for x in inputs], [torch.tensor(x, requires_grad=True) for x in inputs]
    z, t = ours(*values), theirs(*tensors)
    np.testing.assert_allclose(z.data, t.detach().numpy(), rtol=rtol, atol=1e-12)
    g = RNG.normal(size=z.shape)
    z.backward(g)
    t.backward(torch.tensor(g))
    for value, tensor in zip(values, tensors, strict=True):
        np.testing.assert_allclose(value.grad, tensor.grad.numpy(), rtol=rtol, atol=1e-12)
    if isinstance(theirs, torch.nn.Module):
        mine = dict(ours.named_parameters())
        assert list(mine) == [name for name, _ in theirs.named_parameters()]
        for name, p in theirs.named_parameters():
            np.testing.assert_allclose(mine[name].grad, p.grad.numpy(), rtol=rtol, atol=1e-12)


def same_state(ours, theirs):
    """Load PyTorch's state here; the names must be the same."""
    state = theirs.double().state_dict()
    assert set(ours.state_dict()) == set(state)
    ours.load_state_dict(state)
    return ours, theirs


@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("momentum", [0.1, 0.7, None])
def test_running_statistics(momentum):
    ours, theirs = same_state(nn.BatchNorm1d(3, momentum=momentum), torch.nn.BatchNorm1d(3, momentum=momentum))
    for shape in [(4, 3), (0, 3), (2, 3, 5), (2, 3, 0), (6, 3)]:
        x = RNG.normal(size=shape) * 3 + 1
        ours(x), theirs(torch.tensor(x))
    for name, buffer in theirs.named_buffers():
        np.testing.assert_allclose(ours.state_dict()[name], buffer.numpy(), rtol=1e-12)
    agree(ours.eval(), theirs.eval(), RNG.normal(size=(1, 3)))


def test_a_whole_network_and_its_state_both_ways():
    ours = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 4), nn.BatchNorm1d(4), nn.GELU()
    )
    theirs = torch.nn.Sequential(
        *(torch.nn.Conv2d(1, 3, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten()),
        *(torch.nn.Linear(27, 4), torch.nn.BatchNorm1d(4), torch.nn.GELU()),
    ).double()
    theirs.load_state_dict({name: torch.tensor(numbers) for name, numbers in ours.state_dict().items()})
    agree(ours, theirs, RNG.normal(size=(5, 1, 8, 8)))
    same_state(ours, theirs)
