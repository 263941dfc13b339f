"""``SearchPlan``: all that a study is asked to do, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seesawnas.cost import Budget
from seesawnas.errors import StudyError
from seesawnas.study import ACCURACY, EngineSettings, Halving, Objectives, Proxy, StopRules, study_folder
from seesawnas.study.keys import RUN_RANGES, run_values
from seesawnas.units import format_duration

SAMPLERS = ("random", "tpe", "nsga2", "gp", "evolution", "linear")
"""Names that ``sampler`` may have; :mod:`seesawnas.search.samplers` makes them."""
DEFAULT_TRIALS = 12
RANGES: dict[str, tuple[int, int]] = {
    "trials": (1, 10**6),
    "patience": (1, 10**6),
    "repeats": (0, 100),
    "repeat_top": (1, 1000),
    **RUN_RANGES,
}
"""The whole numbers of a plan, by their names in a study file, both ends included."""


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search is asked to do.

    study: the folder under runs/; data: a folder of faces, None for the default set; points: REFs of fixed points, None
    for every paper point that fits; repeats: new training seeds for each of the ``repeat_top`` best networks; silence:
    seconds without an epoch after which a trial counts as hanging. Raises StudyError with every fault.
    """

    budget: Budget
    study: str
    space: str = "seesaw"
    data: str | None = None
    objectives: Objectives = ACCURACY
    sampler: str = "linear"
    points: tuple[str, ...] | None = None
    rules: StopRules = field(default_factory=lambda: StopRules(trials=DEFAULT_TRIALS))
    halving: Halving | None = None
    repeats: int = 0
    repeat_top: int = 5
    proxy: Proxy = field(default_factory=lambda: Proxy.for_data(None))
    storage: str | None = None
    engine: EngineSettings = field(default_factory=EngineSettings)
    silence: float = 3600.0

    def __post_init__(self) -> None:
        faults = [
            f"{name} must be from {low} to {high}, got {value}"
            for name, (low, high) in RANGES.items()
            if (value := self.numbers[name]) is not None and not low <= value <= high
        ]
        if faults:
            raise StudyError("\n".join(faults))

    @property
    def numbers(self) -> dict[str, int | None]:
        """The whole numbers, by their names in a study file."""
        return {
            "trials": self.rules.trials,
            "patience": self.rules.patience,
            "repeats": self.repeats,
            "repeat_top": self.repeat_top,
            "epochs": self.proxy.recipe.epochs,
            "resolution": self.proxy.resolution,
            "pairs": self.proxy.pairs,
            "seed": self.seed,
            "workers": self.engine.workers,
        }

    @property
    def seed(self) -> int:
        """Seeds proposals, people, training and pairs."""
        return self.proxy.seed

    @property
    def repeat_seeds(self) -> tuple[int, ...]:
        """The training seeds of the repeats: those that follow the study's own, the same for every network."""
        return tuple((self.seed + number) % 2**63 for number in range(1, self.repeats + 1))

    @property
    def folder(self) -> Path:
        """Where the study's files lie."""
        return study_folder(self.study)

    @property
    def checkpoints(self) -> Path:
        """Where trials under way are kept between two epochs."""
        return self.folder / "checkpoints"

    def to_mapping(self) -> dict[str, Any]:
        """As a study file holds it, nothing left to defaults; what is None is left out.

        A storage with a user or a password is left out too: the study's folder remembers it, for its owner's eyes alone.
        """
        rules = self.rules
        keys = {
            "study": self.study,
            "budget": str(self.budget),
            "space": self.space,
            "data": self.data,
            "objectives": list(self.objectives.names),
            "sampler": self.sampler,
            "points": "all" if self.points is None else list(self.points),
            "trials": rules.trials,
            "time": None if rules.seconds is None else format_duration(rules.seconds),
            "patience": rules.patience,
            "target": rules.target,
            "early_stopping": words_of(self.halving),
            "repeats": self.repeats,
            "repeat_top": self.repeat_top,
            **run_values(self.proxy, self.engine, self.storage, self.silence),
        }
        return {name: value for name, value in keys.items() if value is not None}


def words_of(halving: Halving | None) -> str:
    """Early stopping as a study file spells it: ``none``, or ``asha:FIRST:FACTOR``."""
    return "none" if halving is None else f"asha:{halving.first}:{halving.factor}"
