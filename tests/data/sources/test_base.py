"""What every source keeps to, whatever it reads from."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.data import OpenedSource, load_faces, open_source
from seesawnas.errors import DataError
from tests.data.large_rec import open_apart, write_large
from tests.data.rec_files import insightface, write_records
from tests.faces import write_folder


@pytest.fixture(params=["folder", "rec", "rec without index", "synthetic"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> OpenedSource:
    if request.param == "folder":
        return open_source(write_folder(tmp_path / "faces", people=5, each=3))
    if request.param == "synthetic":
        return open_source("synthetic:5x3")
    return open_source(write_records(tmp_path, insightface((3,) * 5), index=request.param == "rec"))


def test_labels_index_names_in_order(source: OpenedSource) -> None:
    assert len(source) == 15
    assert source.labels.dtype == np.int64
    assert source.labels.tolist() == np.repeat(np.arange(5), 3).tolist()
    assert list(source.names) == sorted(set(source.names))
    assert len(source.names) == 5


def test_the_same_index_gives_the_same_bytes_here_and_in_a_worker(source: OpenedSource) -> None:
    worker = pickle.loads(pickle.dumps(source))
    for index in (7, 0, 14):
        assert worker.payload(index) == source.payload(index) == source.payload(index)
        assert worker.place(index) == source.place(index)
    assert worker.fingerprint == source.fingerprint
    assert worker.stamp() == source.stamp()


def test_it_says_what_it_is_in_printable_words(source: OpenedSource) -> None:
    assert source.description.isprintable()
    assert source.place(3).isprintable()
    assert source.notes == ()


def test_synthetic_faces_are_images_that_differ_and_stay_alike(tmp_path: Path) -> None:
    first, again = (load_faces("synthetic:12x4", resolution=16) for _ in range(2))
    assert first.fingerprint == again.fingerprint
    assert len(first.training) + len(first.verification) == 48
    assert len({image.tobytes() for image in first.training.images}) == len(first.training)


def test_millions_of_synthetic_faces_open_at_once() -> None:
    source = open_source("synthetic:85000x68")
    assert len(source) == 5_780_000
    assert source.payload(5_779_999)[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    "text",
    [
        "synthetic:",
        "synthetic:3",
        "synthetic:0x3",
        "synthetic:3x0",
        "synthetic:-1x2",
        "synthetic:99999x99999",
        "synthetic:٣x٣",
    ],
)
def test_made_up_faces_that_cannot_be_are_one_line(text: str) -> None:
    with pytest.raises(DataError, match="must be synthetic:IDENTITIESxIMAGES"):
        open_source(text)


@given(st.text(max_size=20))
def test_any_text_is_a_source_or_one_line(text: str) -> None:
    with pytest.raises(DataError) as caught:
        open_source(f"synthetic:{text}x")
    assert str(caught.value).isprintable()


def test_an_image_that_went_away_is_one_line(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "faces", people=5, each=3)
    source = open_source(folder)
    (folder / "p0" / "1.png").unlink()
    with pytest.raises(DataError, match=r"p0/1\.png: cannot be read: No such file or directory"):
        source.payload(1)


@pytest.mark.slow
def test_an_index_of_millions_of_images_opens_in_seconds_and_little_memory(
    tmp_path: Path,
) -> None:
    write_large(tmp_path, people=85_000, each=68)
    took = open_apart(tmp_path)
    assert (took["images"], took["people"], took["notes"]) == (5_780_000, 85_000, [])
    assert took["peak_mib"] < 1024
    assert took["seconds"] < 120  # a machine may be busy: about three where it is not
