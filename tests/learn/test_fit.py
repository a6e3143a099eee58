"""`fit`: what it computes, keeps, stops at, and goes on from."""

import itertools

import numpy as np
import pytest

from autograd_mini import nn, no_grad, optim
from autograd_mini.learn import (
    Callback,
    Diverged,
    EarlyStopping,
    KeepBest,
    ModelFileError,
    accuracy,
    epochs,
    fit,
    moons,
    predict,
    r_squared,
    regression_curve,
    save_model,
    train_test_split,
)

CLASSES = nn.CrossEntropyLoss()


def data(seed=0):
    X, y = moons(60, rng=np.random.default_rng(seed))
    return X, y


def network(seed=0, dropout=False):
    """With dropout, its generator is one that nothing else draws from."""
    rng = np.random.default_rng(seed)
    middle = [nn.Dropout(0.3, rng=np.random.Generator(np.random.MT19937(seed)))] if dropout else []
    return nn.Sequential(nn.Linear(2, 8, rng=rng), nn.Tanh(), nn.BatchNorm1d(8), *middle, nn.Linear(8, 2, rng=rng))


def same(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


# -- what it computes ------------------------------------------------------------------------------


def test_fit_is_the_loop_over_epochs_and_its_history():
    X, y = data()
    nets = network(), network()
    optimizers = [optim.Adam(net.parameters(), learning_rate=0.01) for net in nets]
    history = fit(nets[0], (X, y), CLASSES, optimizers[0], 5, 16, rng=np.random.default_rng(1), progress=False)
    loop = epochs(nets[1], CLASSES, optimizers[1], X, y, size=16, rng=np.random.default_rng(1))
    assert history["loss"] == list(itertools.islice(loop, 5))
    assert history["learning_rate"] == [0.01] * 5
    assert history.stopped == ""
    assert same(*nets)


def test_validation_and_metrics_are_those_of_the_model_after_each_epoch():
    X, X_test, y, y_test = train_test_split(*data(), rng=np.random.default_rng(0))
    net = network(dropout=True)
    seen = []

    def look(training):
        with no_grad():
            training.model.eval()
            output = training.model(X_test)
            training.model.train()
        seen.append((CLASSES(output, y_test).item(), accuracy(output.data, y_test)))

    optimizer = optim.SGD(net.parameters(), 0.1)
    options = {"metrics": {"accuracy": accuracy}, "callbacks": [look], "progress": False}
    history = fit(net, (X, y), CLASSES, optimizer, 4, validation=(X_test, y_test), **options)
    assert history.columns == ["loss", "validation_loss", "validation_accuracy", "learning_rate"]
    found = zip(history["validation_loss"], history["validation_accuracy"], strict=True)
    assert [pytest.approx(row, rel=1e-12) for row in seen] == list(found)


def test_without_validation_the_metrics_are_of_the_training_data():
    X, y = regression_curve(40, rng=np.random.default_rng(0))
    net = nn.MLP([1, 16, 1], rng=np.random.default_rng(0))
    optimizer = optim.Adam(net.parameters(), learning_rate=0.03)
    history = fit(net, (X, y), nn.MSELoss(), optimizer, 150, metrics={"r2": r_squared}, progress=False)
    assert history.last["r2"] == r_squared(predict(net, X), y) > 0.9


def test_layers_are_in_training_mode_meanwhile_and_as_before_afterwards():
    net, modes = network(dropout=True), []
    net.eval()
    net[0].train()
    before = [module.training for module in net.modules()]
    look = lambda training: modes.append([module.training for module in training.model.modules()])  # noqa: E731
    fit(net, data(), CLASSES, optim.SGD(net.parameters(), 0.1), 2, callbacks=[look], validation=data(), progress=False)
    assert modes == [[True] * len(before)] * 2
    assert [module.training for module in net.modules()] == before


@pytest.mark.parametrize(("every", "steps"), [("epoch", 3), ("batch", 3 * 4)])
def test_the_schedule_is_stepped(every, steps):
    net = network()
    optimizer = optim.SGD(net.parameters(), 0.5)
    schedule = optim.ExponentialSchedule(optimizer, 0.5)
    history = fit(
        net, data(), CLASSES, optimizer, 3, 16, schedule=schedule, schedule_every=every, progress=False
    )  # fmt: skip
    assert schedule.n == steps
    assert history["learning_rate"] == [0.5 * 0.5 ** (steps // 3 * epoch) for epoch in range(3)]


@pytest.mark.parametrize("warm", [False, True])
def test_a_plateau_is_judged_by_the_validation_loss(warm):
    net = network()
    optimizer = optim.SGD(net.parameters(), 1e-9)  # nothing is learned
    schedule = optim.ReduceOnPlateau(optimizer, by=0.5, patience=0, threshold=0.1)
    schedule = optim.WarmUp(schedule, steps=1) if warm else schedule
    history = fit(net, data(), CLASSES, optimizer, 4, validation=data(1), schedule=schedule, progress=False)
    plateau = schedule.then if warm else schedule
    assert plateau.scale == (0.25 if warm else 0.125)
    assert plateau.best == history["validation_loss"][warm]


def test_gradients_are_clipped():
    net = nn.Linear(2, 2, rng=np.random.default_rng(0))
    before = net.state_dict()
    X, y = data()
    fit(net, (1000 * X, y), CLASSES, optim.SGD(net.parameters(), 1.0), 1, None, clip_norm=0.25, progress=False)
    after = net.state_dict()
    moved = np.sqrt(sum(np.sum((after[name] - before[name]) ** 2) for name in after))
    assert moved == pytest.approx(0.25, rel=1e-9)


# -- when it stops ---------------------------------------------------------------------------------


def scripted(numbers, callbacks):
    """A training whose metric "m" takes the given numbers, and whose weight is the epoch's."""
    net = nn.Linear(1, 1, bias=False, rng=np.random.default_rng(0))
    rows = iter(numbers)
    count = itertools.count(1)

    def metric(prediction, target):
        net.weight.data = np.array([[float(next(count))]])
        return next(rows)

    optimizer = optim.SGD(net.parameters(), 0.0)
    zeros = np.zeros((3, 1))
    history = fit(
        net, (zeros, zeros), nn.MSELoss(), optimizer, len(numbers), metrics={"m": metric}, callbacks=callbacks,
        progress=False,
    )  # fmt: skip
    return history, net.weight.data.item()


@pytest.mark.parametrize(
    ("numbers", "options", "length"),
    [
        ([3, 2, 1, 1, 1, 1, 0, 0], {}, 5),
        ([3, 2, 1, 2, 0.5, 2, 2, 0], {}, 7),
        ([1, 2, 3, 3, 3, 9, 9, 9], {"largest": True}, 5),
        ([9, 8.5, 8, 7, 6, 5, 4, 3], {}, 8),
        ([9, 8.5, 8.4, 8.3, 6, 5, 4, 3], {"least_change": 1}, 3),
        ([np.nan, np.nan, 1, 1], {}, 2),
    ],
)
def test_early_stopping(numbers, options, length):
    history, _ = scripted(numbers, [EarlyStopping(2, "m", **options)])
    assert len(history) == length
    assert history.stopped == ("m has not improved for 2 epochs" if length < len(numbers) else "")


@pytest.mark.parametrize(
    ("numbers", "largest", "best"), [([3, 1, 2, 1], False, 2), ([3, 1, 4, 1], True, 3), ([np.nan, 2, 3], False, 2)]
)
def test_the_best_weights_come_back(numbers, largest, best):
    history, weight = scripted(numbers, [KeepBest("m", largest)])
    assert weight == best == history.best_epoch("m", largest)
    assert len(history) == len(numbers)


def test_the_validation_loss_is_watched_unless_told_otherwise():
    net = network()
    optimizer = optim.SGD(net.parameters(), 0.0)
    stop = EarlyStopping(1)
    history = fit(net, data(), CLASSES, optimizer, 20, None, data(1), callbacks=[stop], progress=False)
    assert history.stopped.startswith("validation_loss")
    history = fit(net, data(), CLASSES, optimizer, 20, None, callbacks=[EarlyStopping(1)], progress=False)
    assert history.stopped.startswith("loss")


@pytest.mark.parametrize("options", [{"patience": 0}, {"least_change": -1}])
def test_early_stopping_out_of_range(options):
    with pytest.raises(ValueError, match="expected patience"):
        EarlyStopping(**options)


def test_a_callback_can_stop_and_all_are_told_of_the_end():
    ends = []

    class End(Callback):
        def finish(self, training):
            ends.append(len(training.history))

    net = network()
    stop = lambda training: training.stop("enough") if len(training.history) == 2 else None  # noqa: E731
    history = fit(net, data(), CLASSES, optim.SGD(net.parameters(), 0.1), 9, callbacks=[stop, End()], progress=False)
    assert (len(history), history.stopped, ends) == (2, "enough", [2])


class Interrupting:
    """A loss that is interrupted, or goes wrong, in the n-th batch."""

    def __init__(self, n, error=KeyboardInterrupt):
        self.left, self.error = n, error

    def __call__(self, prediction, target):
        self.left -= 1
        if self.left == 0:
            raise self.error
        return CLASSES(prediction, target)


def test_ctrl_c_keeps_the_finished_epochs_and_the_best_weights():
    nets = network(), network()
    options = {"callbacks": [KeepBest("loss")], "progress": False}
    runs = [
        fit(net, data(), loss, optim.SGD(net.parameters(), 0.1), n, 16, rng=np.random.default_rng(0), **options)
        for net, loss, n in ((nets[0], Interrupting(15), 9), (nets[1], CLASSES, 3))  # batch 3 of epoch 4
    ]
    assert runs[0].stopped == "interrupted"
    assert runs[0].rows == runs[1].rows
    assert same(*nets)
    assert nets[0].training


def test_other_errors_are_not_swallowed_and_the_end_is_told():
    net = network()
    best = KeepBest("loss")
    with pytest.raises(RuntimeError):
        fit(
            net, data(), Interrupting(6, RuntimeError), optim.SGD(net.parameters(), 0.1), 9, 16, callbacks=[best],
            progress=False,
        )  # fmt: skip
    assert all(np.array_equal(best.best[name], numbers) for name, numbers in net.state_dict().items())


# -- nan and inf -----------------------------------------------------------------------------------


def diverge(net, X, loss=None, rate=0.1, **options):
    y = np.zeros((len(X), 1))
    with pytest.raises(Diverged) as caught:
        fit(net, (X, y), loss or nn.MSELoss(), optim.SGD(net.parameters(), rate), 50, progress=False, **options)
    for remedy in ("lower learning rate", "clip_norm", "Standardizer", "initialisation"):
        assert remedy in str(caught.value)
    return caught.value


def test_the_first_bad_layer_is_named_and_the_model_stays():
    class Explode(nn.Module):
        def forward(self, x):
            return x * 1e308 * 1e10

    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), Explode(), nn.Linear(3, 1))
    before = net[1].state_dict()
    error = diverge(net, np.random.default_rng(0).normal(size=(5, 2)))
    assert "epoch 1: the loss is" in str(error)
    assert "layer '2: Explode()' is the first whose output is nan or inf" in str(error)
    after = net[1].state_dict()
    assert after["num_batches_tracked"] == before["num_batches_tracked"] + 1  # once, not again to find the layer
    assert len(error.history) == 0


def test_a_learning_rate_that_is_too_high():
    net = nn.Linear(2, 1, rng=np.random.default_rng(0))
    error = diverge(net, np.ones((4, 2)), rate=1e60)
    assert len(error.history) >= 1
    assert all(np.isfinite(numbers).all() for numbers in net.state_dict().values())


def test_bad_inputs_and_bad_weights_are_told_apart():
    net = nn.Linear(1, 1, rng=np.random.default_rng(0))
    assert "the inputs hold nan or inf" in str(diverge(net, np.array([[np.nan]])))
    net.weight.data = np.array([[np.inf]])
    assert "the weights weight hold nan or inf" in str(diverge(net, np.ones((1, 1))))


def test_a_validation_loss_that_is_not_finite():
    net = nn.Linear(1, 1, rng=np.random.default_rng(0))
    zero, huge = np.zeros((1, 1)), np.full((1, 1), 1e200)
    assert "the loss itself overflowed" in str(diverge(net, zero, validation=(huge, zero)))


def test_a_loss_that_overflows_by_itself():
    net = nn.Linear(1, 1, rng=np.random.default_rng(0))
    net.weight.data = np.array([[1e200]])
    assert "every layer's output is finite, at the end at most 1e+200" in str(diverge(net, np.ones((1, 1))))


def test_a_gradient_that_is_not_finite_while_the_loss_is():
    class Root(nn.Module):
        def forward(self, x):
            return np.sqrt(x)

    net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False), Root())
    net[1].weight.data = np.zeros((1, 1))
    for options in ({}, {"clip_norm": 1.0}):
        text = str(diverge(net, np.ones((1, 1)), lambda prediction, target: prediction.mean(), **options))
        assert "its gradient is not; on its way back it went bad at 1.weight" in text


# -- resuming --------------------------------------------------------------------------------------

MAKERS = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "Momentum": lambda p: optim.Momentum(p, 0.05, momentum=0.9),
    "Adagrad": lambda p: optim.Adagrad(p, 0.05),
    "AdamW": lambda p: optim.AdamW(p, learning_rate=0.01),
}
SCHEDULES = {
    "none": lambda optimizer: None,
    "cosine": lambda optimizer: optim.CosineSchedule(optimizer, steps=8),
    "plateau": lambda optimizer: optim.WarmUp(optim.ReduceOnPlateau(optimizer, patience=0, threshold=0.2), steps=2),
}


def train(epochs, checkpoint=None, resume=False, make="AdamW", schedule="none", loss=CLASSES, seed=0, patience=100):
    """All made anew, as in another process."""
    net = network(dropout=True)
    optimizer = MAKERS[make](net.parameters())
    history = fit(
        net, data(), loss, optimizer, epochs, 16, data(1), SCHEDULES[schedule](optimizer),
        [EarlyStopping(patience), KeepBest()], np.random.default_rng(seed), metrics={"accuracy": accuracy},
        checkpoint=checkpoint, resume=resume, progress=False,
    )  # fmt: skip
    return net, optimizer, history


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("make", MAKERS)
def test_a_resumed_training_is_the_straight_one_bit_for_bit(make, schedule, suffix, tmp_path):
    path = tmp_path / f"training{suffix}"
    straight = train(8, make=make, schedule=schedule)
    _, _, history = train(8, path, make=make, schedule=schedule, loss=Interrupting(18))  # batch 3 of epoch 4
    assert (len(history), history.stopped) == (3, "interrupted")
    # Another seed: the generator's place is in the checkpoint.
    resumed = train(8, path, True, make=make, schedule=schedule, seed=99)
    assert resumed[2].rows == straight[2].rows
    assert same(resumed[0], straight[0])
    assert same(resumed[1], straight[1])
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_stopped_training_stays_stopped(tmp_path):
    path = tmp_path / "training.npz"
    net, _, history = train(200, path, patience=2)
    assert history.stopped
    again, _, resumed = train(200, path, True, patience=2)
    assert resumed.rows == history.rows
    assert resumed.stopped == history.stopped
    assert same(net, again)


def test_resuming_what_is_done_or_not_begun(tmp_path):
    path = tmp_path / "training.npz"
    _, _, first = train(3, path, resume=True)  # nothing to resume
    net, _, second = train(2, path, resume=True)  # nothing left to do
    assert second.rows == first.rows
    with pytest.raises(ValueError, match="needs a checkpoint"):
        train(3, None, resume=True)
    assert net.state_dict()


def test_a_checkpoint_of_another_training_changes_nothing(tmp_path):
    path = tmp_path / "training.npz"
    train(2, path)
    net = network(dropout=True)
    for change in ("optimizer", "schedule", "callbacks", "model"):
        net = nn.MLP([2, 3, 2]) if change == "model" else network(seed=5, dropout=True)
        optimizer = (optim.SGD if change == "optimizer" else optim.AdamW)(net.parameters(), learning_rate=0.1)
        schedule = optim.CosineSchedule(optimizer, 3) if change == "schedule" else None
        callbacks = [] if change == "callbacks" else [EarlyStopping(3), KeepBest()]
        before, rng = net.state_dict(), np.random.default_rng(7)
        with pytest.raises(ValueError, match=r"training\.npz: the checkpoint (does not fit|is of another)"):
            fit(
                net, data(), CLASSES, optimizer, 4, 16, schedule=schedule, callbacks=callbacks, rng=rng,
                checkpoint=path, resume=True, progress=False,
            )  # fmt: skip
        assert all(np.array_equal(before[name], numbers) for name, numbers in net.state_dict().items())
        assert rng.random() == np.random.default_rng(7).random()


def test_a_damaged_checkpoint_and_one_that_is_a_model(tmp_path):
    path = tmp_path / "training.npz"
    save_model(path, nn.MLP([2, 2]))
    with pytest.raises(ModelFileError, match="no checkpoint of a training"):
        train(2, path, resume=True)
    train(1, path)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ModelFileError):
        train(2, path, resume=True)


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_every_kind_of_generator_goes_on(kind, tmp_path):
    runs = []
    for total, resume in ((4, False), (2, False), (4, True)):
        net = nn.MLP([2, 4, 2], rng=np.random.default_rng(0))
        rng = np.random.Generator(kind(3))
        rng.integers(2, dtype=np.uint32)  # half of a 64-bit number is left over
        options = {"rng": rng, "checkpoint": tmp_path / "c.npz", "resume": resume, "progress": False}
        runs.append(
            (fit(net, data(), CLASSES, optim.SGD(net.parameters(), 0.1), total, 16, **options).rows, rng.random())
        )
    assert runs[0] == runs[2]


# -- what does not fit -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number ≥ 1, got 0"),
        ({"epochs": 1.5}, "epochs must be a whole number"),
        ({"batch_size": 0}, "size must be a whole number, at least 1"),
        ({"data": (np.ones((3, 2)), np.array([0, 1]))}, "X has 3 examples, y has 2"),
        ({"data": (np.ones((0, 2)), np.ones(0, dtype=int))}, "fit, data: no examples"),
        ({"validation": (np.ones((0, 2)), np.ones(0, dtype=int))}, "fit, validation: no examples"),
        ({"optimizer": optim.SGD(nn.Linear(2, 2).parameters(), 0.1)}, "none of the model's parameters"),
        ({"schedule": optim.ConstantSchedule(optim.SGD(nn.Linear(1, 1).parameters(), 0.1))}, "another optimizer"),
        ({"schedule_every": "step"}, "'epoch' or 'batch', got 'step'"),
    ],
)
def test_arguments_that_do_not_fit(options, message):
    net = network()
    plain = {"data": data(), "loss": CLASSES, "optimizer": optim.SGD(net.parameters(), 0.1), "epochs": 1}
    with pytest.raises(ValueError, match=message):
        fit(net, progress=False, **{**plain, **options})


def test_a_plateau_cannot_be_looked_at_batch_by_batch():
    net = network()
    optimizer = optim.SGD(net.parameters(), 0.1)
    schedule = optim.ReduceOnPlateau(optimizer)
    with pytest.raises(ValueError, match="whole epochs"):
        fit(net, data(), CLASSES, optimizer, 1, schedule=schedule, schedule_every="batch", progress=False)


def test_predict_in_parts_is_predict_at_once():
    net = network(dropout=True)
    X, _ = data()
    assert np.allclose(predict(net, X, size=7), predict(net, X), rtol=1e-14)
    assert predict(net, X).shape == (60, 2)
    assert net.training
    with pytest.raises(ValueError, match="at least one example"):
        predict(net, X[:0])


def test_the_bar_counts_the_epochs(capsys):
    net = network()
    for progress in (True, False):
        fit(net, data(), CLASSES, optim.SGD(net.parameters(), 0.1), 3, progress=progress)
        err = capsys.readouterr().err
        assert ("3/3" in err and "loss=" in err) if progress else err == ""
