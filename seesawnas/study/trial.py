"""One proxy trial: spec -> network -> ArcFace training at low resolution -> verification on people not trained on.

A job is plain values, so that it crosses processes and machines; a measurement too. Nothing here touches the study.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from seesawnas.data import FaceData
from seesawnas.evaluation import embed, make_pairs, verify
from seesawnas.nn import build
from seesawnas.space import to_point
from seesawnas.train import FIRST_RUN, PROXY, EpochRecord, Recipe, seeded, train


@dataclass(frozen=True, slots=True)
class Proxy:
    """How a network is judged: the training recipe, the input side in pixels, the verification pairs, the seed.

    Every trial of a study shares one proxy, its seed included: all see the same images in the same order.
    """

    recipe: Recipe = PROXY
    resolution: int = 56
    pairs: int = 12_000
    seed: int = 0

    @classmethod
    def for_data(cls, data: str | Path | None, *, seed: int = 0) -> Proxy:
        """The default for faces of one's own, or, where ``data`` is None, for the default faces."""
        return cls(recipe=FIRST_RUN if data is None else PROXY, seed=seed)

    def with_epochs(self, epochs: int) -> Proxy:
        """The same with another length of training."""
        return replace(self, recipe=replace(self.recipe, epochs=epochs))

    def with_resolution(self, resolution: int) -> Proxy:
        """The same at another side of the input, in pixels."""
        return replace(self, resolution=resolution)


@dataclass(frozen=True, slots=True)
class TrialJob:
    """What a worker needs to run a trial: its number, the search point's mapping, the proxy."""

    number: int
    point: dict[str, Any]
    proxy: Proxy


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a trial found: accuracy (mean and population standard deviation over 10 folds), AUC, losses an epoch, seconds."""

    accuracy: float
    accuracy_std: float
    auc: float
    losses: tuple[float, ...]
    seconds: float

    def to_json(self) -> str:
        """As text, to be stored."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Measurement:
        """From :meth:`to_json`'s text."""
        values = json.loads(text)
        return cls(**{**values, "losses": tuple(values["losses"])})


def run_trial(job: TrialJob, faces: FaceData) -> Iterator[EpochRecord | Measurement]:
    """Yield a record after each epoch, and at last the measurement.

    The network is built for the proxy's resolution; its head follows the smaller map. Deterministic for a seed on one
    machine and number of threads. Raises TrialError, with the reason, where training diverges.
    """
    started = time.perf_counter()
    spec = to_point(job.point, f"trial {job.number}").spec.at_resolution(job.proxy.resolution)
    mean, std = spec.input.mean, spec.input.std
    with seeded(job.proxy.seed):
        network = build(spec)
    losses = []
    for record in train(network, faces.training, job.proxy.recipe, mean=mean, std=std, seed=job.proxy.seed):
        losses.append(record.loss)
        yield record
    embeddings = embed(network, faces.verification.images, mean=mean, std=std)
    found = verify(embeddings, make_pairs(faces.verification.labels, limit=job.proxy.pairs, seed=job.proxy.seed))
    yield Measurement(found.accuracy, found.std, found.auc, tuple(losses), time.perf_counter() - started)
