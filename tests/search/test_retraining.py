"""Which networks a search trains again. Fake engines run nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from seesawnas.search import opened, plan_of
from seesawnas.search.retraining import LEAST_TRIALS, SMOOTHS, SmoothedScores
from seesawnas.search.session import Session
from seesawnas.study import EngineEvent, Finished, Repeats, ResultRow, TrialJob
from tests.study.fakes import FakeEngine, by_madds, measured

BASE = {"budget": "1M", "space": "small.yaml", "data": "faces", "resolution": 32, "study": "s"}
BASE |= {"engine": "local", "workers": 1, "sampler": "random", "repeats": 1, "repeat_top": 2}
LUCKY, LUCKY_SCORE = 14, 0.62


def one_is_lucky(job: TrialJob) -> EngineEvent:
    """Wide networks are better, but one, of which chance made the best."""
    if job.number == LUCKY and job.proxy.seed == 0:
        return Finished(job.number, measured(LUCKY_SCORE))
    return by_madds(job)


@contextmanager
def ran(**options: Any) -> Iterator[tuple[Session, set[str]]]:
    """A session that has ended, and the digests of the networks that were trained again."""
    plan = plan_of(None, {**BASE, "trials": LEAST_TRIALS, **options})
    with opened(plan, lambda _: FakeEngine(1, one_is_lucky)) as session:
        list(session.run())
        yield session, set(session.measured_again())


def digest_of(session: Session, number: int) -> str:
    return str(session.record.trials()[number].user_attrs["digest"])


@pytest.mark.usefixtures("folder")
def test_who_was_lucky_once_is_not_trained_again() -> None:
    with ran() as (session, again):
        smoothed = session.smoothed()
        assert smoothed is not None
        assert smoothed.r2 > 0.3
        assert smoothed.to_mapping() == {"trials": LEAST_TRIALS, "r2": smoothed.r2}
        best = sorted(session.record.trials(), key=lambda trial: -trial.values[0])
        assert best[0].number == LUCKY
        assert len(again) == 2
        assert digest_of(session, LUCKY) not in again
        assert again == {
            digest_of(session, number)
            for number in sorted(smoothed.values, key=lambda n: -smoothed.values[n])[:2]
        }
        # What is shown of a trial stays as it was measured.
        assert best[0].values == [LUCKY_SCORE]
    with ran() as (session, once_more):
        assert once_more == again


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "options", [{"trials": LEAST_TRIALS - 1}, {"objectives": "accuracy,madds"}]
)
def test_few_trials_and_several_objectives_go_by_what_was_measured(options: dict[str, Any]) -> None:
    with ran(**options) as (session, again):
        assert session.smoothed() is None
        assert digest_of(session, LUCKY) in again


@pytest.mark.usefixtures("folder")
def test_a_study_of_an_earlier_version_goes_on_as_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("seesawnas.search.session.keep_smoothing", lambda _: None)
        with ran(trials=1):
            pass
    with ran() as (session, again):
        assert SMOOTHS not in session.record.study.user_attrs
        assert session.smoothed() is None
        assert digest_of(session, LUCKY) in again


@pytest.mark.usefixtures("folder")
def test_of_a_long_search_the_best_and_the_latest_trials_are_modelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("seesawnas.search.retraining.BEST", 20)
    monkeypatch.setattr("seesawnas.search.retraining.RECENT", 50)
    with ran(trials=90) as (session, _):
        smoothed = session.smoothed()
        assert smoothed is not None
        trials = session.record.trials()
        best = sorted(trials, key=lambda trial: (-trial.values[0], trial.number))[:20]
        assert set(smoothed.values) == {*(one.number for one in best), *range(40, 90)}


def test_networks_that_were_trained_again_keep_their_places() -> None:
    def row(number: int, value: float, repeats: Repeats | None = None) -> ResultRow:
        return ResultRow(number, str(number), None, value, {}, {}, repeats=repeats)

    rows = [row(3, 0.5, Repeats((0.9,))), row(0, 0.8), row(1, 0.7), row(2, 0.6)]
    smoothed = SmoothedScores({0: 0.60, 1: 0.72, 3: 0.99}, 0.5)
    assert [one.number for one in smoothed.best_first(rows)] == [3, 1, 0, 2]
