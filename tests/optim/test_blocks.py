"""Parameters stepped together, in blocks, move bit for bit as if each were stepped by itself."""

import copy
import pickle

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, optim
from autograd_mini.optim import blocks
from autograd_mini.optim.blocks import Alone, Arrays, Numbers, elementwise
from tests.engine.test_other_arrays import Elsewhere

ALL = [optim.SGD, optim.Momentum, optim.Nesterov, optim.Adagrad, optim.Adadelta, optim.RMSprop, optim.Adam, optim.AdamW]
every_optimizer = pytest.mark.parametrize("make", ALL, ids=lambda cls: cls.__name__)
SHAPES = [(), (2, 3), (3,), (), (70, 70), (1, 1), (0,), (4, 1, 2), (), (5,)]


def values(dtype, shapes=SHAPES):
    rng = np.random.default_rng(3)
    return [
        Value(dtype(rng.normal(size=shape)) if shape == () else rng.normal(size=shape).astype(dtype))
        for shape in shapes
    ]


def two_groups(parameters):
    return [
        {"parameters": parameters[::2]},
        {"learning_rate": 0.03, "parameters": parameters[1::2], "weight_decay": 0.2},
    ]


def bits(numbers):
    return type(numbers), np.asarray(numbers).dtype, np.shape(numbers), np.asarray(numbers).tobytes()


def state(optimizer):
    data = [bits(w.data) for w in optimizer.parameters]
    memory = [[bits(x) for x in remembered] for remembered in optimizer.memory]
    return data, memory, {name: bits(item) for name, item in optimizer.state_dict().items()}


def twins(make, dtype, grouped, shapes=SHAPES, **options):
    """The same optimizer twice; the second explains itself, and so it takes one parameter after the other."""
    made = []
    for explain in (False, True):
        parameters = values(dtype, shapes)
        made.append(make(two_groups(parameters) if grouped else parameters, 0.1, **options))
        made[-1].explain = explain
    return made


def gradients(optimizer, n):
    """As the engine makes them: of the kind and precision of the parameter."""
    rng = np.random.default_rng(n)
    for w in optimizer.parameters:
        g = rng.normal(size=w.shape).astype(w.dtype)
        w.grad = type(w.data)(g) if w.shape == () else g


def step(optimizer, n, without=()):
    gradients(optimizer, n)
    for i in without:
        optimizer.parameters[i].grad = None
    optimizer.step()


def blocks_in_use(optimizer):
    """Which parameters were stepped together: the kind of block, and their positions."""
    return [(type(block), list(block.positions)) for block in optimizer._arranged[0]]


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("grouped", [False, True], ids=["one group", "two groups"])
@pytest.mark.parametrize("decay", [0.0, 0.125])
def test_blocks_make_the_same_steps_bit_for_bit(make, dtype, grouped, decay):
    together, apart = twins(make, dtype, grouped, weight_decay=decay)
    for n in range(6):
        for optimizer in (together, apart):
            step(optimizer, n, without=(1, 3) if n == 2 else (0, 4) if n == 4 else ())
        assert state(together) == state(apart), n
    assert apart._arranged is None
    steps_differ = "steps" in make.remembers
    if not grouped and not steps_differ:
        found = [(Numbers, [0, 3, 8]), (Arrays, [1, 2, 5, 7, 9]), (Alone, [4]), (Alone, [6])]
        assert blocks_in_use(together) == found
    if not grouped and steps_differ:  # those that were left out once are a step behind
        assert (Numbers, [0, 3]) in blocks_in_use(together)
        assert (Arrays, [2, 5, 7, 9]) in blocks_in_use(together)


def assign_data(optimizer):
    for w in optimizer.parameters:
        if w.shape in ((2, 3), ()):
            w.data = 0.5 * w.data


def write_into_data(optimizer):
    for w in optimizer.parameters:
        if w.shape in ((2, 3), (70, 70)):
            w.data[0, 1:] *= 0.5


def write_into_memory(optimizer):
    for remembered in optimizer.memory:
        for x in remembered:
            if np.ndim(x):
                x *= 0.5


def assign_memory(optimizer):
    optimizer.memory = [tuple(2 * x for x in remembered) for remembered in optimizer.memory]


def load_own_state(optimizer):
    optimizer.load_state_dict(optimizer.state_dict())


def assign_rate(optimizer):
    for k, group in enumerate(optimizer.groups):
        group["learning_rate"] = 0.5 * (k + 1)


def read_memory(optimizer):
    assert len(optimizer.memory) == len(SHAPES)


@every_optimizer
@pytest.mark.parametrize("grouped", [False, True], ids=["one group", "two groups"])
@pytest.mark.parametrize(
    "meanwhile",
    [assign_data, write_into_data, write_into_memory, assign_memory, load_own_state, assign_rate, read_memory],
    ids=lambda function: function.__name__,
)
def test_what_is_changed_between_steps_is_seen(make, grouped, meanwhile):
    together, apart = twins(make, np.float64, grouped)
    for n in range(4):
        for optimizer in (together, apart):
            step(optimizer, n)
            meanwhile(optimizer)
        assert state(together) == state(apart), n


@every_optimizer
@pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["deepcopy", "pickle"]
)
def test_copies_share_nothing_and_go_on_alike(make, twin_of):
    optimizer, _ = twins(make, np.float64, True)
    for n in range(2):
        step(optimizer, n)
    twin = twin_of(optimizer)
    then = state(optimizer)
    step(twin, 5)
    assert state(optimizer) == then
    step(optimizer, 5)
    assert state(optimizer) == state(twin)


@every_optimizer
def test_numbers_that_somebody_holds_are_not_written_to(make):
    optimizer, _ = twins(make, np.float64, False)
    step(optimizer, 0)
    held = [w.data for w in optimizer.parameters] + [x for remembered in optimizer.memory for x in remembered]
    before = [bits(x) for x in held]
    for n in range(1, 4):
        step(optimizer, n)
    assert [bits(x) for x in held] == before


def test_parameters_share_no_numbers():
    optimizer, _ = twins(optim.Adam, np.float64, False)
    step(optimizer, 0)
    arrays = [w.data for w in optimizer.parameters if w.ndim]
    for i, a in enumerate(arrays):
        assert not any(np.may_share_memory(a, b) for b in arrays[:i])


# -- gradients that are not as the engine makes them -----------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        lambda g: np.asfortranarray(g),
        lambda g: np.repeat(g, 2, axis=-1)[..., ::2],
        lambda g: g.astype(np.float32),
        lambda g: np.rint(10 * g).astype(int),
        lambda g: g.tolist(),
        lambda g: Value(g),
        lambda g: g.astype(">f8"),
    ],
    ids=["another order", "a view with gaps", "float32", "integers", "a list", "a Value", "another byte order"],
)
@every_optimizer
def test_gradients_of_other_kinds(make, given):
    together, apart = twins(make, np.float64, False, [(2, 3), (), (4,), (3, 2)])
    for n in range(3):
        for optimizer in (together, apart):
            gradients(optimizer, n)
            optimizer.parameters[0].grad = given(optimizer.parameters[0].grad)
            optimizer.step()
        assert state(together) == state(apart)


def test_a_gradient_of_another_shape_but_as_many_numbers_is_named_and_nothing_changes():
    optimizer, _ = twins(optim.Momentum, np.float64, False, [(4,), (2, 3)])
    step(optimizer, 0)
    before = state(optimizer)
    optimizer.parameters[1].grad = np.ones((3, 2))
    with pytest.raises(ShapeError, match=r"the gradient of parameter 1 has shape \(3, 2\), expected .* \(2, 3\)"):
        optimizer.step()
    assert state(optimizer) == before


@pytest.mark.parametrize("shape", [(), (2, 3), (70, 70)])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_one_gradient_that_is_not_finite_is_named_and_nothing_changes(shape, bad):
    together, _ = twins(optim.Momentum, np.float64, False, [shape] * 3)
    step(together, 0)
    before = state(together)
    together.parameters[1].name = "w"
    g = np.zeros(shape)
    g[(0,) * len(shape)] = bad
    together.parameters[1].grad = g[()]
    with pytest.raises(FloatingPointError, match=f"the gradient of w is nan or inf in 1 of {g.size} entries"):
        together.step()
    assert state(together) == before


@pytest.mark.parametrize(
    "make", [optim.RMSprop, optim.Adam, optim.Adagrad, optim.Adadelta], ids=lambda cls: cls.__name__
)
@pytest.mark.parametrize("shape", [(), (2, 3), (70, 70)])
def test_the_one_update_that_overflows_is_named_and_nothing_changes(make, shape):
    together, _ = twins(make, np.float64, False, [shape] * 3)
    step(together, 0)
    before = state(together)
    together.parameters[2].name = "w"
    together.parameters[2].grad = np.full(shape, 1e200)[()]
    with pytest.raises(FloatingPointError, match=r"the update of w: overflow .* Its largest gradient is 1e\+200"):
        together.step()
    assert state(together) == before


def test_a_gradient_whose_square_overflows_is_no_trouble_where_nobody_squares_it():
    together, apart = twins(optim.SGD, np.float64, False, [(), (), (2, 3), (70, 70)])
    for optimizer in (together, apart):
        for w in optimizer.parameters:
            w.grad = np.full(w.shape, -1e200)[()]
        optimizer.step()
    assert state(together) == state(apart)


@pytest.mark.parametrize("explain", [False, True])
def test_a_steps_settings_are_its_own(explain):
    """Whatever the caller's are: an overflow is an error, an underflow is 0."""
    w, v = Value(1.0), Value([1.0, 2.0])
    optimizer = optim.Adam([w, v], 0.1)
    optimizer.explain = explain
    for mode in ("ignore", "raise"):
        with np.errstate(all=mode):
            before = np.geterr()
            w.grad, v.grad = 1e-200, np.full(2, 1e-200)
            optimizer.step()
            w.grad, v.grad = 1e200, np.ones(2)
            with pytest.raises(FloatingPointError, match="the update of parameter 0: overflow"):
                optimizer.step()
            assert np.geterr() == before


# -- which rules are run on blocks -----------------------------------------------------------------


def counting(mark):
    class Counting(optim.SGD):
        calls = 0

        def update(self, g, learning_rate):
            type(self).calls += 1
            return (-learning_rate * g,)

    if mark:
        elementwise(Counting.update)
    return Counting


@pytest.mark.parametrize(("mark", "calls"), [(True, 1), (False, 9)])
def test_a_rule_is_given_many_parameters_only_if_it_says_so_itself(mark, calls):
    make = counting(mark)
    optimizer = make([Value(float(n)) for n in range(9)], 0.5)
    for w in optimizer.parameters:
        w.grad = 1.0
    optimizer.step()
    assert make.calls == calls
    assert [w.data for w in optimizer.parameters] == [n - 0.5 for n in range(9)]


def test_a_rule_that_looks_at_a_whole_gradient_sees_one_at_a_time():
    class Normalized(optim.SGD):
        def update(self, g, learning_rate):
            return (-learning_rate * g / np.sqrt(np.sum(g * g)),)

    v, w = Value([0.0, 0.0]), Value([0.0, 0.0])
    v.grad, w.grad = np.array([3.0, 4.0]), np.array([30.0, 40.0])
    Normalized([v, w], 5.0).step()
    assert v.data.tolist() == w.data.tolist() == [-3.0, -4.0]


class Away(Elsewhere):
    """An array that lives elsewhere, for what the optimizers ask of arrays besides."""

    def astype(self, dtype, copy=True):
        return Away(self.inside.astype(dtype, copy=copy))

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        found = super().__array_ufunc__(ufunc, method, *inputs, **kwargs)
        return Away(found.inside) if type(found) is Elsewhere else found

    def __getitem__(self, index):
        return Away(self.inside[index])

    def all(self):
        return self.inside.all()


@every_optimizer
def test_arrays_that_live_elsewhere_are_stepped_one_by_one(make):
    here = values(np.float64, [(2, 3), (4,)])
    there = [Value(Away(w.data)) for w in here]
    rng, optimizers = np.random.default_rng(0), (make(here, 0.1, weight_decay=0.1), make(there, 0.1, weight_decay=0.1))
    for _ in range(3):
        for w, v in zip(here, there, strict=True):
            w.grad = rng.normal(size=w.shape)
            v.grad = Away(w.grad)
        for optimizer in optimizers:
            optimizer.step()
        for w, v in zip(here, there, strict=True):
            assert type(v.data) is Away
            np.testing.assert_array_equal(v.data.inside, w.data)
    assert optimizers[1]._arranged is None


@pytest.mark.parametrize("most", [0, 8, 10**6])
def test_where_a_block_ends_changes_nothing(most, monkeypatch):
    monkeypatch.setattr(blocks, "MOST", most)
    together, apart = twins(optim.Adam, np.float64, False)
    for n in range(3):
        step(together, n)
        step(apart, n)
    assert state(together) == state(apart)
    assert sum(kind is Alone for kind, _ in blocks_in_use(together)) == {0: 7, 8: 2, 10**6: 1}[most]


# -- options ---------------------------------------------------------------------------------------


def test_an_option_that_changes_in_place_is_seen_and_checked():
    w = Value(1.0)
    w.grad = 1.0
    optimizer = optim.SGD([{"parameters": [w]}], 0.5)
    rate = np.array(0.25)
    optimizer.groups[0]["learning_rate"] = rate
    optimizer.step()
    assert w.data == 0.75
    rate[()] = 0.5
    optimizer.step()
    assert w.data == 0.25
    rate[()] = np.nan
    with pytest.raises(ValueError, match="SGD: learning_rate must be a finite number ≥ 0, got array"):
        optimizer.step()
    assert w.data == 0.25


def test_the_options_of_a_group_without_gradients_are_checked_too():
    v, w = Value(1.0), Value(1.0)
    v.grad = 1.0
    optimizer = optim.SGD([{"parameters": [v]}, {"parameters": [w]}], 0.5)
    optimizer.groups[1]["learning_rate"] = -1.0
    with pytest.raises(ValueError, match=r"SGD: learning_rate must be a finite number ≥ 0, got -1\.0"):
        optimizer.step()
    assert v.data == 1.0


def test_after_a_step_in_blocks_no_older_update_is_told():
    w = Value(1.0)
    w.grad = 1.0
    optimizer = optim.SGD([w], 0.5)
    optimizer.explain = True
    optimizer.step()
    assert optimizer.last_update(w).after == 0.5
    optimizer.explain = False
    optimizer.step()
    with pytest.raises(ValueError, match="has no update on record"):
        optimizer.last_update(w)


def test_what_last_update_tells_of_the_options_is_a_copy():
    w = Value(1.0)
    w.grad = 1.0
    optimizer = optim.SGD([w], 0.5)
    optimizer.explain = True
    optimizer.step()
    optimizer.last_update(w).options["learning_rate"] = 99.0
    optimizer.step()
    assert w.data == 0.0
    assert optimizer.last_update(w).options["learning_rate"] == 0.5


def test_counts_of_steps_that_have_become_different_stay_so_after_an_explained_step_and_after_loading():
    def taken(steps):
        a, b = Value(1.0), Value(1.0)
        optimizer = optim.Adam([a, b], 0.1)
        for ga, gb, explain in steps:
            a.grad, b.grad, optimizer.explain = ga, gb, explain
            optimizer.step()
        return a.data, b.data, [memory[-1] for memory in optimizer.memory], optimizer.state_dict()

    mixed = taken([(1.0, 1.0, False), (2.0, None, True), (0.5, 0.5, False)])
    apart = taken([(1.0, 1.0, True), (2.0, None, True), (0.5, 0.5, True)])
    assert mixed == apart
    assert mixed[2] == [3.0, 2.0]
    c, d = Value(1.0), Value(1.0)
    loaded = optim.Adam([c, d], 0.1)
    c.grad = d.grad = 1.0
    loaded.step()
    loaded.load_state_dict(mixed[3])
    c.grad = d.grad = 0.5
    loaded.step()
    assert [memory[-1] for memory in loaded.memory] == [4.0, 3.0]
