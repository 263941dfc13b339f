"""``StudyRecord``: the study, which holds all state.

What runs trials writes it here, and what shows them reads it here.

A trial is one atomic WAITING record with its options, digest, spec and cost before anything runs
it; then RUNNING; then COMPLETE with its objectives at full fidelity, PRUNED with the learning curve
it was stopped on, or FAIL with its reason. A RUNNING trial whose driver died goes back to WAITING
under the same number, so nothing is lost and nothing runs twice.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from seesawnas.cost import LATENCY, LatencyModel, cost
from seesawnas.errors import StudyError
from seesawnas.io.stored_json import stored_json, stored_mapping
from seesawnas.space import Decision, to_mapping, write_yaml
from seesawnas.study.objectives import ACCURACY, Objectives
from seesawnas.study.record.agreement import refusal
from seesawnas.study.record.index import TrialIndex
from seesawnas.study.record.proposal import Proposal, distribution, measurement_of
from seesawnas.study.record.reading import attribute_fault, read_objectives
from seesawnas.study.record.renewed import BODY, DIGEST_OF
from seesawnas.study.record.validation import check_format
from seesawnas.study.storage.batch import write_values
from seesawnas.study.storage.database import PatientStorage
from seesawnas.study.trial import Measurement, Scores
from seesawnas.text import one_line, several

MAX_TRIES = 3
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


class StudyRecord:
    """One Optuna study of verification and, if more is asked, of costs.

    ``teacher`` says in words what its trials learn from, if they do.
    """

    def __init__(
        self,
        storage: BaseStorage,
        name: str,
        decisions: tuple[Decision, ...],
        objectives: Objectives = ACCURACY,
        latency: LatencyModel | None = None,
        teacher: str = "",
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.objectives = objectives
        self._latency, self._teacher = latency, teacher
        self._distributions = {decision.name: distribution(decision) for decision in decisions}
        self._storage = storage
        self.study = self._open(name)
        self._check()
        self._index = TrialIndex(self.study, self._distributions)
        if self.study.metric_names is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self.study.set_metric_names(list(objectives.titles))

    def _open(self, name: str) -> optuna.Study:
        directions = self.objectives.directions
        try:
            study = optuna.create_study(
                storage=self._storage, study_name=name, directions=directions, load_if_exists=True
            )
        except (
            KeyError
        ) as error:  # it is there and cannot be looked up: its table is gone, or its row is damaged
            raise StudyError(
                one_line(f"study {name}: cannot be read from its storage: {error}")
            ) from None
        if [direction.name.lower() for direction in study.directions] != directions:
            settings = self._settings_of(study)
            kept = (
                settings.get("objectives")
                or study.metric_names
                or [way.name.lower() for way in study.directions]
            )
            asked = {**settings, "objectives": list(self.objectives.names)}
            raise StudyError(
                refusal(f"study {name}", {**settings, "objectives": list(kept)}, asked) or name
            )
        return study

    def _check(self) -> None:
        """Check that the stored attributes of the study allow to resume it.

        Raises:
            StudyError: If they do not.
        """
        number, place = self.study._study_id, f"study {self.study.study_name}"
        attributes = self._storage.get_study_user_attrs(number)
        check_format(attributes, place)
        faults = [(name, attribute_fault(str(name), value)) for name, value in attributes.items()]
        for name, fault in faults:
            if fault is not None:
                raise StudyError(one_line(f"{place}: {name}: {fault}"))
        _, _, wrong = read_objectives(self._storage, number)
        if wrong:
            raise StudyError(f"{place}: {wrong[0]}")

    @staticmethod
    def _settings_of(study: optuna.Study) -> dict[str, Any]:
        text = study.user_attrs.get("settings", "{}")
        try:
            return stored_mapping(text)
        except ValueError as error:
            raise StudyError(f"study {study.study_name}: settings: {error}") from None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings kept by :meth:`require_settings`; empty before that."""
        return self._settings_of(self.study)

    def require_settings(self, settings: Mapping[str, Any]) -> None:
        """Keep the settings that make trials comparable, or compare them with those kept.

        Raises:
            StudyError: If they differ from those kept.
        """
        kept = self.study.user_attrs.get("settings")
        if kept is None:
            self.study.set_user_attr("settings", json.dumps(settings))
            return
        if (
            words := refusal(f"study {self.study.study_name}", self.settings, settings)
        ) is not None:
            raise StudyError(words)

    @contextmanager
    def lock_storage(self) -> Iterator[None]:
        """Hold the study for this process.

        A study in a database is held by a lease that lies there: a driver in another folder or on
        another host takes over once the old one is gone. Checkpoints lie in the driver's folder, so
        that elsewhere an interrupted trial starts again from its first epoch. A journal lies in the
        folder and is held by the folder's lock (:func:`lock_study`).

        Raises:
            StudyError: If another process has it; the message says which, and since when.
        """
        if isinstance(self._storage, PatientStorage):
            with self._storage.hold(self.study._study_id, self.study.study_name):
                yield
        else:
            yield

    def check(self) -> None:
        """Check that no other driver took the study over.

        Raises:
            StudyError: If one did; then nothing more can be written.
        """
        if isinstance(self._storage, PatientStorage) and self._storage.lease is not None:
            self._storage.lease.check()

    def on_outage(self, say: Callable[[str], None]) -> None:
        """Call ``say`` when the storage cannot be reached, and when it is back.

        Each is one line; the storage is waited for.
        """
        if isinstance(self._storage, PatientStorage):
            self._storage.say = say

    def recover(self) -> int:
        """Put trials that no process runs any more back in line; return how many.

        Only the holder of the study may do this.
        """
        self._index.touch_all()
        found = self.trials(TrialState.RUNNING)
        for trial in found:
            if "measurement" in trial.user_attrs:
                self._complete(trial.number, measurement_of(trial, self.study.study_name))
            elif "stopped_after" in trial.user_attrs:
                self._prune(trial.number)
            elif "reason" in trial.user_attrs:
                self._end(trial.number, state=TrialState.FAIL)
            else:
                self._set_waiting(trial)
        return len(found)

    def add(self, proposal: Proposal) -> None:
        """Store a proposal as a WAITING trial, in one write."""
        spec_cost = cost(proposal.spec)
        attrs: dict[str, Any] = {
            "digest": proposal.spec.digest(),
            DIGEST_OF: BODY,
            "key": proposal.key,
            "madds": spec_cost.madds,
            "params": spec_cost.params,
            "activation_bytes": spec_cost.activation_bytes,
            "label": proposal.label,
            "spec": write_yaml(to_mapping(proposal.spec)),
        }
        if self._latency is not None:
            attrs[LATENCY.name] = self._latency.predict(proposal.spec)
        if self._teacher:
            attrs["teacher"] = self._teacher
        if proposal.fixed:
            attrs["fixed"] = True
        if proposal.proxy is not None:
            attrs |= {"proxy": json.dumps(proposal.proxy.to_mapping()), "variant": proposal.variant}
        trial = create_trial(
            state=TrialState.WAITING,
            params=dict(proposal.assignment),
            distributions={name: self._distributions[name] for name in proposal.assignment},
            user_attrs=attrs,
        )
        self.study.add_trial(trial)

    def import_trial(self, proposal: Proposal, measurement: Measurement) -> None:
        """Store a trial that was measured elsewhere under the same proxy."""
        self.add(proposal)
        trial = next(
            trial
            for trial in self.trials(TrialState.WAITING)
            if trial.user_attrs.get("key") == proposal.key
        )
        self._storage.set_trial_state_values(self._index.touch(trial.number), TrialState.RUNNING)
        self.complete(trial.number, measurement)

    def next_waiting(self) -> FrozenTrial | None:
        """Take the first WAITING trial and mark it RUNNING; None if none waits."""
        for trial in self.trials(TrialState.WAITING):
            # Not study.ask: it goes through all trials, and repeated after an outage it would take
            # a second one.
            try:
                taken = self._storage.set_trial_state_values(
                    self._index.touch(trial.number), TrialState.RUNNING
                )
            except optuna.exceptions.UpdateFinishedTrialError:  # another program was faster
                continue
            if taken:
                return self._index[trial.number]
        return None

    def complete(self, number: int, measurement: Measurement) -> None:
        """Store what a trial found.

        The measurement goes in whole first, so that a kill in between loses nothing.
        """
        self._complete(number, measurement, {"measurement": measurement.to_json()})

    def progress(self, number: int, epoch: int, scores: Scores) -> None:
        """Store a point of a trial's learning curve."""
        self._storage.set_trial_intermediate_value(
            self._index.touch(number), epoch, self.objectives.value(scores)
        )

    def prune(self, number: int, epoch: int, scores: Scores) -> None:
        """Store that a trial was stopped early, with the point of its curve that says why.

        The mark is stored together with the point: after a kill between the two the trial would
        pass its judge unjudged.
        """
        attrs, curve = (
            {**asdict(scores), "stopped_after": epoch},
            {epoch: self.objectives.value(scores)},
        )
        write_values(self._storage, self._index.touch(number), attrs, curve)
        self._prune(number)

    def fail(self, number: int, reason: str) -> None:
        """Store why a trial failed."""
        self._storage.set_trial_user_attr(self._index.touch(number), "reason", reason)
        self._end(number, state=TrialState.FAIL)

    def lose(self, number: int, reason: str, reached: int = 0) -> bool:
        """Put a trial whose worker died back in line, or fail it if it gets no further.

        Tries count as long as the trial ends where it ended before, after the epoch ``reached`` in
        this try: one that a busy machine killed three times on its way goes on, one that dies of
        its own memory three times at one place does not.

        Returns:
            Whether it runs again.
        """
        trial = self._index[number]
        place, tries = stored_json(trial.user_attrs.get("losses", "[0, 0]"))
        tries = tries + 1 if place == reached else 1
        self._storage.set_trial_user_attr(
            self._index.touch(number), "losses", json.dumps([reached, tries])
        )
        if tries >= MAX_TRIES:
            self.fail(number, f"{reason}, {several(tries, 'time')} after epoch {reached}")
            return False
        self._storage.set_trial_user_attr(self._index.touch(number), "interrupted", reason)
        self._set_waiting(trial)
        return True

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """The trials in the given states, all of them if none is given, by number."""
        return self._index.among(states or TrialState)

    def __len__(self) -> int:
        """How many trials the study holds."""
        return len(self._index)

    @property
    def finished(self) -> int:
        """How many trials are finished, in whatever way."""
        return self._index.count(FINISHED)

    def finished_after(self, trial: FrozenTrial) -> int:
        """How many trials were finished after ``trial`` was."""
        assert trial.datetime_complete is not None
        ends = (other.datetime_complete for other in self.trials(*FINISHED))
        return sum(end is not None and end > trial.datetime_complete for end in ends)

    def keys(self) -> set[str]:
        """The keys of all proposals that the study holds."""
        return set(self._index.keys)

    def _complete(
        self, number: int, found: Measurement, first: Mapping[str, Any] | None = None
    ) -> None:
        attrs = {**(first or {}), **asdict(found.scores), "seconds": found.seconds}
        curve = {len(found.curve): self.objectives.value(found.scores)}
        write_values(self._storage, self._index.touch(number), attrs, curve)
        self._end(number, self.objectives.values(found.scores, self._index[number].user_attrs))

    def _end(
        self, number: int, values: Sequence[float] | None = None, state: TrialState | None = None
    ) -> None:
        self._index.touch(number)
        self.study.tell(number, values, state=state, skip_if_finished=True)

    def _prune(self, number: int) -> None:
        # study.tell would store the last value of the curve, which a study of several objectives
        # cannot take.
        self._storage.set_trial_state_values(self._index.touch(number), TrialState.PRUNED)

    def _set_waiting(self, trial: FrozenTrial) -> None:
        # Optuna has no public way back from RUNNING; a test pins this one.
        self._storage.set_trial_state_values(self._index.touch(trial.number), TrialState.WAITING)
