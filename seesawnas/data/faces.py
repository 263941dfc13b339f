"""What a set of faces is: pixels in memory, one label per image, one name per identity."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import DataError
from seesawnas.text import several


@dataclass(frozen=True, eq=False)
class Faces:
    """Images of identities.

    Attributes:
        images: uint8 (N, H, W, 3), RGB.
        labels: int64 (N,) in 0..C-1.
        names: The C identities that the labels index.
        indices: int64 (N,), which image of ``open_source`` each was decoded from; None if they come
            from elsewhere.

    Raises:
        DataError: If they do not fit together.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    indices: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.shape[3] != 3 or self.images.dtype != np.uint8:
            raise DataError(
                f"images: must be uint8 (N, H, W, 3), got {self.images.dtype} {self.images.shape}"
            )
        if self.labels.shape != self.images.shape[:1]:
            raise DataError(
                f"labels: must be one per image, got {self.labels.shape} for {len(self.images)} "
                "images"
            )
        if self.indices is not None and self.indices.shape != self.labels.shape:
            raise DataError(f"indices: must be one per image, got {self.indices.shape}")
        if len(self.labels) and not 0 <= self.labels.min() <= self.labels.max() < len(self.names):
            raise DataError(f"labels: must be in 0..{len(self.names) - 1}")

    def __len__(self) -> int:
        return len(self.labels)

    def of_share(self, share: float, *, seed: int) -> Faces:
        """Those of a seeded draw of ``share`` of the identities, at least two.

        A larger draw contains all of a smaller one.
        """
        if share >= 1.0:
            return self
        ranked = sorted(
            range(self.identities), key=lambda identity: rank(seed, self.names[identity])
        )
        kept = sorted(ranked[: max(2, round(share * self.identities))])
        chosen = np.isin(self.labels, kept)
        labels = np.searchsorted(kept, self.labels[chosen]).astype(np.int64)
        names = tuple(self.names[identity] for identity in kept)
        indices = None if self.indices is None else self.indices[chosen]
        return Faces(self.images[chosen], labels, names, indices)

    @property
    def identities(self) -> int:
        """How many identities there are."""
        return len(self.names)


FEW = 100
"""Identities below which a ranking of networks says little."""


@dataclass(frozen=True, eq=False)
class FaceData:
    """Faces to train on, and faces of other identities to verify.

    Attributes:
        fingerprint: A hash of the content and the settings: for a folder, of its decoded pixels,
            labels and names; for the default set, of the photographs and the plan it is made from.
        notes: One line for each kind of thing that was left out, with its count and the first few
            names.
        shapes: For networks of several input shapes, the same faces in the shape for each, by the
            input's (height, width); the other fields are then the first one's.
        description: The data as a study stores and compares it on resume, so its wording never
            changes; ``summary`` is for people.
        title: The name that ``summary`` begins with.
        teacher_rows: What is learnt from beside the labels: of each teacher float16 (M, 2, D), its
            embeddings of the images of ``open_source`` and of their mirror images, which the
            training images' ``indices`` index.
    """

    training: Faces
    verification: Faces
    description: str
    fingerprint: str
    notes: tuple[str, ...] = ()
    is_default: bool = False
    shapes: Mapping[tuple[int, int], FaceData] = field(default_factory=dict)
    title: str = ""
    teacher_rows: tuple[NDArray[np.float16], ...] = ()

    def with_teacher_rows(self, rows: Sequence[NDArray[np.float16]]) -> FaceData:
        """The same faces, of every shape, with these to learn from."""
        shapes = {size: faces.with_teacher_rows(rows) for size, faces in self.shapes.items()}
        return replace(self, teacher_rows=tuple(rows), shapes=shapes)

    @property
    def summary(self) -> str:
        """The name and the counts of both sides, for messages."""
        sides = (
            f"{several(len(faces), 'image')} of {_identities(faces.identities)}"
            for faces in (self.training, self.verification)
        )
        return "{}: training {}, verification {}".format(self.title or "faces", *sides)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the images."""
        height, width = self.training.images.shape[1:3]
        return height, width

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of the images of every shape."""
        return tuple(faces.size for faces in self.shapes.values()) or (self.size,)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Why a ranking of networks on these faces is unreliable, if it is; one line each."""
        return _few(self.training.identities + self.verification.identities)


def described_cautions(description: str) -> tuple[str, ...]:
    """``FaceData.cautions`` of faces of which only the description is left, as a study keeps it."""
    found = _COUNTS.search(description)
    return () if found is None else _few(int(found[1]) + int(found[2]))


def _few(identities: int) -> tuple[str, ...]:
    if identities >= FEW:
        return ()
    return (f"only {_identities(identities)}: with fewer than {FEW} the ranking is mostly noise",)


def _identities(number: int) -> str:
    return several(number, "identity", "identities")


# As ``load_faces`` describes them; what comes before is a path, which may hold anything.
_COUNTS = re.compile(
    r": [0-9]+ images? of ([0-9]{1,9}) (?:people|person|identit(?:y|ies)) to train on, "
    r"[0-9]+ images? of ([0-9]{1,9}) (?:people|person|identit(?:y|ies)) to verify on"
)


def rank(seed: int, name: str) -> bytes:
    """The place of an identity in a seeded order that does not depend on the other identities."""
    return hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogateescape")).digest()


def fingerprint(*parts: Faces) -> str:
    """The first 16 hexadecimal digits of SHA-256 over the content of ``parts``, in order."""
    digest = hashlib.sha256()
    for faces in parts:
        digest.update(repr((faces.images.shape, faces.names)).encode("utf-8", "surrogateescape"))
        digest.update(np.ascontiguousarray(faces.images).data)
        digest.update(np.ascontiguousarray(faces.labels.astype("<i8")).data)
    return digest.hexdigest()[:16]


MIN_IDENTITIES = 4
"""Two to train on and two to verify on.

The least from which a pair of different identities can be drawn on both sides.
"""


def split_identities(
    names: Sequence[str], *, seed: int, share: float
) -> tuple[list[str], list[str]]:
    """Return (training, verification) names, each sorted.

    ``share`` of them, at least two, are verified. The place of an identity follows from a hash of
    the seed and the name, so adding identities moves few of those already there.

    Raises:
        DataError: If the share is not between 0 and 1, or there are fewer than four identities.
    """
    if not 0.0 < share < 1.0:
        raise DataError(f"verification share: must be between 0 and 1, got {share}")
    if len(names) < MIN_IDENTITIES:
        raise DataError(
            f"must have at least {MIN_IDENTITIES} identities with two readable images, got "
            f"{len(names)}"
        )
    held_out = min(max(2, round(share * len(names))), len(names) - 2)
    ranked = sorted(names, key=lambda name: rank(seed, name))
    return sorted(ranked[held_out:]), sorted(ranked[:held_out])
