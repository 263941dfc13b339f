"""Trial jobs of tests."""

from __future__ import annotations

from dataclasses import replace

from seesawnas.space import to_mapping
from seesawnas.study import Proxy, TrialJob
from tests.study.fakes import small_set


def job(seed: int = 0, learning_rate: float = 0.1) -> TrialJob:
    feasible = small_set()
    spec = feasible.space.choose(next(feasible.at([feasible.count // 2]).assignments()))
    proxy = Proxy(resolution=32, pairs=200, seed=seed).with_epochs(2)
    return TrialJob(
        7,
        to_mapping(spec),
        replace(proxy, recipe=replace(proxy.recipe, learning_rate=learning_rate)),
    )
