"""Whole networks in, milliseconds out: the protocol as what fits and searches measure by."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seesawnas.arch import ArchSpec
from seesawnas.device.latency.machine import machine
from seesawnas.device.latency.prepare import ModelFile, random_network, write_network
from seesawnas.device.latency.protocol import ROUNDS, Run, check_halves, finished, measure
from seesawnas.device.latency.remote import DeviceCommand
from seesawnas.device.latency.runtimes import (
    check_runtime,
    clock_of,
    open_session,
    runtime_version,
    timed,
)

REMOTE_ROUNDS, REMOTE_RUNS = 10, 10
_REMOTE_SECONDS = 120.0
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NetworkTimer:
    """Measures networks with random weights in a runtime, here or on a device.

    Attributes:
        runtime: Whose format the networks are written in.
        threads: It runs with so many.
        batch: Images a run.
        device: Runs model files elsewhere; None for this machine.
        rounds: Of the protocol; None for its default.
    """

    runtime: str
    threads: int = 1
    batch: int = 1
    device: DeviceCommand | None = None
    rounds: int | None = None

    @classmethod
    def open(
        cls,
        runtime: str,
        *,
        threads: int = 1,
        batch: int = 1,
        command: str | None = None,
        rounds: int | None = None,
    ) -> NetworkTimer:
        """The timer for a runtime and, for a device, the ``command`` that runs models there.

        Raises:
            InvalidInput: If there is no such runtime, or the command lacks a field.
        """
        check_runtime(runtime)
        device = command and DeviceCommand(
            command, runs=REMOTE_RUNS, threads=threads, seconds=_REMOTE_SECONDS
        )
        return cls(runtime, threads, batch, device or None, rounds)

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
            runs: dict[str, Run] = {}
            for number, spec in enumerate(networks):
                place = Path(folder) / str(number)
                place.mkdir()
                name = f"{number}: {spec.digest()}"
                file = write_network(
                    random_network(spec), self.runtime, place, spec.digest(), self.batch
                )
                runs[name] = self._run(file)
            rounds = self.rounds or (ROUNDS if self.device is None else REMOTE_ROUNDS)
            clock = None if self.device is not None else clock_of(self.threads)
            found = finished(measure(runs, rounds=rounds, clock=clock)).latencies()
        check_halves(found)
        return [one.minimum for one in found]

    def _run(self, file: ModelFile) -> Run:
        if self.device is not None:
            return self.device.run(file.path)
        images = np.random.default_rng(0).standard_normal((self.batch, 3, *file.size), np.float32)
        return timed(open_session(self.runtime, file.path, self.threads), images, self.threads)
