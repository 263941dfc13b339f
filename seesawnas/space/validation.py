"""What pydantic found wrong, in this project's words: the rule first, then the value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from pydantic import ValidationError

from seesawnas.space.key_aliases import KEY_ALIASES
from seesawnas.text import MOST_LINES, nearest, one_line, short

Place: TypeAlias = tuple[int | str, ...]
Known: TypeAlias = Callable[[Place], Iterable[str]]


def faults_of(
    error: ValidationError, known: Known, passed_over: Callable[[Place], bool] = lambda place: False
) -> Iterator[tuple[Place, str]]:
    """Each fault's place and rule; ``known`` gives the keys that may stand at the place of an unknown one.

    A known key with a dot, such as ``recipe.learning_rate``, is one that stands further inside. Unknown keys at places that are
    ``passed_over`` are not told: they follow from another fault.
    """
    found = error.errors(include_url=False)
    told = [fault for fault in found if not (fault["type"] == "extra_forbidden" and passed_over(fault["loc"]))]
    for number, fault in enumerate(told):
        beside = known if number < MOST_LINES else _nothing  # of tens of thousands nobody reads the hints
        yield tuple(part for part in fault["loc"] if part != "[key]"), _rule(fault, beside)


def lines_of(
    error: ValidationError, known: Known, passed_over: Callable[[Place], bool] = lambda place: False
) -> Iterator[str]:
    """Each fault as ``place: rule, got value``; see :func:`faults_of`."""
    for place, rule in faults_of(error, known, passed_over):
        path = path_of(place)
        yield one_line(f"{path}: {rule}" if path else rule)


def path_of(place: Place) -> str:
    """``stages.0.width``; a part of any length, as a file may hold it, is cut."""
    return ".".join(short(part) for part in place)


def _rule(fault: Any, known: Known) -> str:
    rule = _words(fault, known)
    if fault["input"] is not None:
        return rule
    return f"{rule.removesuffix(_NONE)}, got nothing" if rule.endswith(_NONE) else rule


_NONE = ", got None"
"""Of a key without a value: None is Python's word for it, which no file has."""


def _words(fault: Any, known: Known) -> str:
    value = short(fault["input"])
    match fault["type"]:
        case "value_error":
            return str(fault["ctx"]["error"])
        case "extra_forbidden":
            return f"is not a known key{_nearest(fault['loc'], known)}"
        case "invalid_key":
            return f"must be a string key, got {value}"
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
    names = {name.rpartition(".")[2]: name for name in sorted(known(place), key=lambda name: "." not in name)}
    near = nearest(str(place[-1]), names, KEY_ALIASES)
    return f"; did you mean {names[near]}?" if near else ""


def _nothing(_: Place) -> tuple[str, ...]:
    return ()
