"""Text from strangers as people may see it: without what steers a terminal, turns a line round or computes in a sheet.

YAML, studies, file names, metadata of models and the words of exceptions all reach a screen or a file for people through
here. JSON keeps exact values: its own escapes are harmless.
"""

from __future__ import annotations

import json
import re
from typing import Any

# C0 and C1, soft hyphen, marks without width, line separators, turns of direction, halves of a pair, tags. Not tab, not
# newline.
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
_STEERS = re.compile(f"[{_HIDDEN}]")
_STEERS_A_LINE = re.compile(f"[{_HIDDEN}\t\n]")
_BEGINS_FORMULA = re.compile(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
# What JSON writes of the above; ordinary text has none of it, but for emoji, which cost a second look.
_ESCAPED = re.compile(
    r"\\(?:[bfr]|u(?:00[0189]|007[fF]|00[aA][dD]|061[cC]|180[eE]|20[0236]|[dD][89abAB]|[dD][c-fC-F]|[fF][eE][fF][fF]|[fF][fF][fF]))"
)


def plain(text: str) -> str:
    """``text`` with what steers or hides spelled out: ESC is ``\\x1b``, a turn of direction ``\\u202e``.

    Tabs and line breaks stay, and CR LF is a line break.
    """
    if text.isascii() and text.isprintable():
        return text
    return _STEERS.sub(_spelled, text.replace("\r\n", "\n"))


def plain_line(text: str) -> str:
    """``plain`` text that stays in its line: tabs and line breaks are spelled out, too."""
    return text if text.isascii() and text.isprintable() else _STEERS_A_LINE.sub(_spelled, text)


def plain_values(values: Any) -> Any:
    """JSON values, every text in them, keys too, ``plain``."""
    match values:
        case str():
            return plain(values)
        case dict():
            return {plain(key) if isinstance(key, str) else key: plain_values(value) for key, value in values.items()}
        case list() | tuple():
            return [plain_values(value) for value in values]
        case _:
            return values


def plain_json(text: str) -> str:
    """A JSON document whose texts are all ``plain``, for a page that shows them; itself where they are already."""
    if _ESCAPED.search(text) is None and _STEERS.search(text) is None:
        return text
    return json.dumps(plain_values(json.loads(text)), separators=(",", ":"))


def csv_cell(value: Any) -> Any:
    """What a sheet must not take for a formula begins with an apostrophe, as sheets themselves mark text.

    Numbers stay, those that are written as text (``-0.5``) too.
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


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    return named or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
