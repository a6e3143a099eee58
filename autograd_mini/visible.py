"""Show a text that anybody may have written: nothing in it is invisible, or steers a terminal."""

from __future__ import annotations

import re
from typing import Any

#: Besides these, XML has no room for surrogates and two non-characters. A pattern that `re` compiles when first needed.
_HIDDEN = (
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str, keep: str = "") -> str:
    """The text with a sign in the place of every character that would be invisible, or steer what is around it.

    Control characters, line breaks and the switches of the writing direction are such; Hebrew or
    Arabic letters, accents and emoji stay as they are.

    >>> visible("a\\nb\\0\\x85\\u202e")
    'a␊b␀\\\\x85\\\\u202e'
    """
    return re.sub(_HIDDEN, lambda found: found[0] if found[0] in keep else _sign(found[0]), text)


def shown(x: Any) -> str:
    """What somebody gave, for a message: its type, and the beginning of what it looks like unless that is an address.

    >>> shown(2.5), shown(list("abc")), shown(print), shown(object())
    ('float 2.5', "list ['a', 'b', 'c']", '<built-in function print>', 'object')
    """
    kind, text = type(x).__name__, visible(repr(x))
    if " at 0x" in text:
        return kind
    text = text if len(text) <= 60 else text[:57] + "..."
    return text if text.startswith(("<", f"{kind}(")) else f"{kind} {text}"


def _sign(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
