"""Verification read line by line in plain Python: no arrays, every sum over pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

Accept = Callable[[float, float], bool]


def accuracy(
    scores: Sequence[float],
    same: Sequence[bool],
    folds: Sequence[int],
    thresholds: Sequence[float],
    accept: Accept,
) -> list[tuple[Fraction, list[float]]]:
    """Of each fold: all thresholds that are best on the other folds, and the accuracy at the first
    of them.
    """
    found = []
    for fold in sorted(set(folds)):
        counted = []
        for threshold in thresholds:
            right = [
                accept(s, threshold) == t
                for s, t, f in zip(scores, same, folds, strict=True)
                if f != fold
            ]
            counted.append(sum(right))
        most = max(counted)
        best = [t for t, count in zip(thresholds, counted, strict=True) if count == most]
        found.append((accuracy_at(scores, same, folds, fold, best[0], accept), best))
    return found


def accuracy_at(
    scores: Sequence[float],
    same: Sequence[bool],
    folds: Sequence[int],
    fold: int,
    threshold: float,
    accept: Accept,
) -> Fraction:
    right = [
        accept(s, threshold) == t for s, t, f in zip(scores, same, folds, strict=True) if f == fold
    ]
    return Fraction(sum(right), len(right))


def auc(distances: Sequence[float], same: Sequence[bool]) -> Fraction:
    ours, others = split(distances, same)
    wins = sum((2 if a < b else 1 if a == b else 0) for a in ours for b in others)
    return Fraction(wins, 2 * len(ours) * len(others))


def equal_error(distances: Sequence[float], same: Sequence[bool]) -> Fraction:
    """Where FAR = 1 - TAR on the lines between the points of the ROC curve."""
    points = roc(distances, same)
    for (far0, tar0), (far1, tar1) in pairwise(points):
        if far1 >= 1 - tar1:
            before, after = far0 - (1 - tar0), far1 - (1 - tar1)
            return far0 + (far1 - far0) * before / (before - after)
    raise AssertionError


def roc(distances: Sequence[float], same: Sequence[bool]) -> list[tuple[Fraction, Fraction]]:
    ours, others = split(distances, same)
    points = []
    for threshold in [*sorted(set(distances)), float("inf")]:
        far = Fraction(sum(d < threshold for d in others), len(others))
        points.append((far, Fraction(sum(d < threshold for d in ours), len(ours))))
    return points


def tar_at_far(distances: Sequence[float], same: Sequence[bool], rate: Fraction) -> Fraction | None:
    """The largest TAR at which no more than ``rate`` of the different pairs are accepted, if one of
    them may be at all.
    """
    ours, others = split(distances, same)
    if rate * len(others) < 1:
        return None
    allowed = [t for t in others if Fraction(sum(d < t for d in others), len(others)) <= rate]
    return Fraction(sum(d < max(allowed) for d in ours), len(ours))


def split(distances: Sequence[float], same: Sequence[bool]) -> tuple[list[float], list[float]]:
    pairs = list(zip(distances, same, strict=True))
    return [d for d, t in pairs if t], [d for d, t in pairs if not t]
