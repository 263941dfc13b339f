"""The options that studies share, each declared once; see :mod:`seesawnas.plan.options`.

Nothing here imports torch or Optuna: help waits for this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from seesawnas.errors import InvalidInput, StudyError
from seesawnas.plan.options import (
    Number,
    OneOf,
    Plan,
    Whole,
    as_it_is,
    duration,
    inherited,
    lists,
    option,
    optional_duration,
    optional_text,
    parsed,
    store_duration,
    text,
)
from seesawnas.text import short
from seesawnas.train.feeds.subset_plan import SubsetPlan
from seesawnas.train.feeds.teacher_plan import TeacherPlan, teacher_conflicts

if TYPE_CHECKING:
    from pydantic import BaseModel

    from seesawnas.plan.documents import Place
    from seesawnas.study.engines.registry import EngineSettings
    from seesawnas.study.trial import Proxy

SEARCHED, DATA, ENDS, JUDGED, PLACED = "Search", "Data", "Stopping", "Evaluation", "Execution"
"""Panels of the help."""
MAX_EPOCHS = 10**4
ENGINE_NAMES = ("ray", "local", "inline")
"""Names that ``engine`` may have; :mod:`seesawnas.study.engines.registry` starts them."""


def _recipe_keys() -> type[BaseModel]:
    from seesawnas.train.recipe import RecipeKeys

    return RecipeKeys


def _stored_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    beside = ("epochs", "distill", "distill_weight")
    return {name: value for name, value in recipe.items() if name not in beside}


def _stored_url(url: str | None) -> str | None:
    """The storage as a study file says it.

    One with a user or a password is left out: the study's folder keeps it, for its owner alone.
    """
    from seesawnas.study.storage.urls import shown_url

    return url if url and shown_url(url) == url else None


def parse_budget(raw: Any) -> Any:
    """``raw`` as a :class:`seesawnas.cost.Budget`.

    Raises:
        ValueError: If it is not the text of a budget.
    """
    from seesawnas.cost import Budget

    if not isinstance(raw, (str, int)) or isinstance(raw, bool):
        raise ValueError(f"must be text such as 150M, got {short(raw)}")
    return parsed(Budget.parse, "budget", raw)


def metric_name(raw: Any) -> Any:
    """The name of a metric.

    Raises:
        ValueError: If there is no metric of this name.
    """
    from seesawnas.evaluation.metrics import METRICS

    return OneOf(tuple(METRICS))(raw)


def as_objectives(metric: str) -> list[str]:
    """The one metric that is compared, as study files keep it."""
    return [metric]


def references(raw: Any, what: str = "REFs such as paper/seesaw_share") -> Any:
    """REFs, of a list or of text with commas, each once; ``what`` they are, for the error.

    Raises:
        ValueError: If it is neither.
    """
    refs = raw if isinstance(raw, list) else str(raw or "").split(",")
    if not all(isinstance(ref, str) for ref in refs):
        raise ValueError(f"must be {what}, got {short(repr(raw))}")
    return tuple(dict.fromkeys(ref.strip() for ref in refs if ref.strip()))


@dataclass(frozen=True, kw_only=True)
class SpacePlan(Plan):
    """The option that says which networks there are."""

    fault: ClassVar[type[InvalidInput]] = StudyError

    space: str = option(
        text,
        "REF",
        SEARCHED,
        "Search space: a YAML file or a shipped name. Default: seesaw.",
        default="seesaw",
        must_stay=True,
        completion="ref",
        in_summary=True,
    )


@dataclass(frozen=True, kw_only=True)
class EnginePlan(Plan):
    """The options that say what runs trials."""

    fault: ClassVar[type[InvalidInput]] = StudyError

    engine_kind: str = option(
        OneOf(ENGINE_NAMES),
        "NAME",
        PLACED,
        "What runs the trials: ray, local (several processes) or inline (this process). Default: "
        "ray.",
        default="ray",
        key="engine",
        in_summary=True,
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
        optional_text,
        "ADDRESS",
        PLACED,
        "Address of a Ray cluster: auto or HOST:PORT.",
        default=None,
    )

    @property
    def engine(self) -> EngineSettings:
        """What runs the trials."""
        from seesawnas.study.engines.registry import EngineSettings

        return EngineSettings(
            self.engine_kind,
            self.workers,
            self.cpus_per_trial,
            self.gpus_per_trial,
            self.ray_address,
        )


def engine_conflicts(plan: EnginePlan, place: Place) -> Iterator[str]:
    """What is wrong with the keys of the engine together."""
    for name in ("cpus_per_trial", "gpus_per_trial", "ray_address"):
        # The other engines give each trial one core and no GPU.
        if getattr(plan, name) is not None and plan.engine_kind != "ray":
            yield f"{place(name)} requires engine ray, got engine {plan.engine_kind}"


def proxy_teacher_conflicts(plan: TeacherPlan, data: str | None, place: Place) -> Iterator[str]:
    """What is wrong with the keys of the teacher of a study together.

    Args:
        plan: The study's.
        data: Its folder of faces; None for the default set.
        place: How a key is called.
    """
    yield from teacher_conflicts(plan, plan.distill or "none", plan.distill_weight, place)
    if plan.teacher and data is None:
        yield (
            f"{place('teacher')} requires {place('data')}, got none: the default faces are drawn "
            "at one size, and a teacher takes another"
        )


def subset_conflicts(identities: int | None, data: str | None, place: Place) -> Iterator[str]:
    """What is wrong with the keys of the faces together."""
    if identities is not None and data is None:
        yield (
            f"{place('identities')} requires {place('data')}, got none: the default faces are few"
        )


def _study(raw: Any) -> Any:
    """A study's name, or the path of its folder, which a shell completes with a slash."""
    name = optional_text(raw)
    return (name.rstrip("/") or name) if isinstance(name, str) else name


@dataclass(frozen=True, kw_only=True)
@lists(TeacherPlan, before="study")
class RunPlan(TeacherPlan, EnginePlan):
    """The options that every study has: its faces, the proxy, what runs its trials.

    What a document leaves to defaults that depend on other values, such as the epochs, is filled in
    here.

    Attributes:
        data: A folder of faces; None for the default set.
        seconds: The time of this run.
        identities: How many identities of ``data`` are used, on both sides of the split; None for
            all.
        share: The part of the training identities that is trained on.
        recipe: All of the proxy's recipe, as JSON values; it may be given as what differs from the
            default one.
        stall_timeout: Seconds without a finished epoch after which a trial is restarted.
    """

    data: str | None = option(
        optional_text,
        "PATH",
        DATA,
        "Folder with one sub-folder per identity, folder with train.rec, or .rec file. "
        "Default: the small default faces.",
        default=None,
        must_stay=True,
        in_summary=True,
    )
    identities: int | None = inherited(SubsetPlan, "identities", panel=DATA, in_summary=True)
    seconds: float | None = option(
        optional_duration,
        "T",
        ENDS,
        "Time limit of this run, such as 2h or 90m.",
        default=None,
        key="time",
        store=store_duration,
        keep=as_it_is,
        in_summary=True,
    )
    epochs: int = option(
        Whole(1, MAX_EPOCHS, optional=True),
        "N",
        JUDGED,
        "Epochs of proxy training per trial.",
        default=None,
        must_stay=True,
        in_summary=True,
    )
    resolution: int = option(
        Whole(16, 512, optional=True),
        "R",
        JUDGED,
        "Proxy input size: the longer side, in pixels.",
        default=None,
        must_stay=True,
        in_summary=True,
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
    recipe: Mapping[str, Any] = option(
        as_it_is, default=dict, keys=_recipe_keys, store=_stored_recipe, must_stay=True, keep=dict
    )
    seed: int = option(
        Whole(0, 2**63 - 1),
        "S",
        JUDGED,
        "Seed of the sampler, the identity split, training and pairs. Default: 0.",
        default=0,
        must_stay=True,
        in_summary=True,
    )
    study: str = option(
        _study,
        "NAME",
        PLACED,
        "Name of the study, a folder under runs/. Default: derived from the study file, or from "
        "budget and data.",
        default=None,
        completion="study",
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
    stall_timeout: float = option(
        duration,
        "T",
        PLACED,
        "Restart a trial that has finished no epoch for this time. Default: 1h.",
        default=3600.0,
        former_key="silence",
        store=store_duration,
    )

    def __post_init__(self) -> None:
        from seesawnas.study.trial import Proxy

        default = Proxy.for_data(self.data, seed=self.seed)
        self._fill("epochs", default.recipe.epochs)
        self._fill("resolution", default.resolution)
        self._fill("pairs", default.pairs)
        self._fill("share", default.share)
        changes = {"epochs": self.epochs, **self._distilled()}
        recipe = default.recipe.changed(**{**self.recipe, **changes})
        object.__setattr__(self, "recipe", recipe.to_mapping())
        super().__post_init__()

    @property
    def proxy(self) -> Proxy:
        """How networks are trained and evaluated."""
        from seesawnas.study.trial import Proxy
        from seesawnas.train import Recipe

        return Proxy(
            Recipe(**self.recipe), self.resolution, self.pairs, self.seed, self.seed, self.share
        )

    @property
    def folder(self) -> Path:
        """The folder of the study."""
        from seesawnas.study.storage.open import study_folder

        return study_folder(self.study)

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints of running trials."""
        return self.folder / "checkpoints"
