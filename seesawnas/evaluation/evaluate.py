"""Everything that is said of one set of pairs: accuracy, AUC, EER, TAR@FAR, thresholds, intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import DataError
from seesawnas.evaluation.bootstrap import RESAMPLES, intervals_of, pair_draws, people_draws
from seesawnas.evaluation.pairs import FOLDS, Pairs
from seesawnas.evaluation.protocols import INSIGHTFACE, Protocol
from seesawnas.evaluation.roc import auc, equal_error, operating_points
from seesawnas.evaluation.verification import fold_edges
from seesawnas.text import several

FARS = {f"1e-{digits}": 10.0**-digits for digits in range(2, 7)}
"""The false accept rates at which the true accept rate is given, where the pairs resolve them."""

FEW = 100
"""Identities, or pairs, below which figures say little."""

_Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``evaluate`` measured.

    accuracy, std: mean and population deviation over ``folds`` folds; auc, eer: of all pairs.
    tar_at_far: by the rate's name; None where it is not resolvable, that is where less than one different pair is accepted.
    thresholds: of ``accuracy`` (the mean of the folds'), ``eer`` and each rate, in the protocol's own score.
    intervals: 95 % intervals of ``accuracy``, ``auc``, ``eer`` and each rate, of so many ``draws``; ``resampled`` says of what:
    identities or pairs, or nothing.
    one_sided_folds: how many of the folds hold same or different pairs alone, so that the others' thresholds are for another
    mixture than theirs.
    """

    protocol: str
    accuracy: float
    std: float
    auc: float
    eer: float
    tar_at_far: Mapping[str, float | None]
    thresholds: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float] | None]
    resampled: str
    draws: int
    pairs: int
    same: int
    folds: int
    one_sided_folds: int

    @property
    def cautions(self) -> tuple[str, ...]:
        """Why the accuracy is not to be trusted, where that is so; a line each."""
        if not self.one_sided_folds:
            return ()
        hold = "holds" if self.one_sided_folds == 1 else "hold"
        folds = f"{self.one_sided_folds} of {several(self.folds, 'fold')} {hold} pairs of one kind alone"
        return (f"{folds}: do not trust this accuracy, use AUC",)


def evaluate(
    embeddings: _Floats,
    pairs: Pairs,
    protocol: Protocol = INSIGHTFACE,
    *,
    folds: NDArray[np.int64] | None = None,
    people: NDArray[np.int64] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Return the evaluation of ``pairs`` by ``embeddings`` (N, D), rows of length one.

    folds: (P,) never falling, the set's own folds; without them ten are cut in order, fewer of a handful of pairs. people:
    (N,) who each image shows; with them the intervals come from drawing people again, else from drawing pairs again within
    each fold, same and different ones apart. Raises DataError below four pairs or where all are of one kind.
    """
    check_pairs(pairs)
    distances = protocol.distances(embeddings, pairs)
    folds = _in_order(len(pairs)) if folds is None else folds
    values, thresholds = _measure(distances, pairs.same, folds, protocol)
    draws = pair_draws(pairs.same, folds) if people is None else people_draws(pairs, people)
    found = intervals_of(lambda drawn: _redrawn(distances, pairs.same, folds, protocol, drawn), draws, resamples, seed)
    return Evaluation(
        protocol=protocol.name,
        accuracy=_number(values["accuracy"]),
        std=_number(values.pop("std")),
        auc=_number(values["auc"]),
        eer=_number(values["eer"]),
        tar_at_far={rate: values[rate] for rate in FARS},
        thresholds=thresholds,
        intervals={name: found.get(name) if values[name] is not None else None for name in values},
        resampled="nothing" if not resamples else "pairs" if people is None else "identities",
        draws=resamples,
        pairs=len(pairs),
        same=int(np.count_nonzero(pairs.same)),
        folds=len(np.unique(folds)),
        one_sided_folds=_one_sided(pairs.same, folds),
    )


def few_cautions(pairs: Pairs, people: NDArray[np.int64] | None) -> tuple[str, ...]:
    """A line if ``pairs`` show few identities, or are few where it is not known whom they show; ``people`` (N,) says."""
    if people is None:
        return () if len(pairs) >= FEW else (f"only {len(pairs)} pairs: figures say little below {FEW}",)
    shown = len(np.unique(people[np.concatenate([pairs.left, pairs.right])]))
    return () if shown >= FEW else (f"only {shown} identities: figures say little below {FEW}",)


def check_pairs(pairs: Pairs) -> None:
    """Raises DataError below four pairs or where all are of one kind."""
    same = int(np.count_nonzero(pairs.same))
    if len(pairs) < 4 or not 0 < same < len(pairs):
        found = f"{same} same and {len(pairs) - same} different"
        raise DataError(f"verification: needs at least 4 pairs, some of one person and some of two, got {found}")


def _one_sided(same: NDArray[np.bool_], folds: NDArray[np.int64]) -> int:
    return len(np.setxor1d(folds[same], folds[~same]))


def _in_order(count: int) -> NDArray[np.int64]:
    edges = fold_edges(count, min(FOLDS, count // 2))
    return np.repeat(np.arange(len(edges)), np.diff([*edges, count]))


def _redrawn(
    distances: _Floats, same: NDArray[np.bool_], folds: NDArray[np.int64], protocol: Protocol, drawn: NDArray[np.int64]
) -> dict[str, float | None] | None:
    """None where a draw has pairs of one kind, or of one fold, alone."""
    if len(drawn) == 0 or not 0 < np.count_nonzero(same[drawn]) < len(drawn) or folds[drawn[0]] == folds[drawn[-1]]:
        return None
    return _measure(distances[drawn], same[drawn], folds[drawn], protocol)[0]


def _measure(
    distances: _Floats, same: NDArray[np.bool_], folds: NDArray[np.int64], protocol: Protocol
) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """(values, thresholds) by name."""
    edges = np.flatnonzero(np.diff(folds, prepend=folds[0] - 1))
    accuracies, at = protocol.accuracies(distances, same, edges)
    equal = equal_error(distances, same)
    points = dict(zip(FARS, operating_points(distances, same, tuple(FARS.values())), strict=True))
    values = {
        "accuracy": float(np.mean(accuracies)),
        "std": float(np.std(accuracies)),
        "auc": auc(distances, same),
        "eer": 1.0 - equal.tar,
        **{rate: None if point is None else point.tar for rate, point in points.items()},
    }
    thresholds = {"accuracy": float(np.mean(at)), "eer": equal.threshold}
    thresholds |= {rate: point.threshold for rate, point in points.items() if point is not None}
    return values, {name: protocol.shown(thresholds[name]) if name in thresholds else None for name in _NAMES}


_NAMES = ("accuracy", "eer", *FARS)


def _number(value: float | None) -> float:
    assert value is not None
    return value
