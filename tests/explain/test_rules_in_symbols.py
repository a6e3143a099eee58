"""Every row of the engine and of `nn`: the derivative that is printed has the value that is computed.

SymPy evaluates the printed text and the printed LaTeX of Local and Along rules, number by number; NumPy
evaluates the printed text of Pull rules.
"""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.explain.formulas.algebra import simplify
from autograd_mini.explain.formulas.local import local_derivative, pullback
from autograd_mini.explain.formulas.notation import latex, text
from autograd_mini.nn.conv import correlation
from autograd_mini.nn.functional import elu_row, leaky_relu_row, softsign_row
from autograd_mini.nn.loss_functions import bounded_log, bounded_log1p
from autograd_mini.nn.windows import fold, windows
from autograd_mini.numbers import with_shapes
from autograd_mini.primitives import TABLE
from autograd_mini.rules import Along, Pull, restore_axes
from tests.engine.examples import EXAMPLES, Example
from tests.explain.reading import as_numpy, evaluated, from_latex, from_text

EXACT = 17  # significant digits that give a float back


def example(*inputs, params=()):
    return Example(lambda *_: None, inputs, params)


X = np.array([[-1.5, 0.3], [0.7, -0.2]])
OF_NN = {
    leaky_relu_row: [example(1.5, params=(0.01,)), example(-1.5, params=(0.01,)), example(X, params=(0.1,))],
    elu_row: [example(1.5, params=(1.5,)), example(-1.5, params=(1.5,))],
    softsign_row: [example(1.5), example(-0.5), example(X)],
    bounded_log: [example(0.5), example(1e-13), example(np.abs(X))],
    bounded_log1p: [example(-0.5), example(np.abs(X))],
}
#: Rules of nn whose formula is a picture of another operation of nn; it is named, not checked by NumPy.
NAMED_ONLY = {
    windows: ("fold", example(np.arange(16.0).reshape(4, 4), params=((2, 2), (1, 1)))),
    fold: ("windows", example(np.ones((2, 2, 3, 3)), params=((4, 4), (2, 2), (1, 1)))),
    correlation: ("fold", example(np.ones((1, 4, 4)), np.ones((2, 1, 2, 2)), params=((1, 1),))),
}
ROWS = {row: EXAMPLES[name] for name, row in TABLE.items()} | OF_NN
LOCAL = {row: examples for row, examples in ROWS.items() if not isinstance(row.rules[0], Pull)}
PULL = {row: examples for row, examples in ROWS.items() if isinstance(row.rules[0], Pull)}

#: Rules that compare numbers and so give numbers: there is no formula to check, the numbers are.
NUMBERS = {
    *("add", "subtract", "negative", "positive", "floor_divide", "sign", "floor", "ceil", "rint", "trunc", "relu"),
    *("maximum", "minimum", "clip", "where", "sum", "mean", "max", "min", "leaky_relu", ("remainder", 0)),
}


def named(found_in):
    row, inputs, params = found_in
    values = [ag.Value(x, name="xyuvw"[i]) for i, x in enumerate(inputs)]
    z = row(*values, params=params)
    z.name = "z"
    return values, z


def cases(rows):
    return [
        pytest.param(row, position, id=f"{row.name}-{position}") for row in rows for position in range(len(row.rules))
    ]


def test_no_row_is_forgotten():
    assert set(TABLE) == set(EXAMPLES)
    assert {row.name for row in LOCAL} | {row.name for row in PULL} >= set(TABLE)
    assert {row.name for row in [*ROWS, *NAMED_ONLY]} == set(TABLE) | {
        *("leaky_relu", "elu", "softsign", "bounded_log", "bounded_log1p", "windows", "fold", "conv2d")
    }


@pytest.mark.parametrize(("row", "position"), cases(LOCAL))
def test_local_rules_print_what_they_compute(row, position):
    formulas = 0
    for case in LOCAL[row]:
        values, z = named((row, case.inputs, case.params))
        rule = row.rules[position]
        z_number = z.data if type(rule) is not Along else restore_axes(z.data, *case.params[:2])
        numbers = with_shapes([v.data for v in values])
        expected = rule.derivative(np.asarray(z_number)[()], *numbers, *case.params)
        found = local_derivative(z, position)
        if type(found) is not ag.Value:
            np.testing.assert_array_equal(np.asarray(found, float), np.asarray(expected, float))
            continue
        np.testing.assert_allclose(found.data, expected, rtol=1e-13)
        simple = simplify(found)
        written = [
            from_text(simple.text(EXACT)),
            from_latex(simple.latex(EXACT)),
            from_text(text(found, digits=EXACT)),
            from_latex(latex(found, digits=EXACT)),
        ]
        if row.name in (
            "norm",
            "arctan2",
            "hypot",
        ):  # a guard against 0/0 is a condition per number, which the simplified formula drops
            written = written[:2]
        operands = np.broadcast_arrays(*numbers, np.asarray(z_number), np.asarray(expected, float))
        for k in list(np.ndindex(operands[0].shape))[:3]:
            here = {name: float(x[k]) for name, x in zip([v.name for v in values] + ["z"], operands, strict=False)}
            for formula in written:
                assert evaluated(formula, here) == pytest.approx(float(operands[-1][k]), rel=1e-12, abs=1e-15), formula
            formulas += 1
    assert bool(formulas) != bool({row.name, (row.name, position)} & NUMBERS)


@pytest.mark.parametrize(("row", "position"), cases({r: e for r, e in PULL.items() if not r.variadic}))
def test_pull_rules_print_what_they_compute(row, position):
    for case in PULL[row]:
        check_pull(row, position, case)


@pytest.mark.parametrize("row", [row for row in PULL if row.variadic], ids=lambda row: row.name)
def test_variadic_pull_rules_print_what_they_compute(row):
    for case in PULL[row]:
        for position in range(len(case.inputs)):
            check_pull(row, position, case)


def check_pull(row, position, case):
    values, z = named((row, case.inputs, case.params))
    g = np.random.default_rng(0).uniform(-1, 1, z.shape)
    found = pullback(z, position, g)
    found_in_symbols = pullback(z, position, "g")
    rule = row.rules[0 if row.variadic else position]
    numbers = with_shapes([v.data for v in values])
    expected = (
        rule.pull(np.asarray(g)[()], z.data, position, numbers, *case.params)
        if row.variadic
        else rule.pull(np.asarray(g)[()], z.data, *numbers, *case.params)
    )
    np.testing.assert_allclose(found.data, expected)
    arrays = {v.name: np.asarray(v.data) for v in values} | {"g": g, "z": z.data}
    written = {text(found_in_symbols, digits=EXACT), simplify(found_in_symbols).text(EXACT)}
    for formula in written:
        np.testing.assert_allclose(as_numpy(formula, arrays), expected, err_msg=formula)


@pytest.mark.parametrize(("row", "other", "case"), [(row, *rest) for row, rest in NAMED_ONLY.items()])
def test_rules_of_windows_name_the_operation_that_undoes_them(row, other, case):
    values, z = named((row, case.inputs, case.params))
    found = pullback(z, 0, "g")
    assert text(found).startswith(f"{other}(")
    assert "g" in text(found)
    np.testing.assert_array_equal(
        found.data, row.rules[0].pull(np.ones(z.shape), z.data, *(v.data for v in values), *case.params)
    )
