"""1:N identification: probes are searched in a gallery of enrolled identities.

For each identity with two images or more, the first image is enrolled in the gallery and the others
are probes. Non-mated probes are the images of identities with one image, and each probe again with
its own identity removed from the gallery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import DataError
from seesawnas.evaluation.roc import operating_points
from seesawnas.evaluation.verification import FEW
from seesawnas.text import several

RANKS = (1, 5)
FPIRS = {"1e-1": 1e-1, "1e-2": 1e-2, "1e-3": 1e-3}

_CHUNK = 1024  # probes at a time: their cosines with the whole gallery are in memory

_Floats = NDArray[np.floating]
_Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Identification:
    """What ``identify`` measured.

    Attributes:
        rank: Fraction of the probes whose identity is among the first 1, 5 of the gallery.
        tpir_at_fpir: By the name of the FPIR (the fraction of non-mated probes that find somebody),
            the fraction of the probes whose identity is first and above the threshold; None if that
            FPIR is less than one probe.
        thresholds: The cosine at which each FPIR is reached.
        enrolled: Identities in the gallery.
        searches: Mated probes.
        unmated: Non-mated probes.
        distances: Of each probe, for curves: minus the cosine of its own identity, infinite if that
            is not first; for non-mated probes minus the cosine of the first.
        mated: Whether each of ``distances`` is of a mated probe.
    """

    rank: Mapping[int, float]
    tpir_at_fpir: Mapping[str, float | None]
    thresholds: Mapping[str, float | None]
    enrolled: int
    searches: int
    unmated: int
    distances: NDArray[np.float64]
    mated: NDArray[np.bool_]

    @property
    def cautions(self) -> tuple[str, ...]:
        """Why the results are unreliable, if they are; one line each."""
        if self.enrolled >= FEW:
            return ()
        enrolled = several(self.enrolled, "enrolled identity", "enrolled identities")
        chance = f"{enrolled}: random guessing gives 1/{self.enrolled} at rank 1"
        return (f"{chance}; results are unreliable below {FEW} identities",)


def identify(embeddings: _Floats, labels: _Indices) -> Identification:
    """Evaluate 1:N identification.

    Args:
        embeddings: (N, D), rows of unit length.
        labels: (N,), the identity of each row.

    Raises:
        DataError: If fewer than two identities have two images.
    """
    gallery, probes, others = _roles(labels)
    if len(gallery) < 2:
        raise DataError(
            f"identification: must have at least two identities with two images, got {len(gallery)}"
        )
    mate, best_other, ranks = _search(
        embeddings[probes], labels[probes], embeddings[gallery], labels[gallery]
    )
    _, unknown, _ = _search(
        embeddings[others], labels[others], embeddings[gallery], labels[gallery]
    )
    unmated = np.concatenate([best_other, unknown])
    distances = np.concatenate([np.where(ranks == 1, -mate, np.inf), -unmated])
    mated = np.arange(len(distances)) < len(probes)
    points = dict(
        zip(FPIRS, operating_points(distances, mated, tuple(FPIRS.values())), strict=True)
    )
    return Identification(
        rank={rank: float(np.mean(ranks <= rank)) for rank in RANKS},
        tpir_at_fpir={name: None if point is None else point.tar for name, point in points.items()},
        thresholds={
            name: None if point is None else -point.threshold for name, point in points.items()
        },
        enrolled=len(gallery),
        searches=len(probes),
        unmated=len(unmated),
        distances=distances,
        mated=mated,
    )


def _roles(labels: _Indices) -> tuple[_Indices, _Indices, _Indices]:
    """Split the images of ``labels`` into gallery, probes and non-mated images.

    Returns:
        Indices of the first image of each identity with more than one, of their other images, and
        of the images of identities with one.
    """
    _, first, identity, counts = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    is_first = np.zeros(len(labels), dtype=np.bool_)
    is_first[first] = True
    has_more = counts[identity] > 1
    return tuple(np.flatnonzero(role) for role in (is_first & has_more, ~is_first, ~has_more))  # type: ignore[return-value]


def _search(
    probes: _Floats, people: _Indices, gallery: _Floats, enrolled: _Indices
) -> tuple[NDArray[np.float64], NDArray[np.float64], _Indices]:
    """(cosine with its identity, largest cosine with another, rank of its identity) of each probe.

    Ties count as errors. For non-mated probes the first is -inf.
    """
    mates, others, ranks = [np.empty(0)], [np.empty(0)], [np.empty(0, dtype=np.int64)]
    for start in range(0, len(probes), _CHUNK):
        cosines = (probes[start : start + _CHUNK] @ gallery.T).astype(np.float64)
        is_mate = people[start : start + _CHUNK, None] == enrolled
        mate = np.where(is_mate, cosines, -np.inf).max(axis=1)
        elsewhere = np.where(is_mate, -np.inf, cosines)
        mates.append(mate)
        others.append(elsewhere.max(axis=1))
        ranks.append(1 + np.count_nonzero(elsewhere >= mate[:, None], axis=1))
    return np.concatenate(mates), np.concatenate(others), np.concatenate(ranks)
