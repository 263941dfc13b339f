"""The checkpoints of a training: the newest and the one before, so that a torn one costs minutes and not the training."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from torch import Tensor

from seesawnas.errors import CheckpointError
from seesawnas.io.files import inside, write_atomically
from seesawnas.train import EpochRecord
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
                saved = unpack(_content(path))
                _check_about(saved[1])
                return saved, tuple(notes)
            except (CheckpointError, OSError) as error:
                notes.append(f"{path}: passed over: {error}")
        return None, tuple(notes)

    def _paths(self) -> list[Path]:
        """Newest first."""
        folder = inside(self._folder.parent, self._folder)
        found = folder.iterdir() if folder.is_dir() else ()
        return sorted((path for path in found if _NAME.fullmatch(path.name)), reverse=True)


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise CheckpointError("must be a file")
    return path.read_bytes()


def _check_about(about: Mapping[str, Any]) -> None:
    """Raise CheckpointError where what stands beside the tensors is another version's, or a stranger's."""
    rows, unreadable = about.get("rows"), about.get("unreadable")
    needed = {field.name for field in fields(EpochRecord)} | {"scores"}
    fits = (
        isinstance(rows, list)
        and all(isinstance(row, dict) and needed <= row.keys() for row in rows)
        and isinstance(about.get("seconds"), int | float)
        and type(about.get("step")) is int
        and isinstance(unreadable, dict)
        and all(str(index).isdecimal() and len(str(index)) < 20 for index in unreadable)
    )
    if not fits:
        raise CheckpointError("checkpoint is of another version of seesawnas, or damaged")
