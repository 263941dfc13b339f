"""What a step of a training works on."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Images as they are shown to the network, and which they are.

    Attributes:
        images: uint8 (N, H, W, 3), flipped, shifted and distorted.
        labels: int64 (N,), the class of each; ``NO_CLASS`` for an image of an identity that is
            none, which is for distillation alone.
        indices: int64 (N,), which image of the data each is, on the CPU.
        flipped: bool (N,), whether each is mirrored, on the CPU.
        unreadable: Index and reason of each image that could not be read; another of the batch
            stands in its place.
    """

    images: Tensor
    labels: Tensor
    indices: Tensor
    flipped: Tensor
    unreadable: tuple[tuple[int, str], ...] = ()
