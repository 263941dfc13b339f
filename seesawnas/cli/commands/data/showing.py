"""What the data commands share: their options, a bar on stderr, and what was left out."""

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
        help="A folder of identities, a folder with train.rec, a .rec, or synthetic:PEOPLExIMAGES.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option("--out", metavar="PLACE", help="Where to write; nothing there is written over.")]


def check_out(path: str | Path, out: Path) -> None:
    """Raises DataError where ``out`` lies inside the folder of identities ``path``, whose person it would become."""
    from seesawnas.data.sources.rec import REC
    from seesawnas.errors import DataError
    from seesawnas.io.files import expanded

    faces, place = (os.path.realpath(expanded(each)) for each in (path, out))
    if place.startswith(os.path.join(faces, "")) and not os.path.isfile(os.path.join(faces, REC)):
        raise DataError(f"{out}: must not lie inside {path}, where it would be taken for a person's folder")


@contextmanager
def bar(words: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where a terminal shows it; yields what makes it go on."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from seesawnas.cli.views.output import screen

    shown = screen()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True) as progress:
        task = progress.add_task(words, total=total)
        yield lambda pictures: progress.advance(task, pictures)


def as_json(left_out: Skipped) -> list[dict[str, Any]]:
    """What was left out: a mapping a reason."""
    return [
        {"what": reason, "count": count, "first": left_out.first(reason)} for reason, count in left_out.counts().items()
    ]


def show(values: dict[str, Any], lines: list[str], left_out: Skipped, json: bool) -> None:
    """The values as JSON, or the lines and a line a reason for what was left out."""
    from seesawnas.cli.views.output import print_json, print_lines
    from seesawnas.io.terminal import only_shown

    only_shown()
    if json:
        print_json({**values, "left_out": as_json(left_out)})
    else:
        print_lines(*lines, *(f"left out    {note}" for note in left_out.notes()))


def went_on(before: int) -> list[str]:
    """A line where an interrupted run was gone on with."""
    return [f"went on     after {people(before)} that an earlier run dealt with"] if before else []


def images(count: int) -> str:
    """Such as ``1 image``, ``1,370 images``."""
    return f"{count:,} image{'' if count == 1 else 's'}"


def people(count: int) -> str:
    """Such as ``1 person``, ``523 people``."""
    return f"{count:,} {'person' if count == 1 else 'people'}"
