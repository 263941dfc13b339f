from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.errors import DocumentError
from seesawnas.io.yaml import MAX_CHARACTERS
from seesawnas.space import read_yaml, write_yaml


def refusal(text: str) -> str:
    with pytest.raises(DocumentError) as caught:
        read_yaml(text, "FILE")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("on", "on"),
        ("yes", "yes"),
        ("no", "no"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("1:3", "1:3"),
        ("190:20:30", "190:20:30"),
        ("010", 10),
        ("089", 89),
        ("-7", -7),
        ("+7", 7),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("0b1", "0b1"),
        ("1e3", 1000.0),
        ("1.5e-3", 0.0015),
        (".5", 0.5),
        ("-2.", -2.0),
        (".inf", ".inf"),
        ("nan", "nan"),
        ("null", None),
        ("~", None),
        ("none", "none"),
        ("2001-01-01", "2001-01-01"),
        ("=", "="),
        ("", None),
    ],
)
def test_scalars_read_as_their_writers_mean_them(text: str, value: object) -> None:
    found = read_yaml(f"a: {text}", "FILE")["a"]
    assert found == value
    assert type(found) is type(value)


def test_a_key_given_twice_is_refused_with_its_line() -> None:
    assert (
        refusal("a: 1\nb:\n  c: 1\n  c: 2\n")
        == "FILE: line 4, column 3: must be YAML: key 'c' is given twice"
    )


def test_a_key_that_is_no_word_is_refused() -> None:
    assert (
        refusal("? [1, 3]\n: x\n") == "FILE: line 1, column 3: must be YAML: keys must be strings"
    )


def test_anchors_are_read_and_merge_keys_are_plain_keys() -> None:
    assert read_yaml("a: &split [1, 3]\nb: *split\n", "FILE") == {"a": [1, 3], "b": [1, 3]}
    assert read_yaml("<<: {a: 1}\n", "FILE") == {"<<": {"a": 1}}


def test_an_anchor_that_names_nothing_is_refused_with_its_line() -> None:
    assert refusal("a: *gone").startswith(
        "FILE: line 1, column 4: must be YAML: found undefined alias"
    )


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object:os.system x",
        "a: !!python/object/apply:os.system [echo]",
        "a: !!python/name:os.system",
        "!!python/tuple [1]",
        "a: !mine x",
        "a: !!set {x}",
        "a: !!binary eA==",
        "a: !!timestamp 2001-01-01",
        "a: !!timestamp x",
        "a: !!omap [b: 1]",
    ],
)
def test_tags_that_make_objects_are_refused(text: str) -> None:
    assert "must be YAML: could not determine a constructor for the tag" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "!!map [a]",
        "!!map a",
        "a: !!int ''",
        "a: !!int x",
        "a: !!float ''",
        "a: !!bool x",
        "!!seq {a}",
    ],
)
def test_a_tag_that_does_not_fit_its_value_is_refused(text: str) -> None:
    assert "must be YAML: " in refusal(text)


@pytest.mark.parametrize(
    "text", ["a: [1", "a: b: c", "\ta: 1", "a: 'x", "a: 1\n---\nb: 2\n", "a: \x00", "%", "a: @x"]
)
def test_what_is_no_yaml_is_refused_in_one_line(text: str) -> None:
    assert refusal(text).startswith("FILE: ")
    assert "must be YAML: " in refusal(text)


def test_a_huge_file_is_refused_before_it_is_parsed() -> None:
    text = "a: " + "x" * MAX_CHARACTERS
    assert refusal(text) == f"FILE: must be at most {MAX_CHARACTERS} characters, got more"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_and_not_a_crash(opening: str) -> None:
    assert "nesting of lists and mappings" in refusal(opening * 50_000)


def test_aliases_that_stand_for_gigabytes_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    rule = f"must be at most {MAX_CHARACTERS} characters with aliases expanded, got more"
    assert refusal("\n".join(lines)) == f"FILE: {rule}"
    assert refusal(f"a: &a {'x' * 90_000}\nb: [{'*a, ' * 20}]") == f"FILE: {rule}"


def test_a_value_that_holds_itself_is_refused() -> None:
    assert "with aliases expanded, got more" in refusal("a: &a [*a]")
    assert "with aliases expanded, got more" in refusal("&a {b: *a}")


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    assert "must be YAML: " in refusal("a: " + "9" * 5000)


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=12
)
look_alikes = st.sampled_from(
    (
        "off",
        "1:3",
        "010",
        "089",
        "1e5",
        "12345678901234e5",
        "0123456789012345",
        "null",
        "~",
        "",
        "true",
        ".5",
        "0x1",
        "<<",
        "=",
        "- a",
    )
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars | look_alikes,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words | look_alikes, inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(values)
def test_what_is_written_reads_back_the_same(value: Any) -> None:
    assert read_yaml(write_yaml(value), "FILE") == value


@given(look_alikes)
def test_text_that_looks_like_another_value_stays_text(text: str) -> None:
    assert read_yaml(write_yaml({"a": text}), "FILE") == {"a": text}


def test_short_lists_and_mappings_go_on_one_line() -> None:
    assert (
        write_yaml({"a": [1, 3], "b": {"c": "off", "d": [1]}})
        == "a: [1, 3]\nb: {c: 'off', d: [1]}\n"
    )
