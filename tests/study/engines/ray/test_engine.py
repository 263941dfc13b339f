from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from seesawnas.errors import StudyError
from seesawnas.study import LocalEngine, RayEngine
from seesawnas.study.engines.ray.reaper import processes_using
from tests.faces import made_up_faces
from tests.study.conformance import EngineConformance, numbered, progressed, wait_until

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[4]
DRIVER = """
from seesawnas.study import RayEngine
from tests.faces import made_up_faces
from tests.study.conformance import numbered, progressed
engine = RayEngine(made_up_faces(), workers=1)
engine.submit(numbered(1), None)
progressed(engine)
print(engine._cluster.folder, flush=True)
engine.next_event()
"""


def command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


@contextmanager
def driving(code: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A driver in a process group of its own, once it trains, and the folder of its Ray."""
    words, environment = [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as driver:
        try:
            assert driver.stdout is not None
            yield driver, Path(driver.stdout.readline().strip())
        finally:
            driver.kill()


class TestLocal(EngineConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> Iterator[LocalEngine]:
        engine = LocalEngine(made_up_faces(), workers=2)
        yield engine
        engine.close()

    @pytest.fixture
    def worker_pids(self, engine: LocalEngine) -> Callable[[], list[int]]:
        return lambda: [worker.process.pid or 0 for worker in engine._workers]


class TestRay(EngineConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> Iterator[RayEngine]:
        engine = RayEngine(made_up_faces(), workers=2)
        yield engine
        engine.close()

    @pytest.fixture
    def worker_pids(self, engine: RayEngine) -> Callable[[], list[int]]:
        # Ray names a worker after its class, and after its method while that runs.
        names = ("ray::TrialWorker", "ray::_Inner")
        return lambda: [
            pid for pid in processes_using(engine._cluster.folder) if command(pid).startswith(names)
        ]

    def test_workers_stay_alive_from_job_to_job(
        self, engine: RayEngine, worker_pids: Callable[[], list[int]]
    ) -> None:
        seen: set[int] = set()
        for number in range(1, 5, 2):
            for each in (number, number + 1):
                engine.submit(numbered(each), None)
            assert {progressed(engine).number, progressed(engine).number} == {number, number + 1}
            seen |= set(worker_pids())
            engine.stop(number)
            engine.stop(number + 1)
        assert len(seen) == 2

    def test_where_tune_itself_ends_its_jobs_are_lost_and_the_next_finds_another(
        self, engine: RayEngine
    ) -> None:
        engine.submit(numbered(1), None)
        progressed(engine)
        assert engine._tune is not None
        engine._tune.close(30)
        assert (event := engine.next_event(30)) is not None
        assert type(event).__name__ == "Lost"
        engine.submit(numbered(1), None)
        assert progressed(engine).number == 1
        engine.stop(1)


def test_closing_leaves_no_process_and_no_file_and_signals_as_they_were(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    engine = RayEngine(made_up_faces(), workers=1)
    assert signal.getsignal(signal.SIGTERM) is before
    engine.submit(numbered(1, epochs=10_000), None)
    progressed(engine)
    engine.proceed(1)
    folder = engine._cluster.folder
    engine.close()
    assert not set(processes_using(folder)) - {os.getpid()}
    assert not folder.exists()
    assert capfd.readouterr().out == ""


def test_nothing_is_left_of_a_ray_whose_driver_was_killed() -> None:
    with driving(DRIVER) as (driver, folder):
        assert len(list(processes_using(folder))) > 3
        driver.kill()
    wait_until(lambda: not list(processes_using(folder)) and not folder.exists())


def test_an_interrupt_or_a_polite_end_of_the_whole_group_leaves_rays_servers_to_the_driver() -> (
    None
):
    deaf = (
        "import signal\nsignal.signal(signal.SIGTERM, "
        "signal.SIG_IGN)\nsignal.signal(signal.SIGINT, signal.SIG_IGN)"
    )
    with driving(deaf + DRIVER) as (driver, folder):
        servers = {
            pid
            for pid in processes_using(folder)
            if "raylet" in command(pid) or "gcs_server" in command(pid)
        }
        assert len(servers) == 2
        os.killpg(driver.pid, signal.SIGTERM)
        os.killpg(driver.pid, signal.SIGINT)
        time.sleep(2)
        assert servers <= set(processes_using(folder))
        driver.kill()
    wait_until(lambda: not list(processes_using(folder)))


KILLED = """
import os, signal, sys, time
from seesawnas.errors import StudyError
from seesawnas.study import RayEngine
from tests.faces import made_up_faces
from tests.study.conformance import numbered, progressed
engine = RayEngine(made_up_faces(), workers=1)
engine.submit(numbered(1, 10_000), None)
progressed(engine)
engine.proceed(1)
from ray._private import worker
os.kill(worker._global_node.all_processes["SERVER"][0].process.pid, signal.SIGKILL)
try:
    while engine.next_event() is not None:
        engine.proceed(1)
except StudyError as error:
    print(error, file=sys.stderr)
finally:
    engine.close()
folder = engine._cluster.folder
print(folder.exists(), flush=True)
"""


@pytest.mark.parametrize("server", ["raylet", "gcs_server"])
def test_a_server_of_rays_that_dies_ends_the_driver_with_one_line(server: str) -> None:
    words, environment = (
        [sys.executable, "-c", KILLED.replace("SERVER", server)],
        {**os.environ, "PYTHONPATH": str(ROOT)},
    )
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert (done.returncode, done.stdout) == (2, "False\n"), done.stderr
    assert done.stderr.count("\n") == 1
    assert server in done.stderr


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:1", "Ray does not answer at 127.0.0.1:1: "),
        ("127.0.0.1:many", "Ray does not answer at 127.0.0.1:many"),
        ("ray://127.0.0.1:10001", "must be auto or HOST:PORT"),
    ],
)
def test_an_address_where_no_ray_is_is_one_line(address: str, told: str) -> None:
    with pytest.raises(StudyError) as caught:
        RayEngine(made_up_faces(), address=address)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_no_ray_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr("seesawnas.study.engines.ray.cluster._ANSWER_SECONDS", 3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(StudyError, match=f"Ray does not answer at {address}"):
            RayEngine(made_up_faces(), address=address)


def test_more_than_any_node_has_is_one_line() -> None:
    with pytest.raises(
        StudyError,
        match="no node of the Ray cluster has the resources of one trial: 1 CPUs and 1000 GPUs",
    ):
        RayEngine(made_up_faces(), workers=1, gpus=1000)


def test_without_ray_the_local_engine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(StudyError, match="Ray is not installed"):
        RayEngine(made_up_faces(), workers=1)
