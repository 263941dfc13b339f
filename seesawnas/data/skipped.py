"""What reading faces left out: counted by reason, the first few by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

NAMED = 3
"""How many are named."""


class Skipped:
    """Counts by reason, and the first few places.

    Memory does not grow with the counts: of 5.8 million unreadable images three are remembered.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, list[str]] = {}

    def add(self, reason: str, place: str) -> None:
        """Remember one thing that was left out."""
        self.add_many(reason, 1, [place])

    def add_many(self, reason: str, count: int, places: Sequence[str]) -> None:
        """Remember ``count`` things, of which ``places`` are the first."""
        self._counts[reason] += count
        first = self._first.setdefault(reason, [])
        first.extend(places[: NAMED - len(first)])

    def copy(self) -> Skipped:
        """A copy, to continue from."""
        other = Skipped()
        other._counts = self._counts.copy()
        other._first = {reason: list(first) for reason, first in self._first.items()}
        return other

    def counts(self) -> dict[str, int]:
        """How many by reason."""
        return dict(self._counts)

    def first(self, reason: str) -> list[str]:
        """The first few places."""
        return [printable(place) for place in self._first.get(reason, [])]

    def notes(self) -> tuple[str, ...]:
        """One line per reason: the reason, the count, the first few places."""
        return tuple(
            f"{reason}: {count} ({self._named(reason, count)})"
            for reason, count in self._counts.items()
        )

    def _named(self, reason: str, count: int) -> str:
        return ", ".join(printable(place) for place in self._first[reason]) + (
            ", ..." if count > NAMED else ""
        )


def printable(text: str) -> str:
    """``text`` on one line; characters that a terminal should not get become question marks."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
