"""From a study file, and options that override it, to a plan; every fault at once, each at its place."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seesawnas.cost import Budget
from seesawnas.data import FaceData
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.evaluation.metrics import METRICS
from seesawnas.search.plan import DEFAULT_TRIALS, SearchPlan, StudyKeys
from seesawnas.search.points import chosen_points
from seesawnas.space import FeasibleSet, load_space
from seesawnas.study import EngineSettings, Proposal, Proxy, StopRules, StudyFile, repeats_name
from seesawnas.study.session import preflight
from seesawnas.study.settings import Place, data_words, default_name, faults_in, placer
from seesawnas.study.trial import load_proxy_faces, proxy_sizes
from seesawnas.text import MOST_LINES, several


@dataclass(frozen=True, slots=True)
class Ready:
    """What a plan names, found."""

    feasible: FeasibleSet
    points: tuple[Proposal, ...]
    faces: FaceData


def make_ready(plan: SearchPlan) -> Ready:
    """Find all that ``plan`` names, writing nothing. Raises InvalidInput with every fault, each in its line."""
    feasible, points = check_surroundings(plan)
    space = feasible.space
    sizes = proxy_sizes(space.source, space.input_sizes, plan.proxy.resolution)
    faces = load_proxy_faces(plan.data, sizes, seed=plan.seed)
    return Ready(feasible, points, faces)


def check_surroundings(plan: SearchPlan) -> tuple[FeasibleSet, tuple[Proposal, ...]]:
    """All of :func:`make_ready` but the reading of the faces, which takes seconds; their folder must be there."""

    def find() -> tuple[FeasibleSet, tuple[Proposal, ...]]:
        space = load_space(plan.space)
        proxy_sizes(space.source, space.input_sizes, plan.proxy.resolution)
        feasible = FeasibleSet(space, plan.budget)
        return feasible, tuple(chosen_points(plan.points, feasible, plan.budget))

    return preflight(find, data=plan.data, storage=plan.storage, folder=plan.folder, engine=plan.engine)


def plan_of(file: StudyFile | None, options: Mapping[str, Any]) -> SearchPlan:
    """The plan of a study file and of ``options``, which hold the same keys and win; either may be absent.

    Raises StudyError: one line a fault, of what does not parse and of what is not there alike.
    """
    if file is not None:
        file.must_be("search", "a search's study file")
    values = {**(file.values if file else {}), **options}
    place = placer(file, options)
    faults, bad = faults_in(StudyKeys, values, place)
    if len(faults) > MOST_LINES:  # nobody reads more of them
        raise StudyError("\n".join(faults))
    if faults:
        rest = {name: value for name, value in values.items() if isinstance(name, str) and name not in bad}
        faults += _more_faults({"budget": "1000G", **rest}, file, options, place)
        raise StudyError("\n".join(dict.fromkeys(faults)))
    return _plan(StudyKeys.model_validate(values), file, options, place)


def engine_of(**options: Any) -> EngineSettings:
    """The engine of options by their names in a study file, None where not given. Raises StudyError, every fault a line."""
    given = {name: value for name, value in options.items() if value is not None}
    return plan_of(None, {"budget": "1000G", **given}).engine


def _more_faults(rest: Mapping[str, Any], file: StudyFile | None, options: Container[str], place: Place) -> list[str]:
    """What else is wrong, found by going on with the keys that parse."""
    try:
        check_surroundings(_plan(StudyKeys.model_validate(rest), file, options, place))
    except InvalidInput as error:
        return str(error).splitlines()
    return []


def _plan(keys: StudyKeys, file: StudyFile | None, options: Container[str], place: Place) -> SearchPlan:
    proxy = keys.proxy()
    study = keys.study or (file.name if file else default_name("search", keys.budget, *data_words(keys.data)))
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
        engine=keys.settings(),
        silence=keys.silence,
    )


def _conflicts(keys: StudyKeys, proxy: Proxy, place: Place) -> Iterator[str]:
    """What is wrong with two keys together."""
    epochs = proxy.recipe.epochs
    if keys.early_stopping is not None and (first := keys.early_stopping.at(epochs).first) >= epochs:
        yield f"{place('early_stopping')} must first judge before the last of {several(epochs, 'epoch')}, got epoch {first}"
    yield from keys.engine_conflicts(place)


def _misunderstood(keys: StudyKeys, study: str, options: Container[str], place: Place) -> Iterator[str]:
    """What could not do what it seems to ask for."""
    metric = METRICS[keys.objectives.quality]
    if keys.target is not None and keys.target > 1 and metric.is_share:
        yield f"{place('target')} must be at most 1 for {metric.title}, got {keys.target:g}"
    if "repeat_top" in options and not keys.repeats:  # a study file may well hold it for another time
        yield f"{place('repeat_top')} must go with repeats of 1 or more, got {keys.repeats}; give --repeats too"
    if study.endswith(suffix := repeats_name("")):
        yield f"{place('study')} must not end in {suffix}, which names a study's repeats, got {study}"
