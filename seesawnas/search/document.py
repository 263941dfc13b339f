"""A study as a YAML document: the search command's options by their names, checked all at once.

Keys:

    about                       a sentence
    study, storage              the folder under runs/; where Optuna stores it
    budget, space, data         which networks, and the faces they learn
    objectives                  a quality, then costs: accuracy,madds
    sampler, points             what is tried: TPE after fixed points (all, none, or REFs)
    trials, time, patience, target
                                the first of these that holds ends the search
    early_stopping              none, or asha, asha:FIRST, asha:FIRST:FACTOR
    repeats, repeat_top         new training seeds for each of the best networks
    epochs, resolution, pairs, share, recipe
                                the proxy; share of the training people; recipe: what differs from the default one
    seed                        of proposals, people, training and pairs
    engine, workers, cpus_per_trial, gpus_per_trial, ray_address, silence
                                what runs the trials
    provenance                  what made a resolved study file; not read
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

from seesawnas.cost import Budget
from seesawnas.errors import InvalidInput
from seesawnas.search.plan import RANGES, SAMPLERS
from seesawnas.space.document import Text
from seesawnas.study import Halving, Objectives
from seesawnas.train.recipe_file import RECIPE_KEYS, RecipeKeys, number
from seesawnas.units import parse_duration

_STOPPING = re.compile(r"asha(?::(\d+))?(?::(\d+))?")


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
            raise ValueError(f"must be none, asha, asha:FIRST or asha:FIRST:FACTOR, got {text}")
        first, factor = match.groups()
        found = cls(None if first is None else int(first), Halving().factor if factor is None else int(factor))
        found.at(epochs=1)
        return found

    def at(self, epochs: int) -> Halving:
        """For trials of ``epochs`` epochs."""
        return Halving(max(1, epochs // 4) if self.first is None else self.first, self.factor)


def _told(parse: Callable[[str], Any], subject: str, raw: Any) -> Any:
    """What ``parse`` makes of text; its errors as pydantic wants them, without the ``subject`` that the place names."""
    try:
        return parse(raw if isinstance(raw, str) else str(raw))
    except InvalidInput as error:
        raise ValueError(str(error).removeprefix(f"{subject} ")) from None


def _budget(raw: Any) -> Any:
    if not isinstance(raw, (str, int)) or isinstance(raw, bool):
        raise ValueError(f"must be text such as 150M, got {raw}")
    _told(Budget.parse, "budget", raw)
    return str(raw)


def _objectives(raw: Any) -> Any:
    return _told(Objectives.parse, "objectives", ",".join(map(str, raw)) if isinstance(raw, list) else raw)


def _early_stopping(raw: Any) -> Any:
    return None if raw in (None, "none") else _told(EarlyStopping.parse, "early stopping", raw)


def _points(raw: Any) -> Any:
    if raw in ("all", "none", None):
        return None if raw == "all" else ()
    refs = raw if isinstance(raw, list) else str(raw).split(",")
    if not all(isinstance(ref, str) and ref.strip() for ref in refs):
        raise ValueError(f"must be all, none, or REFs such as paper/seesaw_share, got {raw!r}")
    return tuple(dict.fromkeys(ref.strip() for ref in refs))


def _duration(raw: Any) -> Any:
    return None if raw in (None, "none") else parse_duration(raw)


def _whole(name: str, raw: Any) -> Any:
    low, high = RANGES[name]
    if raw is None:
        return raw
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise ValueError(f"must be a whole number from {low} to {high}, got {raw}")
    if not low <= raw <= high:
        raise ValueError(f"must be from {low} to {high}, got {raw}")
    return raw


def _one_of(names: tuple[str, ...], raw: Any) -> Any:
    if raw not in names:
        raise ValueError(f"must be one of {', '.join(names)}, got {raw}")
    return raw


def _given(raw: Any) -> Any:
    if raw is None:
        raise ValueError("must have a value, got none")
    return raw


ENGINES = ("ray", "local", "inline")
"""Names that ``engine`` may have; :mod:`seesawnas.search.engines` makes them."""
Seconds: TypeAlias = Annotated[float | None, BeforeValidator(_duration)]


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class StudyKeys(_Keys):
    """The whole document."""

    about: Text = ""
    study: Text | None = None
    storage: Text | None = None
    budget: Annotated[str, BeforeValidator(_budget)]
    space: Text = "seesaw"
    data: Text | None = None
    objectives: Annotated[Objectives, BeforeValidator(_objectives)] = Objectives()
    sampler: Annotated[str, BeforeValidator(partial(_one_of, SAMPLERS))] = "linear"
    points: Annotated[tuple[str, ...] | None, BeforeValidator(_points)] = None
    trials: Annotated[int | None, BeforeValidator(partial(_whole, "trials"))] = None
    time: Seconds = None
    patience: Annotated[int | None, BeforeValidator(partial(_whole, "patience"))] = None
    target: Annotated[float | None, BeforeValidator(partial(number, 0, 1000))] = None
    early_stopping: Annotated[EarlyStopping | None, BeforeValidator(_early_stopping)] = None
    repeats: Annotated[int, BeforeValidator(partial(_whole, "repeats")), BeforeValidator(_given)] = 0
    repeat_top: Annotated[int, BeforeValidator(partial(_whole, "repeat_top")), BeforeValidator(_given)] = 5
    epochs: Annotated[int | None, BeforeValidator(partial(_whole, "epochs"))] = None
    resolution: Annotated[int | None, BeforeValidator(partial(_whole, "resolution"))] = None
    pairs: Annotated[int | None, BeforeValidator(partial(_whole, "pairs"))] = None
    share: Annotated[float | None, BeforeValidator(partial(number, 0.01, 1))] = None
    recipe: RecipeKeys = RecipeKeys()
    seed: Annotated[int, BeforeValidator(partial(_whole, "seed")), BeforeValidator(_given)] = 0
    engine: Annotated[str, BeforeValidator(partial(_one_of, ENGINES))] = "ray"
    workers: Annotated[int | None, BeforeValidator(partial(_whole, "workers"))] = None
    cpus_per_trial: Annotated[float | None, BeforeValidator(partial(number, 0.01, 1024))] = None
    gpus_per_trial: Annotated[float | None, BeforeValidator(partial(number, 0, 64))] = None
    ray_address: Text | None = None
    silence: Annotated[float, BeforeValidator(parse_duration), BeforeValidator(_given)] = 3600.0
    provenance: dict[str, Any] = {}


def known_keys(place: tuple[int | str, ...]) -> list[str]:
    """The keys that stand beside the one at ``place``."""
    return list(RECIPE_KEYS) if len(place) > 1 and place[0] == "recipe" else list(StudyKeys.model_fields)
