"""Read JSON that a stranger may have written: bounded in length and depth, whole texts, no key twice, no NaN."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

#: Python objects take up to some 30 times the length of the text: this bounds them at about 30 MiB.
LONGEST = 1 << 20
DEEPEST = 100

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def parse(text: str | bytes, what: str) -> Any:
    """The object that the text describes.

    Raises:
        ValueError: whatever is wrong with it; the message begins with `what`.

    >>> parse('{"a": [1, 2]}', "header")
    {'a': [1, 2]}
    >>> parse('{"a": 1, "a": 2}', "header")
    Traceback (most recent call last):
    ValueError: header: the key 'a' stands there twice
    """
    if len(text) > LONGEST:
        raise ValueError(f"{what}: {len(text)} characters, at most {LONGEST} are read")
    try:
        text = text if isinstance(text, str) else text.decode("utf-8")
        _check_depth(text)
        found = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # half a character, "\\ud800", has no bytes
        return found
    except ValueError as error:  # also UnicodeError, JSONDecodeError, and a number of too many digits
        raise ValueError(f"{what}: {error}"[:300]) from None


def _check_depth(text: str) -> None:
    """The parser recurses; past the limit of the interpreter it would not raise a ValueError."""
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", _TEXT.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            raise ValueError(f"nested more than {DEEPEST} deep")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in pairs:
        if name in found:
            raise ValueError(f"the key {name[:60]!r} stands there twice")
        found[name] = item
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def compose(item: Any, what: str) -> str:
    """The text that `parse` reads back.

    Raises:
        ValueError: longer or deeper than `parse` would take.

    >>> compose({"a": [1, 2]}, "header")
    '{"a": [1, 2]}'
    """
    try:
        text = json.dumps(item, allow_nan=False)
    except RecursionError:
        raise ValueError(f"{what}: nested more than {DEEPEST} deep") from None
    parse(text, what)
    return text
