"""1:N identification: is a person found in a gallery, and is one who is not in it left unfound.

Who has two pictures or more is enrolled by the first one; their others are searched. A search has no mate where the person
is not enrolled: pictures of people who have one alone, and each search again with its own person taken out of the gallery.
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

_CHUNK = 1024  # searches at a time: their cosines with the whole gallery are in memory

_Floats = NDArray[np.floating]
_Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Identification:
    """What ``identify`` measured.

    rank: share of searches whose mate is among the first 1, 5 of the gallery. tpir_at_fpir: share of searches whose mate is
    first and above the ``thresholds`` (cosines) at which that share of searches without a mate finds somebody; None where
    that is less than one search. distances, mated: of each search, for curves: less the cosine of the mate, infinite where
    it is not first, or of the first found.
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
        """Why the figures say little, where that is so; a line each."""
        if self.enrolled >= FEW:
            return ()
        enrolled = several(self.enrolled, "identity is", "identities are")
        chance = f"{enrolled} enrolled: chance alone finds one in {self.enrolled} at rank 1"
        return (f"{chance}; figures say little below {FEW} identities",)


def identify(embeddings: _Floats, labels: _Indices) -> Identification:
    """Return the identification of people ``labels`` (N,) by ``embeddings`` (N, D), rows of length one.

    Raises DataError where not two people have two pictures or more.
    """
    gallery, probes, others = _roles(labels)
    if len(gallery) < 2:
        raise DataError(f"identification: needs two people with two images or more, got {len(gallery)}")
    mate, best_other, ranks = _search(embeddings[probes], labels[probes], embeddings[gallery], labels[gallery])
    _, unknown, _ = _search(embeddings[others], labels[others], embeddings[gallery], labels[gallery])
    unmated = np.concatenate([best_other, unknown])
    distances = np.concatenate([np.where(ranks == 1, -mate, np.inf), -unmated])
    mated = np.arange(len(distances)) < len(probes)
    points = dict(zip(FPIRS, operating_points(distances, mated, tuple(FPIRS.values())), strict=True))
    return Identification(
        rank={rank: float(np.mean(ranks <= rank)) for rank in RANKS},
        tpir_at_fpir={name: None if point is None else point.tar for name, point in points.items()},
        thresholds={name: None if point is None else -point.threshold for name, point in points.items()},
        enrolled=len(gallery),
        searches=len(probes),
        unmated=len(unmated),
        distances=distances,
        mated=mated,
    )


def _roles(labels: _Indices) -> tuple[_Indices, _Indices, _Indices]:
    """Indices of (the first picture of each person who has more, their others, pictures of people who have one)."""
    _, first, person, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    is_first = np.zeros(len(labels), dtype=np.bool_)
    is_first[first] = True
    has_more = counts[person] > 1
    return tuple(np.flatnonzero(role) for role in (is_first & has_more, ~is_first, ~has_more))  # type: ignore[return-value]


def _search(
    probes: _Floats, people: _Indices, gallery: _Floats, enrolled: _Indices
) -> tuple[NDArray[np.float64], NDArray[np.float64], _Indices]:
    """(cosine with the mate, largest cosine with anybody else, rank of the mate) of each probe; ties are lost.

    Without a mate the first is -inf.
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
