"""A running confirmation: its study is locked, its networks are trained seed by seed.

After every seed the differences are looked at. A rival whose difference is resolved leaves the
race, so that what is left of the budget goes to those that are close.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seesawnas.ablation.arms import Arm, Arms, make_race
from seesawnas.ablation.reading import paired_differences, trial_places
from seesawnas.ablation.result import AblationResult
from seesawnas.ablation.session import (
    PreparedRun,
    failed_trainings,
    keep_design,
    open_trainings,
    prepare_arms,
    record_start,
    result_of,
    trainings_of,
)
from seesawnas.ablation.text import verdict_words
from seesawnas.analysis.group_sequential import judge
from seesawnas.analysis.spending import FIRST_LOOK
from seesawnas.confirmation.plan import ConfirmPlan
from seesawnas.data import FaceData
from seesawnas.errors import StudyError
from seesawnas.io.catalog import holds_study, split_trial
from seesawnas.io.stored_json import stored_mapping
from seesawnas.search.leaders import searched_before
from seesawnas.study import (
    Checkpoints,
    Ended,
    EngineFactory,
    Finished,
    Noted,
    Proposal,
    SessionEvent,
    StopRules,
    StudyRecord,
    StudySession,
    TrialSetup,
    TrialState,
    Work,
    find_study,
)
from seesawnas.study.library.view import StudyView, find_referenced
from seesawnas.text import several


def prepare_run(plan: ConfirmPlan) -> PreparedRun:
    """Find all that ``plan`` names, writing nothing.

    Raises:
        InvalidInput: If anything is missing or wrong, with every fault in its own line.
    """
    found = prepare_arms(plan, lambda: _race(plan), "networks", plan.metric)
    notes = (*found.arms.notes, *_cautions(plan, found.faces))
    return replace(found, arms=replace(found.arms, notes=notes))


def _cautions(plan: ConfirmPlan, faces: FaceData) -> Iterator[str]:
    """Say which networks were chosen by scores that the same trainings would repeat."""
    used = {"seed": plan.seed, "data": f"{faces.description} {faces.fingerprint}"}
    for ref in plan.networks:
        for view in _chosen_in(ref, plan.storage):
            settings = stored_mapping(view.attributes.get("settings", "{}"))
            if used.items() <= settings.items():
                yield (
                    f"caution: {ref} was chosen by its score from seed {plan.seed} on these faces "
                    f"in study {view.name}, which is used again; use another --seed"
                )


def _chosen_in(ref: str, storage: str | None) -> Iterator[StudyView]:
    """The study that a REF names or lies in, and the search whose leaders that trained."""
    try:
        if (named := split_trial(ref)) is not None:
            view = find_referenced(named[0], storage).view()
        elif os.path.exists(ref) and holds_study(folder := Path(ref).absolute().parent):
            view = find_study(str(folder)).view()
        else:
            return
        yield view
        if (search := searched_before(view.name)) is not None:
            yield find_referenced(search, storage).view()
    except StudyError:  # it is gone, or cannot be read: a network is all that is asked for
        return


def _race(plan: ConfirmPlan) -> Arms:
    arms = make_race(plan.networks, plan.storage)
    if len(arms.networks) < 2:
        raise StudyError(
            f"networks must be different, got {' and '.join(plan.networks)}, which are the same "
            "network"
        )
    return arms


@dataclass(slots=True)
class RaceSource:
    """The trainings of a confirmation, each asked for when the looks before it are known.

    Attributes:
        tried: Keys of trainings that this start asked for: one that fails is tried again by the
            next start alone.
    """

    plan: ConfirmPlan
    arms: Arms
    faces: FaceData
    record: StudyRecord
    name: str = "training runs"
    tried: set[str] = field(default_factory=set)

    def prepare(self) -> Work | Ended:
        """The trainings of the race, and those that wait."""
        plan = self.plan
        if not self.record.trials(TrialState.WAITING) and self._next() is None:
            return Ended(self.why())
        setup = TrialSetup(
            plan.proxy,
            StopRules(),
            checkpoints=Checkpoints(plan.checkpoints),
            stall_timeout=plan.stall_timeout,
        )
        return Work(lambda _: self.propose(), self.faces, setup, why=self.why)

    def propose(self) -> Proposal | None:
        """The next training, None if none may begin now."""
        found = self._next()
        if found is not None:
            self.tried.add(found.key)
        return found

    def why(self) -> str:
        """Why no further training begins."""
        racing = self._racing()
        if len(racing) < 2:
            return "every difference is resolved"
        if hopeless := [arm.name for arm in racing if self._is_hopeless(arm)]:
            return (
                f"{' and '.join(hopeless)} failed from {several(FIRST_LOOK, 'seed')} in this run, "
                "and completed no training; the same command tries again"
            )
        seeds = self.plan.seeds
        if all(self._is_begun(seed) for seed in self.plan.training_seeds):
            return f"{several(seeds, 'seed')} trained, the most of --seeds"
        return (
            f"budget of {self.plan.trainings} training runs spent: {len(self.record)} are done, "
            f"and a seed takes {len(self._racing())}"
        )

    def _next(self) -> Proposal | None:
        first, *rivals = self._racing()
        networks = [first, *(rival for rival in rivals if not self._is_hopeless(rival))]
        seeds = self.plan.training_seeds
        if len(networks) < 2 or self._is_hopeless(first):
            return None
        for place, seed in enumerate(seeds):
            # Beyond the first look a worker that waits may begin the next seed, but no more: what
            # is trained after the look that resolves a pair is lost.
            if place >= FIRST_LOOK and not self._is_done(seeds[place - 2]):
                return None
            missing = [
                one for one in trainings_of(networks, self.plan.proxy, seed) if self._is_free(one)
            ]
            if missing:
                return missing[0] if self._is_affordable(len(missing)) else None
        return None

    def _racing(self) -> list[Arm]:
        """The candidate, and the rivals whose difference is not resolved; it alone if all are."""
        first, *rivals = self.arms.networks
        plan, places = self.plan, trial_places(self.record.trials())
        racing = [first]
        for rival in rivals:
            found = judge(
                paired_differences(places, first.digest, rival.digest),
                most=plan.seeds,
                alpha=plan.alpha / len(rivals),
                margin=plan.margin,
            )
            if found.judgement == "not resolved":
                racing.append(rival)
        return racing

    def _is_hopeless(self, arm: Arm) -> bool:
        """Whether it failed from as many seeds as a verdict needs, in this run, and never ended."""
        own = [
            trial for trial in self.record.trials() if trial.user_attrs.get("digest") == arm.digest
        ]
        failed = {
            trial.user_attrs.get("key") for trial in own if trial.state is TrialState.FAIL
        } & self.tried
        is_complete = any(trial.state is TrialState.COMPLETE for trial in own)
        return len(failed) >= FIRST_LOOK and not is_complete

    def _is_free(self, proposal: Proposal) -> bool:
        """Whether the training is neither in the study nor was tried by this start."""
        states = [state for state in TrialState if state is not TrialState.FAIL]
        held = {trial.user_attrs.get("key") for trial in self.record.trials(*states)}
        return proposal.key not in held | self.tried

    def _is_affordable(self, trainings: int) -> bool:
        budget = self.plan.trainings
        return budget is None or len(self.record) + trainings <= budget

    def _is_begun(self, seed: int) -> bool:
        return any(key[1] == seed for key in trial_places(self.record.trials()))

    def _is_done(self, seed: int) -> bool:
        """Whether no training from ``seed`` is left to run."""
        pending = (TrialState.WAITING, TrialState.RUNNING)
        places = trial_places(self.record.trials())
        return not any(key[1] == seed and one[1] in pending for key, one in places.items())


@dataclass(frozen=True, slots=True)
class Session:
    """A confirmation that holds its study and is ready to run.

    Attributes:
        plan: What it is asked to do.
        ready: What the plan names, found.
        study: The study that it holds.
        source: What is trained.
    """

    plan: ConfirmPlan
    ready: PreparedRun
    study: StudySession
    source: RaceSource

    @property
    def record(self) -> StudyRecord:
        """The confirmation's trials."""
        return self.source.record

    def run(self) -> Generator[SessionEvent]:
        """Train until each difference is resolved, the budget is spent or the time is over.

        Yield what happens, at last ``Ended`` with the reason.
        """
        reported = self._verdicts()
        with closing(self.study.run(self.source, seconds=self.plan.seconds)) as events:
            for event in events:
                yield event
                if isinstance(event, Finished):
                    known = self._verdicts()
                    yield from (Noted(line) for line in known if line not in reported)
                    reported = known

    def _verdicts(self) -> list[str]:
        """A sentence for each pair that is resolved."""
        result = self.result()
        assert result.race is not None
        words = zip(result.race.pairs, verdict_words(result), strict=False)
        return [line for pair, line in words if pair.verdict != "not resolvable"]

    def failed(self) -> list[dict[str, Any]]:
        """The trainings that failed, as JSON values."""
        return failed_trainings(self.record)

    def result(self) -> AblationResult:
        """What the study says so far; its ``race`` is never None."""
        return result_of(self.record, self.plan.folder)


@contextmanager
def opened(plan: ConfirmPlan, engine: EngineFactory | None = None) -> Iterator[Session]:
    """Check the whole plan, hold its study, and put trials that a killed driver left back in line.

    Args:
        plan: What to do.
        engine: Makes what runs the trials; the plan's engine if it is None.

    Raises:
        InvalidInput: If the plan cannot be carried out, with every fault in a line of its own,
            before anything is written.
    """
    ready = prepare_run(plan)

    def settings(kept: Mapping[str, Any]) -> dict[str, Any]:
        return _settings(plan, ready)

    with open_trainings(plan, ready, settings, metric=plan.metric, engine=engine) as study:
        record = study.records[""]
        rules = {
            "alpha": plan.alpha,
            "margin": plan.margin,
            "seeds": plan.seeds,
            "trainings": plan.trainings,
        }
        keep_design(record, ready, metric=plan.metric, seeds=plan.training_seeds, race=rules)
        record_start(study, plan, ready, plan.training_seeds)
        yield Session(plan, ready, study, RaceSource(plan, ready.arms, ready.faces, record))


def _settings(plan: ConfirmPlan, ready: PreparedRun) -> dict[str, Any]:
    """What trainings must share to be compared, and what the looks' levels follow from."""
    first, *rivals = ready.arms.arms
    return plan.settings(
        candidate=f"{first.name} {first.digest}",
        networks={arm.name: arm.digest for arm in rivals},
        data=f"{ready.faces.description} {ready.faces.fingerprint}",
    )
