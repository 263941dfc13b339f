from __future__ import annotations

import contextlib
import itertools
import pickle
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.data.sources.recordio import (
    MAGIC,
    BrokenRecordError,
    RecordFile,
    encode_record,
    frame,
    image_of,
    scan_records,
)

# Bytes in which the magic number is frequent, at aligned places and others.
MAGICAL = st.lists(st.one_of(st.just(MAGIC), st.binary(max_size=9)), max_size=12).map(b"".join)


def _file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> RecordFile:
    path = tmp_path_factory.getbasetemp() / "one.rec"
    path.write_bytes(content)
    return RecordFile(path)


@given(st.lists(MAGICAL, min_size=1, max_size=6))
def test_what_is_framed_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes]
) -> None:
    framed = [frame(record) for record in records]
    file = _file(tmp_path_factory, b"".join(framed))
    offset = 0
    for record, part in zip(records, framed, strict=True):
        assert file.record(offset) == record
        offset += len(part)
        assert len(part) % 4 == 0
    assert offset == file.size


@given(st.integers(0, 2**20), st.integers(0, 2**64 - 1), MAGICAL.filter(bool))
def test_an_image_comes_back_with_its_label_even_where_the_header_holds_the_magic_number(
    tmp_path_factory: pytest.TempPathFactory, label: int, key: int, image: bytes
) -> None:
    file = _file(tmp_path_factory, encode_record(float(label), key, image=image))
    assert image_of(file.record(0)) == (label, image)
    assert file.head(0).labels == (label,)
    assert file.head(0).has_image


def test_a_record_is_split_at_aligned_magic_numbers_as_mxnet_splits_it() -> None:
    framed = frame(b"abcd" + MAGIC + b"ef" + MAGIC + b"gh" + MAGIC + MAGIC)
    words = struct.unpack(f"<{len(framed) // 4}I", framed)
    magic = struct.unpack("<I", MAGIC)[0]
    parts = [word for before, word in itertools.pairwise(words) if before == magic]
    assert [(part >> 29, part & (2**29 - 1)) for part in parts] == [(1, 4), (2, 8), (2, 0), (3, 0)]


def test_a_walk_finds_every_record_and_goes_on_after_broken_ones(tmp_path: Path) -> None:
    good = [encode_record(float(label), label, image=bytes(10)) for label in range(4)]
    content = good[0] + b"no record here!!" + good[1] + good[2][:-8] + good[3]
    (tmp_path / "x.rec").write_bytes(content)
    found = list(scan_records(RecordFile(tmp_path / "x.rec")))
    heads = [head.labels[0] for _, head in found if not isinstance(head, BrokenRecordError)]
    assert heads[:2] == [0, 1]
    assert heads[-1] in (2, 3)
    assert sum(isinstance(head, BrokenRecordError) for _, head in found) >= 1


@given(st.binary(max_size=200) | MAGICAL)
def test_any_bytes_are_records_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = _file(tmp_path_factory, content)
    assert all(0 <= offset < len(content) for offset, _ in scan_records(file))
    for offset in range(-1, len(content) + 2):
        with contextlib.suppress(BrokenRecordError):
            image_of(file.record(offset))
            file.head(offset)


def test_a_pickled_file_opens_itself_anew(tmp_path: Path) -> None:
    (tmp_path / "x.rec").write_bytes(frame(b"some bytes"))
    assert pickle.loads(pickle.dumps(RecordFile(tmp_path / "x.rec"))).record(0) == b"some bytes"


def test_a_file_that_was_cut_short_meanwhile_is_a_reason_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "x.rec").write_bytes(frame(bytes(100_000)))
    file = RecordFile(tmp_path / "x.rec")
    (tmp_path / "x.rec").write_bytes(frame(bytes(100_000))[:5000])
    with pytest.raises(BrokenRecordError, match="shorter"):
        file.record(0)
