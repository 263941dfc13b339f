"""``seesawnas studies rename``, ``copy`` and ``delete``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.options import Json, StudyName, StudyStorage
from seesawnas.io.catalog import RUNS

if TYPE_CHECKING:
    from seesawnas.study.library.summary import StudySummary

NewName = Annotated[
    str,
    typer.Argument(
        metavar="NEW",
        help="The new name, of a folder beside the study's; or a path.",
        show_default=False,
    ),
]


def rename(
    study: StudyName, new: NewName, storage: StudyStorage = None, json: Json = False
) -> None:
    """Rename a study: its folder, and its name in a database.

    It keeps its trials, checkpoints and settings, and is resumed under the new name.
    """
    from seesawnas.study.library.changes import rename_study

    _report("renamed", study, rename_study(study, new, storage), json)


def copy(study: StudyName, new: NewName, storage: StudyStorage = None, json: Json = False) -> None:
    """Copy a study, which is resumed by itself: its folder, and its trials in a database."""
    from seesawnas.study.library.changes import copy_study

    _report("copied", study, copy_study(study, new, storage), json)


def delete(
    study: StudyName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    storage: StudyStorage = None,
    json: Json = False,
) -> None:
    """Delete a study: its folder with all files in it, and its trials in a database.

    Exit code 1 if the question is not answered with yes.
    """
    from seesawnas.study.library.changes import delete_study

    size, what = _doomed(study, storage)
    if not yes and not _is_agreed(what):
        print("Nothing was deleted.", file=sys.stderr)
        raise typer.Exit(1)
    delete_study(study, storage)
    _print({"deleted": study, "bytes": size}, f"deleted {what}", json)


def _doomed(study: str, storage: str | None) -> tuple[int | None, str]:
    """The bytes of what would be deleted, and what that is in words.

    Raises:
        StudyError: If there is no such study. One that cannot be read may be deleted.
    """
    from seesawnas.errors import StudyError
    from seesawnas.io.catalog import holds_study
    from seesawnas.study.library.changes import is_without_study
    from seesawnas.study.library.places import StudyPlace
    from seesawnas.study.library.summary import StudySummary
    from seesawnas.study.storage.folders import folder_size
    from seesawnas.study.storage.open import study_folder

    folder = study_folder(study)
    if is_without_study(folder):
        return folder_size(folder), f"{folder}, whose study is in its database no more"
    try:
        with StudyPlace.find(study, storage) as place:
            return _words(StudySummary.of(place))
    except StudyError:
        if not holds_study(folder):
            raise
        return folder_size(folder), f"study {study}, which cannot be read, in {folder}"


def _words(summary: StudySummary) -> tuple[int | None, str]:
    from seesawnas.cli.views.studies import shown_size
    from seesawnas.text import several

    held = [several(summary.number_of_trials, "trial")]
    if summary.repeats:
        held.append(several(summary.repeats, "repeat"))
    places = []
    if summary.folder is not None:
        places.append(f"{summary.folder} ({shown_size(summary.bytes)})")
    if "://" in summary.storage:
        places.append(summary.storage)
    kind = "study" if summary.kind in (None, "other") else summary.kind
    return summary.bytes, f"{kind} {summary.name}: {', '.join(held)} in {' and '.join(places)}"


def _is_agreed(what: str) -> bool:
    from seesawnas.text import escape_line

    print(f"Delete {escape_line(what)}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _report(done: str, study: str, new: Path, json: bool) -> None:
    folder = str(new) if new.is_dir() else None
    values = {done: study, "study": new.name, "folder": folder}
    _print(values, f"{done} {study} to {folder or new.name}", json)
    if folder is not None and new.parent.resolve() != RUNS.resolve():
        print(f"note: {folder} is not in {RUNS}/: name the study by this path", file=sys.stderr)


def _print(values: dict[str, Any], line: str, json: bool) -> None:
    from seesawnas.cli.views.output import print_json, print_lines

    if json:
        print_json(values)
    else:
        print_lines(line)
