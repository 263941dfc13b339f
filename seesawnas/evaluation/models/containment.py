"""Limits for code that runs another program's file: of memory, of time, and a trial run apart."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from seesawnas.errors import InvalidInput

_SECONDS = 60
_MOST_EXIT = 127
_STDERR = 2
_own: set[str] = set()
_tried: set[tuple[str, ...]] = set()


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


def trust(files: Sequence[Path]) -> None:
    """Let this process open ``files``, which it has written, without a trial.

    Raises:
        OSError: If one cannot be read.
    """
    _own.add(_digest(files))


def try_apart(files: Sequence[Path], runtime: str, code: str, size: tuple[int, int]) -> None:
    """Run ``code`` in a process of its own, which a broken file may end.

    It finds the first of ``files``, height and width in ``sys.argv``. What fails in it without
    ending the process is no matter here: it fails again, in words, where the file is opened. Files
    of the same content are tried once by a process, and its own files never.

    Args:
        files: Of the model, that by which it is opened first.
        runtime: What messages call it.
        code: What opens and runs it.
        size: (height, width) of the images that it is run on.

    Raises:
        InvalidInput: If a file cannot be read, the process was ended, or it takes too long.
    """
    path, sides = files[0], [str(side) for side in size]
    try:
        digest = _digest(files)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror or error}") from None
    trial = (digest, runtime, *sides)
    if digest in _own or trial in _tried:
        return
    command = [sys.executable, "-P", "-c", code, str(path), *sides]
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
    _tried.add(trial)


def _digest(files: Sequence[Path]) -> str:
    """Of the content of ``files``."""
    found = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


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
