"""A small network to change, and runs of its ablations on a fake engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seesawnas.ablation import AblationResult, opened, plan_of
from seesawnas.space import write_yaml
from seesawnas.study import EngineEvent, Finished, SessionEvent, StudyRecord, TrialJob
from tests.study.fakes import FakeEngine, measured

SMALL = {
    "name": "small",
    "input": {"height": 32, "width": 32},
    "stem": {"width": 8},
    "defaults": {"kind": "share", "activation": "swish", "se": 4},
    "stages": [
        {"depth": 2, "width": 16, "stride": 2, "expansion": 2},
        {"depth": 2, "width": 24, "stride": 2, "expansion": 2},
    ],
    "head": {"width": 32, "embedding": 16},
}
OTHER = {**SMALL, "name": "other", "head": {"width": 48, "embedding": 16}}
BASE = {
    "base": "small.yaml",
    "data": "faces",
    "resolution": 32,
    "study": "a",
    "engine": "local",
    "workers": 1,
}


def write_networks() -> None:
    for network in (SMALL, OTHER):
        with open(f"{network['name']}.yaml", "w") as file:
            file.write(write_yaml(network))


def without_se_is_worse(job: TrialJob) -> EngineEvent:
    """By 0.05, whatever the seed, which is worth 0.1.

    A little noise is the seed's and the network's.
    """
    has_se = any(stage["se"] != "off" for stage in job.point["stages"])
    seed = job.proxy.seed
    wobble = 0.001 * (
        (seed * 7 + sum(stage["width"] for stage in job.point["stages"]) + 3 * has_se) % 5
    )
    return Finished(job.number, measured(0.5, 0.6 + 0.1 * (seed % 3) + 0.05 * has_se + wobble))


class Runs:
    """Runs plans with fake engines, and keeps the jobs they were given."""

    def __init__(self) -> None:
        self.jobs: list[TrialJob] = []
        self.result: AblationResult
        self.record: StudyRecord

    def __call__(
        self,
        answer: Callable[[TrialJob], EngineEvent] = without_se_is_worse,
        stop: Callable[[SessionEvent], bool] = lambda event: False,
        **options: Any,
    ) -> list[SessionEvent]:
        engines: list[FakeEngine] = []

        def engine(_: object) -> FakeEngine:
            engines.append(FakeEngine(1, answer))
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
