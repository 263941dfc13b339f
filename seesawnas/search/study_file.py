"""From a study file, and options that override it, to a plan; every fault at once, each at its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from seesawnas.cost import Budget
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.search.document import StudyKeys, known_keys
from seesawnas.search.library import read_study
from seesawnas.search.plan import DEFAULT_TRIALS, EngineSettings, SearchPlan
from seesawnas.search.ready import check_surroundings
from seesawnas.space.faults import faults_of, one_line
from seesawnas.study import QUALITIES, Proxy, StopRules, repeats_name

Place = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A study file's ``values``, where they came from and the study's name where they give none."""

    values: Mapping[str, Any]
    source: str
    name: str

    @classmethod
    def read(cls, ref: str | Path) -> StudyFile:
        """The file that ``ref`` names. Raises InvalidInput."""
        values, name = read_study(ref)
        return cls(values, str(ref), name)


def plan_of(file: StudyFile | None, options: Mapping[str, Any]) -> SearchPlan:
    """The plan of a study file and of ``options``, which hold the same keys and win; either may be absent.

    Raises StudyError: one line a fault, of what does not parse and of what is not there alike.
    """
    values = {**(file.values if file else {}), **options}
    place = _placer(file, options)
    faults, bad = _faults(values, place)
    if faults:
        rest = {name: value for name, value in values.items() if isinstance(name, str) and name not in bad}
        faults += _more_faults({"budget": "1000G", **rest}, file, options, place)
        raise StudyError("\n".join(dict.fromkeys(faults)))
    return _plan(StudyKeys.model_validate(values), file, options, place)


def engine_of(**options: Any) -> EngineSettings:
    """The engine of options by their names in a study file, None where not given. Raises StudyError, every fault a line."""
    given = {name: value for name, value in options.items() if value is not None}
    return plan_of(None, {"budget": "1000G", **given}).engine


def _placer(file: StudyFile | None, options: Mapping[str, Any]) -> Place:
    """How a key is called in messages: by its option, or by its file and place."""

    def place(path: str) -> str:
        name = path.partition(".")[0]
        if file is None or name in options:
            return f"--{path.replace('_', '-')}"
        return f"{file.source}: {path}:"

    return place


def _faults(values: Mapping[str, Any], place: Place) -> tuple[list[str], set[str]]:
    try:
        StudyKeys.model_validate(values)
    except ValidationError as error:
        found = [(list(map(str, loc)), rule) for loc, rule in faults_of(error, known_keys)]
        return [one_line(f"{place('.'.join(loc))} {rule}") for loc, rule in found], {loc[0] for loc, _ in found}
    return [], set()


def _more_faults(rest: Mapping[str, Any], file: StudyFile | None, options: Container[str], place: Place) -> list[str]:
    """What else is wrong, found by going on with the keys that parse."""
    try:
        check_surroundings(_plan(StudyKeys.model_validate(rest), file, options, place))
    except InvalidInput as error:
        return str(error).splitlines()
    return []


def _plan(keys: StudyKeys, file: StudyFile | None, options: Container[str], place: Place) -> SearchPlan:
    proxy = _proxy(keys)
    study = keys.study or (file.name if file else _default_name(keys.budget, keys.data))
    faults = [*_conflicts(keys, proxy, place), *_misunderstood(keys, study, options, place)]
    if faults:
        raise StudyError("\n".join(faults))
    unlimited = keys.time is not None or keys.patience is not None or keys.target is not None
    trials = DEFAULT_TRIALS if keys.trials is None and not unlimited else keys.trials
    return SearchPlan(
        budget=Budget.parse(keys.budget),
        study=study,
        space=keys.space,
        data=keys.data,
        objectives=keys.objectives,
        sampler=keys.sampler,
        points=keys.points,
        rules=StopRules(trials, keys.time, keys.patience, keys.target),
        halving=None if keys.early_stopping is None else keys.early_stopping.at(proxy.recipe.epochs),
        repeats=keys.repeats,
        repeat_top=keys.repeat_top,
        proxy=proxy,
        storage=keys.storage,
        engine=EngineSettings(keys.engine, keys.workers, keys.cpus_per_trial, keys.gpus_per_trial, keys.ray_address),
        silence=keys.silence,
    )


def _proxy(keys: StudyKeys) -> Proxy:
    proxy = Proxy.for_data(keys.data, seed=keys.seed)
    changes = keys.recipe.model_dump(exclude_none=True)
    changes |= {} if keys.epochs is None else {"epochs": keys.epochs}
    return replace(
        proxy,
        recipe=replace(proxy.recipe, **changes),
        resolution=keys.resolution or proxy.resolution,
        pairs=keys.pairs or proxy.pairs,
        share=keys.share or proxy.share,
    )


def _conflicts(keys: StudyKeys, proxy: Proxy, place: Place) -> Iterator[str]:
    """What is wrong with two keys together."""
    epochs = proxy.recipe.epochs
    if keys.early_stopping is not None and (first := keys.early_stopping.at(epochs).first) >= epochs:
        yield f"{place('early_stopping')} must first judge before the last of {epochs} epochs, got epoch {first}"
    for name in ("cpus_per_trial", "gpus_per_trial", "ray_address"):
        if getattr(keys, name) is not None and keys.engine != "ray":  # the others have one core a trial, and no GPU
            yield f"{place(name)} must go with engine ray, got engine {keys.engine}"


def _misunderstood(keys: StudyKeys, study: str, options: Container[str], place: Place) -> Iterator[str]:
    """What could not do what it seems to ask for."""
    quality = keys.objectives.quality
    if keys.target is not None and keys.target > 1 and quality != "separation":
        yield f"{place('target')} must be at most 1 for {QUALITIES[quality]}, got {keys.target:g}"
    if "repeat_top" in options and not keys.repeats:  # a study file may well hold it for another time
        yield f"{place('repeat_top')} must go with repeats of 1 or more, got {keys.repeats}; give --repeats too"
    if study.endswith(suffix := repeats_name("")):
        yield f"{place('study')} must not end in {suffix}, which names a study's repeats, got {study}"


def _default_name(budget: str, data: str | None) -> str:
    parts = ["search", budget] + ([Path(data).resolve().name] if data else [])
    return "_".join(re.sub(r"[^a-z0-9]+", "_", part.lower()).strip("_") for part in parts)
