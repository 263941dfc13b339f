"""From a study file, and options that override it, to a plan.

All errors are reported together, each with its key.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seesawnas.analysis.spending import check_trainings
from seesawnas.cost import LATENCY
from seesawnas.cost.latency import LATENCY_FILE
from seesawnas.data import FaceData
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.evaluation.metrics import METRICS
from seesawnas.plan.documents import Place, faults_in, override, values_of
from seesawnas.search.plan import LEARNING_SAMPLERS, SearchPlan
from seesawnas.search.points import chosen_points
from seesawnas.search.samplers import make_sampler
from seesawnas.space import FeasibleSet, load_space
from seesawnas.study import Proposal, StudyFile
from seesawnas.study.library.names import data_words, default_name, name_conflicts, placer
from seesawnas.study.options import engine_conflicts, proxy_teacher_conflicts, subset_conflicts
from seesawnas.study.record.distillation import ProxyTeacher, proxy_teacher
from seesawnas.study.session import preflight
from seesawnas.study.trial import check_metric, load_proxy_faces, proxy_sizes
from seesawnas.text import MOST_LINES, several

if TYPE_CHECKING:
    from seesawnas.search.priors import Prior


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """What a plan names, found.

    Attributes:
        priors: What earlier studies say of the options; what the study stored when it started, if
            it is resumed.
    """

    feasible: FeasibleSet
    points: tuple[Proposal, ...]
    faces: FaceData
    teacher: ProxyTeacher | None = None
    priors: tuple[Prior, ...] = ()


def prepare_run(plan: SearchPlan) -> PreparedRun:
    """Find all that ``plan`` names, writing nothing.

    Raises:
        InvalidInput: With every fault, each in its line, if the plan cannot be carried out.
    """
    teacher = proxy_teacher(plan, plan.data, plan.identities, plan.seed)
    feasible, points, priors = check_environment(plan, teacher)
    space = feasible.space
    sizes = proxy_sizes(space.source, space.input_sizes, plan.proxy.resolution)
    faces = load_proxy_faces(plan.data, sizes, seed=plan.seed, identities=plan.identities)
    check_metric(plan.objectives.metric, faces, plan.proxy)
    return PreparedRun(feasible, points, faces, teacher, priors)


def check_environment(
    plan: SearchPlan, teacher: ProxyTeacher | None
) -> tuple[FeasibleSet, tuple[Proposal, ...], tuple[Prior, ...]]:
    """Check all that :func:`prepare_run` checks except the faces, whose reading takes seconds.

    Their folder must be there. The plan's ``teacher`` is opened.
    """

    def find() -> tuple[FeasibleSet, tuple[Proposal, ...], tuple[Prior, ...]]:
        space = load_space(plan.space)
        proxy_sizes(space.source, space.input_sizes, plan.proxy.resolution)
        feasible = FeasibleSet(space, plan.budget)
        make_sampler(plan.sampler, feasible)
        points = tuple(chosen_points(plan.points, feasible, plan.budget, plan.storage))
        return feasible, points, _priors(plan, feasible)

    return preflight(
        find,
        data=plan.data,
        storage=plan.storage,
        folder=plan.folder,
        engine=plan.engine,
        teacher=teacher,
    )


def _priors(plan: SearchPlan, feasible: FeasibleSet) -> tuple[Prior, ...]:
    """What the study stored when it started; of a new study, what the plan names."""
    if not plan.learn_from:
        return ()
    from seesawnas.search.priors import read_priors, stored_priors

    stored = stored_priors(str(plan.folder), plan.storage)
    if stored is not None:
        return stored
    metric = plan.objectives.metric
    return read_priors(
        plan.learn_from, feasible.decisions, metric, plan.folder, storage=plan.storage
    )


def plan_of(file: StudyFile | None, options: Mapping[str, Any]) -> SearchPlan:
    """The plan of a study file and of ``options``, which hold the same keys and win.

    Either may be absent.

    Raises:
        StudyError: With one line per fault, of what does not parse and of what is not there alike.
    """
    if file is not None:
        file.must_be("search", "a search's study file")
    values = override(SearchPlan, file.values if file else {}, options)
    place = placer(file, options)
    faults, bad = faults_in(SearchPlan, values, place)
    if len(faults) > MOST_LINES:  # nobody reads more of them
        raise StudyError("\n".join(faults))
    if faults:
        rest = {
            name: value
            for name, value in values.items()
            if isinstance(name, str) and name not in bad
        }
        faults += _more_faults(rest, file, options, place)
        raise StudyError("\n".join(dict.fromkeys(faults)))
    return _plan(values, file, options, place)


def _more_faults(
    rest: Mapping[str, Any], file: StudyFile | None, options: Container[str], place: Place
) -> list[str]:
    """What else is wrong, found by going on with the keys that parse.

    Without a budget all networks are within it.
    """
    try:
        plan = _plan(rest, file, options, place, whole=False)
        check_environment(plan, proxy_teacher(plan, plan.data, plan.identities, plan.seed))
    except InvalidInput as error:
        return str(error).splitlines()
    return []


def _plan(
    values: Mapping[str, Any],
    file: StudyFile | None,
    options: Container[str],
    place: Place,
    *,
    whole: bool = True,
) -> SearchPlan:
    found = values_of(SearchPlan, values, whole=whole)
    name = found["study"] or (file.name if file else _name(found, str(values.get("budget", ""))))
    plan = SearchPlan(**{**found, "study": name, "place": place})
    faults = [*_conflicts(plan, place), *_misunderstood(plan, options, place)]
    if faults:
        raise StudyError("\n".join(faults))
    return plan


def _name(found: Mapping[str, Any], budget: str) -> str:
    """A study's name by its space, unless that is the default one, its budget and its faces."""
    space, words = found["space"], (budget, *data_words(found["data"]))
    former = default_name("search", *words)
    if space == SearchPlan.space:
        return former
    # Earlier versions left the space out: the same command has to resume what it began.
    try:
        begun = StudyFile.of_study(former, found["storage"]).values
    except InvalidInput:
        begun = {}
    return (
        former if begun.get("space") == space else default_name("search", Path(space).stem, *words)
    )


def _conflicts(plan: SearchPlan, place: Place) -> Iterator[str]:
    """What is wrong with two keys together."""
    if plan.halving is not None and (first := plan.halving.first) >= plan.epochs:
        epochs = several(plan.epochs, "epoch")
        yield (
            f"{place('early_stopping')} FIRST must be less than the {epochs} of a trial, got "
            f"{first}"
        )
    if LATENCY.name in plan.objectives.costs and plan.budget is not None and not plan.budget.model:
        yield (
            f"{place('objectives')} must have a latency model for {LATENCY.name}, got none; limit "
            f"it in the budget, such as latency<=20ms@{LATENCY_FILE}"
        )
    yield from subset_conflicts(plan.identities, plan.data, place)
    yield from proxy_teacher_conflicts(plan, plan.data, place)
    if plan.learn_from and plan.sampler not in LEARNING_SAMPLERS:
        yield (
            f"{place('learn_from')} requires sampler {' or '.join(LEARNING_SAMPLERS)}, got "
            f"{plan.sampler}"
        )
    yield from engine_conflicts(plan, place)


def _misunderstood(plan: SearchPlan, options: Container[str], place: Place) -> Iterator[str]:
    """What could not do what it seems to ask for."""
    metric = METRICS[plan.objectives.metric]
    if plan.target is not None and plan.target > 1 and metric.is_share:
        yield f"{place('target')} must be at most 1 for {metric.title}, got {plan.target:g}"
    # A study file may well hold it for another time.
    if "repeat_top" in options and not plan.repeats:
        yield (
            f"{place('repeat_top')} requires repeats of at least 1, got {plan.repeats}; give "
            "--repeats too"
        )
    if plan.leaders and (plan.trials, plan.patience, plan.target) == (None, None, None):
        yield (
            f"{place('leaders')} requires trials, patience or target beside time, which the search "
            "would use up, got none of them"
        )
    if "leader_epochs" in options and not plan.leaders:
        yield (
            f"{place('leader_epochs')} requires leaders of at least 1, got {plan.leaders}; give "
            "--leaders too"
        )
    if (trainings := plan.confirm_trainings) is not None:
        if not plan.confirm:
            fault: str | None = "requires networks to confirm against; give --confirm"
        else:
            fault = check_trainings(trainings, 1 + len(plan.confirm))
        if fault is not None:
            yield f"{place('confirm_trainings')} {fault}"
    yield from name_conflicts(plan.study, plan.storage, place)
