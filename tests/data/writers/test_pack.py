"""Faces written elsewhere come back byte for byte, and a killed run goes on."""

from __future__ import annotations

import itertools
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from seesawnas.data import (
    load_faces,
    open_source,
    pack_bin,
    pack_rec,
    random_identities,
    read_bin,
    write_folder,
)
from seesawnas.data.sources.recordio import MAGIC, RecordFile
from seesawnas.data.sources.subset import first_identities
from seesawnas.data.writers.prepare import Preparation
from seesawnas.errors import DataError
from tests.data.rec_files import encoded_image, insightface, write_records
from tests.faces import write_folder as make_folder


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "faces", people=6, each=3)


def test_a_packed_folder_holds_the_same_bytes_under_the_same_names(
    faces: Path, tmp_path: Path
) -> None:
    folder = open_source(faces)
    report = pack_rec(folder, tmp_path / "out")
    records = open_source(tmp_path / "out")
    assert [records.payload(i) for i in range(18)] == [folder.payload(i) for i in range(18)]
    assert records.labels.tolist() == folder.labels.tolist()
    assert records.names == folder.names
    assert (report.images, report.people, report.encoded_anew) == (18, 6, 0)
    assert records.notes == report.skipped.notes() == ()


def test_folder_and_rec_give_the_same_faces_to_a_proxy(faces: Path, tmp_path: Path) -> None:
    pack_rec(open_source(faces), tmp_path / "out")
    one, other = (load_faces(path, resolution=16, seed=2) for path in (faces, tmp_path / "out"))
    assert one.fingerprint == other.fingerprint


def test_the_layout_is_insightface_s(faces: Path, tmp_path: Path) -> None:
    pack_rec(open_source(faces), tmp_path / "out")
    lines = [line.split("\t") for line in (tmp_path / "out" / "train.idx").read_text().splitlines()]
    offsets = {int(key): int(offset) for key, offset in lines}
    file = RecordFile(tmp_path / "out" / "train.rec")
    assert list(offsets) == [*range(1, 25), 0]
    assert file.head(offsets[0]).labels == (19.0, 25.0)
    assert [file.head(offsets[key]).labels for key in range(19, 25)] == [
        (3 * i + 1, 3 * i + 4) for i in range(6)
    ]
    assert [file.head(offsets[key]).labels for key in (1, 3, 4, 18)] == [
        (0.0,),
        (0.0,),
        (1.0,),
        (5.0,),
    ]
    assert (tmp_path / "out" / "property").read_text() == "6,32,32\n"


def test_real_records_packed_again_are_the_same_file(lfw_rec: Path, tmp_path: Path) -> None:
    pack_rec(open_source(lfw_rec), tmp_path)
    for name in ("train.rec", "property"):
        assert (tmp_path / name).read_bytes() == (lfw_rec / name).read_bytes()
    ours, theirs = ((path / "train.idx").read_text().split() for path in (tmp_path, lfw_rec))
    assert ours == theirs


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25)
@given(
    st.lists(
        st.lists(st.binary(max_size=30) | st.just(MAGIC * 2), min_size=2, max_size=3),
        min_size=1,
        max_size=3,
    )
)
def test_any_bytes_go_through_a_rec_and_back(
    tmp_path_factory: pytest.TempPathFactory, contents: list[list[bytes]]
) -> None:
    place = tmp_path_factory.mktemp("any")
    for identity, images in enumerate(contents):
        (place / "in" / f"p{identity}").mkdir(parents=True)
        for number, content in enumerate(images):
            (place / "in" / f"p{identity}" / f"{number}.jpg").write_bytes(b"x" + content)
    folder = open_source(place / "in")
    pack_rec(folder, place / "out", Preparation(as_is=True))
    (place / "out" / "train.idx").unlink()
    records = open_source(place / "out")
    assert [records.payload(i) for i in range(len(records))] == [
        folder.payload(i) for i in range(len(folder))
    ]


def test_what_is_unreadable_is_left_out_and_named_and_identities_with_too_few_go(
    faces: Path, tmp_path: Path
) -> None:
    for name in ("p1/5.png", "p2/6.png", "p2/7.png"):
        (faces / name).write_bytes(encoded_image(3)[:30])
    report = pack_rec(open_source(faces), tmp_path / "out")
    assert report.skipped.counts() == {
        "unreadable images": 3,
        "identities with fewer than two readable images": 1,
    }
    assert tuple(open_source(tmp_path / "out").names) == ("p0", "p1", "p3", "p4", "p5")


def test_images_that_tools_read_differently_become_png(faces: Path, tmp_path: Path) -> None:
    for name, mode in (
        ("a.jpg", "CMYK"),
        ("b.pgm", "L"),
        ("c.png", "P"),
        ("d.png", "RGBA"),
        ("e.jpg", "L"),
    ):
        Image.new("L", (32, 32), 90).convert(mode).save(faces / "p0" / name)
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.linear_gradient("L").resize((32, 16)).convert("RGB").save(
        faces / "p0" / "f.jpg", exif=turned
    )
    report = pack_rec(open_source(faces), tmp_path / "out")
    assert report.encoded_anew == 5  # all but the grey JPEG
    assert report.skipped.notes() == ("images that are not 32x32 (written anyway): 1 (16x32)",)
    one, other = (load_faces(path, resolution=16) for path in (faces, tmp_path / "out"))
    assert one.fingerprint == other.fingerprint


def test_a_resolution_makes_all_images_one_size(faces: Path, tmp_path: Path) -> None:
    Image.new("RGB", (50, 40)).save(faces / "p0" / "big.png")
    report = pack_rec(open_source(faces), tmp_path / "out", Preparation(resolution=32))
    assert (report.encoded_anew, dict(report.sizes)) == (1, {"32x32": 19})


@pytest.mark.parametrize("lost", ["nothing", "half a line", "records"])
def test_an_interrupted_run_goes_on_and_ends_as_an_uninterrupted_one(
    faces: Path, tmp_path: Path, lost: str
) -> None:
    source = open_source(faces)
    pack_rec(source, tmp_path / "whole")
    seen: list[int] = []

    def interrupt(images: int) -> None:
        seen.append(images)
        if sum(seen) >= 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack_rec(source, tmp_path / "out", advance=interrupt)
    assert not (tmp_path / "out" / "train.rec").exists()
    if lost == "half a line":
        journal = tmp_path / "out" / ".train.journal"
        journal.write_bytes(journal.read_bytes()[:-20])
    elif lost == "records":
        draft = tmp_path / "out" / ".train.rec.draft"
        draft.write_bytes(draft.read_bytes()[:-20])
    seen.clear()
    pack_rec(source, tmp_path / "out", advance=seen.append)
    assert seen[0] == (9 if lost == "nothing" else 6)
    assert sum(seen) == 18
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert all(
        (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
        for name in names
    )


def test_a_folder_that_holds_a_rec_is_left_alone(faces: Path, tmp_path: Path) -> None:
    write_records(tmp_path / "out", insightface((2, 2)))
    with pytest.raises(DataError, match=r"must not contain a train\.rec"):
        pack_rec(open_source(faces), tmp_path / "out")


@pytest.mark.parametrize("name", ["train.rec", "train.idx", "property", "train.names.json"])
def test_a_folder_that_holds_a_part_of_another_set_is_left_alone(
    name: str, faces: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("somebody's")
    with pytest.raises(DataError, match=rf"out: must not contain a {name}"):
        pack_rec(open_source(faces), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    assert (tmp_path / "out" / name).read_text() == "somebody's"


@pytest.mark.parametrize("other", ["people", "options", "damaged"])
def test_what_another_run_left_unfinished_is_left_alone(
    other: str, faces: Path, tmp_path: Path
) -> None:
    source, out = open_source(faces), tmp_path / "out"

    def interrupt(images: int) -> None:
        if images:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack_rec(source, out, advance=interrupt)
    if other == "damaged":
        (out / ".train.journal").write_text("{")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(DataError, match="contains an unfinished run"):
        pack_rec(
            first_identities(source, 3) if other == "people" else source,
            out,
            Preparation(resolution=16 if other == "options" else None),
        )
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_run_that_was_cut_off_just_before_its_end_goes_on(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = open_source(faces), tmp_path / "out"

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):  # noqa: PT012
        patched.setattr(Path, "rename", fail)
        pack_rec(source, out)
    assert {path.name for path in out.iterdir()} >= {
        "train.idx",
        "property",
        "train.names.json",
        ".train.journal",
    }
    assert (report := pack_rec(source, out)).images == 18
    assert report.before == 6
    assert len(open_source(out)) == 18


def test_two_processes_never_write_in_one_place(faces: Path, tmp_path: Path) -> None:
    source = open_source(faces)
    for write in (pack_rec, write_folder):
        refused: list[str] = []

        def meanwhile(images: int, write: Any = write, refused: list[str] = refused) -> None:
            with pytest.raises(DataError) as caught:
                write(source, tmp_path / write.__name__)
            refused.append(str(caught.value))

        write(source, tmp_path / write.__name__, advance=meanwhile)
        assert set(refused) == {f"{tmp_path / write.__name__}: another process is writing to it"}
        assert len(open_source(tmp_path / write.__name__)) == 18


def test_nobody_to_write_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "faces" / "a"
    folder.mkdir(parents=True)
    for number in range(2):
        (folder / f"{number}.jpg").write_bytes(b"x")
    with pytest.raises(
        DataError, match="must contain identities to write, got none; unreadable images: 2"
    ) as caught:
        pack_rec(open_source(tmp_path / "faces"), tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_pairs_are_read_back_by_ours_and_by_plain_pickle(faces: Path, tmp_path: Path) -> None:
    source = open_source(faces)
    pack_bin(source, tmp_path / "pairs.bin", [(0, 1, True), (0, 5, False)])
    images, same = read_bin(tmp_path / "pairs.bin", resolution=32)
    assert same.tolist() == [True, False]
    assert np.array_equal(images[0], images[2])
    encoded, answers = pickle.loads((tmp_path / "pairs.bin").read_bytes())
    assert encoded == [source.payload(index) for index in (0, 1, 0, 5)]
    assert answers == [True, False]


def test_a_pair_with_an_unreadable_image_is_left_out_counted_and_named(
    faces: Path, tmp_path: Path
) -> None:
    (faces / "p0" / "0.png").write_bytes(b"x")
    source, advanced = open_source(faces), list[int]()
    pairs = [(0, 1, True), (1, 2, True), (0, 5, False)]
    written, skipped = pack_bin(source, tmp_path / "pairs.bin", pairs, advance=advanced.append)
    assert written == [(1, 2, True)]
    assert skipped.notes() == (
        "unreadable images: 1 (p0/0.png)",
        "pairs with an unreadable image: 2 (p0/0.png and p0/1.png, p0/0.png and p1/5.png)",
    )
    assert read_bin(tmp_path / "pairs.bin", resolution=32)[1].tolist() == [True]
    assert sum(advanced) == 6


def test_no_pair_that_can_be_read_is_one_line(faces: Path, tmp_path: Path) -> None:
    (faces / "p0" / "0.png").write_bytes(b"x")
    with pytest.raises(
        DataError,
        match=r"faces: must give at least one pair, got none; unreadable images: 1 \(p0/0\.png\)",
    ) as caught:
        pack_bin(open_source(faces), tmp_path / "pairs.bin", [(0, 1, True)])
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "pairs.bin").exists()


def test_a_larger_draw_of_identities_holds_a_smaller_one(faces: Path) -> None:
    source = open_source(faces)
    draws = [random_identities(source, number, seed=4) for number in range(1, 7)]
    for small, large in itertools.pairwise(draws):
        assert set(small.names) < set(large.names)
    assert draws[3].labels.tolist() == np.repeat(np.arange(4), 3).tolist()
    assert len({random_identities(source, 3, seed=seed).names for seed in range(6)}) > 1
    assert first_identities(source, 2).names == ("p0", "p1")
    for number in (0, 7):
        with pytest.raises(DataError, match="people: must be 1 to 6"):
            first_identities(source, number)


def test_a_folder_of_a_rec_holds_the_same_bytes_and_splits_alike(tmp_path: Path) -> None:
    records = open_source(write_records(tmp_path / "rec", insightface((3, 2, 4, 2, 3))))
    report = write_folder(records, tmp_path / "out")
    folder = open_source(tmp_path / "out")
    assert [folder.payload(i) for i in range(14)] == [records.payload(i) for i in range(14)]
    assert folder.place(0) == "0000000/0000000_0001.png"
    assert (report.images, report.people) == (14, 5)
    one, other = (load_faces(path, resolution=4) for path in (tmp_path / "rec", tmp_path / "out"))
    assert one.fingerprint == other.fingerprint


def test_names_that_escape_are_left_out_of_a_folder(tmp_path: Path) -> None:
    write_records(tmp_path / "rec", insightface((2,) * 7))
    names = ["..", "../up", "/abs", ".hidden", "a" * 250, "\ud800", "good"]
    (tmp_path / "rec" / "train.names.json").write_text(json.dumps(names))
    report = write_folder(open_source(tmp_path / "rec"), tmp_path / "out" / "in")
    assert [path.name for path in (tmp_path / "out" / "in").iterdir()] == ["good"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["in"]
    assert report.skipped.counts() == {"identities whose name is not a valid folder name": 6}
    assert all(note.isprintable() for note in report.skipped.notes())


def test_writing_a_folder_goes_on_after_an_interruption_and_touches_no_other(
    faces: Path, tmp_path: Path
) -> None:
    source = first_identities(open_source(faces), 4)

    def interrupt(images: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_folder(source, tmp_path / "out", advance=interrupt)
    with pytest.raises(
        DataError, match="must be empty, or contain an unfinished run of the same command"
    ):
        write_folder(first_identities(source, 3), tmp_path / "out")
    assert write_folder(source, tmp_path / "out").before == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["p0", "p1", "p2", "p3"]
    with pytest.raises(DataError, match="must be empty"):
        write_folder(source, tmp_path / "out")


def test_images_of_no_known_kind_are_left_out_of_a_folder(tmp_path: Path) -> None:
    records = [(key, record) for key, record in insightface((2, 2))]
    source = open_source(write_records(tmp_path / "rec", records))
    content = (tmp_path / "rec" / "train.rec").read_bytes().replace(b"\x89PNG", b"\x00PNG", 1)
    (tmp_path / "rec" / "train.rec").write_bytes(content)
    report = write_folder(source, tmp_path / "out")
    assert report.skipped.notes() == (
        "images that are neither JPEG, PNG, PGM nor PPM: 1 (0000000: 1)",
    )
    assert report.images == 3
