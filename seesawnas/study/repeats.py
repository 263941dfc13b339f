"""Repeats: the best networks trained again from other seeds, so that the first is not the luckiest.

The trial that won a search is biased upwards by winning: its own measurement never counts as a repeat. Repeats are trials of
a study of their own, ``NAME.repeats`` in the same storage, and a network's figure is the mean over its new seeds alone.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
    """The quality of one network, trained from each of some new seeds."""

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


def best_trial(trials: list[FrozenTrial], repeats: Mapping[str, Repeats]) -> FrozenTrial:
    """The best complete trial of ``trials``, of which there is one: the first of the ranking.

    Where networks were trained from several seeds, as in an ablation, it is the first of the network with the best mean.
    """
    if not any(str(trial.user_attrs.get("variant", "")).startswith("seed ") for trial in trials):
        return ranked_trials(trials, repeats)[0]
    values: dict[str, list[float]] = {}
    for trial in trials:
        values.setdefault(str(trial.user_attrs["digest"]), []).append(trial.values[0])
    best = max(values, key=lambda digest: statistics.fmean(values[digest]))
    return next(trial for trial in trials if trial.user_attrs["digest"] == best)


def ranked_trials(trials: Iterable[FrozenTrial], repeats: Mapping[str, Repeats]) -> list[FrozenTrial]:
    """Complete trials best first: repeated networks by their mean, then the others by what the search measured.

    Equals are told apart by AUC, then accuracy, then fewer MAdds, then the earlier trial.
    """

    def key(trial: FrozenTrial) -> tuple[float, ...]:
        attrs = trial.user_attrs
        again = repeats.get(str(attrs["digest"]))
        value = trial.values[0] if again is None else again.mean
        ties = (-attrs.get("auc", 0.0), -attrs.get("accuracy", 0.0), attrs["madds"], trial.number)
        return (again is None, -value, *ties)

    return sorted(trials, key=key)
