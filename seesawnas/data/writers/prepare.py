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

    def people(self, source: OpenedSource, start: int = 0) -> Iterator[PreparedIdentity]:
        """Each identity from label ``start`` on; one who is left out has no images."""
        order = np.argsort(source.labels, kind="stable")
        starts = np.searchsorted(source.labels[order], np.arange(len(source.names) + 1)).tolist()
        for label in range(start, len(source.names)):
            identity = PreparedIdentity(source.names[label])
            for index in order[starts[label] : starts[label + 1]].tolist():
                self._add(identity, source, index)
            if len(identity.images) < self.least:
                identity.images.clear()
                identity.sizes.clear()
                identity.faults.append((few(self.least), identity.name))
            yield identity

    def _add(self, identity: PreparedIdentity, source: OpenedSource, index: int) -> None:
        identity.seen += 1
        try:
            content = source.payload(index)
            if self.as_is:
                with contextlib.suppress(UnreadableError):
                    identity.sizes.append(inspect(content, whole=False).size)
            else:
                original = content
                content, image = prepared(original, self.resolution)
                identity.sizes.append(image.size)
                identity.anew += content is not original
            identity.images.append(content)
        except (DataError, UnreadableError):
            identity.faults.append(("unreadable images", source.place(index)))


@dataclass
class PreparedIdentity:
    """The images of one identity, their sizes, how many were re-encoded, and what was left out.

    What was left out is counted by reason and place.
    """

    name: str
    images: list[bytes] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)
    anew: int = 0
    seen: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)
