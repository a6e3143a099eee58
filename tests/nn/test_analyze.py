"""analyze and summary: shapes before anything runs, all problems, counts."""

import numpy as np
import pytest

from autograd_mini import ShapeError, nn

CONVOLUTIONAL = [
    nn.Conv2d(1, 4, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(4, 8, (3, 5), stride=2),
    nn.GELU(),
    nn.AvgPool2d(2),
    nn.Flatten(),
    nn.MaskPoolDropout(0.5, units=16),
    nn.Linear(16, 10),
    nn.BatchNorm1d(10),
    nn.LogSoftmax(),
]


def test_the_shapes_foretold_are_those_that_come():
    net, seen = nn.Sequential(*CONVOLUTIONAL), []
    for layer in net:
        layer.register_forward_hook(lambda module, args, output: seen.append(output.shape))
    found = nn.analyze(net, (1, 16, 28), batch=5)
    net(np.ones((5, 1, 16, 28)))
    assert [step.output for step in found.steps] == seen
    assert found.ok
    assert not found.warnings
    assert net.output_shape((5, 1, 16, 28)) == found.output == (5, 10)
    assert nn.analyze(net, (1, 16, 28)).output == ("batch", 10)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Embedding(10, 3), (4,)),
        (nn.LayerNorm((2, 3)), (2, 3)),
        (nn.RNNCell(3, 5), 3),
        (nn.GRUCell(3, 5), 3),
        (nn.Dropout(0.5), (2, 3)),
        (nn.BatchNorm1d(2), (2, 3)),
        (nn.Linear(3, 2), (2, 3)),
    ],
)
def test_every_layer_foretells_its_shape(layer, shape):
    x = np.ones((4, *np.atleast_1d(shape)), dtype=int if isinstance(layer, nn.Embedding) else float)
    assert nn.analyze(layer, shape).output == ("batch", *layer(x).shape[1:])


def test_every_problem_is_found_with_its_path_and_fix():
    net = nn.Sequential(
        nn.Linear(3, 4),
        nn.Tanh(),
        nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.BatchNorm1d(7)),
        nn.LayerNorm(8),
        nn.ReLU(),
        nn.Linear(8, 1),
        nn.ReLU(),
        nn.Linear(2, 1),
    )
    found = nn.analyze(net, 2)
    assert not found.ok
    assert found.problems == (
        "0: Linear(in_features=3, out_features=4, bias=True) gets (batch, 2): expected 3 features; "
        "make it Linear(2, …) or the layer before 3 wide",
        "2.0: Linear(in_features=5, out_features=6, bias=True) gets (batch, 4): expected 5 features; "
        "make it Linear(4, …) or the layer before 5 wide",
        "2.2: BatchNorm1d(num_features=7, eps=1e-05, momentum=0.1, affine=True) gets (batch, 6): "
        "expected 7 features; make it BatchNorm1d(6) or the layer before 7 wide",
        "3: LayerNorm((8,), eps=1e-05, elementwise_affine=True) gets (batch, 7): expected x to end in (8,); "
        "make it LayerNorm((7,))",
        "7: Linear(in_features=2, out_features=1, bias=True) gets (batch, 1): expected 2 features; "
        "make it Linear(1, …) or the layer before 2 wide",
    )
    assert found.output == ("batch", 1)
    text = str(found)
    assert "5 problems:" in text
    assert all(problem in text for problem in found.problems)
    with pytest.raises(ShapeError, match="summary: the network cannot take this input\n  0: Linear") as caught:
        nn.summary(net, 2)
    assert all(problem in str(caught.value) for problem in found.problems)


def test_pictures_need_flattening():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Linear(144, 10))
    (problem,) = nn.analyze(net, (3, 8, 8)).problems
    assert problem.endswith("gets (batch, 4, 6, 6): expected 144 features; put nn.Flatten() before it")
    first, second = nn.analyze(nn.Sequential(nn.Conv2d(1, 4, 9), nn.ReLU(), nn.Conv2d(5, 1, 1)), (3, 10, 10)).problems
    assert "expected 1 channels, got 3; make it Conv2d(3, …)" in first
    assert "2: Conv2d(" in second
    assert "gets (batch, 4, 2, 2): expected 5 channels, got 4" in second


def test_a_batch_of_one_is_too_small_for_batch_norm():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    (problem,) = nn.analyze(net, 2, batch=1).problems
    assert "gets (1, 3): expected more than one example" in problem
    assert nn.analyze(net, 2, batch=2).ok
    assert nn.analyze(net, 2).ok
    assert nn.analyze(net.eval(), 2, batch=1).ok


@pytest.mark.parametrize(
    "between", [[], [nn.Identity()], [nn.Dropout(0.5)], [nn.Flatten(), nn.BatchNorm1d(3)], [nn.MaskPoolDropout()]]
)
def test_linear_layers_in_a_row_collapse(between):
    found = nn.analyze(nn.Sequential(nn.Linear(2, 3), *between, nn.Linear(3, 1)), 2)
    assert found.ok
    (warning,) = found.warnings
    assert warning.startswith(f"{len(between) + 1}: Linear(")
    assert "follows 0 with no activation between: the two are no more than one linear layer" in warning
    assert "\n\n1 warning:\n" in str(found)


def test_activations_and_dropout_of_everything():
    assert not nn.analyze(nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1)), 2).warnings
    (warning,) = nn.analyze(nn.Sequential(nn.Dropout(1.0)), 2).warnings
    assert "0: Dropout(p=1.0) drops everything" in warning
    assert len(nn.analyze(nn.MLP([2, 3, 3, 1], activation="identity"), 2).warnings) == 2


class Residual(nn.Module):
    def __init__(self):
        self.inner = nn.Linear(3, 3)

    def forward(self, x):
        return x + self.inner(x)


def test_a_module_that_does_not_tell_is_noted():
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), Residual(), nn.Linear(5, 1))
    found = nn.analyze(net, 2)
    assert len(found.problems) == 1  # what came before was checked
    assert found.output is None
    (warning,) = found.warnings
    assert warning.startswith("2: Residual does not tell its output's shape: define `def output_shape(self, shape)`")
    assert warning.endswith("what follows was not checked")

    class Telling(Residual):
        def output_shape(self, shape):
            return self.inner.output_shape(shape)

    found = nn.analyze(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), Telling(), nn.Linear(3, 1)), 2)
    assert found.ok
    assert "2: Telling(…)" in str(found)
    table = nn.summary(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), Residual()), 2)
    assert table.rows[-1].output_shape is None
    assert table.rows[-1].parameters == 12


def test_nothing_runs():
    def refuse(*_):
        raise AssertionError("it ran")

    net = nn.MLP([2, 3, 1])
    for module in net.modules():
        module.register_forward_pre_hook(refuse)
    assert nn.analyze(net, 2).ok
    assert nn.summary(net, 2).parameters == 13


def test_wrong_arguments():
    with pytest.raises(TypeError, match="analyze: expected a Module, got <ufunc 'tanh'>"):
        nn.analyze(np.tanh, 2)
    with pytest.raises(ValueError, match="analyze: input_shape must be a positive whole number, got 'batch'"):
        nn.analyze(nn.Tanh(), ("batch", 2))
    with pytest.raises(ValueError, match="analyze: batch must be a positive whole number, got 0"):
        nn.analyze(nn.Tanh(), 2, batch=0)


def test_one_layer_alone_and_an_empty_network():
    assert str(nn.analyze(nn.Tanh(), 2)).splitlines() == ["input      (batch, 2)", "Tanh()     (batch, 2)"]
    assert nn.analyze(nn.Sequential(), 2).output == ("batch", 2)


# -- summary ---------------------------------------------------------------------------------------


def test_counts():
    table = nn.summary(nn.Sequential(*CONVOLUTIONAL), (1, 16, 28))
    assert [row.parameters for row in table.rows] == [40, 0, 0, 4 * 8 * 15 + 8, 0, 0, 0, 0, 170, 20, 0]
    conv1, conv2 = 16 * 28 * 4 * 9, 3 * 5 * 8 * 4 * 15
    assert [row.multiplications for row in table.rows] == [conv1, 0, 0, conv2, 0, 0, 0, 0, 160, 0, 0]
    assert table.parameters == sum(row.parameters for row in table.rows) == table.trainable
    assert table.multiplications == conv1 + conv2 + 160
    assert len({len(line) for line in str(table).splitlines()}) == 1  # aligned


def test_multiplications_of_other_layers():
    assert nn.summary(nn.Linear(200, 200), 200).multiplications == 40_000  # the lecture's
    assert nn.summary(nn.Linear(4, 5), (3, 4)).multiplications == 60
    assert nn.summary(nn.RNNCell(4, 5), 4).multiplications == 20 + 25
    assert nn.summary(nn.GRUCell(4, 5), 4).multiplications == 3 * (20 + 25)
    assert nn.MLP([200, 200, 10]).multiplications(("batch", 200)) == 42_000


def test_shared_and_frozen_parameters():
    layer = nn.Linear(3, 3)
    table = nn.summary(nn.Sequential(layer, nn.Tanh(), layer, nn.Linear(3, 1).freeze()), 3)
    assert [row.parameters for row in table.rows] == [12, 0, 12, 4]
    assert (table.parameters, table.trainable) == (16, 12)
    assert table.multiplications == 9 + 9 + 3
    assert str(table).endswith("4 of the parameters are frozen")


def test_a_batch_does_not_count_and_one_example_is_no_picture():
    assert nn.Linear(200, 200).multiplications((32, 200)) == 40_000
    with pytest.raises(nn.Misfit, match=r"^expected 1 features; make it Linear\(5, …\)"):
        nn.Linear(1, 1).output_shape((5,))


def test_where_no_shape_can_be_told_the_rest_is_said_to_be_unchecked():
    found = nn.analyze(nn.Sequential(nn.MaxPool2d(9), nn.Linear(3, 1)), (1, 4, 4))
    (problem,) = found.problems
    assert "at least 9 × 9" in problem
    assert problem.endswith("; what follows was not checked")
    assert "?" in str(found)
