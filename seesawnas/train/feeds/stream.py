"""Batches of faces that are not in memory.

Worker processes read, decode and augment them ahead of the training.
"""

from __future__ import annotations

import hashlib
import io
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from seesawnas.data import FaceSource
from seesawnas.data.cache import processors
from seesawnas.data.images import UnreadableError, decode
from seesawnas.errors import DataError, InvalidInput
from seesawnas.io.isolation import isolated_children
from seesawnas.train.batch import Batch
from seesawnas.train.distributed import Team
from seesawnas.train.feeds.augment import moved, sample_augmentation
from seesawnas.train.feeds.distort import Distortions
from seesawnas.train.recipe import Recipe

_LEAST = 2  # batch norm needs two images
_AHEAD = 4  # parts that each worker reads ahead
_WATCH = 0.5  # seconds between two looks at whether the training lives

_Part = tuple[int, int, int]
"""Epochs done, step, and which of the step's chunks."""


class SourceFeed:
    """Faces of ``source``, cropped to ``size`` (H, W) pixels.

    An epoch's order follows from the seed and its number, a chunk's flips and shifts from the seed
    and its place, an image's distortions from the seed, the epoch and its index, so a training can
    be resumed at any step and any number of workers gives the same. A step's batch is cut into as
    many chunks as the team has processes, times ``parts``; each process takes ``parts`` of them in
    a row.
    """

    def __init__(
        self,
        source: FaceSource,
        recipe: Recipe,
        *,
        size: tuple[int, int],
        seed: int,
        workers: int = 0,
        team: Team = Team(),  # noqa: B008 (a frozen value)
        parts: int = 1,
    ) -> None:
        chunks = team.size * parts
        self.identities, self.size = len(source.names), size
        self.batch_size = real_batch_size(recipe.batch_size, len(source), chunks)
        self.steps = len(source) // self.batch_size
        self._epochs, self._workers, self._parts = recipe.epochs, workers, parts
        self._own = range(team.rank * parts, (team.rank + 1) * parts)
        shift = round(recipe.shift * max(size))
        self._images = _Images(
            source,
            size,
            seed,
            self.batch_size,
            chunks,
            recipe.flip,
            shift,
            Distortions.of(recipe),
        )
        self._at: tuple[int, int] | None = None
        self._read: Iterator[_Loaded] = iter(())

    def epoch(self, done: int, first: int) -> Iterator[list[Batch]]:
        """This process's chunks of each step; what was read ahead of an earlier call is used."""
        if self._at != (done, first):
            self._open(done, first)
        for step in range(first, self.steps):
            parts = [self._batch(next(self._read)) for _ in range(self._parts)]
            self._at = (done, step + 1) if step + 1 < self.steps else (done + 1, 0)
            yield parts

    def state(self) -> Tensor:
        """Nothing: seed, epoch and step say everything."""
        return torch.zeros(0)

    def restore(self, state: Tensor) -> None:
        """Nothing to restore."""

    def close(self) -> None:
        """End the workers."""
        self._read, self._at = iter(()), None

    def _open(self, done: int, first: int) -> None:
        order = _Order(done, first, self._epochs, self.steps, self._own)
        more: dict[str, Any] = {}
        if self._workers:
            more = {
                "multiprocessing_context": "spawn",
                "prefetch_factor": _AHEAD,
                "worker_init_fn": _start_worker,
            }
        loader = DataLoader(
            self._images,
            batch_size=None,
            sampler=order,
            num_workers=self._workers,
            collate_fn=_as_it_is,
            **more,
        )
        with isolated_children():
            self._read = iter(loader)

    def _batch(self, read: _Loaded) -> Batch:
        *arrays, unreadable = read
        images, labels, indices, flipped = map(torch.from_numpy, arrays)
        if len(unreadable) == len(labels):
            where = self._images.source.place(unreadable[0][0])
            raise DataError(
                f"{where}: cannot be read, nor can any other image of its batch: {unreadable[0][1]}"
            )
        return Batch(images, labels, indices, flipped, unreadable)


_Loaded = tuple[
    NDArray[np.uint8],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.bool_],
    tuple[tuple[int, str], ...],
]
"""Of a :class:`Batch` all, as arrays."""


@dataclass
class _Order(Sampler[_Part]):
    """All parts from (``done``, ``first``) to the training's end."""

    done: int
    first: int
    epochs: int
    steps: int
    own: range

    def __iter__(self) -> Iterator[_Part]:
        for done in range(self.done, self.epochs):
            for step in range(self.first if done == self.done else 0, self.steps):
                yield from ((done, step, chunk) for chunk in self.own)

    def __len__(self) -> int:
        return ((self.epochs - self.done) * self.steps - self.first) * len(self.own)


@dataclass
class _Images(Dataset[_Loaded]):
    """Chunks of augmented images by their place in the training."""

    source: FaceSource
    size: tuple[int, int]
    seed: int
    batch_size: int
    chunks: int
    flip: bool
    shift: int
    distort: Distortions
    _epoch: int = -1
    _order: NDArray[np.int64] = field(
        default_factory=lambda: np.empty(0, dtype=np.int64), repr=False
    )

    def __getitem__(self, part: _Part) -> _Loaded:
        done, step, chunk = part
        count = self.batch_size // self.chunks
        start = step * self.batch_size + chunk * count
        chosen = self._order_of(done)[start : start + count]
        images, chosen, unreadable = _read(self.source, chosen, self.size)
        generator = _generator(self.seed, *part)
        moves = sample_augmentation(
            len(images), flip=self.flip, shift=self.shift, generator=generator
        )
        shown = moved(torch.from_numpy(images), moves).numpy()
        return (
            self.distort(shown, chosen, seed=self.seed, epoch=done),
            self.source.labels[chosen].astype(np.int64),
            chosen,
            moves.flipped.numpy(),
            unreadable,
        )

    def _order_of(self, done: int) -> NDArray[np.int64]:
        if done != self._epoch:
            self._order = torch.randperm(
                len(self.source), generator=_generator(self.seed, done)
            ).numpy()
            self._epoch = done
        return self._order


def _read(
    source: FaceSource, chosen: NDArray[np.int64], size: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[tuple[int, str], ...]]:
    """Images (N, H, W, 3), their indices, and what could not be read.

    An image that cannot be read is replaced by the one before it that can, so that a batch keeps
    its size.
    """
    read: dict[int, NDArray[np.uint8]] = {}
    unreadable = []
    for place, index in enumerate(chosen.tolist()):
        try:
            read[place] = cut(source.payload(index), size)
        except (UnreadableError, DataError) as error:
            unreadable.append((index, " ".join(str(error).split())))
    if not read:
        return np.zeros((len(chosen), *size, 3), dtype=np.uint8), chosen, tuple(unreadable)
    places = [_stand_in(place, read) for place in range(len(chosen))]
    return np.stack([read[place] for place in places]), chosen[places], tuple(unreadable)


def _stand_in(place: int, read: dict[int, NDArray[np.uint8]]) -> int:
    return (
        place
        if place in read
        else max((other for other in read if other < place), default=max(read))
    )


def cut(payload: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The encoded image as uint8 (H, W, 3), cropped to the aspect of ``size`` and resized.

    Raises:
        UnreadableError: If the image cannot be decoded.
    """
    return decode(io.BytesIO(payload), size)


def real_batch_size(wanted: int, images: int, chunks: int) -> int:
    """Images per step of a batch of ``wanted`` from so many ``images``, cut into ``chunks``.

    Raises:
        InvalidInput: If it cannot be cut so.
        DataError: If there are too few images.
    """
    if wanted % chunks or wanted // chunks < _LEAST:
        raise InvalidInput(
            f"batch size must be a multiple of {chunks} (processes x parts), {_LEAST} images "
            f"each, got {wanted}"
        )
    found = wanted if images >= wanted else images // chunks * chunks
    if found // chunks < _LEAST:
        raise DataError(f"must be at least {_LEAST * chunks} images to train on, got {images}")
    return found


def _generator(*numbers: int) -> torch.Generator:
    digest = hashlib.blake2b(repr(numbers).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)


def _start_worker(worker: int) -> None:
    # A group of processes gets them as one; they are the training's to answer.
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process once ``parent`` is gone.

    torch's own watch would wait forever to hand on what no process reads.
    """
    while os.getppid() == parent:
        time.sleep(_WATCH)
    os._exit(1)


def _as_it_is(part: Any) -> Any:
    """Arrays, not tensors: these are sent as bytes.

    Tensors need shared memory, of which containers have little.
    """
    return part


def default_workers(device: torch.device, team: Team) -> int:
    """Worker processes of each process of the team.

    As many as a GPU can use, or one beside a CPU that trains.
    """
    cores = processors()
    if device.type == "cpu":
        return 1 if cores > team.size else 0
    return max(1, min(16, cores // team.size - 1))
