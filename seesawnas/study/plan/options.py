"""Options: each is declared once, as a field of the plan that has it.

From a declaration follow the command-line option and its help, the key of study files, what a
resolved study file contains, and whether the value must stay when the study is resumed. Nothing here
imports torch or Optuna, so that help is fast.

    class SearchPlan(RunPlan):
        repeats: int = option(Whole(0, 100), "K", JUDGED, "Train the best again.", default=0)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from seesawnas.errors import InvalidInput, StudyError
from seesawnas.text import short
from seesawnas.units import format_duration, number, parse_duration

if TYPE_CHECKING:
    from seesawnas.study.engines.registry import EngineSettings
    from seesawnas.study.trial import Proxy

SEARCHED, DATA, ENDS, JUDGED, PLACED = "Search", "Data", "Stopping", "Evaluation", "Execution"
"""Panels of the help."""
MOST_EPOCHS = 10**4
ENGINE_NAMES = ("ray", "local", "inline")
"""Names that ``engine`` may have; :mod:`seesawnas.study.engines.registry` starts them."""

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
        """The number. Raises ValueError."""
        if raw is None and self.optional:
            return None
        if not isinstance(given(raw), int) or isinstance(raw, bool):
            raise ValueError(f"must be a whole number from {self.low} to {self.high}, got {short(raw)}")
        if not self.low <= raw <= self.high:
            raise ValueError(f"must be from {self.low} to {self.high}, got {short(raw)}")
        return raw


@dataclass(frozen=True, slots=True)
class Number:
    """The rule of a number from ``low`` to ``high``; None is one too if ``optional``."""

    low: float
    high: float
    optional: bool = False

    def __call__(self, raw: Any) -> Any:
        """The number. Raises ValueError."""
        return number(self.low, self.high, raw if self.optional else given(raw))


@dataclass(frozen=True, slots=True)
class OneOf:
    """The rule of a name among ``names``."""

    names: tuple[str, ...]

    def __call__(self, raw: Any) -> Any:
        """The name. Raises ValueError."""
        if raw not in self.names:
            raise ValueError(f"must be one of {', '.join(self.names)}, got {short(raw)}")
        return raw


def text(raw: Any) -> Any:
    """``raw`` as text. Raises ValueError."""
    from seesawnas.space import document

    return document.text(raw)


def optional_text(raw: Any) -> Any:
    """``raw`` as text, or None. Raises ValueError."""
    return None if raw is None else text(raw)


def duration(raw: Any) -> float:
    """The seconds of a time such as 2h. Raises ValueError."""
    return parse_duration(given(raw))


def optional_duration(raw: Any) -> float | None:
    """The seconds of a time such as 2h, or None. Raises ValueError."""
    return None if raw in (None, "none") else parse_duration(raw)


def given(raw: Any) -> Any:
    """``raw`` if it is not None. Raises ValueError."""
    if raw is None:
        raise ValueError("must have a value, got none")
    return raw


def parsed(parse: Callable[[str], Any], subject: str, raw: Any) -> Any:
    """What ``parse`` makes of ``raw`` as text; its errors without the ``subject``, which a place names."""
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
        store: Makes of the value what a study file holds; of None, it is left out.
        kept_as: Its name among the settings that must stay; its key if empty.
        keep: Makes of the value what is compared when the study is resumed.
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
    store: Callable[[Any], Any] = as_it_is
    kept_as: str = ""
    keep: Callable[[Any], Any] | None = None
    name: str = ""
    default: Any = ...

    @property
    def flag(self) -> str:
        """As it is given on the command line: ``--repeat-top``; empty if it cannot be."""
        return f"--{self.key.replace('_', '-')}" if self.metavar else ""

    @property
    def kind(self) -> type:
        """What the command line parses."""
        match self.rule:
            case Whole():
                return int
            case Number():
                return float
        return str

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
    """Declare an option, a dataclass's field; see :class:`Option`. A function as ``default`` makes it."""
    declared = Option(rule=rule, metavar=metavar, panel=panel, help=help, **more)
    if callable(default):
        return field(default_factory=default, metadata={_OPTION: declared})
    return field(default=default, metadata={_OPTION: declared})


def inherited(plan: type[Plan], name: str) -> Any:
    """Declare the option called ``name`` of ``plan`` again, in a subclass whose help lists it here."""
    return _field(next(one for one in fields(plan) if one.name == name))


def _field(one: Field[Any]) -> Any:
    if one.default_factory is not MISSING:
        return field(default_factory=one.default_factory, metadata=one.metadata)
    return field(default=one.default, metadata=one.metadata)


def options_of(plan: type[Plan]) -> tuple[Option, ...]:
    """The options of ``plan``, in the order of its help: its own first, then what it inherits."""
    found = {one.name: _named(plan, one) for one in fields(plan) if _OPTION in one.metadata}
    names = (name for kind in plan.__mro__ for name in inspect.get_annotations(kind) if name in found)
    return tuple(found[name] for name in dict.fromkeys(names))


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


def _stored_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in recipe.items() if name != "epochs"}


def _stored_url(url: str | None) -> str | None:
    """A storage with a user or a password is left out: the study's folder keeps it, for its owner alone."""
    from seesawnas.study.storage.urls import shown_url

    return url if url and shown_url(url) == url else None


def store_duration(seconds: float | None) -> str | None:
    """``seconds`` as a study file holds them."""
    return None if seconds is None else format_duration(seconds)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The settings of a command: each field is an option.

    Raises StudyError with every whole number that is out of range.
    """

    def __post_init__(self) -> None:
        faults = list(self._out_of_range())
        if faults:
            raise StudyError("\n".join(faults))

    def _out_of_range(self) -> Iterator[str]:
        for one in options_of(type(self)):
            value = getattr(self, one.name)
            if isinstance(one.rule, Whole) and value is not None and not one.rule.low <= value <= one.rule.high:
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
        own = {
            one.kept_as: (one.keep or one.store)(getattr(self, one.name))
            for one in options_of(type(self))
            if one.must_stay
        }
        return {**own, **found}


@dataclass(frozen=True, kw_only=True)
class EnginePlan(Plan):
    """The options that say what runs trials."""

    engine_kind: str = option(
        OneOf(ENGINE_NAMES),
        "NAME",
        PLACED,
        "What runs the trials: ray, local (several processes) or inline (this process). Default: ray.",
        default="ray",
        key="engine",
    )
    workers: int | None = option(
        Whole(1, 64, optional=True),
        "N",
        PLACED,
        "Trials to run in parallel. Default: as many as fit; 2 with --engine local.",
        default=None,
    )
    cpus_per_trial: float | None = option(
        Number(0.01, 1024, optional=True), "X", PLACED, "CPUs per trial. Default: 1.", default=None
    )
    gpus_per_trial: float | None = option(
        Number(0, 64, optional=True), "X", PLACED, "GPUs per trial. Default: 0.", default=None
    )
    ray_address: str | None = option(
        optional_text, "ADDRESS", PLACED, "Address of a Ray cluster: auto or HOST:PORT.", default=None
    )

    @property
    def engine(self) -> EngineSettings:
        """What runs the trials."""
        from seesawnas.study.engines.registry import EngineSettings

        return EngineSettings(
            self.engine_kind, self.workers, self.cpus_per_trial, self.gpus_per_trial, self.ray_address
        )


@dataclass(frozen=True, kw_only=True)
class RunPlan(EnginePlan):
    """The options that every study has: its faces, the proxy, what runs its trials.

    What a document leaves to defaults that depend on other values, such as the epochs, is filled in here.

    Attributes:
        data: A folder of faces; None for the default set.
        seconds: The time of this run.
        share: The part of the training identities that is trained on.
        recipe: All of the proxy's recipe, as JSON values; it may be given as what differs from the default one.
        silence: Seconds without a finished epoch after which a trial is restarted.
    """

    data: str | None = option(
        optional_text,
        "PATH",
        DATA,
        "Folder with one sub-folder per identity, folder with train.rec, or .rec file. "
        "Default: the small default faces.",
        default=None,
        must_stay=True,
    )
    seconds: float | None = option(
        optional_duration,
        "T",
        ENDS,
        "Time limit of this run, such as 2h or 90m.",
        default=None,
        key="time",
        store=store_duration,
    )
    epochs: int = option(
        Whole(1, MOST_EPOCHS, optional=True),
        "N",
        JUDGED,
        "Epochs of proxy training per trial.",
        default=None,
        must_stay=True,
    )
    resolution: int = option(
        Whole(16, 512, optional=True),
        "R",
        JUDGED,
        "Proxy input size: the longer side, in pixels.",
        default=None,
        must_stay=True,
    )
    pairs: int = option(
        Whole(2, 10**7, optional=True),
        "N",
        JUDGED,
        "Image pairs to verify after each epoch. Default: 12000.",
        default=None,
        must_stay=True,
    )
    share: float = option(Number(0.01, 1, optional=True), default=None, must_stay=True)
    recipe: Mapping[str, Any] = option(as_it_is, default=dict, store=_stored_recipe, must_stay=True, keep=dict)
    seed: int = option(
        Whole(0, 2**63 - 1),
        "S",
        JUDGED,
        "Seed of the sampler, the identity split, training and pairs. Default: 0.",
        default=0,
        must_stay=True,
    )
    study: str = option(
        optional_text,
        "NAME",
        PLACED,
        "Name of the study, a folder under runs/. Default: derived from the study file, or from budget and data.",
        default=None,
    )
    storage: str | None = option(
        optional_text,
        "URL",
        PLACED,
        "Optuna storage URL, such as sqlite:///x.db. Default: a journal file.",
        default=None,
        store=_stored_url,
    )
    engine_kind: str = inherited(EnginePlan, "engine_kind")
    workers: int | None = inherited(EnginePlan, "workers")
    cpus_per_trial: float | None = inherited(EnginePlan, "cpus_per_trial")
    gpus_per_trial: float | None = inherited(EnginePlan, "gpus_per_trial")
    ray_address: str | None = inherited(EnginePlan, "ray_address")
    silence: float = option(
        duration,
        "T",
        PLACED,
        "Restart a trial that has finished no epoch for this time. Default: 1h.",
        default=3600.0,
        store=store_duration,
    )

    def __post_init__(self) -> None:
        from seesawnas.study.trial import Proxy

        default = Proxy.for_data(self.data, seed=self.seed)
        self._fill("epochs", default.recipe.epochs)
        self._fill("resolution", default.resolution)
        self._fill("pairs", default.pairs)
        self._fill("share", default.share)
        recipe = replace(default.recipe, **{**self.recipe, "epochs": self.epochs})
        object.__setattr__(self, "recipe", recipe.to_mapping())
        super().__post_init__()

    @property
    def proxy(self) -> Proxy:
        """How networks are trained and evaluated."""
        from seesawnas.study.trial import Proxy
        from seesawnas.train import Recipe

        return Proxy(Recipe(**self.recipe), self.resolution, self.pairs, self.seed, self.seed, self.share)

    @property
    def folder(self) -> Path:
        """The folder of the study."""
        from seesawnas.study.storage.open import study_folder

        return study_folder(self.study)

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints of running trials."""
        return self.folder / "checkpoints"
