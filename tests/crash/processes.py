"""The processes of a search, seen from outside."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

ENGINES: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "local": (["--engine", "local"], ("spawn_main",)),
    "ray": (["--engine", "ray"], ("ray::TrialWorker", "ray::_Inner")),
}
"""What runs trials: the options that ask for it, and the words by which its workers' command lines
are known.

Ray names a worker after its class, and after its method while that runs.
"""


def heed_ctrl_c() -> None:
    """For a child process to call before it begins.

    A shell's background job ignores Ctrl-C, and hands that down.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def descendants(pid: int) -> list[int]:
    """All processes below ``pid``."""
    parents: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        parents.setdefault(parent, []).append(int(place.name))
    found, queue = [], [pid]
    while queue:
        children = parents.get(queue.pop(), [])
        found += children
        queue += children
    return found


def workers(driver: int, engine: str) -> list[int]:
    """The processes that run the trials of ``driver``."""
    words = [word.encode() for word in ENGINES[engine][1]]
    return [pid for pid in descendants(driver) if any(word in _command(pid) for word in words)]


def nobody_left(pids: list[int], seconds: float = 30) -> bool:
    """Whether all of ``pids`` end by themselves, and leave the cores to the next."""
    for _ in range(int(seconds / 0.1)):
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):  # it ended by itself a moment before
        os.kill(pid, number)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False
