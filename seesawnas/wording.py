"""Words of messages: values and lists cut to what a person reads, counts with their nouns, and names that are near.

A message may quote what somebody typed, which has any length: it is cut here, in one place, to a few hundred characters.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST_LINES = 20
"""Faults that are listed; of more, the number."""
MOST_WORD = 240
"""Characters of one word, such as a path, in a message; a file's name has 255 bytes at most."""
MOST_LINE = 700
_MORE = re.compile(r"\.\.\. and ([0-9]{1,15}) more")
_NAME = 60  # characters of a name that are compared with others: comparing takes the product of two lengths
_NEAR = 0.65


def short(value: Any, most: int = 60) -> str:
    """The beginning of ``value`` as text, in ``most`` characters or fewer."""
    try:
        text = str(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= most else f"{text[: most - 3]}..."


def one_line(fault: str) -> str:
    """``fault`` without line breaks, and not longer than a person reads."""
    words = " ".join(fault.split())
    return words if len(words) <= 400 else f"{words[:397]}..."


def bounded(message: str) -> str:
    """``message`` with at most :data:`MOST_LINES` lines, then how many more there are; long lines and words are cut."""
    lines, more = [], 0
    for line in message.split("\n"):
        if counted := _MORE.fullmatch(line):
            more += int(counted[1])
        else:
            lines.append(line)
    more += len(lines[MOST_LINES:])
    shown = [_bounded_line(line) for line in lines[:MOST_LINES]]
    return "\n".join([*shown, f"... and {more} more"] if more else shown)


def several(number: int, noun: str, plural: str | None = None) -> str:
    """``1 epoch``, ``2 epochs``, ``1,200 epochs``; ``plural`` where an s does not make it."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def nearest(name: str, known: Iterable[str], aliases: Mapping[str, Sequence[str]] | None = None) -> str | None:
    """The one of ``known`` that ``name`` was meant to be; None where none is near.

    ``aliases`` say what names stand for, the likeliest first; they go before likeness of letters.
    """
    if len(name) > _NAME:
        return None
    names = {_spelled(one): one for one in known}
    word = _spelled(name)
    meant = [*(aliases or {}).get(word, ()), *difflib.get_close_matches(word, names, n=1, cutoff=_NEAR)]
    return next((names[one] for one in meant if one in names), None)


def _spelled(name: str) -> str:
    return re.sub("[- ]", "_", name.strip().lower())


def _bounded_line(line: str) -> str:
    words = (word if len(word) <= MOST_WORD else f"{word[:160]}...{word[-60:]}" for word in line.split(" "))
    line = " ".join(words)
    return line if len(line) <= MOST_LINE else f"{line[: MOST_LINE - 3]}..."
