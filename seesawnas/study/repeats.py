"""Repeats: the best networks trained again from other seeds, so that the first is not the luckiest.

The trial that won a search is biased upwards by winning: its own measurement never counts as a repeat. Repeats are trials of
a study of their own, ``NAME.repeats`` in the same storage, and a network's figure is the mean over its new seeds alone.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from seesawnas.study.record.renewed import renewed
from seesawnas.study.storage.identity import repeats_name


@dataclass(frozen=True, slots=True)
class Repeating:
    """The search is over and its best networks are trained again: ``wanted`` trials in all, ``done`` of them before."""

    wanted: int
    done: int


@dataclass(frozen=True, slots=True)
class Repeats:
    """The metric of one network, trained from each of some new seeds."""

    values: tuple[float, ...]

    @property
    def n(self) -> int:
        """How many seeds."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """What networks are ranked by."""
        return statistics.fmean(self.values)

    @property
    def standard_error(self) -> float | None:
        """Of the mean: the sample standard deviation over the root of n; None of a single seed."""
        return None if self.n < 2 else statistics.stdev(self.values) / self.n**0.5

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values."""
        return {"n": self.n, "mean": self.mean, "standard_error": self.standard_error, "values": list(self.values)}


def read_repeats(storage: BaseStorage, study: str) -> dict[str, Repeats]:
    """The repeats that are stored of a study's networks, by digest."""
    try:
        number = storage.get_study_id_from_name(repeats_name(study))
    except KeyError:
        return {}
    return repeats_of(map(renewed, storage.get_all_trials(number, deepcopy=False)))


def repeats_of(trials: Iterable[FrozenTrial]) -> dict[str, Repeats]:
    """The repeats among a study's trials that were checked, by digest."""
    found: dict[str, list[float]] = {}
    for trial in trials:
        if trial.state is TrialState.COMPLETE:
            found.setdefault(str(trial.user_attrs["digest"]), []).append(trial.values[0])
    return {digest: Repeats(tuple(values)) for digest, values in found.items()}
