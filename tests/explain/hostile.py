"""Names that try to become markup, script, LaTeX or DOT."""

import random

HTML = [
    *("<b>bold</b>", "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<!--", "-->", "]]>", "<x>"),
    *("<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "javascript:alert(1)", "&lt;b&gt;", "&amp; &", "&#60;"),
]
CODE = [
    *(
        'a"b',
        "a'b",
        "`a`",
        "${alert(1)}",
        "back\\slash\\N",
        "\\n",
        "a\nb",
        "tab\there",
        "%s {0} {}",
        "{x|y}",
        "@STORY@",
    ),
    *("__proto__", "constructor", "toString", "hasOwnProperty"),
]
LATEX = [
    *("\\frac{1}", "\\text{", "}{", "\\href{javascript:alert(1)}{x}", "$x$", "\\[", "\\\\"),
    *("a_b_c", "^2", "~", "#", "x_{"),
]
UNUSUAL = [
    *(
        "\u202eabc",
        "\u2028",
        "\u0000",
        "\ud800",
        "\N{SLIGHTLY SMILING FACE}",
        "שלום",
        "e\u0301",
        "\ufeff",
        " ",
        "\ue000",
    ),
    *("x" * 300, "−", "∂", "ŷ", "W1.T", "hidden.weight", "0.bias"),
]
NASTY = [*HTML, *CODE, *LATEX, *UNUSUAL]


def names(count, seed=0):
    """Nasty names and pieces of them put together, always the same ones."""
    rng = random.Random(seed)
    alphabet = "".join(NASTY)
    made = list(NASTY)
    while len(made) < count:
        if rng.random() < 0.5:
            made.append(rng.choice(NASTY) + rng.choice(NASTY))
        else:
            made.append("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 12))))
    return made[:count]
