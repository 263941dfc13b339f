"""What the data commands share: options, a progress bar on stderr, skipped images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from seesawnas.data.skipped import Skipped

FacesPath = Annotated[
    str,
    typer.Argument(
        metavar="PATH",
        help="A folder with one sub-folder per identity, a folder with train.rec, a .rec file, or "
        "synthetic:IDENTITIESxIMAGES.",
        show_default=False,
    ),
]
Out = Annotated[
    Path,
    typer.Option("--out", metavar="OUT", help="Output path; existing files are never overwritten."),
]


def check_out(path: str | Path, out: Path) -> None:
    """Check that ``out`` is not inside the folder ``path``.

    Raises:
        DataError: If it is: it would be read as an identity there.
    """
    from seesawnas.data.sources.rec import REC
    from seesawnas.errors import DataError
    from seesawnas.io.files import expanded

    faces, place = (os.path.realpath(expanded(each)) for each in (path, out))
    if place.startswith(os.path.join(faces, "")) and not os.path.isfile(os.path.join(faces, REC)):
        raise DataError(f"{out}: must not be inside {path}: it would be read as an identity")


@contextmanager
def bar(words: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, if it is a terminal; yields the function that advances it."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from seesawnas.cli.views.output import screen

    shown = screen()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=shown, disable=not shown.is_terminal, transient=True
    ) as progress:
        task = progress.add_task(words, total=total)
        yield lambda more: progress.advance(task, more)


def as_json(skipped: Skipped) -> list[dict[str, Any]]:
    """Skipped images: a mapping per reason."""
    return [
        {"what": reason, "count": count, "first": skipped.first(reason)}
        for reason, count in skipped.counts().items()
    ]


def show(values: dict[str, Any], lines: list[str], skipped: Skipped, json: bool) -> None:
    """The values as JSON, or the lines, then one line per reason for skipped images."""
    from seesawnas.cli.views.output import print_json, print_lines
    from seesawnas.io.terminal import only_shown

    only_shown()
    if json:
        print_json({**values, "left_out": as_json(skipped)})
    else:
        print_lines(*lines, *(f"skipped     {note}" for note in skipped.notes()))


def resumed_line(before: int) -> list[str]:
    """A line if an interrupted run was resumed."""
    return [f"resumed     after {people(before)} of an earlier run"] if before else []


def images(count: int) -> str:
    """Such as ``1 image``, ``1,370 images``."""
    return f"{count:,} image{'' if count == 1 else 's'}"


def people(count: int) -> str:
    """Such as ``1 identity``, ``523 identities``."""
    return f"{count:,} {'identity' if count == 1 else 'identities'}"
