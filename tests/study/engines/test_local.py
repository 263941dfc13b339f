from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from seesawnas.study import EngineEvent, EpochFinished, Failed, Finished, LocalEngine, Lost
from tests.faces import made_up_faces
from tests.study.jobs import job

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    started = LocalEngine(made_up_faces(), workers=1)
    yield started
    started.close()


def until_ended(engine: LocalEngine) -> tuple[list[EngineEvent], EngineEvent]:
    events: list[EngineEvent] = []
    while isinstance(event := engine.next_event(), EpochFinished):
        events.append(event)
        engine.proceed(event.number)
    assert event is not None
    return events, event


def test_a_worker_process_runs_a_job_and_reports_each_epoch(engine: LocalEngine) -> None:
    engine.submit(job(), None)
    epochs, ended = until_ended(engine)
    assert len(epochs) == 1
    assert isinstance(ended, Finished)
    assert ended.number == 7


def test_a_job_that_diverges_fails_with_its_reason_and_the_worker_lives_on(
    engine: LocalEngine,
) -> None:
    engine.submit(job(learning_rate=1e30), None)
    _, ended = until_ended(engine)
    assert isinstance(ended, Failed)
    engine.submit(job(), None)
    assert isinstance(until_ended(engine)[1], Finished)


def test_a_bug_inside_a_trial_is_its_failure_and_not_the_searchs(engine: LocalEngine) -> None:
    engine.submit(replace(job(), point={"stages": "nonsense"}), None)
    _, ended = until_ended(engine)
    assert isinstance(ended, Failed)


def test_a_killed_worker_is_reported_and_replaced(engine: LocalEngine) -> None:
    engine.submit(job(), None)
    pid = engine._workers[0].process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    _, ended = until_ended(engine)
    assert isinstance(ended, Lost)
    assert "SIGKILL" in ended.reason
    engine.submit(job(), None)
    assert isinstance(until_ended(engine)[1], Finished)


def test_a_job_waits_after_an_epoch_and_ends_where_it_is_told_to_stop(engine: LocalEngine) -> None:
    engine.submit(job(), None)
    assert isinstance(engine.next_event(), EpochFinished)
    assert engine.next_event(timeout=0.3) is None
    engine.stop(7)
    engine.submit(job(seed=1), None)
    assert isinstance(until_ended(engine)[1], Finished)


def test_a_job_that_is_stopped_in_the_middle_of_an_epoch_takes_its_worker_along(
    engine: LocalEngine,
) -> None:
    engine.submit(job(), None)
    before = engine._workers[0].process.pid
    engine.stop(7)
    assert engine._workers[0].process.pid != before
    engine.submit(job(), None)
    assert isinstance(until_ended(engine)[1], Finished)
