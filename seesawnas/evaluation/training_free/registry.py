"""``TRAINING_FREE``: the training-free scores, and how they are computed on a network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from seesawnas.arch import ArchSpec
from seesawnas.evaluation.training_free.batch import FaceBatch
from seesawnas.evaluation.training_free.naswot import naswot
from seesawnas.evaluation.training_free.synflow import synflow
from seesawnas.evaluation.training_free.zico import zico
from seesawnas.nn import FaceNetwork, build
from seesawnas.nn.cpu import one_thread


@dataclass(frozen=True, slots=True)
class TrainingFreeScore:
    """A training-free score, the higher the better by the paper that proposes it.

    Attributes:
        name: As commands and JSON have it.
        title: As it is shown.
        measure: Of a network with fresh weights, which it may change, and a batch; torch's global
            generator is seeded. Infinite or NaN if it has no value.
        source: The paper.
    """

    name: str
    title: str
    measure: Callable[[FaceNetwork, FaceBatch], float]
    source: str


TRAINING_FREE = {
    score.name: score
    for score in (
        TrainingFreeScore("synflow", "log synflow", synflow, "arXiv 2006.05467"),
        TrainingFreeScore("naswot", "NASWOT", naswot, "arXiv 2006.04647"),
        TrainingFreeScore("zico", "ZiCo", zico, "arXiv 2301.11300"),
    )
}
"""By name, in the order of tables."""


def training_free_scores(
    spec: ArchSpec, batch: FaceBatch, *, seed: int, names: Iterable[str] = TRAINING_FREE
) -> dict[str, float | None]:
    """Scores of one network; each begins with the same fresh weights.

    They are computed on the CPU by one thread, so that they are the same whenever they are computed
    on a machine.

    Args:
        spec: Whose input has the size of the batch's images.
        batch: The faces.
        seed: Of the weights, and of whatever else a score draws.
        names: Of the scores.

    Returns:
        By name; None if a score has no value, such as NASWOT of two equal images.
    """
    return {name: _score(TRAINING_FREE[name], spec, batch, seed) for name in names}


def _score(score: TrainingFreeScore, spec: ArchSpec, batch: FaceBatch, seed: int) -> float | None:
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(seed)
        value = score.measure(build(spec), batch)
    return value if math.isfinite(value) else None
