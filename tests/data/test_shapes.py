"""Images of the shape that a network takes reach it to the bit.

Others are cropped to its aspect.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seesawnas.data import load_faces
from seesawnas.data.cache import entries
from seesawnas.data.images import crop_box, decode, middle
from tests.oblong import SIZE, pixels, png, write_identities, write_rec

sides = st.integers(1, 300)


@given(sides, sides, sides, sides)
def test_the_crop_is_the_largest_of_its_aspect_in_the_centre(
    width: int, height: int, tall: int, wide: int
) -> None:
    left, top, right, bottom = crop_box(width, height, (tall, wide))
    kept, whole = right - left, bottom - top
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert kept == width or whole == height
    assert 0 <= (width - right) - left <= 1
    assert 0 <= (height - bottom) - top <= 1
    exact = (min(width, height * wide / tall), min(height, width * tall / wide))
    assert abs(kept - max(1, exact[0])) <= 0.5
    assert abs(whole - max(1, exact[1])) <= 0.5


@given(sides, sides, st.integers(1, 40), st.integers(1, 40))
def test_any_image_becomes_any_shape_and_one_of_the_shape_stays(
    width: int, height: int, tall: int, wide: int
) -> None:
    image = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = decode(io.BytesIO(png(image)), (tall, wide))
    assert found.shape == (tall, wide, 3)
    assert found.dtype == np.uint8
    assert np.array_equal(decode(io.BytesIO(png(image)), (height, width)), image)
    left, top, right, bottom = crop_box(width, height, (tall, wide))
    if (bottom - top, right - left) == (tall, wide) and (width != height or tall == wide):
        assert np.array_equal(found, image[top:bottom, left:right])


@pytest.mark.parametrize("side", [16, 28, 31, 56, 160])
@pytest.mark.parametrize("shape", [(28, 24), (24, 28), (28, 28)])
def test_a_square_image_gives_the_middle_of_its_resized_square(
    side: int, shape: tuple[int, int]
) -> None:
    file = png(pixels(1, (side, side))[0])
    square = decode(io.BytesIO(file), 28)
    assert np.array_equal(decode(io.BytesIO(file), shape), middle(square, *shape))


def test_an_image_of_a_multiple_of_the_shape_is_the_mean_of_its_pixels() -> None:
    image = pixels(1, (112, 96))[0]
    mean = image.reshape(56, 2, 48, 2, 3).mean(axis=(1, 3))
    assert np.abs(decode(io.BytesIO(png(image)), (56, 48)) - mean).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "L", "I;16"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_upright_image_is_what_counts(mode: str, orientation: int) -> None:
    upright = pixels(1)[0]
    if mode != "RGB":
        upright = np.ascontiguousarray(np.broadcast_to(upright[:, :, :1], upright.shape))
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright.swapaxes(0, 1)[::-1, ::-1],
        8: np.rot90(upright, -1),
    }[orientation]
    stored = np.ascontiguousarray(stored)
    image = {
        "RGB": lambda: Image.fromarray(stored),
        "L": lambda: Image.fromarray(stored[:, :, 0]),
        "I;16": lambda: Image.fromarray(stored[:, :, 0].astype(np.uint16) * 257),
    }[mode]()
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image.save(file, "PNG", exif=exif)
    file.seek(0)
    assert np.array_equal(decode(file, SIZE), upright)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_images_of_a_line_or_a_point_become_the_shape(size: tuple[int, int], kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", size, (90, 90, 90)).save(file, kind)
    assert (np.abs(decode(file, SIZE).astype(int) - 90) <= 1).all()


@pytest.mark.parametrize("form", ["folder", "rec"])
def test_faces_of_the_shape_are_loaded_as_they_are(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE", str(tmp_path / "cache"))
    images = write_identities(tmp_path / "faces")
    data = (
        tmp_path / "faces"
        if form == "folder"
        else write_rec(tmp_path / "faces", tmp_path / "packed")
    )
    for _ in range(2):  # decoded, and from the cache
        found = load_faces(data, resolution=SIZE)
        for faces in (found.training, found.verification):
            people = [int(faces.names[label][1:]) for label in faces.labels]
            wanted = np.stack(
                [images[3 * identity + place % 3] for place, identity in enumerate(people)]
            )
            assert np.array_equal(faces.images, wanted)
    assert (
        load_faces(data, resolution=(28, 28)).fingerprint
        == load_faces(data, resolution=28).fingerprint
    )


def test_the_cache_tells_height_from_width_and_makes_a_damaged_entry_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE", str(tmp_path / "cache"))
    write_identities(tmp_path / "faces")
    tall = load_faces(tmp_path / "faces", resolution=(28, 24))
    wide = load_faces(tmp_path / "faces", resolution=(24, 28))
    assert (tall.size, wide.size) == ((28, 24), (24, 28))
    assert len(entries()) == 2
    before = tall.training.images.copy()  # they are a view of the file
    for content in (tmp_path / "cache").rglob("pixels"):
        content.write_bytes(bytes(content.stat().st_size))
    again = load_faces(tmp_path / "faces", resolution=(28, 24))
    assert np.array_equal(again.training.images, before)


def test_the_default_set_and_made_up_identities_give_the_middle_of_their_squares() -> None:
    for data in (None, "synthetic:6x3"):
        square, narrow = (load_faces(data, resolution=size) for size in (28, SIZE))
        assert np.array_equal(narrow.training.images, middle(square.training.images, *SIZE))
        assert narrow.fingerprint != square.fingerprint
