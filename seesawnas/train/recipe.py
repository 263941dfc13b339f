"""Recipes: what a training run is made of, except for the network, the faces and the seed.

They are YAML, one that ships under ``studies/recipes`` or a file of the user's own; every fault is
reported at once. A file says ``epochs``, and what differs from :class:`Recipe`'s defaults, by its
field names; ``about`` is a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args, get_type_hints

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    create_model,
    model_validator,
)

from seesawnas.errors import DocumentError, InvalidInput
from seesawnas.io.catalog import RECIPES, Wanted, read_document
from seesawnas.io.entry_points import Extensions
from seesawnas.io.kinds import other_kind
from seesawnas.io.validation import lines_of
from seesawnas.io.yaml import read_yaml
from seesawnas.text import one_of, short
from seesawnas.train.schedule import PAPER_STEPS, Decay
from seesawnas.units import number

Margin = Literal["arcface", "cosface", "li_arcface", "adaface"]
"""The included margins; :mod:`seesawnas.train.losses.margins` has them."""
Precision = Literal["fp32", "bf16", "fp16"]
Guard = Literal["none", "linear"]
"""What a margin does to an angle that it would push beyond a half turn."""
Distill = Literal["none", "angular", "embedding", "multistep"]
"""How the embeddings of a teacher are learnt from."""
GenerationTeacher = Literal["same", "previous"]
"""Who teaches the second generation and later ones: the first's teacher, or the student before."""
OptimizerName = Literal["sgd", "adamw"]


def _margin_kind(found: Any) -> Any:
    has_functions = all(callable(getattr(found, name, None)) for name in ("target", "other"))
    if not has_functions or not isinstance(getattr(found, "needs_quality", None), bool):
        raise TypeError(
            f"must be a seesawnas.train.MarginKind, with functions target and other and a bool "
            f"needs_quality, got {short(found)}"
        )
    return found


OWN_MARGINS: Extensions[Any] = Extensions(
    "seesawnas.margins", get_args(Margin), _margin_kind, InvalidInput
)
"""Margins of other packages: each is a :class:`seesawnas.train.losses.margins.MarginKind`."""

_WANTED = Wanted((RECIPES,), "a recipe's YAML file or a shipped one's name")
_DISTILLATION = ("distill", "distill_weight", "generations", "generation_teacher")
DISTORTIONS = ("crop", "downscale", "jitter", "erase")
"""Augmentations that a recipe has by the probability that an image is affected."""
_LATER = (
    "decay_steps",
    "decay_factor",
    "embedding_weight_decay",
    "sample_rate",
    *_DISTILLATION,
    "optimizer",
    "betas",
    *DISTORTIONS,
)


@dataclass(frozen=True)
class Recipe:
    """Gradient descent on a margin head.

    Shares (``warm_up``, ``margin_warm_up``, ``decay_steps``) are parts of the whole training.
    Weight decay acts on convolutions and linear layers, never on biases, batch norm or PReLU
    slopes.

    Attributes:
        label: What the training is called.
        epochs: How often every training image is used.
        batch_size: Images in a step, of all processes together.
        learning_rate: The highest, after ``warm_up``.
        momentum: Of stochastic gradient descent.
        nesterov: Whether the momentum is Nesterov's.
        weight_decay: Of the network's convolutions and linear layers.
        head_weight_decay: Of the margin head's class weights.
        decay: How the learning rate falls to the end of the training.
        warm_up: The share of the training in which the learning rate rises.
        margin: The loss: one of the included margins, or the name of an installed package's.
        margin_size: The margin; of arcface in radians, of cosface in cosine.
        margin_warm_up: The share of the training in which the margin grows to its size.
        guard: What arcface does to an angle that its margin would push beyond a half turn.
        scale: What cosines are multiplied by before the softmax.
        label_smoothing: The share of the target that is spread over all classes.
        flip: Whether images are mirrored at random.
        decay_steps: When the learning rate is multiplied by ``decay_factor``; for decay "steps"
            alone.
        decay_factor: See ``decay_steps``.
        embedding_weight_decay: Weight decay of the embedding's linear layer, if given.
        shift: The largest random move of an image, as a fraction of its side.
        averaging: The decay per step of the averaged weights, 0 for none; early on it is less, so
            that the average does not remember the initial weights.
        sample_rate: The fraction of the classes that a step uses (Partial FC).
        distill: How the embeddings of a teacher are learnt from; the training names the teacher.
        distill_weight: The weight of that term; None for the one that its method was published
            with, which differs by method as much as their distances do: 7 for "angular", whose
            distance is summed over the dimensions, and 100 for the others, whose is averaged.
        generations: How often the network is trained, each time from the weights of the time
            before.
        generation_teacher: Who teaches from the second generation on.
        optimizer: "sgd", or "adamw" (arXiv 1711.05101), whose learning rates are about a hundredth;
            it has ``betas`` in place of ``momentum`` and ``nesterov``.
        betas: AdamW's decays per step of the mean gradient and of the mean squared gradient.
        crop: The probability that only a random part of an image is shown, the rest black: 0.2 to 1
            of its area, 3/4 to 4/3 as wide as high (AdaFace, arXiv 2204.00964).
        downscale: That an image is made 0.2 to 1 times as large and enlarged again, by random ways
            to interpolate (AdaFace).
        jitter: That brightness, contrast and saturation change, in random order, each by a factor
            of 0.5 to 1.5 (AdaFace).
        erase: That a random rectangle becomes grey: 0.02 to 1/3 of the area, 0.3 to 3.3 times as
            wide as high (random erasing, arXiv 1708.04896).
    """

    label: str
    epochs: int
    batch_size: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 4e-5
    head_weight_decay: float = 4e-4
    decay: Decay = "cosine"
    warm_up: float = 0.05
    margin: str = "arcface"
    margin_size: float = 0.5
    margin_warm_up: float = 0.0
    guard: Guard = "linear"
    scale: float = 64.0
    label_smoothing: float = 0.0
    flip: bool = True
    shift: float = 0.0
    averaging: float = 0.0
    decay_steps: tuple[float, ...] = PAPER_STEPS
    decay_factor: float = 0.1
    embedding_weight_decay: float | None = None
    sample_rate: float = 1.0
    distill: Distill = "none"
    distill_weight: float | None = None
    generations: int = 1
    generation_teacher: GenerationTeacher = "same"
    optimizer: OptimizerName = "sgd"
    betas: tuple[float, ...] = (0.9, 0.999)
    crop: float = 0.0
    downscale: float = 0.0
    jitter: float = 0.0
    erase: float = 0.0

    def __post_init__(self) -> None:
        for name in _LISTS:
            object.__setattr__(self, name, tuple(getattr(self, name)))  # JSON makes it a list

    def changed(self, **changes: Any) -> Recipe:
        """The same with other values of the fields named, ready to train by.

        Raises:
            InvalidInput: In one line, if there is no such margin, or if a package offers one that
                cannot be used.
        """
        found = replace(self, **changes)
        if OWN_MARGINS.find(found.margin) is None:
            try:
                _margin(found.margin)
            except ValueError as error:
                raise InvalidInput(f"margin {error}") from None
        return found

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values; fields added later are left out at their defaults.

        So what was kept before still agrees.
        """
        values, default_values = _as_json(asdict(self)), self.default_values()
        return {
            name: value
            for name, value in values.items()
            if name not in default_values or value != default_values[name]
        }

    @classmethod
    def default_values(cls) -> dict[str, Any]:
        """What holds if a mapping does not say, as JSON values."""
        return _as_json(
            {field.name: field.default for field in fields(cls) if field.name in _LATER}
        )


_LISTS = ("decay_steps", "betas")


def _as_json(values: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if name in _LISTS else value for name, value in values.items()}


PROXY = Recipe(
    label="proxy",
    epochs=4,
    batch_size=32,
    learning_rate=0.12,
    weight_decay=5e-4,
    margin_size=0.2,
    margin_warm_up=1.0,
    scale=16.0,
    shift=0.04,
    averaging=0.97,
)
"""For a folder of a few thousand aligned faces.

It learns fast from few steps, which is what a search can afford.

A small scale and a margin that grows to the end: s 64 and m 0.5 from the first step often leave
small networks at chance. Four epochs rank networks as eight do at half of the cost
(studies/lfw_proxies): on 2,036 aligned faces of 418 people (Labeled Faces in the Wild) Kendall's
tau with 12 epochs at 112x112 is 0.55 after four epochs at 56x56, and 0.47 and 0.60 after eight from
two seeds. seesaw_share: area under the ROC curve 0.89 on 105 other people after 4 epochs, 0.91
after 8.
"""

FIRST_RUN = replace(PROXY, label="first run", epochs=2, flip=False, shift=0.0, averaging=0.95)
"""For the default set: its 3,600 images twice over, 55 seconds of one thread.

Flips and shifts only slow so few steps down: the set's images are distorted already.
"""


_PARTS = ("momentum", "warm_up", "label_smoothing", "shift", "averaging")
"""A recipe's numbers that stay below 1."""
_BELOW_ONE = 0.999
MOST_RATE = _MOST = 1e6
MAX_EPOCHS = 100_000
MOST_BATCH = 1_000_000
MOST_GENERATIONS = 100
MOST_WEIGHT = 1e6
_WHOLE = {
    "epochs": (1, MAX_EPOCHS),
    "batch_size": (2, MOST_BATCH),
    "generations": (1, MOST_GENERATIONS),
}
_RANGES = {
    **dict.fromkeys(_PARTS, (0.0, _BELOW_ONE)),
    "margin_warm_up": (0.0, 1.0),
    "decay_factor": (0.0, 1.0),
    "sample_rate": (1e-4, 1.0),
    "distill_weight": (0.0, MOST_WEIGHT),
    **dict.fromkeys(DISTORTIONS, (0.0, 1.0)),
}
RECIPE_KEYS = tuple(
    field.name for field in fields(Recipe) if field.name not in ("epochs", *_DISTILLATION)
)
"""What a study file's ``recipe`` may hold: it has ``epochs`` beside it, and trials no teacher."""


def read_recipe(ref: str | Path) -> Recipe:
    """The recipe that ``ref`` names: a YAML file, or a shipped one's name.

    Raises:
        InvalidInput: If it cannot be read or has faults, one line each.
    """
    document = read_document(ref, _WANTED)
    return to_recipe(document.values, document.source, document.name)


def to_recipe(values: Any, source: str, name: str) -> Recipe:
    """The recipe in plain ``values``.

    Raises:
        DocumentError: If they have faults: every fault.
    """
    if not isinstance(values, dict):
        raise DocumentError(
            source,
            [f"must be a mapping of keys such as epochs, batch_size, margin, got {short(values)}"],
        )
    if other := other_kind(values, "recipe", ref=source):
        raise DocumentError(source, [f"must be a recipe, got {other}"])
    try:
        keys = _FileKeys.model_validate(values)
    except ValidationError as error:
        known = list(_FileKeys.model_fields)
        raise DocumentError(source, list(lines_of(error, lambda _: known))) from None
    given = keys.model_dump(exclude_none=True, exclude={"about"})
    return Recipe(**{"label": name, **given})


def read_changes(settings: Sequence[str], source: str) -> dict[str, Any]:
    """Fields of a recipe from ``KEY=VALUE``, with a recipe file's keys, values and rules.

    Args:
        settings: Each a key and a YAML value, such as ``weight_decay=1e-4``; null is no value,
            where a recipe may have none.
        source: What faults are reported of.

    Raises:
        DocumentError: If there are faults: every fault.
    """
    values: dict[str, Any] = {}
    faults: list[str] = []
    for setting in settings:
        key, equals, value = (part.strip() for part in setting.partition("="))
        if not (key and equals):
            faults.append(f"must be KEY=VALUE, such as weight_decay=0.0001, got {short(setting)}")
        elif key in values:
            faults.append(f"{short(key)}: must be given once, got {short(value)} too")
        else:
            try:
                values[key] = read_yaml(value, source)
            except DocumentError:
                faults.append(f"{short(key)}: must be a YAML value, got {short(value)}")
    found: dict[str, Any] = {}
    try:
        found = _AnyKeys.model_validate(values).model_dump(exclude_unset=True)
    except ValidationError as error:
        faults += lines_of(error, lambda _: list(_AnyKeys.model_fields))
    faults += [
        f"{name}: must have a value, got nothing"
        for name, value in values.items()
        if value is None and _HINTS.get(name, None) not in (None, float | None)
    ]
    if faults:
        raise DocumentError(source, faults)
    return found


def shipped_recipes() -> tuple[str, ...]:
    """The names of the recipes that ship."""
    return RECIPES.names()


def _whole(low: int, high: int, raw: Any) -> Any:
    if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
        raise ValueError(f"must be a whole number from {low} to {high}, got {short(raw)}")
    return raw


def _steps(raw: Any) -> Any:
    if not isinstance(raw, (list, tuple)) or not all(
        isinstance(step, float) and 0 < step < 1 for step in raw
    ):
        raise ValueError(
            f"must be a list of shares between 0 and 1, such as [0.5, 0.75], got {short(raw)}"
        )
    if list(raw) != sorted(set(raw)):
        raise ValueError(f"must rise, got {short(list(raw))}")
    return tuple(raw)


def _betas(raw: Any) -> Any:
    if not (
        isinstance(raw, (list, tuple))
        and len(raw) == 2
        and all(isinstance(beta, float) and 0 <= beta < 1 for beta in raw)
    ):
        raise ValueError(
            f"must be a list of two numbers from 0.0 to below 1, such as [0.9, 0.999], got "
            f"{short(raw)}"
        )
    return tuple(raw)


def _one_of(names: tuple[str, ...], raw: Any) -> Any:
    if raw not in names:
        raise ValueError(one_of(names, raw))
    return raw


def _margin(raw: Any) -> Any:
    return raw if raw in get_args(Margin) else _one_of(OWN_MARGINS.names(), raw)


def _optional(check: Callable[[Any], Any], raw: Any) -> Any:
    return None if raw is None else check(raw)


def _key(name: str, hint: Any) -> tuple[Any, None]:
    """A recipe's key; None leaves the default's own value."""
    low, high = _RANGES.get(name, (0.0, _MOST))
    checks: dict[Any, Callable[[Any], Any]] = {
        float: partial(number, low, high),
        float | None: partial(number, low, high),
        int: partial(_whole, *_WHOLE.get(name, (0, MAX_EPOCHS))),
        tuple[float, ...]: _betas if name == "betas" else _steps,
    }
    check = _margin if name == "margin" else checks.get(hint)
    if check is None and hint not in (str, bool):
        check = partial(_one_of, get_args(hint))
    kind: Any = hint | None
    return (
        kind if check is None else Annotated[kind, BeforeValidator(partial(_optional, check))]
    ), None


def _has_own_rate(keys: BaseModel) -> BaseModel:
    """The learning rate that holds if none is given is SGD's, a hundred times too large."""
    given = keys.model_dump(exclude_none=True)
    if given.get("optimizer", "sgd") != "sgd" and "learning_rate" not in given:
        raise ValueError(f"optimizer {given['optimizer']} requires learning_rate, got none")
    return keys


_HINTS = get_type_hints(Recipe)
_CONFIG = ConfigDict(extra="forbid", frozen=True, strict=True)
if TYPE_CHECKING:
    RecipeKeys: TypeAlias = BaseModel
    _AnyKeys: TypeAlias = BaseModel
    _FileKeys: TypeAlias = BaseModel
else:  # whatever a recipe has, a file may set
    _KEYS = {name: _key(name, _HINTS[name]) for name in RECIPE_KEYS}
    _MORE = {name: _key(name, _HINTS[name]) for name in _DISTILLATION}
    _EPOCHS = Annotated[int, BeforeValidator(partial(_whole, 1, MAX_EPOCHS))]
    _RULES = {"rate": model_validator(mode="after")(_has_own_rate)}
    RecipeKeys = create_model("RecipeKeys", __config__=_CONFIG, __validators__=_RULES, **_KEYS)
    _FileKeys = create_model(
        "_FileKeys", __base__=RecipeKeys, about=(str, ""), epochs=(_EPOCHS, ...), **_MORE
    )
    # what a command changes is the part of a recipe that it says
    _AnyKeys = create_model(
        "_AnyKeys", __config__=_CONFIG, epochs=_key("epochs", int), **_KEYS, **_MORE
    )
