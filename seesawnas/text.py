"""Words of messages: values and lists shortened, counts with their nouns, and similar names.

A message may quote what somebody typed, which has any length: it is cut here, in one place, to a
few hundred characters.

Text from strangers is shown without what steers a terminal, turns a line round or computes in a
sheet. YAML, studies, file names, metadata of models and the words of exceptions all reach a screen
or a file for people through here. JSON keeps exact values: its own escapes are harmless.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST_LINES = 20
"""Faults that are listed; of more, the number."""
MOST_WORD = 240
"""Characters of one word, such as a path, in a message; a file's name has 255 bytes at most."""
MOST_LINE = 700
_MORE = re.compile(r"\.\.\. and ([0-9]{1,15}) more")
# characters of a name that are compared with others: comparing takes the product of two lengths
_NAME = 60
_NEAR = 0.65


def short(value: Any, most: int = 60) -> str:
    """The beginning of ``value`` as text, in ``most`` characters or fewer."""
    try:
        text = str(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number with thousands of digits"
    return text if len(text) <= most else f"{text[: most - 3]}..."


def one_line(fault: str) -> str:
    """``fault`` without line breaks, and of readable length."""
    words = " ".join(fault.split())
    return words if len(words) <= 400 else f"{words[:397]}..."


def error_line(error: BaseException) -> str:
    """Class and words of ``error``, in one line."""
    return escape_line(one_line(f"{type(error).__name__}: {error}"))


def bounded(message: str) -> str:
    """``message`` with at most :data:`MOST_LINES` lines, then how many more there are.

    Long lines and words are cut.
    """
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
    """``1 epoch``, ``2 epochs``, ``1,200 epochs``; ``plural`` if an s does not make it."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def one_of(known: Iterable[str], got: object) -> str:
    """The rule that a name breaks which is none of ``known``, with the one that was meant."""
    names = tuple(known)
    near = nearest(got, names) if isinstance(got, str) else None
    hint = f"; did you mean {near}?" if near else ""
    shown = short(got) or "an empty word"
    return f"must be one of {', '.join(names)}, got {shown}{hint}"


def nearest(
    name: str, known: Iterable[str], aliases: Mapping[str, Sequence[str]] | None = None
) -> str | None:
    """The one of ``known`` that ``name`` was meant to be; None if none is near.

    ``aliases`` say what names stand for, the likeliest first; they go before likeness of letters.
    """
    if len(name) > _NAME:
        return None
    names = {_spelled(one): one for one in known}
    word = _spelled(name)
    meant = [
        *(aliases or {}).get(word, ()),
        *difflib.get_close_matches(word, names, n=1, cutoff=_NEAR),
    ]
    return next((names[one] for one in meant if one in names), None)


def _spelled(name: str) -> str:
    return re.sub("[- ]", "_", name.strip().lower())


def _bounded_line(line: str) -> str:
    words = (
        word if len(word) <= MOST_WORD else f"{word[:160]}...{word[-60:]}"
        for word in line.split(" ")
    )
    line = " ".join(words)
    return line if len(line) <= MOST_LINE else f"{line[: MOST_LINE - 3]}..."


# C0 and C1, soft hyphen, marks without width, line separators, turns of direction, halves of a
# pair, tags. Not tab, not newline.
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
_STEERS = re.compile(f"[{_HIDDEN}]")
_STEERS_A_LINE = re.compile(f"[{_HIDDEN}\t\n]")
_BEGINS_FORMULA = re.compile(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
# What JSON writes of the above; ordinary text has none of it, but for emoji, which cost a second
# look.
_ESCAPED = re.compile(
    r"\\(?:[bfr]|u(?:00[0189]|007[fF]|00[aA][dD]|061[cC]|180[eE]|20[0236]|[dD][89abAB]|[dD][c-fC-F]|[fF][eE][fF][fF]|[fF][fF][fF]))"
)


def plain(text: str) -> str:
    r"""``text`` with what steers or hides spelled out.

    ESC is ``\x1b``, a turn of direction ``\u202e``. Tabs and line breaks stay, and CR LF is a line
    break.
    """
    if text.isascii() and text.isprintable():
        return text
    return _STEERS.sub(_escaped_character, text.replace("\r\n", "\n"))


def escape_line(text: str) -> str:
    """``plain`` text that stays in its line: tabs and line breaks are spelled out, too."""
    return (
        text
        if text.isascii() and text.isprintable()
        else _STEERS_A_LINE.sub(_escaped_character, text)
    )


def plain_values(values: Any) -> Any:
    """JSON values, every text in them, keys too, ``plain``."""
    match values:
        case str():
            return plain(values)
        case dict():
            return {
                plain(key) if isinstance(key, str) else key: plain_values(value)
                for key, value in values.items()
            }
        case list() | tuple():
            return [plain_values(value) for value in values]
        case _:
            return values


def plain_json(text: str) -> str:
    """A JSON document whose texts are all ``plain``, for a page that shows them.

    It is the document itself if they are already.
    """
    if _ESCAPED.search(text) is None and _STEERS.search(text) is None:
        return text
    return json.dumps(plain_values(json.loads(text)), separators=(",", ":"))


def csv_cell(value: Any) -> Any:
    """``value`` for a sheet: text that a sheet would take for a formula begins with an apostrophe.

    That is how sheets themselves mark text. Numbers stay, those that are written as text (``-0.5``)
    too.
    """
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if _BEGINS_FORMULA.match(value) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and text == text.strip()


def _escaped_character(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    return named or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )
