"""Faces written in InsightFace's forms: train.rec with what belongs to it, or a .bin of pairs."""

from __future__ import annotations

import itertools
import json
import os
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from seesawnas.data.images import UnreadableError, prepared
from seesawnas.data.skipped import Skipped, printable
from seesawnas.data.sources.base import OpenedSource
from seesawnas.data.sources.rec import NAMES, REC
from seesawnas.data.sources.recordio import encode_record
from seesawnas.data.writers.prepare import Advance, Preparation, PreparedIdentity
from seesawnas.data.writers.resume import (
    Report,
    ResumeLog,
    WriteProgress,
    lock_folder,
    read_request,
)
from seesawnas.errors import DataError
from seesawnas.io.files import make_folder, open_within, write_atomically

_DRAFT, _JOURNAL = ".train.rec.draft", ".train.journal"
_FILES = (REC, "train.idx", "property", f"train{NAMES}")


def pack_rec(
    source: OpenedSource,
    out: Path,
    how: Preparation | None = None,
    advance: Advance = lambda images: None,
) -> Report:
    """Write train.rec, train.idx, property and train.names.json to ``out``, which must have none.

    ``how`` says what becomes of each image. train.rec appears last and whole. An interrupted run
    resumes after the last identity that it wrote, if the images and options are the same.

    Raises:
        DataError: If ``out`` contains another set or a part of one, or cannot be written.
    """
    how = how or Preparation()
    out = make_folder(out)
    wanted = {"source": source.fingerprint, "stamp": source.stamp(), **asdict(how)}
    try:
        _refuse_another(out, wanted)
        with open_within(out, out / _DRAFT, "ab") as rec:
            lock_folder(rec, out)
            _refuse_another(out, wanted)  # which a process that was here before may have finished
            journal = ResumeLog(out / _JOURNAL, wanted)
            _write_records(source, rec, how, journal, advance)
            return _finish(source, out, rec, journal)
    except OSError as error:
        raise DataError(
            f"{printable(str(out))}: cannot be written: {error.strerror or error}"
        ) from None


def _refuse_another(out: Path, wanted: dict[str, Any]) -> None:
    """Refuse ``out`` if it contains a set, or a part of one that is not from a run of this kind.

    Raises:
        DataError: If it contains more than what an interrupted run that ``wanted`` the same left.
    """
    there = [name for name in _FILES if (out / name).exists()]
    begun = read_request(out / _JOURNAL)
    if REC in there or (there and begun is None):
        raise DataError(f"{printable(str(out))}: must not contain a {there[0]}")
    if begun not in (None, wanted):
        raise DataError(
            f"{printable(str(out))}: contains an unfinished run with other images or options; use "
            "another --out, "
            f"or delete {_DRAFT} and {_JOURNAL}"
        )


def _write_records(
    source: OpenedSource, rec: BinaryIO, how: Preparation, journal: ResumeLog, advance: Advance
) -> None:
    rec.truncate(journal.restart(rec.tell()))
    rec.seek(0, os.SEEK_END)
    advance(sum(identity.seen for identity in journal.done))
    label = sum(bool(identity.offsets) for identity in journal.done)
    key = 1 + sum(len(identity.offsets) for identity in journal.done)
    for identity in how.people(source, len(journal.done)):
        offsets = []
        for image in identity.images:
            offsets.append(rec.tell())
            rec.write(encode_record(float(label), key, image=image))
            key += 1
        rec.flush()
        journal.add(_written(identity, offsets, rec.tell()))
        label += bool(offsets)
        advance(identity.seen)


def _written(identity: PreparedIdentity, offsets: list[int], end: int) -> WriteProgress:
    sizes = {size: identity.sizes.count(size) for size in dict.fromkeys(identity.sizes)}
    faults = [list(fault) for fault in identity.faults]
    return WriteProgress(identity.name, offsets, end, sizes, identity.seen, identity.anew, faults)


def _finish(source: OpenedSource, out: Path, rec: BinaryIO, journal: ResumeLog) -> Report:
    """Add identity and header records to the draft, write what lies beside it, and rename it."""
    people = [identity for identity in journal.done if identity.offsets]
    report = journal.report(tuple(out / name for name in _FILES), source.skipped)
    if not people:
        raise DataError(
            "; ".join(
                [
                    f"{source.description}: must contain identities to write, got none",
                    *report.skipped.notes(),
                ]
            )
        )
    offsets = list(itertools.chain.from_iterable(identity.offsets for identity in people))
    for record in _identity_records([len(identity.offsets) for identity in people]):
        offsets.append(rec.tell())
        rec.write(record)
    rec.flush()
    os.fsync(rec.fileno())
    keys = [*range(1, len(offsets)), 0]
    lines = (f"{key}\t{offset}\n" for key, offset in zip(keys, offsets, strict=True))
    height, width = _size(report)
    write_atomically(out / "train.idx", "".join(lines), within=out)
    write_atomically(out / "property", f"{len(people)},{height},{width}\n", within=out)
    write_atomically(
        out / f"train{NAMES}",
        json.dumps([identity.name for identity in people], indent=0),
        within=out,
    )
    (out / _DRAFT).rename(out / REC)
    journal.path.unlink()
    return report


def _identity_records(each: Sequence[int]) -> Iterator[bytes]:
    """One record per identity, of which images it has, and the header record, of which records."""
    ends = list(itertools.accumulate(each, initial=1))
    first = ends[-1]
    for key, (start, stop) in enumerate(itertools.pairwise(ends), start=first):
        yield encode_record((float(start), float(stop)), key)
    yield encode_record((float(first), float(first + len(each))), 0, 1)


def _size(report: Report) -> tuple[int, int]:
    """(height, width) of most images; InsightFace's if no image was inspected."""
    ((size, _),) = report.sizes.most_common(1) or [("112x112", 0)]
    width, height = (int(number) for number in size.split("x"))
    return height, width


def pack_bin(
    source: OpenedSource,
    out: Path,
    pairs: Sequence[tuple[int, int, bool]],
    *,
    resolution: int | None = None,
    advance: Advance = lambda images: None,
) -> tuple[list[tuple[int, int, bool]], Skipped]:
    """Write pairs as an InsightFace verification set, a pickle.

    The pickle contains lists, bytes and bools alone and names nothing; Python 3 reads it.

    Args:
        source: The images.
        out: The file.
        pairs: (index, index, whether they show one identity).
        resolution: The side that images are made ready for; their own if None.
        advance: Called with the number of images done.

    Returns:
        The pairs written, and what was left out: images that are unreadable, and the pairs that
        they are in.

    Raises:
        DataError: If no pair is left.
    """
    written, images, skipped, lost = (
        list[tuple[int, int, bool]](),
        list[bytes](),
        source.skipped,
        set[int](),
    )
    for first, second, same in pairs:
        both = [_prepared(source, index, resolution) for index in (first, second)]
        lost.update(
            index for index, image in zip((first, second), both, strict=True) if image is None
        )
        if None not in both:
            written.append((first, second, bool(same)))
            images += [image for image in both if image is not None]
        advance(2)
    if lost:
        skipped.add_many(
            "unreadable images", len(lost), [source.place(index) for index in sorted(lost)]
        )
        gone = [
            f"{source.place(a)} and {source.place(b)}"
            for a, b, _ in pairs
            if not lost.isdisjoint((a, b))
        ]
        skipped.add_many("pairs with an unreadable image", len(gone), gone)
    if not written:
        raise DataError(
            "; ".join(
                [f"{source.description}: must give at least one pair, got none", *skipped.notes()]
            )
        )
    write_atomically(out, pickle.dumps((images, [same for *_, same in written]), protocol=4))
    return written, skipped


def _prepared(source: OpenedSource, index: int, resolution: int | None) -> bytes | None:
    try:
        return prepared(source.payload(index), resolution)[0]
    except (DataError, UnreadableError):
        return None
