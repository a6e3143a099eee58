"""The same numbers and gradients as PyTorch, layer by layer, with the state dicts exchanged."""

import numpy as np
import pytest

from autograd_mini import Value, nn
from autograd_mini.nn import functional as F

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


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (F.sigmoid, torch.sigmoid),
        (F.tanh, torch.tanh),
        (F.relu, torch.nn.functional.relu),
        (F.leaky_relu, torch.nn.functional.leaky_relu),
        (F.elu, torch.nn.functional.elu),
        (F.selu, torch.nn.functional.selu),
        (F.gelu, torch.nn.functional.gelu),
        (lambda x: F.gelu(x, "tanh"), lambda x: torch.nn.functional.gelu(x, approximate="tanh")),
        (F.silu, torch.nn.functional.silu),
        (F.softplus, torch.nn.functional.softplus),
        (lambda x: F.softplus(x, 2.0), lambda x: torch.nn.functional.softplus(x, 2.0)),
        (F.softsign, torch.nn.functional.softsign),
        (F.hardtanh, torch.nn.functional.hardtanh),
        (F.logsigmoid, torch.nn.functional.logsigmoid),
        (F.softmax, lambda x: torch.softmax(x, -1)),
        (F.log_softmax, lambda x: torch.log_softmax(x, -1)),
    ],
)
def test_activations(ours, theirs):
    agree(ours, theirs, RNG.normal(size=(4, 5)) * 3, rtol=1e-7)  # PyTorch's softplus is cut at 20
    agree(ours, theirs, np.array([[-1000.0, -30.0, 30.0, 1000.0]]), rtol=1e-7)


@pytest.mark.parametrize(
    ("ours", "theirs", "shape"),
    [
        (nn.Linear(3, 5), torch.nn.Linear(3, 5), (4, 3)),
        (nn.LayerNorm(3), torch.nn.LayerNorm(3), (4, 3)),
        (nn.LayerNorm((2, 3), eps=0.1), torch.nn.LayerNorm((2, 3), eps=0.1), (4, 2, 3)),
        (nn.BatchNorm1d(3), torch.nn.BatchNorm1d(3), (4, 3)),
        (nn.BatchNorm1d(3, momentum=0.3), torch.nn.BatchNorm1d(3, momentum=0.3), (4, 3, 2)),
        (nn.Conv2d(2, 3, 3), torch.nn.Conv2d(2, 3, 3), (2, 2, 5, 6)),
        (
            nn.Conv2d(2, 3, (3, 2), (2, 1), (1, 0), bias=False),
            torch.nn.Conv2d(2, 3, (3, 2), (2, 1), (1, 0), bias=False),
            (2, 2, 5, 6),
        ),
        (nn.MaxPool2d(2), torch.nn.MaxPool2d(2), (2, 3, 5, 6)),
        (nn.MaxPool2d(3, 2, 1), torch.nn.MaxPool2d(3, 2, 1), (2, 3, 5, 6)),
        (nn.AvgPool2d((2, 3), 2, 1), torch.nn.AvgPool2d((2, 3), 2, 1), (2, 3, 5, 6)),
        (nn.Flatten(), torch.nn.Flatten(), (2, 3, 4)),
        (nn.RNNCell(3, 4), torch.nn.RNNCell(3, 4), (2, 3)),
        (nn.GRUCell(3, 4), torch.nn.GRUCell(3, 4), (2, 3)),
    ],
)
def test_layers(ours, theirs, shape):
    ours, theirs = same_state(ours, theirs)
    agree(ours, theirs, RNG.normal(size=shape))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (nn.RNNCell(3, 4, nonlinearity="relu"), torch.nn.RNNCell(3, 4, nonlinearity="relu")),
        (nn.GRUCell(3, 4, bias=False), torch.nn.GRUCell(3, 4, bias=False)),
    ],
)
def test_cells_with_a_state(ours, theirs):
    ours, theirs = same_state(ours, theirs)
    agree(ours, theirs, RNG.normal(size=(2, 3)), RNG.normal(size=(2, 4)))


@pytest.mark.parametrize("momentum", [0.1, 0.7, None])
def test_running_statistics(momentum):
    ours, theirs = same_state(nn.BatchNorm1d(3, momentum=momentum), torch.nn.BatchNorm1d(3, momentum=momentum))
    for shape in [(4, 3), (2, 3, 5), (6, 3)]:
        x = RNG.normal(size=shape) * 3 + 1
        ours(x), theirs(torch.tensor(x))
    for name, buffer in theirs.named_buffers():
        np.testing.assert_allclose(ours.state_dict()[name], buffer.numpy(), rtol=1e-12)
    agree(ours.eval(), theirs.eval(), RNG.normal(size=(1, 3)))


def test_embedding():
    ours, theirs = same_state(nn.Embedding(5, 3), torch.nn.Embedding(5, 3))
    indices = np.array([[1, 1, 4], [0, 1, 2]])
    z, t = ours(indices), theirs(torch.tensor(indices))
    g = RNG.normal(size=z.shape)
    z.backward(g)
    t.backward(torch.tensor(g))
    np.testing.assert_allclose(z.data, t.detach().numpy())
    np.testing.assert_allclose(ours.weight.grad, theirs.weight.grad.numpy())


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
