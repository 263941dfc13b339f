"""The laws of the protocol, on networks whose times are made up."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.device.latency.protocol import (
    Latency,
    Measured,
    Run,
    Sample,
    check_halves,
    finished,
    measure,
    ratio_intervals,
)
from seesawnas.errors import InvalidInput

times = st.floats(0.1, 100)


def played(*values: float, cpu: bool = True) -> Run:
    """A network that takes ``values`` in turn, and then the last of them."""
    left = list(values)

    def run() -> Sample:
        value = left.pop(0) if len(left) > 1 else left[0]
        return Sample(value, value if cpu else None)

    return run


@given(st.lists(times, min_size=2, max_size=30), times)
def test_more_rounds_never_raise_the_minimum(values: list[float], more: float) -> None:
    def minimum(row: list[float]) -> float:
        wall = np.array([row])
        return Measured(("a",), "wall", wall, None).latencies()[0].minimum

    assert minimum([*values, more]) <= minimum(values)


@given(st.lists(times, min_size=8, max_size=30))
def test_the_ratio_to_itself_is_one(values: list[float]) -> None:
    wall = np.array([values, values])
    first, second = Measured(("a", "b"), "wall", wall, None).latencies()
    assert first.ratio == second.ratio == first.low == second.high == 1


@given(st.lists(times, min_size=8, max_size=30), st.floats(0.5, 2))
def test_a_network_that_takes_twice_as_long_has_twice_the_ratio(
    values: list[float], factor: float
) -> None:
    wall = np.array([values, [factor * value for value in values]])
    second = Measured(("a", "b"), "wall", wall, None).latencies()[1]
    assert second.ratio == pytest.approx(factor)
    assert second.low == pytest.approx(factor) == second.high


def test_each_network_runs_once_a_round_in_an_order_that_changes() -> None:
    calls: list[str] = []

    def named(name: str) -> Run:
        def run() -> Sample:
            calls.append(name)
            return Sample(1.0, 1.0)

        return run

    events = list(measure({name: named(name) for name in "abc"}, rounds=10, warm_up=2, seed=1))
    assert [event.done for event in events] == list(range(1, 13))
    orders = ["".join(calls[i : i + 3]) for i in range(0, len(calls), 3)]
    assert all(sorted(order) == list("abc") for order in orders)
    assert len(set(orders)) > 2


def test_the_warm_up_does_not_count() -> None:
    found = finished(measure({"a": played(0.1, 5, 6, 7)}, rounds=3, warm_up=1))
    assert found.latencies()[0].minimum == 5


def test_processor_time_is_the_clock_if_all_have_it() -> None:
    both = finished(measure({"a": played(1), "b": played(2)}, rounds=4))
    one = finished(measure({"a": played(1), "b": played(2, cpu=False)}, rounds=4))
    assert (both.clock, one.clock) == ("cpu", "wall")
    assert one.latencies()[0].cpu_minimum is None


def test_the_clock_may_be_given() -> None:
    found = finished(measure({"a": played(1)}, rounds=4, clock="wall"))
    assert found.clock == "wall"
    assert found.cpu is not None


@pytest.mark.parametrize("rounds", [8, 10, 60])
@pytest.mark.parametrize("noise", ["exponential", "lognormal", "half-normal"])
def test_an_interval_covers_the_ratio_of_equal_networks(noise: str, rounds: int) -> None:
    rng = np.random.default_rng(0)
    size = (2000, 2, rounds)
    disturbance = {
        "exponential": rng.exponential(size=size),
        "lognormal": rng.lognormal(size=size),
        "half-normal": np.abs(rng.normal(size=size)),
    }[noise]
    covered = 0
    for times in 5 + disturbance:
        low, high = ratio_intervals(times)
        assert low[0] == high[0] == 1
        covered += low[1] <= 1 <= high[1]
    assert 0.93 <= covered / len(disturbance) < 0.995


@given(st.lists(st.tuples(times, times), min_size=1, max_size=30))
def test_an_interval_has_the_ratio_of_the_minima(values: list[tuple[float, float]]) -> None:
    both = np.array(values).T
    low, high = ratio_intervals(both)
    assert low[1] <= both[1].min() / both[0].min() <= high[1]


def test_intervals_of_many_rounds_take_little_memory() -> None:
    wall = np.random.default_rng(0).uniform(1, 2, (2, 40_000))
    tracemalloc.start()
    first, second = Measured(("a", "b"), "wall", wall, None).latencies()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert first.low == first.high == 1
    assert second.low <= second.ratio <= second.high
    assert peak < 10 * wall.nbytes


def test_rounds_go_on_until_the_halves_agree() -> None:
    # The fastest time comes in round 6 and, for the other half, in round 13.
    slow = [2.0] * 20
    slow[5] = slow[12] = 1.0
    runs = {"a": played(*slow), "b": played(1)}
    events = list(measure(runs, rounds=8, most_rounds=40, warm_up=0))
    assert [event.done for event in events] == list(range(1, 17))
    assert [event.total for event in events] == [8] * 7 + [16] * 9


def test_rounds_end_even_if_the_halves_never_agree() -> None:
    runs = {"a": played(*[1.0, 2.0] * 20)}
    found = finished(measure(runs, rounds=8, most_rounds=20, warm_up=0))
    assert found.rounds == 20
    assert found.disagreements.tolist() == [1.0]


def test_halves_that_disagree_are_refused() -> None:
    wall = np.array([[1.0, 1.1] * 10])
    found = Measured(("a",), "wall", wall, None).latencies()
    assert found[0].disagreement == pytest.approx(0.1)
    with pytest.raises(InvalidInput, match=r"a: the even and the odd rounds .* got 10.0 %"):
        check_halves(found)
    check_halves([Latency("a", 1, 1, 1, 1, 0.049, 1, 1, 1)])


def test_an_option_is_advised_by_a_command_that_has_it_alone() -> None:
    busy = [Latency("a", 1, 1, 1, 1, 0.1, 1, 1, 1)]
    with pytest.raises(InvalidInput) as said:
        check_halves(busy)
    assert "--" not in str(said.value)
    with pytest.raises(InvalidInput, match="use more --rounds, or stop"):
        check_halves(busy, advice="use more --rounds")


def test_a_share_of_many_networks_may_disagree() -> None:
    def named(name: str, disagreement: float) -> Latency:
        return Latency(name, 1, 1, 1, 1, disagreement, 1, 1, 1)

    twenty = [named(str(i), 0.2 if i < 2 else 0.01) for i in range(20)]
    check_halves(twenty, 0.1)
    with pytest.raises(InvalidInput, match=r"two: .* got 6.0 %"):
        check_halves([*twenty[:19], named("two", 0.06)], 0.1)
    with pytest.raises(InvalidInput, match=r"0: .* got 20.0 %"):
        check_halves(twenty[:9], 0.1)
