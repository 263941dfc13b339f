"""``SearchPlan``: all that a study is asked to do, as one value.

A study as a YAML document: the search command's options by their names, checked all at once.

Keys:

    budget, space               which networks
    objectives                  a quality, then costs: accuracy,madds
    sampler, points             what is tried after fixed points (all, none, or REFs)
    trials, time, patience, target
                                the first of these that holds ends the search
    early_stopping              none, or asha, asha:FIRST, asha:FIRST:FACTOR
    repeats, repeat_top         new training seeds for each of the best networks

and those of :mod:`seesawnas.study.settings`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from seesawnas.cost import Budget
from seesawnas.errors import StudyError
from seesawnas.space.document import Text
from seesawnas.study import ACCURACY, EngineSettings, Halving, Objectives, Proxy, StopRules, study_folder
from seesawnas.study.settings import RUN_RANGES, RunKeys, given, one_of, run_values, told, whole
from seesawnas.text import short
from seesawnas.train.recipe import number
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


_STOPPING = re.compile(r"asha(?::([0-9]{1,9}))?(?::([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """ASHA as asked for; ``first`` None is a quarter of the epochs."""

    first: int | None
    factor: int

    @classmethod
    def parse(cls, text: str) -> EarlyStopping:
        """``asha``, ``asha:FIRST`` or ``asha:FIRST:FACTOR``. Raises ValueError."""
        match = _STOPPING.fullmatch(text)
        if match is None:
            raise ValueError(f"must be none, asha, asha:FIRST or asha:FIRST:FACTOR, got {short(text)}")
        first, factor = match.groups()
        found = cls(None if first is None else int(first), Halving().factor if factor is None else int(factor))
        found.at(epochs=1)
        return found

    def at(self, epochs: int) -> Halving:
        """For trials of ``epochs`` epochs."""
        return Halving(max(1, epochs // 4) if self.first is None else self.first, self.factor)


def _budget(raw: Any) -> Any:
    if not isinstance(raw, (str, int)) or isinstance(raw, bool):
        raise ValueError(f"must be text such as 150M, got {short(raw)}")
    told(Budget.parse, "budget", raw)
    return str(raw)


def _objectives(raw: Any) -> Any:
    return told(Objectives.parse, "objectives", ",".join(map(str, raw)) if isinstance(raw, list) else raw)


def _early_stopping(raw: Any) -> Any:
    return None if raw in (None, "none") else told(EarlyStopping.parse, "early stopping", raw)


def _points(raw: Any) -> Any:
    if raw in ("all", "none", None):
        return None if raw == "all" else ()
    refs = raw if isinstance(raw, list) else str(raw).split(",")
    if not all(isinstance(ref, str) and ref.strip() for ref in refs):
        raise ValueError(f"must be all, none, or REFs such as paper/seesaw_share, got {short(repr(raw))}")
    return tuple(dict.fromkeys(ref.strip() for ref in refs))


class StudyKeys(RunKeys):
    """The whole document."""

    budget: Annotated[str, BeforeValidator(_budget)]
    space: Text = "seesaw"
    objectives: Annotated[Objectives, BeforeValidator(_objectives)] = Objectives()
    sampler: Annotated[str, BeforeValidator(partial(one_of, SAMPLERS))] = "linear"
    points: Annotated[tuple[str, ...] | None, BeforeValidator(_points)] = None
    trials: Annotated[int | None, BeforeValidator(partial(whole, *RANGES["trials"]))] = None
    patience: Annotated[int | None, BeforeValidator(partial(whole, *RANGES["patience"]))] = None
    target: Annotated[float | None, BeforeValidator(partial(number, 0, 1000))] = None
    early_stopping: Annotated[EarlyStopping | None, BeforeValidator(_early_stopping)] = None
    repeats: Annotated[int, BeforeValidator(partial(whole, *RANGES["repeats"])), BeforeValidator(given)] = 0
    repeat_top: Annotated[int, BeforeValidator(partial(whole, *RANGES["repeat_top"])), BeforeValidator(given)] = 5
