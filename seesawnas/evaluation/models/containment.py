"""Limits of memory and time for code that runs another program's file in this process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil


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


def _bytes_left() -> int | None:
    """The addresses that this process has, plus the memory that is available; None if unknown."""
    if sys.platform != "linux":
        return None
    try:
        return int(psutil.Process().memory_info().vms + psutil.virtual_memory().available)
    except (OSError, psutil.Error):  # a container without /proc
        return None
