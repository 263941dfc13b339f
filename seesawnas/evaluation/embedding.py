"""Pictures to embeddings, as they are verified: image and mirror image added, length one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seesawnas.errors import TrialError
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
