"""``AblationPlan``: all that an ablation is asked to do, as one value; and how a study file and options become one.

An ablation as a YAML document: the options of ``seesawnas ablate`` by their names, checked all at once.

Keys:

    base                        the network that is changed, a REF
    scale                       multiplies all widths first, of the base and of others
    factors, levels             what is changed: split,kind,se; and to what: {se: [0, 4]}
    against                     other whole networks to compare with, REFs
    design                      one-at-a-time, full or fractional
    match                       madds: arms are rescaled in width to the base's MAdds; or none
    seeds                       how many trainings of each network
    quality                     what is compared: accuracy, auc, ...

and those of :mod:`seesawnas.study.settings`; ``seed`` is the first of the seeds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationInfo

from seesawnas.ablation.factors import Factor, OwnFactors, factors_of, known_factor, no_factors, parse_level
from seesawnas.ablation.levels import Levels, parse_factors, parse_levels
from seesawnas.ablation.result import DesignKind
from seesawnas.ablation.widths import scaled
from seesawnas.arch import ArchSpec
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.space.document import Text
from seesawnas.study import QUALITIES, EngineSettings, Proxy, StudyFile, reference, study_folder
from seesawnas.study.settings import (
    RUN_RANGES,
    Place,
    RunKeys,
    data_words,
    default_name,
    faults_in,
    given,
    one_of,
    placer,
    run_values,
    told,
    whole,
)
from seesawnas.text import short
from seesawnas.train.recipe import number
from seesawnas.units import format_duration


def find_network(ref: str, scale: float = 1.0) -> ArchSpec:
    """The network that ``ref`` names, of the library, a file or a study, its widths times ``scale``. Raises InvalidInput."""
    spec = reference.find_network(ref).spec
    return spec if scale == 1 else scaled(spec, scale).renamed(f"{spec.name} x {scale:g}")


class BaseFactors:
    """Gives the factors of the base, whose kinds may have some that no kind known by name has.

    The base is read when they are first asked for, so that it costs nothing where the known factors are enough.
    """

    def __init__(self, ref: Any) -> None:
        self.faults: list[str] = []
        """Why it could not be read, a line each, if it was asked for."""
        self._ref = ref

    def __call__(self) -> Mapping[str, Factor]:
        """By name; none where the base cannot be read."""
        return self._factors

    @cached_property
    def _factors(self) -> Mapping[str, Factor]:
        if not isinstance(self._ref, str):
            return {}  # the key's own rule says it
        try:
            return factors_of(find_network(self._ref))
        except InvalidInput as error:
            self.faults += str(error).splitlines()
            return {}


DESIGNS: tuple[str, ...] = get_args(DesignKind)
RANGES: dict[str, tuple[int, int]] = {"seeds": (1, 1000), **RUN_RANGES}
"""The whole numbers of a plan, by their names in a study file, both ends included."""


def _factors(raw: Any, info: ValidationInfo) -> Any:
    parse = partial(parse_factors, own=_own(info))
    if raw in (None, "", []):
        return ()
    try:
        return told(parse, "factors", ",".join(map(str, raw)) if isinstance(raw, list) else raw)
    except ValueError as error:
        raise ValueError(str(error).removeprefix("factor ")) from None


def _levels(raw: Any, info: ValidationInfo) -> Any:
    own = _own(info)
    if not isinstance(raw, dict):
        return {} if raw is None else told(partial(parse_levels, own=own), "levels", raw)
    return {factor: _words(factor, words, own) for factor, words in raw.items()}


def _own(info: ValidationInfo) -> OwnFactors:
    """What gives the base's factors, if the document is read with it."""
    return info.context or no_factors


def _words(factor: Any, raw: Any, own: OwnFactors) -> Any:
    told(partial(known_factor, own=own), "factor", factor)
    words = raw if isinstance(raw, list) else str(raw).split(",")
    found = tuple(told(partial(parse_level, str(factor), own=own), "", word) for word in words)
    if len(set(found)) < len(found):
        raise ValueError(f"must have each level of {factor} once, got {', '.join(map(str, words))}")
    return found


def _references(raw: Any) -> Any:
    refs = raw if isinstance(raw, list) else str(raw or "").split(",")
    if not all(isinstance(ref, str) for ref in refs):
        raise ValueError(f"must be REFs such as paper/seesaw_share, got {short(repr(raw))}")
    return tuple(dict.fromkeys(ref.strip() for ref in refs if ref.strip()))


def _match(raw: Any) -> Any:
    return one_of(("none", "madds"), "none" if raw is None else raw)


class AblationKeys(RunKeys):
    """The whole document.

    Its validation's context, if there is one, gives the factors of the base: see :class:`seesawnas.ablation.plan.BaseFactors`.
    """

    base: Text
    scale: Annotated[float, BeforeValidator(partial(number, 0.01, 100)), BeforeValidator(given)] = 1.0
    factors: Annotated[tuple[str, ...], BeforeValidator(_factors)] = ()
    levels: Annotated[Levels, BeforeValidator(_levels)] = Field(default_factory=dict)
    against: Annotated[tuple[str, ...], BeforeValidator(_references)] = ()
    design: Annotated[DesignKind, BeforeValidator(partial(one_of, DESIGNS))] = "one-at-a-time"
    match: Annotated[Literal["none", "madds"], BeforeValidator(_match)] = "none"
    seeds: Annotated[int, BeforeValidator(partial(whole, *RANGES["seeds"])), BeforeValidator(given)] = 5
    quality: Annotated[str, BeforeValidator(partial(one_of, tuple(QUALITIES)))] = "auc"


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
