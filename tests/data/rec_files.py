"""Small .rec files, well made and badly made."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from seesawnas.data import open_source
from seesawnas.data.sources.recordio import encode_record
from seesawnas.errors import DataError


def encoded_image(shade: int, side: int = 8, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), (shade, shade, shade)).save(file, kind)
    return file.getvalue()


def write_records(
    folder: Path, records: Sequence[tuple[int, bytes]], *, index: bool = True
) -> Path:
    """train.rec of (key, encoded record), and its train.idx."""
    folder.mkdir(parents=True, exist_ok=True)
    offset, lines = 0, []
    for key, record in records:
        lines.append(f"{key}\t{offset}\n")
        offset += len(record)
    (folder / "train.rec").write_bytes(b"".join(record for _, record in records))
    if index:
        (folder / "train.idx").write_text("".join(lines))
    return folder


def people(each: Sequence[int]) -> list[tuple[int, bytes]]:
    """Images of ``each`` number an identity, as plain records from key 1 on."""
    labels = np.repeat(np.arange(len(each)), each).tolist()
    return [
        (key, encode_record(float(label), key, image=encoded_image(20 * label + key)))
        for key, label in enumerate(labels, start=1)
    ]


def insightface(each: Sequence[int]) -> list[tuple[int, bytes]]:
    """InsightFace's layout: images, identity records, the header record at key 0, last."""
    records = people(each)
    first = len(records) + 1
    ends = np.cumsum([1, *each]).tolist()
    for place in range(len(each)):
        key = first + place
        records.append((key, encode_record((float(ends[place]), float(ends[place + 1])), key)))
    header = encode_record((float(first), float(first + len(each))), 0, 1)
    return [*records, (0, header)]


def read_all(path: Path) -> str:
    """Open and read everything; the lines of what was wrong, joined.

    Anything but a DataError goes through.
    """
    try:
        source = open_source(path)
    except DataError as error:
        return str(error)
    lines = [source.description, *source.notes]
    for index in range(len(source)):
        try:
            source.payload(index)
        except DataError as error:
            lines.append(str(error))
    return "; ".join(lines)
