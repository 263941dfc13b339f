"""The checkpoints of a training: the newest and the one before, so that a torn one costs minutes and not the training."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from seesawnas.errors import CheckpointError
from seesawnas.files import inside, write_atomically
from seesawnas.train.checkpoint import pack, unpack

_KEPT = 2
_NAME = re.compile(r"step_(\d{12})\.safetensors")

Saved = tuple[dict[str, Tensor], dict[str, Any]]


class Saves:
    """Files ``step_NUMBER.safetensors`` in ``folder``, each whole or not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, step: int, state: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
        """Keep the state after ``step`` steps, and of the older ones the newest."""
        write_atomically(self._folder / f"step_{step:012d}.safetensors", pack(state, about), within=self._folder.parent)
        for path in self._paths()[_KEPT:]:
            path.unlink(missing_ok=True)

    def drop(self, step: int) -> None:
        """Remove the state after ``step`` steps, which turned out to be none to go on from."""
        (self._folder / f"step_{step:012d}.safetensors").unlink(missing_ok=True)

    def newest(self) -> tuple[Saved | None, tuple[str, ...]]:
        """The newest checkpoint that is whole, None where there is none, and a line for each that is not."""
        notes: list[str] = []
        for path in self._paths():
            try:
                return unpack(path.read_bytes()), tuple(notes)
            except (CheckpointError, OSError) as error:
                notes.append(f"{path}: passed over: {error}")
        return None, tuple(notes)

    def _paths(self) -> list[Path]:
        """Newest first."""
        folder = inside(self._folder.parent, self._folder)
        found = folder.iterdir() if folder.is_dir() else ()
        return sorted((path for path in found if _NAME.fullmatch(path.name)), reverse=True)
