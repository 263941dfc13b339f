"""``StudyRecord``: the study as the only truth. Whatever runs trials tells it here, and whatever shows them reads it here.

A trial is one atomic WAITING record with its options, digest, spec and cost before anything runs it; then RUNNING; then
COMPLETE with its accuracy, or FAIL with its reason. A RUNNING trial whose driver died goes back to WAITING under the same
number, so nothing is lost and nothing runs twice.
"""

from __future__ import annotations

import itertools
import json
import socket
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.storages import BaseStorage, JournalStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.errors import StudyError
from seesawnas.space import Assignment, Decision, read_yaml, to_mapping, to_point, write_yaml
from seesawnas.study.trial import Measurement

ORDERED = ("depth", "width", "height", "expansion", "middle", "kernel", "embedding")
MAX_TRIES = 2
METRIC = "verification accuracy"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A network to try, the options that make it (empty where it lies outside the space) and a label for people."""

    spec: ArchSpec
    assignment: Assignment
    label: str = ""


class StudyRecord:
    """One Optuna study, maximising verification accuracy."""

    def __init__(self, storage: BaseStorage, name: str, decisions: tuple[Decision, ...]) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._distributions = {decision.name: distribution(decision) for decision in decisions}
        self._storage = storage
        self._storage_is_shared = not isinstance(storage, JournalStorage)
        self.study = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)

        if self.study.metric_names is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self.study.set_metric_names([METRIC])

    def agree(self, settings: Mapping[str, Any]) -> None:
        """Keep the settings that make trials comparable, or hold them against those kept. Raises StudyError."""
        kept = self.study.user_attrs.get("settings")
        if kept is None:
            self.study.set_user_attr("settings", json.dumps(settings))
            return
        old = json.loads(kept)
        for name in sorted(set(settings) | set(old)):
            if json.loads(json.dumps(settings.get(name))) != old.get(name):
                raise StudyError(
                    f"study {self.study.study_name}: {name} must stay {old.get(name)}, got {settings.get(name)}; "
                    "give the search another --study"
                )

    def claim(self, folder: Path) -> None:
        """Keep, or hold against what is kept, where the study's one driver runs. Raises StudyError.

        The lock lies in the folder, and a storage elsewhere could be reached from two folders.
        """
        here = f"{socket.gethostname()}:{folder.resolve()}"
        home = self.study.user_attrs.get("home")
        if home is None:
            self.study.set_user_attr("home", here)
        elif home != here and self._storage_is_shared:
            raise StudyError(f"study {self.study.study_name}: is driven from {home}, got {here}")

    def recover(self) -> int:
        """Put trials that no process runs any more back in line; returns how many. Only the holder of the study may."""
        found = self.trials(TrialState.RUNNING)
        for trial in found:
            if "measurement" in trial.user_attrs:
                self._complete(trial.number, Measurement.from_json(trial.user_attrs["measurement"]))
            elif "reason" in trial.user_attrs:
                self.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            else:
                self._set_waiting(trial)
        return len(found)

    def add(self, proposal: Proposal) -> None:
        """Store a proposal as a WAITING trial, in one write."""
        spec_cost = cost(proposal.spec)
        attrs = {
            "digest": proposal.spec.digest(),
            "madds": spec_cost.madds,
            "params": spec_cost.params,
            "label": proposal.label,
            "spec": write_yaml(to_mapping(proposal.spec)),
        }
        trial = create_trial(
            state=TrialState.WAITING,
            params=dict(proposal.assignment),
            distributions={name: self._distributions[name] for name in proposal.assignment},
            user_attrs=attrs,
        )
        self.study.add_trial(trial)

    def next_waiting(self) -> FrozenTrial | None:
        """Take the first WAITING trial and mark it RUNNING; None where none waits."""
        if not self.trials(TrialState.WAITING):
            return None
        return self._frozen(self.study.ask().number)

    def complete(self, number: int, measurement: Measurement) -> None:
        """Store what a trial found; the measurement goes in whole first, so that a kill in between loses nothing."""
        self._storage.set_trial_user_attr(self._id(number), "measurement", measurement.to_json())
        self._complete(number, measurement)

    def fail(self, number: int, reason: str) -> None:
        """Store why a trial failed."""
        self._storage.set_trial_user_attr(self._id(number), "reason", reason)
        self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)

    def lose(self, number: int, reason: str) -> bool:
        """A trial's worker died: put it back in line, or fail it at the last try. Returns whether it will run again."""
        trial = self._frozen(number)
        tries = int(trial.user_attrs.get("tries", 0)) + 1
        self._storage.set_trial_user_attr(trial._trial_id, "tries", tries)
        if tries >= MAX_TRIES:
            self.fail(number, f"{reason}, {tries} times")
            return False
        self._set_waiting(trial)
        return True

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """The trials in the given states, all of them where none is given, by number."""
        return self.study.get_trials(deepcopy=False, states=states or None)

    def digests(self) -> set[str]:
        """The digests of all networks that the study holds."""
        return {str(trial.user_attrs.get("digest")) for trial in self.trials()}

    def _complete(self, number: int, found: Measurement) -> None:
        for name, value in (("auc", found.auc), ("accuracy_std", found.accuracy_std), ("seconds", found.seconds)):
            self._storage.set_trial_user_attr(self._id(number), name, value)
        self.study.tell(number, found.accuracy, skip_if_finished=True)

    def _set_waiting(self, trial: FrozenTrial) -> None:
        # Optuna has no public way back from RUNNING; a test pins this one.
        self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def _id(self, number: int) -> int:
        return self._frozen(number)._trial_id

    def _frozen(self, number: int) -> FrozenTrial:
        return self.study.get_trials(deepcopy=False)[number]


def distribution(decision: Decision) -> BaseDistribution:
    """A decision as Optuna knows it: evenly spaced integers of an ordered attribute as such, all else as categories."""
    options = decision.options
    steps = {b - a for a, b in _pairs(options)} if all(type(option) is int for option in options) else set()
    if decision.name.rsplit(".", 1)[-1] in ORDERED and len(steps) == 1 and min(steps) > 0:
        return IntDistribution(int(options[0]), int(options[-1]), step=steps.pop())
    return CategoricalDistribution(options)


def trial_spec(trial: FrozenTrial) -> ArchSpec:
    """The network of a trial. Raises DocumentError where another program stored something else."""
    source = f"trial {trial.number}"
    return to_point(read_yaml(str(trial.user_attrs.get("spec", "")), source), source).spec


def _pairs(options: tuple[Any, ...]) -> Iterator[tuple[int, int]]:
    yield from itertools.pairwise(options)
