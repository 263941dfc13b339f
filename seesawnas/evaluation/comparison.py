"""Models compared on the same pairs: how far each is from the first.

The resamples of two models are the same, so the interval of a difference is of the paired
difference: what is hard for both does not widen it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from seesawnas.evaluation.benchmark import VerifiedSet
from seesawnas.evaluation.bootstrap import interval_of
from seesawnas.evaluation.models.facts import ModelFacts
from seesawnas.evaluation.models.open import FaceModel
from seesawnas.evaluation.verification import FARS, Evaluation


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of a model minus that of the first one.

    Attributes:
        value: The difference.
        interval: Its 95 % bootstrap interval; None without resamples.
    """

    value: float
    interval: tuple[float, float] | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval does not contain zero."""
        return self.interval is not None and not self.interval[0] <= 0.0 <= self.interval[1]


Differences: TypeAlias = Mapping[str, Difference | None] | None
"""By the name of the figure; None for one that is not resolvable, and for none at all."""


@dataclass(frozen=True, slots=True)
class ComparedModel:
    """One of the models that are compared.

    Attributes:
        name: What tells it from the others.
        path: Where it lies.
        model: Open.
        facts: Its size and cost.
    """

    name: str
    path: str
    model: FaceModel
    facts: ModelFacts


@dataclass(frozen=True, slots=True, eq=False)
class ComparedSet:
    """A verification set, verified by each of the models, in their order."""

    verified: Sequence[VerifiedSet]

    @property
    def name(self) -> str:
        """The set's."""
        return self.verified[0].name

    @property
    def differences(self) -> list[Differences]:
        """Of each model to the first; None for the first itself, and where pairs differ."""
        first, *others = self.verified
        return [None, *(paired_differences(first, other) for other in others)]


def paired_differences(first: VerifiedSet, other: VerifiedSet) -> Differences:
    """The differences of ``other`` to ``first`` in accuracy, AUC, EER and TAR at each FAR.

    Both must be of one verification set, verified with the same settings.

    Returns:
        By name; None for a figure that is not resolvable. None in all if the pairs are not the
        same, because an image was readable for one of the models alone.
    """
    one, two = first.evaluation, other.evaluation
    same_draws = (one.draws, one.resampled) == (two.draws, two.resampled)
    if not (np.array_equal(first.same, other.same) and same_draws):
        return None
    return {name: _difference(one, two, name) for name in ("accuracy", "auc", "eer", *FARS)}


def _difference(first: Evaluation, other: Evaluation, name: str) -> Difference | None:
    before, after = _value(first, name), _value(other, name)
    if before is None or after is None:
        return None
    known = name in first.samples and name in other.samples
    interval = interval_of(other.samples[name] - first.samples[name]) if known else None
    return Difference(after - before, interval)


def _value(evaluation: Evaluation, name: str) -> float | None:
    if name in FARS:
        return evaluation.tar_at_far[name]
    return float(getattr(evaluation, name))
