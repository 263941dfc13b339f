"""What can happen to a search, each at a moment that a seeded generator chooses."""

from __future__ import annotations

import random
import re
import signal
import time
from collections.abc import Callable

from seesawnas.study import TrialState
from tests.crash.processes import send
from tests.crash.searching import Searching
from tests.postgres import PostgresServer

Fault = Callable[[Searching, random.Random], None]


def kill_driver(search: Searching, rng: random.Random) -> None:
    search.kill_driver()


def kill_worker(search: Searching, rng: random.Random) -> None:
    found = search.workers()
    if found:
        send(rng.choice(found), signal.SIGKILL)


def terminate(search: Searching, rng: random.Random) -> None:
    _polite(search, [(signal.SIGTERM, 0)])


def ctrl_c(search: Searching, rng: random.Random) -> None:
    _polite(search, [(signal.SIGINT, 0)])


def ctrl_c_twice(search: Searching, rng: random.Random) -> None:
    _polite(search, [(signal.SIGINT, 0), (signal.SIGINT, rng.uniform(0.001, 0.3))])


def tear_tail(search: Searching, rng: random.Random) -> None:
    """The driver dies in the middle of a line."""
    search.kill_driver()
    if search.journal.is_file():
        lines = search.journal.read_bytes().splitlines(keepends=True)
        torn = rng.choice(lines)
        with search.journal.open("ab") as file:
            file.write(torn[: rng.randrange(1, len(torn))])


def corrupt_checkpoint(search: Searching, rng: random.Random) -> None:
    """The disk, or the crash, gives back other bytes than were written."""
    search.kill_driver()
    for path in (search.study / "checkpoints").glob("*.safetensors"):
        content = bytearray(path.read_bytes())
        for _ in range(20):
            content[rng.randrange(len(content))] ^= 0xFF
        path.write_bytes(bytes(content))
    search._kept.pop()
    search.keep()


def hang_worker(search: Searching, rng: random.Random) -> None:
    """A worker that answers no more; the driver ends it after the plan's stall timeout."""
    found = search.workers()
    if found:
        send(rng.choice(found), signal.SIGSTOP)


def restart_postgres(server: PostgresServer) -> Fault:
    def restart(search: Searching, rng: random.Random) -> None:
        server.stop(rng.choice([signal.SIGINT, signal.SIGQUIT, signal.SIGKILL]))
        time.sleep(rng.uniform(0, 3))
        server.start()

    return restart


FAULTS: dict[str, Fault] = {
    "driver killed": kill_driver,
    "worker killed": kill_worker,
    "SIGTERM": terminate,
    "Ctrl-C": ctrl_c,
    "Ctrl-C twice": ctrl_c_twice,
    "torn tail": tear_tail,
    "corrupt checkpoint": corrupt_checkpoint,
}


def _polite(search: Searching, signals: list[tuple[signal.Signals, float]]) -> None:
    code = search.interrupt(signals)
    # The last before the command has begun to listen.
    assert code in (0, 130, -signals[0][0]), (
        code,
        search.errors,
    )
    # An interrupt that falls into a callback of the interpreter's own is reported by it and passed
    # over.
    errors = re.sub(
        r"Exception ignored in.*?KeyboardInterrupt: *\n", "", search.errors, flags=re.DOTALL
    )
    assert "Traceback" not in errors, errors
    assert not search.record().trials(TrialState.RUNNING), "a polite end left trials running"


def disturb(
    search: Searching, faults: dict[str, Fault], order: list[str], rng: random.Random
) -> None:
    """Do the faults of ``order`` to the search, starting it again wherever one ended it.

    It may be done before them.
    """
    for name in order:
        if search.ended:
            search.start()
        if not search.wait_for_epochs(rng.randrange(1, 4)):
            return
        time.sleep(rng.uniform(0, 0.5))
        if search.ended:
            return
        faults[name](search, rng)
        search.figures.kills[name] += 1
