"""Encoded faces in memory, as a source."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seesawnas.errors import DataError
from tests.faces import patterns


@dataclass
class MadeUpSource:
    """Patterns of ``people``, ``each`` images.

    ``broken`` ones do not decode and ``missing`` ones cannot be had.
    """

    people: int = 6
    each: int = 8
    side: int = 32
    broken: Collection[int] = ()
    missing: Collection[int] = ()
    fingerprint: str = "made up"
    description: str = "made-up people"

    @property
    def names(self) -> list[str]:
        return [f"p{identity}" for identity in range(self.people)]

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(self.people), self.each)

    @cached_property
    def _images(self) -> NDArray[np.uint8]:
        return patterns(self.people, self.each, self.side).images

    def __len__(self) -> int:
        return self.people * self.each

    def payload(self, index: int) -> bytes:
        if index in self.missing:
            raise DataError("cannot be read:\nno such file")
        file = io.BytesIO()
        Image.fromarray(self._images[index]).save(file, "PNG")
        return file.getvalue()[: 50 if index in self.broken else None]

    def place(self, index: int) -> str:
        return f"p{self.labels[index]}/{index}.png"
