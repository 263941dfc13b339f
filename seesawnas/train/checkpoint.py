"""Checkpoints: tensors with JSON values as bytes, and the folder that keeps them by number.

They are safetensors files, so that reading one runs nothing, with a checksum of the content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from seesawnas.errors import CheckpointError
from seesawnas.io.files import inside, is_draft, write_atomically

Saved: TypeAlias = tuple[dict[str, Tensor], dict[str, Any]]
"""What :func:`pack` was given."""

_ABOUT = "about"
_SUFFIX = ".safetensors"


def pack(state: Mapping[str, Tensor], about: Mapping[str, Any]) -> bytes:
    """``state`` and the JSON values ``about`` it as one safetensors file's bytes."""
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    text = json.dumps({**about, "sum": _sum(tensors)})
    return save({**tensors, _ABOUT: torch.tensor(list(text.encode()), dtype=torch.uint8)})


def unpack(packed: bytes) -> Saved:
    """What :func:`pack` was given.

    Raises:
        CheckpointError: If the bytes are damaged.
    """
    try:
        tensors = load(packed)
        about = json.loads(bytes(tensors.pop(_ABOUT).tolist()))
        if about.pop("sum") == _sum(tensors):
            return tensors, about
    # Whatever stands there was written by anyone: torch and json have errors of many kinds for it.
    except (
        SafetensorError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RuntimeError,
    ) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise CheckpointError(f"checkpoint cannot be read: {why}") from None
    raise CheckpointError("checkpoint cannot be read: checksum mismatch")


class Checkpoints:
    """The checkpoints in a folder, one file per number, each whole or not there.

    The driver of a study keeps one per trial; workers send it the content and need no common disk.
    A training run keeps the last two, by step, so that a damaged one costs minutes and not the run.

    Args:
        folder: Where the files are; made when the first is saved.
        home: The folder of the study or the training run, by default the one that ``folder`` is in.
        prefix: What a file's name begins with, before the number.
        digits: The least digits of the number.
        most: How many are kept when one is saved, those with the largest numbers; all if None.

    Raises:
        InvalidInput: If a link leads out of ``home``; raised by whatever writes or deletes.
    """

    def __init__(
        self,
        folder: Path,
        home: Path | None = None,
        *,
        prefix: str = "",
        digits: int = 1,
        most: int | None = None,
    ) -> None:
        self._folder, self._home = folder, home or folder.parent
        self._prefix, self._digits, self._most = prefix, digits, most

    def save(self, number: int, checkpoint: bytes) -> None:
        """Write a checkpoint in place of the one with its number, whole or not at all."""
        write_atomically(self._path(number), checkpoint, within=self._home)
        if self._most is not None:
            self.keep(self.numbers()[: self._most])

    def load(self, number: int) -> bytes | None:
        """A checkpoint's content, for :func:`unpack` to check; None if there is no such file."""
        path = self._path(number)
        try:
            return path.read_bytes() if path.is_file() else None
        except FileNotFoundError:
            return None

    def newest(self, check: Callable[[Saved], None]) -> tuple[Saved | None, tuple[str, ...]]:
        """Find the newest valid checkpoint.

        Args:
            check: Called with each checkpoint; raises CheckpointError if it cannot be used.

        Returns:
            The valid checkpoint with the largest number, None if there is none, and a line for each
            newer one that is not valid.
        """
        notes: list[str] = []
        for number in self.numbers():
            try:
                content = self.load(number)
                if content is None:
                    raise CheckpointError("must be a file")
                check(saved := unpack(content))
                return saved, tuple(notes)
            except (CheckpointError, OSError) as error:
                notes.append(f"{self._path(number)}: skipped: {error}")
        return None, tuple(notes)

    def drop(self, number: int) -> None:
        """Delete a checkpoint, if it is there."""
        inside(self._home, self._folder).joinpath(self._path(number).name).unlink(missing_ok=True)

    def keep(self, numbers: Container[int]) -> None:
        """Delete all checkpoints but those of ``numbers``, and what was only partly written.

        A process that was killed may have left both, the checkpoint of a trial that has ended too.
        """
        for path in self._files():
            is_old = (number := self._number(path)) is not None and number not in numbers
            if path.is_file() and (is_old or is_draft(path)):
                path.unlink(missing_ok=True)

    def numbers(self) -> list[int]:
        """The numbers of all checkpoints, the largest first."""
        found = [self._number(path) for path in self._files()]
        return sorted((number for number in found if number is not None), reverse=True)

    def _files(self) -> list[Path]:
        folder = inside(self._home, self._folder)
        return list(folder.iterdir()) if folder.is_dir() else []

    def _number(self, path: Path) -> int | None:
        """None for a file with another name."""
        digits = path.name.removeprefix(self._prefix).removesuffix(_SUFFIX)
        number = int(digits) if digits.isdecimal() else None
        return number if number is not None and self._path(number).name == path.name else None

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._prefix}{number:0{self._digits}d}{_SUFFIX}"


def _sum(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
