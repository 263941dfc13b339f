"""Trials in a CSV file, such as ``trials.csv`` of a report, or a table of another program's.

A header names the columns. Those with a dot in their names are decisions, such as
``stages.0.depth``; one is the score, called as the metric or ``score``. Rows whose ``state`` is not
complete, that are of another proxy (``variant``) or have no score are left out. If there is a
column ``study``, the scores of each study are compared within it alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from seesawnas.analysis.linear_model import Floats
from seesawnas.errors import StudyError
from seesawnas.space import Decision
from seesawnas.text import one_line, several, short

SCORE = "score"
MOST_BYTES = 64 * 2**20


def read_table(
    path: Path, name: str, decisions: Sequence[Decision], metric: str
) -> tuple[list[dict[str, Any]], Floats]:
    """The options and the score of each complete trial.

    Args:
        path: The file.
        name: What messages call it.
        decisions: Those of the search space: a cell that reads like one of their options is it.
        metric: The metric whose column is the score.

    Returns:
        (trials) assignments, and (trials,) scores, standardised within each study of the table if
        it has several.

    Raises:
        StudyError: If it cannot be read, has no such column, or a score is no number or none is
            there.
    """
    rows = _rows(path, name)
    try:
        header = [column.strip() for column in next(rows)[1]]
    except StopIteration:
        raise StudyError(f"{name}: must have a header and trials, got an empty file") from None
    if repeated := [one for one in dict.fromkeys(header) if one and header.count(one) > 1]:
        raise StudyError(f"{name}: columns must be unique, got {short(repeated[0])} twice")
    score = metric if metric in header else SCORE
    if score not in header:
        raise StudyError(
            f"{name}: must have a column {metric} or {SCORE}, got "
            f"{short(', '.join(filter(None, header)))}"
        )
    options = {one.name: {str(option): option for option in one.options} for one in decisions}
    found: list[dict[str, Any]] = []
    scores: list[float] = []
    studies: list[str] = []
    complete = 0
    for line, cells in rows:
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        if not _counts(row):
            continue
        complete += 1
        if not row.get(score):
            continue
        scores.append(_number(row[score], f"{name}: line {line}: {score}"))
        studies.append(row.get("study", ""))
        taken = {one: cell for one, cell in row.items() if "." in one and cell}
        found.append({one: _option(cell, options.get(one, {})) for one, cell in taken.items()})
    if complete and not found:
        raise StudyError(
            f"{name}: column {score} must have a number for each trial, got none for "
            f"{several(complete, 'complete trial')}"
        )
    return found, _comparable(np.array(scores), np.array(studies))


def _rows(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not empty, each with its number."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise StudyError(f"{name}: must have at most {MOST_BYTES >> 20} MiB")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StudyError(f"{name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StudyError(f"{name}: must be UTF-8 text") from None
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        for cells in reader:
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise StudyError(one_line(f"{name}: line {reader.line_num}: {error}")) from None


def _counts(row: Mapping[str, str]) -> bool:
    is_complete = row.get("state", "complete").lower() in ("", "complete")
    return is_complete and not row.get("variant")


def _number(cell: str, place: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise StudyError(f"{place} must be a number, got {short(cell)}")
    return value


def _option(cell: str, options: Mapping[str, Any]) -> Any:
    """The option that ``cell`` reads like; the text itself if it is none of the space's.

    Programs that know no empty whole numbers write 4 as 4.0.
    """
    return options.get(cell, options.get(cell.removesuffix(".0"), cell))


def _comparable(scores: Floats, studies: Any) -> Floats:
    names = set(studies.tolist())
    if len(names) < 2:
        return scores
    found = np.zeros(len(scores))
    for name in names:
        own = scores[studies == name]
        spread = own.std()
        found[studies == name] = (own - own.mean()) / (spread if spread > 0 else 1.0)
    return found
