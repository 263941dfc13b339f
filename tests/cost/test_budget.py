from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.cost import Budget
from seesawnas.errors import BudgetError


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("150M", Budget(150_000_000)),
        (" 150 M ", Budget(150_000_000)),
        ("0.5G", Budget(500_000_000)),
        ("140M..150M", Budget(150_000_000, 140_000_000)),
        ("140M .. 150M", Budget(150_000_000, 140_000_000)),
        ("140M...150M", Budget(150_000_000, 140_000_000)),
        ("150M..150M", Budget(150_000_000, 150_000_000)),
    ],
)
def test_a_budget_is_a_ceiling_or_a_band(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            "budget must be a number with an optional K, M or G, got ''; write such as 150M, or a band such as 140M..150M",
        ),
        ("cheap", "budget must be a number with an optional K, M or G, got 'cheap'; write such as 150M, .*"),
        ("-5M", "budget must be a number .* got '-5M'; .*"),
        ("150M..", "budget must be a number .* got ''; .*"),
        ("..150M", "budget must be a number .* got ''; .*"),
        ("0.5", "budget must be a whole number, got 0.5; .*"),
        ("1M..2M..3M", "budget must be a ceiling or a band, got '1M..2M..3M'; .*"),
        ("150M..140M", "budget must have its lower end first, got 150000000..140000000"),
        ("9" * 400, "budget must be at most 1000000.000 G, got 1.00e[+]400; .*"),
        ("1G\n2G", "budget must be a number .* got '1G.n2G'; .*"),
    ],
)
def test_a_budget_that_does_not_parse_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(BudgetError, match=f"^{message}$") as caught:
        Budget.parse(text)
    assert "\n" not in str(caught.value)


def test_both_ends_of_a_band_are_admitted() -> None:
    band = Budget(150, 140)
    assert [madds for madds in range(138, 153) if band.admits(madds)] == list(range(140, 151))


def test_a_ceiling_admits_everything_down_to_nothing() -> None:
    assert Budget(10).admits(0)
    assert Budget(10).admits(10)
    assert not Budget(10).admits(11)


@pytest.mark.parametrize(("budget", "text"), [(Budget(150_000_000), "150.00 M"), (Budget(1_500, 500), "500..1.5 K")])
def test_people_read_a_budget_as_they_write_it(budget: Budget, text: str) -> None:
    assert str(budget) == text
    assert Budget.parse(text) == budget


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_budget_says_its_ends_in_any_spelling(one: int, two: int) -> None:
    low, high = sorted((one, two))
    assert Budget.parse(f"{low}..{high}") == Budget(high, low)
