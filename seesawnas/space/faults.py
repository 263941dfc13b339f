"""What pydantic found wrong, in this project's words: the rule first, then the value."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from pydantic import ValidationError

Place: TypeAlias = tuple[int | str, ...]
Known: TypeAlias = Callable[[Place], Iterable[str]]


def faults_of(error: ValidationError, known: Known) -> Iterator[tuple[Place, str]]:
    """Each fault's place and rule; ``known`` gives the keys that may stand at the place of an unknown one."""
    for fault in error.errors():
        yield tuple(part for part in fault["loc"] if part != "[key]"), _rule(fault, known)


def lines_of(error: ValidationError, known: Known) -> Iterator[str]:
    """Each fault as ``place: rule, got value``."""
    for place, rule in faults_of(error, known):
        path = ".".join(map(str, place))
        yield one_line(f"{path}: {rule}" if path else rule)


def one_line(fault: str) -> str:
    """``fault`` without line breaks, and not longer than a person reads."""
    words = " ".join(fault.split())
    return words if len(words) <= 400 else f"{words[:397]}..."


def short(value: Any) -> str:
    """The beginning of ``value`` as text."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _rule(fault: Any, known: Known) -> str:
    value = short(fault["input"])
    match fault["type"]:
        case "value_error":
            return str(fault["ctx"]["error"])
        case "extra_forbidden":
            return f"is not a known key{_nearest(fault['loc'], known)}"
        case "invalid_key":
            return f"is not a known key: keys are words, got {value}"
        case "missing":
            return "is required, got nothing"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"must be a mapping, got {value}"
        case "list_type":
            return f"must be a list, got {value}"
        case "too_short":
            return "must have at least one entry, got none"
        case "too_long":
            return f"must have at most {fault['ctx']['max_length']} entries, got {len(fault['input'])}"
        case "greater_than_equal" | "less_than_equal":
            return f"{fault['msg'].replace('Input should', 'must')}, got {value}"
        case _:
            return f"{fault['msg'].replace('Input should', 'must').replace('String should', 'must')}, got {value}"


def _nearest(place: Place, known: Known) -> str:
    near = difflib.get_close_matches(str(place[-1]), known(place), n=1, cutoff=0.0)
    return f"; the nearest is {near[0]}" if near else ""
