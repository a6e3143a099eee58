"""Ctrl-C, wherever it strikes: parameters, memory, gradients and settings are as before or as after, bit for bit."""

import os
import signal
import sys

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value, nn, optim
from autograd_mini.backprop import gradients, steps, topological_order
from autograd_mini.learn import KeepBest, fit, load_model, save_model
from autograd_mini.learn.callbacks import Training
from autograd_mini.learn.checkpoint import load_checkpoint, save_checkpoint
from autograd_mini.learn.training import evaluating, predict
from tests.trust.interrupts import interrupt, modes_now, numbers_of, places, signalled

X, Y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
LOSS = nn.L2Loss()
OPTIMIZERS = [
    *(optim.SGD, optim.Momentum, optim.Nesterov, optim.Adagrad, optim.Adadelta, optim.RMSprop, optim.Adam, optim.AdamW)
]


@pytest.fixture(autouse=True)
def traced(request):
    """All tests but those with real signals trace instructions, for which one version of Python is enough."""
    if sys.version_info >= (3, 12) and "real_signals" not in request.node.name:
        pytest.skip("instructions are traced in another way from Python 3.12 on; real signals are sent there, too")


@pytest.fixture(autouse=True)
def numpy_settings():
    """`np.errstate` can be broken off itself, in blocks that fit and the losses open: no other test is to see it."""
    before, callback = np.geterr(), np.geterrcall()
    yield
    np.seterr(**before)
    np.seterrcall(callback)


def name_of(item):
    return getattr(item, "__name__", None)


def network():
    return nn.MLP([2, 2, 1], "tanh", rng=np.random.default_rng(0))


def trained(make=optim.Adam, count=1):
    """A network and its optimizer after some steps, with the gradients for one more."""
    net = network()
    optimizer = make(net.parameters(), 0.1)
    for _ in range(count):
        one_step(net, optimizer)
    LOSS(net(X), Y).backward()
    return net, optimizer


def one_step(net, optimizer):
    optimizer.zero_grad()
    LOSS(net(X), Y).backward()
    optimizer.step()


def state(net, optimizer):
    return numbers_of(net, optimizer, *[w.grad for w in net.parameters()])


def all_or_nothing(made, run, tell, signals_only=False, every=1):
    """Interrupt `run(*made())` in every place: what `tell` tells is that before or that after, and both are met."""
    places(lambda: run(*made()), signals_only)  # what is done only once is done now
    reference = made()
    before = tell(*reference)
    count = places(lambda: run(*reference), signals_only)
    after, things, struck = tell(*reference), made(), 0
    assert before != after
    for place in range(0, count, every):
        settings = modes_now()
        struck += interrupt(lambda: run(*things), place, signals_only)  # noqa: B023
        now = tell(*things)
        assert now in (before, after), f"interrupted in place {place} of {count}"
        assert not signals_only or modes_now() == settings, f"interrupted in place {place} of {count}"
        things = things if now == before else made()
    assert struck > max(10, 0.95 * count / every - 1)
    run(*things)
    assert tell(*things) == after


def nothing_lost(run, tell, signals_only=False, every=1):
    """The same for what is to leave everything as it was."""
    places(run, signals_only)
    before, settings, struck = tell(), modes_now(), 0
    count = places(run, signals_only)
    for place in range(0, count, every):
        struck += interrupt(run, place, signals_only)
        assert tell() == before, f"interrupted in place {place} of {count}"
        assert not signals_only or modes_now() == settings, f"interrupted in place {place} of {count}"
    assert struck > max(10, 0.95 * count / every - 1)


# -- a step of an optimizer ------------------------------------------------------------------------


@pytest.mark.parametrize("make", OPTIMIZERS, ids=name_of)
def test_an_interrupted_step_is_made_whole_or_not_at_all(make):
    every = 1 if make in (optim.SGD, optim.Adam) else 7  # the others differ from them in `update` alone
    all_or_nothing(lambda: trained(make), lambda net, optimizer: optimizer.step(), state, every=every)


def test_so_is_a_step_of_numbers_small_arrays_and_a_large_one():
    def made():
        rng = np.random.default_rng(0)
        shapes = [(), (2, 3), (70, 70), (), (3,)]
        parameters = [Value(rng.normal(size=shape)) for shape in shapes]
        for w, shape in zip(parameters, shapes, strict=True):
            w.grad = rng.normal() if shape == () else rng.normal(size=shape)
        optimizer = optim.Adam([{"parameters": parameters[:2]}, {"parameters": parameters[2:]}], 0.1)
        optimizer.step()
        return [optimizer]

    def tell(optimizer):
        return numbers_of(*[w.data for w in optimizer.parameters], optimizer)

    all_or_nothing(made, lambda optimizer: optimizer.step(), tell)


@pytest.mark.parametrize("clip", [optim.clip_by_norm, optim.clip_by_value], ids=name_of)
def test_gradients_are_clipped_all_or_none(clip):
    def made():
        net, _ = trained()
        return [net]

    def tell(net):
        return numbers_of(*[w.grad for w in net.parameters()])

    all_or_nothing(made, lambda net: clip(net.parameters(), 1e-3), tell)


def test_what_a_step_tells_of_itself_belongs_to_the_numbers_it_left():
    def made():
        net, optimizer = trained(optim.Momentum)
        optimizer.explain = True
        one_step(net, optimizer)
        return net, optimizer

    def tell(net, optimizer):
        for w in net.parameters():
            np.testing.assert_array_equal(optimizer.last_update(w).after, w.data)
        return state(net, optimizer)

    all_or_nothing(made, lambda net, optimizer: optimizer.step(), tell, every=7)


def test_a_graph_recorded_before_a_step_is_stale_if_it_was_made_and_only_then():
    def made():
        net, optimizer = trained()
        return net, optimizer, LOSS(net(X), Y)

    def tell(net, optimizer, E):
        try:
            topological_order(E)
        except ag.GraphError:
            return state(net, optimizer), "stale"
        return state(net, optimizer), "fresh"

    all_or_nothing(made, lambda net, optimizer, E: optimizer.step(), tell, every=7)


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam], ids=name_of)
def test_an_interrupted_loading_of_an_optimizer_is_whole_or_none(make):
    def made(rate=0.1):
        net = network()
        groups = [{"parameters": layer.parameters()} for layer in (net[0], net[2])]
        return net, make(groups, rate)

    net, other = made(0.3)
    one_step(net, other)
    saved = other.state_dict()
    all_or_nothing(made, lambda net, optimizer: optimizer.load_state_dict(saved), state)


# -- a model ---------------------------------------------------------------------------------------


def deep():
    net = nn.Sequential(network(), nn.BatchNorm1d(1), nn.Dropout(0.5, np.random.default_rng(0)), nn.Tanh())
    LOSS(net(X), Y).backward()
    return net


def test_an_interrupted_loading_of_a_model_is_whole_or_none():
    saved = {path: numbers + 1 for path, numbers in deep().state_dict().items()}
    all_or_nothing(lambda: [deep()], lambda net: net.load_state_dict(saved), numbers_of, every=3)


def test_running_statistics_move_together():
    all_or_nothing(lambda: [nn.BatchNorm1d(2)], lambda norm: norm(X), numbers_of)


@pytest.mark.parametrize(
    ("run", "tell"),
    [
        (lambda net: net.eval(), lambda net: [m.training for m in net.modules()]),
        (lambda net: net.freeze(), lambda net: [m.frozen for m in net.modules()]),
        (lambda net: net.zero_grad(), lambda net: [w.grad is None for w in net.parameters(include_frozen=True)]),
    ],
    ids=["eval", "freeze", "zero_grad"],
)
def test_a_model_is_switched_in_all_its_parts_or_in_none(run, tell):
    all_or_nothing(lambda: [deep()], run, lambda net: tuple(tell(net)))


# -- gradients -------------------------------------------------------------------------------------


def scalars():
    w, x = Value(0.5), Value(2.0)
    w.grad = 7.0
    return np.tanh(w * x) ** 2 + w / x


def arrays():
    net = network()
    for w in net.parameters():
        w.grad = 3 * w.data
    return LOSS(net(X[:2]), Y[:2])


def hooked():
    E = scalars()
    for node in topological_order(E):
        node.register_hook(lambda grad: 2 * grad)
    return E


def grads_of(E, *_):
    return numbers_of(*[node.grad for node in topological_order(E)])


@pytest.mark.parametrize("signals_only", [False, True], ids=["anywhere", "as signals come"])
@pytest.mark.parametrize("make", [scalars, hooked, arrays], ids=name_of)
def test_an_interrupted_backward_has_added_all_gradients_or_none(make, signals_only):
    all_or_nothing(lambda: [make()], lambda E: E.backward(), grads_of, signals_only, 3 if make is arrays else 1)


@pytest.mark.parametrize(
    "options", [{"create_graph": True}, {"retain_grads": False}], ids=lambda options: ",".join(options)
)
def test_so_has_an_interrupted_backward_with_options(options):
    def tell(E):
        found = [node.grad for node in topological_order(E)]
        return numbers_of(*[grad.data if type(grad) is Value else grad for grad in found])

    all_or_nothing(lambda: [scalars()], lambda E: E.backward(**options), tell, True)


@pytest.mark.parametrize("make", [scalars, hooked, arrays], ids=name_of)
@pytest.mark.parametrize("ask", [lambda E: gradients(E, [E]), steps], ids=["gradients", "steps"])
def test_what_only_asks_for_gradients_leaves_all_as_they_were(make, ask):
    E = make()
    E.backward()
    nothing_lost(lambda: ask(E), lambda: grads_of(E), signals_only=True)


TRANSFORMS = {
    "grad": lambda f, x: ag.grad(f)(x),
    "grad of grad": lambda f, x: ag.grad(ag.grad(f))(x),
    "vjp": lambda f, x: ag.vjp(f, x)[1](1.0),
    "jvp": lambda f, x: ag.jvp(f, (x,), (1.0,)),
    "hessian": lambda f, x: ag.hessian(f)(x),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_an_interrupted_transform_restores_the_gradients_of_what_it_shares_and_all_settings(name):
    w = Value(3.0)
    w.grad = 5.0
    f = lambda x: np.tanh(w * x)  # noqa: E731
    nothing_lost(lambda: TRANSFORMS[name](f, 0.5), lambda: numbers_of(w.data, w.grad), signals_only=True)


# -- blocks ----------------------------------------------------------------------------------------

NET, W = nn.Sequential(nn.Tanh(), nn.Dropout(0.5)), Value(2.0)
BLOCKS = {
    "no_grad": ag.no_grad,
    "record_sources": ag.record_sources,
    "anomaly": ag.anomaly,
    "evaluating": lambda: evaluating(NET),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_an_interrupted_block_is_left(name):
    def run():
        with BLOCKS[name](), BLOCKS[name]():
            _ = W * W + 1.0

    nothing_lost(run, lambda: tuple(m.training for m in NET.modules()), signals_only=True)


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_within_another_leaves_that(name):
    with BLOCKS[name]():
        test_an_interrupted_block_is_left(name)


def test_a_prediction_that_was_interrupted_leaves_the_model_in_training():
    nothing_lost(lambda: predict(NET, X), lambda: tuple(m.training for m in NET.modules()), signals_only=True)


# -- training --------------------------------------------------------------------------------------

STEPS = 4


def straight(make):
    """The states after 0, 1, 2, … steps, and their numbers."""
    net = network()
    optimizer = make(net.parameters(), 0.1)
    states = {numbers_of(net, optimizer): 0}
    for count in range(1, STEPS + 1):
        one_step(net, optimizer)
        states[numbers_of(net, optimizer)] = count
    assert len(states) == STEPS + 1
    return states


def fitted(net, optimizer):
    return fit(net, (X, Y), LOSS, optimizer, STEPS, None, (X, Y), progress=False)


def goes_on(net, optimizer, states):
    """The interrupted training is at one of the steps, and from there arrives where the straight one did."""
    done = states[numbers_of(net, optimizer)]
    for _ in range(STEPS - done):
        one_step(net, optimizer)
    assert states[numbers_of(net, optimizer)] == STEPS
    return done


@pytest.mark.parametrize("make", OPTIMIZERS, ids=name_of)
def test_after_an_interrupted_fit_training_goes_on_as_if_nothing_had_been(make):
    states, settings = straight(make), modes_now()

    def new():
        net = network()
        return net, make(net.parameters(), 0.1)

    for _ in range(2):  # what is done only once is done in the first round
        net, optimizer = new()
        count = places(lambda: fitted(net, optimizer), signals_only=True)  # noqa: B023
        assert states[numbers_of(net, optimizer)] == STEPS
    found, struck = set(), 0
    for place in (0, *np.random.default_rng(0).choice(count, 12, replace=False), count - 1):
        net, optimizer = new()
        struck += interrupt(lambda: fitted(net, optimizer), place, signals_only=True)  # noqa: B023
        assert modes_now() == settings
        found.add(goes_on(net, optimizer, states))
    assert struck > 12
    assert len(found) > STEPS / 2


def test_an_interrupted_fit_returns_its_finished_epochs_or_raises_and_keeps_the_best_weights():
    histories = []

    def run():
        net = network()
        histories.append((net, None))
        optimizer, best = optim.Adam(net.parameters(), 0.1), KeepBest()
        history = fit(net, (X, Y), LOSS, optimizer, STEPS, None, callbacks=[best], progress=False)
        histories[-1] = net, history

    places(run, signals_only=True)
    count = places(run, signals_only=True)
    [_, (_, whole)] = histories
    struck = [interrupt(run, place, signals_only=True) for place in np.random.default_rng(1).integers(0, count, 40)]
    assert sum(struck) > 35
    returned = [(net, history) for net, history in histories[2:] if history is not None]
    assert len(returned) > 20
    for _, history in returned:
        assert history.rows == whole.rows[: len(history)]
        assert history.stopped == "interrupted" or len(history) == STEPS


@pytest.mark.skipif(os.name != "posix", reason="timers and signals to threads are POSIX's")
@pytest.mark.parametrize("by_thread", [False, True], ids=["setitimer", "pthread_kill"])
def test_real_signals(by_thread):
    # All but NumPy's own settings, the last two: np.errstate, written in Python, can be interrupted itself.
    states, settings, rng, found = straight(optim.Adam), modes_now()[:-2], np.random.default_rng(0), []
    numpy_s = np.geterr()
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # else the other thread would wait for some milliseconds
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)]
    for attempt in range(600):
        if attempt >= 60 and len(set(found)) > 2:  # on a busy machine most come too early or too late
            break
        net = network()
        optimizer = optim.Adam(net.parameters(), 0.1)
        struck = signalled(lambda: fitted(net, optimizer), 1e-5 + 0.01 * rng.random(), by_thread)  # noqa: B023
        np.seterr(**numpy_s)
        np.seterrcall(None)
        assert modes_now()[:-2] == settings
        done = goes_on(net, optimizer, states)
        found += [done] if struck else []
    sys.setswitchinterval(switching)
    assert len(set(found)) > 2, "the signals came too early or too late: the test has shown nothing"
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)] == handlers


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Python itself closes a file that was just opened
def test_an_interrupted_saving_leaves_the_old_file_or_the_new(tmp_path):
    path, old, new = tmp_path / "model.npz", network(), network()
    new[0].weight.data += 1
    versions = {numbers_of(net): net for net in (old, new)}

    def saved():
        save_model(path, old)
        return [path]

    def tell(path):
        found = numbers_of(load_model(path))
        assert found in versions
        return found

    all_or_nothing(saved, lambda path: save_model(path, new), tell, True, every=5)
    save_model(path, new)
    assert os.listdir(tmp_path) == [path.name], "a temporary file was left behind for good"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_interrupted_loading_of_a_checkpoint_is_whole_or_none(tmp_path):
    path = tmp_path / "checkpoint.npz"

    def made():
        net, optimizer = trained()
        return [Training(net, optimizer, None, np.random.default_rng(1), [KeepBest()])]

    def tell(training):
        stands = training.rng.bit_generator.state["state"]["state"]
        return (
            numbers_of(training.model, training.optimizer),
            len(training.history),
            stands,
            len(training.callbacks[0].best),
        )

    [other] = made()
    one_step(other.model, other.optimizer)
    other.history.append({"loss": 1.0})
    other.callbacks[0](other)
    other.rng.random()
    save_checkpoint(path, other)
    all_or_nothing(made, lambda training: load_checkpoint(path, training), tell, True, every=29)
