"""The study's loop: fill the engine with proposals, write down what comes back, until a stop rule says enough.

The same loop runs under any engine. It yields what happened, for others to show.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias

from optuna.trial import FrozenTrial, TrialState

from seesawnas.space import read_yaml
from seesawnas.study.engine import Engine, Failed, Finished, Lost, Progressed
from seesawnas.study.record import Proposal, StudyRecord
from seesawnas.study.trial import Proxy, TrialJob


@dataclass(frozen=True, slots=True)
class Began:
    """A trial was given to the engine."""

    trial: FrozenTrial


DriverEvent: TypeAlias = Began | Progressed | Finished | Failed | Lost
Propose: TypeAlias = Callable[[StudyRecord], Proposal | None]
FINISHED = (TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED)


def drive(record: StudyRecord, propose: Propose, engine: Engine, proxy: Proxy, trials: int) -> Generator[DriverEvent]:
    """Run until the study holds ``trials`` finished trials or ``propose`` has no more networks.

    Where the caller stops early, or anything raises, trials under way go back in line: the same study goes on later.
    """
    running: set[int] = set()
    try:
        while True:
            while len(running) < engine.capacity and (trial := _take(record, propose, trials, len(running))):
                running.add(trial.number)
                engine.submit(TrialJob(trial.number, read_yaml(trial.user_attrs["spec"], "trial"), proxy))
                yield Began(trial)
            if not running:
                return
            event = engine.next_event()
            if not isinstance(event, Progressed):
                running.discard(event.number)
                _write(record, event)
            yield event
    finally:
        engine.close()
        record.recover()  # an interrupt falls anywhere, also between a trial's taking and its place in ``running``


def _take(record: StudyRecord, propose: Propose, trials: int, running: int) -> FrozenTrial | None:
    if len(record.trials(*FINISHED)) + running >= trials:
        return None
    if not record.trials(TrialState.WAITING):
        proposal = propose(record)
        if proposal is None:
            return None
        record.add(proposal)
    trial = record.next_waiting()
    if trial is not None and "spec" not in trial.user_attrs:
        record.fail(trial.number, "was stored by another program, without a network")
        return _take(record, propose, trials, running)
    return trial


def _write(record: StudyRecord, event: Finished | Failed | Lost) -> None:
    match event:
        case Finished(number, measurement):
            record.complete(number, measurement)
        case Failed(number, reason):
            record.fail(number, reason)
        case Lost(number, reason):
            record.lose(number, reason)
