from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from seesawnas.data import FolderSource, align_folder, read_landmarks
from seesawnas.data.writers.align import TEMPLATE, aligned, similarity
from seesawnas.errors import DataError


def _csv(path: Path, rows: list[tuple[str, NDArray[np.float64]]], header: bool = True) -> Path:
    lines = (
        ["file," + ",".join(f"{axis}{i}" for i in range(1, 6) for axis in "xy")] if header else []
    )
    lines += [",".join([name, *map(str, points.ravel().tolist())]) for name, points in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


@given(st.floats(-3.1, 3.1), st.floats(0.1, 8), st.floats(-500, 500), st.floats(-500, 500))
def test_a_similarity_is_found_exactly(angle: float, scale: float, x: float, y: float) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    back = similarity(TEMPLATE @ turn.T + [x, y])
    assert np.allclose(
        (TEMPLATE @ turn.T + [x, y]) @ back[:, :2].T + back[:, 2], TEMPLATE, atol=1e-6
    )


@given(st.lists(st.floats(-100, 100), min_size=10, max_size=10))
def test_no_other_similarity_is_nearer_and_none_mirrors(numbers: list[float]) -> None:
    points = np.array(numbers).reshape(5, 2)
    try:
        found = similarity(points)
    except ValueError:
        return
    assert np.linalg.det(found[:, :2]) > 0
    assert np.allclose(found, _least_squares(points), atol=1e-4)


def _least_squares(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """[a -b c; b a d] by the normal equations."""
    x, y = points.T
    one, zero = np.ones(5), np.zeros(5)
    left = np.concatenate(
        [np.stack([x, -y, one, zero], axis=1), np.stack([y, x, zero, one], axis=1)]
    )
    a, b, c, d = np.linalg.lstsq(left, TEMPLATE.T.ravel(), rcond=None)[0]
    return np.array([[a, -b, c], [b, a, d]])


def test_an_image_that_is_aligned_stays_as_it_is() -> None:
    image = Image.fromarray(
        np.random.default_rng(0).integers(0, 255, (112, 112, 3), dtype=np.uint8)
    )
    assert np.abs(np.asarray(aligned(image, TEMPLATE)).astype(int) - np.asarray(image)).max() <= 1


@pytest.mark.parametrize("scale", [1, 2, 4, 7])
def test_marks_come_to_lie_on_the_template(scale: int) -> None:
    """An image turned by 90 degrees, scaled and shifted, with a white spot at each landmark."""
    turned = np.stack([200 - TEMPLATE[:, 1], TEMPLATE[:, 0] + 30], axis=1)
    points = (turned + 0.5) * scale - 0.5
    pixels = np.zeros((240 * scale, 240 * scale, 3), dtype=np.uint8)
    for x, y in points.round().astype(int).tolist():
        pixels[y - 2 * scale : y + 2 * scale + 1, x - 2 * scale : x + 2 * scale + 1] = 255
    result = np.asarray(aligned(Image.fromarray(pixels), points))[:, :, 0].astype(float)
    for x, y in TEMPLATE:
        rows, columns = np.mgrid[int(y) - 4 : int(y) + 6, int(x) - 4 : int(x) + 6]
        weights = result[rows, columns]
        assert abs((weights * rows).sum() / weights.sum() - y) < 0.6
        assert abs((weights * columns).sum() / weights.sum() - x) < 0.6


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    for name in ("ann/1.jpg", "ann/2.png", "bob/1.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((200, 180), 60).convert("RGB").save(tmp_path / "in" / name)
    return tmp_path / "in"


def test_a_folder_is_aligned_and_what_cannot_be_is_named(faces: Path, tmp_path: Path) -> None:
    Image.new("RGB", (99, 99)).save(faces / "ann" / "1.png")
    (faces / "bob" / "bad.jpg").write_bytes(b"x")
    (faces / "bob" / "flat.jpg").write_bytes((faces / "bob" / "1.jpg").read_bytes())
    names = ("ann/1.jpg", "ann/1.png", "ann/2.png", "bob/bad.jpg", "../../etc/passwd")
    rows = [(name, TEMPLATE + 30) for name in names] + [("bob/flat.jpg", np.zeros((5, 2)))]
    written, skipped = align_folder(
        FolderSource(faces, least=0),
        read_landmarks(_csv(tmp_path / "l.csv", rows)),
        tmp_path / "out",
    )
    assert written == 2
    assert skipped.notes() == (
        "images whose names differ only in the extension: 1 (ann/1.png)",
        "images without landmarks: 1 (bob/1.jpg)",
        "unreadable images: 1 (bob/bad.jpg)",
        "images with implausible landmarks: 1 (bob/flat.jpg)",
        "landmarks without an image: 1 (../../etc/passwd)",
    )
    files = sorted(
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")
    )
    assert files == ["ann/1.png", "ann/2.png"]
    with Image.open(tmp_path / "out" / "ann" / "1.png") as image:
        assert image.size == (112, 112)


def test_an_interrupted_run_goes_on(faces: Path, tmp_path: Path) -> None:
    names = ("ann/1.jpg", "ann/2.png", "bob/1.jpg")
    landmarks = dict.fromkeys(names, TEMPLATE + 30)

    def interrupt(images: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        align_folder(FolderSource(faces, least=0), landmarks, tmp_path / "out", interrupt)
    before = (tmp_path / "out" / "ann" / "1.png").stat().st_mtime_ns
    assert align_folder(FolderSource(faces, least=0), landmarks, tmp_path / "out")[0] == 3
    assert (tmp_path / "out" / "ann" / "1.png").stat().st_mtime_ns == before
    with pytest.raises(DataError, match="must be empty"):
        align_folder(FolderSource(faces, least=0), landmarks, tmp_path / "out")


@pytest.mark.parametrize("header", [True, False])
def test_landmarks_are_read_with_and_without_a_line_of_names(tmp_path: Path, header: bool) -> None:
    landmarks = read_landmarks(_csv(tmp_path / "l.csv", [("./a\\b.jpg", TEMPLATE)], header))
    assert list(landmarks) == ["a/b.jpg"]
    assert np.allclose(landmarks["a/b.jpg"], TEMPLATE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must contain landmarks, got none"),
        ("file,x1\n", "must contain landmarks, got none"),
        ("a,1,2,3,4,5,6,7,8,9,10\nb,1,2,3\n", "line 2: must be FILE,x1,y1"),
        ("a,1,2,3,4,5,6,7,8,9,10\nb,1,2,3,4,5,6,7,8,9,nan\n", "line 2: must be FILE,x1,y1"),
        ("a,1,2,3,4,5,6,7,8,9,10\nb,1,2,3,4,5,6,7,8,9,1e300\n", "line 2: must be FILE,x1,y1"),
        ("\xff\xfe", "must be UTF-8 text"),
    ],
)
def test_landmarks_that_are_none_are_one_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "l.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=words) as caught:
        read_landmarks(tmp_path / "l.csv")
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_landmarks_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_landmarks(path)
    assert str(caught.value).isprintable()
