"""The card beside an exported file, as far as it says how the file is fed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.normalisation import is_mean, is_std, per_channel
from seesawnas.nn import PerChannel
from seesawnas.text import short

LARGEST_SIDE = 2048
_MOST_BYTES = 1 << 24
_ANY_BATCH = "N"


def card_path(model: Path) -> Path:
    """The card of the exported file ``model``."""
    return model.with_name(model.name + ".json")


def read_card(model: Path) -> dict[str, Any] | None:
    """The card of an exported file; None if there is none.

    A file of that name that is no card at all counts as none.

    Raises:
        InvalidInput: If what it says of the file's input is impossible, or it is of another file
            than ``model``.
    """
    path = card_path(model)
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not (isinstance(card, dict) and "seesawnas" in card and "files" in card):
        return None
    try:
        files = {str(one["name"]): str(one["sha256"]) for one in card["files"]}
    except (KeyError, TypeError):
        files = {}
    if not files or any(not name or Path(name).name != name for name in files):
        raise InvalidInput(
            f"{path}: must be the card that `seesawnas export` wrote beside {model.name}"
        )
    _check_input(path, card)
    for name in {model.name, *files}:
        if files.get(name) != _sha256(model.with_name(name)):
            raise InvalidInput(
                f"{path}: must be the card of {name}, got one of another file: export it again, "
                "or remove the card"
            )
    return card


def _check_input(path: Path, card: dict[str, Any]) -> None:
    """Refuse a card that does not say how its file is fed.

    Raises:
        InvalidInput: With the first value that is not possible.
    """
    inputs = card.get("input")
    if not isinstance(inputs, dict):
        raise InvalidInput(f"{path}: input must be a mapping, got {short(inputs)}")

    def refuse(name: str, rule: str) -> InvalidInput:
        got = short(json.dumps(inputs[name])) if name in inputs else "nothing"
        return InvalidInput(f"{path}: input.{name} must be {rule}, got {got}")

    match inputs.get("shape"):
        case [batch, 3, height, width] if (batch == _ANY_BATCH or _is_count(batch)) and all(
            _is_count(side) and side <= LARGEST_SIDE for side in (height, width)
        ):
            size = (height, width)
        case _:
            raise refuse("shape", f"[N, 3, height, width] of at most {LARGEST_SIDE} pixels a side")
    if inputs.get("normalise") not in ("inside", "outside"):
        raise refuse("normalise", "inside or outside")
    for name, is_possible, rule in (
        ("mean", is_mean, "three numbers, of red, green and blue"),
        ("std", is_std, "three positive numbers, of red, green and blue"),
    ):
        values = inputs.get(name)
        if not (
            isinstance(values, list)
            and len(values) == 3
            and all(_is_number(value) and is_possible(value) for value in values)
        ):
            raise refuse(name, rule)
    if (own := _network_size(card)) not in (None, size):
        raise refuse("shape", f"of the network's own size, {own}")


def check_card_size(model: Path, own: tuple[int, int] | None, card: dict[str, Any]) -> None:
    """Refuse a card of another size than the file has, if the file fixes one.

    Args:
        model: The file.
        own: (height, width) that the file itself fixes.
        card: Of the file.

    Raises:
        InvalidInput: If they differ.
    """
    if own not in (None, card_size(card)):
        raise InvalidInput(
            f"{card_path(model)}: input.shape must be of the size that {model.name} takes, {own}, "
            f"got {card_size(card)}"
        )


def _network_size(card: dict[str, Any]) -> tuple[int, int] | None:
    """(height, width) of the card's network, as far as it says them in numbers."""
    match card.get("network"):
        case {"spec": {"input": {"height": int(height), "width": int(width)}}}:
            return height, width
    return None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _sha256(path: Path) -> str | None:
    """The digest of a file; None if there is none that can be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError):  # a name with a NUL is a ValueError
        return None


def card_normalisation(card: dict[str, Any]) -> tuple[PerChannel, PerChannel]:
    """(mean, std) of pixels from 0 to 255 that the file is fed with."""
    inputs = card["input"]
    if inputs["normalise"] == "inside":
        return 0.0, 1.0
    mean, std = ([float(value) for value in inputs[name]] for name in ("mean", "std"))
    return per_channel(mean), per_channel(std)


def card_size(card: dict[str, Any] | None) -> tuple[int, int] | None:
    """(height, width) of the images that the file takes; None without a card."""
    if card is None:
        return None
    height, width = card["input"]["shape"][2:]
    return height, width
