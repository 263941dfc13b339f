"""One image file as RGB pixels in the shape that a network asks for, or a reason why not."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".pgm", ".ppm"})
FORMATS = ("JPEG", "PNG", "PPM")
"""What Pillow may take a file for; its other decoders are many and little used."""

MAX_PIXELS = 64_000_000
"""Largest image that is decoded; a small file can claim far more pixels than memory holds."""

Resolution: TypeAlias = int | tuple[int, int]
"""In pixels: the side of a square, or (height, width)."""

_NATIVE_MODES = frozenset({"RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "YCbCr"})


class UnreadableError(Exception):
    """A file that is no image, or a broken one, or one too large to decode safely."""


def size_of(resolution: Resolution) -> tuple[int, int]:
    """(height, width) of images at ``resolution``."""
    return resolution if isinstance(resolution, tuple) else (resolution, resolution)


def decode(path: Path | IO[bytes], resolution: Resolution) -> NDArray[np.uint8]:
    """Return the image upright, cropped and resized to ``resolution``: uint8 (height, width, 3).

    It is cropped to the aspect of ``resolution`` and resized by area. An image of exactly this
    shape stays as it is, to the bit. If a square image is to become a rectangle, the middle of the
    resized square is kept.

    Raises:
        UnreadableError: If Pillow cannot read the image, or it is too large to decode safely.
    """
    height, width = size_of(resolution)
    twice = 2 * max(height, width)
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableError(f"image is too large: {image.width}x{image.height} pixels")
            # A JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the time; twice the wanted size
            # loses nothing.
            image.draft(None, (twice, twice))
            ImageOps.exif_transpose(image, in_place=True)
            # Not asarray: torch wants what it may write to.
            return np.array(_fitted(_as_rgb(image), height, width))
    except UnreadableError:
        raise
    # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error, EOFError, ...
    except Exception as error:
        raise unreadable(error) from error


def middle(squares: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """The middle of images (..., S, S, 3): (..., height, width, 3)."""
    top, left = (squares.shape[-3] - height) // 2, (squares.shape[-2] - width) // 2
    return squares[..., top : top + height, left : left + width, :]


def crop_box(width: int, height: int, aspect: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest part, centred, of an image of ``width`` x ``height`` that has the ``aspect``.

    ``aspect`` is (height, width).

    Returns:
        (left, top, right, bottom) in whole pixels; one side is whole, the other is within half a
        pixel of the aspect.
    """
    tall, wide = aspect
    if width * tall > height * wide:
        kept, whole = _nearest(height * wide, tall), height
    else:
        kept, whole = width, _nearest(width * tall, wide)
    left, top = (width - kept) // 2, (height - whole) // 2
    return left, top, left + kept, top + whole


def unreadable(error: Exception) -> UnreadableError:
    """What Pillow raised, in words.

    For an unknown format, Pillow's own message would name an object in memory.
    """
    if isinstance(error, UnidentifiedImageError):
        return UnreadableError("not a JPEG, PNG, PGM or PPM file")
    return UnreadableError(f"{type(error).__name__}: {error}")


def upright(content: bytes) -> Image.Image:
    """The whole image in RGB, turned upright, in its own size. Raises whatever Pillow raises."""
    with (
        warnings.catch_warnings(action="ignore"),
        Image.open(io.BytesIO(content), formats=FORMATS) as image,
    ):
        ImageOps.exif_transpose(image, in_place=True)
        made = _as_rgb(image)
        made.load()
        return made


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in _NATIVE_MODES:
        return image.convert("RGB")
    # Sixteen-bit greys ("I;16", "I"): Pillow's own conversion clips them to white instead of
    # scaling.
    grey = np.asarray(image, dtype=np.float64)
    return Image.fromarray(np.clip(grey / 257.0 + 0.5, 0, 255).astype(np.uint8)).convert("RGB")


def _fitted(image: Image.Image, height: int, width: int) -> Image.Image:
    if image.size == (width, height):
        return image
    if height == width or image.width != image.height:
        return _resized(image, crop_box(*image.size, (height, width)), (width, height))
    # Aligned squares, cut in the middle, are what networks of such a shape are used to: resized
    # first, then cut.
    side = max(height, width)
    left, top = (side - width) // 2, (side - height) // 2
    square = _resized(image, (0, 0, *image.size), (side, side))
    return square.crop((left, top, left + width, top + height))


def _resized(
    image: Image.Image, box: tuple[int, int, int, int], size: tuple[int, int]
) -> Image.Image:
    """The part ``box`` of ``image`` in ``size`` (width, height)."""
    width, height = box[2] - box[0], box[3] - box[1]
    if (width, height) == size:
        return image.crop(box)
    # A whole ratio is a plain mean of pixels (112 -> 56: of 2x2); elsewhere a triangle as wide as
    # the ratio.
    is_whole = width % size[0] == 0 and height % size[1] == 0
    return image.resize(
        size, Image.Resampling.BOX if is_whole else Image.Resampling.BILINEAR, box=box
    )


def _nearest(numerator: int, denominator: int) -> int:
    """The quotient as the nearest whole number, never below 1."""
    return max(1, (2 * numerator + denominator) // (2 * denominator))


_EXIF_ORIENTATION = 0x0112
_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "PPM": ".ppm"}


@dataclass(frozen=True)
class ImageInfo:
    """What the bytes say.

    Attributes:
        format: JPEG, PNG or PPM.
        mode: Pillow's.
        turned: Whether EXIF asks to turn or mirror the image.
        sideways: Whether it is turned by a quarter, so that width and height change places.
    """

    format: str
    mode: str
    width: int
    height: int
    turned: bool
    sideways: bool = False

    @property
    def size(self) -> str:
        """Such as 112x112, width first."""
        return f"{self.width}x{self.height}"

    @property
    def upright(self) -> tuple[int, int]:
        """(width, height) of the image as it is meant to be seen."""
        return (self.height, self.width) if self.sideways else (self.width, self.height)

    @property
    def is_plain(self) -> bool:
        """Whether every tool reads it alike: a JPEG or PNG in RGB or grey, upright."""
        return self.format in ("JPEG", "PNG") and self.mode in ("RGB", "L") and not self.turned


def inspect(content: bytes, *, whole: bool) -> ImageInfo:
    """What ``content`` is; ``whole`` decodes it too, which finds truncated images.

    Raises:
        UnreadableError: If it is no image that can be read, or is too large to decode safely.
    """
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(content), formats=FORMATS) as image,
        ):
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableError(f"image is too large: {image.width}x{image.height} pixels")
            orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
            kind = str(image.format)
            if whole:
                image.load()
            turned, sideways = orientation in range(2, 9), orientation in range(5, 9)
            return ImageInfo(kind, image.mode, image.width, image.height, turned, sideways)
    except UnreadableError:
        raise
    except Exception as error:  # whatever Pillow's decoders raise
        raise unreadable(error) from error


def prepared(content: bytes, resolution: int | None) -> tuple[bytes, ImageInfo]:
    """``content`` if it is plain, and of ``resolution`` if one is given; otherwise a PNG that is.

    Returns:
        The bytes, and what they are.

    Raises:
        UnreadableError: If it cannot be decoded.
    """
    image = inspect(content, whole=True)
    if image.is_plain and resolution in (None, image.width) and resolution in (None, image.height):
        return content, image
    made = (
        Image.fromarray(decode(io.BytesIO(content), resolution)) if resolution else upright(content)
    )
    file = io.BytesIO()
    made.save(file, "PNG")
    return file.getvalue(), ImageInfo("PNG", "RGB", made.width, made.height, False)


def suffix(content: bytes) -> str | None:
    """The file extension for these bytes, None if they are no image of a known format."""
    for start, kind in (
        (b"\xff\xd8\xff", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"P5", "PPM"),
        (b"P6", "PPM"),
    ):
        if content.startswith(start):
            return _SUFFIXES[kind]
    return None
