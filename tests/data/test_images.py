"""Images of every kind become upright RGB squares."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seesawnas.data.images import UnreadableError, decode, inspect


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "P", "1"])
def test_every_mode_of_png_becomes_rgb(tmp_path: Path, mode: str) -> None:
    Image.new("L", (8, 8), 255).convert(mode).save(tmp_path / "x.png")
    pixels = decode(tmp_path / "x.png", 4)
    assert pixels.shape == (4, 4, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == 255).all()


def test_a_cmyk_jpeg_keeps_its_colours(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), (200, 40, 40)).convert("CMYK").save(tmp_path / "x.jpg", quality=95)
    red, green, blue = decode(tmp_path / "x.jpg", 4)[1, 1].astype(int)
    assert red > 150
    assert max(green, blue) < 90


def test_sixteen_bit_greys_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8), 0x8080, dtype=np.uint16)).save(tmp_path / "x.png")
    assert (decode(tmp_path / "x.png", 4) == 0x80).all()


def test_an_exif_rotated_photo_is_turned_upright(tmp_path: Path) -> None:
    upright = np.zeros((16, 16, 3), dtype=np.uint8)
    upright[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 270 degrees
    Image.fromarray(np.rot90(upright)).save(tmp_path / "x.jpg", quality=95, exif=exif)
    pixels = decode(tmp_path / "x.jpg", 4)
    assert pixels[0].min() > 240
    assert pixels[3].max() < 15


def test_an_aligned_crop_is_resized_by_the_mean_of_its_pixels(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    mean = pixels.reshape(56, 2, 56, 2, 3).mean(axis=(1, 3))
    # Pillow rounds once along each side.
    assert np.abs(decode(tmp_path / "x.png", 56) - mean).max() <= 1


@pytest.mark.parametrize("size", [(30, 10), (10, 30)])
def test_the_centre_square_is_kept(tmp_path: Path, size: tuple[int, int]) -> None:
    image = Image.new("L", size, 0)
    image.paste(
        255, ((size[0] - 10) // 2, (size[1] - 10) // 2, (size[0] + 10) // 2, (size[1] + 10) // 2)
    )
    image.save(tmp_path / "x.pgm")
    assert (decode(tmp_path / "x.pgm", 5) == 255).all()


def test_a_large_jpeg_decodes_to_nearly_the_same_pixels_as_at_full_size(tmp_path: Path) -> None:
    smooth = Image.radial_gradient("L").resize((1024, 1024)).convert("RGB")
    smooth.save(tmp_path / "x.jpg", quality=95)
    smooth.save(tmp_path / "x.png")
    drafted, full = decode(tmp_path / "x.jpg", 56), decode(tmp_path / "x.png", 56)
    assert np.abs(drafted.astype(int) - full).max() <= 3


def test_an_image_of_one_pixel_is_enlarged(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), (1, 2, 3)).save(tmp_path / "x.png")
    assert (decode(tmp_path / "x.png", 4) == (1, 2, 3)).all()


def test_other_formats_are_refused_whatever_their_name_says(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "x.gif")
    (tmp_path / "x.gif").rename(tmp_path / "x.png")
    with pytest.raises(UnreadableError):
        decode(tmp_path / "x.png", 4)


def test_what_is_no_image_is_told_without_objects_in_memory() -> None:
    with pytest.raises(UnreadableError) as caught:
        decode(io.BytesIO(b"x"), 8)
    assert str(caught.value) == "not a JPEG, PNG, PGM or PPM file"
    with pytest.raises(UnreadableError, match="not a JPEG, PNG, PGM or PPM file"):
        inspect(b"x", whole=True)
