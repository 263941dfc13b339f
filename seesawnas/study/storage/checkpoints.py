"""Checkpoints of running trials: one file per trial in the study's folder, written only by the driver."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from seesawnas.io.files import inside, write_atomically

_SUFFIX = ".safetensors"


class Checkpoints:
    """The files ``NUMBER.safetensors`` in ``folder``; workers send their content and need no disk in common.

    Raises InvalidInput if a link leads out of the study's folder, ``home``: what is in it gets removed.
    """

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        self._folder, self._home = folder, home or folder.parent

    def save(self, number: int, checkpoint: bytes) -> None:
        """Keep a trial's latest checkpoint in place of the one before, whole or not at all."""
        write_atomically(self._path(number), checkpoint, within=self._home)

    def load(self, number: int) -> bytes | None:
        """A trial's latest checkpoint; None if there is none, or what is no file. Its content is validated when it is unpacked."""
        path = self._path(number)
        try:
            return path.read_bytes() if path.is_file() else None
        except FileNotFoundError:
            return None

    def drop(self, number: int) -> None:
        """Forget a trial that ended."""
        inside(self._home, self._folder).joinpath(self._path(number).name).unlink(missing_ok=True)

    def keep(self, numbers: Container[int]) -> None:
        """Forget all but ``numbers``: what a driver left that was killed between a trial's end and its forgetting."""
        folder = inside(self._home, self._folder)
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_file() and not (path.suffix == _SUFFIX and path.stem.isdecimal() and int(path.stem) in numbers):
                path.unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}{_SUFFIX}"
