"""Made-up identities in any number, to test scale with.

``synthetic:85000x68`` is 5.8 million images on no disk.
"""

from __future__ import annotations

import io
import re
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seesawnas.data.skipped import Skipped
from seesawnas.errors import DataError

PREFIX = "synthetic:"
SIDE = 112
MOST = 2**30
"""Most images of one source."""

_PATTERN = re.compile(r"synthetic:([1-9]\d{0,9})x([1-9]\d{0,9})", re.ASCII)
_GRID = 7  # an identity is this many patches of colour a side
_NOISE = 24.0


class SyntheticSource:
    """Each identity a pattern of coloured patches, each image the pattern under noise.

    Images are JPEG, made when asked for, and always the same.

    Raises:
        DataError: If ``text`` is not ``synthetic:PEOPLExIMAGES``, gives too many images, or fewer
            than ``least`` per identity.
    """

    def __init__(self, text: str, *, least: int = 0) -> None:
        match = _PATTERN.fullmatch(text)
        people, self._each = (int(number) for number in match.groups()) if match else (0, 0)
        if not 0 < people * self._each <= MOST:
            raise DataError(
                f"synthetic faces: must be synthetic:IDENTITIESxIMAGES, at most {MOST} images, "
                f"got {text[:60]!r}"
            )
        if self._each < least:
            raise DataError(f"{text}: must have at least {least} images per identity")
        self.description = self._text = text
        self.labels: NDArray[np.int64] = np.repeat(np.arange(people, dtype=np.int64), self._each)
        self.names = tuple(f"{identity:07d}" for identity in range(people))

    def __len__(self) -> int:
        return len(self.labels)

    def __reduce__(self) -> tuple[type[SyntheticSource], tuple[str]]:
        return SyntheticSource, (self._text,)

    @property
    def skipped(self) -> Skipped:
        """Nothing."""
        return Skipped()

    @property
    def notes(self) -> tuple[str, ...]:
        """None."""
        return ()

    @cached_property
    def fingerprint(self) -> str:
        """The text says everything."""
        return self._text.removeprefix(PREFIX)

    def stamp(self) -> str:
        """Nothing to be written to."""
        return ""

    def payload(self, index: int) -> bytes:
        """A JPEG of 112x112."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        identity, image = divmod(index, self._each)
        patches = np.random.default_rng(identity).uniform(40, 215, (_GRID, _GRID, 3))
        noise = np.random.default_rng([identity, image + 1]).normal(0, _NOISE, patches.shape)
        small = Image.fromarray(np.clip(patches + noise, 0, 255).astype(np.uint8))
        file = io.BytesIO()
        small.resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(file, "JPEG", quality=90)
        return file.getvalue()

    def place(self, index: int) -> str:
        """``synthetic: image 17``."""
        return f"synthetic: image {index}"
