"""REFs: a user's own file first, then what ships: ``paper/seesaw_share``, ``seesaw``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seesawnas.arch import ArchSpec
from seesawnas.errors import DocumentError, UnknownReference
from seesawnas.io.files import first_file, shipped_folder
from seesawnas.io.yaml import read_text, read_yaml
from seesawnas.space.kinds import shipped_kind
from seesawnas.space.load import SearchPoint, to_point, to_space
from seesawnas.space.search_space import SearchSpace
from seesawnas.text import nearest


def load(ref: str | Path) -> ArchSpec:
    """The network that ``ref`` names: ``sn.load("paper/seesaw_share")``.

    Raises UnknownReference or DocumentError.
    """
    return load_point(ref).spec


def load_point(ref: str | Path) -> SearchPoint:
    """The search point that ``ref`` names, with what was published of it; a point without a name is called after its file."""
    values, source, name = _read(ref)
    point = to_point(values, source)
    if point.spec.name:
        return point
    return SearchPoint(point.spec.renamed(name), point.published, point.counted, point.errata, point.about)


def load_space(ref: str | Path) -> SearchSpace:
    """The search space that ``ref`` names. A search point is a space of one network."""
    values, source, _ = _read(ref)
    return to_space(values, source)


def shipped(folder: str = "") -> tuple[str, ...]:
    """The REFs that ship under ``folder``, such as ``paper``."""
    root = library_root()
    return tuple(sorted(str(path.relative_to(root).with_suffix("")) for path in (root / folder).glob("*.yaml")))


def library_root() -> Path:
    """Where the shipped spaces and points lie."""
    return shipped_folder("search_spaces")


def _read(ref: str | Path) -> tuple[Any, str, str]:
    path = _find(ref)
    try:
        text = read_text(path)
    except UnicodeDecodeError:
        raise DocumentError(str(path), ["must be UTF-8 text"]) from None
    except OSError as error:
        raise UnknownReference(f"{path}: cannot be read: {error.strerror}") from None
    inside = path.is_relative_to(library_root())
    name = str(path.relative_to(library_root()).with_suffix("")) if inside else path.stem
    return read_yaml(text, str(ref)), str(ref), name


def _find(ref: str | Path) -> Path:
    own = Path(ref)
    candidates = [own, own.with_name(own.name + ".yaml")] if own.name else []
    root = library_root()
    if not own.is_absolute() and ".." not in own.parts:
        candidates += [root / own, (root / own).with_name(own.name + ".yaml")] if own.name else []
    if path := first_file(candidates):
        return path
    known = shipped() + shipped("paper")
    if other := shipped_kind(str(ref)):
        raise UnknownReference(f"{ref}: must be a search space or point, got {other}")
    near = nearest(str(ref), known)
    spaces = f"; shipped names: {', '.join(shipped())}, and paper/NAME (list: `seesawnas paper`)"
    hint = f"; did you mean {near}?" if near else spaces
    raise UnknownReference(f"{ref}: must be a YAML file or a shipped name{hint}")
