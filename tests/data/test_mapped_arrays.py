from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from seesawnas.data import load_faces
from seesawnas.data.cache import entries, map_file, pickle_mapped_arrays, remove_entry
from tests.faces import made_up_faces, write_folder


def test_parts_of_a_mapped_file_go_as_places_and_come_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(range(240)))
    whole = map_file(tmp_path / "a", 0, "|u1", (10, 2, 3, 4))
    for part in (whole, whole[3:], whole[3:7][1:2], whole[4]):
        sent = pickle_mapped_arrays(part)
        assert len(sent) < 500
        assert np.array_equal(pickle.loads(sent), part)
    for copied in (whole[:, 1], whole[::2], whole[[1, 2]], np.arange(5)):
        assert np.array_equal(pickle.loads(pickle_mapped_arrays(copied)), copied)


def test_faces_from_the_cache_weigh_little_and_arrive_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE", str(tmp_path / "cache"))
    faces = load_faces(write_folder(tmp_path / "faces", people=8, each=3), resolution=32)
    sent = pickle_mapped_arrays(faces)
    assert len(sent) < 5_000 < faces.training.images.nbytes
    arrived = pickle.loads(sent)
    for side in ("training", "verification"):
        assert np.array_equal(getattr(arrived, side).images, getattr(faces, side).images)
    ((entry, _),) = entries()
    remove_entry(entry)
    assert np.array_equal(
        pickle.loads(pickle_mapped_arrays(faces)).training.images, arrived.training.images
    )


def test_faces_that_lie_in_no_file_go_as_ever() -> None:
    faces = made_up_faces()
    assert np.array_equal(
        pickle.loads(pickle_mapped_arrays(faces)).training.images, faces.training.images
    )
