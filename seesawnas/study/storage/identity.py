"""Which study belongs to a folder, also if the folder was renamed.

A study is stored under the name that its folder had when it began. A folder that was renamed or
copied continues it under its new name; what is stored keeps the old one. Of a database that others
share, the folder's own files say which study it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from optuna.storages import BaseStorage

from seesawnas.errors import InvalidInput, StudyError
from seesawnas.io.files import write_atomically
from seesawnas.io.yaml import MAX_CHARACTERS, read_yaml
from seesawnas.study.storage.open import ELSEWHERE, JOURNAL

STUDY_FILE, NAME_FILE = "study.yaml", "storage.name"
_LEVEL = re.compile(r"\.\d+px$")


def repeats_name(study: str) -> str:
    """What the study of a study's repeats is called."""
    return f"{study}.repeats"


RESERVED = f"{repeats_name('')} or in a size such as .56px, which are reserved for parts of studies"
"""What names of studies must not end in, for messages."""


def stored_name(storage: BaseStorage, folder: Path, *, parts: bool = False) -> str:
    """The name under which the study of ``folder`` is stored.

    It is the folder's own if the study is not stored yet.

    Args:
        storage: The storage.
        folder: The study's folder.
        parts: Whether it is a fidelity study, which stores a study for each size of the input under
            ``NAME.56px``.

    Raises:
        StudyError: If the storage holds several studies of which none is known to be the
            folder's; the message names them.
    """
    own = folder.absolute().name
    if (folder / ELSEWHERE).is_file():
        return _in_database(storage, folder, own)
    if not (folder / JOURNAL).is_file():
        return own
    return _only([study.study_name for study in storage.get_all_studies()], folder, own, parts)


def store_study_name(folder: Path, name: str, *former: str) -> None:
    """Remember in ``folder`` the ``name`` of its study in a database, if it is not the folder's.

    What was remembered before is replaced in any case. The study may also have a ``former`` name
    yet, while it is renamed.
    """
    is_other = name != folder.absolute().name or (folder / NAME_FILE).is_file()
    if (folder / ELSEWHERE).is_file() and is_other:
        write_atomically(folder / NAME_FILE, "\n".join((name, *former)) + "\n")


def parts_of(names: Iterable[str], study: str) -> tuple[str, ...]:
    """Those of the ``names`` in a storage that belong to the ``study``: its own, its repeats."""
    return tuple(sorted({study, repeats_name(study)} & set(names)))


def levels_of(names: Iterable[str], study: str) -> tuple[str, ...]:
    """Those of the ``names`` in a storage that the fidelity ``study`` has, a size each."""
    return tuple(sorted(name for name in names if name != study and _LEVEL.sub("", name) == study))


def name_fault(name: str) -> str | None:
    """The rule that ``name`` breaks as that of a new study; None if it breaks none."""
    if not is_own_name(name):
        return f"must not end in {RESERVED}"
    if ":" in name or name != name.strip():
        return "must have no colon, which comes before a trial, and no space at its ends"
    return None


def is_own_name(name: str) -> bool:
    """Whether a study may have the ``name``: one that a part of another has is none."""
    return whole_name(name) == name


def whole_name(name: str) -> str:
    """The study that the study ``name`` of a storage is a part of; ``name`` itself if of none."""
    whole = _LEVEL.sub("", name.removesuffix(repeats_name("")))
    return whole if whole == name else whole_name(whole)


def _only(names: list[str], folder: Path, own: str, parts: bool) -> str:
    if own in names:
        return own
    whole = {
        _LEVEL.sub("", name)
        for name in names
        if bool(_LEVEL.search(name)) is parts and not _is_repeats(name)
    }
    if len(whole) > 1 and own not in whole:
        raise _unclear(folder, own, whole)
    return own if own in whole or not whole else whole.pop()


def _is_repeats(name: str) -> bool:
    return name.endswith(repeats_name(""))


def _in_database(storage: BaseStorage, folder: Path, own: str) -> str:
    if is_stored(storage, own):
        return own
    kept = kept_names(folder)
    if not kept:  # it was never begun
        return own
    for name in kept:
        if name != own and is_stored(storage, name):
            return name
    names = {study.study_name for study in storage.get_all_studies()}
    raise _unclear(folder, own, {name for name in names if not _is_repeats(name)})


def kept_names(folder: Path) -> tuple[str, ...]:
    """What the folder's own files say that its study is called; none if they say nothing.

    There are two while the study is renamed: the new name, then the old one.
    """
    try:
        if (folder / NAME_FILE).is_file():
            text = (folder / NAME_FILE).read_text(encoding="utf-8")[:MAX_CHARACTERS]
            return tuple(line.strip() for line in text.splitlines() if line.strip())
        if (folder / STUDY_FILE).is_file():
            values = read_yaml((folder / STUDY_FILE).read_text(encoding="utf-8"), STUDY_FILE)
            return (str(values["study"]).rstrip("/").rpartition("/")[2],)
    except (OSError, ValueError, KeyError, TypeError, InvalidInput):
        pass
    return ()


def is_stored(storage: BaseStorage, name: str) -> bool:
    """Whether the storage has a study of this name."""
    try:
        storage.get_study_id_from_name(name)
    except KeyError:
        return False
    return True


def _unclear(folder: Path, own: str, names: set[str]) -> StudyError:
    held = (
        f"it contains {', '.join(sorted(names)[:10])}{' ...' if len(names) > 10 else ''}"
        if names
        else "it is empty"
    )
    hints = ["rename the folder to its study's name"] if names else []
    if (folder / ELSEWHERE).is_file():
        hints.append(f"remove it by seesawnas studies delete {quote(folder.name)}")
    hint = f"; {', or '.join(hints)}" if hints else ""
    return StudyError(f"{folder}: its storage contains no study named {own}; {held}{hint}")
