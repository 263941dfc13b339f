from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.errors import DocumentError, InvalidInput
from seesawnas.io.validation import KEY_ALIASES
from seesawnas.text import MOST_LINE, MOST_LINES, bounded, nearest, one_of, several, short


@pytest.mark.parametrize(
    "value",
    [10**5000, "x" * 10**6, [1] * 10**5, {"a": "b" * 1000}],
    ids=["int", "str", "list", "dict"],
)
def test_a_value_of_any_size_is_shown_by_its_beginning(value: object) -> None:
    assert len(short(value)) <= 60


@given(st.text(max_size=2000))
def test_a_message_that_a_person_reads_stays_as_it_is(text: str) -> None:
    lines = bounded(text).split("\n")
    assert len(lines) <= MOST_LINES + 1
    assert max(map(len, lines)) <= MOST_LINE


def test_of_many_faults_the_first_are_listed_and_the_rest_counted() -> None:
    message = str(DocumentError("a.yaml", [f"k{i}: is wrong" for i in range(1000)]))
    assert message.split("\n")[-2:] == ["a.yaml: k19: is wrong", "... and 980 more"]
    joined = str(InvalidInput("\n".join([message, message])))
    assert joined.split("\n")[-1] == "... and 1980 more"


def test_a_long_path_keeps_the_rule_behind_it() -> None:
    message = str(InvalidInput(f"{'x' * 5000}: must be a file"))
    assert message.endswith("x: must be a file")
    assert len(message) < 300


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("lr", ("flip", "learning_rate"), "learning_rate"),
        ("lr", ("flip", "scale"), None),
        ("bs", ("about", "batch_size"), "batch_size"),
        ("n-trials", ("trials", "time"), "trials"),
        ("s", ("stride", "width"), "stride"),
        ("s", ("scale", "shift"), "scale"),
        ("colour", ("blocks", "kernel"), None),
        ("kernl", ("blocks", "kernel"), "kernel"),
        ("k" * 1000, ("kernel",), None),
    ],
)
def test_a_hint_names_what_is_meant_or_nothing(
    word: str, known: tuple[str, ...], near: str | None
) -> None:
    assert nearest(word, known, KEY_ALIASES) == near


def test_one_is_not_several() -> None:
    assert [several(n, "epoch") for n in (0, 1, 2, 1200)] == [
        "0 epochs",
        "1 epoch",
        "2 epochs",
        "1,200 epochs",
    ]
    assert several(1, "person", "people") == "1 person"


@pytest.mark.parametrize(
    ("got", "rule"),
    [
        ("onx", "must be one of onnx, ncnn, got onx; did you mean onnx?"),
        ("zzz", "must be one of onnx, ncnn, got zzz"),
        ("x" * 100, f"must be one of onnx, ncnn, got {'x' * 57}..."),
        (3, "must be one of onnx, ncnn, got 3"),
        ("", "must be one of onnx, ncnn, got an empty word"),
    ],
)
def test_a_name_that_is_none_is_told_with_all_names_and_the_nearest(got: object, rule: str) -> None:
    assert one_of(iter(("onnx", "ncnn")), got) == rule
