"""The one door to faces: the default set, or a folder of the user's own."""

from __future__ import annotations

import os
from pathlib import Path

from seesawnas.data.faces import FaceData, Faces, fingerprint
from seesawnas.data.folder import read_folder
from seesawnas.data.starter import TITLE, starter_faces, starter_fingerprint
from seesawnas.errors import DataError


def load_faces(data: str | Path | None, *, resolution: int, seed: int = 0, verification_share: float = 0.2) -> FaceData:
    """Return faces as squares of ``resolution`` pixels; ``data`` is a folder of identities, None the default set.

    The same content, resolution and seed give the same arrays in the same order. ``verification_share`` is the part of a
    folder's people that is held out; the default set has its own. Raises DataError, in one line, where the folder is
    missing or holds too few people, or where the default set's photographs are not installed.
    """
    if resolution < 1:
        raise DataError(f"resolution: must be positive, got {resolution}")
    if data is None:
        training, verification = starter_faces(resolution, seed=seed)
        name, mark = TITLE, starter_fingerprint(resolution, seed=seed)
        notes: tuple[str, ...] = ()
    else:
        root = Path(os.path.expanduser(data))
        training, verification, notes = read_folder(root, resolution=resolution, seed=seed, share=verification_share)
        name, mark = Path(os.path.realpath(root)).name, fingerprint(training, verification)
    description = f"{name}: {_size(training)} to train on, {_size(verification)} to verify on"
    return FaceData(training, verification, description, mark, notes, is_default=data is None)


def _size(faces: Faces) -> str:
    return f"{len(faces)} images of {faces.identities} people"
