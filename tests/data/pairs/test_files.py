"""Verification sets by any of their names, whole and damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seesawnas.data import PairSet, read_pairs
from seesawnas.errors import DataError
from tests.data.pairs.written import outcome, write_image

FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    for shade, name in enumerate(
        ("Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0002.jpg", "Bo/Bo_0001.png", "Cy/Cy_0012.jpg")
    ):
        write_image(tmp_path / "images" / name, 60 * shade)
    return tmp_path


def shown(found: PairSet) -> list[tuple[str, str, bool]]:
    places = found.images.places
    sides = (found.left.tolist(), found.right.tolist(), found.same.tolist())
    return [(places[a], places[b], same) for a, b, same in zip(*sides, strict=True)]


LFW = "2\t1\nAnn_Lee\t1\t2\nAnn_Lee\t1\tBo\t1\nAnn_Lee\t2\t1\nBo\t1\tCy\t12\n"


@pytest.mark.parametrize(
    "text", [LFW, LFW.replace("\t", " "), LFW.replace("\n", "\r\n"), "\ufeff" + LFW, LFW + "\n\n"]
)
def test_lfw_s_pairs_are_read_in_both_layouts_with_their_folds_and_identities(
    people: Path, text: str
) -> None:
    (people / "pairs.txt").write_bytes(text.encode())
    found = read_pairs(people / "pairs.txt", images=people / "images", resolution=8)
    ann, other, bo, cy = (
        f"{name.split('_0')[0]}/{name}"
        for name in ("Ann_Lee_0001.jpg", "Ann_Lee_0002.jpg", "Bo_0001.png", "Cy_0012.jpg")
    )
    assert shown(found) == [
        (ann, other, True),
        (ann, bo, False),
        (other, ann, True),
        (bo, cy, False),
    ]
    assert found.folds is not None
    assert found.folds.tolist() == [0, 0, 1, 1]
    assert found.people is not None
    assert found.people.tolist() == [0, 0, 1, 2]
    assert found.notes == ()
    images, readable = found.images.decode(0, 4)
    assert readable.all()
    assert images.shape == (4, 8, 8, 3)
    assert [int(image.mean()) for image in images] == [0, 60, 120, 180]


def test_without_a_header_there_are_no_folds(people: Path) -> None:
    (people / "pairs.txt").write_text(LFW.partition("\n")[2])
    found = read_pairs(people / "pairs.txt", images=people / "images")
    assert (len(found), found.folds) == (4, None)


def test_images_that_are_not_there_or_cannot_be_read_are_counted_and_named(people: Path) -> None:
    (people / "images/Bo/Bo_0001.png").write_bytes(b"no picture")
    (people / "pairs.txt").write_text(LFW + "Ann_Lee 1 9\nAnn_Lee 1 Dee 1\n")
    found = read_pairs(people / "pairs.txt", images=people / "images")
    assert found.notes == (
        "missing images: 2 (Ann_Lee/Ann_Lee_0009.jpg, Dee/Dee_0001.jpg)",
        "pairs skipped because of missing images: 2 of 6",
        "folds may be wrong: the first line gives 2 folds of 2 pairs, got 6 pairs",
    )
    kept = found.without(found.images.decode(0, len(found.images))[1])
    assert kept.notes[3:] == (
        "unreadable images: 1 (Bo/Bo_0001.png)",
        "pairs skipped because of unreadable images: 2 of 4",
    )
    assert kept.same.tolist() == [True, True]
    assert kept.folds is not None
    assert kept.folds.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "got "),
        ("Ann_Lee 1 2 Bo 1 1\n", "line 1: must be `name i j`"),
        ("1 1\nAnn_Lee one 2\n", "line 2: must have two image numbers, got 'one'"),
        ("../images/Bo 1 2\n", "line 1: must have an identity name"),
        (".. 1 2\n", "must have an identity name"),
        ("Nobody 1 2\n", "missing images: 2"),
        ("Ann_Lee\0 1 2\n", "zero byte"),
    ],
)
def test_a_pairs_txt_that_is_none_is_one_line(people: Path, text: str, words: str) -> None:
    (people / "pairs.txt").write_text(text)
    with pytest.raises(DataError) as caught:
        read_pairs(people / "pairs.txt", images=people / "images")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


CSV = (
    "images/Ann_Lee/Ann_Lee_0001.jpg,images/Ann_Lee/Ann_Lee_0002.jpg,1\n"
    "images/Bo/Bo_0001.png,images/Cy/Cy_0012.jpg,0\n"
)


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        "path1,path2,label\n" + CSV,
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        CSV.replace(",1\n", ", True\n").replace(",0\n", ", different\n"),
        "same,first,second\n"
        + "".join(f"{line.rpartition(',')[2]},{line.rpartition(',')[0]}\n" for line in CSV.split()),
        "".join(f"{line.rpartition(',')[2]},{line.rpartition(',')[0]}\n" for line in CSV.split()),
        CSV.replace("images/Bo/Bo_0001.png", '"images/Bo/Bo_0001.png"'),
    ],
)
def test_a_csv_is_read_with_or_without_a_header_and_by_any_delimiter(
    people: Path, text: str
) -> None:
    (people / "mine.csv").write_text(text)
    found = read_pairs(people / "mine.csv")
    assert [same for _, _, same in shown(found)] == [True, False]
    assert shown(found)[1][:2] == ("images/Bo/Bo_0001.png", "images/Cy/Cy_0012.jpg")
    assert (found.folds, found.people) == (None, None)


def test_a_csv_s_paths_start_from_the_folder_of_images_where_one_is_given(people: Path) -> None:
    (people / "mine.csv").write_text(CSV.replace("images/", ""))
    assert len(read_pairs(people / "mine.csv", images=people / "images")) == 2


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "a/../../secret.png", "link.png"])
def test_a_path_that_leads_out_of_the_folder_is_refused(people: Path, path: str) -> None:
    write_image(people / "secret.png")
    (people / "images/link.png").symlink_to(people / "secret.png")
    (people / "mine.csv").write_text(f"Bo/Bo_0001.png,{path},1\n")
    with pytest.raises(DataError, match=r"line 1: must be an image path inside .*images"):
        read_pairs(people / "mine.csv", images=people / "images")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "got nothing"),
        ("a,b\n", "got "),
        ("a,b,1\nc,d\n", "got 2 fields"),
        ("a,b,1\nc,d,7\n", "such as 1 or 0, got '7'"),
    ],
)
def test_a_csv_that_is_none_is_one_line(people: Path, text: str, words: str) -> None:
    (people / "mine.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        read_pairs(people / "mine.csv")
    assert words in str(caught.value)


@pytest.fixture
def cfp(tmp_path: Path) -> Path:
    root = tmp_path / "cfp-dataset"
    for identity in (1, 2):
        for kind, number in (("frontal", 1), ("frontal", 2), ("profile", 1)):
            write_image(root / f"Data/Images/{identity:03d}/{kind}/{number:02d}.jpg", 40 * identity)
    protocol = root / "Protocol"
    frontal = [(p, n) for p in (1, 2) for n in (1, 2)]
    for fold in ("01", "02"):
        for kind, same, different in (("FF", "1,2\n3,4\n", "1,3\n"), ("FP", "1,1\n", "2,2\n4,1\n")):
            folder = protocol / "Split" / kind / fold
            folder.mkdir(parents=True)
            (folder / "same.txt").write_text(same)
            (folder / "diff.txt").write_text(different)
    lines = [
        f"{i} ../Data/Images/{p:03d}/frontal/{n:02d}.jpg" for i, (p, n) in enumerate(frontal, 1)
    ]
    (protocol / "Pair_list_F.txt").write_text("\n".join(lines))
    (protocol / "Pair_list_P.txt").write_text(
        "".join(f"{p} ../Data/Images/{p:03d}/profile/01.jpg\n" for p in (1, 2))
    )
    return root


def test_cfp_s_folders_give_frontal_and_profile_pairs_with_their_folds(cfp: Path) -> None:
    ff, fp = (read_pairs(cfp / "Protocol/Split" / kind) for kind in ("FF", "FP"))
    assert shown(ff)[:3] == [
        ("001/frontal/01.jpg", "001/frontal/02.jpg", True),
        ("002/frontal/01.jpg", "002/frontal/02.jpg", True),
        ("001/frontal/01.jpg", "002/frontal/01.jpg", False),
    ]
    assert shown(fp)[:2] == [
        ("001/frontal/01.jpg", "001/profile/01.jpg", True),
        ("001/frontal/02.jpg", "002/profile/01.jpg", False),
    ]
    for found in (ff, fp):
        assert found.folds is not None
        assert found.folds.tolist() == [0, 0, 0, 1, 1, 1]
        assert found.people is not None
        people = found.people[np.stack([found.left, found.right])]
        assert ((people[0] == people[1]) == found.same).all()
    assert (ff.name, fp.name) == ("cfp_ff", "cfp_fp")


def test_aligned_copies_take_the_place_of_cfp_s_own_images(cfp: Path, tmp_path: Path) -> None:
    shutil.move(cfp / "Data/Images", tmp_path / "aligned")
    assert len(read_pairs(cfp / "Protocol/Split/FP", images=tmp_path / "aligned")) == 6


def test_a_damaged_cfp_folder_is_one_line(cfp: Path) -> None:
    with pytest.raises(DataError, match="Protocol/Split/FF or Protocol/Split/FP"):
        read_pairs(cfp)
    (cfp / "Protocol/Split/FP/02/diff.txt").write_text("1,9\n")
    with pytest.raises(
        DataError, match=r"02/diff.txt: line 1: must be numbers from the image list, got 9"
    ):
        read_pairs(cfp / "Protocol/Split/FP")
    (cfp / "Protocol/Pair_list_F.txt").write_text("1 ../../../etc/passwd\n2 x.jpg\n")
    with pytest.raises(DataError, match="must be an image path inside"):
        read_pairs(cfp / "Protocol/Split/FF")


@pytest.mark.parametrize(
    "name", ["nothing.bin", "nothing.txt", "nothing.csv", "nothing.mat", "\0.csv"]
)
def test_a_file_that_is_not_there_or_is_no_set_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError) as caught:
        read_pairs(tmp_path / name, images=tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="must be a folder of images"):
        read_pairs(tmp_path / name, images=tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"requires --images|cannot be read|must be"):
        read_pairs(tmp_path / name)


def _tokens(*more: str) -> st.SearchStrategy[str]:
    known = (
        "Ann_Lee",
        "Bo",
        "1",
        "2",
        "0001",
        "10",
        "-1",
        "..",
        "/",
        "\t",
        " ",
        ",",
        ";",
        '"',
        "\n",
        "\r\n",
        "\0",
        "é",
        *more,
    )
    return st.lists(st.sampled_from(known) | st.text(max_size=6), max_size=60).map("".join)


def _is_read_or_refused(path: Path, content: bytes, images: Path) -> None:
    path.write_bytes(content)
    found = outcome(path, images)
    if isinstance(found, str):
        assert "\n" not in found
        return
    assert len(found.left) == len(found.right) == len(found) > 0
    assert max(found.left.max(), found.right.max()) < len(found.images)
    inside = images.resolve()
    assert all((inside / place).resolve().is_relative_to(inside) for place in found.images.places)


@FUZZ
@given(
    _tokens("Ann_Lee\t1\t2\n", "10\t300\n", "Bo\t1\tAnn_Lee\t1\n").map(str.encode)
    | st.binary(max_size=200)
)
def test_any_pairs_txt_is_read_or_refused_and_nothing_else(people: Path, content: bytes) -> None:
    _is_read_or_refused(people / "pairs.txt", content, people / "images")


@FUZZ
@given(
    _tokens("Bo/Bo_0001.png,Ann_Lee/Ann_Lee_0001.jpg,1\n", "path1,path2,label\n", "../x.png").map(
        str.encode
    )
    | st.binary(max_size=200)
)
def test_any_csv_is_read_or_refused_and_nothing_else(people: Path, content: bytes) -> None:
    _is_read_or_refused(people / "mine.csv", content, people / "images")
