"""Images to embeddings, as they are verified: image and mirror image added, length one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.data import EncodedImages
from seesawnas.errors import InvalidInput, TrialError
from seesawnas.evaluation.models.open import FaceModel
from seesawnas.nn import PerChannel, normalised


def embed(
    network: nn.Module, images: NDArray[np.uint8], *, mean: PerChannel, std: PerChannel, batch_size: int = 128
) -> NDArray[np.float32]:
    """Return float32 (N, D), rows of length one, of uint8 (N, H, W, 3) images normalised as (pixel - mean) / std.

    ``mean`` and ``std`` are one number, or one for each of red, green and blue.
    The network runs in eval mode where its parameters live; every module gets its own mode back afterwards.
    Raises TrialError where an embedding is not finite.
    """
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    parts: list[NDArray[np.float32]] = []
    with in_eval_mode(network), torch.inference_mode():
        for start in range(0, len(images), batch_size):
            pixels = torch.from_numpy(images[start : start + batch_size]).to(device)
            parts.append(_embed_batch(network, normalised(pixels, mean, std)).cpu().numpy())
    embeddings = np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)
    if not np.isfinite(embeddings).all():
        raise TrialError("the network's embeddings are not finite")
    return embeddings


def _embed_batch(network: nn.Module, batch: Tensor) -> Tensor:
    both = network(batch) + network(batch.flip(3))
    return nn.functional.normalize(both.float(), dim=1)


@contextmanager
def in_eval_mode(network: nn.Module) -> Iterator[None]:
    """Every module of ``network`` in eval mode for the block, and in its own mode afterwards."""
    # Module by module: a caller may keep some in eval mode while the rest trains.
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@dataclass(frozen=True, slots=True)
class EmbeddedBatch:
    """Images ``start`` and on: unit rows (n, D), and which pictures could be read."""

    start: int
    embeddings: NDArray[np.float32]
    readable: NDArray[np.bool_]


def embed_batches(
    model: FaceModel, pictures: EncodedImages, *, flip: bool = True, batch_size: int = 128
) -> Iterator[EmbeddedBatch]:
    """Embed ``pictures`` in order; ``flip`` adds the embedding of the mirror image before the length becomes one.

    Each is decoded for ``model``, in the shape that it takes. Raises InvalidInput where an embedding is not finite, or has no
    direction because it is zero.
    """
    for start in range(0, len(pictures), batch_size):
        images, readable = pictures.decode(start, min(start + batch_size, len(pictures)), model.size)
        embeddings = _embed(model, images, flip)
        if not np.isfinite(embeddings[readable]).all():
            raise InvalidInput(f"{model.name}: its embeddings are not finite")
        zero = np.count_nonzero(~embeddings[readable].any(axis=1))
        if zero:
            rule = "its embeddings must not be zero, which has no direction"
            raise InvalidInput(f"{model.name}: {rule}, got {zero} of {np.count_nonzero(readable)}")
        yield EmbeddedBatch(start, embeddings, readable)


def embed_pictures(
    model: FaceModel, pictures: EncodedImages, *, flip: bool = True, batch_size: int = 128
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """:func:`embed_batches` as whole arrays: (N, D) and which of the N could be read."""
    return gathered(embed_batches(model, pictures, flip=flip, batch_size=batch_size))


def gathered(batches: Iterable[EmbeddedBatch]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """All ``batches`` as whole arrays."""
    done = list(batches)
    return np.concatenate([b.embeddings for b in done]), np.concatenate([b.readable for b in done])


def _embed(model: FaceModel, images: NDArray[np.uint8], flip: bool) -> NDArray[np.float32]:
    with torch.inference_mode():
        batch = normalised(torch.from_numpy(images).to(model.device), model.mean, model.std)
        embeddings = model.run(batch) + model.run(batch.flip(3)) if flip else model.run(batch)
        unit: NDArray[np.float32] = F.normalize(embeddings.float(), dim=1).cpu().numpy()
    return unit
