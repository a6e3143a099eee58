"""Read formulas back: as SymPy expressions (text and LaTeX), and as NumPy code (text)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import sympy

from autograd_mini.primitives import TABLE

_LOWER = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_RAISED = {c: str(i) for i, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")} | {"⁻": "-"}

FUNCTIONS = {
    "ln": sympy.log,
    "log2": lambda x: sympy.log(x, 2),
    "log10": lambda x: sympy.log(x, 10),
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "arctan2": sympy.atan2,
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "arcsinh": sympy.asinh,
    "arccosh": sympy.acosh,
    "arctanh": sympy.atanh,
    "max": sympy.Max,
    "min": sympy.Min,
    "relu": lambda x: sympy.Max(x, 0),
    "where": lambda condition, x, y: x if condition else y,
    "e": sympy.E,
    "S": sympy.Integer,
}


def evaluated(python: str, numbers: dict[str, float]) -> float:
    """The value that SymPy gives a formula, in 30 digits first."""
    names = {name: sympy.Float(number, 30) for name, number in numbers.items()}
    functions = {k: getattr(sympy, k) for k in ("sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "sign")}
    functions |= {"abs": sympy.Abs, "floor": sympy.floor, "ceiling": sympy.ceiling}
    result = eval(python, {"__builtins__": {}, **functions, **FUNCTIONS, **names})
    return float(sympy.N(sympy.sympify(result), 30))


def from_text(text: str) -> str:
    """A formula as text in Python's spelling, numbers exact."""
    text = re.sub(r"·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "*10**(" + "".join(_RAISED[c] for c in m[1]) + ")", text)
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    text = text.replace("⌊", "floor(").replace("⌋", ")").replace("⌈", "ceiling(").replace("⌉", ")")
    text = re.sub(r"([²³])", lambda m: "**" + {"²": "2", "³": "3"}[m[1]], text)
    text = text.replace("σ", "sigmoid").replace("√", "sqrt").translate(_LOWER)
    return _exact(text.replace("−", "-").replace("·", "*").replace("⊙", "*").replace("^", "**"))


def from_latex(latex: str) -> str:
    """The same from LaTeX."""
    latex = re.sub(r"\\text\{(True|False)\}", r"\1", latex)
    latex = re.sub(r"\\operatorname\{(\w+)\}", r"\1", latex)
    latex = re.sub(r"\\left\|(.*?)\\right\|", r"abs(\1)", latex)
    latex = latex.replace(r"\left\lfloor", "floor(").replace(r"\right\rfloor", ")")
    latex = re.sub(r"\\left|\\right", "", latex)
    latex = re.sub(r"\\log_2", "log2", latex)
    latex = re.sub(r"\\log_\{10\}", "log10", latex)
    latex = re.sub(r"\\(ln|sin|cos|tan|sinh|cosh|tanh|arcsin|arccos|arctan|max|min|sqrt|sigma)\b", r"\1", latex)
    latex = latex.replace("sigma", "sigmoid").replace(r"\,", "*").replace(r"\cdot", "*").replace(r"\odot", "*")
    while r"\frac" in latex:
        start = latex.rindex(r"\frac")
        over, rest = _group(latex[start + 5 :])
        under, rest = _group(rest)
        latex = f"{latex[:start]}(({over})/({under})){rest}"
    return _exact(latex.replace("^", "**").replace("{", "(").replace("}", ")"))


def _group(text: str) -> tuple[str, str]:
    assert text[0] == "{"
    depth = 0
    for i, c in enumerate(text):
        depth += {"{": 1, "}": -1}.get(c, 0)
        if not depth:
            return text[1:i], text[i + 1 :]
    raise AssertionError(text)


def _exact(python: str) -> str:
    """Whole numbers as SymPy's, so that 1/2 is not rounded; decimals as they stand."""
    return re.sub(r"(?<![\w.])(\d+)(?![\w.])", r"S(\1)", python)


def as_numpy(text: str, arrays: dict[str, Any]) -> Any:
    """The value of a formula of arrays, run as NumPy code: g @ yᵀ, reshape(g, shape=(2, 3)), g[1:3, …]."""
    code = text.replace("−", "-").replace("…", "...").replace("·", "*").replace("⊙", "*").replace("ᵀ", ".T")
    code = re.sub(r"·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "*10.0**(" + "".join(_RAISED[c] for c in m[1]) + ")", code)
    code = re.sub(r"(?<=[\d.\]]) (?=-?\d|\[)", ", ", code)  # arrays are printed as NumPy prints them
    code = re.sub(r"e\^(\w+)", r"exp(\1)", code)
    code = code.replace("Σ(", "sum(")
    code = re.sub(r"(\w+) (\w+)\.T", r"outer(\1, \2)", code)
    code = re.sub(r"index=\(?([^()]*)\)?\)", r"index=s_[\1])", code)
    functions = ("transpose", "roll", "cumsum", "broadcast_to", "sum", "s_", "exp")
    names = {name: getattr(np, name) for name in functions}
    names["outer"] = lambda x, y: np.multiply.outer(x, y)  # by way of a frame with builtins, which NumPy needs
    names |= {
        "reshape": lambda x, shape: np.reshape(x, shape),  # NumPy 2.0 calls it newshape
        "solve": lambda x, y: np.linalg.solve(x, y),
        "det": lambda x: np.linalg.det(x),
        "einsum": lambda *args: np.einsum(args[-1], *args[:-1]),
        "scatter": lambda g, shape, index: TABLE["scatter"].forward(g, shape, index),
        "pad": lambda x, width: np.pad(x, width),
        "concatenate": lambda *args: np.concatenate(args[:-1], axis=args[-1]),
    }
    return eval(code, {"__builtins__": {}, "True": True, "False": False, "None": None, **names, **arrays})
