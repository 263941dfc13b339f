"""Verification sets that a network is scored on while it trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from seesawnas.arch.spec import Input
from seesawnas.data import PairSet, read_pairs
from seesawnas.evaluation import FaceModel, Pairs, embed_pictures, evaluate, in_eval_mode


@dataclass(frozen=True, eq=False)
class Benchmark:
    """A verification set; its pictures stay encoded and are decoded by the batch at each scoring."""

    found: PairSet

    @property
    def name(self) -> str:
        """The set's."""
        return self.found.name

    def score(self, network: nn.Module, inputs: Input) -> dict[str, Any]:
        """What ``seesawnas eval`` says of the network, but for intervals and thresholds, as JSON values."""
        device = next(network.parameters()).device
        model = FaceModel(self.name, network, inputs.height, inputs.width, inputs.mean, inputs.std, device)
        with in_eval_mode(network):
            embeddings, readable = embed_pictures(model, self.found.pictures)
        kept = self.found.without(readable)
        pairs = Pairs(kept.left, kept.right, kept.same)
        told = evaluate(embeddings, pairs, folds=kept.folds, resamples=0)
        figures = {"accuracy": told.accuracy, "std": told.std, "auc": told.auc, "eer": told.eer}
        return {**figures, "tar@far": dict(told.tar_at_far), "pairs": told.pairs}


def read_benchmark(path: str, size: tuple[int, int]) -> Benchmark:
    """The verification set at ``path``, pictures to be cut to ``size`` (H, W). Raises DataError."""
    return Benchmark(read_pairs(path, resolution=max(size)))
