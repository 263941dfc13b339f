"""Limits for code that runs another program's file: of memory, of time, and a trial run apart."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from seesawnas.errors import InvalidInput

_SECONDS = 60
_MOST_EXIT = 127
_STDERR = 2


@contextmanager
def limit_memory(is_wanted: bool = True) -> Iterator[None]:
    """Limit this process to the available memory: a larger request fails instead of killing it.

    On Linux only. Not wanted with a GPU, whose driver reserves addresses without memory.
    """
    left = _bytes_left() if is_wanted else None
    if left is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [limit for limit in (left, soft, hard) if limit != resource.RLIM_INFINITY]
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextmanager
def terminate_after(seconds: float, options: Any) -> Iterator[None]:
    """Stop onnxruntime's run with ``options`` after ``seconds``."""
    timer = threading.Timer(seconds, setattr, (options, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def try_apart(path: Path, runtime: str, code: str, side: int) -> None:
    """Run ``code`` in a process of its own, which a broken file may end.

    It finds ``path`` and ``side`` in ``sys.argv``. What fails in it without ending the process is
    no matter here: it fails again, in words, where the file is opened.

    Raises:
        InvalidInput: If the process was ended, or takes too long.
    """
    command = [sys.executable, "-P", "-c", code, str(path), str(side)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise InvalidInput(
            f"{path}: takes more than {_SECONDS} s to run once in {runtime}"
        ) from None
    if done.returncode < 0 or done.returncode > _MOST_EXIT:
        raise InvalidInput(
            f"{path}: cannot be run by {runtime}: it ended the process that tried it"
        )


@contextmanager
def discard_stderr() -> Iterator[None]:
    """Without what libraries write to the standard error stream, whatever language they are in."""
    try:
        kept = os.dup(_STDERR)
    except OSError:  # there is none
        yield
        return
    try:
        with open(os.devnull, "wb") as null:
            os.dup2(null.fileno(), _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)


def _bytes_left() -> int | None:
    """The addresses that this process has, plus the memory that is available; None if unknown."""
    if sys.platform != "linux":
        return None
    try:
        return int(psutil.Process().memory_info().vms + psutil.virtual_memory().available)
    except (OSError, psutil.Error):  # a container without /proc
        return None
