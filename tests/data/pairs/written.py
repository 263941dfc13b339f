"""Files of pairs, written and read."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from seesawnas.data import PairSet, read_pairs
from seesawnas.errors import DataError


def write_image(path: Path, shade: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (16, 16), (shade, shade, shade)).save(path)


def outcome(path: Path, images: Path | None = None) -> PairSet | str:
    """The set, or the one line that refuses it."""
    try:
        return read_pairs(path, images=images, resolution=8)
    except DataError as error:
        return str(error)
