"""The lists of keys of JSON."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("sybil", reason="sybil, which reads blocks of code, is not installed")

from docs.tools.declared import commands
from docs.tools.examples import ROOT, examples, note_of
from docs.tools.json_keys import key_list, listed_keys

PAGE = ROOT / "docs" / "reference" / "json.md"


def test_every_command_with_json_has_its_keys_on_the_page() -> None:
    with_json = {
        words
        for words, command in commands()
        if any("--json" in one.opts for one in command.params if one.param_type_name == "option")
    }
    text = PAGE.read_text(encoding="utf-8")
    titles = set(re.findall(r"^## (.+)$", text, re.MULTILINE))
    assert titles == with_json
    listed = {
        line.removeprefix("seesawnas ")
        for example in examples(PAGE)
        if note_of(example).name == "keys of" and example.parsed.strip()
        for line in note_of(example).value.split(" && ")
    }
    missing = {
        words
        for words in with_json
        if not any(f"{line} ".startswith(f"{words} ") for line in listed)
    }
    assert missing == set()


def test_paths_and_types_of_all_elements_are_listed() -> None:
    lines = key_list('{"a": [{"b": 1, "c": null}, {"b": "x", "c": 2.5}], "d": true, "e": []}')
    assert [line.split(maxsplit=1) for line in lines] == [
        ["a[].b", "number or text"],
        ["a[].c", "number or null"],
        ["d", "true or false"],
        ["e", "empty list"],
    ]


def test_deep_keys_are_one_mapping() -> None:
    assert [line.split() for line in key_list('{"a": {"b": {"c": {"d": 1}}, "e": {}}}')] == [
        ["a.b.c", "mapping"],
    ]


def test_of_json_lines_the_first_is_read() -> None:
    assert [line.split() for line in key_list('{"a": 1}\n{"b": 1}\n')] == [["a", "number"]]


def test_the_keys_of_several_outputs_are_in_one_list() -> None:
    lines = key_list('{"a": 1, "b": null}', '{"a": 1, "b": "x", "c": 2}')
    assert [line.split(maxsplit=1) for line in lines] == [
        ["a", "number"],
        ["b", "text or null"],
        ["c", "number"],
    ]


def test_a_list_is_read_as_it_is_written() -> None:
    lines = key_list('{"a": [true, null, 1], "b c": {"d": "x"}}')
    assert listed_keys("\n".join(lines)) == {
        "a[]": {"true or false", "null", "number"},
        "b c.d": {"text"},
    }


def test_what_a_null_or_an_empty_list_may_hold_stays() -> None:
    known = "a    number or null\nb[].c  text\nd.e  number\nf  empty list"
    found = listed_keys("\n".join(key_list('{"a": 1, "b": [], "d": null, "f": []}', known=known)))
    assert found == {
        "a": {"number", "null"},
        "b[].c": {"text"},
        "d.e": {"number"},
        "f": {"empty list"},
    }


def test_what_outputs_contradict_does_not_stay() -> None:
    known = "a  text\nb  number\ngone  text\nc[].old  text"
    found = listed_keys("\n".join(key_list('{"a": 1, "b": 2, "c": [{"new": 1}]}', known=known)))
    assert found == {"a": {"number"}, "b": {"number"}, "c[].new": {"number"}}
