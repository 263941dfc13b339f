"""Limits around code that runs a stranger's file in this process: memory and time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def bounded_memory(is_wanted: bool = True) -> Iterator[None]:
    """Let this process take no more memory than the machine has left, so that a request for more fails instead of killing it.

    On Linux only. Not wanted with a GPU, whose driver reserves addresses that are no memory.
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
def ended_after(seconds: float, options: Any) -> Iterator[None]:
    """Tell onnxruntime's run with ``options`` to end once it took so many ``seconds``."""
    timer = threading.Timer(seconds, setattr, (options, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _bytes_left() -> int | None:
    """The addresses that this process has, and the memory that is available besides."""
    try:
        with open("/proc/self/statm", "rb") as file:
            pages = int(file.read().split()[0])
        with open("/proc/meminfo", "rb") as file:
            lines = dict(line.split(b":", 1) for line in file.read().splitlines() if b":" in line)
        return pages * _page_size() + int(lines[b"MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError, IndexError, ImportError):
        return None


def _page_size() -> int:
    import resource

    return resource.getpagesize()
