"""Whole networks in, milliseconds out: the protocol as what fits and searches measure by."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seesawnas.arch import ArchSpec
from seesawnas.device.latency.machine import machine
from seesawnas.device.latency.prepare import ModelFile, random_network, write_network
from seesawnas.device.latency.protocol import (
    ROUNDS,
    ROUNDS_FACTOR,
    WARM_UP,
    Latency,
    Measured,
    RoundFinished,
    Run,
    check_halves,
    finished,
    measure,
)
from seesawnas.device.latency.remote import COMMAND, DeviceCommand
from seesawnas.device.latency.runtimes import (
    check_runtime,
    clock_of,
    open_session,
    runtime_version,
    timed,
)

REMOTE_ROUNDS, REMOTE_RUNS = 10, 10
REMOTE_SECONDS = 120.0
MAY_DISAGREE = 0.1
"""Share of the networks of a fit whose halves may disagree."""
_REMOTE_WARM_UP = 1
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NetworkTimer:
    """Measures networks with random weights in a runtime, here or on a device.

    Attributes:
        runtime: Whose format the networks are written in.
        threads: It runs with so many.
        batch: Images a run.
        device: Runs model files elsewhere; None for this machine.
        rounds: Of the protocol, at least; five times as many while halves disagree.
        may_disagree: Share of the networks, the first apart, whose halves may disagree then.
        advice: What errors advise where halves disagree; see :func:`check_halves`.
    """

    runtime: str
    threads: int = 1
    batch: int = 1
    device: DeviceCommand | None = None
    rounds: int = ROUNDS
    may_disagree: float = 0.0
    advice: str = ""

    @classmethod
    def open(
        cls,
        runtime: str,
        *,
        threads: int = 1,
        batch: int = 1,
        command: str | None = None,
        rounds: int | None = None,
        runs: int = REMOTE_RUNS,
        seconds: float = REMOTE_SECONDS,
        may_disagree: float = 0.0,
        advice: str = "",
        option: str = COMMAND,
    ) -> NetworkTimer:
        """The timer for a runtime and, for a device, the ``command`` that runs models there.

        Args:
            runtime: One of ``RUNTIMES``.
            threads: The runtime uses so many.
            batch: Images a run.
            command: Measures a model file on a device.
            rounds: Of the protocol; None: 60 here, 10 on a device.
            runs: Runs in each call of the command.
            seconds: Limit of each call.
            may_disagree: See the class.
            advice: See the class.
            option: What messages call the command.

        Raises:
            InvalidInput: If there is no such runtime, or the command lacks a field.
        """
        check_runtime(runtime)
        device = None
        if command is not None:
            device = DeviceCommand(
                command, runs=runs, threads=threads, seconds=seconds, option=option
            )
        default = ROUNDS if device is None else REMOTE_ROUNDS
        return cls(runtime, threads, batch, device, rounds or default, may_disagree, advice)

    @property
    def place(self) -> str:
        """What it measures on, for people."""
        if self.device is not None:
            return " ".join(self.device.words)
        return str(machine()["processor"] or _UNKNOWN)

    @property
    def version(self) -> str:
        """The runtime's version; on another device it is not known."""
        return (self.device is None and runtime_version(self.runtime)) or _UNKNOWN

    def __call__(self, networks: Sequence[ArchSpec]) -> list[float]:
        """The milliseconds of each network, measured side by side.

        Raises:
            InvalidInput: If a network cannot be written or run, or the machine is too busy.
        """
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number, spec in enumerate(networks):
                place = Path(folder) / str(number)
                place.mkdir()
                name = f"{number}: {spec.digest()}"
                files.append(
                    write_network(random_network(spec), self.runtime, place, name, self.batch)
                )
            found = finished(self.measured(files)).latencies()
        # Other batches may be scaled by the first.
        check_halves(found[:1], advice=self.advice)
        check_halves(found, self.may_disagree, self.advice)
        return [one.minimum for one in found]

    def measured(
        self, files: Sequence[ModelFile], seed: int = 0
    ) -> Generator[RoundFinished, None, Measured]:
        """The protocol's rounds of ``files``, each opened; ``seed`` orders them in a round.

        Raises:
            InvalidInput: If a file cannot be opened or run.
        """
        here = self.device is None
        return measure(
            {one.name: self._run(one) for one in files},
            rounds=self.rounds,
            most_rounds=ROUNDS_FACTOR * self.rounds,
            warm_up=WARM_UP if here else _REMOTE_WARM_UP,
            seed=seed,
            clock=clock_of(self.threads) if here else None,
        )

    def about(self, found: Measured) -> dict[str, Any]:
        """How ``found`` was measured, as JSON values; of another device little is known."""
        device = self.device
        return {
            "runtime": self.runtime,
            "runtime_version": runtime_version(self.runtime) if device is None else None,
            "threads": self.threads if device is None or device.takes_threads else None,
            "batch": self.batch,
            "rounds": found.rounds,
            "clock": found.clock,
            "machine": machine(),
        }

    def shape(self, file: ModelFile) -> tuple[int, ...]:
        """Of the images that ``file`` is run on."""
        return (self.batch, 3, *file.size)

    def _run(self, file: ModelFile) -> Run:
        if self.device is not None:
            return self.device.run(file.path, file.size)
        images = np.random.default_rng(0).standard_normal(self.shape(file), np.float32)
        return timed(open_session(self.runtime, file.path, self.threads), images, self.threads)


@dataclass(frozen=True, slots=True, eq=False)
class TimedModels:
    """Models that were timed side by side.

    Attributes:
        timer: What timed them.
        measured: All samples.
        latencies: Of the models, in their order; ratios are to the first.
    """

    timer: NetworkTimer
    measured: Measured
    latencies: Sequence[Latency]

    def about(self) -> dict[str, Any]:
        """How they were timed, as JSON values."""
        return self.timer.about(self.measured)


def time_models(
    timer: NetworkTimer, files: Sequence[ModelFile], seed: int = 0
) -> Generator[RoundFinished, None, TimedModels]:
    """Time ``files`` side by side; ``seed`` orders them in a round.

    Yields:
        Each round that is done.

    Returns:
        Their times. Whether their halves agree is for the caller to check, who may have more to
        show first.

    Raises:
        InvalidInput: If a file cannot be opened or run.
    """
    found = yield from timer.measured(files, seed)
    return TimedModels(timer, found, found.latencies())
