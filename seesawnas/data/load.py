"""The one way to load faces into memory: the default set, or the user's own in any form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.cache import Decoded, decoded
from seesawnas.data.default_set.build import STORED_TITLE, TITLE, default_faces, default_fingerprint
from seesawnas.data.faces import MIN_IDENTITIES, FaceData, Faces, fingerprint, split_identities
from seesawnas.data.images import Resolution, size_of
from seesawnas.data.skipped import Skipped, printable
from seesawnas.data.sources.base import OpenedSource, few
from seesawnas.data.sources.open import LEAST, open_source
from seesawnas.data.sources.subset import open_subset
from seesawnas.errors import DataError


def load_faces(
    data: str | Path | None,
    *,
    resolution: Resolution,
    seed: int = 0,
    verification_share: float = 0.2,
    identities: int | None = None,
) -> FaceData:
    """Return faces of ``resolution``, the side of squares or (height, width).

    The same content, resolution and seed give the same arrays in the same order. Images are cropped
    to the aspect, and those of the shape stay as they are.

    ``verification_share`` of the identities are held out, by a seeded order of their names; the
    default set has its own split. A .rec has names only if ``data pack`` or ``data subset`` wrote
    them beside it: then it is split as its folder would be; otherwise the number of the class is
    the name.

    Args:
        data: What ``open_source`` takes; None for the default set.
        resolution: Of the images.
        seed: Of the split.
        verification_share: Fraction of the identities to hold out.
        identities: Use so many identities only, drawn by ``seed`` from those with two images or
            more, both for training and verification; None for all.

    Raises:
        DataError: If there are no such faces or too few identities, if they do not fit in memory,
            if the default set's photographs are not installed, or if a subset of them is asked for.
    """
    if min(size_of(resolution)) < 1:
        raise DataError(f"resolution: must be positive, got {resolution}")
    if data is None and identities is not None:
        raise DataError(f"identities must be none for the default faces, got {identities}")
    if data is None:
        training, verification = default_faces(resolution, seed=seed)
        title, name, mark = TITLE, STORED_TITLE, default_fingerprint(resolution, seed=seed)
        notes: tuple[str, ...] = ()
    else:
        source = (
            open_source(data, least=0)
            if identities is None
            else open_subset(data, identities, seed=seed)
        )
        training, verification, notes = _load(
            source, printable(str(data)), resolution, seed, verification_share
        )
        title = name = source.description
        mark = fingerprint(training, verification)
    description = f"{name}: {_size(training)} to train on, {_size(verification)} to verify on"
    return FaceData(
        training, verification, description, mark, notes, is_default=data is None, title=title
    )


def _load(
    source: OpenedSource, place: str, resolution: Resolution, seed: int, share: float
) -> tuple[Faces, Faces, tuple[str, ...]]:
    """(training, verification, notes) of the identities with at least two readable images."""
    skipped = source.skipped
    images = decoded(source, _order(source, seed, share), resolution)
    names = _usable(source, images, skipped)
    notes = (*skipped.notes(), *([images.note] if images.note else []))
    try:
        sides = split_identities(names, seed=seed, share=share)
    except DataError as error:
        raise DataError("; ".join([f"{place}: {error}", *notes])) from None
    training, verification = (_gather(source, images, side) for side in sides)
    return training, verification, notes


def _order(source: OpenedSource, seed: int, share: float) -> NDArray[np.int64]:
    """The images of identities with two or more, those of each side together.

    So both sides are slices.
    """
    by_identity = {
        name: indices for name, indices in _by_identity(source).items() if len(indices) >= LEAST
    }
    names: Sequence[str] = sorted(by_identity)
    if len(names) >= MIN_IDENTITIES:
        training, verification = split_identities(names, seed=seed, share=share)
        names = training + verification
    return np.concatenate([np.empty(0, dtype=np.int64), *(by_identity[name] for name in names)])


def _by_identity(source: OpenedSource) -> dict[str, NDArray[np.int64]]:
    order = np.argsort(source.labels, kind="stable")
    starts = np.searchsorted(source.labels[order], np.arange(len(source.names) + 1)).tolist()
    return {
        name: order[starts[identity] : starts[identity + 1]]
        for identity, name in enumerate(source.names)
    }


def _usable(source: OpenedSource, images: Decoded, skipped: Skipped) -> list[str]:
    """The identities with at least two readable images; the rest is noted."""
    names = []
    for name, indices in _by_identity(source).items():
        readable = int((images.rows[indices] >= 0).sum())
        if len(indices) >= LEAST and readable < len(indices):
            for index in indices[images.rows[indices] < 0].tolist():
                skipped.add("unreadable images", source.place(index))
        if readable >= LEAST:
            names.append(name)
        else:
            skipped.add(few(LEAST), name)
    return names


def _gather(source: OpenedSource, images: Decoded, names: Sequence[str]) -> Faces:
    by_identity = _by_identity(source)
    chosen = [
        indices[images.rows[indices] >= 0] for indices in (by_identity[name] for name in names)
    ]
    labels = np.repeat(np.arange(len(names), dtype=np.int64), [len(indices) for indices in chosen])
    rows = np.concatenate(chosen)
    return Faces(images.take(rows), labels, tuple(names), _without_few(source)[rows])


def _without_few(source: OpenedSource) -> NDArray[np.int64]:
    """(N,): where ``open_source`` has each image, if it leaves out identities with fewer than two.

    Full training runs read it so: what is cached of its images serves both.
    """
    enough = np.bincount(source.labels, minlength=len(source.names)) >= LEAST
    return np.cumsum(enough[source.labels], dtype=np.int64) - 1


def _size(faces: Faces) -> str:
    people = "person" if faces.identities == 1 else "people"
    return f"{len(faces)} image{'' if len(faces) == 1 else 's'} of {faces.identities} {people}"
