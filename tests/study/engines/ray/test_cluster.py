"""Two nodes, each Ray's own idea of a machine, on this one.

What the engine does when one of them dies.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seesawnas.errors import StudyError
from seesawnas.study import EpochFinished, Lost, RayEngine
from seesawnas.study.engines.ray.reaper import end_processes, processes_using
from tests.faces import made_up_faces
from tests.study.conformance import numbered, progressed, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.processes]

PATIENCE = 90.0
EPOCHS = 300


class Node:
    """``ray start``, and all that it starts."""

    def __init__(self, folder: Path, name: str, *where: str) -> None:
        self._folder = folder / name
        self._folder.mkdir()
        words = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--num-cpus=1"]
        own = ["--node-ip-address=127.0.0.1", f'--resources={{"{name}": 1}}']
        ports = ["--min-worker-port=0", "--max-worker-port=0", f"--temp-dir={self._folder}"]
        self._log = (folder / f"{name}.log").open("w+")
        self._process = subprocess.Popen(
            [*words, *own, *ports, *where],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def await_start(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while "will now block" not in (said := Path(self._log.name).read_text()):
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.2)

    def freeze(self) -> None:
        """As a machine goes down: no connection is closed, nobody answers."""
        for pid in processes_using(self._folder):
            os.kill(pid, signal.SIGSTOP)

    def kill(self) -> None:
        """As its system ends it."""
        self._process.kill()
        self._process.wait()
        end_processes(self._folder, spare={os.getpid()})
        self._log.close()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Node]]:
    """An address, and the node of it that nobody drives from."""
    # A process reads its token once: all tests of one share theirs, those of engines of this
    # machine too.
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    health = {
        "period_ms": "1000",
        "timeout_ms": "2000",
        "failure_threshold": "3",
        "initial_delay_ms": "1000",
    }
    for name, value in health.items():
        monkeypatch.setenv(f"RAY_health_check_{name}", value)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.delenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", raising=False)
    # Not tmp_path: a socket's path has 107 characters at most.
    with tempfile.TemporaryDirectory(
        prefix="ray-", dir="/tmp", ignore_cleanup_errors=True
    ) as place:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        address = f"127.0.0.1:{port}"
        nodes = [Node(Path(place), "a", "--head", "--include-dashboard=false", f"--port={port}")]
        try:
            nodes[0].await_start()
            nodes.append(Node(Path(place), "b", f"--address={address}"))
            nodes[1].await_start()
            yield address, nodes[1]
        finally:
            for node in nodes:
                node.kill()


def until_lost(engine: RayEngine, checkpoints: dict[int, bytes]) -> Lost:
    """Drive on until a trial is lost; keeps the last checkpoint of each."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        event = engine.next_event(timeout=1)
        if isinstance(event, Lost):
            return event
        assert event is None or isinstance(event, EpochFinished), event
        if event is not None:
            checkpoints[event.number] = event.epoch.checkpoint
            engine.proceed(event.number)
    raise AssertionError("no trial was lost")


@pytest.mark.parametrize("end", [Node.kill, Node.freeze])
def test_a_trial_of_a_dead_node_goes_on_elsewhere_from_its_last_checkpoint(
    cluster: tuple[str, Node], end: Callable[[Node], None]
) -> None:
    address, node = cluster
    engine = RayEngine(made_up_faces(), address=address)
    try:
        assert engine.capacity == 2
        for number in (1, 2):
            engine.submit(numbered(number, EPOCHS), None)
        checkpoints = {
            event.number: event.epoch.checkpoint
            for event in (progressed(engine), progressed(engine))
        }
        for number in (1, 2):
            engine.proceed(number)
        end(node)
        lost = until_lost(engine, checkpoints)
        wait_until(lambda: engine.capacity == 1)
        (other,) = {1, 2} - {lost.number}
        engine.stop(other)
        engine.submit(numbered(lost.number, EPOCHS), checkpoints[lost.number])
        assert progressed(engine).epoch.record.epoch > 1
    finally:
        engine.close()


def test_another_token_is_refused_in_one_line(
    cluster: tuple[str, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    with pytest.raises(StudyError, match="rejected the token") as caught:
        RayEngine(made_up_faces(), address=cluster[0])
    assert "\n" not in str(caught.value)


def test_more_than_a_node_has_is_refused_though_the_nodes_together_have_it(
    cluster: tuple[str, Node],
) -> None:
    with pytest.raises(
        StudyError, match="no node of the Ray cluster has the resources of one trial: 2 CPUs"
    ):
        RayEngine(made_up_faces(), address=cluster[0], cpus=2)


def test_workers_of_a_cluster_import_nothing_from_the_working_directory(
    cluster: tuple[str, Node], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    for name in ("profile", "seesawnas", "optuna", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('from the working directory')\n")
    engine = RayEngine(made_up_faces(), address=cluster[0])
    try:
        engine.submit(numbered(1), None)
        assert progressed(engine).number == 1
    finally:
        engine.close()


def test_the_death_of_this_nodes_raylet_is_one_line(cluster: tuple[str, Node]) -> None:
    code = f"""
import os, sys, time
from seesawnas.errors import StudyError
from seesawnas.study import RayEngine
from tests.faces import made_up_faces
engine = RayEngine(made_up_faces(), address={cluster[0]!r})
# The faces are on their way to the raylet: a write that breaks off ends the process.
time.sleep(3)
os.kill(engine._cluster._servers.processes["raylet"].pid, 9)
try:
    engine.next_event(20)
except StudyError as error:
    print(error, file=sys.stderr)
engine.close()
"""
    words, environment = (
        [sys.executable, "-c", code],
        {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
    )
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "its raylet" in done.stderr
    assert done.stderr.count("\n") == 1
