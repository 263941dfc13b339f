"""Verification sets in InsightFace's ``.bin`` form: a pickle of (encoded pictures, whether each pair is one person)."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.decode import UnreadableError, decode
from seesawnas.errors import DataError


def read_bin(path: str | Path, *, resolution: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return images uint8 (2 P, resolution, resolution, 3) and same bool (P,); pair i is images 2 i and 2 i + 1.

    Those in circulation were written by Python 2. Nothing in the file is called or imported: numpy arrays that hold
    encoded pictures are refused too. Raises DataError, in one line.
    """
    try:
        with Path(path).open("rb") as file:
            pictures, same = _PlainUnpickler(file, encoding="bytes").load()
        if len(pictures) != 2 * len(same) or not all(isinstance(picture, bytes) for picture in pictures):
            raise DataError(f"{path}: must hold two encoded pictures a pair")
        images = np.stack([decode(io.BytesIO(picture), resolution) for picture in pictures])
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnreadableError as error:
        raise DataError(f"{path}: holds a picture that cannot be decoded: {error}") from None
    except DataError:
        raise
    except Exception as error:  # a pickle that is broken or hostile raises whatever it likes
        raise DataError(f"{path}: must be a pickle of pictures and answers: {error}".splitlines()[0]) from None
    return images, np.array(same, dtype=np.bool_)


class _PlainUnpickler(pickle.Unpickler):
    """Lists, tuples, numbers and bytes alone: a pickle from elsewhere can name any function, and this resolves none."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("_codecs", "encode"):
            return _latin_1  # how Python 3 writes bytes for Python 2 to read
        raise pickle.UnpicklingError(f"refused: {module}.{name}")


def _latin_1(text: str, encoding: str) -> bytes:
    return text.encode("latin-1")
