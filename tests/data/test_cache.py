"""The cache of decoded images.

Found again, shared, bounded, and made anew where it is damaged.
"""

from __future__ import annotations

import mmap
import os
import threading
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from numpy.typing import NDArray

from seesawnas.data import FaceData, load_faces
from seesawnas.data.cache import cache_folder, entries, processors
from seesawnas.data.images import decode
from seesawnas.errors import DataError
from tests.data.rec_files import insightface, write_records
from tests.faces import write_folder


@pytest.fixture
def faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEESAWNAS_CACHE", str(tmp_path / "cache"))
    return write_folder(tmp_path / "faces", people=8, each=3)


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one an image that is decoded."""
    seen: list[int] = []

    def counting(file: IO[bytes], resolution: int) -> NDArray[np.uint8]:
        seen.append(1)
        return decode(file, resolution)

    monkeypatch.setattr("seesawnas.data.cache.decode", counting)
    return seen


def _lies_in_a_file(array: NDArray[np.uint8]) -> bool:
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base, mmap.mmap)


def _same(one: FaceData, other: FaceData) -> bool:
    return one.fingerprint == other.fingerprint and np.array_equal(
        one.training.images, other.training.images
    )


def test_a_second_reading_decodes_nothing_and_is_the_same(faces: Path, count: list[int]) -> None:
    first = load_faces(faces, resolution=16)
    assert len(count) == 24
    assert _same(first, load_faces(faces, resolution=16))
    assert len(count) == 24


def test_both_sides_of_the_split_are_views_of_one_file_and_another_split_decodes_nothing(
    faces: Path, count: list[int]
) -> None:
    data = load_faces(faces, resolution=16)
    assert all(_lies_in_a_file(side.images) for side in (data.training, data.verification))
    assert len(load_faces(faces, resolution=16, seed=5).training) == len(data.training)
    assert len(count) == 24


def test_writing_in_the_arrays_changes_no_one_else_s(faces: Path) -> None:
    first = load_faces(faces, resolution=16)
    first.training.images[:] = 0
    assert load_faces(faces, resolution=16).training.images.any()


def test_another_resolution_and_changed_files_are_decoded(faces: Path, count: list[int]) -> None:
    load_faces(faces, resolution=16)
    load_faces(faces, resolution=8)
    assert len(count) == 48
    image = faces / "p0" / "0.png"
    os.utime(image, ns=(1, 1))
    load_faces(faces, resolution=16)
    assert len(count) == 72


@pytest.mark.parametrize("file", ["pixels", "rows.npy", "entry.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "empty"])
def test_a_damaged_cache_is_made_again(
    faces: Path, count: list[int], file: str, damage: str
) -> None:
    first = load_faces(faces, resolution=16)
    ((entry, _),) = entries()
    content = bytearray((entry / file).read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 0x11
    elif damage == "cut":
        del content[-3:]
    elif damage == "empty":
        content.clear()
    (entry / file).unlink()
    if damage != "gone":
        (entry / file).write_bytes(content)
    assert _same(first, load_faces(faces, resolution=16))
    assert len(count) == 48
    load_faces(faces, resolution=16)
    assert len(count) == 48


def test_unreadable_images_are_noted_from_the_cache_too(faces: Path) -> None:
    (faces / "p3" / "10.png").write_bytes(b"none")
    notes = [load_faces(faces, resolution=16, seed=seed).notes for seed in (0, 0, 1)]
    assert notes == [("unreadable images: 1 (p3/10.png)",)] * 3


def test_old_entries_make_room_for_new_ones(faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE_LIMIT", "50K")
    for resolution in (16, 17, 18):
        load_faces(faces, resolution=resolution)
    assert len(entries()) == 2
    assert sum(size for _, size in entries()) <= 50_000


def test_without_room_the_images_are_decoded_in_memory_with_a_note(
    faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_faces(faces, resolution=16)
    monkeypatch.setenv("SEESAWNAS_CACHE", "/proc/nowhere")
    for limit, words in (("1K", "SEESAWNAS_CACHE_LIMIT"), ("1G", "images are decoded again")):
        monkeypatch.setenv("SEESAWNAS_CACHE_LIMIT", limit)
        data = load_faces(faces, resolution=16)
        assert _same(first, data)
        assert words in data.notes[0]


def test_a_limit_that_is_no_number_is_one_line(
    faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE_LIMIT", "much")
    with pytest.raises(DataError, match="SEESAWNAS_CACHE_LIMIT: must be a number"):
        load_faces(faces, resolution=16)


def test_many_at_once_get_the_same_and_leave_one_entry(faces: Path) -> None:
    results: list[FaceData] = []
    threads = [
        threading.Thread(
            target=lambda: results.append(load_faces(faces, resolution=16)), daemon=True
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({data.fingerprint for data in results}) == 1
    assert len(results) == 4
    assert (folder := cache_folder()) is not None
    assert [path.name for path in folder.iterdir()] == [path.name for path, _ in entries()]
    assert len(entries()) == 1


def test_more_than_the_memory_holds_is_refused_with_advice() -> None:
    with pytest.raises(DataError, match="use fewer identities \\(seesawnas data subset\\)"):
        load_faces("synthetic:85000x68", resolution=112)


def test_a_rec_is_cached_like_a_folder(faces: Path, tmp_path: Path, count: list[int]) -> None:
    records = write_records(tmp_path / "records", insightface((3,) * 6))
    assert _same(load_faces(records, resolution=4), load_faces(records, resolution=4))
    assert len(count) == 18


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"SEESAWNAS_CACHE": "/a/b"}, "/a/b"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/seesawnas"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/seesawnas"),
        ({}, "/home/me/.cache/seesawnas"),
    ],
)
def test_the_cache_lies_where_the_environment_says(
    variables: dict[str, str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SEESAWNAS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/me", **variables}.items():
        monkeypatch.setenv(name, value)
    assert str(cache_folder()) == place


def test_a_system_that_does_not_say_which_processors_are_ours_decodes_too(
    faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MacOS has no sched_getaffinity."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processors() == (os.cpu_count() or 1)
    assert len(load_faces(faces, resolution=16).training) > 0
