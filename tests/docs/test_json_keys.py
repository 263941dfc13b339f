"""The lists of keys of JSON."""

from __future__ import annotations

from docs.tools.json_keys import key_list


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
