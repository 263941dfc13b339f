"""Ray itself: one of our own on this machine, or an existing cluster by its address."""

from __future__ import annotations

import math
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from seesawnas.errors import StudyError

# Ray and Tune read these, some of them while they are being imported.
_EVERYWHERE = {
    "RAY_USAGE_STATS_ENABLED": "0",  # no telemetry
    "RAY_ENABLE_AUTO_CONNECT": "0",  # Tune's thread, outliving the connection, must not start a Ray of its own
    "RAY_AIR_NEW_OUTPUT": "0",  # the new output prints even where it is told not to
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # no CSV, JSON and TensorBoard files of each trial
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",  # Tune is never restored
    "TUNE_MAX_PENDING_TRIALS_PG": "100000",  # workers start side by side
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",  # the study keeps them
}
_HERE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listen on 127.0.0.1 alone
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_QUIETLY: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
_ANSWER_SECONDS = 12
_COUNT_SECONDS = 2.0
_PROBE = "import sys, ray; ray.init(sys.argv[1], log_to_driver=False, logging_level='ERROR')"


class RayCluster:
    """A connection to Ray, and how many trials it can run at a time.

    Raises StudyError where there is no such cluster, or where no node of it has what a trial needs.
    """

    def __init__(self, address: str | None, workers: int | None, cpus: float, gpus: float) -> None:
        self._workers, self._need = workers, {"CPU": cpus, "GPU": gpus}
        self._counted, self._capacity = -math.inf, 0
        self.folder = Path(tempfile.mkdtemp(prefix="seesawnas-", dir=_short_folder()))
        try:
            _connect(address, self.folder, _cores(workers, cpus))
            if not self._places():
                raise StudyError(f"no node of the Ray cluster has {self._wanted()}, which one trial asks for")
        except BaseException:
            self.close()
            raise

    @property
    def capacity(self) -> int:
        """Trials at a time on the nodes that live; at least one, which then waits for a node."""
        if time.monotonic() - self._counted > _COUNT_SECONDS:
            self._capacity, self._counted = self._places(), time.monotonic()
        return max(1, self._capacity if self._workers is None else min(self._workers, self._capacity))

    def close(self) -> None:
        """Leave the cluster, or end our own, and remove what lies on the disk."""
        import ray

        with suppress(Exception):  # whatever is amiss with it, it is over
            ray.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _places(self) -> int:
        import ray

        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        return sum(_fit(node["Resources"], self._need) for node in nodes if node["Alive"])

    def _wanted(self) -> str:
        return " and ".join(f"{amount:g} {name}s" for name, amount in self._need.items() if amount)


def _fit(has: dict[str, float], need: dict[str, float]) -> int:
    return min(int(has.get(name, 0.0) / amount + 1e-6) for name, amount in need.items() if amount)


def _cores(workers: int | None, cpus: float) -> int:
    """What a Ray of our own says it has: what the workers ask for, be the machine's cores fewer."""
    return math.ceil((workers or 1) * cpus)


def _connect(address: str | None, folder: Path, cores: int) -> None:
    os.environ.update(_EVERYWHERE)
    if address is None:
        _guard()
    else:
        _probe(address)
    try:
        import ray
    except ImportError:
        raise StudyError("Ray is not installed; pip install 'ray[tune]', or choose the local engine") from None
    if ray.is_initialized():
        raise StudyError("this process is connected to Ray already, and an engine needs a connection of its own")
    with _our_signals():
        if address is not None:
            ray.init(address, **_QUIETLY)
            return
        place: dict[str, Any] = {"_temp_dir": str(folder / "ray"), "_node_ip_address": "127.0.0.1"}
        ray.init("local", num_cpus=cores, include_dashboard=False, **place, **_QUIETLY)


def _guard() -> None:
    """A Ray of our own is for this process alone: it hears this machine, and takes orders with our token."""
    os.environ.update(_HERE)
    if "RAY_AUTH_MODE" not in os.environ:
        # Ray would write a token into the home directory.
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))


def _probe(address: str) -> None:
    """Ray itself tries for minutes where nobody answers, and does not say when a token is wrong."""
    if "://" in address:
        raise StudyError(f"the Ray address must be auto or HOST:PORT, as `ray start` prints it, got {address}")
    if ":" in address:
        _listen(address)
    words = [sys.executable, "-c", _PROBE, address]
    try:
        probe = subprocess.run(words, capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False)
        told, code = probe.stderr, probe.returncode
    except subprocess.TimeoutExpired as silence:
        told, code = str(silence.stderr or ""), -1
    if "InvalidAuthToken" in told or "AuthenticationError" in told:
        raise StudyError(f"Ray at {address} refuses the token: RAY_AUTH_MODE and RAY_AUTH_TOKEN must be the cluster's")
    if code != 0:
        last = told.strip().splitlines()[-1:] if code > 0 else []
        raise StudyError(f"Ray does not answer at {address}{': ' if last else ''}{''.join(last)}")


def _listen(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
    except (OSError, ValueError, OverflowError) as error:
        raise StudyError(f"Ray does not answer at {address}: {error}") from None


@contextmanager
def _our_signals() -> Iterator[None]:
    """Ray takes SIGTERM for itself; what a signal means is the driver's to say."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _short_folder() -> str | None:
    """Ray's sockets lie in it, and their paths may have 107 characters."""
    return None if len(tempfile.gettempdir()) < 20 else "/tmp"
