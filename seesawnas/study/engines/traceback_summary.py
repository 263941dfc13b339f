"""The reason to report for a lost worker.

It is apart from Ray, which may be imported only once its settings are made.
"""

from __future__ import annotations

import re

_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.?)")
_LONGEST = 500


def summarize_traceback(text: str) -> str:
    """What a traceback, or Ray's report of a death, says: one line without codes for terminals.

    For a worker that raised, it is the last line of its traceback; for one that died, Ray's first
    sentence.
    """
    plain = "".join(
        each if each.isprintable() or each == "\n" else " " for each in _CODES.sub("", text)
    )
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    if not lines:
        return "reason unknown"
    said = next((line.split(". ")[0] for line in lines if line.startswith("The actor")), None)
    raised = next(
        (
            line
            for line in reversed(lines)
            if re.match(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt)\b(?!\()", line)
        ),
        None,
    )
    if said is not None and "raised" not in said and "because of an error raised" not in plain:
        return said.rstrip(".")[:_LONGEST]
    return (raised or lines[-1]).rstrip(".")[:_LONGEST]
