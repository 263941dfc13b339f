"""Tiny made-up people: each a pattern of its own, under noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from seesawnas.data import FaceData, Faces


def patterns(people: int, each: int, side: int, seed: int = 0) -> Faces:
    rng = np.random.default_rng(seed)
    bases = rng.integers(0, 255, (people, 4, 4, 3)).astype(np.float64)
    labels = np.repeat(np.arange(people), each)
    big = bases[labels].repeat(side // 4, axis=1).repeat(side // 4, axis=2)
    images = np.clip(big + rng.normal(0, 20, big.shape), 0, 255).astype(np.uint8)
    return Faces(images, labels.astype(np.int64), tuple(f"p{i}" for i in range(people)))


def made_up_faces(side: int = 32) -> FaceData:
    return FaceData(patterns(12, 6, side), patterns(8, 6, side, seed=1), "made-up people", "0", (), False)


def write_folder(root: Path, people: int = 24, each: int = 5) -> Path:
    faces = patterns(people, each, 32)
    for index, (image, label) in enumerate(zip(faces.images, faces.labels, strict=True)):
        folder = root / faces.names[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{index}.png")
    return root
