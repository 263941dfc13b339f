"""A panel: the same networks trained under several proxies and seeds, as resumable studies of their own.

What rankings of proxies, and replays of samplers, are made from. A study holds a network once a level and seed; another
run with more networks, levels or seeds adds what is missing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from seesawnas.analysis.fidelity.level import Level
from seesawnas.cost import Budget
from seesawnas.data import FaceData
from seesawnas.errors import StudyError
from seesawnas.io.disk import on_disk
from seesawnas.space import FeasibleSet, load_space, read_yaml, to_mapping
from seesawnas.space.canonical import compatible_digest
from seesawnas.study import (
    Checkpoints,
    DriverEvent,
    Measurement,
    Plan,
    Proposal,
    Proxy,
    StopRules,
    StudyRecord,
    Trial,
    TrialJob,
    TrialState,
    drive,
    held,
    measurement_of,
    open_storage,
    stored_name,
    study_folder,
    trial_proxy,
)
from seesawnas.study.engines.registry import EngineSettings, check_engine, started
from seesawnas.study.trial import load_proxy_faces, proxy_sizes

RANGES = {"networks": (1, 100_000), "seeds": (1, 100), "seed": (0, 2**63 - 1)}


@dataclass(frozen=True, slots=True)
class Panel:
    """``networks`` drawn uniformly within ``budget``, each trained at each level from seeds 0 ... ``seeds`` - 1.

    ``data`` None is the default set. ``seed`` draws the networks, splits the people and draws the pairs.
    """

    budget: Budget
    study: str
    levels: tuple[Level, ...]
    networks: int
    seeds: int = 2
    space: str = "seesaw"
    data: str | None = None
    engine: EngineSettings = field(default_factory=EngineSettings)
    seed: int = 0
    proxy: Proxy = field(default_factory=lambda: Proxy.for_data(None))

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            if not low <= (value := getattr(self, name)) <= high:
                raise StudyError(f"--{name} must be {low} to {high}, got {value}")
        if len(set(self.levels)) < len(self.levels):
            raise StudyError("--levels must differ")

    @property
    def folder(self) -> Path:
        """Where the panel's files lie."""
        return study_folder(self.study)

    @property
    def size(self) -> int:
        """Trials in all."""
        return self.networks * len(self.levels) * self.seeds


@dataclass(frozen=True, slots=True)
class Trained:
    """A network trained once: which of the panel's, at what level and seed, what it costs, and what each epoch scored.

    ``mark`` is a hash of the network and its proxy, ``data`` the faces' fingerprint: where both are the same, so is the
    measurement.
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

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values, the measurement's among the others."""
        values = asdict(self)
        return {**values, **values.pop("measurement")}


@contextmanager
def opened(panel: Panel) -> Iterator[PanelSession]:
    """Hold the panel's studies, all made for these faces and settings.

    Raises InvalidInput where the panel cannot be carried out, before anything is written, and where a study of it was made
    with other settings.
    """
    check_engine(panel.engine)
    feasible = FeasibleSet(load_space(panel.space), panel.budget)
    sides = dict.fromkeys(level.resolution for level in panel.levels)
    # Read only to be held against the studies: pictures of all sizes at once may not fit into memory.
    data = {side: _data(_load(panel, feasible, side)) for side in sides}
    with on_disk(panel.folder), held(panel.folder), ExitStack() as stack:
        storage = open_storage(None, panel.folder, writing=True)
        name = stored_name(storage, panel.folder, parts=True)
        records = {side: StudyRecord(storage, f"{name}.{side}px", feasible.decisions) for side in sides}
        # One lease holds them all.
        stack.enter_context(records[min(sides)].claimed())
        # Old studies first: settings that they refuse must not be kept in a new one.
        for side in sorted(sides, key=lambda side: not records[side].settings):
            kept = records[side].settings.get("space")
            records[side].agree({**_settings(panel, feasible, kept), "data": data[side]})
        yield PanelSession(panel, feasible, records)


@dataclass(frozen=True, slots=True)
class PanelSession:
    """A panel that holds its studies, one for each size of the input: an engine holds one size of pictures."""

    panel: Panel
    feasible: FeasibleSet
    records: dict[int, StudyRecord]

    def run(self, known: Iterable[Mapping[str, Any]] = ()) -> Generator[DriverEvent]:
        """Train what is missing, in the order of the levels; yield what happens.

        ``known`` are mappings of measurements made elsewhere: those of the same networks, proxies and faces are taken in.
        """
        known = list(known)
        proposals = self._proposals()
        for record in self.records.values():
            record.recover()
        for side, record in self.records.items():
            wanted = proposals[side]
            held_keys = record.keys()
            if all(proposal.key in held_keys for proposal in wanted) and not record.trials(TrialState.WAITING):
                continue
            faces = _load(self.panel, self.feasible, side)
            if _data(faces) != record.settings.get("data"):
                raise StudyError(f"{self.panel.data}: faces must stay as they are while a panel is trained, got others")
            same = {row["mark"]: Measurement.of_mapping(row) for row in known if _is_of(row, faces)}
            missing = iter(self._adopt(record, (one for one in wanted if one.key not in held_keys), same))
            plan = Plan(
                self._base(),
                StopRules(),
                checkpoints=Checkpoints(self.panel.folder / "checkpoints" / str(side), self.panel.folder),
            )
            engine = started(self.panel.engine, faces)
            yield from drive(record, lambda _, rest=missing: next(rest, None), engine, plan)  # type: ignore[misc]

    def _adopt(self, record: StudyRecord, missing: Iterable[Proposal], known: dict[str, Measurement]) -> list[Proposal]:
        """Store what is known; return what is left to train."""
        left = []
        for proposal in missing:
            measurement = known.get(self._mark(proposal))
            if measurement is None:
                left.append(proposal)
            else:
                record.adopt(proposal, measurement)
        return left

    def _mark(self, proposal: Proposal) -> str:
        return TrialJob(0, to_mapping(proposal.spec), proposal.proxy or self._base()).mark()

    def rows(self) -> list[Trained]:
        """What the studies hold by now, of this panel's networks, levels and seeds."""
        places = {digest: place for place, (digest, _) in enumerate(self._networks())}
        wanted = {proposal.key for proposals in self._proposals().values() for proposal in proposals}
        rows = [
            _row(trial, places, str(record.settings.get("data", "")).rsplit(" ", 1)[-1], record.study.study_name)
            for record in self.records.values()
            for trial in record.trials(TrialState.COMPLETE)
            if trial.user_attrs.get("key") in wanted
        ]
        return sorted(rows, key=lambda row: (row.level, row.seed, row.network))

    def _proposals(self) -> dict[int, list[Proposal]]:
        found: dict[int, list[Proposal]] = {side: [] for side in self.records}
        networks = self._networks()
        for level in self.panel.levels:
            for seed in range(self.panel.seeds):
                proxy = level.of(self._base(), seed)
                for _, assignment in networks:
                    spec = self.feasible.space.choose(assignment)
                    found[level.resolution].append(Proposal(spec, assignment, "", proxy, f"{level} seed {seed}", True))
        return found

    def _networks(self) -> list[tuple[str, dict[str, Any]]]:
        """(digest, options) of the panel's networks, all different; a larger panel begins with the smaller one's."""
        found: dict[str, dict[str, Any]] = {}
        drawn = self.feasible.sample(2 * self.panel.networks + 20, self.panel.seed)
        for assignment in drawn.assignments():
            found.setdefault(self.feasible.space.choose(assignment).digest(), assignment)
        if len(found) < self.panel.networks:
            raise StudyError(f"--networks must be at most {len(found)} in so small a space, got {self.panel.networks}")
        return list(found.items())[: self.panel.networks]

    def _base(self) -> Proxy:
        return replace(self.panel.proxy, pairs_seed=self.panel.seed)


def _settings(panel: Panel, feasible: FeasibleSet, kept: object) -> dict[str, Any]:
    return {
        "budget": panel.budget.setting(),
        "space": compatible_digest(feasible.space, kept),
        "recipe": replace(panel.proxy.recipe, epochs=1).to_mapping(),
        "pairs": panel.proxy.pairs,
        "seed": panel.seed,
    }


def _load(panel: Panel, feasible: FeasibleSet, side: int) -> FaceData:
    space = feasible.space
    return load_proxy_faces(panel.data, proxy_sizes(space.source, space.input_sizes, side), seed=panel.seed)


def _data(faces: FaceData) -> str:
    return f"{faces.description} {faces.fingerprint}"


def _is_of(row: Mapping[str, Any], faces: FaceData) -> bool:
    """Whether a measurement was made on ``faces`` and says enough to be taken in."""
    return row.get("data") == faces.fingerprint and {"mark", "losses"} <= set(row)


def _row(trial: Trial, places: dict[str, int], data: str, study: str) -> Trained:
    attrs = trial.user_attrs
    level, _, seed = str(attrs.get("variant")).partition(" seed ")
    if not (level and seed.isdecimal() and len(seed) < 10 and attrs["digest"] in places):
        raise StudyError(f"study {study}, trial {trial.number}: variant: must be LEVEL seed NUMBER, got {level!r}")
    proxy = trial_proxy(trial, study)
    return Trained(
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
    )
