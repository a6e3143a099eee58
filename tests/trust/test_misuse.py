"""What one may do wrongly with a Value: it does what a user of NumPy expects, or an error says what to do instead.

Operators, indexing, comparison and copies of single Values are told in tests/engine/test_value.py.
"""

import copy
import math
import pickle
import statistics
import subprocess
import sys

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import GraphError, ShapeError, Value, nn, optim

AMBIGUOUS = "ambiguous"
CUT = r"would cut it from its graph: use \.data"


def v():
    return Value([1.0, 2.0], name="v")


def u():
    return Value([3.0, 4.0], name="u")


def w():
    return Value(3.0, name="w")


def assign(thing, **attributes):
    for name, item in attributes.items():
        setattr(thing, name, item)


def inside(f):
    """What f does inside a function that is being differentiated."""
    return lambda: ag.grad(f)(2.0)


def computed_in_no_grad():
    with ag.no_grad():
        return w() * 2.0


def into_array(operation):
    a = np.ones(2)
    operation(a)
    return a


def delete(x):
    del x[0]


def in_place_add(a, x):
    a += x


def objects(*values):
    array = np.empty(len(values), object)
    for i, x in enumerate(values):
        array[i] = x
    return array


REFUSED = {
    # backward
    "no scalar": (lambda: (v() * 2).backward(), GraphError, r"shape \(2,\): reduce it first.*np\.ones\(\(2,\)\)"),
    "upstream, shape": (lambda: (v() * 2).backward(np.ones(3)), ShapeError, r"has shape \(3,\), expected \(2,\)"),
    "upstream, number": (lambda: (v() * 2).backward(1.0), ShapeError, r"has shape \(\), expected \(2,\)"),
    "upstream, complex": (lambda: (v() * 2).backward(np.ones(2, complex)), TypeError, "real numbers"),
    "upstream, text": (lambda: (w() * 2).backward("a"), TypeError, "real numbers.*str"),
    "no graph": (lambda: computed_in_no_grad().backward(), GraphError, r"inside no_grad\(\).*compute it outside"),
    # conversions
    "float(array)": (lambda: float(v()), ValueError, "v of shape .* has 2; index it first"),
    "int(array)": (lambda: int(v()), ValueError, "index it first"),
    "math.sin(array)": (lambda: math.sin(v()), ValueError, "index it first"),
    "math.sin in grad": (inside(math.sin), TypeError, r"np\.sin, not math\.sin"),
    "float in grad": (inside(float), TypeError, "would cut it from its graph"),
    "np.float64 in grad": (inside(np.float64), TypeError, "would cut it from its graph"),
    "a[0] = x in grad": (
        inside(lambda x: into_array(lambda a: a.__setitem__(0, x)) * x),
        ValueError,
        "setting an array element",  # NumPy's words; the reason is told above them
    ),
    "format(array)": (lambda: f"{v():.2f}", ValueError, "index it first"),
    "np.asarray(v)": (lambda: np.asarray(v()), TypeError, CUT),
    "np.asarray(w)": (lambda: np.asarray(w()), TypeError, CUT),
    "np.array([v, v])": (lambda: np.array([v(), v()]), TypeError, r"np\.stack\(\[\.\.\.\]\) to join"),
    "np.array([w, w])": (lambda: np.array([w(), w()]), TypeError, CUT),
    "np.array([v], object)": (lambda: np.array([v()], dtype=object), TypeError, CUT),
    "np.array(w, float)": (lambda: np.array(w(), dtype=float), TypeError, CUT),
    "np.sum([w, w])": (lambda: np.sum([w(), w()]), TypeError, CUT),
    "np.exp([w, w])": (lambda: np.exp([w(), w()]), TypeError, CUT),
    "np.full(2, w)": (lambda: np.full(2, w()), TypeError, CUT),
    "Value([w, w])": (lambda: Value([w(), w()]), TypeError, CUT),
    "a[:] = v": (lambda: into_array(lambda a: a.__setitem__(slice(None), v())), TypeError, CUT),
    "a += v": (lambda: into_array(lambda a: in_place_add(a, v())), TypeError, r"array \+= v\): use a = a \+ v"),
    "np.add(out=a)": (lambda: np.add(v(), 1, out=np.ones(2)), TypeError, "cannot write a Value into an array"),
    "a[v]": (lambda: np.arange(9)[v()], TypeError, CUT),
    "v[w]": (lambda: v()[w()], TypeError, r"use its \.data"),
    "list[w]": (lambda: [1, 2][w()], TypeError, "integers or slices"),
    "range(w)": (lambda: range(w()), TypeError, "as an integer"),
    "statistics.mean": (lambda: statistics.mean([w(), w()]), TypeError, "Value"),
    "len(w)": (lambda: len(w()), TypeError, r"single number and has no len\(\)"),
    "iter(w)": (lambda: list(w()), TypeError, "cannot be iterated"),
    "sum(w)": (lambda: sum(w()), TypeError, "cannot be iterated"),
    "a, b, c = v": (lambda: (lambda a, b, c: 0)(*v()), TypeError, "missing 1"),
    # truth and comparison of arrays: as of NumPy's arrays
    "if v": (lambda: bool(v()), ValueError, r"v of shape \(2,\) is ambiguous: use \(v > 0\)\.all\(\)"),
    "v and u": (lambda: v() and u(), ValueError, AMBIGUOUS),
    "1 < v < 5": (lambda: 1 < v() < 5, ValueError, AMBIGUOUS),
    "max(v, u)": (lambda: max(v(), u()), ValueError, AMBIGUOUS),
    "sorted([v, u])": (lambda: sorted([v(), u()]), ValueError, AMBIGUOUS),
    "v in [u]": (lambda: v() in [u()], ValueError, AMBIGUOUS),
    "[u].index(v)": (lambda: [u()].index(v()), ValueError, AMBIGUOUS),
    "[u].remove(v)": (lambda: [u()].remove(v()), ValueError, AMBIGUOUS),
    "[u].count(v)": (lambda: [u()].count(v()), ValueError, AMBIGUOUS),
    "v == [1, 2, 3]": (lambda: v() == [1, 2, 3], ValueError, "broadcast"),
    "v < None": (lambda: v() < None, TypeError, "real numbers.*None"),
    # writing
    "v[0] = 1": (lambda: v().__setitem__(0, 1), TypeError, r"np\.where\(condition, new, v\).*v\.data = numbers"),
    "v[:] = 1": (lambda: v().__setitem__(slice(None), 1), TypeError, "cannot be assigned"),
    "del v[0]": (lambda: delete(v()), TypeError, r"cannot be deleted: take the others, v\[1:\]"),
    "v.foo = 1": (lambda: assign(v(), foo=1), AttributeError, "no attribute 'foo'"),
    "v.shape = ": (lambda: assign(v(), shape=(2, 1)), AttributeError, "shape"),
    "v.fill(0)": (lambda: v().fill(0), AttributeError, r"v\.data\.fill has it"),
    "v.sort()": (lambda: v().sort(), AttributeError, r"np\.sort\(v\) may have a derivative"),
    "v.data = u": (lambda: assign(v(), data=u()), TypeError, r"v of shape \(2,\) are plain numbers.*its \.data"),
    "w.data = w": (lambda: assign(w(), data=w()), TypeError, r"its \.data"),
    "v.data = 1j": (lambda: assign(v(), data=[1j, 0]), TypeError, "real numbers"),
    "v.data = 1": (lambda: assign(v(), data=1.0), ValueError, r"shape \(2,\), cannot be replaced by shape \(\)"),
    "z.data = 1": (lambda: assign(w() * 2, data=1.0), GraphError, "only a leaf's data can be assigned"),
    # other kinds of numbers
    "complex": (lambda: Value(1j), TypeError, "real numbers, got complex128"),
    "v * 1j": (lambda: v() * 1j, TypeError, "expected real numbers.*complex"),
    "complex array + v": (lambda: np.ones(2, complex) + v(), TypeError, "expected real numbers"),
    "astype(complex)": (lambda: v().astype(complex), TypeError, "holds floats"),
    "object array + v": (lambda: np.array([1, 2], object) + v(), TypeError, "expected real numbers.*object"),
    "v + object array": (lambda: v() + np.array([1, 2], object), TypeError, "expected real numbers.*object"),
    "array of Values * v": (lambda: objects(w(), w()) * v(), TypeError, "expected real numbers"),
    "Value of objects": (lambda: Value(objects(w())), TypeError, "real numbers, got object"),
    "masked array": (lambda: Value(np.ma.array([1.0, 2.0], mask=[0, 1])), TypeError, "masked.*x.filled"),
    "generator": (lambda: Value(x for x in (1.0, 2.0)), TypeError, "real numbers.*generator"),
    "~v": (lambda: ~v(), TypeError, "unary ~"),
    "v & 1": (lambda: v() & 1, TypeError, "&"),
    # classes
    "Value(v)": (lambda: Value(v()), TypeError, r"use v itself, \+v for a new node"),
    "subclass": (lambda: type("Mine", (Value,), {}), TypeError, "cannot be subclassed.*exact type"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_error_says_what_to_do_instead(name):
    run, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        run()


def derivative(f, x):
    x = Value(x)
    f(x).backward()
    return x.grad


def item(x):
    return x.item() if type(x) is Value else x


SAME = {
    "negative base, whole exponent": (lambda: derivative(lambda x: x**3, -2.0), 12.0),
    "negative base, exponent 3.0": (lambda: derivative(lambda x: x**3.0, -2.0), 12.0),
    "negative base, exponent -1": (lambda: derivative(lambda x: x**-1, -2.0), -0.25),
    "negative base, exponent 0": (lambda: derivative(lambda x: x**0, -2.0), 0.0),
    "0 ** 1": (lambda: derivative(lambda x: x**1, 0.0), 1.0),
    "float": (lambda: (float(w()), int(w()), complex(w()), round(w()), math.floor(w())), (3.0, 3, 3 + 0j, 3, 3)),
    "math outside of grad": (lambda: math.sin(w()), math.sin(3.0)),
    "np.float64(w)": (lambda: np.float64(w()), 3.0),
    "sum": (lambda: sum([w(), w()]).item(), 6.0),
    "sum of rows": (lambda: sum([v(), u()]).tolist(), [4.0, 6.0]),
    "np.sum of objects": (lambda: np.sum(objects(w(), w())).item(), 6.0),
    "object array": (lambda: [x.item() for x in objects(w(), w()) * 2.0], [6.0, 6.0]),
    "max": (lambda: max(Value(2.0), w(), Value(1.0)).name, "w"),
    "min of elements": (lambda: min(u()).item(), 3.0),
    "sorted": (lambda: [x.item() for x in sorted([Value(2.0), w(), Value(1.0)])], [1.0, 2.0, 3.0]),
    "zip": (lambda: [(x.item(), y.item()) for x, y in zip(v(), u(), strict=True)], [(1.0, 3.0), (2.0, 4.0)]),
    "unpacking": (lambda: (lambda a, b: (a.item(), b.item()))(*v()), (1.0, 2.0)),
    "starred": (lambda: [item(x) for x in [*v(), 5.0]], [1.0, 2.0, 5.0]),
    "reversed": (lambda: [x.item() for x in reversed(v())], [2.0, 1.0]),
    "any, all": (lambda: (any(v()), all(v())), (True, True)),
    "np.isnan": (lambda: np.isnan(Value([1.0, np.nan])).tolist(), [False, True]),
    "np.allclose": (lambda: np.allclose(v(), [1.0, 2.0]), True),
    "chained comparison": (lambda: 1 < w() < 5, True),
    "v == None": (lambda: (v() == None, v() != None, None in [v()]), (False, True, False)),  # noqa: E711
    "isinstance": (lambda: (isinstance(w(), Value), isinstance(w(), float), isinstance(v(), np.ndarray)), (1, 0, 0)),
    "mask": (lambda: v()[v() > 1].tolist(), [2.0]),
    "mask of an array": (lambda: np.arange(2)[v() > 1].tolist(), [1]),
    "f-strings": (lambda: f"{w():.2f}|{w():>6.1e}|{w()}|{v()}", "3.00|3.0e+00|Value(3.0, name='w')|" + repr(v())),
    "%": (lambda: "%.1f %s" % (w(), w().item()), "3.0 3.0"),  # noqa: UP031
    "list * v": (lambda: ([1, 2] * v()).tolist(), [1.0, 4.0]),
    "truth": (lambda: (bool(w()), not Value(0.0), w() or 1), (True, True, 3.0)),
    "upstream as a list": (lambda: derivative(lambda x: (x * [1.0, 2.0]).sum(), 2.0), 3.0),
}


@pytest.mark.parametrize("name", SAME)
def test_it_does_what_numpy_s_users_expect(name):
    run, expected = SAME[name]
    assert run() == expected


def test_a_root_of_a_negative_number_is_nan_with_numpy_s_warning():
    for base in (-2.0, np.array([-2.0])):
        for root in (lambda x: Value(x) ** 0.5, lambda x: np.sqrt(Value(x)), lambda x: x ** Value(0.5)):
            with pytest.warns(RuntimeWarning, match="invalid value"):
                assert np.isnan(root(base).data).all()
    assert np.isnan(derivative(lambda x: (-2.0) ** x, 3.0))  # log(-2): between whole exponents there is nothing
    base, exponent = Value(-2.0), Value(3.0)
    (base**exponent).backward()
    assert base.grad == 12.0
    assert np.isnan(exponent.grad)


# -- identity and containers -----------------------------------------------------------------------


def test_keys_and_sets_go_by_identity_lists_by_equality_as_with_arrays():
    a, b = Value(2.0), Value(2.0)
    assert len({a, b, a}) == 2
    assert {a: 1}.get(b) is None
    assert b in [a]  # equal numbers, as np.float64(2) in [np.float64(2)]
    assert [a, b].index(b) == 0
    values = [a, b]
    values.remove(b)
    assert values[0] is b
    x, y = v(), v()
    assert x in {x, y}
    assert y not in {x}
    assert x in [x, y]  # found by identity, before anything is compared
    assert [x, y].index(x) == 0
    assert x is not y
    assert hash(x) == hash(x) != hash(y)


def test_augmented_assignment_makes_a_new_node():
    x = v()
    y = x
    y += 1
    y *= 2
    assert x.tolist() == [1.0, 2.0]
    assert y.tolist() == [4.0, 6.0]
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_print_options_are_numpy_s():
    with np.printoptions(precision=2, suppress=True):
        assert repr(Value([1.23456, 1e-9])) == "Value([1.23, 0.  ])"
    assert "..." in repr(Value(np.zeros(1000)))


# -- copies, also in other processes ---------------------------------------------------------------

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
IN_ANOTHER_PROCESS = """
import pickle, sys
import numpy as np
things = pickle.load(sys.stdin.buffer)
net, optimizer = things["net"], things["optimizer"]
for _ in range(2):
    optimizer.zero_grad()
    np.sum(net(things["x"].data) ** 2).backward()
    optimizer.step()
pickle.dump(things, sys.stdout.buffer, int(sys.argv[1]))
"""


def double(module, args, output):
    return 2.0 * output


def things():
    """All that can be copied, at a moment in training; the optimizer's parameters are the network's."""
    x, net = Value(np.arange(6.0).reshape(3, 2), name="x"), nn.MLP([2, 2, 1], rng=np.random.default_rng(0))
    net.register_forward_hook(double)
    optimizer = optim.Adam(net.parameters(), 0.1)
    optimizer.explain = True
    np.sum(net(x) ** 2).backward()
    optimizer.step()
    return {"x": x, "net": net, "optimizer": optimizer, "half": Value(np.float32([0.5])), "scalar": Value(-0.0)}


def train(copied):
    net, optimizer = copied["net"], copied["optimizer"]
    assert all(p is q for p, q in zip(net.parameters(), optimizer.parameters, strict=True))
    for _ in range(2):
        optimizer.zero_grad()
        np.sum(net(copied["x"].data) ** 2).backward()
        optimizer.step()
    return copied


def assert_same(one, other):
    for name in ("x", "half", "scalar"):
        np.testing.assert_array_equal(one[name].data, other[name].data)
        np.testing.assert_equal(one[name].grad, other[name].grad)
        assert (one[name].dtype, one[name].name) == (other[name].dtype, other[name].name)
    assert np.signbit(one["scalar"].data) == np.signbit(other["scalar"].data)
    for key in ("net", "optimizer"):
        first, second = one[key].state_dict(), other[key].state_dict()
        assert first.keys() == second.keys()
        for name in first:
            np.testing.assert_array_equal(first[name], second[name])
    for p, q in zip(one["net"].parameters(), other["net"].parameters(), strict=True):
        np.testing.assert_array_equal(p.grad, q.grad)
        assert p.name == q.name


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_pickles_of_all_protocols_go_on_alike(protocol):
    original = things()
    twin = pickle.loads(pickle.dumps(original, protocol))
    assert_same(original, twin)
    assert_same(train(original), train(twin))


def test_deep_copies_go_on_alike_and_leave_the_original_alone():
    original, reference = things(), things()
    twin = copy.deepcopy(original)
    assert twin["net"].parameters()[0] is not original["net"].parameters()[0]
    train(twin)
    assert_same(original, reference)
    assert_same(train(original), twin)


@pytest.mark.parametrize("protocol", [PROTOCOLS[0], PROTOCOLS[-1]])
def test_a_pickle_goes_on_in_another_process_and_comes_back(protocol):
    original = things()
    del original["net"]._after  # a function of this file, which the other process does not know
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(protocol)]
    done = subprocess.run(command, input=pickle.dumps(original, protocol), capture_output=True, check=True)
    assert_same(train(original), pickle.loads(done.stdout))


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, pickle.dumps], ids=lambda f: f.__name__)
def test_what_is_computed_is_not_copied_also_inside_containers_and_modules(twin_of):
    z = w() * 2.0
    with pytest.raises(GraphError, match="computed by multiply"):
        twin_of(z)
    if twin_of is not copy.copy:
        net = nn.Linear(2, 1)
        net.last = net([1.0, 2.0])
        for container in ([z], {"z": z}, net):
            with pytest.raises(GraphError, match="computed by"):
                twin_of(container)


def test_a_copy_has_no_gradient_hooks():
    x, seen = w(), []
    x.register_hook(seen.append)
    (copy.copy(x) * 2.0).backward()
    assert seen == []


# -- what is not seen ------------------------------------------------------------------------------
# A write into an array itself cannot be seen without comparing all numbers, which only `ag.anomaly()` does. Each row
# writes between recording and backward(): today's gradient of the leaf, which mixes old and new numbers.


def overwritten(record, write):
    """The gradient after the write, the right one, and whether `ag.anomaly()` tells."""
    found = []
    for disturb in (write, lambda *_: None):
        leaf, batch = Value([1.0, 2.0], name="leaf"), np.array([3.0, 4.0])
        E = record(leaf, batch)
        disturb(leaf, batch, E)
        E.backward()
        found.append(leaf.grad.tolist())
    leaf, batch = Value([1.0, 2.0], name="leaf"), np.array([3.0, 4.0])
    with ag.anomaly():
        E = record(leaf, batch)
        write(leaf, batch, E)
        try:
            E.backward()
        except GraphError:
            return *found, True
    return *found, False


NOT_SEEN = {
    "w.data[0] = 5": (
        lambda w, x: np.sum(w * w),
        lambda w, x, E: w.data.__setitem__(0, 5.0),
        [10.0, 4.0],
    ),
    "a view of w.data": (
        lambda w, x: np.sum(w * w),
        lambda w, x, E: w.data[:1].fill(5.0),
        [10.0, 4.0],
    ),
    "np.add(..., out=w.data)": (
        lambda w, x: np.sum(w * w),
        lambda w, x, E: np.add(w.data, 1.0, out=w.data),
        [4.0, 6.0],
    ),
    "x[:] = next batch": (
        lambda w, x: np.sum(w * x),
        lambda w, x, E: x.fill(7.0),
        [7.0, 7.0],
    ),
    "a result's numbers": (
        lambda w, x: np.sum(np.exp(w)),
        lambda w, x, E: E.inputs[0].data.fill(9.0),
        [9.0, 9.0],
    ),
}


@pytest.mark.parametrize("name", NOT_SEEN)
def test_a_write_that_is_not_seen_but_by_anomaly(name):
    record, write, expected = NOT_SEEN[name]
    found, right, told = overwritten(record, write)
    assert found == expected
    assert found != right
    assert told


#: Numbers that leave the graph, as with PyTorch's .item(): outside of `ag.grad` and its kin nothing is said.
CUT_SILENTLY = {
    "float(w)": lambda w: Value(float(w * 2)) * 1.0,
    "math": lambda w: Value(math.exp(w)) * 1.0,
    "a[0] = w": lambda w: Value(into_array(lambda a: a.__setitem__(0, w * 2))).sum(),
    ".data": lambda w: Value((w * 2).data) * 1.0,
    "no_grad": lambda w: computed_in_no_grad() * 1.0,
}


@pytest.mark.parametrize("name", CUT_SILENTLY)
def test_what_cuts_the_graph_silently(name):
    x = w()
    CUT_SILENTLY[name](x).backward()
    assert x.grad is None


SEEN = {
    "w.data = ": lambda w: assign(w, data=[5.0, 6.0]),
    "w.data -= ": lambda w: assign(w, data=w.data.__isub__(1.0)),
    "optimizer.step()": lambda w: (assign(w, grad=np.ones(2)), optim.SGD([w], 0.1).step()),
    "load_state_dict": lambda w: _holding(w).load_state_dict({"w": [5.0, 6.0]}),
}


def _holding(x):
    module = nn.Module()
    module.w = x
    return module


@pytest.mark.parametrize("name", SEEN)
def test_a_write_that_is_seen(name):
    x = v()
    E = np.sum(x * x)
    SEEN[name](x)
    with pytest.raises(GraphError, match=r"the data of (v|w) \(2,\) changed after multiply had used them"):
        E.backward()


def test_arrays_that_are_copied_may_be_written_to():
    x, index, mask, upstream = v(), np.array([0, 0]), np.array([1.0, 0.0]), np.ones(2)
    y = np.where(mask, x[index], 0.0) + x[index]
    index[:], mask[:] = 1, 1.0
    y.backward(upstream)
    upstream[:] = 9.0
    assert x.grad.tolist() == [3.0, 0.0]
    assert y.grad.tolist() == [1.0, 1.0]
    numbers = np.ones(2)
    z = Value(numbers)
    numbers[:] = 5.0
    assert z.tolist() == [1.0, 1.0]
