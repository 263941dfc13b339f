"""Verification sets that a network is evaluated on while it trains."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from seesawnas.arch.spec import Input
from seesawnas.data import PairSet, read_pairs
from seesawnas.errors import DataError
from seesawnas.evaluation import Pairs, check_pairs, embed_network, evaluate, few_cautions
from seesawnas.io.files import expanded


@dataclass(frozen=True, eq=False)
class Benchmark:
    """A verification set; its images stay encoded and are decoded per batch."""

    found: PairSet

    @property
    def name(self) -> str:
        """The set's."""
        return self.found.name

    def score(self, network: nn.Module, inputs: Input) -> dict[str, Any]:
        """What ``seesawnas eval`` reports of the network, without intervals, as JSON values.

        Raises:
            TrialError: If an embedding is not finite, or zero.
        """
        size = (inputs.height, inputs.width)
        embeddings, readable = embed_network(
            network,
            self.found.images,
            size=size,
            mean=inputs.mean,
            std=inputs.std,
            name=self.name,
        )
        kept = self.found.without(readable)
        found = evaluate(embeddings, _pairs(kept), folds=kept.folds, resamples=0)
        return {
            "accuracy": found.accuracy,
            "std": found.std,
            "auc": found.auc,
            "eer": found.eer,
            "tar@far": dict(found.tar_at_far),
            "pairs": found.pairs,
            "notes": [*found.cautions, *few_cautions(_pairs(kept), kept.people)],
        }


def read_benchmarks(paths: Sequence[str], size: tuple[int, int]) -> list[Benchmark]:
    """The verification sets at ``paths``, each once.

    Sets with equal names are named by their paths.

    Raises:
        DataError: If :func:`read_benchmark` raises it for one of them.
    """
    once: dict[str, str] = {}
    for path in paths:
        once.setdefault(os.path.realpath(expanded(path)), path)
    sets = [(path, read_benchmark(path, size)) for path in once.values()]
    names = Counter(one.name for _, one in sets)
    return [
        one if names[one.name] == 1 else Benchmark(replace(one.found, name=path))
        for path, one in sets
    ]


def read_benchmark(path: str, size: tuple[int, int]) -> Benchmark:
    """The verification set at ``path``, images in ``size`` (H, W).

    Raises:
        DataError: If it cannot be read, or has too few pairs: that must not be found out after the
            first epoch.
    """
    found = read_pairs(path, resolution=size)
    readable = np.ones(len(found.images), dtype=np.bool_)
    if not _has_enough(found, readable):
        kept = found.without(readable)
        try:
            check_pairs(_pairs(kept))
        except DataError as error:
            raise DataError("; ".join([f"{path}: {error}", *kept.notes])) from None
    return Benchmark(found)


def _has_enough(found: PairSet, readable: NDArray[np.bool_]) -> bool:
    """Whether four pairs of both kinds can be read.

    No more images are read; those that are unreadable are marked in ``readable`` (N,).
    """
    kinds: list[bool] = []
    in_turn = np.argsort(
        np.where(found.same, np.cumsum(found.same), np.cumsum(~found.same)), kind="stable"
    )
    for pair in in_turn.tolist():
        both = (int(found.left[pair]), int(found.right[pair]))
        for image in both:
            readable[image] = found.images.decode(image, image + 1)[1][0]
        kinds += [bool(found.same[pair])] if all(readable[image] for image in both) else []
        if len(kinds) >= 4 and 0 < sum(kinds) < len(kinds):
            return True
    return False


def _pairs(found: PairSet) -> Pairs:
    return Pairs(found.left, found.right, found.same)
