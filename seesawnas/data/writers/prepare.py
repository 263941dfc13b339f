"""Faces prepared for writing, one identity at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from seesawnas.data.images import UnreadableError, inspect, prepared
from seesawnas.data.sources.base import OpenedSource, few
from seesawnas.data.sources.open import LEAST
from seesawnas.errors import DataError

Advance = Callable[[int], object]
"""Hears how many images more were dealt with."""


@dataclass(frozen=True)
class Preparation:
    """How images are prepared.

    Those that every tool reads keep their bytes; others, and with ``resolution`` those of another
    size, become PNG. ``as_is`` keeps all bytes and does not inspect them. Identities with fewer
    than ``least`` readable images are left out.
    """

    resolution: int | None = None
    as_is: bool = False
    least: int = LEAST

    def people(self, source: OpenedSource, start: int = 0) -> Iterator[Person]:
        """Each identity from label ``start`` on; one who is left out has no images."""
        order = np.argsort(source.labels, kind="stable")
        starts = np.searchsorted(source.labels[order], np.arange(len(source.names) + 1)).tolist()
        for label in range(start, len(source.names)):
            person = Person(source.names[label])
            for index in order[starts[label] : starts[label + 1]].tolist():
                self._add(person, source, index)
            if len(person.images) < self.least:
                person.images.clear()
                person.sizes.clear()
                person.faults.append((few(self.least), person.name))
            yield person

    def _add(self, person: Person, source: OpenedSource, index: int) -> None:
        person.seen += 1
        try:
            content = source.payload(index)
            if self.as_is:
                with contextlib.suppress(UnreadableError):
                    person.sizes.append(inspect(content, whole=False).size)
            else:
                original = content
                content, image = prepared(original, self.resolution)
                person.sizes.append(image.size)
                person.anew += content is not original
            person.images.append(content)
        except (DataError, UnreadableError):
            person.faults.append(("unreadable images", source.place(index)))


@dataclass
class Person:
    """The images of one identity, their sizes, how many were re-encoded, and what was left out.

    What was left out is counted by reason and place.
    """

    name: str
    images: list[bytes] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)
    anew: int = 0
    seen: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)
