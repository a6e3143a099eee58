"""NumPy's functions and the methods of arrays do on Values what they do on arrays, or both refuse.

Every call below is run twice: on plain arrays, and with its float operands as Values (all of them, then
each alone beside plain arrays). Result, shape and precision must be the same, or both must raise errors of one kind.
What differs on purpose stands in `DIFFERENCES`, each with its reason, and in docs/differences.md.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd_mini import MissingRuleError, Value, gradcheck, jvp, vjp
from autograd_mini.array_methods import ArrayMethods, OnlyOnArrays
from autograd_mini.value import FUNCTIONS, UFUNC_METHODS, UFUNCS
from tests.trust.numpy_calls import CALLS, CONSTANTS, OPERANDS

PAGE = Path(__file__).parents[2] / "docs" / "differences.md"


class Difference(NamedTuple):
    """What Values do otherwise than arrays, on purpose."""

    name: str
    reason: str
    calls: list[str]


DIFFERENCES = [
    Difference(
        "functions without a rule",
        "each derivative is a row or made of rows; the error says what to do, and `ag.Primitive` adds one",
        [
            "np.quantile(m, 0.5)",
            "np.unique(v)",
            "np.interp(v, [0, 1], [0, 1])",
            "np.sinc(v)",
            "np.linalg.svd(m)",
            "np.copysign(m, n)",
            "np.subtract.reduce(m)",
            "np.add.at(v, [0], w)",
        ],
    ),
    Difference(
        "dtype=, out=, where=, initial=, order= and other rare arguments",
        "they change precision or memory behind the graph's back; a refusal names them (None is let through)",
        [
            "np.sum(m, dtype=np.float32)",
            "np.sum(m, 0, out=np.zeros(3))",
            "np.sum(m, where=m > 0.5)",
            "np.max(m, initial=0.0)",
            "np.exp(m, where=m > 0.5)",
            "np.add(m, 1, dtype=np.float32)",
            "np.concatenate([m, n], dtype=float)",
            "np.take(m, [0], mode='clip')",
            "np.diff(m, prepend=0)",
            "np.einsum('ij->ji', m, optimize=True)",
            "np.reshape(m, (3, 2), order='F')",
            "np.average(m, returned=True)",
            "np.sort(v, kind='stable')",
            "m.flatten('F')",
            "m.sum(dtype=float)",
        ],
    ),
    Difference(
        "rare choices: other norms, paddings and forms of einsum",
        "np.linalg.norm has ord None, 1, 2 of vectors, np.pad modes that copy, np.einsum subscripts in letters",
        [
            "np.linalg.norm(v, 3)",
            "np.linalg.norm(q, 2)",
            "np.linalg.norm(q, 'nuc')",
            "np.pad(m, 1, 'mean')",
            "np.einsum(m, [0, 1])",
        ],
    ),
    Difference(
        "np.clip with Values as bounds",
        "the bounds are constants of the operation; np.minimum and np.maximum differentiate by them",
        ["np.clip(m, v, 1)"],
    ),
    Difference(
        "np.asarray(v), np.float32(v)",
        "an array would be cut from its graph silently; v.data says so",
        ["np.asarray(m)", "np.array([s, r])", "np.float32(s)"],
    ),
    Difference(
        "arguments that NumPy does not ask",
        "NumPy looks for Values in some arguments only: another one raises, it is never cut silently",
        ["np.select([flags], [v], w)", "np.full_like(m, s)", "m.dot(q)"],
    ),
    Difference(
        "nothing is written in place",
        "what is recorded must not change: v[0] = 1, v.sort() and v.fill(0) raise, and v += 1 makes a new node",
        ["m.__setitem__(0, 1.0)", "m.sort()", "m.fill(0.0)", "m.partition(1)", "m.put(0, 1.0)", "m.resize(6)"],
    ),
    Difference(
        "attributes of memory and of complex numbers",
        "v.data has them",
        [
            "m.strides",
            "m.nbytes",
            "m.itemsize",
            "m.flags",
            "m.flat",
            "m.base",
            "m.view()",
            "m.tobytes()",
            "m.real",
            "m.imag",
            "m.conj()",
        ],
    ),
    Difference("v.data", "the numbers, as in PyTorch, where an array has its buffer", ["m.data"]),
    Difference("whole numbers become float64", "a Value can have a gradient", ["j + j", "j // 2", "m.astype(int)"]),
    Difference("complex numbers are refused", "derivatives here are real", ["m + 1j", "m * 1j", "m < 1j", "m @ 1j"]),
    Difference("what is no number is a TypeError", "NumPy says ValueError in places", ["m @ None", "m @ {}"]),
    Difference(
        "a scalar of float64 adapts its precision",
        "it is a Python float underneath: beside float32 it counts as 0.5 does, not as np.float64(0.5)",
        ["h + r", "h * r", "h ** r", "r / h", "f * s"],
    ),
    Difference(
        "equality with what is no number; hash",
        "a Value is itself, so that it can be in a dictionary and be compared with None",
        ["m == None", "m != 'a'", "hash(m)"],
    ),
    Difference(
        "text",
        "repr and str tell that it is a Value, its name, operation and gradient",
        ["repr(m)", "str(m)", "str(s)"],
    ),
    Difference(
        "float() of several numbers is a ValueError",
        "float() and int() are item(), which takes any Value of one number",
        ["float(m)"],
    ),
    Difference("an index that is no whole number", "np.take would cut 1.5 to 1", ["np.take(m, 1.5)"]),
    Difference("np.average of no numbers", "nan as np.mean's, where NumPy divides by zero", ["np.average(z2, axis=1)"]),
]


def operands(call: str) -> list[str]:
    """The names of a call that may be Values."""
    return sorted(set(re.findall(r"(?<![\w.'])[a-z]\d?\b(?!')", re.sub(r"'[^']*'", "''", call))) & set(OPERANDS))


def outcome(call: str, **given: Any) -> Any:
    names = {**CONSTANTS, **{k: np.array(x)[()] for k, x in OPERANDS.items()}, **given}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return eval(call, names)
        except Exception as error:
            return error


def is_kind_of(found: Exception, expected: Exception) -> bool:
    """An error that NumPy's users catch is caught, whichever of its kinds they name."""
    kinds = (ValueError, TypeError, IndexError, OverflowError, ZeroDivisionError, np.linalg.LinAlgError)
    wanted = [kind for kind in kinds if isinstance(expected, kind)]
    return bool(wanted) and all(isinstance(found, kind) for kind in wanted) and len(str(found)) > 10


def mismatch(found: Any, expected: Any) -> str | None:
    """What tells the outcome on Values from that on arrays; None if nothing does."""
    if isinstance(expected, Exception) or isinstance(found, Exception):
        if isinstance(expected, Exception) and isinstance(found, Exception) and is_kind_of(found, expected):
            return None
        return f"{found!r} instead of {expected!r}"
    if isinstance(expected, list | tuple):
        if not isinstance(found, type(expected)) or len(found) != len(expected):
            return f"{type(found).__name__} instead of {type(expected).__name__}"
        return next((m for m in map(mismatch, found, expected) if m), None)
    if isinstance(found, Value):
        number = found.data
        if found.dtype != np.asarray(expected).dtype:
            return f"{found.dtype} instead of {np.asarray(expected).dtype}"
        if type(number) is not (np.ndarray if found.ndim else float if found.dtype == float else found.dtype.type):
            return f"holds a {type(number).__name__}"
    else:
        number = found
        if type(found) is not type(expected) and (type(found), type(expected)) not in {
            (float, np.float64),
            (bool, np.bool),
        }:
            return f"{type(found).__name__} instead of {type(expected).__name__}"
        if not isinstance(expected, np.ndarray | np.generic | float):
            return None if found == expected else f"{found!r} instead of {expected!r}"
    if np.shape(number) != np.shape(expected):
        return f"shape {np.shape(number)} instead of {np.shape(expected)}"
    if np.asarray(number).dtype != np.asarray(expected).dtype:
        return f"{np.asarray(number).dtype} instead of {np.asarray(expected).dtype}"
    single = np.asarray(expected).dtype == np.float32
    close = np.allclose(
        number, expected, rtol=3e-6 if single else 1e-13, atol=1e-6 if single else 1e-14, equal_nan=True
    )
    return None if close else f"{number} instead of {expected}"


def mixtures(call: str) -> list[list[str]]:
    """Which operands are Values: all, or each alone."""
    names = operands(call)
    return [names] + ([[name] for name in names] if len(names) > 1 else [])


def compared(call: str) -> list[str]:
    expected = outcome(call)
    found = [mismatch(outcome(call, **{n: Value(OPERANDS[n]) for n in names}), expected) for names in mixtures(call)]
    return [f"{call} with {', '.join(names)}: {m}" for names, m in zip(mixtures(call), found, strict=True) if m]


def group(call: str) -> str:
    """The function or method that a call is about."""
    found = re.match(r"(np\.[\w.]+)\(|\w+\.(\w+)", call)
    return (found[1] or f"array.{found[2]}") if found else "operators"


GROUPS: dict[str, list[str]] = {}
for _call in CALLS:
    GROUPS.setdefault(group(_call), []).append(_call)
every_group = pytest.mark.parametrize("name", GROUPS)
#: Attributes of arrays that Values have under the same name, and which no call needs: Python's own protocols.
PROTOCOLS = {name for name in dir(np.ndarray) if name.startswith("_")}
#: What arrays have in NumPy 2.0 only to say that it is gone.
ABOLISHED = PROTOCOLS | {"itemset", "newbyteorder", "ptp", "tostring"}


def test_every_call_has_a_value() -> None:
    assert all(operands(call) for call in CALLS)
    assert len(CALLS) > 3500


def test_every_function_and_method_is_called() -> None:
    called = {name: len(found) for name, found in GROUPS.items()}
    functions = [
        eval(name)
        for name in called
        if name.startswith("np.") and name.count(".") < 3 and "." not in name[3:].replace("linalg.", "")
    ]
    assert set(FUNCTIONS) | set(UFUNCS) <= set(functions)
    assert {f"np.{ufunc.__name__}.{method}" for ufunc, method in UFUNC_METHODS} <= set(called)
    shared = {name for name in dir(np.ndarray) if hasattr(Value, name)} - PROTOCOLS - {"data"}  # see DIFFERENCES
    methods = {name for name, item in vars(ArrayMethods).items() if type(item) is not OnlyOnArrays}
    assert {name for name in methods if not name.startswith("_")} <= shared
    assert shared <= {name.removeprefix("array.") for name in called}
    for name, found in GROUPS.items():
        assert len(found) >= (1 if name.startswith("array.") else 2), name


@every_group
def test_values_do_what_arrays_do(name: str) -> None:
    assert [line for call in GROUPS[name] for line in compared(call)] == []


SMOOTH = ("s", "r", "v", "w", "c", "m", "n", "q", "t", "o")


def results(z: Any) -> Any:
    """All that a call gave, as one vector."""
    return np.concatenate([np.ravel(part) for part in (z if isinstance(z, list | tuple) else [z])])


def is_smooth(call: str) -> bool:
    """Whether a call gives float64 Values whose derivatives can be checked."""
    z = outcome(call, **{n: Value(OPERANDS[n]) for n in operands(call)})
    found = any(type(x) is Value and x.dtype == float for x in (z if isinstance(z, list | tuple) else [z]))
    return found and set(operands(call)) <= set(SMOOTH) and bool(np.all(np.isfinite(results(z))))


def test_most_calls_have_gradients_to_check() -> None:
    assert sum(map(is_smooth, CALLS)) > 1500


@every_group
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_gradients(name: str) -> None:
    """Reverse against forward mode, and both against differences."""
    for call in GROUPS[name]:
        names = operands(call)
        if not is_smooth(call):
            continue

        def run(*xs: Value, call: str = call, names: list[str] = names) -> Any:
            return results(eval(call, {**CONSTANTS, **dict(zip(names, xs, strict=True))}))

        points = [OPERANDS[n] for n in names]
        tangents = [np.random.default_rng(i).normal(size=np.shape(x)) for i, x in enumerate(points)]
        z, along = jvp(run, points, tangents)
        u = np.linspace(-1, 2, z.size).reshape(z.shape)
        back = vjp(run, *points)[1](u)
        transposed = sum(np.sum(g * t) for g, t in zip(back, tangents, strict=True))
        assert np.sum(u * along) == pytest.approx(transposed, rel=1e-10, abs=1e-11), call
        assert gradcheck(run, *points, order=1, tolerance=1e-5, raises=False).ok, call


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda d: d.name)
def test_a_difference_differs_and_an_error_teaches(difference: Difference) -> None:
    for call in difference.calls:
        assert compared(call), call
        for names in mixtures(call):
            found = outcome(call, **{n: Value(OPERANDS[n]) for n in names})
            assert not isinstance(found, Exception) or len(str(found)) > 20, call


def test_the_page_lists_every_difference() -> None:
    section = PAGE.read_text().partition("## From NumPy\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (.*) \|$", section, re.M)[1:] == [
        f"{d.name} | {d.reason} | {', '.join(f'`{c}`' for c in d.calls)}" for d in DIFFERENCES
    ]


def test_every_other_function_says_what_to_do() -> None:
    """All of NumPy's functions that can take a Value and have no rule here."""
    modules = [np, np.linalg, np.fft]
    others = {f for m in modules for f in vars(m).values() if hasattr(f, "_implementation")} - set(FUNCTIONS)
    assert len(others) > 100
    for function in others:
        with pytest.raises(MissingRuleError, match=r"np\.\w+.* no derivative rule .*\.data .*Primitive"):
            Value(1.0).__array_function__(function, (), (), {})
    for ufunc in {f for f in vars(np).values() if isinstance(f, np.ufunc)} - set(UFUNCS):
        with pytest.raises(MissingRuleError, match=rf"np\.{ufunc.__name__} "):
            ufunc(*[Value(1.0)] * ufunc.nin)


@pytest.mark.parametrize("name", [n for n in dir(np.ones(1)) if n not in ABOLISHED and not hasattr(Value, n)])
def test_every_attribute_that_only_arrays_have_is_explained(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"no attribute '{name}': .*v\.data"):
        getattr(Value([1.0]), name)


def test_whole_numbers_of_any_size() -> None:
    assert Value(2**70).data == 2.0**70
    for call in (lambda: Value(10**400), lambda: Value(1.0) + 10**400, lambda: Value([1.0]) * 10**400):
        with pytest.raises(OverflowError, match="int too large to convert to float"):
            call()


def test_a_singular_matrix_has_a_slope() -> None:
    """det is a polynomial: its derivatives exist where the inverse does not."""
    for singular in ([[1.0, 2.0], [2.0, 4.0]], np.zeros((3, 3)), [[0.0]], np.ones((2, 3, 3)) * [[1], [2], [0]]):
        assert gradcheck(np.linalg.det, np.array(singular), order=2, step=3e-5).ok
    with pytest.raises(np.linalg.LinAlgError, match=r"solve: W \(2, 2\).*[Ss]ingular"):
        np.linalg.inv(Value([[1.0, 2.0], [2.0, 4.0]], name="W"))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ("np.where(m > 0.5, m)", ValueError, r"np\.where\(condition, x, y\)"),
        ("np.diag(t)", ValueError, r"Value \(2, 3, 4\).*np\.diagonal"),
        ("np.clip(m, 0.1, 0.9, min=0.2)", ValueError, "given twice"),
        ("np.einsum('...i->i', m)", ValueError, r"'\.\.\.i->i'"),
        ("m.__setitem__(0, 1.0)", TypeError, r"np\.where"),
        ("m.sort()", AttributeError, r"np\.sort\(v\)"),
        ("m.colour", AttributeError, "no attribute 'colour'$"),
    ],
)
def test_messages(call: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        raise outcome(call, m=Value(OPERANDS["m"]), t=Value(OPERANDS["t"]))
