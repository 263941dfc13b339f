"""The data commands: what they print, what they write, and how they fail."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from seesawnas.data import (
    Choice,
    FaceFinder,
    FolderSource,
    FoundFace,
    align_folder,
    load_faces,
    open_source,
    read_bin,
)
from seesawnas.data.writers.align import TEMPLATE
from tests.cli.running import Ran
from tests.crash.processes import heed_ctrl_c
from tests.data.rec_files import encoded_image, insightface, write_records
from tests.faces import write_folder
from tests.oblong import write_identities


@pytest.fixture
def faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_folder(Path("faces"), people=6, each=3)


def test_info_counts_and_names_what_is_wrong(faces: Path) -> None:
    (faces / "p0" / "bad.jpg").write_bytes(b"x")
    (faces / "notes.txt").write_text("x")
    Image.new("CMYK", (20, 30)).save(faces / "p1" / "odd.jpg")
    (faces / "single").mkdir()
    (faces / "single" / "1.png").write_bytes(encoded_image(1, side=32))
    values = Ran("data", "info", "faces", "--json").json
    assert (values["people"], values["images"], values["looked_at"]) == (7, 21, 21)
    assert values["images_per_person"] == {
        "least": 1.0,
        "quarter": 3.0,
        "median": 3.0,
        "three_quarters": 3.5,
        "most": 4.0,
        "mean": 3.0,
    }
    assert values["sizes"] == {"32x32": 19, "20x30": 1}
    assert values["formats"] == {"PNG": 19, "JPEG": 1}
    assert values["aspects"] == {"1:1": 19, "2:3": 1}
    assert values["other_aspects"] == {"count": 1, "first": ["p1/odd.jpg"]}
    assert {each["what"]: each["first"] for each in values["wrong"]} == {
        "files outside the identity folders": ["notes.txt"],
        "identities with fewer than two images": ["single"],
        "unreadable images": ["p0/bad.jpg"],
        "images that are not 32x32 (resized)": ["p1/odd.jpg"],
        "images with an unusual aspect ratio (usual: 1:1, width:height)": ["p1/odd.jpg"],
        "images in CMYK (converted to RGB)": ["p1/odd.jpg"],
    }
    lines = Ran("data", "info", "faces").out
    assert "identities  7 identities, 21 images" in lines
    assert "problems    unreadable images: 1 (p0/bad.jpg)" in lines


def test_info_names_the_images_of_another_aspect_as_they_are_upright(tmp_path: Path) -> None:
    write_identities(tmp_path / "faces", people=2, each=3)
    for name, size, orientation in (("a", (28, 24), 6), ("b", (28, 24), 1), ("c", (48, 56), 1)):
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.new("RGB", size).save(tmp_path / "faces" / "p1" / f"{name}.png", exif=exif)
    values = Ran("data", "info", str(tmp_path / "faces"), "--json").json
    assert values["aspects"] == {"6:7": 8, "7:6": 1}
    assert values["other_aspects"] == {"count": 1, "first": ["p1/b.png"]}
    assert "aspects     6:7 (8), 7:6 (1)" in Ran("data", "info", str(tmp_path / "faces")).out


def test_info_draws_a_contact_sheet_with_unreadable_images_crossed_out(faces: Path) -> None:
    (faces / "p0" / "bad.jpg").write_bytes(b"x")
    ran = Ran("data", "info", "faces", "--contact-sheet", "sheet.png")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "wrote sheet.png")
    with Image.open("sheet.png") as sheet:
        assert sheet.size == (10 * 116 + 4, 6 * 130 + 4)
        assert sheet.convert("RGB").getpixel((4 + 3 * 116 + 56, 4 + 14 + 56)) == (255, 0, 0)


def test_pack_writes_a_rec_that_gives_a_search_the_same_faces(faces: Path) -> None:
    values = Ran("data", "pack", "faces", "--to", "rec", "--out", "packed", "--json").json
    assert (values["people"], values["images"], values["encoded_anew"]) == (6, 18, 0)
    assert values["left_out"] == []
    assert all(Path(file).is_file() for file in values["files"])
    one, other = (load_faces(path, resolution=16) for path in (faces, "packed"))
    assert one.fingerprint == other.fingerprint
    again = Ran("data", "pack", "faces", "--out", "packed")
    assert (again.code, again.err) == (2, "packed: must not contain a train.rec\n")


def test_pack_writes_pairs_that_are_read_back(faces: Path) -> None:
    values = Ran(
        "data", "pack", "faces", "--to", "bin", "--out", "v.bin", "--pairs", "20", "--json"
    ).json
    assert (values["pairs"], values["same"]) == (20, 10)
    images, same = read_bin("v.bin", resolution=32)
    assert images.shape == (40, 32, 32, 3)
    assert same.sum() == 10
    assert (
        Ran("data", "pack", "faces", "--to", "bin", "--out", "v.bin").err
        == "v.bin: must not exist yet, got an existing file\n"
    )


def test_pack_leaves_out_pairs_that_cannot_be_read_and_names_them(faces: Path) -> None:
    (faces / "p0" / "0.png").write_bytes(b"x")
    ran = Ran(
        "data",
        "pack",
        "faces",
        "--to",
        "bin",
        "--out",
        "v.bin",
        "--pairs",
        "20",
        "--seed",
        "1",
        "--json",
    )
    skipped = {each["what"]: (each["count"], each["first"]) for each in ran.json["left_out"]}
    assert skipped["unreadable images"] == (1, ["p0/0.png"])
    gone, first = skipped["pairs with an unreadable image"]
    assert gone == 20 - ran.json["pairs"] > 0
    assert all("p0/0.png" in place for place in first)
    _, same = read_bin("v.bin", resolution=32)
    assert (len(same), same.sum()) == (ran.json["pairs"], ran.json["same"])


def test_a_rec_s_own_folder_may_hold_another(faces: Path) -> None:
    assert Ran("data", "pack", "faces", "--out", "packed").code == 0
    assert Ran("data", "subset", "packed", "--identities", "2", "--out", "packed/few").code == 0


@pytest.mark.parametrize("form", ["rec", "folder"])
def test_subset_takes_identities_without_encoding_anew(faces: Path, form: str) -> None:
    values = Ran(
        "data",
        "subset",
        "faces",
        "--people",
        "4",
        "--seed",
        "3",
        "--to",
        form,
        "--out",
        "s",
        "--json",
    ).json
    assert (values["people"], values["images"], values["of_people"], values["seed"]) == (
        4,
        12,
        6,
        3,
    )
    whole, some = open_source(faces), open_source("s")
    payloads = {whole.payload(index) for index in range(18)}
    assert {some.payload(index) for index in range(12)} < payloads
    first = Ran(
        "data", "subset", "faces", "--identities", "2", "--first", "--to", form, "--out", "f"
    )
    assert first.code == 0
    assert tuple(open_source("f").names) == ("p0", "p1")


def test_align_writes_what_has_landmarks(faces: Path) -> None:
    rows = [f"p0/{number}.png," + ",".join(map(str, (TEMPLATE / 4).ravel())) for number in range(2)]
    Path("l.csv").write_text("\n".join(rows))
    ran = Ran("data", "align", "faces", "--landmarks", "l.csv", "--out", "aligned")
    assert ran.out.splitlines() == [
        "aligned     2 images",
        "wrote       aligned",
        "skipped     images without landmarks: 16 (p0/2.png, p1/3.png, p1/4.png, ...)",
    ]
    assert sorted(path.name for path in Path("aligned").rglob("*.png")) == ["0.png", "1.png"]


def test_align_writes_the_faces_that_it_finds(faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that finds two faces in every image but the first."""
    shown = list[int]()

    def detect(image: NDArray[np.uint8]) -> list[FoundFace]:
        shown.append(len(image))
        large = FoundFace(np.array([0.0, 0.0, 28.0, 28.0]), TEMPLATE / 4)
        small = FoundFace(np.array([9.0, 9.0, 22.0, 22.0]), TEMPLATE / 8 + 9)
        return [large, small] if len(shown) % 18 != 1 else []

    monkeypatch.setattr(
        "seesawnas.data.open_finder", lambda choice: FaceFinder("fake 1", detect, choice)
    )
    values = Ran("data", "align", "faces", "--detect", "--out", "aligned", "--json").json
    assert values["left_out"] == [
        {"what": "images without a face", "count": 1, "first": ["p0/0.png"]}
    ]
    del values["left_out"]
    assert values == {
        "files": ["aligned"],
        "images": 17,
        "detector": "fake 1",
        "face": "largest",
        "several_faces_in_this_run": 17,
        "without_face": ["p0/0.png"],
    }
    ran = Ran("data", "align", "faces", "--detect", "--central", "--out", "central")
    assert ran.out.splitlines() == [
        "aligned     17 images",
        "wrote       central",
        "chosen      the most central of several faces: 17 images of this run",
        "skipped     images without a face: 1 (p0/0.png)",
    ]


def test_the_bar_of_align_ends_at_its_total(faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    totals, advanced = list[int](), list[int]()

    @contextmanager
    def bar(words: str, total: int) -> Iterator[Callable[[int], None]]:
        totals.append(total)
        yield advanced.append

    monkeypatch.setattr(sys.modules["seesawnas.cli.commands.data.align"], "bar", bar)
    Path("l.csv").write_text(",".join(["p0/0.png", *map(str, TEMPLATE.ravel())]))
    assert Ran("data", "align", "faces", "--landmarks", "l.csv", "--out", "aligned").code == 0
    assert totals == [sum(advanced)] == [18]


def test_the_cache_is_shown_and_emptied(
    faces: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE", str(tmp_path / "cache"))
    load_faces(faces, resolution=16)
    (tmp_path / "cache" / "mine.txt").write_text("not ours")
    shown = Ran("data", "cache", "--json").json
    assert (shown["entries"], shown["folder"], shown["limit"]) == (
        1,
        str(tmp_path / "cache"),
        20 * 10**9,
    )
    assert shown["bytes"] > 18 * 16 * 16 * 3
    assert (
        Ran("data", "cache", "--clear")
        .out.splitlines()[1]
        .startswith("removed 1 set of decoded images")
    )
    assert Ran("data", "cache", "--json").json["entries"] == 0
    assert (tmp_path / "cache" / "mine.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("info", "nowhere"), "nowhere: there is no such folder"),
        (("info", "empty"), "empty: must contain face images in sub-folders, got none"),
        (("pack", "faces", "--out", "faces/in"), "faces/in: must not be inside faces"),
        (
            ("pack", "faces", "--to", "bin", "--out", "faces/p0/v.bin"),
            "faces/p0/v.bin: must not be inside faces",
        ),
        (
            ("subset", "faces", "--people", "2", "--out", "./faces/in/to"),
            "faces/in/to: must not be inside faces",
        ),
        (
            ("align", "faces", "--landmarks", "l.csv", "--out", "faces/in"),
            "faces/in: must not be inside faces",
        ),
        (
            ("align", "faces", "--out", "o"),
            "must have either --landmarks FILE.csv or --detect, got none",
        ),
        (
            ("align", "faces", "--detect", "--landmarks", "l.csv", "--out", "o"),
            "must have either --landmarks FILE.csv or --detect, got both",
        ),
        (
            ("align", "faces", "--landmarks", "l.csv", "--central", "--out", "o"),
            "--central requires --detect, got --landmarks",
        ),
        (("info", "nowhere.rec"), "nowhere.rec: cannot be read: No such file or directory"),
        (("info", "notes.rec"), "notes.rec: must contain images, got none"),
        (
            ("pack", "empty", "--out", "o"),
            "empty: must contain identities to train on, got none; identities with fewer than two",
        ),
        (("info", "synthetic:2"), "must be synthetic:IDENTITIESxIMAGES"),
        (("pack", "faces", "--out", "notes.rec"), "notes.rec: must be a folder, got a file"),
        (
            ("pack", "synthetic:1x1", "--out", "o", "--to", "bin"),
            "must have at least 2 images per identity",
        ),
        (
            ("subset", "faces", "--people", "7", "--out", "o"),
            "people: must be 1 to 6 (identities in faces), got 7",
        ),
        (
            ("subset", "faces", "--people", "2", "--to", "folder", "--out", "faces"),
            "faces: must be empty",
        ),
        (
            ("align", "faces", "--landmarks", "nowhere.csv", "--out", "o"),
            "nowhere.csv: cannot be read",
        ),
    ],
)
def test_a_fault_is_one_line_and_exit_code_2(
    faces: Path, arguments: tuple[str, ...], line: str
) -> None:
    Path("notes.rec").write_bytes(b"none")
    Path("empty/someone").mkdir(parents=True)
    Path("l.csv").write_text(",".join(["p0/0.png", *map(str, TEMPLATE.ravel())]))
    ran = Ran("data", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert line in ran.err
    assert len(ran.err.splitlines()) == 1


def test_ctrl_c_leaves_what_the_same_command_goes_on_with(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "seesawnas",
        "data",
        "pack",
        "synthetic:1500x2",
        "--out",
        str(tmp_path / "out"),
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, preexec_fn=heed_ctrl_c) as running:
        journal = tmp_path / "out" / ".train.journal"
        until = time.monotonic() + 60
        while time.monotonic() < until and not (journal.exists() and journal.stat().st_size > 3000):
            time.sleep(0.02)
        running.send_signal(2)
        assert running.communicate(timeout=60) == (b"", b"")
    assert running.returncode == 130
    assert journal.exists()
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert "packed      3,000 images of 1,500 identities, bytes unchanged" in done.stdout
    assert re.match(r"resumed     after [\d,]+ identities of an earlier run\n", done.stdout)
    assert len(open_source(tmp_path / "out")) == 3000
    assert not journal.exists()


def test_a_rec_is_told_what_is_wrong_with_it(tmp_path: Path) -> None:
    write_records(tmp_path, insightface((3, 2, 4)))
    (tmp_path / "property").write_text("9,112,112")
    (tmp_path / "train.idx").write_text("1\t0\n")
    out = Ran("data", "info", str(tmp_path)).out
    assert (
        "problems    index files that do not match (records were found by scanning): 1 "
        "(train.idx: ends" in out
    )
    assert "gives 9 classes, the records have 3" in out


def test_a_search_on_a_folder_and_on_its_rec_measures_the_same(folder: Path) -> None:
    assert Ran("data", "pack", "faces", "--out", "packed").code == 0
    tiny = [
        "--space",
        "small.yaml",
        "--budget",
        "1M",
        "--epochs",
        "1",
        "--resolution",
        "32",
        "--engine",
        "inline",
    ]
    results = []
    for study, data in (
        ("a", "faces"),
        ("b", "packed"),
        ("c", "packed/train.rec"),
        ("d", "synthetic:12x4"),
    ):
        ran = Ran("search", *tiny, "--data", data, "--trials", "1", "--study", study, "--json")
        assert ran.code == 0, ran.err
        (best,) = ran.json["ranking"]
        results.append((best["digest"], best["accuracy"], best["auc"]))
    assert results[0] == results[1] == results[2] != results[3]


def test_a_resumed_alignment_says_that_its_count_of_several_faces_is_of_this_run(
    faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def detect(image: NDArray[np.uint8]) -> list[FoundFace]:
        return [FoundFace(np.array([0.0, 0.0, 28.0, 28.0]), TEMPLATE / 4)] * 2

    def open_fake(choice: Choice) -> FaceFinder:
        return FaceFinder("fake 1", detect, choice)

    def interrupt(images: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("seesawnas.data.open_finder", open_fake)
    source = FolderSource(Path("faces"), least=0)
    with pytest.raises(KeyboardInterrupt):
        align_folder(source, open_fake(Choice.LARGEST), Path("aligned"), interrupt)
    values = Ran("data", "align", "faces", "--detect", "--out", "aligned", "--json").json
    assert (values["images"], values["several_faces_in_this_run"]) == (18, 17)
    assert "several_faces" not in values
