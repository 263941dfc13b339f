"""Images to embeddings of unit length; the embeddings of an image and its flip are added first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from seesawnas.errors import InvalidInput, TrialError
from seesawnas.evaluation.models.open import FaceModel
from seesawnas.nn import PerChannel, normalised


class Images(Protocol):
    """Images by batches: ``EncodedImages`` or ``DecodedImages``."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def decode(
        self, start: int, stop: int, size: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Images ``start`` to ``stop`` as (N, H, W, 3), and which of them are readable, (N,)."""
        ...


@dataclass(frozen=True, eq=False)
class DecodedImages:
    """Images in memory, uint8 (N, H, W, 3), already in the size that a network takes."""

    pixels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.pixels)

    def decode(
        self, start: int, stop: int, size: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Images ``start`` to ``stop`` as they are; all are readable."""
        pixels = self.pixels[start:stop]
        return pixels, np.ones(len(pixels), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class EmbeddedBatch:
    """A batch that begins with image ``start``.

    It has rows of unit length (n, D), and which of them are readable.
    """

    start: int
    embeddings: NDArray[np.float32]
    readable: NDArray[np.bool_]


def embed_batches(
    model: FaceModel, images: Images, *, flip: bool = True, batch_size: int = 128
) -> Iterator[EmbeddedBatch]:
    """Embed ``images`` in order.

    Args:
        model: Takes the images in its own size.
        images: What to embed; unreadable ones are embedded as black images.
        flip: Add the embedding of the flipped image before the length becomes one.
        batch_size: Images per batch.

    Raises:
        InvalidInput: If the embedding of a readable image is not finite, or is zero, which has no
            direction.
    """
    for start in range(0, len(images), batch_size):
        pixels, readable = images.decode(start, min(start + batch_size, len(images)), model.size)
        embeddings = _embed(model, pixels, flip)
        _require_directions(model, embeddings[readable])
        yield EmbeddedBatch(start, embeddings, readable)


def embed_views(
    model: FaceModel, pixels: NDArray[np.uint8], readable: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Embeddings of images and of their mirror images, apart.

    Args:
        model: Takes the images in their size.
        pixels: uint8 (N, H, W, 3).
        readable: (N,), which of them count; the embeddings of the others are zero.

    Returns:
        (N, 2, D): of each image and of its mirror image, each of length 1.

    Raises:
        InvalidInput: As :func:`embed_batches`.
    """
    views = np.stack(
        [_embed(model, pixels, flip=False), _embed(model, pixels[:, :, ::-1], flip=False)], axis=1
    )
    _require_directions(model, views[readable].reshape(-1, views.shape[2]))
    views[~readable] = 0.0
    return views


def embed_images(
    model: FaceModel, images: Images, *, flip: bool = True, batch_size: int = 128
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """:func:`embed_batches` as whole arrays: (N, D), and which of the N are readable."""
    return gathered(embed_batches(model, images, flip=flip, batch_size=batch_size))


embed_pictures = embed_images
"""Its former name."""


def embed_network(
    network: nn.Module,
    images: Images,
    *,
    size: tuple[int, int],
    mean: PerChannel,
    std: PerChannel,
    name: str = "images",
    batch_size: int = 128,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """:func:`embed_images` by a network that is being trained.

    It runs in eval mode on the device of its parameters; every module gets its own mode back
    afterwards.

    Args:
        network: (N, 3, H, W) to (N, D).
        images: What to embed.
        size: (height, width) of its input.
        mean: Of pixels from 0 to 255: one number, or one for each of red, green and blue.
        std: Likewise; a pixel is normalised as (pixel - mean) / std.
        name: What the images are, for errors.
        batch_size: Images per batch.

    Raises:
        TrialError: If an embedding is not finite, or is zero.
    """
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    model = FaceModel(name, network, *size, mean, std, device)
    try:
        with _in_eval_mode(network):
            return embed_images(model, images, batch_size=batch_size)
    except InvalidInput:
        raise TrialError(f"the network's embeddings of {name} are not finite, or zero") from None


def embed(
    network: nn.Module,
    images: NDArray[np.uint8],
    *,
    mean: PerChannel,
    std: PerChannel,
    batch_size: int = 128,
) -> NDArray[np.float32]:
    """:func:`embed_network` of uint8 images (N, H, W, 3) in memory: float32 (N, D)."""
    height, width = images.shape[1:3]
    found, _ = embed_network(
        network,
        DecodedImages(images),
        size=(height, width),
        mean=mean,
        std=std,
        batch_size=batch_size,
    )
    return found


def gathered(batches: Iterable[EmbeddedBatch]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """All ``batches`` as whole arrays."""
    done = list(batches)
    if not done:
        return np.empty((0, 0), dtype=np.float32), np.empty(0, dtype=np.bool_)
    return np.concatenate([b.embeddings for b in done]), np.concatenate([b.readable for b in done])


@contextmanager
def _in_eval_mode(network: nn.Module) -> Iterator[None]:
    """Every module of ``network`` in eval mode for the block, and in its own mode afterwards."""
    # Module by module: a caller may keep some in eval mode while the rest trains.
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _require_directions(model: FaceModel, embeddings: NDArray[np.float32]) -> None:
    if not np.isfinite(embeddings).all():
        raise InvalidInput(f"{model.name}: its embeddings are not finite")
    zero = np.count_nonzero(~embeddings.any(axis=1))
    if zero:
        rule = "its embeddings must not be zero"
        raise InvalidInput(f"{model.name}: {rule}, got {zero} of {len(embeddings)}")


def _embed(model: FaceModel, pixels: NDArray[np.uint8], flip: bool) -> NDArray[np.float32]:
    with torch.inference_mode():
        batch = normalised(
            torch.from_numpy(np.ascontiguousarray(pixels)).to(model.device), model.mean, model.std
        )
        embeddings = model.run(batch) + model.run(batch.flip(3)) if flip else model.run(batch)
        unit: NDArray[np.float32] = F.normalize(embeddings.float(), dim=1).cpu().numpy()
    return unit
