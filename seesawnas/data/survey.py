"""What is in a set of faces, and what is wrong with it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from seesawnas.data.decode import UnreadableError, decode
from seesawnas.data.left_out import LeftOut, printable
from seesawnas.data.open import LEAST
from seesawnas.data.picture import Picture, inspect
from seesawnas.data.source import OpenedSource
from seesawnas.errors import DataError

LOOKED_AT = 20_000
"""How many pictures a survey decodes unless it is told to decode all."""

_TILE, _GAP, _LINE = 112, 4, 14


@dataclass(frozen=True)
class Survey:
    """Counts. ``looked_at`` pictures, spread evenly, were decoded; sizes, formats and modes are theirs."""

    images: int
    people: int
    images_per_person: dict[str, float]
    looked_at: int
    sizes: Counter[str]
    formats: Counter[str]
    modes: Counter[str]
    bytes_per_image: float
    wrong: LeftOut


def survey(
    source: OpenedSource, *, most: int | None = LOOKED_AT, advance: Callable[[int], object] = lambda pictures: None
) -> Survey:
    """Look at ``source``, opened with ``least=0``; ``most`` None decodes every picture."""
    wrong, each = source.left_out, np.bincount(source.labels, minlength=len(source.names))
    for person in np.flatnonzero(each < LEAST).tolist():
        wrong.add("people with fewer than two images", source.names[person])
    count = len(source) if most is None else min(most, len(source))
    indices = np.linspace(0, len(source) - 1, count).astype(int).tolist()
    seen: list[tuple[int, Picture]] = []
    size = 0
    for index in indices:
        try:
            content = source.payload(index)
            size += len(content)
            seen.append((index, inspect(content, whole=True)))
        except (DataError, UnreadableError):
            wrong.add("unreadable images", source.place(index))
        advance(1)
    sizes = Counter(picture.size for _, picture in seen)
    _remark(source, seen, sizes, wrong)
    return Survey(
        len(source),
        len(source.names),
        _quartiles(each),
        count,
        sizes,
        Counter(picture.format for _, picture in seen),
        Counter(picture.mode for _, picture in seen),
        size / count if count else 0.0,
        wrong,
    )


def _remark(source: OpenedSource, seen: list[tuple[int, Picture]], sizes: Counter[str], wrong: LeftOut) -> None:
    """What is read all the same, but may not be what its owner thinks."""
    usual = sizes.most_common(1)[0][0] if sizes else ""
    for index, picture in seen:
        if picture.size != usual:
            wrong.add(f"images that are not {usual}, and are cut square and resized", source.place(index))
        if picture.turned:
            wrong.add("images that EXIF turns, which not every tool does", source.place(index))
        if picture.mode not in ("RGB", "L"):
            wrong.add(f"images in {picture.mode}, which are made RGB", source.place(index))


def _quartiles(each: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, float]:
    if not len(each):
        return {}
    names = ("least", "quarter", "median", "three_quarters", "most")
    numbers = np.quantile(each, (0, 0.25, 0.5, 0.75, 1))
    return {**dict(zip(names, numbers.tolist(), strict=True)), "mean": float(each.mean())}


def contact_sheet(source: OpenedSource, *, people: int = 12, images: int = 10) -> Image.Image:
    """Pictures of people spread evenly over the set, a row a person under the name; an unreadable one is crossed out."""
    chosen = np.unique(np.linspace(0, len(source.names) - 1, min(people, len(source.names))).astype(int)).tolist()
    width, height = images * (_TILE + _GAP) + _GAP, len(chosen) * (_TILE + _LINE + _GAP) + _GAP
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    for row, person in enumerate(chosen):
        top = _GAP + row * (_TILE + _LINE + _GAP)
        indices = np.flatnonzero(source.labels == person)
        name = printable(source.names[person])[:80].encode("ascii", "replace").decode()
        draw.text((_GAP, top), f"{name}  ({len(indices)})", fill="black")
        for column, index in enumerate(indices[:images].tolist()):
            sheet.paste(_tile(source, index), (_GAP + column * (_TILE + _GAP), top + _LINE))
    return sheet


def _tile(source: OpenedSource, index: int) -> Image.Image:
    try:
        return Image.fromarray(decode(io.BytesIO(source.payload(index)), _TILE))
    except (DataError, UnreadableError):
        tile = Image.new("RGB", (_TILE, _TILE), "lightgrey")
        ImageDraw.Draw(tile).line((0, 0, _TILE, _TILE), fill="red", width=3)
        ImageDraw.Draw(tile).line((0, _TILE, _TILE, 0), fill="red", width=3)
        return tile
