"""Faces turned, scaled and shifted so that five landmarks lie at their standard places.

These are the places that every face-recognition network expects.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seesawnas.data.images import UnreadableError, inspect, upright
from seesawnas.data.skipped import Skipped
from seesawnas.data.sources.folder import FolderSource
from seesawnas.data.writers.detect import FaceFinder
from seesawnas.data.writers.prepare import Advance
from seesawnas.data.writers.resume import open_output_folder
from seesawnas.errors import DataError
from seesawnas.io.files import expanded, write_atomically

SIDE = 112
TEMPLATE = np.array(
    [
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ]
)
"""ArcFace's places, in 112x112, of the left eye, the right eye, the nose and the corners of the
mouth, left and right.
"""

_Floats = NDArray[np.float64]
_SAME_NAME = "images whose names differ only in the extension"


def similarity(points: _Floats, template: _Floats = TEMPLATE) -> _Floats:
    """(2, 3): the rotation, scale and shift that takes ``points`` (5, 2) nearest to ``template``.

    By least squares (Umeyama, 1991); never a reflection.

    Raises:
        ValueError: If the points do not determine one.
    """
    centre, target = points.mean(axis=0), template.mean(axis=0)
    spread = ((points - centre) ** 2).sum() / len(points)
    if not np.isfinite(points).all() or spread < 1e-6:
        raise ValueError("all landmarks are the same point")
    left, values, right = np.linalg.svd((template - target).T @ (points - centre) / len(points))
    signs = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    turn = left @ np.diag(signs) @ right
    scale = (values * signs).sum() / spread
    if scale < 1e-6:
        raise ValueError("the landmarks are not a valid face")
    return np.hstack([scale * turn, (target - scale * turn @ centre)[:, None]])


def aligned(image: Image.Image, points: _Floats) -> Image.Image:
    """``image``, RGB, transformed by ``similarity``, in 112x112; what lies outside it is black.

    Raises:
        ValueError: If the points do not determine a transform.
    """
    factor = int(1.0 / np.sqrt(abs(np.linalg.det(similarity(points)[:, :2]))))
    # A plain mean first: bilinear interpolation alone would skip most pixels of a large image.
    if factor > 1:
        image, points = image.reduce(factor), (points + 0.5) / factor - 0.5
    forth = np.vstack([similarity(points), [0.0, 0.0, 1.0]])
    back = np.linalg.inv(forth)[:2]
    # Pillow's coordinates are of the corners of pixels, landmarks are of their centres.
    back[:, 2] += 0.5 - 0.5 * back[:, 0] - 0.5 * back[:, 1]
    return image.transform(
        (SIDE, SIDE), Image.Transform.AFFINE, back.ravel().tolist(), Image.Resampling.BILINEAR
    )


def align_folder(
    source: FolderSource,
    landmarks: Mapping[str, _Floats] | FaceFinder,
    out: Path,
    advance: Advance = lambda images: None,
) -> tuple[int, Skipped]:
    """Write each image of ``source`` that has landmarks as NAME/FILE.png under ``out``.

    An interrupted run with the same images and options is resumed.

    Args:
        source: The photographs.
        landmarks: (5, 2) by the name of the image, in pixels of the image turned upright; or what
            finds them.
        out: A folder, which must be empty.
        advance: Hears how many images more were dealt with.

    Returns:
        How many images there are, and what was left out.

    Raises:
        DataError: If ``out`` is not empty or cannot be written.
    """
    skipped, written, taken, out = source.skipped, 0, set[str](), expanded(out)
    with open_output_folder(out, [source.fingerprint, source.stamp(), _digest(landmarks)]):
        for index in range(len(source)):
            path = source.paths[index]
            target = f"{os.path.splitext(path)[0]}.png"
            reason = (
                _SAME_NAME if target in taken else _align(source, index, landmarks, out, target)
            )
            taken.add(target)
            written += reason is None
            if reason is not None:
                skipped.add(reason, path)
            advance(1)
    if not isinstance(landmarks, FaceFinder):
        for path in sorted(set(landmarks) - set(source.paths)):
            skipped.add("landmarks without an image", path)
    return written, skipped


def _digest(landmarks: Mapping[str, _Floats] | FaceFinder) -> str:
    """What a resumed run must have in common with the one before, beside the images."""
    if isinstance(landmarks, FaceFinder):
        return f"{landmarks.name}: {landmarks.choice}"
    marks = sorted((name, points.tolist()) for name, points in landmarks.items())
    return hashlib.sha256(repr(marks).encode()).hexdigest()


def _align(
    source: FolderSource,
    index: int,
    landmarks: Mapping[str, _Floats] | FaceFinder,
    out: Path,
    name: str,
) -> str | None:
    """Write one image, unless an earlier run did. Return why not, None if it is there."""
    path = source.paths[index]
    if not isinstance(landmarks, FaceFinder) and path not in landmarks:
        return "images without landmarks"
    if (target := out / name).exists():
        return None
    try:
        content = source.payload(index)
        inspect(content, whole=True)
        image = upright(content)
        points = (
            landmarks.find(image, path) if isinstance(landmarks, FaceFinder) else landmarks[path]
        )
        if points is None:
            return "images without a face"
        made = aligned(image, points)
    except (DataError, UnreadableError):
        return "unreadable images"
    except ValueError:
        return "images with implausible landmarks"
    file = io.BytesIO()
    made.save(file, "PNG")
    write_atomically(target, file.getvalue(), within=out)
    return None
