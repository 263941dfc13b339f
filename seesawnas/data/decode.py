"""One picture file as a square of RGB pixels, or a reason why not."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".pgm", ".ppm"})
FORMATS = ("JPEG", "PNG", "PPM")
"""What Pillow may take a file for; its other decoders are many and little used."""

MAX_PIXELS = 64_000_000
"""Largest picture that is decoded; a small file can claim far more pixels than memory holds."""

_NATIVE_MODES = frozenset({"RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "YCbCr"})


class UnreadableError(Exception):
    """A file that is no picture, or a broken one, or one too large to decode safely."""


def decode(path: Path | IO[bytes], resolution: int) -> NDArray[np.uint8]:
    """Return uint8 (resolution, resolution, 3): turned upright, its centre square cut out, resized by area.

    Raises UnreadableError for whatever Pillow could not make of the file.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise UnreadableError(f"{picture.width}x{picture.height} pixels are too many")
            # A JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the time; twice the wanted size loses nothing.
            picture.draft(None, (2 * resolution, 2 * resolution))
            ImageOps.exif_transpose(picture, in_place=True)
            return np.array(_square(_as_rgb(picture), resolution))  # not asarray: torch wants what it may write to
    except UnreadableError:
        raise
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error, EOFError, ...
        raise unreadable(error) from error


def middle(squares: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Of pictures (..., S, S, 3) the middle: (..., height, width, 3)."""
    top, left = (squares.shape[-3] - height) // 2, (squares.shape[-2] - width) // 2
    return squares[..., top : top + height, left : left + width, :]


def unreadable(error: Exception) -> UnreadableError:
    """What Pillow raised, in words; of what it does not know at all it would name an object in memory."""
    if isinstance(error, UnidentifiedImageError):
        return UnreadableError("it is no JPEG, PNG, PGM or PPM")
    return UnreadableError(f"{type(error).__name__}: {error}")


def upright(content: bytes) -> Image.Image:
    """The whole picture in RGB, turned upright, in its own size. Raises whatever Pillow does."""
    with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        ImageOps.exif_transpose(picture, in_place=True)
        made = _as_rgb(picture)
        made.load()
        return made


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    if picture.mode in _NATIVE_MODES:
        return picture.convert("RGB")
    # Sixteen-bit greys ("I;16", "I"): Pillow's own conversion clips them to white instead of scaling.
    grey = np.asarray(picture, dtype=np.float64)
    return Image.fromarray(np.clip(grey / 257.0 + 0.5, 0, 255).astype(np.uint8)).convert("RGB")


def _square(picture: Image.Image, resolution: int) -> Image.Image:
    if picture.size == (resolution, resolution):
        return picture
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    # A whole ratio is a plain mean of pixels (112 -> 56: of 2x2); elsewhere a triangle as wide as the ratio.
    kind = Image.Resampling.BOX if side % resolution == 0 else Image.Resampling.BILINEAR
    return picture.resize((resolution, resolution), kind, box=(left, top, left + side, top + side))
