import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.explain.notation import latex, symbol
from autograd_mini.primitives import TABLE

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
    [("w_GD", "w_{GD}"), ("ŷ", "ŷ"), ("mu", r"\mu"), ("0.weight", r"\text{0.weight}"), ("a_1%", r"\text{a\_1\%}")],
)
def test_names_as_symbols(name, expected):
    assert symbol(name) == expected


@pytest.mark.parametrize("name", [r"\input{x}", "$x$", "{", "}{", "a\nb", r"\end{document}"])
def test_hostile_names_stay_text(name):
    text = symbol(name)
    assert text.startswith(r"\text{")
    assert not re.search(r"(?<!\\)[$#%&_]|\\(input|end)|\n", text[6:])
    assert len(re.findall(r"(?<!\\)[{}]", text)) == 2


def test_too_long_a_formula_is_refused_with_advice():
    v = a
    for _ in range(20):
        v = v * v
    with pytest.raises(ValueError, match="name some Values on the way"):
        latex(v)
