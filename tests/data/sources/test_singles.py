"""Identities with one image: their images have no class, and the classes stay as they are."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from seesawnas.data import open_source
from seesawnas.data.sources.singles import NO_CLASS, open_with_singles, single_images
from seesawnas.errors import DataError
from tests.faces import write_folder


def test_the_classes_are_those_of_a_source_that_leaves_single_images_out(tmp_path: Path) -> None:
    faces = write_folder(tmp_path / "faces", people=6, each=3, singles=("a", "p2b", "z"))
    found, plain = open_with_singles(faces), open_source(faces)
    assert (len(found), single_images(found)) == (len(plain) + 3, 3)
    assert tuple(found.names) == tuple(plain.names)
    classes = {plain.place(index): int(plain.labels[index]) for index in range(len(plain))}
    places = [found.place(index) for index in range(len(found))]
    assert {place: int(label) for place, label in zip(places, found.labels, strict=True)} == {
        **classes,
        **{f"{name}/0.png": NO_CLASS for name in ("a", "p2b", "z")},
    }
    assert found.payload(places.index("z/0.png")) == (faces / "z" / "0.png").read_bytes()
    assert found.fingerprint not in (plain.fingerprint, open_source(faces, least=1).fingerprint)
    assert np.array_equal(pickle.loads(pickle.dumps(found)).labels, found.labels)
    assert found.notes == ()


def test_without_single_images_it_is_the_source_as_ever(tmp_path: Path) -> None:
    faces = write_folder(tmp_path / "faces", people=4, each=2)
    found = open_with_singles(faces)
    assert found.fingerprint == open_source(faces).fingerprint
    assert single_images(found) == 0


def test_single_images_alone_are_nothing_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must contain identities to train on, got none"):
        open_with_singles(write_folder(tmp_path / "faces", people=4, each=1))
