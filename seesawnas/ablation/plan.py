"""``AblationPlan``: all that an ablation is asked to do, as one value; and how a study file and options become one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seesawnas.ablation.base import BaseFactors
from seesawnas.ablation.document import AblationKeys
from seesawnas.ablation.levels import Levels
from seesawnas.ablation.result import DesignKind
from seesawnas.errors import StudyError
from seesawnas.study import EngineSettings, Proxy, StudyFile, study_folder
from seesawnas.study.keys import Place, data_words, default_name, faults_in, placer, run_values
from seesawnas.units import format_duration

NETWORK = "network"
"""The factor whose levels are whole networks."""


@dataclass(frozen=True, slots=True)
class AblationPlan:
    """What an ablation is asked to do.

    base: REF of the network that is changed; scale: multiplies all its widths first; levels: those given, of some of the
    ``factors``; against: REFs of whole networks; matched: arms are rescaled in width to the base's MAdds; seeds: trainings
    of each network, from ``proxy.seed`` on; seconds: of this run.
    """

    base: str
    study: str
    scale: float = 1.0
    factors: tuple[str, ...] = ()
    levels: Levels = field(default_factory=dict)
    against: tuple[str, ...] = ()
    design: DesignKind = "one-at-a-time"
    matched: bool = False
    seeds: int = 5
    quality: str = "auc"
    data: str | None = None
    seconds: float | None = None
    proxy: Proxy = field(default_factory=lambda: Proxy.for_data(None))
    storage: str | None = None
    engine: EngineSettings = field(default_factory=EngineSettings)
    silence: float = 3600.0

    @property
    def training_seeds(self) -> tuple[int, ...]:
        """The same for every arm: its trainings see the same pictures in the same order as the base's."""
        return tuple((self.proxy.seed + number) % 2**63 for number in range(self.seeds))

    @property
    def folder(self) -> Path:
        """Where the study's files lie."""
        return study_folder(self.study)

    @property
    def checkpoints(self) -> Path:
        """Where trials under way are kept between two epochs."""
        return self.folder / "checkpoints"

    def to_mapping(self) -> dict[str, Any]:
        """As a study file holds it, nothing left to defaults but levels; what is None is left out."""
        keys = {
            "study": self.study,
            "base": self.base,
            "scale": self.scale,
            "factors": list(self.factors),
            "levels": {factor: list(words) for factor, words in self.levels.items()} or None,
            "against": list(self.against) or None,
            "design": self.design,
            "match": "madds" if self.matched else "none",
            "seeds": self.seeds,
            "quality": self.quality,
            "data": self.data,
            "time": None if self.seconds is None else format_duration(self.seconds),
            **run_values(self.proxy, self.engine, self.storage, self.silence),
        }
        return {name: value for name, value in keys.items() if value is not None}


def plan_of(file: StudyFile | None, options: Mapping[str, Any]) -> AblationPlan:
    """The plan of a study file and of ``options``, which hold the same keys and win; either may be absent.

    Raises StudyError, one line a fault.
    """
    if file is not None:
        file.must_be("ablation", "a study file of ablations, with a base")
    values = {**(file.values if file else {}), **options}
    if "factors" in options and "levels" not in options:
        _drop_levels(values)
    place = placer(file, options)
    own = BaseFactors(values.get("base"))
    faults, _ = faults_in(AblationKeys, values, place, context=own)
    if faults:
        raise StudyError("\n".join(dict.fromkeys([*own.faults, *faults])))
    keys = AblationKeys.model_validate(values, context=own)
    faults = list(_conflicts(keys, place))
    if faults:
        raise StudyError("\n".join(faults))
    return AblationPlan(
        base=keys.base,
        scale=keys.scale,
        study=keys.study or (file.name if file else _name(keys)),
        factors=keys.factors or tuple(keys.levels),
        levels=keys.levels,
        against=keys.against,
        design=keys.design,
        matched=keys.match == "madds",
        seeds=keys.seeds,
        quality=keys.quality,
        data=keys.data,
        seconds=keys.time,
        proxy=keys.proxy(),
        storage=keys.storage,
        engine=keys.settings(),
        silence=keys.silence,
    )


def _drop_levels(values: dict[str, Any]) -> None:
    """Of a study file's levels keep those of the factors that an option chose instead of its own."""
    chosen, levels = re.split(r"[\s,;]+", str(values["factors"])), values.get("levels")
    if isinstance(levels, dict):
        values["levels"] = {factor: words for factor, words in levels.items() if factor in chosen}


def _conflicts(keys: AblationKeys, place: Place) -> Iterator[str]:
    """What is wrong with several keys together."""
    if not (keys.factors or keys.levels or keys.against):
        yield f"{place('factors')} must name what is changed, got nothing: such as split,kind,se; or --against a network"
    for factor in keys.levels:
        if keys.factors and factor not in keys.factors:
            yield f"{place('levels')} must be of the factors {', '.join(keys.factors)}, got {factor}"
    if keys.against and keys.design != "one-at-a-time":
        yield f"{place('against')} must go with design one-at-a-time, got {keys.design}: whole networks cannot be crossed"
    yield from keys.engine_conflicts(place)


def _name(keys: AblationKeys) -> str:
    return default_name("ablate", Path(keys.base).stem, *data_words(keys.data))
