"""Faces written as a folder of identities, one identity at a time, the bytes as they are."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from seesawnas.data.images import suffix
from seesawnas.data.skipped import Skipped
from seesawnas.data.sources.base import OpenedSource
from seesawnas.data.writers.prepare import Advance, Preparation, PreparedIdentity
from seesawnas.data.writers.resume import Report, open_output_folder
from seesawnas.io.files import expanded

_DRAFT = ".draft"


def write_folder(
    source: OpenedSource,
    out: Path,
    how: Preparation | None = None,
    advance: Advance = lambda images: None,
) -> Report:
    """Write NAME/NAME_0001.jpg ... under ``out``, which must be empty.

    An interrupted run with the same images and options is resumed. The folder of an identity
    appears whole or not at all. Identities whose name cannot be a folder's are left out.

    Raises:
        DataError: If ``out`` is not empty or cannot be written.
    """
    how, out = how or Preparation(as_is=True), expanded(out)
    with open_output_folder(out, [source.fingerprint, source.stamp(), asdict(how)]):
        shutil.rmtree(out / _DRAFT, ignore_errors=True)
        return _write(source, out, how, advance)


def _write(source: OpenedSource, out: Path, how: Preparation, advance: Advance) -> Report:
    skipped, images, people, anew, before = source.skipped, 0, 0, 0, 0
    for identity in how.people(source):
        for reason, place in identity.faults:
            skipped.add(reason, place)
        before += _is_folder_name(identity.name) and (out / identity.name).is_dir()
        written = _write_identity(identity, out, skipped)
        images, people, anew = images + written, people + bool(written), anew + identity.anew
        advance(identity.seen)
    return Report((out,), images, people, anew, Counter(), skipped, before)


def _write_identity(identity: PreparedIdentity, out: Path, skipped: Skipped) -> int:
    """How many images there are now of ``identity``."""
    name, draft = identity.name, out / _DRAFT
    if not _is_folder_name(name):
        skipped.add("identities whose name is not a valid folder name", name)
        return 0
    if not identity.images or (out / name).is_dir():
        return len(identity.images)
    digits = max(4, len(str(len(identity.images))))
    draft.mkdir()
    for number, content in enumerate(identity.images, start=1):
        kind = suffix(content)
        if kind is None:
            skipped.add("images that are neither JPEG, PNG, PGM nor PPM", f"{name}: {number}")
        else:
            (draft / f"{name}_{number:0{digits}d}{kind}").write_bytes(content)
    written = len(os.listdir(draft))
    if written:
        draft.rename(out / name)
    else:
        draft.rmdir()
    return written


def _is_folder_name(name: str) -> bool:
    """Neither a path, nor hidden, nor longer than an image's own name leaves room for."""
    try:
        length = len(os.fsencode(name))
    except UnicodeEncodeError:
        return False
    return (
        0 < length < 200
        and not name.startswith(".")
        and not any(letter in name for letter in "/\\\0")
    )
