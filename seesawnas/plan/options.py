"""Options: each is declared once, as a field of the plan that has it.

From a declaration follow the command-line option and its help, the key of study files, what a
resolved study file holds, and whether the value must stay when a study or a training run is
resumed. Nothing here imports torch or Optuna: help waits for this module.

    class SearchPlan(RunPlan):
        repeats: int = option(Whole(0, 100), "K", JUDGED, "Train the best again.", default=0)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

from seesawnas.errors import InvalidInput
from seesawnas.text import one_of, short
from seesawnas.units import format_duration, number, parse_duration

if TYPE_CHECKING:
    from pydantic import BaseModel

P = TypeVar("P", bound="Plan")
Rule: TypeAlias = Callable[..., Any]
"""From the text of a file or an option to the value; raises ValueError, which begins with ``must``.

It may take pydantic's ValidationInfo as a second argument.
"""


@dataclass(frozen=True, slots=True)
class Whole:
    """The rule of a whole number from ``low`` to ``high``; None is one too if ``optional``."""

    low: int
    high: int
    optional: bool = False

    def __call__(self, raw: Any) -> Any:
        """The number.

        Raises:
            ValueError: If ``raw`` is no integer, or out of range.
        """
        if raw is None and self.optional:
            return None
        if not isinstance(given(raw), int) or isinstance(raw, bool):
            raise ValueError(
                f"must be a whole number from {self.low} to {self.high}, got {short(raw)}"
            )
        if not self.low <= raw <= self.high:
            raise ValueError(f"must be from {self.low} to {self.high}, got {short(raw)}")
        return raw


@dataclass(frozen=True, slots=True)
class Flag:
    """The rule of true or false, an option without a value."""

    def __call__(self, raw: Any) -> Any:
        """Whether it is on.

        Raises:
            ValueError: If ``raw`` is neither.
        """
        if not isinstance(raw, bool):
            raise ValueError(f"must be true or false, got {short(raw)}")
        return raw


@dataclass(frozen=True, slots=True)
class Number:
    """The rule of a number from ``low`` to ``high``; None is one too if ``optional``."""

    low: float
    high: float
    optional: bool = False

    def __call__(self, raw: Any) -> Any:
        """The number.

        Raises:
            ValueError: If ``raw`` is no number, or out of range.
        """
        return number(self.low, self.high, raw if self.optional else given(raw))


@dataclass(frozen=True, slots=True)
class OneOf:
    """The rule of a name among ``names``; None is one too if ``optional``."""

    names: tuple[str, ...]
    optional: bool = False

    def __call__(self, raw: Any) -> Any:
        """The name.

        Raises:
            ValueError: If ``raw`` is none of the names.
        """
        if raw is None and self.optional:
            return None
        if raw not in self.names:
            raise ValueError(one_of(self.names, raw))
        return raw


def text(raw: Any) -> Any:
    """``raw`` as text.

    Raises:
        ValueError: If it is no text, or blank.
    """
    found = text_or_blank(raw)
    if not found.strip():
        raise ValueError("must not be empty, got nothing")
    return found


def text_or_blank(raw: Any) -> str:
    """``raw`` as text.

    Raises:
        ValueError: If it is no text.
    """
    from seesawnas.space import document

    return document.text(raw)


def optional_text(raw: Any) -> Any:
    """``raw`` as text, or None.

    Raises:
        ValueError: If it is neither.
    """
    return None if raw is None else text(raw)


def duration(raw: Any) -> float:
    """The seconds of a time such as 2h.

    Raises:
        ValueError: If ``raw`` is no time.
    """
    return parse_duration(given(raw))


def optional_duration(raw: Any) -> float | None:
    """The seconds of a time such as 2h, or None.

    Raises:
        ValueError: If ``raw`` is neither.
    """
    return None if raw in (None, "none") else parse_duration(raw)


def given(raw: Any) -> Any:
    """``raw`` if it is not None.

    Raises:
        ValueError: If it is None.
    """
    if raw is None:
        raise ValueError("must have a value, got none")
    return raw


def parsed(parse: Callable[[str], Any], subject: str, raw: Any) -> Any:
    """What ``parse`` makes of ``raw`` as text.

    Raises:
        ValueError: If ``parse`` raises InvalidInput; the message lacks the ``subject``, which the
            place names.
    """
    try:
        return parse(raw if isinstance(raw, str) else str(raw))
    except InvalidInput as error:
        raise ValueError(str(error).removeprefix(f"{subject} ")) from None


def as_it_is(value: Any) -> Any:
    """``value``."""
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """The declaration of an option.

    Attributes:
        rule: Makes the value of what a file or the command line says.
        metavar: What the help calls the value; empty for a key that study files alone set.
        panel: The help's panel.
        help: The help's sentence, with the default.
        must_stay: Whether the value must stay when the study is resumed.
        completion: What kind of word the shell completes it with; see :mod:`seesawnas.cli.options`.
        key: Its key in study files; the field's name if empty.
        former_key: Its key in study files of earlier versions, which is still read, as is its
            option; empty if it had no other.
        keys: Makes the model of its keys, if the value is a mapping.
        is_list: Whether the command line may give it more than once.
        store: Makes of the value what a study file holds; of None, it is left out.
        kept_as: Its name among the settings that must stay; its key if empty.
        keep: Makes of the value what is compared when the study is resumed, and what its summary
            has; what a study file holds if None.
        kept_name: What messages call it among these settings; its flag if empty.
        in_summary: Whether the JSON summary of a study has it, by its key.
        is_later: Whether what earlier versions stored may lack it: it is then not compared.
        name: The plan's field.
        default: The field's default, or what makes it; ``...`` if a file must have the key.
    """

    rule: Rule
    metavar: str = ""
    panel: str = ""
    help: str = ""
    must_stay: bool = False
    completion: str = ""
    key: str = ""
    former_key: str = ""
    keys: Callable[[], type[BaseModel]] | None = None
    is_list: bool = False
    store: Callable[[Any], Any] = as_it_is
    kept_as: str = ""
    keep: Callable[[Any], Any] | None = None
    kept_name: str = ""
    in_summary: bool = False
    is_later: bool = False
    name: str = ""
    default: Any = ...

    @property
    def flag(self) -> str:
        """As it is given on the command line: ``--repeat-top``; empty if it cannot be."""
        is_given = self.metavar or isinstance(self.rule, Flag)
        return f"--{self.key.replace('_', '-')}" if is_given else ""

    @property
    def kind(self) -> Any:
        """What the command line parses."""
        match self.rule:
            case Whole():
                return int
            case Number():
                return float
            case Flag():
                return bool
        return list[str] if self.is_list else str

    def kept_value(self, plan: Plan) -> Any:
        """The value that ``plan`` has, as it is compared and summarised."""
        return (self.keep or self.store)(getattr(plan, self.name))

    def make_default(self) -> Any:
        """The default's value."""
        return self.default() if callable(self.default) else self.default


_OPTION = "option"


def option(
    rule: Rule,
    metavar: str = "",
    panel: str = "",
    help: str = "",
    *,
    default: Any = MISSING,
    **more: Any,
) -> Any:
    """Declare an option, a dataclass's field; see :class:`Option`.

    A function as ``default`` makes it.
    """
    declared = Option(rule=rule, metavar=metavar, panel=panel, help=help, **more)
    if callable(default):
        return field(default_factory=default, metadata={_OPTION: declared})
    return field(default=default, metadata={_OPTION: declared})


def inherited(plan: type[Plan], name: str, *, default: Any = MISSING, **changes: Any) -> Any:
    """Declare the option called ``name`` of ``plan`` again, in a plan whose help lists it here.

    Args:
        plan: What declares it; a base of the other plan, or any other.
        name: The field.
        default: Its default in the other plan, if it is another one.
        **changes: What else differs, by the attributes of :class:`Option`.
    """
    one = next(one for one in fields(plan) if one.name == name)
    metadata = {_OPTION: replace(one.metadata[_OPTION], **changes)}
    if default is not MISSING:
        return field(default=default, metadata=metadata)
    if one.default_factory is not MISSING:
        return field(default_factory=one.default_factory, metadata=metadata)
    return field(default=one.default, metadata=metadata)


def lists(base: type[Plan], *, before: str) -> Callable[[type[P]], type[P]]:
    """Make the help of a plan list all options of ``base`` before the field ``before``.

    For classes that inherit from ``base``; stands below ``@dataclass``. Without it they come after
    all options of the plan's own.
    """
    names = [one.name for one in fields(base) if _OPTION in one.metadata]

    def with_them(plan: type[P]) -> type[P]:
        own = dict(inspect.get_annotations(plan))
        for name in (*names, *list(own)[list(own).index(before) :]):
            own[name] = own.pop(name, inspect.get_annotations(base).get(name))
        for name in names:
            setattr(plan, name, inherited(base, name))
        plan.__annotations__ = own
        return plan

    return with_them


def options_of(plan: type[Plan]) -> tuple[Option, ...]:
    """The options of ``plan``, in the order of its help: its own first, then what it inherits."""
    found = {one.name: _named(plan, one) for one in fields(plan) if _OPTION in one.metadata}
    names = (
        name for kind in plan.__mro__ for name in inspect.get_annotations(kind) if name in found
    )
    return tuple(found[name] for name in dict.fromkeys(names))


def kept_names(plan: type[Plan]) -> tuple[str, ...]:
    """The settings of ``plan`` that must stay, in the order of its help."""
    return tuple(one.kept_as for one in options_of(plan) if one.must_stay)


def _named(plan: type[Plan], one: Field[Any]) -> Option:
    declared: Option = one.metadata[_OPTION]
    default = one.default if one.default_factory is MISSING else one.default_factory
    key = declared.key or one.name
    return replace(
        declared,
        name=one.name,
        default=... if default is MISSING else default,
        key=key,
        kept_as=declared.kept_as or key,
        help=plan.other_help().get(key, declared.help),
    )


def stored_list(values: tuple[str, ...]) -> list[str] | None:
    """``values`` as a study file holds them; None if there are none."""
    return list(values) or None


def store_duration(seconds: float | None) -> str | None:
    """``seconds`` as a study file holds them."""
    return None if seconds is None else format_duration(seconds)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The settings of a command: each field is an option.

    Attributes:
        fault: The error that is raised with a line for every integer that is out of range, and for
            documents of the plan.
    """

    fault: ClassVar[type[InvalidInput]] = InvalidInput

    def __post_init__(self) -> None:
        faults = list(self._out_of_range())
        if faults:
            raise self.fault("\n".join(faults))

    def _out_of_range(self) -> Iterator[str]:
        for one in options_of(type(self)):
            value = getattr(self, one.name)
            if (
                isinstance(one.rule, Whole)
                and value is not None
                and not one.rule.low <= value <= one.rule.high
            ):
                yield f"{one.key} must be from {one.rule.low} to {one.rule.high}, got {value}"

    def _fill(self, name: str, default: Any) -> None:
        """Set a field that nobody gave, while the plan is made."""
        if getattr(self, name) is None:
            object.__setattr__(self, name, default)

    @classmethod
    def other_help(cls) -> Mapping[str, str]:
        """The help of inherited options that mean something else here, by their keys."""
        return {}

    def to_mapping(self) -> dict[str, Any]:
        """As a study file holds it, nothing left to defaults; what is None is left out."""
        stored = {one.key: one.store(getattr(self, one.name)) for one in options_of(type(self))}
        first = {"study": stored["study"]} if "study" in stored else {}
        return {name: value for name, value in {**first, **stored}.items() if value is not None}

    def settings(self, **found: Any) -> dict[str, Any]:
        """What must stay when the study is resumed, as JSON values.

        Args:
            **found: Settings that the plan only names, such as the faces, as they were found; and
                others beside its own.
        """
        own = {one.kept_as: one.kept_value(self) for one in options_of(type(self)) if one.must_stay}
        return {**own, **found}

    def summary(self) -> dict[str, Any]:
        """What the summary of a study has of it, by keys, as JSON values."""
        return {one.key: one.kept_value(self) for one in options_of(type(self)) if one.in_summary}
