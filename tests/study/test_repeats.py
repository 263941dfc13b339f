"""Repeats, the ranking that follows them, and the front."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.study import Finished, Repeats, TrialJob, drive, non_dominated, rank_trials
from tests.study.fakes import FakeEngine, enough, measured, record_in, small_set, uniform

VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=9)


@given(values=VALUES)
def test_the_mean_lies_among_the_values_with_the_textbook_standard_error(
    values: list[float],
) -> None:
    again = Repeats(tuple(values))
    assert min(values) - 1e-9 <= again.mean <= max(values) + 1e-9
    if len(values) == 1:
        assert again.standard_error is None
    else:
        squares = sum((value - statistics.fmean(values)) ** 2 for value in values)
        wanted = math.sqrt(squares / (len(values) - 1) / len(values))
        assert again.standard_error == pytest.approx(wanted, abs=1e-9)


def test_repeated_networks_come_first_by_their_mean_and_their_own_trial_does_not_count(
    tmp_path: Path,
) -> None:
    def answer(job: TrialJob) -> Finished:
        return Finished(job.number, measured([0.99, 0.90, 0.80, 0.95][job.number]))

    record = record_in(tmp_path / "s")
    list(drive(record, uniform(small_set()), FakeEngine(answer=answer), enough(4)))
    trials = record.trials()
    digests = [trial.user_attrs["digest"] for trial in trials]
    assert [trial.number for trial in rank_trials(trials, {})] == [0, 3, 1, 2]
    repeats = {digests[0]: Repeats((0.6, 0.7)), digests[1]: Repeats((0.8, 0.9))}
    assert [trial.number for trial in rank_trials(trials, repeats)] == [1, 0, 3, 2]


POINTS = st.lists(st.tuples(*[st.integers(0, 3)] * 3), max_size=12)


@given(points=POINTS)
def test_the_front_is_exactly_what_nothing_beats(points: list[tuple[int, int, int]]) -> None:
    def beats(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
        return one != other and one[0] >= other[0] and one[1] <= other[1] and one[2] <= other[2]

    wanted = {
        place
        for place, point in enumerate(points)
        if not any(beats(other, point) for other in points)
    }
    assert non_dominated(points) == wanted
