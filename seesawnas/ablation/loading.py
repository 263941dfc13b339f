"""From a study file, and options that override it, to an ablation's plan.

All errors are reported together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seesawnas.ablation.plan import AblationPlan, BaseFactors
from seesawnas.errors import StudyError
from seesawnas.plan.documents import Place, faults_in, override, values_of
from seesawnas.study import StudyFile
from seesawnas.study.library.names import data_words, default_name, name_conflicts, placer
from seesawnas.study.options import engine_conflicts, proxy_teacher_conflicts, subset_conflicts


def plan_of(file: StudyFile | None, options: Mapping[str, Any]) -> AblationPlan:
    """The plan of a study file and of ``options``, which hold the same keys and win.

    Either may be absent.

    Raises:
        StudyError: If the plan cannot be made, with one line per fault.
    """
    if file is not None:
        file.must_be("ablation", "an ablation study file, with the key base")
    values = override(AblationPlan, file.values if file else {}, options)
    if "factors" in options and "levels" not in options:
        _drop_levels(values)
    place = placer(file, options)
    own = BaseFactors(values.get("base"), values.get("storage"))
    faults, _ = faults_in(AblationPlan, values, place, context=own)
    if faults:
        raise StudyError("\n".join(dict.fromkeys([*own.faults, *faults])))
    found = values_of(AblationPlan, values, context=own)
    name = found["study"] or (file.name if file else _name(found))
    plan = AblationPlan(**{**found, "study": name, "place": place})
    faults = list(_conflicts(plan, place))
    if faults:
        raise StudyError("\n".join(faults))
    return plan


def _name(found: Mapping[str, Any]) -> str:
    return default_name("ablate", Path(found["base"]).stem, *data_words(found["data"]))


def _drop_levels(values: dict[str, Any]) -> None:
    """Keep a study file's levels of the factors that an option chose instead of its own."""
    chosen, levels = re.split(r"[\s,;]+", str(values["factors"])), values.get("levels")
    if isinstance(levels, dict):
        values["levels"] = {factor: words for factor, words in levels.items() if factor in chosen}


def _conflicts(plan: AblationPlan, place: Place) -> Iterator[str]:
    """What is wrong with several keys together."""
    if not (plan.factors or plan.levels or plan.against):
        own = BaseFactors(plan.base, plan.storage)
        if own():
            yield (
                f"{place('factors')} must name an attribute, such as split,kind,se, or --against a "
                "network, got nothing"
            )
        else:  # a mistyped name of a study file is no network either
            yield from own.faults
    for factor in plan.levels:
        if plan.factors and factor not in plan.factors:
            yield (
                f"{place('levels')} must be of the factors {', '.join(plan.factors)}, got {factor}"
            )
    if plan.against and plan.design != "one-at-a-time":
        yield f"{place('against')} requires design one-at-a-time, got {plan.design}"
    yield from subset_conflicts(plan.identities, plan.data, place)
    if plan.looks and plan.seeds > plan.looks[-1]:
        yield (
            f"{place('seeds')} must be at most {plan.looks[-1]}, the last of {place('looks')}, got "
            f"{plan.seeds}"
        )
    yield from proxy_teacher_conflicts(plan, plan.data, place)
    yield from engine_conflicts(plan, place)
    yield from name_conflicts(plan.study, plan.storage, place)
