"""The card beside an exported file, as far as it says how the file is fed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.normalisation import per_channel
from seesawnas.nn import PerChannel

_MOST_BYTES = 1 << 24


def card_path(model: Path) -> Path:
    """The card of the exported file ``model``."""
    return model.with_name(model.name + ".json")


def read_card(model: Path) -> dict[str, Any] | None:
    """The card of an exported file; None if there is none.

    A file of that name that is no card at all counts as none.

    Raises:
        InvalidInput: If it is no card, or of another file than ``model``.
    """
    path = card_path(model)
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        card = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(card, dict) and "seesawnas" in card and "files" in card):
            return None
        mean, std = card["input"]["mean"], card["input"]["std"]
        files = {one["name"]: one["sha256"] for one in card["files"]}
        if any(Path(name).name != name for name in files):
            raise ValueError
        if not all(isinstance(v, int | float) for v in (*mean, *std)) or (len(mean), len(std)) != (
            3,
            3,
        ):
            raise ValueError
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInput(
            f"{path}: must be the card that `seesawnas export` wrote beside {model.name}"
        ) from None
    for name in {model.name, *files}:
        if files.get(name) != _sha256(model.with_name(name)):
            raise InvalidInput(
                f"{path}: must be the card of {name}, got one of another file: export it again, "
                "or remove the card"
            )
    return card


def _sha256(path: Path) -> str | None:
    """The digest of a file; None if there is none that can be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def card_normalisation(card: dict[str, Any]) -> tuple[PerChannel, PerChannel]:
    """(mean, std) of pixels from 0 to 255 that the file is fed with."""
    inputs = card["input"]
    if inputs.get("normalise") == "inside":
        return 0.0, 1.0
    mean, std = ([float(value) for value in inputs[name]] for name in ("mean", "std"))
    return per_channel(mean), per_channel(std)


def card_size(card: dict[str, Any] | None) -> tuple[int, int] | None:
    """(height, width) of the images that the file takes; None without a card."""
    if card is None:
        return None
    height, width = card["input"]["shape"][2:]
    return int(height), int(width)
