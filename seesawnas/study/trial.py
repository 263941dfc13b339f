"""One proxy trial: a network from its spec, ArcFace training at low resolution, verification.

It is verified on identities that it was not trained on.

A job is plain values, so that it crosses processes and machines; a measurement too. Nothing here
touches the study.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seesawnas.arch import ArchSpec, scaled_size
from seesawnas.data import FaceData, Faces, load_faces
from seesawnas.errors import CheckpointError, StudyError, TrialError
from seesawnas.evaluation import Pairs, embed, evaluate, make_pairs
from seesawnas.evaluation.metrics import METRICS
from seesawnas.io.stored_json import shown
from seesawnas.nn import build
from seesawnas.space import to_point
from seesawnas.text import one_line
from seesawnas.train import (
    FIRST_RUN,
    PROXY,
    EpochRecord,
    MemoryFeed,
    Recipe,
    Training,
    as_graphs,
    seeded,
)
from seesawnas.train.checkpoint import pack, unpack
from seesawnas.train.feeds.teacher import RowTeacher
from seesawnas.train.losses.criterion import make_criterion
from seesawnas.train.losses.distillation import DistillationLoss
from seesawnas.train.losses.registry import make_distillation


def _known(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of ``kind``'s fields among ``values``, of the kinds that they must be.

    Others are another version's.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"must be a mapping, got {shown(values)}")
    found = {field.name: values[field.name] for field in fields(kind) if field.name in values}
    for field in fields(kind):
        if field.name in found:
            _check_kind(str(field.type), field.name, found[field.name])
    return found


def _check_kind(kind: str, name: str, value: Any) -> None:
    if value is None and kind.endswith("| None"):
        return
    if kind == "str":
        if not isinstance(value, str):
            raise TypeError(f"{name} must be text, got {shown(value)}")
    elif kind == "bool":
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be true or false, got {shown(value)}")
    elif kind == "int":
        if type(value) is not int or abs(value) >= 2**63:
            raise TypeError(f"{name} must be a whole number, got {shown(value)}")
    elif kind.startswith("float"):
        _finite(value)


def _finite(value: Any) -> Any:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= 1e300:
        raise ValueError(f"must be a finite number, got {shown(value)}")
    return value


@dataclass(frozen=True, slots=True)
class Proxy:
    """How a network is evaluated.

    It holds the training recipe, the longer side of the input in pixels, the verification pairs and
    the seeds.

    Every trial of a study shares one proxy, its seeds included: all see the same images in the same
    order, and are verified on the same pairs. ``seed`` is the training's alone, so that repeats
    differ in nothing else. ``share`` is the part of the training identities that is trained on.
    """

    recipe: Recipe = PROXY
    resolution: int = 56
    pairs: int = 12_000
    seed: int = 0
    pairs_seed: int = 0
    share: float = 1.0

    @classmethod
    def for_data(cls, data: str | Path | None, *, seed: int = 0) -> Proxy:
        """The default for faces of one's own, or, if ``data`` is None, for the default faces."""
        return cls(recipe=FIRST_RUN if data is None else PROXY, seed=seed, pairs_seed=seed)

    def with_epochs(self, epochs: int) -> Proxy:
        """The same with another length of training."""
        return replace(self, recipe=replace(self.recipe, epochs=epochs))

    def with_seed(self, seed: int) -> Proxy:
        """The same trained from another seed, verified on the same pairs."""
        return replace(self, seed=seed)

    def with_resolution(self, resolution: int) -> Proxy:
        """The same at another longer side of the input, in pixels."""
        return replace(self, resolution=resolution)

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "recipe": self.recipe.to_mapping()}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Proxy:
        """From the values of :meth:`to_mapping`; keys of other versions are ignored.

        Raises:
            TypeError: If a value is of another kind than the default one.
            ValueError: If a value is not allowed.
        """
        recipe = Recipe(**_known(Recipe, values["recipe"]))
        return cls(
            **{
                **_known(cls, {name: value for name, value in values.items() if name != "recipe"}),
                "recipe": recipe,
            }
        )


@dataclass(frozen=True, slots=True)
class TrialJob:
    """What a worker needs to run a trial: its number, the search point's mapping, the proxy."""

    number: int
    point: dict[str, Any]
    proxy: Proxy

    def mark(self) -> str:
        """A hash of everything that decides the result of the trial.

        It does not depend on the trial's number or on where it ran.
        """
        text = json.dumps([self.point, self.proxy.to_mapping()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a network verifies identities that it was not trained on.

    Attributes:
        accuracy: Mean over 10 folds.
        accuracy_std: Population standard deviation of accuracy over the folds.
        auc: Area under the ROC curve.
        tar_at_far_1e_2: True accept rate if one in a hundred different pairs is accepted; None if
            there are too few pairs to say.
        tar_at_far_1e_3: The same for one in a thousand.
        separation: Distance between the mean cosines of same and different pairs, in their pooled
            standard deviations (d').
    """

    accuracy: float
    accuracy_std: float
    auc: float
    tar_at_far_1e_2: float | None = None
    tar_at_far_1e_3: float | None = None
    separation: float = 0.0


@dataclass(frozen=True, slots=True)
class TrialEpoch:
    """An epoch that is not a trial's last.

    It holds the epoch's record, the scores after it, and a checkpoint to resume from.
    """

    record: EpochRecord
    scores: Scores
    checkpoint: bytes
    note: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The result of a trial.

    It holds the scores after each epoch, the mean loss of each, and the seconds it took in all.
    """

    curve: tuple[Scores, ...]
    losses: tuple[float, ...]
    seconds: float

    @property
    def scores(self) -> Scores:
        """The scores after the last epoch."""
        return self.curve[-1]

    def to_json(self) -> str:
        """As text, to be stored."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Measurement:
        """From :meth:`to_json`'s text."""
        return cls.of_mapping(json.loads(text))

    @classmethod
    def of_mapping(cls, values: Mapping[str, Any]) -> Measurement:
        """From JSON values; other keys are ignored.

        Raises:
            KeyError: If one is missing.
            TypeError: If they are no measurement.
            ValueError: If they are no measurement.
        """
        curve = tuple(Scores(**_known(Scores, scores)) for scores in values["curve"])
        if not curve:
            raise ValueError("must contain the scores of at least one epoch, got none")
        return cls(curve, tuple(map(_finite, values["losses"])), _finite(values["seconds"]))


def run_trial(
    job: TrialJob, faces: FaceData, checkpoint: bytes | None = None
) -> Iterator[TrialEpoch | Measurement]:
    """Yield the result of each epoch except the last, and finally the measurement.

    The network is built for the proxy's resolution, in its own aspect; its head follows the smaller
    map. It is trained on the GPU that this process sees, if it sees one (Ray shows a trial those it
    was given), otherwise on the CPU. The result is deterministic for a seed on one machine and
    number of threads, also if the trial goes on from a ``checkpoint`` of the same job; a damaged
    checkpoint is as none, and the first epoch's note says so.

    Raises:
        TrialError: With the reason, if training diverges or the faces are not of the network's
            size.
    """
    run = _Run(job, faces)
    note = run.restore(checkpoint)
    for record in run.training.epochs():
        scores = run.take(record)
        if record.epoch < record.epochs:
            yield TrialEpoch(record, scores, run.checkpoint(), note)
            note = ""
    yield Measurement(tuple(run.curve), tuple(run.losses), run.seconds)


class _Run:
    """A running trial."""

    def __init__(self, job: TrialJob, faces: FaceData) -> None:
        self._job = job
        self._started, self._before = time.perf_counter(), 0.0
        spec = to_point(job.point, f"trial {job.number}").spec
        self._spec, self._faces = _fitted(spec, faces, job.proxy.resolution)
        labels = self._faces.verification.labels
        self._pairs = make_pairs(labels, limit=job.proxy.pairs, seed=job.proxy.pairs_seed)
        self.curve: list[Scores] = []
        self.losses: list[float] = []
        self._begin()

    def _begin(self) -> None:
        seed, inputs = self._job.proxy.seed, self._spec.input
        with seeded(seed):
            self._network = build(self._spec).to("cuda" if torch.cuda.is_available() else "cpu")
        recipe, proxy = self._job.proxy.recipe, self._job.proxy
        training = self._faces.training.of_share(proxy.share, seed=proxy.pairs_seed)
        feed = MemoryFeed(training, recipe, seed=seed)
        self.training = Training(
            self._network,
            feed,
            recipe,
            mean=inputs.mean,
            std=inputs.std,
            seed=seed,
            criterion=None if recipe.distill == "none" else self._distilled(training),
        )
        as_graphs(self._network, self.training.sample())

    def _distilled(self, training: Faces) -> DistillationLoss:
        """The margin loss, and the distance to what the teacher says of the same images.

        Raises:
            TrialError: If the faces came without it.
        """
        recipe, seed = self._job.proxy.recipe, self._job.proxy.seed
        rows, dimensions = self._faces.teacher_rows, self._spec.embedding_size
        if not rows or training.indices is None:
            raise TrialError(f"faces must have a teacher's embeddings for {recipe.distill}")
        teachers = [RowTeacher(one, training.indices) for one in rows]
        base = make_criterion(training.identities, dimensions, recipe, seed)
        return make_distillation(base, teachers, dimensions, recipe, seed)

    @property
    def seconds(self) -> float:
        """Spent on this trial, including earlier tries that left a checkpoint."""
        return self._before + time.perf_counter() - self._started

    def take(self, record: EpochRecord) -> Scores:
        """Measure the network as it stands after an epoch."""
        images, inputs = self._faces.verification.images, self._spec.input
        scores = measure(
            embed(self._network, images, mean=inputs.mean, std=inputs.std), self._pairs
        )
        self.curve.append(scores)
        self.losses.append(record.loss)
        return scores

    def checkpoint(self) -> bytes:
        """Everything that later epochs depend on, and the results of earlier ones."""
        about = {"job": self._job.mark(), "seconds": self.seconds, "losses": self.losses}
        return pack(
            self.training.state(), {**about, "curve": [asdict(scores) for scores in self.curve]}
        )

    def restore(self, checkpoint: bytes | None) -> str:
        """Resume from ``checkpoint``; returns why that was not possible, or an empty text."""
        if checkpoint is None:
            return ""
        try:
            state, about = unpack(checkpoint)
            if about["job"] != self._job.mark():
                raise CheckpointError("checkpoint belongs to another job")
            found = Measurement.of_mapping(about)
            self.training.restore(state)
        # What is wrong with tensors of another kind or shape, torch says in errors of many kinds.
        except (
            CheckpointError,
            ValueError,
            LookupError,
            TypeError,
            ArithmeticError,
            RuntimeError,
        ) as error:
            self._begin()  # half of it may have been taken in
            return one_line(f"restarted: {error}")
        self.curve, self.losses, self._before = (
            list(found.curve),
            list(found.losses),
            float(found.seconds),
        )
        return ""


def _fitted(spec: ArchSpec, faces: FaceData, resolution: int) -> tuple[ArchSpec, FaceData]:
    """The network at the proxy's size, and the faces of that size."""
    own = (spec.input.height, spec.input.width)
    if own in faces.shapes:
        return spec.at_resolution(*faces.shapes[own].size), faces.shapes[own]
    size = scaled_size(own, resolution)
    if faces.shapes or size != faces.size:
        held = ", ".join(f"{height}x{width}" for height, width in faces.sizes)
        raise TrialError(
            f"faces must be {size[0]}x{size[1]} for a network of {own[0]}x{own[1]}, got {held}"
        )
    return spec.at_resolution(*size), faces


def measure(embeddings: NDArray[np.float32], pairs: Pairs) -> Scores:
    """The scores of ``pairs`` by ``embeddings`` (N, D), rows of length one."""
    found = evaluate(embeddings, pairs, resamples=0)
    values: dict[str, Any] = {name: metric.of(found) for name, metric in METRICS.items()}
    return Scores(accuracy_std=found.std, **values)


MAX_SHAPES = 16
"""Input shapes of one study: the images of each are held in memory."""

_Size = tuple[int, int]


def proxy_sizes(source: str, inputs: Iterable[_Size], resolution: int) -> dict[_Size, _Size]:
    """What a proxy of ``resolution`` makes of each of the networks' ``inputs``.

    All sizes are (height, width). The longest side of all becomes ``resolution``, the others keep
    their proportion to it: 112x96 at 56 is 56x48.

    Raises:
        StudyError: If there are too many shapes, or if two become one, which would train one
            network twice; the message names ``source``.
    """
    wanted = list(dict.fromkeys(inputs))
    if len(wanted) > MAX_SHAPES:
        raise StudyError(
            f"{source}: input must have at most {MAX_SHAPES} shapes for proxy trials, got "
            f"{len(wanted)}"
        )
    longest = max(max(size) for size in wanted)
    found: dict[_Size, _Size] = {}
    for size in wanted:
        small = scaled_size(size, resolution, longest)
        twin = next((other for other, taken in found.items() if taken == small), None)
        if twin is not None:
            rule = f"different input sizes must stay different at --resolution {resolution}"
            raise StudyError(
                f"{source}: {rule}, got {_text(twin)} and {_text(size)}, both become {_text(small)}"
            )
        found[size] = small
    return found


def load_proxy_faces(
    data: str | Path | None,
    sizes: dict[_Size, _Size],
    *,
    seed: int,
    identities: int | None = None,
) -> FaceData:
    """The faces at ``data`` in each of the ``sizes`` that ``proxy_sizes`` returns.

    Args:
        data: What ``load_faces`` takes.
        sizes: By the networks' input, (height, width) both.
        seed: Of the split, and of the draw of ``identities``.
        identities: Use so many only; None for all.

    Raises:
        DataError: If ``load_faces`` raises it.
    """
    found = {
        size: load_faces(data, resolution=small, seed=seed, identities=identities)
        for size, small in sizes.items()
    }
    first = next(iter(found.values()))
    if len(found) == 1:
        return first
    marks = repr([(*size, faces.fingerprint) for size, faces in found.items()])
    return replace(first, fingerprint=hashlib.sha256(marks.encode()).hexdigest()[:16], shapes=found)


def check_metric(name: str, faces: FaceData, proxy: Proxy) -> None:
    """Check that a proxy's pairs can resolve a metric: else it is the same for every network.

    Raises:
        StudyError: If its false accept rate is below one of the pairs of different identities.
    """
    metric = METRICS[name]
    if not metric.far:
        return
    labels = faces.verification.labels
    pairs = make_pairs(labels, limit=proxy.pairs, seed=proxy.pairs_seed)
    different, least = int((~pairs.same).sum()), round(1 / float(metric.far))
    if different < least:
        raise StudyError(
            f"{name}: must have at least {least:,} pairs of different identities to be measured, "
            f"got {different:,} of the faces not trained on; use more faces, another metric, or "
            "more pairs"
        )


def _text(size: _Size) -> str:
    return f"{size[0]}x{size[1]}"
