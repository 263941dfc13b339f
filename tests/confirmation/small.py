"""Two and more tiny networks, and runs of their confirmations on a fake engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seesawnas.ablation import AblationResult
from seesawnas.ablation.result import RacePair
from seesawnas.confirmation import opened, plan_of
from seesawnas.space import write_yaml
from seesawnas.study import EngineEvent, Finished, SessionEvent, StudyRecord, TrialJob
from tests.ablation.small import SMALL
from tests.study.fakes import FakeEngine, measured

NAMES = ("small", "near", "poor")
HEADS = {"small": 32, "near": 40, "poor": 48}
BASE = {
    "networks": ["small.yaml", "poor.yaml"],
    "data": "faces",
    "resolution": 32,
    "study": "c",
    "engine": "local",
    "workers": 1,
}


def write_networks() -> None:
    for name, width in HEADS.items():
        head = {"width": width, "embedding": 16}
        with open(f"{name}.yaml", "w") as file:
            file.write(write_yaml({**SMALL, "name": name, "head": head}))


def network_of(job: TrialJob) -> str:
    """The name of the network that a job trains."""
    width = job.point["head"]["width"]
    return next(name for name, known in HEADS.items() if known == width)


def poor_is_worse(job: TrialJob) -> EngineEvent:
    """``poor`` by 0.05 and ``near`` by nothing; seeds are worth 0.1, noise has 0.01."""
    name, seed = network_of(job), job.proxy.seed
    noise = np.random.default_rng([seed, HEADS[name]]).normal(0, 0.01)
    value = 0.6 + 0.1 * (seed % 3) - 0.05 * (name == "poor") + noise
    return Finished(job.number, measured(0.5, float(value)))


class Runs:
    """Runs plans with fake engines, and keeps the jobs they were given."""

    def __init__(self) -> None:
        self.jobs: list[TrialJob] = []
        self.result: AblationResult
        self.record: StudyRecord

    def __call__(
        self,
        answer: Callable[[TrialJob], EngineEvent] = poor_is_worse,
        stop: Callable[[SessionEvent], bool] = lambda event: False,
        capacity: int = 1,
        **options: Any,
    ) -> list[SessionEvent]:
        engines: list[FakeEngine] = []

        def engine(_: object) -> FakeEngine:
            engines.append(FakeEngine(capacity, answer))
            return engines[-1]

        events: list[SessionEvent] = []
        with opened(plan_of(None, {**BASE, **options}), engine) as session:
            run = session.run()
            for event in run:
                events.append(event)
                if stop(event):
                    run.close()
            self.record, self.result = session.record, session.result()
        self.jobs = [job for made in engines for job in made.jobs]
        return events

    @property
    def pairs(self) -> dict[str, RacePair]:
        """The pairs of the last run by their rivals."""
        assert self.result.race is not None
        return {pair.rival: pair for pair in self.result.race.pairs}

    @property
    def trained(self) -> list[tuple[str, int]]:
        """The networks and seeds of the last run's jobs, in order."""
        return [(network_of(job), job.proxy.seed) for job in self.jobs]
