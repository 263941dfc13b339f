"""Optuna's samplers on trials in memory, created again for each question.

A new sampler, seeded for the question, keeps no state that a resumed study would lack. Its study
holds copies of the trials under objectives that are all minimised; nothing is written anywhere.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from seesawnas.search.samplers._base import Past
from seesawnas.space import Assignment, FeasibleSet
from seesawnas.space.feasible.moves import mutate, repair
from seesawnas.study.record.proposal import distribution

MakeSampler: TypeAlias = Callable[[int], BaseSampler]


class OptunaStudy:
    """Asks Optuna's samplers about trials of ``feasible``, and repairs their answers inside it."""

    def __init__(self, feasible: FeasibleSet) -> None:
        self._feasible = feasible
        self._distributions = {
            decision.name: distribution(decision) for decision in feasible.decisions
        }
        self._copies: dict[tuple[int, TrialState], FrozenTrial] = {}

    def copies(self, past: Sequence[Past], state: TrialState) -> list[FrozenTrial]:
        """The trials as Optuna's, in ``state``."""
        return [self._copy(trial, state) for trial in past]

    def candidates(
        self, make: MakeSampler, trials: Sequence[FrozenTrial], objectives: int, rng: random.Random
    ) -> Iterator[Assignment]:
        """What the sampler that ``make`` makes of a seed draws from ``trials``, repaired.

        Then a walk of mutations from it.
        """
        with _quiet():
            drawn = _ask(make(rng.randrange(2**32)), trials, objectives, self._distributions)
        kept = {(trial.number - 1, trial.state) for trial in trials}
        self._copies = {key: copy for key, copy in self._copies.items() if key in kept}
        assignment: Assignment = repair(self._feasible, drawn, rng)
        while True:
            yield assignment
            assignment = mutate(self._feasible, assignment, rng)

    def _copy(self, past: Past, state: TrialState) -> FrozenTrial:
        if state is TrialState.RUNNING:  # its curve grows
            return _frozen(past, state, self._distributions)
        key = past.number, state
        if key not in self._copies:
            self._copies[key] = _frozen(past, state, self._distributions)
        return self._copies[key]


def _frozen(
    past: Past, state: TrialState, distributions: dict[str, BaseDistribution]
) -> FrozenTrial:
    return FrozenTrial(
        number=past.number + 1,  # 0 is the trial that is asked for
        trial_id=past.number + 1,
        state=state,
        value=None,
        values=past.losses if state is TrialState.COMPLETE else None,
        params=dict(past.assignment),
        distributions=distributions,
        intermediate_values=dict(past.curve),
        datetime_start=None,
        datetime_complete=None,
        user_attrs={},
        system_attrs={},
    )


class _Given(InMemoryStorage):
    """A storage whose finished trials are given, not copied one by one."""

    def __init__(self, trials: Sequence[FrozenTrial]) -> None:
        super().__init__()
        self._given = trials

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        return [trial for trial in self._given if states is None or trial.state in states]


def _ask(
    sampler: BaseSampler,
    trials: Sequence[FrozenTrial],
    objectives: int,
    distributions: Mapping[str, BaseDistribution],
) -> dict[str, Any]:
    storage = _Given(sorted(trials, key=lambda trial: trial.number))
    study = optuna.create_study(
        storage=storage, sampler=sampler, directions=["minimize"] * objectives
    )
    asked = storage.get_trial(study.ask()._trial_id)
    drawn = sampler.sample_relative(study, asked, dict(distributions))
    for name in distributions:
        if name not in drawn:
            drawn[name] = sampler.sample_independent(study, asked, name, distributions[name])
    return drawn


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Optuna within the block.

    That is what it says of studies in memory, of what is experimental, and of fits that it falls
    back from.
    """
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
