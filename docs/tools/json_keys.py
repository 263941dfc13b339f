"""The keys of a command's JSON, as pages list them.

A list is made from real outputs. A page may say more than they show: that a number may be null, or
what an empty list would hold. That stays when the list is made anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 3
"""Keys within keys, of which more are not listed."""
TYPES = {bool: "true or false", int: "number", float: "number", str: "text", type(None): "null"}
NOTHING = {"null", "empty list"}
"""Types of values that may hold more in another output."""

Keys = Mapping[str, set[str]]
"""The types of the values of each path, which may be of several objects."""


def key_list(*outputs: str, known: str = "") -> list[str]:
    """A line for each key: its path, and the types of its values.

    Args:
        outputs: Of a command; each is JSON, or JSON lines, of which the first is read.
        known: The list so far. What it says beyond ``outputs`` stays, if they do not contradict it.
    """
    made: dict[str, set[str]] = {}
    for output in outputs:
        _collect(_value(output), "", 0, made)
    found = dict(_joined(made, listed_keys(known)))
    width = max(map(len, found))
    return [f"{path:{width}}  {' or '.join(_merged(types))}" for path, types in found.items()]


def listed_keys(text: str) -> dict[str, set[str]]:
    """The keys of a list that a page shows."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        path, _, types = line.rpartition("  ")
        words = types.replace("true or false", "flag").split(" or ")
        found[path.strip()] = {word.replace("flag", "true or false") for word in words}
    return found


def _value(output: str) -> Any:
    try:
        return json.loads(output)
    except json.JSONDecodeError:
        return json.loads(output.splitlines()[0])


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


def _joined(made: Keys, known: Keys) -> Iterator[tuple[str, set[str]]]:
    """The keys of both; of ``known`` only those that ``made`` leaves room for."""
    for path, types in made.items():
        inner = {} if types - NOTHING else _within(path, known)
        if path in known or not inner:
            listed = known.get(path, set())
            yield path, types | (listed & {"null"} if types - NOTHING else listed)
        yield from ((one, of) for one, of in inner.items() if one not in made)


def _within(path: str, known: Keys) -> Keys:
    """What ``path`` holds by ``known``."""
    return {one: types for one, types in known.items() if one.startswith((f"{path}[", f"{path}."))}


def _merged(types: set[str]) -> list[str]:
    return sorted(types, key=lambda name: (name == "null", name))
