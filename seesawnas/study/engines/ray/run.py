"""One run of Ray Tune in a thread of the driver's.

It has Tune's searcher and scheduler, as the engine needs them.

Tune asks the searcher for a trial at every turn of its loop, and that is where it hears the driver.
The scheduler answers every result with "nothing for now": the trial continues when the driver says
so, while others run.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from ray import tune
from ray.tune.experiment import Trial
from ray.tune.progress_reporter import TrialProgressCallback
from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from seesawnas.study.engines.base import EngineEvent, Lost
from seesawnas.study.engines.ray.dispatcher import Close, Proceed, RayJobQueue, Stop, Submit, Word
from seesawnas.study.engines.ray.worker import EVENT, TICKET, Ticket

Told: TypeAlias = tuple[Ticket, EngineEvent]


class TuneRun:
    """Runs jobs until it is closed.

    What happens to them goes into ``events``, each with its job's ticket.
    """

    def __init__(
        self, trainable: Any, resources: dict[str, float], folder: Path, events: SimpleQueue[Told]
    ) -> None:
        self._words: SimpleQueue[Word] = SimpleQueue()
        self._events = events
        self._floor = RayJobQueue(self._words, lambda ticket, event: events.put((ticket, event)))
        self._over = threading.Lock()
        self.alive = True
        self._thread = threading.Thread(
            target=self._tune, args=(trainable, resources, folder), daemon=True
        )
        self._thread.start()

    def say(self, word: Word) -> None:
        """Say a word to the run; if the run has ended, its jobs are lost."""
        with self._over:
            if self.alive:
                self._words.put(word)
            elif isinstance(word, Submit):
                self._events.put(
                    (word.ticket, Lost(word.ticket.number, "Ray Tune stopped unexpectedly"))
                )

    def submit(self, ticket: Ticket) -> None:
        """Start a job."""
        self.say(Submit(ticket))

    def proceed(self, ticket: Ticket) -> None:
        """Train the job's next epoch."""
        self.say(Proceed(ticket))

    def stop(self, ticket: Ticket) -> None:
        """End the job."""
        self.say(Stop(ticket))

    def close(self, timeout: float) -> None:
        """End every job and the run."""
        self.say(Close())
        self._thread.join(timeout)

    def _tune(self, trainable: Any, resources: dict[str, float], folder: Path) -> None:
        reason = "Ray Tune stopped unexpectedly"
        try:
            tune.run(
                trainable,
                name="tune",
                resources_per_trial=resources,
                num_samples=-1,
                storage_path=str(folder),
                search_alg=_Jobs(self._floor),
                scheduler=_Answers(self._floor),
                callbacks=[_Silence()],
                trial_dirname_creator=lambda trial: trial.trial_id,
                verbose=0,
                max_failures=0,
                reuse_actors=True,
                raise_on_failed_trial=False,
            )
        except _Closed:
            pass
        except Exception as error:
            reason = f"Ray Tune ended: {type(error).__name__}: {error}".splitlines()[0]
        finally:
            self._end(reason)

    def _end(self, reason: str) -> None:
        with self._over:
            self.alive = False
            self._floor.abandon(reason)
            with suppress(Empty):
                while True:
                    word = self._words.get_nowait()
                    if isinstance(word, Submit):
                        self._events.put((word.ticket, Lost(word.ticket.number, reason)))


class _Closed(Exception):
    """The way out of Tune that does not write down what all its trials were.

    That takes seconds after thousands of trials.
    """


class _Jobs(Searcher):
    def __init__(self, floor: RayJobQueue) -> None:
        super().__init__()
        self._floor = floor

    def suggest(self, trial_id: str) -> dict[str, Ticket] | None:
        if self._floor.hear():
            raise _Closed
        ticket = self._floor.next_job(trial_id)
        return None if ticket is None else {TICKET: ticket}

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        """Known from the scheduler's side."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing: Tune is never restored."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing."""


class _Answers(TrialScheduler):
    def __init__(self, floor: RayJobQueue) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._floor = floor

    def on_trial_add(self, tune_controller: Any, trial: Trial) -> None:
        self._floor.add(tune_controller, trial)

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        if self._floor.tell(trial, result[EVENT]):
            return str(TrialScheduler.NOOP)
        # Asked to go on, it is found dead, and Tune frees what it had; of a trial that waits Tune
        # would never know.
        return str(TrialScheduler.CONTINUE)

    def on_trial_error(self, tune_controller: Any, trial: Trial) -> None:
        self._floor.lose(trial)

    def on_trial_complete(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> None:
        """Only if the floor has ended it."""

    def on_trial_remove(self, tune_controller: Any, trial: Trial) -> None:
        """Only if the floor has ended it."""

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        return self._floor.trial_for_idle_worker()

    def debug_string(self) -> str:
        return ""


class _Silence(TrialProgressCallback):
    """Takes the place of what Tune would print, and of the events in the results that Tune keeps.

    They hold megabytes.
    """

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **_: Any
    ) -> None:
        result.pop(EVENT, None)

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:
        pass

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **_: Any
    ) -> None:
        pass
