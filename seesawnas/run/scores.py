"""Verification sets that a network is scored on while it trains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from seesawnas.arch.spec import Input
from seesawnas.data import read_bin
from seesawnas.evaluation import Pairs, embed, verify


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Pictures uint8 (N, H, W, 3), and the pairs of them to verify."""

    name: str
    images: NDArray[np.uint8]
    pairs: Pairs

    def score(self, network: nn.Module, inputs: Input) -> dict[str, Any]:
        """Accuracy, its standard deviation over the folds, AUC and TAR@FAR, as JSON values."""
        found = verify(embed(network, self.images, mean=inputs.mean, std=inputs.std), self.pairs)
        tar = {f"{rate:g}": value for rate, value in found.tar_at_far.items()}
        return {"accuracy": found.accuracy, "std": found.std, "auc": found.auc, "tar@far": tar, "pairs": found.pairs}


def read_benchmark(path: str, size: tuple[int, int]) -> Benchmark:
    """The verification set at ``path``, pictures cut to ``size`` (H, W) as the training cuts them. Raises DataError."""
    images, same = read_bin(path, resolution=max(size))
    top, left = (max(size) - size[0]) // 2, (max(size) - size[1]) // 2
    first = np.arange(0, len(images), 2)
    images = np.ascontiguousarray(images[:, top : top + size[0], left : left + size[1]])
    return Benchmark(Path(path).stem, images, Pairs(first, first + 1, same))
