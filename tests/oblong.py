"""Made-up images that are not square, in every form that faces come in."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seesawnas.data import open_source, pack_rec

SIZE = (28, 24)
"""(height, width): the aspect of 112x96."""


def pixels(count: int, size: tuple[int, int] = SIZE, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, *size, 3), dtype=np.uint8)


def png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def write_identities(
    root: Path, people: int = 6, each: int = 3, size: tuple[int, int] = SIZE
) -> NDArray[np.uint8]:
    """A folder of identities; returns its images in the order of identities and files."""
    images = pixels(people * each, size)
    for index, image in enumerate(images):
        folder = root / f"p{index // each}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"p{index // each}_{index % each + 1:04d}.png").write_bytes(png(image))
    return images


def write_rec(root: Path, out: Path) -> Path:
    pack_rec(open_source(root), out)
    return out


def write_bin(path: Path, images: NDArray[np.uint8]) -> Path:
    """Pairs of one image with itself and with the next one, by turns."""
    both = [
        (image, image if place % 2 == 0 else images[place - 1])
        for place, image in enumerate(images)
    ]
    answers = [place % 2 == 0 for place in range(len(images))]
    path.write_bytes(pickle.dumps(([png(image) for pair in both for image in pair], answers)))
    return path
