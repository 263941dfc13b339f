"""The keys that the files of all studies have in common: the faces, the proxy, what runs the trials.

about                       a sentence
study, storage              the folder under runs/; where Optuna stores it
data                        the faces that networks learn
time                        ends a run
epochs, resolution, pairs, share, recipe
                            the proxy; share of the training people; recipe: what differs from the default one
seed                        of people, training and pairs, and of what is proposed
engine, workers, cpus_per_trial, gpus_per_trial, ray_address, silence
                            what runs the trials
provenance                  what made a resolved study file; not read
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from seesawnas.errors import InvalidInput
from seesawnas.space.document import Text
from seesawnas.space.validation import faults_of, path_of
from seesawnas.study.engines.registry import ENGINES, EngineSettings
from seesawnas.study.library import StudyFile
from seesawnas.study.storage.urls import shown_url
from seesawnas.study.trial import Proxy
from seesawnas.text import one_line, short
from seesawnas.train.recipe import RECIPE_KEYS, RecipeKeys, number
from seesawnas.units import format_duration, parse_duration

RUN_RANGES: dict[str, tuple[int, int]] = {
    "epochs": (1, 10**4),
    "resolution": (16, 512),
    "pairs": (2, 10**7),
    "seed": (0, 2**63 - 1),
    "workers": (1, 64),
}
"""The whole numbers of every study's plan, by their names in a study file, both ends included."""

_MOST_NAME = 200

Place: TypeAlias = Callable[[str], str]
"""How a key is called in messages."""


def told(parse: Callable[[str], Any], subject: str, raw: Any) -> Any:
    """What ``parse`` makes of text; its errors as pydantic wants them, without the ``subject`` that the place names."""
    try:
        return parse(raw if isinstance(raw, str) else str(raw))
    except InvalidInput as error:
        raise ValueError(str(error).removeprefix(f"{subject} ")) from None


def whole(low: int, high: int, raw: Any) -> Any:
    """``raw`` as a whole number from ``low`` to ``high``, or None. Raises ValueError."""
    if raw is None:
        return raw
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise ValueError(f"must be a whole number from {low} to {high}, got {short(raw)}")
    if not low <= raw <= high:
        raise ValueError(f"must be from {low} to {high}, got {short(raw)}")
    return raw


def one_of(names: tuple[str, ...], raw: Any) -> Any:
    """``raw`` where it is one of ``names``. Raises ValueError."""
    if raw not in names:
        raise ValueError(f"must be one of {', '.join(names)}, got {short(raw)}")
    return raw


def given(raw: Any) -> Any:
    """``raw`` where it is not None. Raises ValueError."""
    if raw is None:
        raise ValueError("must have a value, got none")
    return raw


def _duration(raw: Any) -> Any:
    return None if raw in (None, "none") else parse_duration(raw)


class RunKeys(BaseModel):
    """The keys themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    about: Text = ""
    study: Text | None = None
    storage: Text | None = None
    data: Text | None = None
    time: Annotated[float | None, BeforeValidator(_duration)] = None
    epochs: Annotated[int | None, BeforeValidator(partial(whole, *RUN_RANGES["epochs"]))] = None
    resolution: Annotated[int | None, BeforeValidator(partial(whole, *RUN_RANGES["resolution"]))] = None
    pairs: Annotated[int | None, BeforeValidator(partial(whole, *RUN_RANGES["pairs"]))] = None
    share: Annotated[float | None, BeforeValidator(partial(number, 0.01, 1))] = None
    recipe: RecipeKeys = RecipeKeys()
    seed: Annotated[int, BeforeValidator(partial(whole, *RUN_RANGES["seed"])), BeforeValidator(given)] = 0
    engine: Annotated[str, BeforeValidator(partial(one_of, tuple(ENGINES)))] = "ray"
    workers: Annotated[int | None, BeforeValidator(partial(whole, *RUN_RANGES["workers"]))] = None
    cpus_per_trial: Annotated[float | None, BeforeValidator(partial(number, 0.01, 1024))] = None
    gpus_per_trial: Annotated[float | None, BeforeValidator(partial(number, 0, 64))] = None
    ray_address: Text | None = None
    silence: Annotated[float, BeforeValidator(parse_duration), BeforeValidator(given)] = 3600.0
    provenance: dict[str, Any] = {}

    @classmethod
    def beside(cls, place: tuple[int | str, ...]) -> list[str]:
        """The keys that stand beside the one at ``place``; those that stand in ``recipe`` with a dot."""
        if len(place) > 1 and place[0] == "recipe":
            return list(RECIPE_KEYS)
        return [*cls.model_fields, *(f"recipe.{name}" for name in RECIPE_KEYS)]

    def proxy(self) -> Proxy:
        """How networks are judged: the default for the faces, and what differs."""
        default = Proxy.for_data(self.data, seed=self.seed)
        changes = self.recipe.model_dump(exclude_none=True) | ({} if self.epochs is None else {"epochs": self.epochs})
        return replace(
            default,
            recipe=replace(default.recipe, **changes),
            resolution=self.resolution or default.resolution,
            pairs=self.pairs or default.pairs,
            share=self.share or default.share,
        )

    def settings(self) -> EngineSettings:
        """What runs the trials."""
        return EngineSettings(self.engine, self.workers, self.cpus_per_trial, self.gpus_per_trial, self.ray_address)

    def engine_conflicts(self, place: Place) -> Iterator[str]:
        """What is wrong with the keys of the engine together."""
        for name in ("cpus_per_trial", "gpus_per_trial", "ray_address"):
            if getattr(self, name) is not None and self.engine != "ray":  # the others have one core a trial, and no GPU
                yield f"{place(name)} must go with engine ray, got engine {self.engine}"


def placer(file: StudyFile | None, options: Mapping[str, Any]) -> Place:
    """How a key is called in messages: by its option, or by its file and place."""

    def place(path: str) -> str:
        name = path.partition(".")[0]
        if file is None or name in options:
            return f"--{path.replace('_', '-')}"
        return f"{file.source}: {path}:"

    return place


def faults_in(
    keys: type[RunKeys], values: Mapping[str, Any], place: Place, context: Any = None
) -> tuple[list[str], set[str]]:
    """A line for every fault of ``values``, and the keys that have one; ``context`` is the validation's."""
    try:
        keys.model_validate(values, context=context)
    except ValidationError as error:
        found = list(faults_of(error, keys.beside))
        return [one_line(f"{place(path_of(loc))} {rule}") for loc, rule in found], {str(loc[0]) for loc, _ in found}
    return [], set()


def run_values(proxy: Proxy, engine: EngineSettings, storage: str | None, silence: float) -> dict[str, Any]:
    """The common keys as a study file holds them, nothing left to defaults; what is None stays None.

    A storage with a user or a password is left out: the study's folder remembers it, for its owner's eyes alone.
    """
    recipe = proxy.recipe.to_mapping()
    return {
        "epochs": recipe.pop("epochs"),
        "resolution": proxy.resolution,
        "pairs": proxy.pairs,
        "share": proxy.share,
        "recipe": recipe,
        "seed": proxy.seed,
        "storage": storage if storage and shown_url(storage) == storage else None,
        "engine": engine.kind,
        **{name: value for name, value in asdict(engine).items() if name != "kind"},
        "silence": format_duration(silence),
    }


def default_name(*words: str) -> str:
    """A study's name of ``words``: small letters, digits and underscores."""
    return "_".join(re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_") for word in words)[:_MOST_NAME]


def data_words(data: str | None) -> list[str]:
    """What a study's name has of its faces."""
    return [Path(data).resolve().name] if data else []
