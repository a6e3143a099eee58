import re
from xml.etree import ElementTree

import numpy as np
import pytest
from latex2mathml.converter import convert

import autograd_mini as ag
from autograd_mini.explain.formulas.local import local_derivative, pullback
from autograd_mini.explain.formulas.notation import counted, latex, name, number, operation, symbol, text
from autograd_mini.primitives import TABLE
from autograd_mini.rules import Local, Primitive, Pull

A, B = ag.Value(np.eye(2), name="A"), ag.Value(np.ones((2, 2)), name="B")
a, b, c = (ag.Value(v, name=n) for v, n in ((2.0, "a"), (3.0, "b"), (5.0, "c")))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda: a + b + c, "a + b + c"),
        (lambda: a + (b + c), r"a + \left(b + c\right)"),
        (lambda: a - (b - c), r"a - \left(b - c\right)"),
        (lambda: a - b - c, "a - b - c"),
        (lambda: (a + b) * c, r"\left(a + b\right) \, c"),
        (lambda: a * b + c, r"a \, b + c"),
        (lambda: a / (b + c), r"\frac{a}{b + c}"),
        (lambda: (a * b) ** 2, r"{\left(a \, b\right)}^2"),
        (lambda: (a**b) ** c, r"{\left({a}^{b}\right)}^{c}"),
        (lambda: -a * b, r"\left(-a\right) \, b"),
        (lambda: -(a + b), r"-\left(a + b\right)"),
        (lambda: -(a - b), r"-\left(a - b\right)"),
        (lambda: np.negative(-a), r"-\left(-a\right)"),
        (lambda: -(a * b), r"-a \, b"),
        (lambda: -np.expm1(a), r"-\left(e^{a} - 1\right)"),
        (lambda: np.expm1(a + b), "e^{a + b} - 1"),
        (lambda: (a / b) ** 2, r"{\left(\frac{a}{b}\right)}^2"),
        (lambda: np.exp(a) ** 2, r"{\left(e^{a}\right)}^2"),
        (lambda: np.exp(a) * b, r"e^{a} \, b"),
        (lambda: (A @ B).T, r"{\left(A \, B\right)}^T"),
        (lambda: (A + B)[0], r"\left(A + B\right)[0]"),
        (lambda: A[1:, ..., None], r"A[1:, \dots, \text{None}]"),
        (lambda: np.sum(A + B) * b, r"\sum(A + B) \, b"),
        (lambda: np.prod(A + B), r"\prod(A + B)"),
        (lambda: np.max(A) + b, r"\max(A) + b"),
        (lambda: np.where(True, a, b), r"\operatorname{where}(\text{True}, a, b)"),
        (lambda: np.clip(a, 0, None), r"\operatorname{clip}(a, 0, \text{None})"),
        (lambda: a * -2.0, r"a \, \left(-2\right)"),
        (lambda: a * 1e-7, r"a \, \left(1 \cdot 10^{-7}\right)"),
        (lambda: a * 2.0, r"a \cdot 2"),
        (lambda: 2.0 * a, r"2 \, a"),
        (lambda: ag.Value(3.0) * (2.0 * a), r"3 \, \left(2 \, a\right)"),
        (lambda: np.exp(a - b), "e^{a - b}"),
        (lambda: np.concatenate([a.reshape(1), b.reshape(1)]), r"\operatorname{concatenate}("),
    ],
)
def test_formulas_have_brackets_where_the_graph_needs_them(formula, expected):
    assert latex(formula()).startswith(expected)


def test_named_values_split_a_formula():
    s = a * b
    s.name = "s_D"
    assert latex(s + c) == "s_{D} + c"
    assert latex(s) == r"a \, b"


def test_a_leaf_is_its_name_or_its_number():
    assert latex(a) == "a"
    assert latex(ag.Value(0.25)) == "0.25"


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_every_row_has_a_well_formed_template(row):
    count = 2 if row.variadic else len(row.rules)
    text = row.latex.format(*"PQRSTU")
    depth = 0
    for bracket in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if bracket == "{" else -1
        assert depth >= 0
    assert depth == 0
    if not row.variadic:
        assert all(letter in text for letter in "PQ"[:count])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("w_GD", "w_{GD}"),
        ("ŷ", r"\hat{y}"),
        ("y\u0302_1", r"\hat{y}_{1}"),
        ("h'", "h'"),
        ("mu", r"\mu"),
        ("µ", r"\mu"),
        ("λ_1", r"\lambda_{1}"),
        ("Δ", r"\Delta"),
        ("δ_ŷ", r"\delta_{\hat{y}}"),
        ("W_2,1", "W_{2,1}"),
        ("loss", r"\mathrm{loss}"),
        ("multiply_1", r"\mathrm{multiply}_{1}"),
        ("floor_divide_2", r"{\text{floor}\_\text{divide}}_{2}"),
        ("learning_rate", r"\text{learning}\_\text{rate}"),
        ("0.weight", r"\text{0.weight}"),
        ("a_1%", r"\text{a}\_\text{1}\%"),
        ("", r"\text{ }"),
        ("a\nb", r"\text{a b}"),
    ],
)
def test_names_as_symbols(name, expected):
    assert symbol(name) == expected


HOSTILE = [
    *(r"\input{x}", "$x$", "{", "}{", "a\nb", r"\end{document}", "<b>x</b>", "<script>alert(1)</script>", "&amp;"),
    *("x^2~", "%", "\u202eabc", "javascript:alert(1)", "]]>", "\x00", "\\", "_", "x_", "_1", "'", "x_<b>", "ﬁ_é_3"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name):
    written = symbol(name)
    inside = re.findall(r"\\(?:text|mathrm)\{([^{}]*)\}", written)
    assert not any(re.search(r"[#$%&_\\^~<>]", part) for part in inside)
    outside = re.sub(r"\\(?:text|mathrm)\{[^{}]*\}", "", written)
    outside = re.sub(r"\\[#$%&_{}]|\\(?:backslash|wedge|sim) ", "", outside)
    assert re.fullmatch(r"[<>]*|\{?\}?|[\w'<>]?(\{\})?(_\{\w+\})?", outside), outside


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_make_only_letters_in_mathml(name):
    root = ElementTree.fromstring(convert(latex(ag.Value(1.0, name=name) * 2)))
    tags = {element.tag.split("}")[1] for element in root.iter()}
    assert tags <= {"math", "mrow", "mi", "mo", "mn", "mtext", "msub", "mspace"}


def test_too_long_a_formula_is_refused_with_advice():
    v = a
    for _ in range(20):
        v = v * v
    with pytest.raises(ValueError, match="name some Values on the way"):
        latex(v)


# -- text ------------------------------------------------------------------------------------------

ŷ, y = ag.Value(0.25, name="ŷ"), ag.Value(1.0, name="y")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda: -(y - ŷ), "−(y − ŷ)"),
        (lambda: a * b + c, "a·b + c"),
        (lambda: (a * b + c).sigmoid(), "σ(a·b + c)"),
        (lambda: ŷ * (1 - ŷ), "ŷ·(1 − ŷ)"),
        (lambda: 0.5 * (y - ŷ) ** 2, "0.5·(y − ŷ)²"),
        (lambda: a - (b - c), "a − (b − c)"),
        (lambda: a - b - c, "a − b − c"),
        (lambda: a / (b * c), "a/(b·c)"),
        (lambda: a / b / c, "a/b/c"),
        (lambda: a * (b / c), "a·(b/c)"),
        (lambda: (a + b) / c, "(a + b)/c"),
        (lambda: (a / b) ** 2, "(a/b)²"),
        (lambda: (a**b) ** c, "(a^b)^c"),
        (lambda: a ** (b + c), "a^(b + c)"),
        (lambda: np.exp(a + b), "e^(a + b)"),
        (lambda: np.exp(a) ** 2, "(e^a)²"),
        (lambda: np.exp(a) * b, "e^a·b"),
        (lambda: np.expm1(a) * b, "(e^a − 1)·b"),
        (lambda: np.log1p(b - a), "ln(1 + (b − a))"),
        (lambda: np.log2(a) + np.log10(b), "log₂(a) + log₁₀(b)"),
        (lambda: np.sqrt(a + b), "√(a + b)"),
        (lambda: abs(a - b), "|a − b|"),
        (lambda: np.floor(a), "⌊a⌋"),
        (lambda: np.linalg.norm(A), "‖A‖"),
        (lambda: np.reciprocal(a + b), "1/(a + b)"),
        (lambda: ag.logsumexp(A) * 2, "(ln Σ e^A)·2"),
        (lambda: ag.logsumexp(A, axis=0), "logsumexp(A, axis=0)"),
        (lambda: a // b, "⌊a/b⌋"),
        (lambda: a % b, "a mod b"),
        (lambda: A @ B, "A @ B"),
        (lambda: (A + B) @ (B @ A), "(A + B) @ (B @ A)"),
        (lambda: (A @ B).T, "(A @ B)ᵀ"),
        (lambda: A.T, "Aᵀ"),
        (lambda: np.sum(A), "Σ(A)"),
        (lambda: np.sum(A, axis=1), "Σ(A, axis=1)"),
        (lambda: np.mean(A, axis=(0, 1), keepdims=True), "mean(A, axis=(0, 1), keepdims=True)"),
        (lambda: A[1:, ..., None], "A[1:, …, None]"),
        (lambda: A[-1], "A[−1]"),
        (lambda: A[::-1], "A[::−1]"),
        (lambda: A[[0, 1]], "A[[0, 1]]"),
        (lambda: A[np.array([True, False])], "A[[True, False]]"),
        (lambda: A.reshape(4), "reshape(A, shape=4)"),
        (lambda: np.transpose(np.stack([A, B]), (2, 0, 1)), "transpose("),
        (lambda: np.einsum("ij,jk->ik", A, B), "einsum(A, B, 'ij,jk->ik')"),
        (lambda: np.where(True, a, b), "where(True, a, b)"),
        (lambda: np.clip(a, 0, None), "clip(a, 0, None)"),
        (lambda: np.maximum(a, b + 1), "max(a, b + 1)"),
        (lambda: a * -2.0, "a·(−2)"),
        (lambda: a + -2.0, "a + (−2)"),
        (lambda: a * 1e-7, "a·(1·10⁻⁷)"),
        (lambda: a + 2.5e10, "a + 2.5·10¹⁰"),
        (lambda: a * [1.0, 2.0], "a·[1 2]"),
        (lambda: A * np.zeros((20, 1, 1)), "A·(20, 1, 1) 0 … 0"),
    ],
)
def test_text_has_the_same_brackets_in_unicode(formula, expected):
    assert text(formula()).startswith(expected)


def test_small_arrays_are_matrices_in_latex():
    assert latex(a * np.array([1.0, -2.0])) == r"a \, \begin{bmatrix} 1 & -2 \end{bmatrix}"
    assert latex(A @ np.array([[1e-7], [2.0]])) == r"A \, \begin{bmatrix} 1 \cdot 10^{-7} \\ 2 \end{bmatrix}"
    assert latex(a * np.zeros(20)) == r"a \, \text{(20,) 0 … 0}"


def test_names_can_be_given_and_stop_the_formula():
    s = a * b
    h = np.tanh(s)
    names = {s: "s", a: "α"}
    assert text(h + a, names=names) == "tanh(s) + α"
    assert latex(h + a, names=names) == r"\tanh(s) + \alpha"
    assert text(s, names={s: "s"}) == "a·b"
    assert text(a, names={a: "α"}) == "α"
    assert (a.name, s.name) == ("a", None)


def test_an_empty_name_is_none():
    v = a * b
    v.name = ""
    assert text(v + ag.Value(2.0, name="")) == "a·b + 2"


def test_plain_numbers_are_formulas_too():
    assert (text(0.5), latex(-2), text(True)) == ("0.5", "-2", "1")
    assert (text(float("inf")), latex(float("-inf"))) == ("inf", r"-\infty")


def test_digits():
    assert text(a * (1 / 3), digits=2) == "a·0.33"


def test_one_operation_on_written_operands():
    row = TABLE["multiply"]
    assert operation(row, [name("w"), number(-0.04)]).written == "w·(−0.04)"
    assert operation(row, [number(4.5, "latex"), number(-0.04, "latex")], (), "latex").written == (
        r"4.5 \, \left(-0.04\right)"
    )
    assert operation(TABLE["sum"], [name("A")], (0, False)).written == "Σ(A, axis=0)"
    assert operation(TABLE["concatenate"], [name("A"), name("B")], (0,)).written == "concatenate(A, B, 0)"


def test_a_row_of_ones_own_is_written_from_its_template():
    cube = Primitive("cube", lambda x: x**3, Local(lambda z, x: 3 * x**2), latex="{0}^3", precedence=3)
    swish = Primitive("swish", lambda x, beta: x / (1 + np.exp(-beta * x)), Local(1))
    assert text(cube(a + b)) == "(a + b)³"
    assert text(swish(a, params=(2.0,))) == "swish(a, beta=2)"
    assert latex(swish(a, params=(2.0,))) == r"\operatorname{swish}(a, \text{beta}=2)"


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_every_row_is_text_without_latex(row):
    operands = [name("P")] * (2 if row.variadic else len(row.rules))
    written = operation(row, operands, (1,) * row.latex.count("{2}") * 2 or (1,) * (row.name == "getitem"))
    assert not set(written.written) & set("\\{}$")
    assert written.written.count("P") == len(operands)


def test_deep_graphs_need_no_recursion():
    v = a
    for _ in range(2000):
        v = -v
    with pytest.raises(ValueError, match="longer than 4000"):
        text(v)
    assert text(v, limit=10**6).count("−") == 2000


def test_whole_numbers_are_counted():
    assert counted(1234567) == "1 234 567"
    assert counted(1234567, "latex") == r"1\,234\,567"
    assert counted(3**100_000) == "1.335·10⁴⁷⁷¹²"


# -- local derivatives -----------------------------------------------------------------------------


def test_a_local_derivative_runs_on_twins():
    z = np.tanh(a * b)
    before = (a.age, a.grad, z.age, z.name)
    found = local_derivative(z, 0, names={z: "z"})
    assert text(found) == "1 − z·z"
    assert text(local_derivative(z, 0, symbols=False), digits=3) == "1 − 1·1"
    assert found.data == 1 - z.data**2
    assert (a.age, a.grad, z.age, z.name) == before


def test_an_operand_that_is_used_twice_has_one_twin():
    z = a * a
    assert local_derivative(z, 0) is not a
    assert text(local_derivative(z, 0)) == text(local_derivative(z, 1)) == "a"


def test_reductions_put_their_axes_back():
    z = ag.logsumexp(A, axis=0)
    z.name = "z"
    found = local_derivative(z, 0)
    assert text(found) == "e^(A − z)"
    np.testing.assert_allclose(found.data, ag.softmax(A.data, axis=0))


def test_a_rule_that_cannot_run_on_values_gives_its_number():
    def slope(z, x):
        return float(np.asarray(x)) * 2

    own = Primitive("own", lambda x: x * x, Local(slope))
    z = own(a)
    assert local_derivative(z, 0) == 4.0


def test_pullbacks_in_symbols_and_numbers():
    W, h = ag.Value([[1.0, 2.0]], name="W"), ag.Value([[3.0], [4.0]], name="h")
    s = W @ h
    assert text(pullback(s, 0, "δ")) == "δ @ hᵀ"
    assert latex(pullback(s, 0, "δ")) == r"\delta \, {h}^T"
    assert latex(pullback(s, 1, "δ")) == r"{W}^T \, \delta"
    found = pullback(s, 0, np.array([[2.0]]), symbols=False)
    assert text(found) == "[[2]] @ [[3] [4]]ᵀ"
    np.testing.assert_array_equal(found.data, [[6.0, 8.0]])


def test_recording_works_inside_no_grad():
    z, total = a * b, np.prod(B)
    with ag.no_grad():
        assert text(local_derivative(total, 0)) == "1/B"
        assert text(local_derivative(z, 0)) == "b"


def test_the_wrong_kind_of_rule():
    with pytest.raises(TypeError, match="matmul has no local derivative but a Pull rule; use pullback"):
        local_derivative(A @ B, 0)
    with pytest.raises(TypeError, match="multiply has a local derivative; use local_derivative"):
        pullback(a * b, 0, "g")
    with pytest.raises(TypeError, match="was not computed"):
        local_derivative(a, 0)
    assert isinstance(TABLE["matmul"].rules[0], Pull)


def test_an_operation_may_have_braces_in_its_name():
    row = Primitive("{f|g}", lambda x: x * x, Local(lambda z, x: 2 * x))
    z = row(a)
    assert latex(z) == r"\operatorname{\{f|g\}}(a)"
    assert "{f|g}" in str(ag.trace(z))
    assert "{f|g}" in ag.draw(z).svg()
