"""Markdown around text that is not ours: it stays text, in its line, its cell or its block."""

from __future__ import annotations

import re

from seesawnas.text import escape_line, plain

_MARKUP = re.compile(r"([\\`*_\[\]<>#~&$])")


def plain_markdown(text: str) -> str:
    """One line of text that Markdown must not read as markup, HTML included."""
    return _MARKUP.sub(r"\\\1", escape_line(" ".join(text.split())))


def cell(text: str) -> str:
    """Text that stays in one cell of a table."""
    return plain_markdown(text).replace("|", "\\|")


def code(text: str) -> str:
    """One line of text as code: its ticks are more than any in it."""
    words = escape_line(" ".join(text.split()))
    ticks = "`" * (_longest(words) + 1)
    edge = " " if words[:1] == "`" or words[-1:] == "`" or not words else ""
    return f"{ticks}{edge}{words}{edge}{ticks}"


def code_cell(text: str) -> str:
    """:func:`code` that stays in one cell of a table."""
    return code(text).replace("|", "\\|")


def fence(text: str, language: str = "") -> str:
    """Text as a block of code: its fence is longer than any run of ticks in it."""
    ticks = "`" * max(3, _longest(text) + 1)
    body = plain(text)
    return f"{ticks}{language}\n{body}{'' if body.endswith(chr(10)) else chr(10)}{ticks}"


def _longest(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
