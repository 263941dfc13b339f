"""The references have every declaration."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from docs.tools import declared
from seesawnas.arch import kinds
from seesawnas.plan.options import options_of
from seesawnas.space.document import _models
from seesawnas.space.grammar import grammar_of
from seesawnas.train.recipe import Recipe
from tests.cli.test_help import COMMANDS


def test_every_command_that_has_help_stands_there() -> None:
    found = {words for words, _ in declared.commands()}
    groups = {
        "seesawnas",
        *(words.split()[0] for words in found if f"{words.split()[0]}" not in found),
    }
    assert found == set(COMMANDS) - groups


@pytest.mark.parametrize(
    ("words", "command"), [pytest.param(*one, id=one[0]) for one in declared.commands()]
)
def test_a_command_stands_there_with_its_options(words: str, command: object) -> None:
    text = declared.command_reference()
    start = text.index(f"\n## {words}\n")
    section = text[start : (text.find("\n(command-", start + 1) % len(text)) + 1]
    shown = [one for one in command.params if not getattr(one, "hidden", False)]  # type: ignore[attr-defined]
    flags = [one.opts[0] for one in shown if one.param_type_name == "option"]
    assert "--help" not in flags or "`--help`" in section
    assert [flag for flag in flags if f"`{flag}`" not in section] == []
    assert "| meaning |" in section


@pytest.mark.parametrize("command", declared.STUDY_FILES)
def test_the_keys_of_a_study_file_stand_there(command: str) -> None:
    table = declared.study_file_reference(command)
    keys = [one.key for one in options_of(declared.STUDY_FILES[command])]
    assert [line.split("`")[1] for line in table.splitlines()[2:] if line] == keys


def test_the_keys_of_a_recipe_stand_there_with_their_meanings() -> None:
    rows = [line.split(" | ") for line in declared.recipe_reference().splitlines()[2:] if line]
    assert [row[0].strip("| `") for row in rows] == [
        one.name for one in fields(Recipe) if one.name != "label"
    ]
    assert [row[0] for row in rows if not row[3].strip(" |")] == []


def test_the_keys_of_a_search_space_stand_there() -> None:
    rows = [line.split(" | ") for line in declared.space_reference().splitlines()[2:] if line]
    keys = {key for row in rows for key in re.findall(r"`(\w+)`", row[0])}
    assert keys == set(_models(grammar_of({})).whole.model_fields)
    assert [row[0] for row in rows if not row[1].strip(" |")] == []


def test_the_kinds_that_ship_stand_there() -> None:
    text = declared.kind_reference()
    shipped = {
        name for name, kind in kinds().items() if kind.block.__module__.startswith("seesawnas.")
    }
    assert [name for name in shipped if f"| `{name}` |" not in text] == []


def test_every_benchmark_stands_there_with_what_it_measures() -> None:
    rows = [line.split(" | ") for line in declared.benchmark_reference().splitlines()[2:] if line]
    assert len(rows) == len(list(declared.BENCHMARKS.glob("*.py")))
    assert [row for row in rows if len(row[1].strip(" |")) < 10] == []


def test_attributes_are_read_from_a_docstring() -> None:
    class Shown:
        """One.

        Attributes:
            first: A line
                and another, of ``code``.
            second: Two.
        """

    assert declared.attribute_docs(Shown) == {
        "first": "A line and another, of `code`.",
        "second": "Two.",
    }
