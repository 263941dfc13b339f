"""The best network of a training so far, by its verification sets, in a folder of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from seesawnas.nn.weights import write_model
from seesawnas.train.full.plan import TrainPlan

BEST = "best"
"""The folder, in that of a training run, of its best network."""


class Best:
    """The network with the highest mean AUC over the verification sets.

    It resolves more than the accuracy, by which equal AUCs are ordered; of two networks that are
    equal in both the earlier stays. If other sets are given when a training is resumed, it begins
    anew: their scores do not compare.
    """

    def __init__(self, plan: TrainPlan) -> None:
        self._plan = plan
        self.found: dict[str, Any] | None = None
        """Step, epochs done, accuracy, AUC and the sets, as JSON values; None before the first."""

    def take(
        self, network: nn.Module, scores: Mapping[str, Any], *, step: int, epochs: float
    ) -> bool:
        """Keep ``network`` if its ``scores`` by verification set are the best; whether they are."""
        if not scores:
            return False
        means = {name: _mean(scores, name) for name in ("accuracy", "auc")}
        found = {"step": step, "epochs": round(epochs, 3), **means, "sets": sorted(scores)}
        if self.found is not None and self.found["sets"] == found["sets"]:
            best, now = ((one["auc"], one["accuracy"]) for one in (self.found, found))
            if now <= best:
                return False
        write_model(
            self._plan.folder / BEST,
            self._plan.spec,
            network.state_dict(),
            trained=True,
            metadata={"seed": str(self._plan.seed), "step": str(step)},
        )
        self.found = found
        return True


def _mean(scores: Mapping[str, Any], key: str) -> float:
    return float(sum(score[key] for score in scores.values()) / len(scores))
