"""``TrialIndex``: a study's trials in memory, by number, state and key.

Its cost does not grow with the study. Optuna answers every question about a study by going through
all its trials. A study has one driver, so what that driver knows need not be asked again: finished
trials never change, and those that it runs change by its own writes. What other programs add
(optuna-dashboard, ``enqueue_trial``) is looked for, by number, whenever the index is asked, and so
is what becomes of it, and of trials that wait.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from seesawnas.errors import StudyError
from seesawnas.io.stored_json import shown
from seesawnas.study.record.reading import read_trials
from seesawnas.study.record.renewed import renewed
from seesawnas.study.record.validation import check_trial


class TrialIndex:
    """The trials of ``study``.

    Whoever writes to a trial calls :meth:`touch` first, so that the next answer is right.

    Each trial is checked as it comes in, once.

    Raises:
        StudyError: If a trial cannot be read or trusted; also later, for trials that come in then.
    """

    def __init__(self, study: optuna.Study, distributions: Mapping[str, BaseDistribution]) -> None:
        self._storage, self._study = study._storage, study._study_id
        self._name, self._objectives = study.study_name, len(study.directions)
        self._distributions = dict(distributions)
        self._names = {name: name for name in distributions}
        self._trials: list[FrozenTrial] = []
        self._numbers: dict[TrialState, list[int]] = {state: [] for state in TrialState}
        self._keys: set[str] = set()
        self._stale: set[int] = set()
        stored, unread = read_trials(self._storage, self._study)
        if unread:
            raise StudyError(f"study {self._name}, {unread[0]}")
        for trial in stored:
            self._append(trial)

    def __len__(self) -> int:
        self._refresh()
        return len(self._trials)

    def __getitem__(self, number: int) -> FrozenTrial:
        self._refresh()
        return self._trials[number]

    def among(self, states: Iterable[TrialState]) -> list[FrozenTrial]:
        """The trials in the given states, by number."""
        self._refresh()
        numbers = [self._numbers[state] for state in states]
        merged = numbers[0] if len(numbers) == 1 else sorted(itertools.chain(*numbers))
        return [self._trials[number] for number in merged]

    def count(self, states: Iterable[TrialState]) -> int:
        """How many trials are in the given states."""
        self._refresh()
        return sum(len(self._numbers[state]) for state in states)

    @property
    def keys(self) -> set[str]:
        """The keys of all trials; to be read only."""
        self._refresh()
        return self._keys

    def touch(self, number: int) -> int:
        """Say that a trial is about to change; returns its storage's id.

        An interrupt between the two does no harm.
        """
        self._stale.add(number)
        return self._trials[number]._trial_id

    def touch_all(self) -> None:
        """Say that every unfinished trial may have changed."""
        for state in (TrialState.RUNNING, TrialState.WAITING):
            self._stale.update(self._numbers[state])

    def _refresh(self) -> None:
        for number in sorted(self._stale):
            self._reread(number)
        while True:
            try:
                trial_id = self._storage.get_trial_id_from_study_id_trial_number(
                    self._study, len(self._trials)
                )
            except KeyError:
                return
            self._append(self._storage.get_trial(trial_id))

    def _reread(self, number: int) -> None:
        old, new = self._trials[number], self._storage.get_trial(self._trials[number]._trial_id)
        if old.state is not new.state:
            numbers = self._numbers[old.state]
            del numbers[bisect_left(numbers, number)]
            insort(self._numbers[new.state], number)
        new = self._trials[number] = self._slim(new)
        self._keys.add(key_of(new))
        if _is_settled(new):
            self._stale.discard(number)

    def _append(self, trial: FrozenTrial) -> None:
        name = f"study {self._name}"
        if trial.number != len(self._trials):
            raise StudyError(
                f"{name}: must hold trial {len(self._trials)} here, got trial {shown(trial.number)}"
            )
        check_trial(trial, self._objectives, name)
        trial = self._slim(trial)
        self._numbers[trial.state].append(trial.number)
        self._trials.append(trial)
        self._keys.add(key_of(trial))
        if not _is_settled(trial):
            self._stale.add(trial.number)

    def _slim(self, trial: FrozenTrial) -> FrozenTrial:
        """The trial with its network's digest of today, and with shared values.

        The study's own distributions and names replace the equal ones that its storage made for it.
        """
        trial = renewed(trial)
        if (
            trial.distributions is not self._distributions
            and trial.distributions == self._distributions
        ):
            trial.distributions = self._distributions
            trial.params = {self._names[name]: value for name, value in trial.params.items()}
        return trial


def key_of(trial: FrozenTrial) -> str:
    """What no two trials of a study share."""
    return str(trial.user_attrs.get("key", trial.user_attrs.get("digest")))


def _is_settled(trial: FrozenTrial) -> bool:
    """Whether only the driver can change it.

    Others may take a trial that waits, and write to their own when they like.
    """
    return trial.state.is_finished() or (
        trial.state is TrialState.RUNNING and "spec" in trial.user_attrs
    )
