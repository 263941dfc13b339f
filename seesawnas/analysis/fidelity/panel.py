"""A panel: the same networks trained under several proxies and seeds, as resumable studies.

Rankings of proxies, and replays of samplers, are made from it. A study of a panel is the panel's
own; it holds a network once a level and seed; another run with more networks, levels or seeds adds
what is missing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from seesawnas.analysis.fidelity.plan import FidelityPlan
from seesawnas.data import FaceData
from seesawnas.errors import StudyError
from seesawnas.io.files import write_atomically
from seesawnas.space import FeasibleSet, load_space, read_yaml, to_mapping, write_yaml
from seesawnas.space.canonical import compatible_digest
from seesawnas.study import (
    Checkpoints,
    Ended,
    EngineFactory,
    Measurement,
    Proposal,
    SessionEvent,
    StopRules,
    StudyPart,
    StudyRecord,
    StudySession,
    Trial,
    TrialJob,
    TrialSetup,
    TrialState,
    Work,
    engine_factory,
    measurement_of,
    open_session,
    preflight,
    provenance,
    trial_proxy,
)
from seesawnas.study.record.distillation import proxy_teacher
from seesawnas.study.storage.identity import STUDY_FILE
from seesawnas.study.trial import load_proxy_faces, proxy_sizes


@dataclass(frozen=True, slots=True)
class FidelityMeasurement:
    """A network trained once.

    It says which of the panel's networks, at what level and seed, what it costs, and what each
    epoch scored. ``mark`` is a hash of the network and its proxy, ``data`` the faces' fingerprint,
    ``teacher`` what is learnt from beside them, as the study's settings have it, None if it is
    nothing: if all are the same, so is the measurement. ``distill`` and ``distill_weight`` are how
    it is learnt from.
    """

    network: int
    digest: str
    assignment: dict[str, Any]
    madds: int
    params: int
    level: str
    seed: int
    mark: str
    data: str
    measurement: Measurement
    teacher: str | None = None
    distill: str | None = None
    distill_weight: float | None = None

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values, the measurement's among the others; without a teacher none is named."""
        values = asdict(self)
        if self.teacher is None:
            del values["teacher"], values["distill"], values["distill_weight"]
        return {**values, **values.pop("measurement")}


@contextmanager
def opened(plan: FidelityPlan, engine: EngineFactory | None = None) -> Iterator[FidelitySession]:
    """Hold the panel's studies, all made for these faces and settings.

    Args:
        plan: What to train, within its budget.
        engine: Makes what runs the trials; the plan's engine if it is None.

    Raises:
        InvalidInput: If the panel cannot be carried out, before anything is written, or a study of
            it was made with other settings.
    """
    teacher = proxy_teacher(plan, plan.data, plan.identities, plan.seed)
    feasible = preflight(
        lambda: FeasibleSet(load_space(plan.space), plan.budget),
        data=plan.data,
        storage=None,
        folder=plan.folder,
        engine=plan.engine,
        teacher=teacher,
    )
    parts = {_suffix(side): _part(plan, feasible, side) for side in sorted(plan.sides)}
    engine = engine or engine_factory(plan.engine)
    with open_session(plan.folder, parts, engine=engine, teacher=teacher) as study:
        _keep_plan(plan, study)
        yield FidelitySession(plan, feasible, study)


@dataclass(frozen=True, slots=True)
class LevelsSource:
    """The trainings of a panel at one size of the input: an engine holds one size of images.

    Attributes:
        plan: What they are of.
        feasible: The panel's networks and more.
        side: The size, in pixels.
        record: The study that holds them.
        wanted: All trainings of the panel at this size.
        known: Mappings of measurements made elsewhere.
    """

    plan: FidelityPlan
    feasible: FeasibleSet
    side: int
    record: StudyRecord
    wanted: Sequence[Proposal]
    known: Sequence[Mapping[str, Any]]

    @property
    def name(self) -> str:
        """Such as ``trainings at 56 pixels``."""
        return f"trainings at {self.side} pixels"

    def prepare(self) -> Work | Ended:
        """The trainings that are neither in the study nor known, and those that wait."""
        held = self.record.keys()
        missing = [proposal for proposal in self.wanted if proposal.key not in held]
        if not missing and not self.record.trials(TrialState.WAITING):
            return Ended("all trainings are done")
        faces = _load(self.plan, self.feasible, self.side)
        if _data(faces) != self.record.settings.get("data"):
            raise StudyError(
                f"{self.plan.data}: faces must stay as they are while a panel is trained, got "
                "others"
            )
        teacher = self.record.settings.get("teacher")
        same = {
            row["mark"]: Measurement.of_mapping(row)
            for row in self.known
            if _is_of(row, faces, teacher)
        }
        queue = iter(self._adopt(missing, same))
        setup = TrialSetup(
            self.plan.proxy, StopRules(), checkpoints=_checkpoints(self.plan, self.side)
        )
        return Work(lambda _: next(queue, None), faces, setup)

    def _adopt(
        self, missing: Iterable[Proposal], known: Mapping[str, Measurement]
    ) -> list[Proposal]:
        """Store what is known; return what is left to train."""
        left = []
        for proposal in missing:
            job = TrialJob(0, to_mapping(proposal.spec), proposal.proxy or self.plan.proxy)
            measurement = known.get(job.mark())
            if measurement is None:
                left.append(proposal)
            else:
                self.record.import_trial(proposal, measurement)
        return left


@dataclass(frozen=True, slots=True)
class FidelitySession:
    """A panel that holds its studies, one for each size of the input."""

    plan: FidelityPlan
    feasible: FeasibleSet
    study: StudySession

    @property
    def records(self) -> dict[int, StudyRecord]:
        """The studies by their size, in the order of the levels."""
        return {side: self.study.records[_suffix(side)] for side in self.plan.sides}

    def run(self, known: Iterable[Mapping[str, Any]] = ()) -> Generator[SessionEvent]:
        """Train what is missing, in the order of the levels; yield what happens.

        Args:
            known: Mappings of measurements made elsewhere: those of the same networks, proxies and
                faces are taken in.
        """
        known, proposals = list(known), self._proposals()
        sources = (
            LevelsSource(self.plan, self.feasible, side, record, proposals[side], known)
            for side, record in self.records.items()
        )
        return self.study.run(*sources)

    def rows(self) -> list[FidelityMeasurement]:
        """What the studies hold by now, of this panel's networks, levels and seeds."""
        places = {digest: place for place, (digest, _) in enumerate(self._networks())}
        wanted = {
            proposal.key for proposals in self._proposals().values() for proposal in proposals
        }
        rows = [
            _row(
                trial,
                places,
                str(record.settings.get("data", "")).rsplit(" ", 1)[-1],
                record.study.study_name,
                record.settings.get("teacher"),
            )
            for record in self.records.values()
            for trial in record.trials(TrialState.COMPLETE)
            if trial.user_attrs.get("key") in wanted
        ]
        return sorted(rows, key=lambda row: (row.level, row.seed, row.network))

    def _proposals(self) -> dict[int, list[Proposal]]:
        found: dict[int, list[Proposal]] = {side: [] for side in self.records}
        networks = self._networks()
        for level in self.plan.levels:
            for seed in range(self.plan.seeds):
                proxy = level.of(self.plan.proxy, seed)
                for _, assignment in networks:
                    spec = self.feasible.space.choose(assignment)
                    found[level.resolution].append(
                        Proposal(spec, assignment, "", proxy, f"{level} seed {seed}", True)
                    )
        return found

    def _networks(self) -> list[tuple[str, dict[str, Any]]]:
        """(digest, options) of the panel's networks, all different.

        A larger panel begins with the smaller one's.
        """
        found: dict[str, dict[str, Any]] = {}
        drawn = self.feasible.sample(2 * self.plan.networks + 20, self.plan.seed)
        for assignment in drawn.assignments():
            found.setdefault(self.feasible.space.choose(assignment).digest(), assignment)
        if len(found) < self.plan.networks:
            raise StudyError(
                f"--networks must be at most {len(found)} in so small a space, got "
                f"{self.plan.networks}"
            )
        return list(found.items())[: self.plan.networks]


def _part(plan: FidelityPlan, feasible: FeasibleSet, side: int) -> StudyPart:
    # The faces are read only to be compared with the study's: those of all sizes at once may not
    # fit into memory.
    data = _data(_load(plan, feasible, side))

    def settings(kept: Mapping[str, Any]) -> dict[str, Any]:
        return plan.settings(space=compatible_digest(feasible.space, kept.get("space")), data=data)

    model = None if plan.budget is None else plan.budget.model
    return StudyPart(
        feasible.decisions, settings, checkpoints=_checkpoints(plan, side), latency=model
    )


def _keep_plan(plan: FidelityPlan, study: StudySession) -> None:
    """Write down what this start is asked to do, so that the study is resumed by its name alone."""
    data = str(next(iter(study.records.values())).settings.get("data", ""))
    seeds = {"study": plan.seed, "trainings": list(range(plan.seeds))}
    made = provenance(data=data.rsplit(" ", 1)[-1], seeds=seeds)
    text = write_yaml({**plan.to_mapping(), "provenance": made})
    write_atomically(plan.folder / STUDY_FILE, text, within=plan.folder)


def _suffix(side: int) -> str:
    return f".{side}px"


def _checkpoints(plan: FidelityPlan, side: int) -> Checkpoints:
    return Checkpoints(plan.folder / "checkpoints" / str(side), plan.folder)


def _load(plan: FidelityPlan, feasible: FeasibleSet, side: int) -> FaceData:
    space = feasible.space
    sizes = proxy_sizes(space.source, space.input_sizes, side)
    return load_proxy_faces(plan.data, sizes, seed=plan.seed, identities=plan.identities)


def _data(faces: FaceData) -> str:
    return f"{faces.description} {faces.fingerprint}"


def _is_of(row: Mapping[str, Any], faces: FaceData, teacher: str | None) -> bool:
    """Whether a measurement is of these faces and this teacher, and says enough to be taken in."""
    is_same = (row.get("data"), row.get("teacher")) == (faces.fingerprint, teacher)
    return is_same and {"mark", "losses"} <= set(row)


def _row(
    trial: Trial, places: dict[str, int], data: str, study: str, teacher: str | None
) -> FidelityMeasurement:
    attrs = trial.user_attrs
    level, _, seed = str(attrs.get("variant")).partition(" seed ")
    if not (level and seed.isdecimal() and len(seed) < 10 and attrs["digest"] in places):
        raise StudyError(
            f"study {study}, trial {trial.number}: variant: must be LEVEL seed NUMBER, got "
            f"{level!r}"
        )
    proxy = trial_proxy(trial, study)
    return FidelityMeasurement(
        network=places[attrs["digest"]],
        digest=attrs["digest"],
        assignment=trial.params,
        madds=attrs["madds"],
        params=attrs["params"],
        level=level,
        seed=int(seed),
        mark=TrialJob(0, read_yaml(attrs["spec"], "trial"), proxy).mark(),
        data=data,
        measurement=measurement_of(trial, study),
        teacher=teacher,
        distill=proxy.recipe.distill,
        distill_weight=proxy.recipe.distill_weight,
    )
