"""``ConfirmPlan``: all that a confirmation is asked to do.

Its fields declare the options of ``confirm``.

Nothing here imports torch or Optuna before a value needs it, so that help is fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seesawnas.analysis.spending import FIRST_LOOK, MOST_SEEDS
from seesawnas.plan.options import Number, Whole, inherited, option
from seesawnas.study.options import ENDS, JUDGED, RunPlan, as_objectives, metric_name
from seesawnas.text import short

MOST_NETWORKS = 32


def _networks(raw: Any) -> Any:
    refs = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(refs, list | tuple) or not all(isinstance(ref, str) for ref in refs):
        raise ValueError(f"must be REFs such as paper/seesaw_share, got {short(repr(raw))}")
    found = tuple(ref.strip() for ref in refs)
    if not 2 <= len(found) <= MOST_NETWORKS:
        raise ValueError(f"must be from 2 to {MOST_NETWORKS} REFs, got {len(found)}")
    again = next((ref for ref in found if found.count(ref) > 1), None)
    if again is not None:
        raise ValueError(f"must be different, got {again} twice")
    return found


@dataclass(frozen=True, kw_only=True)
class ConfirmPlan(RunPlan):
    """What a confirmation is asked to do.

    Attributes:
        networks: REFs of the candidate and its rivals; the command's arguments.
        seeds: The most trainings of each network, from ``seed`` on. What each look may spend of
            ``alpha`` follows from it, so it must stay.
        trainings: The budget of trainings of the whole study; None for no other limit than
            ``seeds``. It may change at any time: the intervals hold whenever one stops.
    """

    networks: tuple[str, ...] = option(_networks, must_stay=True, store=list)
    seeds: int = option(
        Whole(FIRST_LOOK, MOST_SEEDS),
        "K",
        ENDS,
        "The most training runs per network; all networks use the same seeds. Fixed at the start: "
        "what each look may decide follows from it. Default: 20.",
        default=20,
        must_stay=True,
    )
    trainings: int | None = option(
        Whole(2, 10**6, optional=True),
        "N",
        ENDS,
        "Budget of training runs of all networks together; more may be added later. Default: "
        "none, only --seeds.",
        default=None,
    )
    metric: str = option(
        metric_name,
        "NAME",
        JUDGED,
        "The metric to compare: accuracy, auc, tar_at_far_1e_2, tar_at_far_1e_3 or separation. "
        "Default: auc.",
        default="auc",
        must_stay=True,
        kept_as="objectives",
        keep=as_objectives,
    )
    alpha: float = option(
        Number(1e-4, 0.5),
        "P",
        JUDGED,
        "Probability that any verdict is wrong, of all pairs and looks together. Default: 0.05.",
        default=0.05,
        must_stay=True,
    )
    margin: float = option(
        Number(0, 1),
        "D",
        JUDGED,
        "A difference too small to matter, in the metric's own units (0.005 AUC): better means "
        "better by more than this. Default: 0.",
        default=0.0,
        must_stay=True,
    )
    data: str | None = inherited(RunPlan, "data")
    identities: int | None = inherited(RunPlan, "identities")
    seconds: float | None = inherited(RunPlan, "seconds")

    @classmethod
    def other_help(cls) -> Mapping[str, str]:
        """See the base."""
        return {
            "seed": "The first training seed; also the seed of the identity split and the pairs. "
            "Default: 0.",
            "study": "Name of the study, a folder under runs/. Default: derived from the study "
            "file, or from networks and data.",
        }

    @property
    def training_seeds(self) -> tuple[int, ...]:
        """The seeds of each network's trainings, the same for every network.

        All training runs from one seed see the same images in the same order.
        """
        return tuple((self.seed + number) % 2**63 for number in range(self.seeds))

    @property
    def most_trainings(self) -> int:
        """The most trainings that it may take."""
        most = len(self.networks) * self.seeds
        return most if self.trainings is None else min(most, self.trainings)
