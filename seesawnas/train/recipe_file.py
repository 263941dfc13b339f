"""Recipes as YAML: what ships under ``studies/recipes``, or a file of the user's own; every fault at once.

A file says ``epochs``, and what differs from :class:`Recipe`'s defaults, by its field names; ``about`` is a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_args, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model

from seesawnas.errors import DocumentError, UnknownReference
from seesawnas.files import shipped_folder
from seesawnas.space.faults import lines_of
from seesawnas.space.kinds import other_kind, shipped_kind
from seesawnas.space.yaml_door import read_text, read_yaml
from seesawnas.train.recipe import Recipe
from seesawnas.wording import nearest, short

_PARTS = ("momentum", "warm_up", "label_smoothing", "shift", "averaging")
"""A recipe's numbers that stay below 1."""
_BELOW_ONE = 0.999
_MOST = 1e6
MOST_EPOCHS = 100_000
MOST_BATCH = 1_000_000
_RANGES = {
    **dict.fromkeys(_PARTS, (0.0, _BELOW_ONE)),
    "margin_warm_up": (0.0, 1.0),
    "decay_factor": (0.0, 1.0),
    "sample_rate": (1e-4, 1.0),
}
RECIPE_KEYS = tuple(field.name for field in fields(Recipe) if field.name != "epochs")
"""What a study file's ``recipe`` may hold; it has ``epochs`` beside it."""


def read_recipe(ref: str | Path) -> Recipe:
    """The recipe that ``ref`` names: a YAML file, or a shipped one's name. Raises InvalidInput, one line a fault."""
    path = _find(ref)
    try:
        text = read_text(path)
    except UnicodeDecodeError:
        raise DocumentError(str(ref), ["must be UTF-8 text"]) from None
    except OSError as error:
        raise UnknownReference(f"{ref}: cannot be read: {error.strerror}") from None
    return to_recipe(read_yaml(text, str(ref)), str(ref), path.stem)


def to_recipe(values: Any, source: str, name: str) -> Recipe:
    """The recipe in plain ``values``. Raises DocumentError with every fault."""
    if not isinstance(values, dict):
        raise DocumentError(
            source, [f"must be a mapping of keys such as epochs, batch_size, margin, got {short(values)}"]
        )
    if other := other_kind(values, "recipe", ref=source):
        raise DocumentError(source, [f"must be a recipe, got {other}"])
    try:
        keys = _FileKeys.model_validate(values)
    except ValidationError as error:
        known = ["about", "epochs", *RECIPE_KEYS]
        raise DocumentError(source, list(lines_of(error, lambda _: known))) from None
    given = keys.model_dump(exclude_none=True, exclude={"about"})
    return Recipe(**{"label": name, **given})


def shipped_recipes() -> tuple[str, ...]:
    """The names of the recipes that ship."""
    return tuple(sorted(path.stem for path in _shipped().glob("*.yaml")))


def number(low: float, high: float, raw: Any) -> Any:
    """``raw`` as a number from ``low`` to ``high``, or None. Raises ValueError."""
    if raw is None:
        return raw
    if not isinstance(raw, (int, float)) or isinstance(raw, bool) or not low <= raw <= high:  # no NaN is
        raise ValueError(f"must be a number from {low:g} to {high:g}, got {short(raw)}")
    return float(raw)


def _whole(low: int, high: int, raw: Any) -> Any:
    if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
        raise ValueError(f"must be a whole number from {low} to {high}, got {short(raw)}")
    return raw


def _steps(raw: Any) -> Any:
    if not isinstance(raw, (list, tuple)) or not all(isinstance(step, float) and 0 < step < 1 for step in raw):
        raise ValueError(f"must be a list of shares between 0 and 1, such as [0.5, 0.75], got {short(raw)}")
    if list(raw) != sorted(set(raw)):
        raise ValueError(f"must rise, got {short(list(raw))}")
    return tuple(raw)


def _one_of(names: tuple[str, ...], raw: Any) -> Any:
    if raw not in names:
        raise ValueError(f"must be one of {', '.join(names)}, got {short(raw)}")
    return raw


def _optional(check: Callable[[Any], Any], raw: Any) -> Any:
    return None if raw is None else check(raw)


def _key(name: str, hint: Any) -> tuple[Any, None]:
    """A recipe's key: none given leaves the default's own value."""
    low, high = _RANGES.get(name, (0.0, _MOST))
    checks: dict[Any, Callable[[Any], Any]] = {
        float: partial(number, low, high),
        float | None: partial(number, low, high),
        int: partial(_whole, 2, MOST_BATCH),
        tuple[float, ...]: _steps,
    }
    check = checks.get(hint)
    if check is None and hint not in (str, bool):
        check = partial(_one_of, get_args(hint))
    kind: Any = hint | None
    return (kind if check is None else Annotated[kind, BeforeValidator(partial(_optional, check))]), None


_HINTS = get_type_hints(Recipe)
_CONFIG = ConfigDict(extra="forbid", frozen=True, strict=True)
if TYPE_CHECKING:
    RecipeKeys: TypeAlias = BaseModel
    _FileKeys: TypeAlias = BaseModel
else:  # whatever a recipe has, a file may set
    RecipeKeys = create_model(
        "RecipeKeys", __config__=_CONFIG, **{name: _key(name, _HINTS[name]) for name in RECIPE_KEYS}
    )
    _FileKeys = create_model(
        "_FileKeys",
        __base__=RecipeKeys,
        about=(str, ""),
        epochs=(Annotated[int, BeforeValidator(partial(_whole, 1, MOST_EPOCHS))], ...),
    )


def _shipped() -> Path:
    return shipped_folder("studies") / "recipes"


def _find(ref: str | Path) -> Path:
    own = Path(ref)
    candidates = [own, own.with_name(f"{own.name}.yaml")] if own.name else []
    if len(own.parts) == 1:
        candidates.append(_shipped() / f"{own.name.removesuffix('.yaml')}.yaml")
    for candidate in candidates:
        if _is_file(candidate):
            return candidate
    if other := shipped_kind(str(ref)):
        raise UnknownReference(f"{ref}: must be a recipe's YAML file or a shipped one's name, got {other}")
    near = nearest(own.stem, shipped_recipes())
    hint = f"did you mean {near}?" if near else f"shipped are {', '.join(shipped_recipes())}"
    raise UnknownReference(f"{ref}: must be a recipe's YAML file or a shipped one's name; {hint}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a NUL, a name too long for a file, or a folder that may not be entered
        return False
