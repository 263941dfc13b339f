"""Some of the identities of a source: which ones, and that they are what a written subset has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seesawnas.data import load_faces, open_source, open_subset, random_identities
from seesawnas.data import write_folder as write_images
from seesawnas.errors import DataError
from tests.faces import write_folder

pytestmark = pytest.mark.usefixtures("own_cache_and_one_thread")


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Twelve identities of four images, and two of one image."""
    return write_folder(tmp_path / "faces", people=12, each=4, singles=("a", "p5b"))


def test_a_subset_is_drawn_by_its_seed_from_identities_with_two_images(faces: Path) -> None:
    whole = open_source(faces)
    assert open_subset(faces, None, seed=1).names == whole.names
    for number in (1, 5, 12):
        drawn = open_subset(faces, number, seed=1)
        assert drawn.names == random_identities(whole, number, seed=1).names
        assert (len(drawn.names), len(drawn)) == (number, 4 * number)
    assert len({tuple(open_subset(faces, 5, seed=seed).names) for seed in range(6)}) > 1
    with pytest.raises(DataError, match=r"^identities must be at most 12, .*, got 13$"):
        open_subset(faces, 13, seed=1)


@pytest.mark.parametrize("seed", [0, 7])
def test_a_subset_is_loaded_as_the_folder_that_it_would_be_written_to(
    faces: Path, tmp_path: Path, seed: int
) -> None:
    loaded = load_faces(faces, resolution=16, seed=seed, identities=7)
    write_images(random_identities(open_source(faces), 7, seed=seed), tmp_path / "written")
    written = load_faces(tmp_path / "written", resolution=16, seed=seed)
    assert loaded.fingerprint == written.fingerprint
    assert np.array_equal(loaded.training.images, written.training.images)
    assert loaded.training.names == written.training.names
    assert loaded.training.indices is not None
    assert written.training.indices is not None
    assert np.array_equal(loaded.training.indices, written.training.indices)
    assert loaded.description.startswith("7 identities of ")
    assert loaded.fingerprint != load_faces(faces, resolution=16, seed=seed).fingerprint


def test_the_default_faces_have_no_subset() -> None:
    with pytest.raises(DataError, match="identities must be none for the default faces, got 9"):
        load_faces(None, resolution=16, identities=9)
