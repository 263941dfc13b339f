"""What every engine must fulfil, however it runs its trials."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

from seesawnas.cost import Budget
from seesawnas.space import FeasibleSet, to_mapping, to_space
from seesawnas.study import (
    Engine,
    EngineEvent,
    EpochFinished,
    Failed,
    Finished,
    Lost,
    Measurement,
    Proxy,
    TrialJob,
    run_trial,
)
from seesawnas.testing._faces import made_up_faces

PATIENCE = 120.0  # on a machine that does much else
LONG = 10_000  # epochs that nobody waits for
SMALL_SPACE: dict[str, Any] = {
    "name": "small",
    "input": {"height": 32, "width": 32},
    "stem": {"width": 8},
    "defaults": {"kind": "share", "activation": {"choice": ["swish", "relu"]}},
    "stages": [
        {
            "depth": {"range": [1, 3]},
            "width": {"choice": [8, 16]},
            "stride": 2,
            "expansion": {"choice": [1, 2]},
        },
        {
            "depth": {"range": [1, 2]},
            "width": {"choice": [16, 24]},
            "stride": 2,
            "expansion": 2,
            "se": {"choice": ["off", 4]},
        },
    ],
    "head": {"width": 32, "embedding": 16},
}


def job(seed: int = 0, learning_rate: float = 0.1) -> TrialJob:
    """Number 7: two epochs of a small network on made-up faces."""
    feasible = FeasibleSet(to_space(SMALL_SPACE, "suite"), Budget.parse("1M"))
    spec = feasible.space.choose(next(feasible.at([feasible.count // 2]).assignments()))
    proxy = Proxy(resolution=32, pairs=200, seed=seed).with_epochs(2)
    return TrialJob(
        7,
        to_mapping(spec),
        replace(proxy, recipe=replace(proxy.recipe, learning_rate=learning_rate)),
    )


def numbered(number: int, epochs: int = 2, seed: int = 0) -> TrialJob:
    given = job(seed)
    return replace(given, number=number, proxy=given.proxy.with_epochs(epochs))


def next_of(engine: Engine) -> EngineEvent:
    event = engine.next_event(PATIENCE)
    assert event is not None
    return event


def progressed(engine: Engine) -> EpochFinished:
    event = next_of(engine)
    assert isinstance(event, EpochFinished), event
    return event


def ended(engine: Engine) -> EngineEvent:
    while isinstance(event := next_of(engine), EpochFinished):
        engine.proceed(event.number)
    return event


def told(measurement: Measurement) -> str:
    """All but the time that it took; as text, since some scores are NaN."""
    return repr(replace(measurement, seconds=0.0))


def wait_until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class EngineSuite:
    """Needs the fixtures ``engine``, with two workers, and ``worker_pids``.

    The latter lists the processes of its workers.
    """

    def test_a_trial_comes_to_what_one_thread_of_the_driver_comes_to(self, engine: Engine) -> None:
        with one_thread():
            *_, alone = run_trial(numbered(1), made_up_faces())
        assert isinstance(alone, Measurement)
        engine.submit(numbered(1), None)
        first = progressed(engine)
        assert (first.number, first.epoch.record.epoch) == (1, 1)
        engine.proceed(1)
        finished = next_of(engine)
        assert isinstance(finished, Finished)
        assert told(finished.measurement) == told(alone)

    def test_it_goes_on_from_a_checkpoint_to_the_same_measurement(self, engine: Engine) -> None:
        engine.submit(numbered(1, epochs=3), None)
        checkpoint = progressed(engine).epoch.checkpoint
        engine.proceed(1)
        whole = ended(engine)
        engine.submit(numbered(2, epochs=3), checkpoint)
        assert progressed(engine).epoch.record.epoch == 2
        engine.proceed(2)
        rest = ended(engine)
        assert isinstance(whole, Finished)
        assert isinstance(rest, Finished)
        assert told(rest.measurement) == told(whole.measurement)

    def test_two_jobs_run_side_by_side_and_one_that_waits_holds_up_nobody(
        self, engine: Engine
    ) -> None:
        assert engine.capacity == 2
        engine.submit(numbered(1), None)
        engine.submit(numbered(2, epochs=4), None)
        assert {progressed(engine).number, progressed(engine).number} == {1, 2}
        engine.proceed(2)
        assert ended(engine).number == 2
        engine.proceed(1)
        assert isinstance(last := ended(engine), Finished)
        assert last.number == 1

    def test_a_job_trains_no_epoch_that_the_driver_has_not_asked_for(self, engine: Engine) -> None:
        engine.submit(numbered(1, epochs=3), None)
        progressed(engine)
        assert engine.next_event(timeout=1.0) is None
        engine.proceed(1)
        assert progressed(engine).epoch.record.epoch == 2
        engine.stop(1)

    def test_waiting_ends_with_its_timeout(self, engine: Engine) -> None:
        engine.submit(numbered(1, epochs=2), None)
        progressed(engine)
        started = time.monotonic()
        assert engine.next_event(timeout=0.2) is None
        assert time.monotonic() - started < 2
        engine.stop(1)

    def test_a_stopped_job_is_not_heard_of_again_and_its_number_can_be_given_again(
        self, engine: Engine
    ) -> None:
        engine.submit(numbered(1), None)
        progressed(engine)
        engine.stop(1)
        engine.submit(numbered(1, seed=1), None)
        assert progressed(engine).epoch.record.epoch == 1
        engine.proceed(1)
        assert isinstance(ended(engine), Finished)
        assert engine.next_event(timeout=0.5) is None

    def test_a_job_is_stopped_in_the_middle_of_an_epoch_too(self, engine: Engine) -> None:
        for wait in (0.0, 0.02, 0.04):  # in the middle or just at the end
            engine.submit(numbered(1, LONG), None)
            progressed(engine)
            engine.proceed(1)
            time.sleep(wait)
            engine.stop(1)
            assert engine.next_event(timeout=0.2) is None
            engine.submit(numbered(2), None)
            engine.submit(numbered(3), None)
            # Both workers work.
            assert {progressed(engine).number, progressed(engine).number} == {
                2,
                3,
            }
            engine.stop(2)
            engine.stop(3)

    def test_a_job_that_has_hardly_begun_can_be_stopped(self, engine: Engine) -> None:
        engine.submit(numbered(1), None)
        engine.stop(1)
        engine.submit(numbered(2), None)
        assert (event := ended(engine)).number == 2
        assert isinstance(event, Finished)

    def test_divergence_and_bugs_are_failures_of_the_trial(self, engine: Engine) -> None:
        engine.submit(replace(job(learning_rate=1e30), number=1), None)
        engine.submit(replace(job(), number=2, point={"stages": "nonsense"}), None)
        for event in (ended(engine), ended(engine)):
            assert isinstance(event, Failed)
            assert "\n" not in event.reason
        engine.submit(numbered(3), None)
        assert isinstance(ended(engine), Finished)

    def test_a_killed_worker_is_a_lost_job_which_goes_on_elsewhere(
        self, engine: Engine, worker_pids: Callable[[], list[int]]
    ) -> None:
        engine.submit(numbered(1, LONG), None)
        engine.submit(numbered(2, LONG), None)
        checkpoints = {
            event.number: event.epoch.checkpoint
            for event in (progressed(engine), progressed(engine))
        }
        engine.proceed(1)
        engine.proceed(2)
        pids = worker_pids()
        assert len(pids) == 2
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        lost: set[int] = set()
        while len(lost) < 2:
            if isinstance(event := next_of(engine), EpochFinished):
                engine.proceed(event.number)
            else:
                assert isinstance(event, Lost), event
                assert "\n" not in event.reason
                lost.add(event.number)
        assert lost == {1, 2}
        for number in lost:
            engine.submit(numbered(number, LONG), checkpoints[number])
        for event in (progressed(engine), progressed(engine)):
            assert event.epoch.record.epoch == 2
            engine.stop(event.number)
