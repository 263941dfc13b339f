"""The evaluation of one set of pairs: accuracy, AUC, EER, TAR@FAR, thresholds, d', intervals.

A trial, a training run and ``seesawnas eval`` use it; the first two without resampling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import DataError
from seesawnas.evaluation.bootstrap import (
    RESAMPLES,
    identity_draws,
    interval_of,
    pair_draws,
    resample,
)
from seesawnas.evaluation.pairs import Pairs
from seesawnas.evaluation.protocols import INSIGHTFACE, Protocol, cut_folds
from seesawnas.evaluation.roc import auc, equal_error, operating_points
from seesawnas.text import several

FARS = {f"1e-{digits}": 10.0**-digits for digits in range(2, 7)}
"""The false accept rates (FAR) at which the true accept rate (TAR) is reported."""

FEW = 100
"""Identities, or pairs, below which results are unreliable."""

_Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``evaluate`` measured.

    Attributes:
        protocol: The protocol's name.
        accuracy: Mean over the folds.
        std: Population standard deviation over the folds.
        auc: Area under the ROC curve of all pairs.
        eer: Equal error rate of all pairs.
        tar_at_far: TAR over all pairs, by the name of the FAR; None if that FAR is not resolvable,
            because it is less than one different pair.
        thresholds: Of ``accuracy`` (the mean over the folds), ``eer`` and each FAR, in the
            protocol's own score.
        separation: Distance between the mean cosines of same and different pairs, in their pooled
            standard deviations (d').
        intervals: 95 % intervals of ``accuracy``, ``auc``, ``eer`` and each FAR.
        resampled: What was resampled for them: identities, pairs or nothing.
        draws: Number of resamples.
        pairs: Number of pairs.
        same: How many of them show one identity.
        folds: Number of folds.
        one_sided_folds: Folds with only same or only different pairs, so that the thresholds of the
            other folds are for another mixture than theirs.
        samples: The values of ``intervals`` over the resamples, (draws,) each, NaN where a value
            was not resolvable.
    """

    protocol: str
    accuracy: float
    std: float
    auc: float
    eer: float
    separation: float
    tar_at_far: Mapping[str, float | None]
    thresholds: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float] | None]
    resampled: str
    draws: int
    pairs: int
    same: int
    folds: int
    one_sided_folds: int
    samples: Mapping[str, _Floats] = field(default_factory=dict, repr=False, compare=False)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Why the accuracy is not reliable, if it is not; one line each."""
        if not self.one_sided_folds:
            return ()
        contain = "contains" if self.one_sided_folds == 1 else "contain"
        folds = f"{self.one_sided_folds} of {several(self.folds, 'fold')}"
        rule = "only same or only different pairs: accuracy is not reliable, use AUC"
        return (f"{folds} {contain} {rule}",)


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
    """Evaluate ``pairs``.

    Args:
        embeddings: (N, D), rows of unit length.
        pairs: Pairs of these rows.
        protocol: How they are scored.
        folds: (P,), ascending, the fold of each pair; without it ten are cut in order, or fewer if
            there are fewer than twenty pairs.
        people: (N,), the identity of each row. With it the intervals come from resampling
            identities, else from resampling pairs within each fold, same and different ones apart.
        resamples: Bootstrap resamples for the intervals; 0: no intervals.
        seed: Of the resamples.

    Raises:
        DataError: If there are fewer than four pairs, or only same or only different ones.
    """
    check_pairs(pairs)
    distances = protocol.distances(embeddings, pairs)
    folds = cut_folds(len(pairs)) if folds is None else folds
    values, thresholds = _measure(distances, pairs.same, folds, protocol)
    draws = pair_draws(pairs.same, folds) if people is None else identity_draws(pairs, people)

    def measure_again(drawn: NDArray[np.int64]) -> dict[str, float | None] | None:
        return _redrawn(distances, pairs.same, folds, protocol, drawn)

    samples = resample(measure_again, draws, resamples, seed)
    found = {name: interval_of(sampled) for name, sampled in samples.items()}
    return Evaluation(
        protocol=protocol.name,
        accuracy=_number(values["accuracy"]),
        std=_number(values.pop("std")),
        auc=_number(values["auc"]),
        eer=_number(values["eer"]),
        separation=protocol.separation(distances, pairs.same),
        tar_at_far={rate: values[rate] for rate in FARS},
        thresholds=thresholds,
        intervals={name: found.get(name) if values[name] is not None else None for name in values},
        resampled="nothing" if not resamples else "pairs" if people is None else "identities",
        draws=resamples,
        pairs=len(pairs),
        same=int(np.count_nonzero(pairs.same)),
        folds=len(np.unique(folds)),
        one_sided_folds=_one_sided(pairs.same, folds),
        samples=samples,
    )


def few_cautions(pairs: Pairs, people: NDArray[np.int64] | None) -> tuple[str, ...]:
    """A line if ``pairs`` show few identities; or if they are few, without ``people`` (N,)."""
    if people is None:
        return _few(len(pairs), "pairs")
    shown = np.unique(people[np.concatenate([pairs.left, pairs.right])])
    return _few(len(shown), "identities")


def check_pairs(pairs: Pairs) -> None:
    """Check that ``pairs`` can be evaluated.

    Raises:
        DataError: If there are fewer than four pairs, or only same or only different ones.
    """
    same = int(np.count_nonzero(pairs.same))
    if len(pairs) < 4 or not 0 < same < len(pairs):
        found = f"{same} same and {len(pairs) - same} different"
        rule = "must have at least 4 pairs, both same and different"
        raise DataError(f"verification: {rule}, got {found}")


def _few(count: int, what: str) -> tuple[str, ...]:
    return () if count >= FEW else (f"only {count} {what}: results are unreliable below {FEW}",)


def _one_sided(same: NDArray[np.bool_], folds: NDArray[np.int64]) -> int:
    return len(np.setxor1d(folds[same], folds[~same]))


def _redrawn(
    distances: _Floats,
    same: NDArray[np.bool_],
    folds: NDArray[np.int64],
    protocol: Protocol,
    drawn: NDArray[np.int64],
) -> dict[str, float | None] | None:
    """None if a draw has only same or only different pairs, or pairs of one fold only."""
    if (
        len(drawn) == 0
        or not 0 < np.count_nonzero(same[drawn]) < len(drawn)
        or folds[drawn[0]] == folds[drawn[-1]]
    ):
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
    return values, {
        name: protocol.shown(thresholds[name]) if name in thresholds else None for name in _NAMES
    }


_NAMES = ("accuracy", "eer", *FARS)


def _number(value: float | None) -> float:
    assert value is not None
    return value
