"""Trials that go wrong by themselves, in real workers: the study keeps why, and goes on."""

from __future__ import annotations

import os
import re
import resource
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from seesawnas.space import load_point
from seesawnas.study import (
    Checkpoints,
    DriverEvent,
    EpochFinished,
    Failed,
    Lost,
    Proposal,
    Proxy,
    StopRules,
    StudyRecord,
    TrialSetup,
    TrialStarted,
    TrialState,
    drive,
)
from seesawnas.study.engines.registry import ENGINES as MAKE
from seesawnas.study.engines.registry import EngineSettings
from tests.crash.processes import ENGINES, send, workers
from tests.faces import made_up_faces
from tests.study.fakes import record_in
from tests.study.proposals import proposal

pytestmark = pytest.mark.processes

DIVERGES, TOO_LARGE, HANGS = 1, 2, 3
PROXY = Proxy(resolution=32, pairs=200).with_epochs(3)
MIB = 2**20


def propose(record: StudyRecord) -> Proposal | None:
    number = len(record.trials())
    if number == DIVERGES:
        poison = replace(PROXY, recipe=replace(PROXY.recipe, learning_rate=1e30))
        return replace(proposal(number), proxy=poison, variant="hot")
    if number == TOO_LARGE:
        return Proposal(load_point("paper/seesaw_shuffle_mobi").spec, {})
    return proposal(number)


def give_memory(pid: int, more: int | None) -> None:
    """Leave a worker ``more`` bytes than it has, None for as many as it asks for."""
    has = int(re.findall(r"VmSize:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[0]) * 1024
    limit = resource.RLIM_INFINITY if more is None else has + more
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def expect_an_epoch_within(setup: TrialSetup, seconds: float) -> None:
    """A worker of a busy machine may take long to start; that is not one that hangs."""
    object.__setattr__(setup, "stall_timeout", seconds)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_trials_that_diverge_take_all_memory_or_hang_end_with_their_reasons_and_the_study_goes_on(
    engine: str, tmp_path: Path
) -> None:
    def propose_scarce(record: StudyRecord) -> Proposal | None:
        # Before it is given away: a worker that has begun may have all its memory by then.
        if len(record.trials()) == TOO_LARGE:
            for pid in workers(os.getpid(), engine):
                give_memory(pid, 100 * MIB)
        return propose(record)

    record = record_in(tmp_path / "s")
    setup = TrialSetup(
        PROXY, StopRules(trials=5), checkpoints=Checkpoints(tmp_path / "checkpoints")
    )
    runs = MAKE[engine](made_up_faces(), EngineSettings(engine, workers=1))
    events: list[DriverEvent] = []
    for event in drive(record, propose_scarce, runs, setup):
        events.append(event)
        for pid in workers(os.getpid(), engine):
            if isinstance(event, Failed) and event.number == TOO_LARGE:
                give_memory(pid, None)
            elif (
                isinstance(event, EpochFinished)
                and event.number == HANGS
                and event.epoch.record.epoch == 1
            ):
                send(pid, signal.SIGSTOP)
                expect_an_epoch_within(setup, 2)
        if isinstance(event, Lost):
            expect_an_epoch_within(setup, 3600)
    states = {trial.number: trial.state for trial in record.trials()}
    assert states == {
        n: TrialState.FAIL if n in (DIVERGES, TOO_LARGE) else TrialState.COMPLETE for n in range(5)
    }
    diverged, too_large, hung = (
        record.trials()[n].user_attrs for n in (DIVERGES, TOO_LARGE, HANGS)
    )
    assert "finite" in diverged["reason"]
    # Who runs out first differs: torch's allocator, Python's, or oneDNN, which says no more than
    # this.
    assert re.search("memory|alloc|could not create a primitive", too_large["reason"]), too_large[
        "reason"
    ]
    assert hung["interrupted"] == "no response: no epoch finished within 2 s"
    assert [event.number for event in events if isinstance(event, Lost)] == [HANGS]
    begun = [
        event.resumed
        for event in events
        if isinstance(event, TrialStarted) and event.trial.number == HANGS
    ]
    assert begun == [False, True]
    trained = [
        event.epoch.record.epoch
        for event in events
        if isinstance(event, EpochFinished) and event.number == HANGS
    ]
    assert trained == [1, 2]
    assert not list((tmp_path / "checkpoints").iterdir())
