"""Proposals from the feasible set: fixed points, then uniform draws, then TPE made feasible.

TPE (Bergstra et al., 2011) models the options of good trials and draws new ones; a draw over budget is repaired inside the
feasible set, keeping as many of its options as fit. What the study already holds is never proposed again.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator

import optuna
from optuna.samplers import TPESampler
from optuna.trial import TrialState, create_trial

from seesawnas.space import Assignment, FeasibleSet
from seesawnas.space.neighbours import mutate, repair
from seesawnas.study import Proposal, StudyRecord
from seesawnas.study.record import distribution

_MOVES = 200


class Proposer:
    """Proposes networks of ``feasible``; deterministic for ``seed`` and what the study holds.

    ``points`` come first; then uniform draws until ``startup`` trials are complete; then TPE.
    """

    def __init__(self, feasible: FeasibleSet, points: Iterator[Proposal], seed: int, startup: int = 8) -> None:
        self._feasible = feasible
        self._points = tuple(points)
        self._seed = seed
        self._startup = startup
        self._distributions = {decision.name: distribution(decision) for decision in feasible.decisions}

    def __call__(self, record: StudyRecord) -> Proposal | None:
        """The next network to try; None where the study holds every feasible one."""
        held = record.keys()
        for point in self._points:
            if point.key not in held:
                return point
        # Seeded by what the study holds, so that a resumed study goes on as an uninterrupted one would.
        rng = random.Random(f"{self._seed}/{len(record.trials())}")
        for assignment in self._candidates(record, rng):
            spec = self._feasible.space.choose(assignment)
            if spec.digest() not in held:
                return Proposal(spec, assignment)
        return None

    def _candidates(self, record: StudyRecord, rng: random.Random) -> Iterator[Assignment]:
        done = record.trials(TrialState.COMPLETE)
        assignment = self._feasible.draw(rng) if len(done) < self._startup else self._tpe(record, rng)
        yield assignment
        for _ in range(_MOVES):
            assignment = mutate(self._feasible, assignment, rng)
            yield assignment
        indices = range(self._feasible.count) if self._feasible.is_counted(at_most=10_000) else ()
        for index in indices:
            yield next(self._feasible.at([index]).assignments())

    def _tpe(self, record: StudyRecord, rng: random.Random) -> Assignment:
        """A draw of TPE on a copy of the study in memory, repaired."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = TPESampler(multivariate=True, constant_liar=True, n_startup_trials=0, seed=rng.randrange(2**32))
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for trial in record.trials(TrialState.COMPLETE, TrialState.RUNNING):
            if set(trial.params) == set(self._distributions):
                study.add_trial(_copy(trial, self._distributions))
        drawn = study.ask(self._distributions).params
        return repair(self._feasible, drawn, rng)


def _copy(
    trial: optuna.trial.FrozenTrial, distributions: dict[str, optuna.distributions.BaseDistribution]
) -> optuna.trial.FrozenTrial:
    values = [trial.values[0]] if trial.state is TrialState.COMPLETE and trial.values else None
    return create_trial(state=trial.state, params=trial.params, distributions=distributions, values=values)
