"""From a study file, and options that override it, to a confirmation's plan.

All errors are reported together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seesawnas.analysis.spending import check_trainings
from seesawnas.confirmation.plan import ConfirmPlan
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.plan.documents import Place, faults_in, override, values_of
from seesawnas.plan.options import options_of
from seesawnas.search.plan import SearchPlan
from seesawnas.study import StudyFile
from seesawnas.study.library.names import data_words, default_name, name_conflicts, placer
from seesawnas.study.options import (
    RunPlan,
    engine_conflicts,
    proxy_teacher_conflicts,
    subset_conflicts,
)


def plan_of(file: StudyFile | None, options: Mapping[str, Any]) -> ConfirmPlan:
    """The plan of a study file and of ``options``, which hold the same keys and win.

    Either may be absent.

    Raises:
        StudyError: If the plan cannot be made, with one line per fault.
    """
    if file is not None:
        file.must_be("confirmation", "a confirmation's study file, with the key networks")
    values = override(ConfirmPlan, file.values if file else {}, options)
    place = _placer(file, options)
    faults, _ = faults_in(ConfirmPlan, values, place)
    if faults:
        raise StudyError("\n".join(dict.fromkeys(faults)))
    found = values_of(ConfirmPlan, values)
    name = found["study"] or (file.name if file else _name(found["networks"], found["data"]))
    plan = ConfirmPlan(**{**found, "study": name, "place": place})
    faults = list(_conflicts(plan, place))
    if faults:
        raise StudyError("\n".join(faults))
    return plan


def after_search(
    search: SearchPlan, number: int, rivals: Sequence[str], *, seconds: float | None = None
) -> ConfirmPlan:
    """The plan that confirms a search's best trial against networks of its ``confirm``.

    Networks are trained as in the search. The seed is another one: what chose the network among the
    search's trials, training seeds and verification pairs, is not used again.

    Args:
        search: What was searched.
        number: The trial.
        rivals: REFs, at least one.
        seconds: The time of the search's run that is left; None for no limit.
    """
    shared = {name: getattr(search, name) for name in _SHARED}
    study, networks, seed = _race_after(search, number, rivals)
    return ConfirmPlan(
        networks=networks,
        metric=search.objectives.metric,
        seed=seed,
        trainings=search.confirm_trainings,
        study=study,
        seconds=seconds,
        place=search.place,
        **shared,
    )


def _race_after(
    search: SearchPlan, number: int, rivals: Sequence[str]
) -> tuple[str, tuple[str, ...], int]:
    """The study that confirms the trial ``number`` against ``rivals``, its networks and its seed.

    It is ``SEARCH_confirm_NUMBER``, or one with a further number if that has other rivals; a study
    of the same rivals in another order is gone on with, in its order and from its seed.
    """
    name, wanted = f"{search.study}_confirm_{number}", (f"{search.study}:{number}", *rivals)
    for again in itertools.count(2):
        try:
            kept = StudyFile.of_study(name, search.storage).values
        except InvalidInput:  # there is none, or what opens it says why
            break
        networks, seed = kept.get("networks"), kept.get("seed", search.confirm_seed)
        held = tuple(networks) if isinstance(networks, list) else ()
        if held[:1] == wanted[:1] and set(held) == set(wanted):
            return name, held, seed
        name = f"{search.study}_confirm_{number}_{again}"
    return name, wanted, search.confirm_seed


_SHARED = tuple(
    one.name for one in options_of(RunPlan) if one.name not in ("seed", "study", "seconds")
)
"""What a confirmation takes over from a search."""


def _placer(file: StudyFile | None, options: Mapping[str, Any]) -> Place:
    """As other study files have it; networks are arguments."""
    place = placer(file, options)
    return lambda path: (
        "networks" if path == "networks" and (file is None or path in options) else place(path)
    )


def _name(networks: Sequence[str], data: str | None) -> str:
    words = [Path(ref).stem.replace(":", "_") for ref in networks]
    return default_name("confirm", *words, *data_words(data))


def _conflicts(plan: ConfirmPlan, place: Place) -> Iterator[str]:
    """What is wrong with several keys together."""
    trainings, networks = plan.trainings, len(plan.networks)
    if trainings is not None and (fault := check_trainings(trainings, networks)) is not None:
        yield f"{place('trainings')} {fault}"
    yield from subset_conflicts(plan.identities, plan.data, place)
    yield from proxy_teacher_conflicts(plan, plan.data, place)
    yield from engine_conflicts(plan, place)
    yield from name_conflicts(plan.study, plan.storage, place)
