"""The local engine: worker processes on this machine, fed over pipes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from seesawnas.data import FaceData
from seesawnas.data.cache import pickle_mapped_arrays
from seesawnas.io.isolation import isolated_children
from seesawnas.io.terminal import install
from seesawnas.study.engines.base import EngineEvent, EpochFinished, Lost, run_job_events
from seesawnas.study.trial import TrialJob

# Spawned, not forked: a fork would copy torch's thread pools in whatever state they are.
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    job: int | None = None
    waits: bool = False


class LocalEngine:
    """``workers`` processes of one thread each.

    Each holds the faces once and runs one trial at a time.

    One thread whatever the machine: two such trials side by side are done sooner than one with two
    threads after the other, and a trial's sums do not depend on how many there are.
    """

    def __init__(self, faces: FaceData, workers: int) -> None:
        self._faces = faces
        self._workers: list[_Worker] = []
        try:
            for _ in range(workers):
                self._workers.append(_start())
            # When all have begun to start: a worker takes its faces once it is up.
            for worker in self._workers:
                self._feed(worker)
        except BaseException:  # Ctrl-C most of all: nobody else knows of these workers yet
            self.close()
            raise

    @property
    def capacity(self) -> int:
        """One job per worker."""
        return len(self._workers)

    def submit(self, job: TrialJob, checkpoint: bytes | None) -> None:
        """Give the job to an idle worker."""
        worker = next(worker for worker in self._workers if worker.job is None)
        worker.job, worker.waits = job.number, False
        with suppress(OSError):  # it died while idle: next_event reports the job lost
            worker.pipe.send((job, checkpoint))

    def next_event(self, timeout: float | None = None) -> EngineEvent | None:
        """Wait on the pipes of all busy workers; the end of a pipe is the death of its worker."""
        busy = {worker.pipe: worker for worker in self._workers if worker.job is not None}
        ready = wait(list(busy), timeout)
        if not ready:
            return None
        worker = busy[ready[0]]  # type: ignore[index]
        try:
            event: EngineEvent = worker.pipe.recv()
        except (EOFError, OSError):
            return self._replace(worker)
        worker.waits = isinstance(event, EpochFinished)
        if not worker.waits:
            worker.job = None
        return event

    def proceed(self, number: int) -> None:
        """Let the worker train the next epoch."""
        worker = self._of(number)
        worker.waits = False
        with suppress(OSError):
            worker.pipe.send(True)

    def stop(self, number: int) -> None:
        """Tell a worker that waits, kill one that does not."""
        worker = self._of(number)
        if worker.waits:
            worker.job, worker.waits = None, False
            with suppress(OSError):
                worker.pipe.send(False)
        else:
            worker.process.kill()
            self._replace(worker)

    def close(self) -> None:
        """Kill the workers: they hold nothing that is not in the study or can be made again."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()

    def _of(self, number: int) -> _Worker:
        return next(worker for worker in self._workers if worker.job == number)

    def _replace(self, worker: _Worker) -> Lost:
        worker.process.join(timeout=5)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        number, code = worker.job, worker.process.exitcode
        assert number is not None
        place = self._workers.index(worker)
        self._workers[place] = _start()
        self._feed(self._workers[place])
        signalled = (
            signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        )
        return Lost(number, f"its worker process died ({signalled}); out of memory, or killed")

    def _feed(self, worker: _Worker) -> None:
        with suppress(OSError):  # it died at once: its first job is lost, and next_event says so
            # All workers map one file of decoded images.
            worker.pipe.send_bytes(pickle_mapped_arrays(self._faces))


def _start() -> _Worker:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_work, args=(theirs,), daemon=True)
    with _deaf(), isolated_children():
        process.start()
    theirs.close()
    return _Worker(process, ours)


@contextmanager
def _deaf() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM, which reach the whole group: the driver decides.

    Workers are born ignoring them.
    """
    before = {
        polite: signal.signal(polite, signal.SIG_IGN) for polite in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for polite, handler in before.items():
            signal.signal(polite, handler)


def _work(pipe: Connection) -> None:
    """A worker's life: faces, then jobs, until the driver closes the pipe or dies."""
    import torch

    install(strict=False)  # it has the driver's terminal, which may go
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_driver, daemon=True).start()
    try:
        faces: FaceData = pipe.recv()
        while True:
            job, checkpoint = pipe.recv()
            for event in run_job_events(job, faces, checkpoint):
                pipe.send(event)
                if isinstance(event, EpochFinished) and not pipe.recv():
                    break
    except (EOFError, OSError):
        return


def _end_with_driver() -> None:
    """End this worker if its driver was killed.

    A killed driver closes no pipe that a worker in the middle of an epoch would look at.
    """
    driver = multiprocessing.parent_process()
    if driver is not None:
        driver.join()
        os._exit(1)
