"""Networks and search spaces by REF.

A REF is a file, a trained network's folder, or what ships, such as ``paper/seesaw_share``. What a
file says may be given as a mapping, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from seesawnas.arch import ArchSpec
from seesawnas.errors import InvalidInput
from seesawnas.io.catalog import POINTS, SPACES, Document, Wanted, is_file, read_document
from seesawnas.space.load import SearchPoint, to_point, to_space
from seesawnas.space.search_space import SearchSpace

_MAPPING = "mapping"
"""What a mapping is called in messages, where a file has its name."""

SPEC, ABOUT = "spec.yaml", "model.json"
"""Of a trained network's folder, what says the network.

The first alone, or the second under ``spec``.
"""

Network: TypeAlias = str | Path | Mapping[str, Any]
"""A REF, or the values of a YAML file as Python reads them."""

_WANTED = Wanted(
    (SPACES, POINTS),
    "a YAML file or a shipped name",
    "a search space or point",
    " and the points of papers that `seesawnas paper` lists",
)
_NETWORK = replace(_WANTED, is_network=True)


def load(ref: Network) -> ArchSpec:
    """The network that ``ref`` names, which is no trial of a study: ``sn.load`` takes those, too.

    Args:
        ref: A shipped name, a YAML file, a trained network's folder, an exported file with its
            card, or a mapping with the keys of a YAML file, as ``to_mapping`` makes it.

    Raises:
        UnknownReference: If ``ref`` names no such file, or the file cannot be read.
        DocumentError: If the file is not YAML or breaks a rule.
    """
    return load_point(ref).spec


def load_point(ref: Network) -> SearchPoint:
    """The search point that ``ref`` names, with what was published of it.

    A point without a name is called after its file, or its folder.

    Args:
        ref: What :func:`load` takes.

    Raises:
        UnknownReference: If ``ref`` names no such file, or the file cannot be read.
        DocumentError: If the file is not YAML or breaks a rule.
    """
    document = _read(ref, _NETWORK)
    point = to_point(document.values, document.source)
    if point.spec.name:
        return point
    return SearchPoint(
        point.spec.renamed(document.name), point.published, point.counted, point.errata, point.about
    )


def load_space(ref: Network) -> SearchSpace:
    """The search space that ``ref`` names. A search point is a space of one network.

    Args:
        ref: A shipped name, a YAML file, or a mapping with the keys of a YAML file.

    Raises:
        UnknownReference: If ``ref`` names no such file, or the file cannot be read.
        DocumentError: If the file is not YAML or breaks a rule, with every fault.
    """
    document = _read(ref, _WANTED)
    return to_space(document.values, document.source)


def shipped(folder: str = "") -> tuple[str, ...]:
    """The REFs that ship under ``folder``, such as ``paper``."""
    return next((shelf.names() for shelf in (SPACES, POINTS) if shelf.below == folder), ())


def spec_file(folder: Path) -> Path | None:
    """Of a trained network's folder the file that says the network; None if there is none."""
    return next((folder / name for name in (SPEC, ABOUT) if is_file(folder / name)), None)


def _read(ref: Network, wanted: Wanted) -> Document:
    if isinstance(ref, Mapping):
        return Document(dict(ref), _MAPPING, "", Path())
    if (exported := _of_exported(Path(ref))) is not None:
        return exported
    if (path := spec_file(Path(ref))) is None or str(ref) == "":
        return read_document(ref, wanted)
    name = path.parent.resolve().name
    if path.name == SPEC:
        return Document(read_document(path, wanted).values, str(path), name, path)
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))["spec"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise InvalidInput(f"{path}: must be JSON with the network under `spec`") from None
    return Document(values, str(path), name, path)


def _of_exported(file: Path) -> Document | None:
    """The network of an exported file, from the card beside it; None if it is no such file."""
    card = file.with_name(f"{file.name}.json") if file.name else file
    if file.suffix in ("", ".yaml", ".yml") or not (is_file(file) and is_file(card)):
        return None
    try:
        values: Any = json.loads(card.read_text(encoding="utf-8"))["network"]["spec"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return Document(values, str(card), file.name, card)
