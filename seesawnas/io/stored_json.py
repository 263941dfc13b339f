"""JSON that a study stores as text, and values nested deeper than any of its own.

It is read without trusting whoever wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

DEEPEST = 64
"""Lists and mappings within each other that a stored value may have.

What copies and writes them recurses.
"""


def stored_json(text: str) -> Any:
    """The value of ``text``.

    Raises:
        ValueError: If anything is wrong with it, deep nesting included.
    """
    try:
        values = json.loads(text)
    except RecursionError:
        raise ValueError("is nested too deep") from None
    if too_deep(values):
        raise ValueError("is nested too deep")
    return values


def stored_mapping(text: Any) -> dict[str, Any]:
    """The mapping that ``text`` is the JSON of.

    Raises:
        ValueError: If it is no such text, in the words of a rule.
    """
    try:
        values = stored_json(text) if isinstance(text, str) else None
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ValueError(f"must be the JSON text of a mapping, got {shown(text)}")
    return values


def too_deep(value: Any) -> bool:
    """Whether ``value`` is nested deeper than :data:`DEEPEST`; found without recursion."""
    level: list[Any] = [value]
    for _ in range(DEEPEST + 1):
        level = [
            inner for outer in level if isinstance(outer, list | dict) for inner in _inside(outer)
        ]
        if not level:
            return False
    return True


def shown(value: Any) -> str:
    """The beginning of a stored value, as a message shows it; what is nested is not spelled out."""
    if isinstance(value, list | dict):
        return f"a {'list' if isinstance(value, list) else 'mapping'} of {len(value)}"
    try:
        text = repr(value)
    except ValueError:  # a whole number of more digits than Python writes
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value
