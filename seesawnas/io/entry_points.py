"""What other packages offer by entry points: blocks, samplers, margins, data sources.

An entry point is imported only when it is asked for by its name, so that a broken package is
reported to who uses it, and to nobody else. What is included keeps its name: a study means the same
with a package that offers another thing under it, and whoever does not use the package is not
stopped by it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from seesawnas.errors import InvalidInput
from seesawnas.text import error_line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Offer:
    """An entry point: its ``name``, ``where`` it is declared, in words, and what imports it."""

    name: str
    where: str
    load: Callable[[], Any]


def offers(group: str) -> tuple[Offer, ...]:
    """The entry points of ``group``, in the order in which Python finds them; none is imported."""
    return _offers(group, tuple(sys.path))


@cache
def _offers(group: str, path: tuple[str, ...]) -> tuple[Offer, ...]:
    """Kept, for looking for them reads the metadata of every package that is installed."""
    return tuple(
        Offer(point.name, f"entry point {group}: {point.name} of {_owner(point)}", point.load)
        for point in entry_points(group=group)
    )


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown distribution"


def import_offer(load: Callable[[], Any], where: str, fault: type[InvalidInput]) -> Any:
    """What ``load`` imports; what the module prints goes to standard error.

    Standard output may be a table, or JSON.

    Args:
        load: Imports it.
        where: What it is called in messages.
        fault: What is raised.

    Raises:
        InvalidInput: ``fault``, in one line, if it cannot be imported.
    """
    try:
        with redirect_stdout(sys.stderr):
            return load()
    except (Exception, SystemExit) as error:  # whatever another's module does
        raise fault(f"{where}: cannot be imported: {error_line(error)}") from None


@dataclass(frozen=True)
class Extensions(Generic[T]):
    """What can be named beside what is included: the entry points of a group.

    Attributes:
        group: Of the entry points.
        included: The names that are taken; an entry point that has one of them is not used.
        check: Makes the value of what an entry point imports; raises TypeError, which begins with
            ``must``, if it is no such thing.
        fault: What is raised.
    """

    group: str
    included: tuple[str, ...]
    check: Callable[[Any], T]
    fault: type[InvalidInput]

    def names(self) -> tuple[str, ...]:
        """The names that may be asked for: the included ones, then those of entry points."""
        return tuple(dict.fromkeys([*self.included, *(one.name for one in offers(self.group))]))

    def find(self, name: str) -> T | None:
        """What an entry point called ``name`` offers, imported now; None if there is none.

        None too, with a warning, if ``name`` is included.

        Raises:
            InvalidInput: ``fault``, in one line, if it cannot be imported, breaks a rule, or if two
                packages offer one.
        """
        found = [one for one in offers(self.group) if one.name == name]
        if not found:
            return None
        offer = found[0]
        if name in self.included:
            warnings.warn(
                f"{offer.where}: is not used: {name} is the included one; give it another name",
                stacklevel=2,
            )
            return None
        if len(found) > 1:
            raise self.fault(
                f"{found[1].where}: must have a unique name, got {name}, also in {offer.where}"
            )
        return self._loaded(offer)

    def _loaded(self, offer: Offer) -> T:
        found = import_offer(offer.load, offer.where, self.fault)
        try:
            return self.check(found)
        except TypeError as error:
            raise self.fault(f"{offer.where}: {error}") from None
