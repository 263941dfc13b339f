"""A running ablation: its study is locked, its arms are trained seed by seed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seesawnas.ablation.arms import Arm, Arms, make_arms
from seesawnas.ablation.plan import AblationPlan
from seesawnas.ablation.reading import ATTRIBUTE, PLANNED_LOOKS, read_ablation
from seesawnas.ablation.result import AblationResult
from seesawnas.arch.digest_0_1 import digest_0_1
from seesawnas.data import FaceData, Faces
from seesawnas.io.stored_json import stored_mapping
from seesawnas.space import Decision, to_mapping
from seesawnas.study import (
    Checkpoints,
    Ended,
    EngineFactory,
    EngineSettings,
    Objectives,
    Proposal,
    Proxy,
    SessionEvent,
    StopRules,
    StudyPart,
    StudyRecord,
    StudySession,
    TrialJob,
    TrialSetup,
    TrialState,
    Work,
    engine_factory,
    open_session,
    preflight,
    run_trial,
)
from seesawnas.study.options import RunPlan
from seesawnas.study.record.distillation import ProxyTeacher, proxy_teacher
from seesawnas.study.trial import check_metric, load_proxy_faces, proxy_sizes


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """What a plan names, found."""

    arms: Arms
    faces: FaceData
    teacher: ProxyTeacher | None = None


def prepare_run(plan: AblationPlan) -> PreparedRun:
    """Find all that ``plan`` names, writing nothing.

    Raises:
        InvalidInput: If anything is missing or wrong, with every fault in its own line.
    """
    return prepare_arms(plan, lambda: make_arms(plan), plan.base, plan.metric)


def prepare_arms(plan: RunPlan, find: Callable[[], Arms], source: str, metric: str) -> PreparedRun:
    """Find the arms and read the faces, writing nothing.

    Args:
        plan: What is asked for.
        find: Makes the arms, and may raise InvalidInput.
        source: What messages call the arms.
        metric: What they are compared by.

    Raises:
        InvalidInput: If anything is missing or wrong, with every fault in its own line.
    """
    teacher = proxy_teacher(plan, plan.data, plan.identities, plan.seed)
    arms = _check_environment(plan, find, teacher)
    inputs = [(arm.spec.input.height, arm.spec.input.width) for arm in arms.arms]
    sizes = proxy_sizes(source, inputs, plan.proxy.resolution)
    faces = load_proxy_faces(plan.data, sizes, seed=plan.seed, identities=plan.identities)
    check_metric(metric, faces, plan.proxy)
    return PreparedRun(arms, faces, teacher)


def check_environment(plan: AblationPlan) -> Arms:
    """Check all that :func:`prepare_run` does except reading the faces, which takes seconds.

    The folder of the faces must be there.
    """
    return _check_environment(
        plan, lambda: make_arms(plan), proxy_teacher(plan, plan.data, plan.identities, plan.seed)
    )


def _check_environment(
    plan: RunPlan, find: Callable[[], Arms], teacher: ProxyTeacher | None
) -> Arms:
    return preflight(
        find,
        data=plan.data,
        storage=plan.storage,
        folder=plan.folder,
        engine=plan.engine,
        teacher=teacher,
    )


@dataclass(frozen=True, slots=True)
class AblationSource:
    """The trainings of an ablation that its study does not hold yet.

    When they are done, ``wanted`` trials are in it.
    """

    plan: AblationPlan
    faces: FaceData
    record: StudyRecord
    missing: tuple[Proposal, ...]
    wanted: int
    name: str = "trainings"

    def prepare(self) -> Work | Ended:
        """The missing trainings, and those that wait."""
        plan, number, queue = self.plan, len(self.record), iter(self.missing)
        if not self.missing and self.record.finished == number:
            return Ended(
                "the training run is finished"
                if number == 1
                else f"all {number} training runs are finished"
            )
        checkpoints = Checkpoints(plan.checkpoints)
        setup = TrialSetup(
            plan.proxy,
            StopRules(self.wanted),
            checkpoints=checkpoints,
            stall_timeout=plan.stall_timeout,
        )
        return Work(lambda _: next(queue, None), self.faces, setup, finish=self._finish)

    def _finish(self) -> None:
        if self.record.finished == len(self.record) == self.wanted:
            _keep_look(self.record, result_of(self.record, self.plan.folder))


@dataclass(frozen=True, slots=True)
class Session:
    """An ablation that holds its study and is ready to run.

    Attributes:
        plan: What it is asked to do.
        ready: What the plan names, found.
        study: The study that it holds.
        source: What is not in the study yet.
    """

    plan: AblationPlan
    ready: PreparedRun
    study: StudySession
    source: AblationSource

    @property
    def record(self) -> StudyRecord:
        """The ablation's trials."""
        return self.source.record

    @property
    def wanted(self) -> int:
        """How many trials the study shall hold."""
        return self.source.wanted

    def run(self) -> Generator[SessionEvent]:
        """Train what is missing, in the time there is.

        Yield what happens, at last ``Ended`` with the reason.
        """
        return self.study.run(self.source, seconds=self.plan.seconds)

    def failed(self) -> list[dict[str, Any]]:
        """The trainings that failed, and did not come to an end in another try, as JSON values."""
        return failed_trainings(self.record)

    def result(self) -> AblationResult:
        """What the study says so far."""
        return result_of(self.record, self.plan.folder)


def failed_trainings(record: StudyRecord) -> list[dict[str, Any]]:
    """The trainings that failed, and did not come to an end in another try, as JSON values."""
    done = {trial.user_attrs.get("key") for trial in record.trials(TrialState.COMPLETE)}
    return [
        {
            "number": trial.number,
            "arm": trial.user_attrs.get("label"),
            "variant": trial.user_attrs.get("variant"),
            "reason": trial.user_attrs.get("reason", "unknown"),
        }
        for trial in record.trials(TrialState.FAIL)
        if trial.user_attrs.get("key") not in done
    ]


def result_of(record: StudyRecord, folder: Path) -> AblationResult:
    """What the study in ``folder`` says so far."""
    found = read_ablation(folder.absolute().name, record.study.user_attrs, record.trials())
    assert found is not None
    return found


@contextmanager
def opened(plan: AblationPlan, engine: EngineFactory | None = None) -> Iterator[Session]:
    """Check the whole plan, hold its study, and put trials that a killed driver left back in line.

    The same plan with more seeds resumes a study; other networks are another study's.

    Args:
        plan: What to do.
        engine: Makes what runs the trials; the plan's engine if it is None.

    Raises:
        InvalidInput: If the plan cannot be carried out, with every fault in a line of its own,
            before anything is written.
    """
    ready = prepare_run(plan)

    def settings(kept: Mapping[str, Any]) -> dict[str, Any]:
        return _settings(plan, ready, kept)

    with open_trainings(plan, ready, settings, metric=plan.metric, engine=engine) as study:
        record = study.records[""]
        keep_design(
            record,
            ready,
            metric=plan.metric,
            seeds=plan.training_seeds,
            matched=plan.matched,
            **_planned_looks(plan, record),
        )
        missing = tuple(missing_trainings(plan, ready, record))
        record_start(study, plan, ready, plan.training_seeds)
        source = AblationSource(plan, ready.faces, record, missing, len(record) + len(missing))
        yield Session(plan, ready, study, source)


@contextmanager
def open_trainings(
    plan: RunPlan,
    ready: PreparedRun,
    settings: Callable[[Mapping[str, Any]], dict[str, Any]],
    *,
    metric: str,
    engine: EngineFactory | None,
) -> Iterator[StudySession]:
    """Hold the study of ``plan``, whose one part has a decision for each factor of ``ready``.

    Args:
        plan: What to do.
        ready: What it names.
        settings: What the part's trials share, given what is kept of it.
        metric: The part's objective.
        engine: Makes what runs the trials; the plan's engine if it is None.
    """
    decisions = tuple(Decision(factor, levels) for factor, levels in ready.arms.design.factors)
    part = StudyPart(decisions, settings, Objectives(metric), Checkpoints(plan.checkpoints))
    engine = engine or engine_factory(plan.engine)
    with open_session(
        plan.folder, {"": part}, engine=engine, url=plan.storage, teacher=ready.teacher
    ) as study:
        yield study


def record_start(
    study: StudySession, plan: RunPlan, ready: PreparedRun, training_seeds: Sequence[int]
) -> None:
    """Store a start of ``plan`` in its study, with the seeds of all that is drawn."""
    seeds = {
        "people": plan.proxy.seed,
        "pairs": plan.proxy.pairs_seed,
        "training": list(training_seeds),
    }
    study.record_start(plan.to_mapping(), data=ready.faces.fingerprint, seeds=seeds)


def missing_trainings(
    plan: AblationPlan, ready: PreparedRun, record: StudyRecord
) -> Iterator[Proposal]:
    """The trainings that the study does not hold yet, or that failed.

    They go seed by seed, the arms of each in an order of its own. So whatever changes while it
    runs, a machine's load or heat, falls on all arms alike, and an interruption leaves them with
    equally many seeds. Another try of a seed that failed counts as trained when it is done again,
    so that it changes no look that was taken (:func:`seesawnas.ablation.reading.seeds_in_order`).
    """
    states = [state for state in TrialState if state is not TrialState.FAIL]
    held_keys = {trial.user_attrs.get("key") for trial in record.trials(*states)}
    for seed in plan.training_seeds:
        for proposal in trainings_of(ready.arms.networks, plan.proxy, seed):
            if proposal.key not in held_keys:
                yield proposal


def trainings_of(networks: Sequence[Arm], proxy: Proxy, seed: int) -> Iterator[Proposal]:
    """The training of each network from ``seed``, in an order that the seed draws."""
    for place in np.random.default_rng([proxy.pairs_seed, seed]).permutation(len(networks)):
        arm, own = networks[place], proxy.with_seed(seed)
        spec, levels = arm.spec.renamed(""), dict(arm.levels)
        yield Proposal(spec, levels, arm.name, own, variant=f"seed {seed}", fixed=True)


def keep_design(
    record: StudyRecord,
    ready: PreparedRun,
    *,
    metric: str,
    seeds: Sequence[int],
    matched: bool = False,
    **more: Any,
) -> None:
    """Store what the trials' levels and networks mean.

    So the study can be read without what made it.

    Args:
        record: The study.
        ready: The design's networks.
        metric: What they are compared by.
        seeds: Those of this start; those of earlier ones stay.
        matched: Whether the networks were rescaled to the base's MAdds.
        **more: What else is stored, as JSON values.
    """
    design, kept = ready.arms.design, _kept(record)
    arms = [
        {
            "name": arm.name,
            "levels": [list(pair) for pair in arm.levels],
            "digest": arm.digest,
            "madds": arm.cost.madds,
            "params": arm.cost.params,
        }
        for arm in ready.arms.arms
    ]
    values = {
        "base": ready.arms.base.name,
        "quality": metric,
        "design": design.kind,
        "factors": [[factor, list(levels)] for factor, levels in design.factors],
        "seeds": list(dict.fromkeys([*kept.get("seeds", []), *seeds])),
        "matched": matched,
        "resolution": design.resolution,
        "aliases": list(design.aliases),
        "arms": arms,
        "looks": kept.get("looks", []),
        **more,
    }
    if values != kept:
        record.study.set_user_attr(ATTRIBUTE, json.dumps(values))


def _planned_looks(plan: AblationPlan, record: StudyRecord) -> dict[str, Any]:
    """The looks of a study that holds no result yet; those that it holds of another.

    Once there are results, looks that follow from them would find too much. Studies of earlier
    versions have none, and keep the test of a fixed number of seeds.
    """
    if _kept(record) and record.trials(TrialState.COMPLETE):
        return {name: _kept(record)[name] for name in (PLANNED_LOOKS,) if name in _kept(record)}
    return {PLANNED_LOOKS: [list(look) for look in plan.planned_looks]}


def _kept(record: StudyRecord) -> dict[str, Any]:
    """The design as it is stored, empty if it is not yet.

    Raises:
        StudyError: If it cannot be read.
    """
    read_ablation(record.study.study_name, record.study.user_attrs, [])
    return stored_mapping(record.study.user_attrs.get(ATTRIBUTE, "{}"))


def _keep_look(record: StudyRecord, result: AblationResult) -> None:
    """Note the looks that ``result`` is at: the planned ones that an effect has reached.

    Without planned looks, who adds seeds after that has one more chance to be wrong.
    """
    values = _kept(record)
    reached = max((effect.n for effect in result.effects), default=len(result.seeds))
    planned = [n for n, _ in values.get(PLANNED_LOOKS, []) if n <= reached]
    made = planned if PLANNED_LOOKS in values else [len(values["seeds"])]
    values["looks"] = list(dict.fromkeys([*values.get("looks", []), *made]))
    record.study.set_user_attr(ATTRIBUTE, json.dumps(values))


def _settings(plan: AblationPlan, ready: PreparedRun, kept: Mapping[str, Any]) -> dict[str, Any]:
    """What trainings must share to be compared.

    How many seeds there are and what runs them may change.

    ``kept`` is what the study keeps of them. It names the same networks by other digests if version
    0.1 wrote it.
    """
    design, faces = ready.arms.design, ready.faces
    settings = plan.settings(
        **_networks(ready, kept),
        factors={factor: list(levels) for factor, levels in design.factors},
        design=design.kind,
        data=f"{faces.description} {faces.fingerprint}",
    )
    if settings["looks"] is None:
        del settings["looks"]  # as versions stored them that knew no planned looks
    return settings


def _networks(ready: PreparedRun, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The base and the arms by their digests: a file by the same name may hold another network."""
    base, arms = ready.arms.base, ready.arms.arms
    old = {
        "base": f"{base.name} {digest_0_1(base)}",
        "networks": {arm.name: digest_0_1(arm.spec) for arm in arms},
    }
    if all(kept.get(name) == value for name, value in old.items()):
        return old
    return {
        "base": f"{base.name} {base.digest()}",
        "networks": {arm.name: arm.digest for arm in arms},
    }


_BATCHES = 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated time of an ablation.

    Attributes:
        trials: Trainings in all.
        at_a_time: How many run at once.
        seconds: Of one, of the base, measured here.
    """

    trials: int
    at_a_time: int
    seconds: float
    relative: float
    """What the arms cost in the mean, over what the base costs."""

    @property
    def hours(self) -> float:
        """Of the whole design from its start."""
        rounds = -(-self.trials // self.at_a_time)
        return rounds * self.seconds * self.relative / 3600


def estimate(plan: AblationPlan, ready: PreparedRun) -> Estimate:
    """Train the base for a few batches on this machine, and estimate the time of the ablation.

    That is the time of all arms with all seeds.
    """
    networks = ready.arms.networks
    costs = [arm.cost.madds for arm in networks]
    relative = sum(costs) / len(costs) / ready.arms.arms[0].cost.madds
    at_a_time = plan.engine.at_a_time or _that_fit(plan.engine)
    return Estimate(
        len(networks) * plan.seeds, at_a_time, _seconds(plan, ready.arms, ready.faces), relative
    )


def _that_fit(engine: EngineSettings) -> int:
    """Trials at a time on this machine."""
    fit = (os.cpu_count() or 1) / (engine.cpus_per_trial or 1)
    if engine.gpus_per_trial:
        fit = min(fit, torch.cuda.device_count() / engine.gpus_per_trial)
    return max(1, int(fit))


def _seconds(plan: AblationPlan, arms: Arms, faces: FaceData) -> float:
    """The seconds of a whole training.

    They are those of the second of two epochs on a part of the images, which starts warm, for all
    of them. No teacher is learnt from: to look its embeddings up is little beside a step.
    """
    batches = plan.proxy.recipe.batch_size * _BATCHES
    share = min(1.0, batches / len(faces.training))
    part = FaceData(_first(faces.training, share), _first(faces.verification, share), "", "")
    recipe = replace(plan.proxy.recipe, epochs=2, distill="none")
    proxy = replace(plan.proxy, recipe=recipe, share=1.0)
    job = TrialJob(0, to_mapping(arms.arms[0].spec), proxy)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the engines' workers have it
    try:
        ends = [time.perf_counter() for _ in run_trial(job, part)]
    finally:
        torch.set_num_threads(threads)
    return (ends[1] - ends[0]) / share * plan.proxy.share * plan.proxy.recipe.epochs


def _first(faces: Faces, share: float) -> Faces:
    """The first images of ``faces``; at least two identities with a few images each."""
    count = max(round(share * len(faces)), int((faces.labels < 2).sum()))
    indices = None if faces.indices is None else faces.indices[:count]
    return Faces(faces.images[:count], faces.labels[:count], faces.names, indices)
