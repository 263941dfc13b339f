"""Ray itself: one of our own on this machine, or an existing cluster by its address."""

from __future__ import annotations

import atexit
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from seesawnas.errors import StudyError
from seesawnas.io.files import home
from seesawnas.io.isolation import import_path, isolated_children
from seesawnas.study.engines.ray.here import LocalRayServer, guarded_environment
from seesawnas.study.engines.ray.servers import RayServers

# Ray and Tune read these, some of them while they are being imported.
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # no telemetry
    # Tune's thread, outliving the connection, must not start a Ray of its own
    "RAY_ENABLE_AUTO_CONNECT": "0",
    # under `uv run` it would build the working directory's project at each worker
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_AIR_NEW_OUTPUT": "0",  # the new output prints even if it is asked not to
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # no CSV, JSON and TensorBoard files of each trial
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",  # Tune is never restored
    "TUNE_MAX_PENDING_TRIALS_PG": "100000",  # workers start side by side
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",  # the study keeps them
}
_QUIETLY: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
_ANSWER_SECONDS = 15
_COUNT_SECONDS = 2.0
_PROBE = "import sys, ray; ray.init(sys.argv[1], log_to_driver=False, logging_level='ERROR')"


class RayCluster:
    """A connection to Ray, and how many trials it can run at a time.

    Raises:
        StudyError: If there is no such cluster, or if no node of it has what a trial needs.
    """

    def __init__(self, address: str | None, workers: int | None, cpus: float, gpus: float) -> None:
        self._workers, self._need = workers, {"CPU": cpus, "GPU": gpus}
        self._counted, self._capacity = -math.inf, 0
        self._here = LocalRayServer()
        try:
            _connect(address, self._here, math.ceil((workers or 1) * cpus))
            self._servers = RayServers.of_this_connection()
            if not self._places():
                raise StudyError(
                    f"no node of the Ray cluster has the resources of one trial: {self._wanted()}"
                )
        except BaseException:
            self.close()
            raise

    @property
    def folder(self) -> Path:
        """For files of this process; it goes with the connection."""
        return self._here.folder

    @property
    def capacity(self) -> int:
        """Trials at a time on the nodes that live; at least one, which then waits for a node."""
        self.check()
        if time.monotonic() - self._counted > _COUNT_SECONDS:
            self._capacity, self._counted = self._places(), time.monotonic()
        return max(
            1, self._capacity if self._workers is None else min(self._workers, self._capacity)
        )

    def check(self) -> None:
        """Check that Ray lives.

        From its death on nothing of Ray may be called: it would end this process.

        Raises:
            StudyError: If Ray has died.
        """
        self._servers.check()

    def abandon(self) -> None:
        """Remove what lies on the disk, and let Ray do nothing more.

        Not even when the interpreter ends: there it would wait for its servers for a minute, and
        then end the process with a code of its own.
        """
        with suppress(Exception):
            from ray._private import worker

            atexit.unregister(worker.shutdown)
        atexit.register(_exit_at_once)
        self._here.close()

    def close(self) -> None:
        """Leave the cluster, or end our own, and remove what lies on the disk."""
        if os.environ.get("HOME") == str(self.folder):
            del os.environ["HOME"]
        with suppress(Exception):  # whatever is amiss with it, or missing, it is over
            import ray

            ray.shutdown()
        self._here.close()

    def _places(self) -> int:
        import ray

        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        return sum(_fit(node["Resources"], self._need) for node in nodes if node["Alive"])

    def _wanted(self) -> str:
        return " and ".join(f"{amount:g} {name}s" for name, amount in self._need.items() if amount)


def _exit_at_once() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(2)


def _fit(has: dict[str, float], need: dict[str, float]) -> int:
    return min(int(has.get(name, 0.0) / amount + 1e-6) for name, amount in need.items() if amount)


def check_cluster(address: str) -> None:
    """Check that a cluster answers at ``address``; connect to nothing.

    Raises:
        StudyError: If none answers.
    """
    os.environ.update(_SETTINGS)
    _probe(address)


def _connect(address: str | None, here: LocalRayServer, cores: int) -> None:
    os.environ.update(_SETTINGS if address else _SETTINGS | guarded_environment())
    if home() is None:  # Ray cannot be imported without one, and Tune would make a folder called ~
        os.environ["HOME"] = str(here.folder)
    if address is not None:
        _probe(address)
    try:
        import ray
    except ImportError:
        raise StudyError(
            "Ray is not installed; pip install 'ray[tune]', or use --engine local"
        ) from None
    if ray.is_initialized():
        raise StudyError(
            "this process is already connected to Ray; the engine needs its own connection"
        )
    with _our_signals(), isolated_children():
        if address is None:
            here.start(cores, job_config=_job(), **_QUIETLY)
        else:
            _join(address)
    _silence()


def _job() -> Any:
    """Have workers search for modules in the same places as the driver.

    By default Ray would have them search the working directory first.
    """
    from ray.job_config import JobConfig

    folders = import_path()[::-1]  # a worker puts each of them before the others

    class OwnPath(JobConfig):
        def _get_proto_job_config(self) -> Any:
            self._py_driver_sys_path = folders
            return super()._get_proto_job_config()  # type: ignore[no-untyped-call]

    return OwnPath()


def _join(address: str) -> None:
    import ray

    try:
        ray.init(address, job_config=_job(), **_QUIETLY)
    except (ConnectionError, RuntimeError) as error:  # it has just answered a probe
        raise StudyError(f"cannot join Ray at {address}: {str(error).splitlines()[0]}") from None


def _silence() -> None:
    """Keep Ray from printing each worker's death on standard output, which is the driver's.

    The study keeps the reason. There is no setting for it except the one that Ray's debugger uses.
    """
    from ray._private import worker

    worker._worker_logs_enabled = False


def _probe(address: str) -> None:
    """Ask for the cluster ourselves.

    Ray tries for minutes if nobody answers, and does not say when a token is wrong.
    """
    if "://" in address:
        raise StudyError(
            f"the Ray address must be auto or HOST:PORT, as `ray start` prints it, got {address}"
        )
    if ":" in address:
        _listen(address)
    words = [sys.executable, "-P", "-c", _PROBE, address]
    try:
        with isolated_children():
            probe = subprocess.run(
                words, capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False
            )
        said, code = probe.stderr, probe.returncode
    except subprocess.TimeoutExpired as timeout:
        said, code = str(timeout.stderr or ""), -1
    if "InvalidAuthToken" in said or "AuthenticationError" in said:
        raise StudyError(
            f"Ray at {address} rejected the token: RAY_AUTH_MODE and RAY_AUTH_TOKEN must be those "
            "of the cluster"
        )
    if code != 0:
        last = said.strip().splitlines()[-1:] if code > 0 else []
        raise StudyError(f"Ray does not answer at {address}{': ' if last else ''}{''.join(last)}")


def _listen(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
    except (OSError, ValueError, OverflowError) as error:
        raise StudyError(f"Ray does not answer at {address}: {error}") from None


@contextmanager
def _our_signals() -> Iterator[None]:
    """Keep SIGTERM, which Ray takes for itself; what a signal means is for the driver to say."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
