"""Write a name as LaTeX, whatever is in it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from autograd_mini.visible import visible

_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0308": "ddot", "\u20d7": "vec"}

#: The names of the Greek letters that LaTeX has a command for, capital letters included.
_GREEK = frozenset(
    [
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
        *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
        *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"),
    ]
)

#: What may not stand inside \text{…}, in LaTeX or in MathML, stands beside it as a symbol.
_SPECIAL = {c: "\\" + c for c in "#$%&_{}"} | {"\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim ", "<": "<", ">": ">"}


@lru_cache(maxsize=10_000)  # a trace writes every name many times
def symbol(name: str, *, word: bool = True) -> str:
    """A Value's name as LaTeX: subscripts after `_`, accents, Greek letters by name, text for anything else.

    Args:
        word: whether a word of several letters is set upright as one symbol; otherwise it is text.

    >>> print(symbol("w_DA"), symbol("ŷ"), symbol("delta_1"), symbol("multiply_1"), symbol("hidden.weight"))
    w_{DA} \\hat{y} \\delta_{1} \\mathrm{multiply}_{1} \\text{hidden.weight}
    >>> print(symbol("a<b_c"), symbol("W_1[0, 2]"))
    \\text{a}<\\text{b}\\_\\text{c} W_{1}[0, 2]
    """
    name = unicodedata.normalize("NFC", name)
    entry = re.fullmatch(r"(.+)(\[\d+(?:, \d+)*\])", name, re.DOTALL)
    if entry:
        return symbol(entry[1], word=word) + entry[2]
    match = re.fullmatch(r"([^\W\d_]+['′]*)(?:_([^\W_]+(?:,[^\W_]+)*))?", name)
    base, below = (match[1], match[2]) if match else (name, None)
    letter = _letter(base)
    if letter and word:
        return letter + (f"_{{{_subscript(below)}}}" if below else "")
    if match and word and base.isascii() and base.isalpha() and (below is None or below.isdecimal()):
        return rf"\mathrm{{{base}}}" + (f"_{{{below}}}" if below else "")
    numbered = re.fullmatch(r"(.*\w)_(\d+)", name, re.DOTALL)
    if numbered and word:
        return f"{{{_as_text(numbered[1])}}}_{{{numbered[2]}}}"
    return _as_text(name)


def _letter(base: str) -> str | None:
    """One letter, with an accent or a prime, or a Greek one by name; None for anything longer."""
    base, primes = base.rstrip("'′"), "'" * len(re.findall("['′]", base))
    letters = unicodedata.normalize("NFD", base)
    if len(letters) == 2 and letters[1] in _ACCENTS:
        return rf"\{_ACCENTS[letters[1]]}{{{_greek(letters[0])}}}{primes}"
    if base in _GREEK:
        return f"\\{base}{primes}"
    return _greek(base) + primes if len(base) == 1 and base.isalpha() else None


def _greek(letter: str) -> str:
    """LaTeX's command for a Greek letter; any other letter as it is.

    >>> print(_greek("δ"), _greek("Δ"), _greek("x"))
    \\delta \\Delta x
    """
    unicode_name = unicodedata.name(letter, "").split()
    if letter == "µ":  # the micro sign, which many keyboards have
        return r"\mu"
    if unicode_name[:1] == ["GREEK"] and unicode_name[2:3] == ["LETTER"] and len(unicode_name) == 4:
        word = unicode_name[3].lower().replace("lamda", "lambda")
        word = word.capitalize() if unicode_name[1] == "CAPITAL" else word
        return f"\\{word}" if word in _GREEK else letter
    return letter


def _subscript(below: str) -> str:
    return r",".join(_letter(part) or part for part in below.split(","))


def _as_text(name: str) -> str:
    one_line = " ".join(name.split()) or " "
    parts = re.split(r"([#$%&_{}\\^~<>])", visible(one_line))
    return "".join(_SPECIAL.get(part, rf"\text{{{part}}}") for part in parts if part)
