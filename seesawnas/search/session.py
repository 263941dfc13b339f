"""A running search: its trials, then repeats of its best networks with new seeds."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from seesawnas.cost.latency import MeasureLatency
from seesawnas.data import FaceData
from seesawnas.errors import InvalidInput
from seesawnas.search.loading import PreparedRun, prepare_run
from seesawnas.search.plan import SearchPlan
from seesawnas.search.priors import keep_priors
from seesawnas.search.proposer import NetworkProposer
from seesawnas.search.retraining import SmoothedScores, keep_smoothing, smooth
from seesawnas.search.samplers import INFORMED_STARTUP, LinearThompson, Recorded
from seesawnas.space import SearchSpace
from seesawnas.space.canonical import compatible_digest
from seesawnas.study import (
    REPEATS,
    Checkpoints,
    Ended,
    EngineFactory,
    Objectives,
    Proposal,
    Repeating,
    Repeats,
    SessionEvent,
    Source,
    StopRules,
    StudyPart,
    StudyRecord,
    StudySession,
    Trial,
    TrialSetup,
    TrialState,
    Work,
    engine_factory,
    measure_finalists,
    missed_limit,
    non_dominated,
    open_session,
    rank_trials,
    read_repeats,
    trial_spec,
)

SearchEvent: TypeAlias = SessionEvent


@dataclass(frozen=True, slots=True)
class SearchSource:
    """The trials of a search: points, uniform draws, then what its sampler proposes."""

    plan: SearchPlan
    ready: PreparedRun
    record: StudyRecord
    name: str = "trials"

    def prepare(self) -> Work:
        """Trials until a rule of the plan ends the search."""
        plan, ready = self.plan, self.ready
        proposer = make_proposer(ready, plan.seed, plan.sampler)
        setup = TrialSetup(
            plan.proxy, plan.rules, plan.halving, Checkpoints(plan.checkpoints), plan.stall_timeout
        )
        return Work(proposer, ready.faces, setup)


def make_proposer(ready: PreparedRun, seed: int, sampler: str) -> NetworkProposer:
    """What proposes the networks of a search: with priors, the sampler that learns from them."""
    if not ready.priors:
        return NetworkProposer(ready.feasible, ready.points, seed, sampler)
    informed = LinearThompson(ready.feasible, priors=ready.priors)
    return NetworkProposer(ready.feasible, ready.points, seed, informed, startup=INFORMED_STARTUP)


@dataclass(frozen=True, slots=True)
class FinalistsSource:
    """The best networks of ``record``, measured before they are ranked or repeated.

    It trains nothing. Those that take longer than the budget allows are left out of the ranking,
    and the next best take their places. If they cannot be measured, predictions are all there is.
    """

    plan: SearchPlan
    record: StudyRecord
    measure: MeasureLatency
    name: str = "finalists"

    def prepare(self) -> Ended:
        """Measure them."""
        plan, limit = self.plan, self.plan.budget.latency
        if limit is not None:
            ranked = networks_to_repeat(complete_networks(self.record), plan.objectives)
            try:
                measure_finalists(self.record, ranked, limit, self.measure, plan.repeat_top)
            except InvalidInput as error:
                return Ended(str(error))
        return Ended("all finalists are measured")


@dataclass(frozen=True, slots=True)
class RepeatsSource:
    """The best networks of ``searched`` once more, from each of the plan's new seeds."""

    plan: SearchPlan
    ready: PreparedRun
    searched: StudyRecord
    record: StudyRecord
    name: str = "repeats"

    def prepare(self) -> Work | Ended:
        """The repeats that are missing, and those that wait."""
        plan, record = self.plan, self.record
        smoothed = smoothed_scores(plan, self.ready, self.searched)
        missing = missing_repeats(plan, self.searched, record, smoothed)
        if not missing and record.finished == len(record):
            return Ended("all repeats are finished")
        wanted, queue = len(record) + len(missing), iter(missing)
        setup = TrialSetup(
            plan.proxy,
            StopRules(wanted),
            checkpoints=_repeats_checkpoints(plan),
            stall_timeout=plan.stall_timeout,
        )
        return Work(
            lambda _: next(queue, None), self.ready.faces, setup, Repeating(wanted, record.finished)
        )


def smoothed_scores(
    plan: SearchPlan, ready: PreparedRun, record: StudyRecord
) -> SmoothedScores | None:
    """What chooses the networks to train again, if it is not what was measured alone.

    Under a latency limit it is: what is predicted there may not be what the device takes.
    """
    if plan.budget.latency is not None:
        return None
    return smooth(record, ready.feasible.decisions)


def missing_repeats(
    plan: SearchPlan,
    record: StudyRecord,
    repeats: StudyRecord,
    smoothed: SmoothedScores | None,
) -> list[Proposal]:
    """The repeats that ``plan`` asks for and the study of repeats does not hold yet.

    ``smoothed`` scores choose the networks if there are any. The repeats come seed by seed, so that
    an interruption leaves the networks with nearly equally many.
    """
    held = repeats.keys()
    missed = missed_limit(record.study.user_attrs)
    complete = [
        trial for trial in complete_networks(record) if trial.user_attrs["digest"] not in missed
    ]
    best = networks_to_repeat(complete, plan.objectives)
    if smoothed is not None:
        best = sorted(best, key=lambda trial: -smoothed.of(trial.number, trial.values[0]))
    wanted = (
        _repeat(trial, plan, seed)
        for seed in plan.repeat_seeds
        for trial in best[: plan.repeat_top]
    )
    return [proposal for proposal in wanted if proposal.key not in held]


def complete_networks(record: StudyRecord) -> list[Trial]:
    """The complete trials, without those of other programs."""
    return [trial for trial in record.trials(TrialState.COMPLETE) if "spec" in trial.user_attrs]


def networks_to_repeat(complete: list[Trial], objectives: Objectives) -> list[Trial]:
    """The trials in the order in which to repeat them, by what the search measured.

    With several objectives those on the Pareto front come first.
    """
    best = rank_trials(complete, {})
    if not objectives.costs:
        return best
    front = non_dominated([trial.values for trial in best])
    return [
        best[place]
        for place in sorted(range(len(best)), key=lambda place: (place not in front, place))
    ]


def _repeat(trial: Trial, plan: SearchPlan, seed: int) -> Proposal:
    label, proxy = str(trial.user_attrs.get("label") or ""), plan.proxy.with_seed(seed)
    return Proposal(
        trial_spec(trial), trial.params, label, proxy, variant=f"seed {seed}", fixed=True
    )


@dataclass(frozen=True, slots=True)
class Session:
    """A search that holds its study and is ready to run.

    Attributes:
        plan: What it is asked to do.
        ready: What the plan names, found.
        study: The study that it holds, and the one of its repeats.
    """

    plan: SearchPlan
    ready: PreparedRun
    study: StudySession

    @property
    def record(self) -> StudyRecord:
        """The search's trials."""
        return self.study.records[""]

    @property
    def repeats(self) -> StudyRecord | None:
        """The repeats, of this run or an earlier; None if there are none."""
        return self.study.records.get(REPEATS)

    def smoothed(self) -> SmoothedScores | None:
        """The scores that choose which networks to train again, if not the measured ones alone."""
        return smoothed_scores(self.plan, self.ready, self.record)

    def learnt(self) -> list[dict[str, Any]]:
        """What came of each prior after the trials that the study holds, as JSON values.

        ``trust`` is how likely it is that it holds here, from 0 to 1; priors that say the same, or
        the opposite, share it.
        """
        feasible, priors = self.ready.feasible, self.ready.priors
        history = Recorded(feasible.decisions).read(self.record)
        trusts = LinearThompson(feasible, priors=priors).trust(history)
        return [
            {
                "name": prior.name,
                "trials": prior.trials,
                "r2": prior.r2,
                "trust": trust,
                "unused": list(prior.unused),
                "missing": list(prior.missing(feasible.decisions)),
            }
            for prior, trust in zip(priors, trusts, strict=True)
        ]

    def run(
        self, measure: MeasureLatency | None = None, *, seconds: float | None = None
    ) -> Generator[SearchEvent]:
        """Search until a rule of the plan ends it, then repeat the best in the time that is left.

        Yield events. The last one is ``Ended``: why the search ended, and whether its time limit
        came before the end of its repeats.

        Args:
            measure: Measures the best networks on the device under a latency budget, before they
                are repeated and ranked; None to trust the prediction.
            seconds: The time of this run; what the plan says if it is None.
        """
        plan, ready, record = self.plan, self.ready, self.record
        search, repeats = SearchSource(plan, ready, record), list[Source]()
        if measure is not None:
            repeats.append(FinalistsSource(plan, record, measure))
        if self.repeats is not None and plan.repeats:
            repeats.append(RepeatsSource(plan, ready, record, self.repeats))
        return self.study.run(search, *repeats, seconds=seconds or plan.seconds)

    def measured_again(self) -> Mapping[str, Repeats]:
        """What repeats the study holds, of this run and of earlier ones, by digest."""
        return read_repeats(self.study.storage, self.record.study.study_name)


@contextmanager
def opened(plan: SearchPlan, engine: EngineFactory | None = None) -> Iterator[Session]:
    """Check the whole plan, hold its study, and put trials that a killed driver left back in line.

    Args:
        plan: What to do.
        engine: Makes what runs the trials; the plan's engine if it is None.

    Raises:
        InvalidInput: If the plan cannot be carried out, before anything is written; with every
            fault in a line of its own.
    """
    ready = prepare_run(plan)
    decisions = ready.feasible.decisions

    def settings(kept: Mapping[str, Any]) -> dict[str, Any]:
        return _settings(plan, ready.feasible.space, ready.faces, kept.get("space"))

    main, again = Checkpoints(plan.checkpoints), _repeats_checkpoints(plan)
    parts = {
        "": StudyPart(decisions, settings, plan.objectives, main, latency=plan.budget.model),
        REPEATS: StudyPart(
            decisions,
            settings,
            plan.objectives,
            again,
            resumes=plan.repeats > 0,
            latency=plan.budget.model,
        ),
    }
    engine = engine or engine_factory(plan.engine)
    with open_session(
        plan.folder, parts, engine=engine, url=plan.storage, teacher=ready.teacher
    ) as study:
        keep_smoothing(study.records[""])
        ready = replace(ready, priors=keep_priors(study.records[""], ready.priors))
        study.record_start(plan.to_mapping(), data=ready.faces.fingerprint, seeds=_seeds(plan))
        yield Session(plan, ready, study)


def _repeats_checkpoints(plan: SearchPlan) -> Checkpoints:
    return Checkpoints(plan.folder / "checkpoints.repeats")


def _seeds(plan: SearchPlan) -> dict[str, Any]:
    return {"study": plan.seed, "pairs": plan.proxy.pairs_seed, "repeats": list(plan.repeat_seeds)}


def _settings(
    plan: SearchPlan, space: SearchSpace, faces: FaceData, kept: object
) -> dict[str, Any]:
    """What trials must share to be compared.

    ``kept`` is how the study names its space, if it does so already.
    """
    settings = plan.settings(
        space=compatible_digest(space, kept, space.name or plan.space),
        data=f"{faces.description} {faces.fingerprint}",
    )
    if settings["learn_from"] is None:
        del settings["learn_from"]  # as versions stored them that knew no priors
    return settings
