"""What ships by name, and the file that a REF names: a user's own first, then what ships."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seesawnas.errors import DocumentError, InvalidInput, UnknownReference
from seesawnas.io.kinds import Kind, described
from seesawnas.io.yaml import read_text, read_yaml
from seesawnas.text import nearest

RUNS = Path("runs")
"""Where studies lie, each in the folder of its name, in the working directory."""
STUDY_FILES = ("journal.log", "storage.url")
"""What a study's folder has one of: its trials, or the URL of the database that they are in."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One folder of shipped files.

    Attributes:
        kind: What its documents are.
        home: The folder that their names start from, as :func:`shipped_folder` finds it.
        below: The folder in ``home`` that they lie in; it is part of their names.
        suffix: Of the files.
    """

    kind: Kind
    home: str
    below: str = ""
    suffix: str = ".yaml"

    def paths(self) -> dict[str, Path]:
        """The files by their names, such as ``paper/seesaw_share``, in order."""
        home = shipped_folder(self.home)
        found = (home / self.below).glob(f"*{self.suffix}")
        return {path.relative_to(home).with_suffix("").as_posix(): path for path in sorted(found)}

    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(self.paths())

    def find(self, ref: str | Path) -> Path | None:
        """The file that ``ref`` names, with or without its suffix and the folder, or None."""
        name = Path(ref).as_posix().removesuffix(self.suffix).removeprefix(f"{self.home}/")
        return self.paths().get(name)


SPACES = Shelf("space", "search_spaces")
POINTS = Shelf("point", "search_spaces", "paper")
STUDIES = Shelf("search", "studies")
RECIPES = Shelf("recipe", "studies/recipes")
TABLES = Shelf("table", "studies/tables", suffix=".csv")
SHELVES = (SPACES, POINTS, STUDIES, RECIPES, TABLES)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a REF must name.

    Attributes:
        shelves: Where it is looked for, if it is no file of the user's.
        rule: What it must be, in words.
        kind_words: The same for what ships but is of another kind; None for ``rule``.
        more: What ships beside the first shelf, in words that follow its names.
        fault: What is raised.
        is_network: Whether it is a network, so that a study's best one may be meant.
    """

    shelves: tuple[Shelf, ...]
    rule: str
    kind_words: str | None = None
    more: str = ""
    fault: type[InvalidInput] = UnknownReference
    is_network: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document.

    Its ``values``, the REF that named it, its name without ``.yaml``, and its file.
    """

    values: Any
    source: str
    name: str
    path: Path


def read_document(ref: str | Path, wanted: Wanted) -> Document:
    """The document that ``ref`` names.

    Raises:
        InvalidInput: ``wanted.fault`` if there is none or it cannot be read, DocumentError if it is
            not YAML.
    """
    path = find_file(ref, wanted)
    try:
        text = read_text(path)
    except UnicodeDecodeError:
        raise DocumentError(str(ref), ["must be UTF-8 text"]) from None
    except OSError as error:
        raise wanted.fault(f"{ref}: cannot be read: {error.strerror}") from None
    names = {shipped: name for shelf in wanted.shelves for name, shipped in shelf.paths().items()}
    return Document(read_yaml(text, str(ref)), str(ref), names.get(path, path.stem), path)


def find_file(ref: str | Path, wanted: Wanted) -> Path:
    """The file that ``ref`` names.

    Raises:
        InvalidInput: ``wanted.fault`` if there is none, in one line with the nearest name.
    """
    own = Path(ref)
    for candidate in (own, own.with_name(f"{own.name}.yaml")) if own.name else ():
        if is_file(candidate):
            return candidate
    for shelf in wanted.shelves:
        if (found := shelf.find(ref)) is not None:
            return found
    study = study_of(own) if wanted.is_network else None
    if other := shipped_kind(str(ref)):
        more = "" if study is None else f"; a network of the study is {study}:best"
        raise wanted.fault(f"{ref}: must be {wanted.kind_words or wanted.rule}, got {other}{more}")
    names = [name for shelf in wanted.shelves for name in shelf.names()]
    near = nearest(str(ref), names) or nearest(own.stem, names)
    if study is not None:
        hint = f"it is a study, and a network of it is {study}:best"
    elif near:
        hint = f"did you mean {near}?"
    elif wanted.is_network and own.name and os.path.isdir(own):
        hint = "it is a folder without a trained network"
    elif _is_path(ref):
        hint = "there is no such file or folder"
    else:
        hint = f"shipped are {', '.join(wanted.shelves[0].names())}{wanted.more}"
    raise wanted.fault(f"{ref}: must be {wanted.rule}; {hint}")


def studies_of_runs() -> list[str]:
    """The names of the studies under runs/, sorted; networks are trained there, too."""
    found = RUNS.iterdir() if RUNS.is_dir() else ()
    return sorted(path.name for path in found if holds_study(path))


def study_of(own: Path) -> str | None:
    """How REFs name the study at ``own``, a folder or a name under runs/; None if there is none."""
    if not own.name:
        return None
    try:
        if own.parent == Path() and holds_study(RUNS / own):
            return own.name
        if not holds_study(own):
            return None
    except OSError:  # a name too long is none
        return None
    return own.name if own.parent == RUNS else str(own)


def _is_path(ref: str | Path) -> bool:
    """Whether ``ref`` can only be a file or folder of the user's own, there or not."""
    own = Path(ref)
    # os: a folder that may not be entered is none, and no fault
    return own.is_absolute() or (own.parent != Path() and os.path.isdir(own.parent))


def holds_study(folder: Path) -> bool:
    """Whether a study lies in ``folder``, or the URL of where it is stored."""
    return any((folder / name).is_file() for name in STUDY_FILES)


def shipped_kind(ref: str) -> str | None:
    """What ships under the name ``ref``, with what takes it; None if nothing does."""
    return next(
        (described(shelf.kind, ref) for shelf in SHELVES if shelf.find(ref) is not None), None
    )


def shipped_folder(name: str) -> Path:
    """The folder in which the shipped YAML lies.

    It is inside the package in a wheel, beside it in a checkout or an editable install.
    """
    package = Path(__file__).resolve().parents[1]
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def is_file(path: Path) -> bool:
    """Whether there is a file at ``path``.

    False for what can be no path, such as a name too long.
    """
    try:
        return path.is_file()
    # A NUL, a name too long for a file, or a folder that may not be entered.
    except (
        OSError,
        ValueError,
    ):
        return False


_TRIAL = re.compile(r"(?P<study>.+):(?P<trial>[0-9]+|best)")


def split_trial(ref: str) -> tuple[str, str] | None:
    """The study and the trial of a REF of the form STUDY:NUMBER or STUDY:best; None for any other.

    A file or folder of that name comes first.
    """
    match = _TRIAL.fullmatch(ref)
    return None if match is None or os.path.exists(ref) else (match["study"], match["trial"])
