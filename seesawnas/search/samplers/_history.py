"""The trials of a study, as samplers see them."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from seesawnas.search.samplers._base import History, Past
from seesawnas.space import Decision
from seesawnas.study import StudyRecord, Trial, TrialState


class Recorded:
    """Reads a study's trials into histories, each finished trial once."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._options = {decision.name: frozenset(decision.options) for decision in decisions}
        self._finished: dict[TrialState, tuple[list[Trial], tuple[Past, ...]]] = {}

    def read(self, record: StudyRecord) -> History:
        """The study as it stands."""
        pending = record.trials(TrialState.RUNNING, TrialState.WAITING)
        objectives = len(record.objectives.names)
        return History(
            complete=self._known(TrialState.COMPLETE, record, objectives),
            pruned=self._known(TrialState.PRUNED, record, objectives),
            pending=self._of(pending, objectives),
            objectives=objectives,
        )

    def _known(self, state: TrialState, record: StudyRecord, objectives: int) -> tuple[Past, ...]:
        trials = record.trials(state)
        old, known = self._finished.get(state, ([], ()))
        # The same objects, so that this takes no time; else one of a lower number came late.
        if trials[: len(old)] == old:
            known += self._of(trials[len(old) :], objectives)
        else:
            known = self._of(trials, objectives)
        self._finished[state] = trials, known
        return known

    def _of(self, trials: list[Trial], objectives: int) -> tuple[Past, ...]:
        return tuple(
            past for trial in trials if (past := self._past(trial, objectives)) is not None
        )

    def _past(self, trial: Trial, objectives: int) -> Past | None:
        """The trial as samplers see it; None if it says nothing of the space.

        That is a point outside it, another program's trial, or another proxy's.
        """
        if trial.params.keys() != self._options.keys() or trial.user_attrs.get("variant"):
            return None
        if any(option not in self._options[name] for name, option in trial.params.items()):
            return None
        values = trial.values if trial.state is TrialState.COMPLETE else None
        if values is not None and not (len(values) == objectives and all(map(isfinite, values))):
            return None
        losses = () if values is None else (-values[0], *values[1:])
        return Past(
            trial.number,
            trial.params,
            losses,
            {step: -v for step, v in trial.intermediate_values.items()},
        )
