"""Study files and options of the command line: documents, which are read to plans; see :mod:`seesawnas.study.plan.options`.

A document has its plan's options by their keys, and

about                       a sentence
provenance                  what made a resolved study file; not read
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from seesawnas.errors import StudyError
from seesawnas.space.document import Text
from seesawnas.space.validation import faults_of, path_of
from seesawnas.study.engines.registry import EngineSettings
from seesawnas.study.plan.files import StudyFile
from seesawnas.study.plan.options import EnginePlan, Plan, options_of
from seesawnas.text import one_line
from seesawnas.train.recipe import RECIPE_KEYS, RecipeKeys

_MOST_NAME = 200

Place: TypeAlias = Callable[[str], str]
"""How a key is called in messages."""


class Document(BaseModel):
    """A study file: its plan's options by their keys, and what is no option."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    about: Text = ""
    provenance: dict[str, Any] = {}

    @classmethod
    def beside(cls, place: tuple[int | str, ...]) -> list[str]:
        """The keys that stand beside the one at ``place``; those that stand in ``recipe`` with a dot."""
        if len(place) > 1 and place[0] == "recipe":
            return list(RECIPE_KEYS)
        return [*cls.model_fields, *(f"recipe.{name}" for name in RECIPE_KEYS)]


def document_of(plan: type[Plan], *, whole: bool = True) -> type[Document]:
    """Make the document of ``plan``: what it inherits comes first, as faults are listed in this order.

    If it need not be ``whole``, keys that are required may be left out, and are None.
    """
    known = {one.name: one for one in options_of(plan)}
    keys: dict[str, Any] = {}
    for one in (known[field.name] for field in fields(plan)):
        required = one.default is ...
        default = (... if whole else None) if required else Field(default_factory=one.make_default)
        keys[one.key] = (Annotated[Any, BeforeValidator(one.rule)], default)
    if "recipe" in keys:
        keys["recipe"] = (RecipeKeys, RecipeKeys())
    return create_model(f"{plan.__name__}Document", __base__=Document, **keys)


def values_of(
    plan: type[Plan], values: Mapping[str, Any], *, whole: bool = True, context: Any = None
) -> dict[str, Any]:
    """The fields of ``plan`` that ``values``, by their keys, come to; None where the plan fills in what follows from others.

    Args:
        plan: What they are options of.
        values: As a document has them, without faults; see :func:`faults_in`.
        whole: Whether all that is required is there; else it is None.
        context: The validation's.
    """
    document = document_of(plan, whole=whole).model_validate(values, context=context)
    found = {one.name: getattr(document, one.key) for one in options_of(plan)}
    if "recipe" in found:
        found["recipe"] = found["recipe"].model_dump(exclude_none=True)
    return found


def engine_conflicts(plan: EnginePlan, place: Place) -> Iterator[str]:
    """What is wrong with the keys of the engine together."""
    for name in ("cpus_per_trial", "gpus_per_trial", "ray_address"):
        if (
            getattr(plan, name) is not None and plan.engine_kind != "ray"
        ):  # the others have one core a trial, and no GPU
            yield f"{place(name)} requires engine ray, got engine {plan.engine_kind}"


def engine_of(options: Mapping[str, Any]) -> EngineSettings:
    """The engine of ``options`` by their keys. Raises StudyError, every fault a line."""
    place = placer(None, options)
    faults, _ = faults_in(EnginePlan, options, place)
    if not faults:
        plan = EnginePlan(**values_of(EnginePlan, options))
        faults = list(engine_conflicts(plan, place))
    if faults:
        raise StudyError("\n".join(faults))
    return plan.engine


def placer(file: StudyFile | None, options: Mapping[str, Any]) -> Place:
    """How a key is called in messages: by its option, or by its file and place."""

    def place(path: str) -> str:
        name = path.partition(".")[0]
        if file is None or name in options:
            return f"--{path.replace('_', '-')}"
        return f"{file.source}: {path}:"

    return place


def faults_in(
    plan: type[Plan], values: Mapping[str, Any], place: Place, context: Any = None
) -> tuple[list[str], set[str]]:
    """A line for every fault of ``values``, keys of ``plan``, and the keys that have one; ``context`` is the validation's."""
    keys = document_of(plan)
    try:
        keys.model_validate(values, context=context)
    except ValidationError as error:
        found = list(faults_of(error, keys.beside))
        return [one_line(f"{place(path_of(loc))} {rule}") for loc, rule in found], {str(loc[0]) for loc, _ in found}
    return [], set()


def default_name(*words: str) -> str:
    """A study's name of ``words``: small letters, digits and underscores."""
    return "_".join(re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_") for word in words)[:_MOST_NAME]


def data_words(data: str | None) -> list[str]:
    """What a study's name has of its faces."""
    return [Path(data).resolve().name] if data else []
