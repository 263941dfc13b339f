"""Ends a Ray of our own when its driver has ended without doing so, and removes its folder.

Ray's servers die with a driver that was killed, but its agents only notice a minute later, and its
files stay. Run as a program with the folder as its argument; its standard input is a pipe that the
driver holds open. Standard library only, and nothing of this package: it starts in no time.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def main(folder: Path) -> None:
    """Wait until the driver has ended, or has closed the pipe to go on without Ray.

    Then clean up behind it.
    """
    driver = os.getppid()
    sys.stdin.buffer.read()
    end_processes(folder, spare={driver, os.getpid()})
    shutil.rmtree(folder, ignore_errors=True)


def end_processes(folder: Path, spare: set[int]) -> None:
    """Kill all that hold a file in ``folder`` open, as each process of Ray does with its log.

    Give up after 5 seconds.
    """
    deadline = time.monotonic() + 5
    while (found := set(processes_using(folder)) - spare) and time.monotonic() < deadline:
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def processes_using(folder: Path) -> Iterator[int]:
    """Processes with an open file in ``folder``.

    There are none if there is no /proc; there Ray has a reaper of its own.
    """
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(_lies_in(folder, file) for file in (process / "fd").iterdir()):
                yield int(process.name)


def _lies_in(folder: Path, file: Path) -> bool:
    with suppress(OSError):
        return os.readlink(file).startswith(f"{folder}/")
    return False


if __name__ == "__main__":
    main(Path(sys.argv[1]))
