"""How long an ablation takes: a training of the base timed on a few of its pictures, carried over to all of them."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace

import torch

from seesawnas.ablation.arms import Arms
from seesawnas.ablation.plan import AblationPlan
from seesawnas.ablation.ready import Ready
from seesawnas.data import FaceData, Faces
from seesawnas.space import to_mapping
from seesawnas.study import EngineSettings, TrialJob, run_trial

_BATCHES = 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """trials: trainings in all; at_a_time: how many run at once; seconds: of one, of the base, measured here."""

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


def estimate(plan: AblationPlan, ready: Ready) -> Estimate:
    """Train the base for a few batches on this machine, and say how long all arms take from all seeds."""
    networks = ready.arms.networks
    costs = [arm.cost.madds for arm in networks]
    relative = sum(costs) / len(costs) / ready.arms.arms[0].cost.madds
    at_a_time = plan.engine.at_a_time or _that_fit(plan.engine)
    return Estimate(len(networks) * plan.seeds, at_a_time, _seconds(plan, ready.arms, ready.faces), relative)


def _that_fit(engine: EngineSettings) -> int:
    """Trials at a time on this machine."""
    fit = (os.cpu_count() or 1) / (engine.cpus_per_trial or 1)
    if engine.gpus_per_trial:
        fit = min(fit, torch.cuda.device_count() / engine.gpus_per_trial)
    return max(1, int(fit))


def _seconds(plan: AblationPlan, arms: Arms, faces: FaceData) -> float:
    """Of a whole training: the second of two epochs on a part of the pictures, which starts warm, for all of them."""
    batches = plan.proxy.recipe.batch_size * _BATCHES
    share = min(1.0, batches / len(faces.training))
    part = FaceData(_first(faces.training, share), _first(faces.verification, share), "", "")
    job = TrialJob(0, to_mapping(arms.arms[0].spec), replace(plan.proxy.with_epochs(2), share=1.0))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the engines' workers have it
    try:
        ends = [time.perf_counter() for _ in run_trial(job, part)]
    finally:
        torch.set_num_threads(threads)
    return (ends[1] - ends[0]) / share * plan.proxy.share * plan.proxy.recipe.epochs


def _first(faces: Faces, share: float) -> Faces:
    """The first pictures of ``faces``; two people and a few pictures of each at least."""
    count = max(round(share * len(faces)), int((faces.labels < 2).sum()))
    return Faces(faces.images[:count], faces.labels[:count], faces.names)
