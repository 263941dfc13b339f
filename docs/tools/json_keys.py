"""The keys of a command's JSON, as pages list them."""

from __future__ import annotations

import json
from typing import Any

DEEPEST = 3
"""Keys within keys, of which more are not listed."""
TYPES = {bool: "true or false", int: "number", float: "number", str: "text", type(None): "null"}


def key_list(output: str) -> list[str]:
    """A line for each key: its path, and the types of its values, which may be of several objects.

    Args:
        output: JSON, or JSON lines, of which the first is read.
    """
    try:
        value = json.loads(output)
    except json.JSONDecodeError:
        value = json.loads(output.splitlines()[0])
    found: dict[str, set[str]] = {}
    _collect(value, "", 0, found)
    width = max(map(len, found))
    return [f"{path:{width}}  {' or '.join(_merged(types))}" for path, types in found.items()]


def _collect(value: Any, path: str, depth: int, found: dict[str, set[str]]) -> None:
    if isinstance(value, dict) and (depth < DEEPEST or not value):
        for key, one in value.items():
            _collect(one, f"{path}.{key}" if path else key, depth + 1, found)
    elif isinstance(value, list) and value:
        for one in value:
            _collect(one, f"{path}[]", depth, found)
    else:
        types = {dict: "mapping", list: "empty list"} | TYPES
        found.setdefault(path, set()).add(types[type(value)])


def _merged(types: set[str]) -> list[str]:
    return sorted(types, key=lambda name: (name == "null", name))
