"""An encoded picture: what it is, and whether other tools can take its bytes as they are."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image

from seesawnas.data.decode import FORMATS, MAX_PIXELS, UnreadableError, decode, unreadable, upright

_EXIF_ORIENTATION = 0x0112
_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "PPM": ".ppm"}


@dataclass(frozen=True)
class Picture:
    """What the bytes say: format is JPEG, PNG or PPM; mode is Pillow's.

    turned: EXIF wants it turned or mirrored; sideways: by a quarter, so that width and height change places.
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


def inspect(content: bytes, *, whole: bool) -> Picture:
    """What ``content`` is; ``whole`` decodes it too, which finds what is truncated. Raises UnreadableError."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise UnreadableError(f"{picture.width}x{picture.height} pixels are too many")
            orientation = picture.getexif().get(_EXIF_ORIENTATION, 1)
            kind = str(picture.format)
            if whole:
                picture.load()
            turned, sideways = orientation in range(2, 9), orientation in range(5, 9)
            return Picture(kind, picture.mode, picture.width, picture.height, turned, sideways)
    except UnreadableError:
        raise
    except Exception as error:  # whatever Pillow's decoders raise
        raise unreadable(error) from error


def prepared(content: bytes, resolution: int | None) -> tuple[bytes, Picture]:
    """``content`` itself where it is plain, and of ``resolution`` where one is given; otherwise as a PNG that is.

    Raises UnreadableError.
    """
    picture = inspect(content, whole=True)
    if picture.is_plain and resolution in (None, picture.width) and resolution in (None, picture.height):
        return content, picture
    made = Image.fromarray(decode(io.BytesIO(content), resolution)) if resolution else upright(content)
    file = io.BytesIO()
    made.save(file, "PNG")
    return file.getvalue(), Picture("PNG", "RGB", made.width, made.height, False)


def suffix(content: bytes) -> str | None:
    """What a file of these bytes is called, None where they are no picture that is known here."""
    for start, kind in ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"P5", "PPM"), (b"P6", "PPM")):
        if content.startswith(start):
            return _SUFFIXES[kind]
    return None
