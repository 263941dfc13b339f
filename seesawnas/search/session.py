"""One search under way: its study held, its trials run, its best networks repeated."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from optuna.storages import BaseStorage

from seesawnas.data import FaceData
from seesawnas.io.disk import on_disk
from seesawnas.search.loading import Ready, make_ready
from seesawnas.search.plan import SearchPlan
from seesawnas.search.proposer import Proposer
from seesawnas.space import SearchSpace
from seesawnas.space.canonical import compatible_digest
from seesawnas.study import (
    OUT_OF_TIME,
    Checkpoints,
    DriverEvent,
    Ended,
    Objectives,
    Plan,
    Proposal,
    Repeats,
    Run,
    StopRules,
    StudyRecord,
    Trial,
    TrialState,
    drive,
    held,
    keep_name,
    kept_run,
    open_storage,
    ranked_trials,
    read_repeats,
    repeats_name,
    stored_name,
    trial_spec,
    unbeaten,
)
from seesawnas.study.engines.registry import started


@dataclass(frozen=True, slots=True)
class Repeating:
    """The search is over and its best networks are trained again: ``wanted`` trials in all, ``done`` of them before."""

    wanted: int
    done: int


def missing_repeats(plan: SearchPlan, record: StudyRecord, repeats: StudyRecord) -> list[Proposal]:
    """The repeats that ``plan`` asks for and the study of repeats does not hold yet.

    Seed by seed, so that an interruption leaves the networks with nearly equally many.
    """
    held = repeats.keys()
    complete = [trial for trial in record.trials(TrialState.COMPLETE) if "spec" in trial.user_attrs]
    best = worth_repeating(complete, plan.objectives)[: plan.repeat_top]
    wanted = (_repeat(trial, plan, seed) for seed in plan.repeat_seeds for trial in best)
    return [proposal for proposal in wanted if proposal.key not in held]


def worth_repeating(complete: list[Trial], objectives: Objectives) -> list[Trial]:
    """The trials in the order in which to repeat them, by what the search measured.

    With several objectives those on the Pareto front come first.
    """
    best = ranked_trials(complete, {})
    if not objectives.costs:
        return best
    front = unbeaten([trial.values for trial in best])
    return [best[place] for place in sorted(range(len(best)), key=lambda place: (place not in front, place))]


def _repeat(trial: Trial, plan: SearchPlan, seed: int) -> Proposal:
    label, proxy = str(trial.user_attrs.get("label") or ""), plan.proxy.with_seed(seed)
    return Proposal(trial_spec(trial), trial.params, label, proxy, variant=f"seed {seed}", fixed=True)


SearchEvent: TypeAlias = DriverEvent | Repeating


@dataclass(frozen=True, slots=True)
class Session:
    """A search that holds its study and is ready to run."""

    plan: SearchPlan
    ready: Ready
    storage: BaseStorage
    record: StudyRecord
    repeats: StudyRecord | None
    recovered: int
    start: Run

    def run(self) -> Generator[SearchEvent]:
        """Search until a rule of the plan says enough, then repeat the best in the time that is left; yield what happens.

        The last event is the search's ``Ended``: why it ended, and whether the time was up before its repeats were.
        """
        last, begun = None, time.monotonic()
        for event in self._search():
            if isinstance(event, Ended):
                last = event
            else:
                yield event
        done = True
        if self.repeats is not None and self.plan.repeats:
            done = yield from self._repeat(self.repeats, begun)
        if last is not None:
            if not done and last.reason != OUT_OF_TIME:
                last = Ended(f"{last.reason}; {OUT_OF_TIME} before the repeats were done")
            self.start.end(last.reason)
            yield last

    def recover(self) -> int:
        """Put trials that nothing runs any more back in line; returns how many. Safe to do again."""
        return self.record.recover() + (self.repeats.recover() if self.repeats is not None else 0)

    def measured_again(self) -> Mapping[str, Repeats]:
        """What repeats the study holds, of this run and of earlier ones, by digest."""
        return read_repeats(self.storage, self.record.study.study_name)

    def _search(self) -> Generator[DriverEvent]:
        plan = self.plan
        proposer = Proposer(self.ready.feasible, self.ready.points, plan.seed, plan.sampler)
        how = Plan(plan.proxy, plan.rules, plan.halving, Checkpoints(plan.checkpoints), plan.silence)
        driven = drive(self.record, proposer, started(self.plan.engine, self.ready.faces), how)
        with closing(driven):
            yield from self.start.watch(driven)

    def _repeat(self, record: StudyRecord, begun: float) -> Generator[SearchEvent, None, bool]:
        """Whether all repeats are done; ``begun`` is when the run's time began, on the monotonic clock."""
        plan = self.plan
        missing = missing_repeats(plan, self.record, record)
        waiting = len(record.trials()) - record.finished
        if not missing and not waiting:
            return True
        left = None if plan.rules.seconds is None else begun + plan.rules.seconds - time.monotonic()
        if left is not None and left <= 0:
            return False
        wanted = len(record.trials()) + len(missing)
        yield Repeating(wanted, record.finished)
        queue = iter(missing)
        how = Plan(
            plan.proxy, StopRules(wanted, seconds=left), checkpoints=_repeats_checkpoints(plan), silence=plan.silence
        )
        driven = drive(record, lambda _: next(queue, None), started(self.plan.engine, self.ready.faces), how)
        with closing(driven):
            for event in self.start.watch(driven):
                if not isinstance(event, Ended):
                    yield event
        return record.finished >= wanted


@contextmanager
def opened(plan: SearchPlan) -> Iterator[Session]:
    """Check the whole plan, hold its study, and put trials that a killed driver left back in line.

    Raises InvalidInput of one kind or another, every fault in a line of its own, before anything is written where the
    plan cannot be carried out.
    """
    ready = make_ready(plan)
    with on_disk(plan.folder), held(plan.folder):
        storage = open_storage(plan.storage, plan.folder, writing=True)
        name = stored_name(storage, plan.folder)
        record = StudyRecord(storage, name, ready.feasible.decisions, plan.objectives)
        with record.claimed():
            settings = _settings(plan, ready.feasible.space, ready.faces, record.settings.get("space"))
            record.agree(settings)
            repeats = _repeats(plan, ready, storage, settings)
            keep_name(plan.folder, name)
            recovered = record.recover() + _recover_repeats(plan, repeats)
            data, seeds = ready.faces.fingerprint, _seeds(plan)
            with kept_run(record, plan.folder, plan.to_mapping(), data=data, seeds=seeds, repeats=repeats) as start:
                yield Session(plan, ready, storage, record, repeats, recovered, start)


def _repeats(plan: SearchPlan, ready: Ready, storage: BaseStorage, settings: dict[str, Any]) -> StudyRecord | None:
    """The study of the repeats, where there are any, of this run or an earlier; whoever holds the study holds it too."""
    name = repeats_name(stored_name(storage, plan.folder))
    if not plan.repeats and not _is_stored(storage, name):
        return None
    record = StudyRecord(storage, name, ready.feasible.decisions, plan.objectives)
    record.agree(settings)
    return record


def _is_stored(storage: BaseStorage, name: str) -> bool:
    try:
        storage.get_study_id_from_name(name)
    except KeyError:
        return False
    return True


def _recover_repeats(plan: SearchPlan, repeats: StudyRecord | None) -> int:
    """Put repeats that a killed driver left back in line, also where this run goes on with none; how many go on."""
    if repeats is None:
        return 0
    found = repeats.recover()
    _repeats_checkpoints(plan).keep({trial.number for trial in repeats.trials(TrialState.WAITING)})
    return found if plan.repeats else 0


def _repeats_checkpoints(plan: SearchPlan) -> Checkpoints:
    return Checkpoints(plan.folder / "checkpoints.repeats")


def _seeds(plan: SearchPlan) -> dict[str, Any]:
    return {"study": plan.seed, "pairs": plan.proxy.pairs_seed, "repeats": list(plan.repeat_seeds)}


def _settings(plan: SearchPlan, space: SearchSpace, faces: FaceData, kept: object) -> dict[str, Any]:
    """What trials must share to be compared; how many there are, who proposes them and what runs them may change.

    ``kept``: how the study names its space, if it does so already.
    """
    return {
        "budget": plan.budget.setting(),
        "space": compatible_digest(space, kept, space.name or plan.space),
        "data": f"{faces.description} {faces.fingerprint}",
        "objectives": list(plan.objectives.names),
        "resolution": plan.proxy.resolution,
        "epochs": plan.proxy.recipe.epochs,
        "recipe": plan.proxy.recipe.to_mapping(),
        "pairs": plan.proxy.pairs,
        "share": plan.proxy.share,
        "seed": plan.proxy.seed,
    }
