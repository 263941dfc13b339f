"""What is in a set of faces, and what is wrong with it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import gcd

import numpy as np
from PIL import Image, ImageDraw

from seesawnas.data.images import UnreadableError, crop_box, decode, inspect
from seesawnas.data.skipped import NAMED, Skipped, printable
from seesawnas.data.sources.base import OpenedSource
from seesawnas.data.sources.open import LEAST
from seesawnas.errors import DataError

MAX_CHECKED = 20_000
"""How many images a survey decodes unless it is asked to decode all."""

_TILE, _GAP, _LINE = 112, 4, 14


@dataclass(frozen=True)
class Survey:
    """Counts of a set. ``looked_at`` images, spread evenly, were decoded.

    Sizes, formats and modes are theirs.

    Attributes:
        aspects: Counts by width:height in lowest terms of the image turned upright, such as 1:1 or
            6:7.
        other_aspects: How many do not have the most common aspect, and the first of them.
    """

    images: int
    people: int
    images_per_person: dict[str, float]
    looked_at: int
    sizes: Counter[str]
    formats: Counter[str]
    modes: Counter[str]
    bytes_per_image: float
    wrong: Skipped
    aspects: Counter[str] = field(default_factory=Counter)
    other_aspects: tuple[int, tuple[str, ...]] = (0, ())


def survey(
    source: OpenedSource,
    *,
    most: int | None = MAX_CHECKED,
    advance: Callable[[int], object] = lambda images: None,
) -> Survey:
    """Look at ``source``, opened with ``least=0``; ``most`` None decodes every image."""
    looks, each = _Looks(source), np.bincount(source.labels, minlength=len(source.names))
    for identity in np.flatnonzero(each < LEAST).tolist():
        looks.wrong.add("identities with fewer than two images", source.names[identity])
    count = len(source) if most is None else min(most, len(source))
    for index in np.linspace(0, len(source) - 1, count).astype(int).tolist():
        looks.at(index)
        advance(1)
    looks.judge_sizes()
    others = looks.judge_aspects()
    return Survey(
        len(source),
        len(source.names),
        _quartiles(each),
        count,
        looks.sizes,
        looks.formats,
        looks.modes,
        looks.bytes / count if count else 0.0,
        looks.wrong,
        looks.aspects(),
        others,
    )


class _Looks:
    """Counts of images looked at; memory does not grow with their number."""

    def __init__(self, source: OpenedSource) -> None:
        self._source, self.wrong, self.bytes = source, source.skipped, 0
        self.sizes, self.formats, self.modes = Counter[str](), Counter[str](), Counter[str]()
        self._first: dict[str, list[str]] = {}
        self._upright = Counter[tuple[int, int]]()
        self._first_upright: dict[tuple[int, int], list[int]] = {}

    def at(self, index: int) -> None:
        """Look at one image; note what is readable, but may not be what its owner expects."""
        place = self._source.place(index)
        try:
            content = self._source.payload(index)
            self.bytes += len(content)
            image = inspect(content, whole=True)
        except (DataError, UnreadableError):
            self.wrong.add("unreadable images", place)
            return
        self.sizes[image.size] += 1
        self.formats[image.format] += 1
        self.modes[image.mode] += 1
        first = self._first.setdefault(image.size, [])
        first.extend([place] if len(first) < NAMED else [])
        self._upright[image.upright] += 1
        same = self._first_upright.setdefault(image.upright, [])
        same.extend([index] if len(same) < NAMED else [])
        if image.turned:
            self.wrong.add("images with EXIF rotation (ignored by some tools)", place)
        if image.mode not in ("RGB", "L"):
            self.wrong.add(f"images in {image.mode} (converted to RGB)", place)

    def judge_sizes(self) -> None:
        """Note which images have another size than most, once that is known."""
        (usual, _), *others = self.sizes.most_common() or [("", 0)]
        for size, count in others:
            self.wrong.add_many(f"images that are not {usual} (resized)", count, self._first[size])

    def aspects(self) -> Counter[str]:
        """How many have each aspect."""
        found = Counter[str]()
        for (width, height), count in self._upright.items():
            found[_aspect(width, height)] += count
        return found

    def judge_aspects(self) -> tuple[int, tuple[str, ...]]:
        """Note which images would lose a part if cropped to the most common aspect.

        Returns:
            How many, and the first of them.
        """
        aspects = self.aspects().most_common(1)
        if not aspects:
            return 0, ()
        usual = aspects[0][0]
        wide, tall = (int(number) for number in usual.split(":"))
        cut = [size for size in self._upright if crop_box(*size, (tall, wide)) != (0, 0, *size)]
        count = sum(self._upright[size] for size in cut)
        indices = sorted(index for size in cut for index in self._first_upright[size])[:NAMED]
        places = tuple(self._source.place(index) for index in indices)
        if count:
            self.wrong.add_many(
                f"images with an unusual aspect ratio (usual: {usual}, width:height)", count, places
            )
        return count, places


def _aspect(width: int, height: int) -> str:
    common = gcd(width, height)
    return f"{width // common}:{height // common}"


def _quartiles(each: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, float]:
    if not len(each):
        return {}
    names = ("least", "quarter", "median", "three_quarters", "most")
    numbers = np.quantile(each, (0, 0.25, 0.5, 0.75, 1))
    return {**dict(zip(names, numbers.tolist(), strict=True)), "mean": float(each.mean())}


def contact_sheet(source: OpenedSource, *, people: int = 12, images: int = 10) -> Image.Image:
    """Images of identities spread evenly over the set, one row per identity under its name.

    Unreadable images are crossed out.
    """
    chosen = np.unique(
        np.linspace(0, len(source.names) - 1, min(people, len(source.names))).astype(int)
    ).tolist()
    width, height = images * (_TILE + _GAP) + _GAP, len(chosen) * (_TILE + _LINE + _GAP) + _GAP
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    for row, identity in enumerate(chosen):
        top = _GAP + row * (_TILE + _LINE + _GAP)
        indices = np.flatnonzero(source.labels == identity)
        name = printable(source.names[identity])[:80].encode("ascii", "replace").decode()
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
