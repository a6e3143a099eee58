"""Simplified formulas look as on paper, and mean what the graph computed."""

import math

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.explain.formulas.algebra import TooLargeError, simplify
from autograd_mini.explain.formulas.expressions import Array, Function, Name, Power, Product, Sum, power, product, total
from tests.explain.reading import evaluated, from_latex, from_text

a, b, c = (ag.Value(v, name=n) for v, n in ((2.0, "a"), (3.0, "b"), (5.0, "c")))
y, ŷ = ag.Value(1.0, name="y"), ag.Value(0.25, name="ŷ")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda: 1.0 * 0.5 * (2 * (y - ŷ)) * -1, "−(y − ŷ)"),
        (lambda: ŷ * (1 - ŷ), "ŷ·(1 − ŷ)"),
        (lambda: 1 * a, "a"),
        (lambda: a * 1.0, "a"),
        (lambda: 0 * a, "0"),
        (lambda: a * 0 + b, "b"),
        (lambda: np.negative(-a), "a"),
        (lambda: +a, "a"),
        (lambda: -a * -b, "a·b"),
        (lambda: b * -a * c, "−b·a·c"),
        (lambda: a * a, "a²"),
        (lambda: a * b * a, "a²·b"),
        (lambda: a**2 * a, "a^3"),
        (lambda: (a + b) * (a + b), "(a + b)²"),
        (lambda: 2 * a * 0.5, "a"),
        (lambda: 2 * (0.25 * a), "0.5·a"),
        (lambda: a * 3, "3·a"),
        (lambda: a + a, "2·a"),
        (lambda: 2 * a + b - a, "a + b"),
        (lambda: a - a, "0"),
        (lambda: a * b + 3 * a * b, "4·a·b"),
        (lambda: a * b + b * a, "a·b + b·a"),
        (lambda: 1 + a + 2, "3 + a"),
        (lambda: a + (b + c), "a + b + c"),
        (lambda: a - (b - c), "a − (b − c)"),
        (lambda: -a + b, "−a + b"),
        (lambda: a / b / c, "a/(b·c)"),
        (lambda: a / (b / c), "a·c/b"),
        (lambda: 1 / a, "1/a"),
        (lambda: -1 / (a * a), "−1/a²"),
        (lambda: 1 / (2 * a), "0.5/a"),
        (lambda: np.reciprocal(a) * b, "b/a"),
        (lambda: a / a, "a/a"),
        (lambda: a * a / a, "a²/a"),  # no number where a is 0, unlike a
        (lambda: 2 * a / (a * a), "2/a"),
        (lambda: b * (c - a) / (c - a) ** 4, "b/(c − a)^3"),
        (lambda: a**0.5 / a, "a^0.5/a"),
        (lambda: (2 * a) ** 2, "4·a²"),
        (lambda: (-a) ** 2, "a²"),
        (lambda: (a * b) ** 2, "(a·b)²"),
        (lambda: (2 * a * b) ** 2, "4·(a·b)²"),
        (lambda: (a / b) ** 2, "a²/b²"),
        (lambda: (a**2) ** 3, "a^6"),
        (lambda: a**0, "1"),
        (lambda: a**1, "a"),
        (lambda: a**-2, "1/a²"),
        (lambda: a**0.5 * a**0.5, "a^0.5·a^0.5"),
        (lambda: a ** (b - 1), "a^(b − 1)"),
        (lambda: a * 1 / 0.0, "a/0"),
        (lambda: np.exp(-1 * a) * 2, "2·e^(−a)"),
        (lambda: np.sqrt(a * a + 0), "√(a²)"),
        (lambda: np.where(True, a, b), "a"),
        (lambda: np.where(False, a, b), "b"),
        (lambda: a * 1e-7, "1·10⁻⁷·a"),
    ],
)
def test_formulas_are_simplified_as_on_paper(formula, expected):
    with np.errstate(all="ignore"):
        assert simplify(formula()).text() == expected


def test_latex_of_simplified_formulas():
    assert simplify(-0.5 * (y - ŷ) ** 2).latex() == r"-0.5 \, {\left(y - \hat{y}\right)}^2"
    assert simplify(a / (b * b)).latex() == r"\frac{a}{{b}^2}"
    assert simplify(a - 2 * b).latex() == r"a - 2 \, b"


def test_the_lecture_s_way_of_writing_products():
    assert simplify(ŷ * (1 - ŷ)).text(tight=True) == "ŷ(1 − ŷ)"
    assert simplify(2 * (1 - ŷ)).text(tight=True) == "2(1 − ŷ)"
    assert simplify(a**b * (1 - ŷ)).text(tight=True) == "a^b·(1 − ŷ)"  # not b applied to 1 − ŷ
    assert simplify(np.sin(a) * (1 - ŷ)).text(tight=True) == "sin(a)·(1 − ŷ)"
    assert simplify(a * (b - a)).text(tight=True) == "a·(b − a)"  # a(b − a) looks like a function
    assert simplify(a * (1 - b)).text(tight=True) == "a·(1 − b)"


def test_two_values_of_one_name_are_not_the_same():
    twin = ag.Value(7.0, name="a")
    assert simplify(a - twin).text() == "a − a"
    assert simplify(a - a).text() == "0"


def test_names_stop_the_formula():
    s = a * b
    assert simplify(s + s, names={s: "s"}).text() == "2·s"
    h = np.tanh(s)
    h.name = "h"
    assert simplify(h).text() == "h"
    assert simplify(1 - h * h).text() == "1 − h²"


def test_constants_are_expressions():
    assert simplify(0.25).text() == "0.25"
    assert simplify(True).text() == "1"
    assert simplify(np.array([1.0, 2.0])).text() == "[1 2]"


def test_arrays_of_one_number_are_that_number_where_nothing_is_broadcast():
    v = ag.Value([1.0, 2.0], name="v")
    assert simplify(np.ones(2) * v).text() == "v"
    assert simplify(np.ones((3, 2)) * v).text() == "[[1 1] [1 1] [1 1]] ⊙ v"
    assert simplify(np.broadcast_to(a, (2,)) * v).text() == "a·v"
    assert simplify(v * v + 0 * v).text() == "v²"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_made_of_constant_arrays_is_folded(dtype):
    v = ag.Value(np.array([1.0, 2.0], dtype), name="v")
    ones = np.broadcast_to(ag.Value(dtype(1)), (2,))
    assert simplify(ones * 2 * v).text() == "2·v"
    assert simplify(np.sum(np.broadcast_to(ag.Value(dtype(1)), (4, 3)), axis=0, keepdims=True)).text() == "[[4 4 4]]"
    assert simplify(ag.Value(np.array([0.5, 0.5, 0.0], dtype))[0:1].reshape(()) * 2).text() == "1"
    many = np.sum(np.broadcast_to(ag.Value(dtype(1)), (4, 30)), axis=0)
    assert simplify(many).text() == "broadcast_to(4, shape=(30,))"
    assert simplify(v + 0).text() == simplify(+v).text() == "v"  # a name is no constant
    assert simplify(np.exp(ag.Value(dtype(2)))).text() == "e^2"  # nor a formula of numbers an array


def test_formulas_may_be_as_long_as_they_are_written():
    v = a
    for _ in range(100):
        v = v * a
    assert simplify(v, limit=3).text() == "a^101"
    with pytest.raises(TooLargeError):
        simplify(np.sin(a) + np.sin(b), limit=3)


def test_too_large():
    v = a
    for i in range(12):
        v = np.sin(v) * v + i
    with pytest.raises(TooLargeError, match="name some Values on the way"):
        simplify(v)
    deep = a
    for _ in range(5000):
        deep = np.sin(deep)
    with pytest.raises(TooLargeError):
        simplify(deep)


W, X, v, u = (
    ag.Value(np.random.default_rng(i).normal(size=shape), name=n)
    for i, (n, shape) in enumerate({"W": (2, 3), "X": (4, 3), "v": (3,), "u": (2,)}.items())
)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda: W.T.T, "W"),
        (lambda: (W @ X.T).T, "X @ Wᵀ"),
        (lambda: W @ -v, "−W @ v"),
        (lambda: (2 * W) @ (3 * v), "6·(W @ v)"),
        (lambda: np.sum(-0.5 * W, axis=0), "−0.5·Σ(W, axis=0)"),
        (lambda: (-W).T, "−Wᵀ"),
        (lambda: np.matmul(W, v[..., None])[..., 0], "W @ v"),
        (lambda: u[:, None] * v, "u vᵀ"),
        (lambda: (u[:, None] * v[None, :]).T, "v uᵀ"),
        (lambda: (u[..., None] * v) * 2, "2·(u vᵀ)"),
        (lambda: np.sum(X, axis=(0,), keepdims=True).reshape(3), "Σ(X, axis=0)"),
        (
            lambda: np.sum(X, axis=(1,), keepdims=True).reshape(2, 2),
            "reshape(Σ(X, axis=1, keepdims=True), shape=(2, 2))",
        ),
        (lambda: X.reshape(4, 3), "X"),
        (lambda: X * X, "X²"),
        (lambda: X * v, "X ⊙ v"),
        (lambda: 2 * X * v, "2·X ⊙ v"),
        (lambda: (X * v) @ W.T, "(X ⊙ v) @ Wᵀ"),
        (lambda: np.where(np.zeros(3, bool), 1.0, v), "v"),
    ],
)
def test_arrays(formula, expected):
    assert simplify(formula()).text() == expected


# -- properties ------------------------------------------------------------------------------------


def value_of(e, numbers):
    """An expression's number, from those of its names."""
    if isinstance(e, Name):
        return numbers[e.key]
    if isinstance(e, Array):
        return e.data
    if isinstance(e, Power):
        return value_of(e.base, numbers) ** e.exponent
    if isinstance(e, Sum):
        return sum(value_of(t, numbers) for t in e.terms)
    if isinstance(e, Product):
        over = [value_of(p, numbers) for p in e.over]
        under = [value_of(p, numbers) for p in e.under]
        result = e.coefficient
        for x in over:
            result = result * x
        for x in under:
            result = result / x
        return result
    assert isinstance(e, Function)
    return e.op(*[np.asarray(value_of(o, numbers), float)[()] for o in e.operands], params=e.params)


UNARY = [np.sin, np.tanh, np.exp, np.square, np.negative, lambda x: 1 / (2 + x * x), ag.sigmoid, lambda x: x**3]
BINARY = [
    np.add,
    np.subtract,
    np.multiply,
    lambda x, y: x / (1 + y * y),
    lambda x, y: x - 2 * y,
    lambda x, y: (x + y) * (x + y) * -0.5,
    np.maximum,
]


def random_graph(rng, leaves, size):
    nodes = list(leaves)
    for _ in range(size):
        if rng.random() < 0.4:
            node = UNARY[rng.integers(len(UNARY))](nodes[rng.integers(len(nodes))])
        else:
            x, y = (nodes[i] for i in rng.integers(len(nodes), size=2))
            node = BINARY[rng.integers(len(BINARY))](x, y if rng.random() < 0.8 else float(rng.integers(-3, 4)))
        if np.all(np.isfinite(node.data)) and np.all(np.abs(node.data) < 1e6):
            nodes.append(node)
    return nodes[-1]


@pytest.mark.parametrize("seed", range(200))
def test_simplified_formulas_mean_what_was_computed(seed):
    rng = np.random.default_rng(seed)
    leaves = [ag.Value(rng.normal(), name=n) for n in "pqr"]
    z = random_graph(rng, leaves, 8)
    numbers = {id(leaf): leaf.data for leaf in leaves}
    here = {leaf.name: leaf.data for leaf in leaves}
    for value in [z, *ag.gradients(z, leaves, create_graph=True)]:
        try:
            e = simplify(value)
        except TooLargeError:
            continue
        expected = value.data if type(value) is ag.Value else value
        assert value_of(e, numbers) == pytest.approx(expected, rel=1e-9, abs=1e-9)
        for formula in (from_text(e.text(17)), from_latex(e.latex(17))):
            assert evaluated(formula, here) == pytest.approx(expected, rel=1e-9, abs=1e-9), formula


@pytest.mark.parametrize("seed", range(60))
def test_simplified_formulas_of_arrays_mean_what_was_computed(seed):
    rng = np.random.default_rng(seed)
    leaves = [
        ag.Value(rng.normal(size=s), name=n)
        for n, s in (("A", (3, 2)), ("x", (2,)), ("B", (3, 1)), ("s", ()), ("C", (2, 3)))
    ]
    A, x, B, s, C = leaves
    z = [
        lambda: np.sum(np.tanh(A @ x - s) ** 2),
        lambda: np.mean((A * B - x) * (A - s)),
        lambda: np.sum((C @ A) @ x) * s,
        lambda: ag.logsumexp(A @ C, axis=1).sum(),
        lambda: np.sum(x @ C * B.reshape(3)),
        lambda: np.sum(np.stack([x, x * s]) @ C, axis=(0, 1)),
        lambda: np.prod(x) * np.max(A, axis=0) @ x,
    ][seed % 7]()
    numbers = {id(leaf): np.asarray(leaf.data) for leaf in leaves}
    for leaf, gradient in zip(leaves, ag.gradients(z, leaves, create_graph=True), strict=True):
        e = simplify(gradient)
        expected = gradient.data if type(gradient) is ag.Value else gradient
        found = np.broadcast_to(value_of(e, numbers), leaf.shape)  # 1 stands for ones where all entries are 1
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_making_expressions():
    x, y = Name("x", 1), Name("y", 2)
    assert product([x, y, x]) == Product(1.0, (Power(x, 2.0), Power(y, 1.0)))
    assert product([], 3.0) == Product(3.0)
    assert total([x, product([x], -1.0)]) == Product(0.0)
    assert total([x, y]) == Sum((x, y))
    assert power(x, 0) == Product(1.0)
    assert power(Product(10.0), 400.0) == Product(math.inf)
    assert product([x, Product(0.0)]) == Product(0.0)
