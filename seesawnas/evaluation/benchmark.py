"""The evaluation of a verification set, from its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from seesawnas.data import EncodedImages, TemplateSet, read_pairs, read_templates
from seesawnas.data.skipped import printable
from seesawnas.errors import DataError, InvalidInput
from seesawnas.evaluation.bootstrap import RESAMPLES
from seesawnas.evaluation.embed import embed_images
from seesawnas.evaluation.models.open import FaceModel
from seesawnas.evaluation.pairs import Pairs
from seesawnas.evaluation.protocols import INSIGHTFACE, Protocol
from seesawnas.evaluation.verification import Evaluation, evaluate, few_cautions
from seesawnas.io.files import expanded
from seesawnas.text import short


def template_embeddings(
    embeddings: NDArray[np.floating], templates: NDArray[np.int64], media: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Template embeddings, rows of unit length (T, D), and their numbers (T,), ascending.

    The mean within each medium, then the mean over the media, then L2 normalisation: the frames of
    a video weigh as much as one photograph.
    """
    keys = np.stack([templates, media], axis=1)
    groups, group_of = np.unique(keys, axis=0, return_inverse=True)
    of_media = _means(embeddings, group_of.reshape(-1), len(groups))
    numbers, template_of = np.unique(groups[:, 0], return_inverse=True)
    of_templates = _means(of_media, template_of.reshape(-1), len(numbers))
    lengths = np.linalg.norm(of_templates, axis=1, keepdims=True)
    return of_templates / np.maximum(lengths, np.finfo(np.float32).tiny), numbers


def template_pairs(
    found: TemplateSet, embeddings: NDArray[np.floating], readable: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], Pairs]:
    """The templates' embeddings, and the pairs of those with a ``readable`` image, (N,)."""
    rows, numbers = template_embeddings(
        embeddings[readable], found.templates[readable], found.media[readable]
    )
    known = np.isin(found.left, numbers) & np.isin(found.right, numbers)
    left, right = (np.searchsorted(numbers, side[known]) for side in (found.left, found.right))
    return rows, Pairs(left, right, found.same[known])


def _means(
    rows: NDArray[np.floating], group_of: NDArray[np.int64], groups: int
) -> NDArray[np.float32]:
    sums = np.zeros((groups, rows.shape[1]), dtype=np.float32)
    np.add.at(sums, group_of, rows)
    return np.asarray(sums / np.bincount(group_of, minlength=groups)[:, None], dtype=np.float32)


MAX_RESAMPLES = 100_000

MOST_RESAMPLED = 200_000
"""Pairs: a thousand resamples of more take hours, and their intervals are short."""


class Embedder(Interface):
    """``embed_images``, or a function that also shows its progress."""

    def __call__(
        self, model: FaceModel, images: EncodedImages, *, flip: bool, batch_size: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Embeddings (N, D) and which of the N images are readable."""
        ...


@dataclass(frozen=True, slots=True)
class HowToVerify:
    """Settings for every set.

    Attributes:
        images: Folder that image paths in a set are relative to.
        templates: Template file, if the pairs are of IJB-style templates.
        protocol: How pairs are scored.
        flip: Add the embedding of the flipped image.
        batch_size: Images per batch.
        resamples: Bootstrap resamples for the intervals.
        seed: Of the resamples.
        embedder: Embeds the images.

    Raises:
        InvalidInput: If ``batch_size`` is below 1, or ``resamples`` out of range.
    """

    images: Path | None = None
    templates: Path | None = None
    protocol: Protocol = INSIGHTFACE
    flip: bool = True
    batch_size: int = 128
    resamples: int = RESAMPLES
    seed: int = 0
    embedder: Embedder = field(default=embed_images)

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise InvalidInput(f"--batch-size must be at least 1, got {self.batch_size}")
        if not 0 <= self.resamples <= MAX_RESAMPLES:
            raise InvalidInput(
                f"--resamples must be from 0 to {MAX_RESAMPLES}, got {short(self.resamples)}"
            )


@dataclass(frozen=True, eq=False)
class VerifiedSet:
    """The distances of a set's pairs, their evaluation, and a line for each caution."""

    name: str
    distances: NDArray[np.floating]
    same: NDArray[np.bool_]
    evaluation: Evaluation
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Embedded:
    name: str
    embeddings: NDArray[np.float32]
    pairs: Pairs
    notes: tuple[str, ...]
    folds: NDArray[np.int64] | None = None
    people: NDArray[np.int64] | None = None


def check_sets(paths: Sequence[str]) -> None:
    """Check that verification sets are there, before what takes long.

    Raises:
        InvalidInput: With a line for each that is not there.
    """
    gone = [path for path in paths if not expanded(path).exists()]
    if gone:
        reason = "cannot be read: there is no such file or folder"
        raise InvalidInput("\n".join(f"{printable(path)}: {reason}" for path in gone))


def verify_set(model: FaceModel, path: str | Path, how: HowToVerify | None = None) -> VerifiedSet:
    """Evaluate ``model`` on the verification set at ``path``, in any format of ``read_pairs``.

    Raises:
        DataError: If it is not such a set or has too few pairs; the message says what was skipped.
    """
    how = how or HowToVerify()
    embedded = (
        _embed_pairs(model, path, how)
        if how.templates is None
        else _embed_templates(model, path, how)
    )
    resamples = how.resamples if len(embedded.pairs) <= MOST_RESAMPLED else 0
    try:
        evaluation = evaluate(
            embedded.embeddings,
            embedded.pairs,
            how.protocol,
            folds=embedded.folds,
            people=embedded.people,
            resamples=resamples,
            seed=how.seed,
        )
    except DataError as error:  # what was skipped may be the reason
        raise DataError("; ".join([f"{path}: {error}", *embedded.notes])) from None
    distances = how.protocol.distances(embedded.embeddings, embedded.pairs)
    notes = embedded.notes + _cautions(evaluation, skipped=resamples < how.resamples)
    notes += few_cautions(embedded.pairs, embedded.people)
    return VerifiedSet(embedded.name, distances, embedded.pairs.same, evaluation, notes)


def _cautions(evaluation: Evaluation, *, skipped: bool) -> tuple[str, ...]:
    notes = (f"no intervals: more than {MOST_RESAMPLED:,} pairs",) if skipped else ()
    return notes + evaluation.cautions


def _embed_pairs(model: FaceModel, path: str | Path, how: HowToVerify) -> _Embedded:
    found = read_pairs(path, images=how.images, resolution=model.size)
    embeddings, readable = how.embedder(
        model, found.images, flip=how.flip, batch_size=how.batch_size
    )
    kept = found.without(readable)
    pairs = Pairs(kept.left, kept.right, kept.same)
    return _Embedded(found.name, embeddings, pairs, kept.notes, kept.folds, kept.people)


def _embed_templates(model: FaceModel, path: str | Path, how: HowToVerify) -> _Embedded:
    """Pairs of templates; the embedding of each is made of those of its images."""
    assert how.templates is not None
    found = read_templates(path, how.templates, how.images, resolution=model.size)
    embeddings, readable = how.embedder(
        model, found.images, flip=how.flip, batch_size=how.batch_size
    )
    rows, pairs = template_pairs(found, embeddings, readable)
    notes = found.notes + found.images.unreadable_notes(readable)
    if len(pairs) < len(found.same):
        notes += (
            f"pairs skipped because of unreadable images: {len(found.same) - len(pairs):,} of "
            f"{len(found.same):,}",
        )
    return _Embedded(found.name, rows, pairs, notes)
