"""Faces in a .rec: every layout met in practice, and every way in which one is wrong."""

from __future__ import annotations

import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seesawnas.data import load_faces, open_source
from seesawnas.data.sources.recordio import MAGIC, encode_record
from seesawnas.errors import DataError
from tests.data.rec_files import encoded_image, insightface, people, read_all, write_records

EACH = (3, 2, 4)


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("layout", [insightface, people])
def test_each_layout_holds_the_same_images_with_and_without_index(
    tmp_path: Path, layout: Callable[[tuple[int, ...]], list[tuple[int, bytes]]], index: bool
) -> None:
    source = open_source(write_records(tmp_path / "set", layout(EACH), index=index))
    assert source.labels.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2]
    assert source.labels.dtype == np.int64
    assert tuple(source.names) == ("0000000", "0000001", "0000002")
    assert [source.payload(i) for i in range(9)] == [
        encoded_image(20 * label + i + 1) for i, label in enumerate(source.labels)
    ]
    assert source.notes == ()


def test_a_bare_rec_opens_by_its_own_name(tmp_path: Path) -> None:
    write_records(tmp_path, insightface(EACH))
    moved = tmp_path / "faces.rec"
    (tmp_path / "train.rec").rename(moved)
    assert len(open_source(moved)) == 9
    assert open_source(str(moved)).place(2) == "faces.rec: byte 220"


def test_keys_in_any_order_are_put_in_order_and_name_the_place(tmp_path: Path) -> None:
    records = insightface(EACH)
    source = open_source(write_records(tmp_path, records[::-1]))
    assert source.labels.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2]
    assert source.place(4) == "train.rec: record 5"


def test_an_array_of_labels_gives_its_first(tmp_path: Path) -> None:
    records = [
        (key, encode_record((float(key // 2), 9.0, 9.0), key, image=encoded_image(key)))
        for key in range(4)
    ]
    source = open_source(write_records(tmp_path, records))
    assert source.labels.tolist() == [0, 0, 1, 1]
    assert source.payload(3) == encoded_image(3)


def test_classes_with_gaps_are_numbered_anew_and_keep_their_number_as_name(tmp_path: Path) -> None:
    records = [
        (key, encode_record(float(7 * (key // 2)), key, image=encoded_image(key)))
        for key in range(6)
    ]
    source = open_source(write_records(tmp_path, records))
    assert source.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert tuple(source.names) == ("0000000", "0000007", "0000014")


def test_an_image_split_at_the_magic_number_is_whole_again(tmp_path: Path) -> None:
    content = b"1234" + MAGIC + b"5678" + MAGIC
    records = [(key, encode_record(0.0, key, image=content)) for key in range(2)]
    assert open_source(write_records(tmp_path, records)).payload(1) == content


def test_names_beside_the_rec_are_used_and_wrong_ones_are_noted(tmp_path: Path) -> None:
    write_records(tmp_path, insightface(EACH))
    names = tmp_path / "train.names.json"
    names.write_text(json.dumps(["Ann", "Bob\n", "Cy"]))
    assert tuple(open_source(tmp_path).names) == ("Ann", "Bob\n", "Cy")
    for wrong in ('["Ann"]', '["Ann", "Ann", "Cy"]', "[1, 2, 3]", "{", "3", "[" * 100_000):
        names.write_text(wrong)
        source = open_source(tmp_path)
        assert tuple(source.names) == ("0000000", "0000001", "0000002")
        assert source.notes == (
            "name files that do not match (identities are named by class number): 1 "
            "(train.names.json)",
        )


def test_identities_with_one_image_are_left_out_with_a_note_and_the_others_counted_anew(
    tmp_path: Path,
) -> None:
    source = open_source(write_records(tmp_path, insightface((2, 1, 3))))
    assert source.labels.tolist() == [0, 0, 1, 1, 1]
    assert source.notes == ("identities with fewer than two readable images: 1 (0000001)",)
    assert len(open_source(tmp_path, least=1)) == 6


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text.replace("\t", "\tx"), "must be lines of a key, a tab and a byte offset"),
        (lambda text: text + "7", "must be lines"),
        (lambda text: "", "must be lines"),
        (lambda text: text.replace("3\t", "2\t", 1), "has a duplicate key"),
        (lambda text: "".join(text.splitlines(True)[:5]), "ends at byte"),
        (lambda text: "".join(text.splitlines(True)[3:]), "must have the keys 0 to 12"),
        (lambda text: text.replace("\t0\n", "\t4\n"), "byte 4 is not the start of a record"),
        (lambda text: text.replace("\t0\n", "\t2\n"), "invalid record offsets"),
        (lambda text: text.replace("\t0\n", "\t99999999999999999999\n"), "must be lines"),
        (lambda text: text.replace("\t0\n", "\t0-4\n") + "7", "must be lines"),
        (lambda text: text.replace("\t0\n", "\t-4\n"), "invalid record offsets"),
        (lambda text: text.replace("\t0\n", "\t\U0010ffff\n"), "must be lines"),
    ],
)
def test_an_index_that_does_not_fit_is_named_and_done_without(
    tmp_path: Path, spoil: Callable[[str], str], words: str
) -> None:
    write_records(tmp_path, insightface(EACH))
    index = tmp_path / "train.idx"
    index.write_text(spoil(index.read_text()), encoding="utf-8")
    source = open_source(tmp_path)
    assert source.labels.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2]
    (note,) = source.notes
    assert note.startswith(
        "index files that do not match (records were found by scanning): 1 (train.idx: "
    )
    assert words in note


def test_an_index_whose_places_were_exchanged_is_noticed_when_an_image_is_asked_for(
    tmp_path: Path,
) -> None:
    write_records(tmp_path, insightface((3, 3)))
    index = tmp_path / "train.idx"
    lines = index.read_text().splitlines()
    (first, a), (second, b) = lines[1].split("\t"), lines[4].split("\t")
    lines[1], lines[4] = f"{first}\t{b}", f"{second}\t{a}"
    index.write_text("\n".join(lines))
    with pytest.raises(DataError, match="record 2: label must be 0 as in the index, got 1"):
        open_source(tmp_path).payload(1)


def test_identity_records_that_contradict_the_images_are_noted_and_the_images_believed(
    tmp_path: Path,
) -> None:
    records = insightface(EACH)
    records[1] = (2, encode_record(0.0, 2, image=encoded_image(1)))
    records[2] = (3, encode_record(1.0, 3, image=encoded_image(1)))
    source = open_source(write_records(tmp_path, records))
    assert source.labels.tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 2]
    assert source.notes == ("identity records that contradict the image records: 1 (train.rec)",)


def test_a_file_cut_short_keeps_what_is_whole_and_names_the_rest(tmp_path: Path) -> None:
    write_records(tmp_path, insightface(EACH))
    content = (tmp_path / "train.rec").read_bytes()
    (tmp_path / "train.rec").write_bytes(content[: len(content) // 2])
    source = open_source(tmp_path)
    assert 4 <= len(source) < 9
    assert "its last record is not in the file" in source.notes[0]
    assert "damaged records: 1 (train.rec: byte" in source.notes[1]


@pytest.mark.parametrize("label", [-1.0, 0.5, float("nan"), float("inf"), 1e30])
def test_a_label_that_is_no_class_is_a_named_skip(tmp_path: Path, label: float) -> None:
    records = [*people((2, 2)), (5, encode_record(label, 5, image=encoded_image(1)))]
    source = open_source(write_records(tmp_path, records))
    assert len(source) == 4
    assert source.notes == ("records with an invalid label: 1 (train.rec: record 5)",)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "4,112,112",
            "property files that are wrong: 1 (property: gives 4 classes, the records have 3)",
        ),
        ("many", "invalid property files (expected CLASSES,HEIGHT,WIDTH): 1 (property)"),
    ],
)
def test_a_property_file_that_is_wrong_is_named(tmp_path: Path, text: str, note: str) -> None:
    write_records(tmp_path, insightface(EACH))
    (tmp_path / "property").write_text(text)
    assert open_source(tmp_path).notes == (note,)
    (tmp_path / "property").write_text("3,112,112\n")
    assert open_source(tmp_path).notes == ()


@pytest.mark.parametrize("name", ["zero\0.rec", "x" * 5000 + ".rec", "pipe.rec", "gone.rec"])
def test_a_path_that_is_no_file_is_one_line(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.rec")
    with pytest.raises(DataError, match=r"cannot be read: |must be a file") as caught:
        open_source(str(tmp_path / name))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("content", [b"", b"x" * 100, encode_record((1.0, 1.0), 0)])
def test_a_file_without_images_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "train.rec").write_bytes(content)
    with pytest.raises(DataError, match="must contain images") as caught:
        open_source(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_source_goes_to_workers_and_reads_the_same_there(tmp_path: Path) -> None:
    source = open_source(write_records(tmp_path, insightface(EACH)))
    source.fingerprint  # noqa: B018 - known before, it must not differ after
    other = pickle.loads(pickle.dumps(source))
    assert other.payload(5) == source.payload(5)
    assert other.fingerprint == open_source(tmp_path).fingerprint


def test_the_fingerprint_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    one, two = (open_source(write_records(tmp_path / name, insightface(EACH))) for name in "ab")
    assert one.fingerprint == two.fingerprint
    three = open_source(write_records(tmp_path / "c", insightface((2, 3, 4))))
    assert three.fingerprint != one.fingerprint


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_spoilt_files_are_read_as_far_as_they_go_or_refused_in_one_line(
    tmp_path: Path, data: st.DataObject
) -> None:
    write_records(tmp_path, insightface(EACH))
    for name in ("train.rec", "train.idx", "property"):
        content = bytearray((tmp_path / name).read_bytes() if name != "property" else b"3,112,112")
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
            content[place] = data.draw(st.integers(0, 255))
        (tmp_path / name).write_bytes(
            content[: data.draw(st.integers(len(content) - 30, len(content)))]
        )
    assert read_all(tmp_path).isprintable()


def test_a_hostile_length_or_number_of_labels_asks_for_no_memory(tmp_path: Path) -> None:
    record = bytearray(encode_record(0.0, 1, image=bytes(8)))
    struct.pack_into("<I", record, 8, 2**32 - 1)
    write_records(tmp_path, [*people((2, 2)), (5, bytes(record))], index=False)
    (note,) = open_source(tmp_path).notes
    assert note.startswith("damaged records: 1 (train.rec: byte")


def test_real_records_hold_what_the_folder_holds(lfw_rec: Path, lfw_train: Path) -> None:
    records, folder = open_source(lfw_rec), open_source(lfw_train)
    assert len(records.names) == len(folder.names) == 523
    assert records.labels.tolist() == folder.labels.tolist()
    assert all(records.payload(i) == folder.payload(i) for i in range(len(records)))
    assert records.notes == ()


def test_real_records_with_names_are_split_as_the_folder(
    lfw_rec: Path, lfw_train: Path, tmp_path: Path
) -> None:
    for file in lfw_rec.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "train.names.json").write_text(json.dumps(open_source(lfw_train).names))
    records, folder = (load_faces(path, resolution=32, seed=3) for path in (tmp_path, lfw_train))
    assert records.fingerprint == folder.fingerprint
    assert records.verification.names == folder.verification.names
    assert load_faces(lfw_rec, resolution=32).training.identities == 418
