"""What ``seesawnas studies`` prints: the list of studies, and one study in lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from shlex import quote

from seesawnas.cli.views.output import console, print_lines, screen, table
from seesawnas.cli.views.progress import say
from seesawnas.evaluation.metrics import METRICS
from seesawnas.io.catalog import RUNS
from seesawnas.study.library.details import StudyDetails
from seesawnas.study.library.summary import Best, StudySummary
from seesawnas.study.storage.urls import shown_url
from seesawnas.text import short
from seesawnas.units import format_bytes, format_quantity, local_time

_COLUMNS = ("study", "kind", "state", ">trials", ">best", "network", ">size", "last written")
_MOST_STARTS = 10
_LONGEST_SETTING = 300


def print_studies(studies: Sequence[StudySummary], storage: str | None) -> None:
    """Print a list of studies; why one cannot be read goes to stderr."""
    if not studies:
        print_lines(f"no study in {RUNS if storage is None else shown_url(storage)}")
        return
    rows = [_row(study) for study in studies]
    console().print(table(_COLUMNS, rows, spare=("network", "size")))
    say(screen(), *(f"{study.name}: {study.fault}" for study in studies if study.fault))


def print_details(details: StudyDetails) -> None:
    """Print what is known of one study."""
    summary = details.summary
    print_lines(*_head(details), *_starts(details), *_files(details))
    nexts = [] if details.resume is None else [details.resume]
    elsewhere = f" --storage {quote(summary.storage)}" if summary.folder is None else ""
    if summary.best is not None:
        nexts.append(f"seesawnas build {quote(f'{summary.name}:best')}{elsewhere}")
    if summary.kind != "fidelity":
        nexts.append(f"seesawnas report {quote(summary.name)}{elsewhere}")
    print_lines("Next:", *(f"  {line}" for line in nexts))
    say(screen(), *(f"note: {note}" for note in summary.notes))


def shown_size(size: int | None) -> str:
    """Bytes as ``4.84 MB`` or ``52 kB``; ``-`` of a study without a folder here."""
    return "-" if size is None else format_bytes(size)


def _row(study: StudySummary) -> tuple[object, ...]:
    return (
        study.name,
        study.kind or "-",
        study.state,
        _trials(study),
        "-" if study.best is None else _value(study.best),
        "-" if study.best is None else _network(study.best),
        shown_size(study.bytes),
        _moment(study.written),
    )


def _trials(study: StudySummary) -> str:
    """Such as ``12``, ``8 of 12`` if some are not finished or begun, ``12 + 10`` with repeats."""
    if study.kind is None:
        return "-"
    every, finished = study.number_of_trials, study.finished
    if study.state != "finished":
        every = max(every, study.asked or 0)
    words = f"{every:,}" if finished == every else f"{finished:,} of {every:,}"
    return f"{words} + {study.repeats:,}" if study.repeats else words


def _value(best: Best) -> str:
    return METRICS[best.metric].format(best.value)


def _network(best: Best) -> str:
    return f"{best.network} (trial {best.trial})"


def _moment(seconds: float | None) -> str:
    return "-" if seconds is None else f"{local_time(seconds):%Y-%m-%d %H:%M}"


def _head(details: StudyDetails) -> Iterator[str]:
    summary = details.summary
    holder = f" by {summary.holder}" if summary.holder else ""
    yield f"{summary.name}: {summary.kind}, {summary.state}{holder}"
    counts = ", ".join(f"{number} {word}" for word, number in summary.trials.items() if number)
    yield f"  trials        {summary.number_of_trials}{f': {counts}' if counts else ''}"
    if summary.repeats:
        yield f"  repeats       {summary.repeats}"
    if (best := summary.best) is not None:
        costs = f"{format_quantity(best.madds)} MAdds"
        title = METRICS[best.metric].title
        which = f"trial {best.trial} ({best.network})"
        mean = "" if best.trainings == 1 else f" (mean of {best.trainings} trainings)"
        yield f"  best          {which}: {title} {_value(best)}{mean}, {costs}"
    yield f"  objectives    {', '.join(details.objectives)}"
    where = "none here" if summary.folder is None else str(summary.folder)
    yield f"  folder        {where}, {shown_size(summary.bytes)}"
    yield f"  storage       {summary.storage}"
    yield f"  last written  {_moment(summary.written)}"
    if details.settings:
        yield "Settings that must stay:"
    for name, value in details.settings.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"  {name}: {short(shown, _LONGEST_SETTING)}"


def _starts(details: StudyDetails) -> Iterator[str]:
    if not details.starts:
        return
    yield "Starts:"
    if (more := len(details.starts) - _MOST_STARTS) > 0:
        yield f"  {more} earlier"
    for start in details.starts[-_MOST_STARTS:]:
        begun = start.made.get("started", "unknown time")
        yield f"  {begun}: {start.did()}; {start.ended or 'not ended, or killed'}"


def _files(details: StudyDetails) -> Iterator[str]:
    if details.files:
        yield "Files:"
    for name, size in details.files.items():
        yield f"  {name}  {shown_size(size)}"
