"""Documents: study files and options of the command line, which are read to plans.

A document has its plan's options by their keys (see :mod:`seesawnas.plan.options`) and:

about                       a sentence
provenance                  what made a resolved study file; not read
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)

from seesawnas.io.validation import faults_of, path_of
from seesawnas.plan.options import Plan, options_of
from seesawnas.space.document import Text
from seesawnas.text import one_line

Place: TypeAlias = Callable[[str], str]
"""How a key is called in messages."""
P = TypeVar("P", bound=Plan)


class Document(BaseModel):
    """A study file: its plan's options by their keys, and what is no option."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    about: Text = ""
    provenance: dict[str, Any] = {}

    @classmethod
    def beside(cls, place: tuple[int | str, ...]) -> list[str]:
        """The keys that stand beside the one at ``place``.

        Those that stand in a mapping, such as ``recipe``, have a dot.
        """
        nested = {name: _keys_of(one.annotation) for name, one in cls.model_fields.items()}
        if len(place) > 1 and (keys := nested.get(str(place[0]))):
            return keys
        return [
            *cls.model_fields,
            *(f"{name}.{key}" for name, keys in nested.items() for key in keys),
        ]


def _keys_of(annotation: Any) -> list[str]:
    """The keys of a mapping that has a model; none of another value."""
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return list(annotation.model_fields) if is_model else []


def document_of(plan: type[Plan], *, whole: bool = True) -> type[Document]:
    """Make the document of ``plan``.

    What the plan inherits comes first: faults are listed in this order. If the document need not be
    ``whole``, keys that are required may be left out, and are None.
    """
    known = {one.name: one for one in options_of(plan)}
    keys: dict[str, Any] = {}
    for one in (known[field.name] for field in fields(plan) if field.name in known):
        if one.keys is not None:
            model = one.keys()
            keys[one.key] = (model, model())
            continue
        required = one.default is ...
        default = (... if whole else None) if required else Field(default_factory=one.make_default)
        rule: Any = Annotated[Any, BeforeValidator(one.rule)]
        if one.former_key:
            rule = Annotated[rule, Field(validation_alias=AliasChoices(one.key, one.former_key))]
        keys[one.key] = (rule, default)
    return create_model(f"{plan.__name__}Document", __base__=Document, **keys)


def values_of(
    plan: type[Plan], values: Mapping[str, Any], *, whole: bool = True, context: Any = None
) -> dict[str, Any]:
    """The values of the fields of ``plan`` that follow from ``values``, which are by their keys.

    None if the plan derives the value from others.

    Args:
        plan: What they are options of.
        values: As a document has them, without faults; see :func:`faults_in`.
        whole: Whether everything that is required is there; otherwise it is None.
        context: The validation's.
    """
    document = document_of(plan, whole=whole).model_validate(values, context=context)
    found = {one.name: getattr(document, one.key) for one in options_of(plan)}
    return {name: _plain(value) for name, value in found.items()}


def override(
    plan: type[Plan], values: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The ``values`` of a document of ``plan``, except that ``options``, by their keys, win."""
    former = {one.former_key for one in options_of(plan) if one.key in options}
    return {**{key: value for key, value in values.items() if key not in former}, **options}


def _plain(value: Any) -> Any:
    return value.model_dump(exclude_none=True) if isinstance(value, BaseModel) else value


def faults_in(
    plan: type[Plan], values: Mapping[str, Any], place: Place, context: Any = None
) -> tuple[list[str], set[str]]:
    """A line for every fault of ``values``, keys of ``plan``, and the keys that have one.

    ``context`` is the validation's.
    """
    keys = document_of(plan)
    try:
        keys.model_validate(values, context=context)
    except ValidationError as error:
        found = list(faults_of(error, keys.beside))
        return [one_line(f"{place(path_of(loc))} {rule}") for loc, rule in found], {
            str(loc[0]) for loc, _ in found
        }
    return [], set()


def flag_of(path: str) -> str:
    """How a key is called that the command line gave: by its option."""
    return f"--{path.replace('_', '-')}"


def no_conflicts(plan: Plan, place: Place) -> Iterable[str]:
    """Nothing is wrong with its options together."""
    return ()


def plan_of_options(
    plan: type[P],
    options: Mapping[str, Any],
    conflicts: Callable[[P, Place], Iterable[str]] = no_conflicts,
    place: Place = flag_of,
) -> P:
    """The plan that follows from options of the command line, or of a function.

    A plan that has a ``place`` gets this one; the context of its rules is it too.

    Args:
        plan: What they are options of.
        options: Those that are given, by their keys.
        conflicts: What is wrong with the options of a plan together.
        place: How a key is called in messages; by default, as on the command line.

    Raises:
        InvalidInput: If there are faults: the plan's own error, one line per fault.
    """
    faults, _ = faults_in(plan, options, place, context=place)
    if not faults:
        named = {"place": place} if "place" in {one.name for one in fields(plan)} else {}
        found = plan(**{**values_of(plan, options, context=place), **named})
        faults = list(conflicts(found, place))
    if faults:
        raise plan.fault("\n".join(faults))
    return found
