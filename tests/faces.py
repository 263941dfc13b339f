"""Tiny made-up identities: each a pattern of its own, under noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from seesawnas.testing._faces import made_up_faces, patterns

__all__ = ["made_up_faces", "patterns", "write_folder"]


def write_folder(root: Path, people: int = 24, each: int = 5, singles: Sequence[str] = ()) -> Path:
    """``people`` of ``each`` images, and identities called ``singles`` of one image."""
    faces = patterns(people, each, 32)
    for index, (image, label) in enumerate(zip(faces.images, faces.labels, strict=True)):
        folder = root / faces.names[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{index}.png")
    for name, image in zip(singles, faces.images, strict=False):
        (root / name).mkdir()
        Image.fromarray(image).save(root / name / "0.png")
    return root
