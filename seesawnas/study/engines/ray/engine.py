"""The Ray engine: every job is a trial of Ray Tune, on this machine or on the nodes of a cluster.

Tune is an executor that may be thrown away: it writes no state, restores none and tries nothing
again. Nodes share no disk and workers know no database; a job, its checkpoint and what it comes to
travel through Ray's object store.
"""

from __future__ import annotations

import itertools
import math
import os
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from seesawnas.data import FaceData
from seesawnas.errors import StudyError
from seesawnas.study.engines.base import EngineEvent, EpochFinished, run_job_events
from seesawnas.study.engines.ray.cluster import RayCluster
from seesawnas.study.trial import TrialJob

if TYPE_CHECKING:  # importing Ray takes a second, and most commands need none
    from seesawnas.study.engines.ray.run import Told, TuneRun
    from seesawnas.study.engines.ray.worker import RunTrial, Ticket

_GOODBYE_SECONDS = 5.0
_CHECK_SECONDS = 0.5


class RayEngine:
    """Runs trials on Ray, each with ``cpus`` cores and ``gpus`` GPUs, which may be fractions.

    A trial has one thread per whole core.

    Args:
        workers: How many trials run at a time; None for as many as fit.
        address: The cluster to run on, "auto" or HOST:PORT; the driver must run on a node of it.
            None starts Ray on this machine, for as long as the engine lives.

    Raises:
        StudyError: If Ray is not there, or cannot give one trial what it asks for; also later, if
            its servers die.
    """

    def __init__(
        self,
        faces: FaceData,
        workers: int | None = None,
        *,
        cpus: float = 1.0,
        gpus: float = 0.0,
        address: str | None = None,
        run: RunTrial = run_job_events,
    ) -> None:
        if workers is None and address is None:
            workers = max(1, int((os.cpu_count() or 1) / cpus))
        self._resources = {"cpu": cpus, "gpu": gpus}
        self._tickets: dict[int, Ticket] = {}
        self._events: SimpleQueue[Told] = SimpleQueue()
        self._tune: TuneRun | None = None
        self._runs = itertools.count()
        self._is_broken = False
        self._cluster = RayCluster(address, workers, cpus, gpus)
        try:
            self._trainable = _trainable(faces, max(1, int(cpus)), run)
        except BaseException:
            self.close()
            raise

    @property
    def capacity(self) -> int:
        """As many trials as ask for no more than the nodes have; it follows the nodes."""
        self._check()
        return self._cluster.capacity

    def submit(self, job: TrialJob, checkpoint: bytes | None) -> None:
        """Make the job Tune's next trial."""
        from seesawnas.study.engines.ray.worker import Ticket

        self._check()
        self._tickets[job.number] = ticket = Ticket(job, checkpoint)
        self._living_run().submit(ticket)

    def next_event(self, timeout: float | None = None) -> EngineEvent | None:
        """Wait for what Tune's thread has to tell.

        What it tells of jobs that were stopped is passed over.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            self._check()
            try:
                patience = max(0.0, deadline - time.monotonic())
                ticket, event = self._events.get(timeout=min(patience, _CHECK_SECONDS))
            except Empty:
                if time.monotonic() < deadline:
                    continue
                return None
            if self._tickets.get(event.number) is ticket:
                if not isinstance(event, EpochFinished):
                    del self._tickets[event.number]
                return event

    def proceed(self, number: int) -> None:
        """Let Tune train the trial's next epoch."""
        if self._tune is not None and number in self._tickets:
            self._tune.proceed(self._tickets[number])

    def stop(self, number: int) -> None:
        """Take the trial from a worker that waits; kill one that does not."""
        ticket = self._tickets.pop(number, None)
        if self._tune is not None and ticket is not None:
            self._tune.stop(ticket)

    def close(self) -> None:
        """Kill the workers, end Tune, and leave the cluster or end our own."""
        self._tickets.clear()
        if self._is_broken:
            self._cluster.abandon()
            return
        if self._tune is not None:
            self._tune.close(_GOODBYE_SECONDS)
        self._cluster.close()

    def _check(self) -> None:
        """Check that Ray lives.

        Raises:
            StudyError: If Ray has died.
        """
        try:
            self._cluster.check()
        except StudyError:
            self._is_broken = True
            raise

    def _living_run(self) -> TuneRun:
        """The run of Tune; a new one if the last has ended by a fault of its own."""
        from seesawnas.study.engines.ray.run import TuneRun

        if self._tune is None or not self._tune.alive:
            folder = Path(self._cluster.folder, f"tune{next(self._runs)}")
            self._tune = TuneRun(self._trainable, self._resources, folder, self._events)
        return self._tune


def _trainable(faces: FaceData, threads: int, run: RunTrial) -> Any:
    """What Tune runs.

    The faces lie in the object store, once per node, and workers read them there.
    """
    import ray
    from ray import tune

    from seesawnas.study.engines.ray.worker import TrialWorker

    return tune.with_parameters(TrialWorker, faces=ray.put(faces), threads=threads, run=run)
