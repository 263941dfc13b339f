from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.units import (
    LARGEST,
    format_bytes,
    format_duration,
    format_quantity,
    iso_time,
    local_time,
    parse_duration,
    parse_quantity,
    printed_step,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("150M", 150_000_000),
        ("150m", 150_000_000),
        (" 1.3 M ", 1_300_000),
        ("12.1G", 12_100_000_000),
        ("64K", 64_000),
        ("146000000", 146_000_000),
        ("146_000_000", 146_000_000),
        ("0", 0),
        (7, 7),
        ("1.0", 1),
        ("0.0005K", None),
        ("1000000G", LARGEST),
    ],
)
def test_a_quantity_is_the_whole_number_that_it_says(text: str | int, value: int | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match=r"^must be a whole number, got 0.0005K$"):
            parse_quantity(text)
    else:
        assert parse_quantity(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "M",
        "-1",
        "1e6",
        "150 MB",
        "1..2",
        "1.",
        ".5M",
        "1,5M",
        "150M150M",
        "nan",
        "1__0",
        "True",
    ],
)
def test_what_is_no_quantity_is_refused_with_the_rule_and_the_value(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"^must be a number with an optional K, M or G, got "
    ) as caught:
        parse_quantity(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["1000000001M", "9" * 400, "9" * 5000 + "G"])
def test_a_quantity_beyond_all_sense_is_refused_in_one_short_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be at most 1000000.000 G, got ") as caught:
        parse_quantity(text)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("text", "step"),
    [("1.3M", 100_000), ("146M", 1_000_000), ("0.99M", 10_000), ("5", 1), ("1.5", 1)],
)
def test_the_printed_step_is_the_size_of_the_last_digit(text: str, step: int) -> None:
    assert printed_step(text) == step


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (145_762_816, "145.76 M"),
        (1_370_176, "1.37 M"),
        (12_100_000_000, "12.100 G"),
        (512, "512"),
        (64_000, "64.0 K"),
        (0, "0"),
    ],
)
def test_people_read_three_to_five_digits(value: int, text: str) -> None:
    assert format_quantity(value) == text


@given(st.integers(0, LARGEST))
def test_a_formatted_quantity_parses_back_to_nearly_itself(value: int) -> None:
    text = format_quantity(value)
    assert abs(parse_quantity(text) - value) <= printed_step(text)


@given(st.integers(0, LARGEST))
def test_a_plain_number_parses_to_itself(value: int) -> None:
    assert (
        parse_quantity(str(value)) == parse_quantity(f"{value:_}") == parse_quantity(value) == value
    )


@given(st.integers(0, LARGEST))
def test_an_exact_quantity_parses_to_itself_and_is_the_short_one_where_that_says_it_all(
    value: int,
) -> None:
    exact, short = format_quantity(value, exact=True), format_quantity(value)
    assert parse_quantity(exact) == value
    assert (exact == short) is (parse_quantity(short) == value)


def test_an_exact_quantity_ends_with_its_last_digit() -> None:
    assert format_quantity(145_762_816, exact=True) == "145.762816 M"
    assert format_quantity(150_000_000, exact=True) == "150.00 M"
    assert format_quantity(1_004_000, exact=True) == "1.004 M"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("90m", 5400), ("30s", 30), ("1h30m", 5400), ("1.5 h", 5400), ("1d 1s", 86401)],
)
def test_times_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "0s", "-1h", "1m2h", "2 hours", "inf"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a time such as 2h"):
        parse_duration(text)


@given(seconds=st.one_of(st.integers(1, 10**9), st.floats(1e-3, 1e6)))
def test_a_time_is_read_back_as_it_was_written(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize("parse", [parse_quantity, parse_duration])
@pytest.mark.parametrize(
    "text",
    ["1" + " " * 10**6 + "x", "9" * 10**6 + "x", "1d" * 10**5, "１２", 10**5000],
    ids=list("abcde"),
)
def test_no_text_takes_long_or_a_long_line(parse: Callable[[Any], object], text: str | int) -> None:
    with pytest.raises(ValueError, match=r"^must be a") as caught:
        parse(text)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 kB"),
        (52_400, "52 kB"),
        (999_499, "999 kB"),
        (10**6, "1.00 MB"),
        (4_844_000, "4.84 MB"),
        (145_760_000, "145.76 MB"),
        (1_234_567_000_000, "1,234.57 GB"),
    ],
)
def test_a_size_is_shown_in_the_unit_that_it_reaches(size: int, words: str) -> None:
    assert format_bytes(size) == words


def test_a_time_is_that_of_its_zone_to_the_second() -> None:
    moment = datetime(2026, 11, 30, 7, 7, 1, 999_999)
    assert iso_time(moment) == "2026-11-30T07:07:01"
    assert iso_time(moment.replace(tzinfo=UTC)) == "2026-11-30T07:07:01+00:00"
    local = local_time(1_700_000_000.5)
    assert local.tzinfo is not None
    assert local.timestamp() == 1_700_000_000.5
