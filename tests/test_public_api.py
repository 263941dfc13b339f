"""The names and signatures of ``import seesawnas as sn``: what users have written stays valid.

Names and parameters are only ever added, and a parameter that is added has a default.
``UPDATE_GOLDEN=1 pytest tests/test_public_api.py`` writes the list anew.
"""

from __future__ import annotations

import inspect
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

import seesawnas as sn

GOLDEN = Path(__file__).parent / "public_api.json"
FUNCTIONS = [
    name for name in sn.__all__ if name != "__version__" and not inspect.isclass(getattr(sn, name))
]


def signature(value: Any) -> list[str]:
    """Each parameter with its default, without its annotation; ``*`` begins those by name only."""
    plain = [
        one.replace(annotation=inspect.Parameter.empty)
        for one in inspect.signature(value).parameters.values()
        if one.name != "self"
    ]
    found = str(inspect.Signature(plain)).strip("()")
    return found.split(", ") if found else []


def members(kind: type) -> dict[str, list[str] | str]:
    """The public members that a class defines, with the signatures of its methods."""
    found: dict[str, list[str] | str] = {}
    for name, _ in inspect.getmembers_static(kind):
        if name.startswith("_") or name not in vars(kind):
            continue
        is_method = inspect.isroutine(getattr(kind, name))
        found[name] = signature(getattr(kind, name)) if is_method else "value"
    return found


def described() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in sn.__all__:
        value = getattr(sn, name)
        if inspect.isclass(value):
            found[name] = {"()": signature(value), **members(value)}
        elif name != "__version__":
            found[name] = {"()": signature(value)}
    return found


def lost(kept: list[str] | str, found: list[str] | str) -> list[str]:
    """What calls that were valid for the signature ``kept`` miss in ``found``."""
    if isinstance(kept, str) or isinstance(found, str):
        return [] if kept == found else [f"{kept} became {found}"]
    by_place = kept[: kept.index("*")] if "*" in kept else kept
    added = [one for one in found if one not in kept and "=" not in one and one != "*"]
    moved = [] if found[: len(by_place)] == by_place else [f"{by_place} became {found}"]
    return [*(one for one in kept if one not in found), *added, *moved]


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(described(), indent=1, sort_keys=True) + "\n")
    found: dict[str, Any] = json.loads(GOLDEN.read_text())
    return found


def test_every_public_name_is_in_the_list(golden: dict[str, Any]) -> None:
    assert set(golden) == set(described())


@pytest.mark.parametrize("name", [name for name in sn.__all__ if name != "__version__"])
def test_what_was_valid_for_a_name_still_is(name: str, golden: dict[str, Any]) -> None:
    found = described()[name]
    assert set(golden[name]) <= set(found)
    assert {one: lost(kept, found[one]) for one, kept in golden[name].items()} == {
        one: [] for one in golden[name]
    }


@pytest.mark.parametrize(
    ("kept", "found", "expected"),
    [
        (["a", "*", "b=1"], ["a", "*", "c=2", "b=1"], []),
        (["a"], ["a", "b=1"], []),
        (["a", "*", "b=1"], ["a"], ["*", "b=1"]),
        (["a"], ["a", "b"], ["b"]),
        (["a", "b=1"], ["b=1", "a"], ["['a', 'b=1'] became ['b=1', 'a']"]),
        (["a", "*", "b=1"], ["a", "*", "b=2"], ["b=1"]),
        ("value", ["a"], ["value became ['a']"]),
    ],
)
def test_what_would_break_calls_is_found(
    kept: list[str] | str, found: list[str] | str, expected: list[str]
) -> None:
    assert lost(kept, found) == expected


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_documents_its_parameters(name: str) -> None:
    function = sn.api.train if name == "train" else getattr(sn, name)
    text = inspect.getdoc(function) or ""
    assert text.partition("\n")[0].endswith((".", "``", ":"))
    names = [
        one for one in inspect.signature(function).parameters if one not in ("share", "recipe")
    ]
    if len(names) > 1:
        listed = set(re.findall(r"^ {4,}(?:- )?(\w+): ", text, re.MULTILINE))
        assert set(names) <= listed


@pytest.mark.parametrize("name", sn.__all__)
def test_a_public_name_has_a_docstring(name: str) -> None:
    assert name == "__version__" or getattr(sn, name).__doc__
