"""Verification sets in InsightFace's ``.bin`` form: a pickle of (encoded images, labels).

A label says whether a pair shows one identity.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.encoded_images import EncodedImages
from seesawnas.data.images import Resolution, UnreadableError, decode
from seesawnas.data.pairs.pair_set import PairSet
from seesawnas.data.pairs.text_lines import check_regular, unreadable_file
from seesawnas.errors import DataError

_NUMPY = {
    "numpy",
    "numpy.core.multiarray",
    "numpy._core.multiarray",
    "numpy.core.numeric",
    "numpy._core.numeric",
}
_MEMO_WRITES = {"PUT", "BINPUT", "LONG_BINPUT"}


def read_bin(
    path: str | Path, *, resolution: Resolution
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return images uint8 (2 P, H, W, 3) and same bool (P,); pair i is images 2 i and 2 i + 1.

    Raises:
        DataError: If :func:`read_bin_pairs` raises it, or an image cannot be decoded.
    """
    encoded, same = _load(path)
    try:
        images = np.stack([decode(io.BytesIO(content), resolution) for content in encoded])
    except UnreadableError as error:
        raise DataError(
            f"{path}: contains an image that cannot be decoded: {error}".splitlines()[0]
        ) from None
    return images, same


def read_bin_pairs(path: str | Path, *, resolution: Resolution) -> PairSet:
    """The set in ``path``, its images still encoded, about as many bytes as the file has.

    Files in circulation were written by Python 2. Nothing in the file is called or imported; numpy
    arrays are taken for the bytes that they hold.

    Raises:
        DataError: If the file cannot be read, or is no pickle of two encoded images per label.
    """
    images, same = _load(path)
    left = np.arange(0, len(images), 2)
    places = [f"image {number}" for number in range(len(images))]
    return PairSet(Path(path).stem, EncodedImages(images, places, resolution), left, left + 1, same)


def _load(path: str | Path) -> tuple[list[bytes], NDArray[np.bool_]]:
    try:
        check_regular(Path(path))
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise unreadable_file(Path(path), error) from None
    try:
        _check_size(content)
        images, same = _PlainUnpickler(content).load()
        encoded, answers = _as_bytes(images), _as_answers(same)
    except Exception as error:  # a pickle that is broken or hostile raises whatever it likes
        text = f"{path}: must be a pickle of images and labels: {error}"
        raise DataError(
            "".join(letter if letter.isprintable() else " " for letter in text)[:400]
        ) from None
    if not answers or len(encoded) != 2 * len(answers):
        raise DataError(f"{path}: must have two encoded images per pair")
    return encoded, np.array(answers, dtype=np.bool_)


def _check_size(content: bytes) -> None:
    """Refuse what would take far more memory than the file has bytes.

    A pickle's memo is an array as long as its largest index.
    """
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name in _MEMO_WRITES and isinstance(argument, int) and argument > len(content):
            raise ValueError(f"{opcode.name} {argument} reaches past the end of the file")


def _as_bytes(images: Sequence[object]) -> list[bytes]:
    """The bytes of each image; those that the file holds once are copied once."""
    made: dict[int, bytes] = {}
    for image in images:
        content = image.content if isinstance(image, _Array) and image.kind == "u1" else image
        if not isinstance(content, (bytes, bytearray)):
            raise ValueError("an image must be bytes or an array of them")
        made.setdefault(id(image), bytes(content))
    return [made[id(image)] for image in images]


def _as_answers(same: object) -> list[bool]:
    if isinstance(same, _Array) and same.kind in ("b1", "u1"):
        return [byte != 0 for byte in same.content]
    if not isinstance(same, (list, tuple)):
        raise ValueError("labels must be a list")
    return [_as_answer(answer) for answer in same]


def _as_answer(answer: object) -> bool:
    value = any(answer.content) if isinstance(answer, _Array) else answer
    if not isinstance(value, (bool, int)) or value not in (0, 1):
        raise ValueError("a label must be true or false")
    return bool(value)


class _PlainUnpickler(pickle.Unpickler):
    """Reads lists, tuples, numbers and bytes.

    A pickle from elsewhere can name any function; none is resolved here. numpy's constructors
    become stand-ins of our own, made anew each time so that nothing done to one is kept.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="bytes")
        # Bytes that text may still become: a short file can ask for one text a million times.
        self._left = len(content)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):
            # How Python 3 writes bytes for Python 2 to read.
            return lambda text, encoding: self._latin_1(text)
        if module in _NUMPY:
            match name:
                case "ndarray":
                    return "ndarray"
                case "_reconstruct":
                    return lambda *_: _Array()
                case "_frombuffer":
                    return lambda content, kind, shape, order: _Array(content, kind)
                case "scalar":
                    return lambda kind, content: _Array(content, kind)
                case "dtype":
                    return lambda kind, *_: _Kind(kind)
        raise pickle.UnpicklingError(f"refused: {module}.{name}")

    def _latin_1(self, text: str) -> bytes:
        content = text.encode("latin-1")
        self._left -= len(content)
        if self._left < 0:
            raise ValueError("expands to more data than its size allows")
        return content


class _Kind:
    """Stands for a numpy dtype: its code alone."""

    def __init__(self, code: object) -> None:
        self.code = code.decode("latin-1") if isinstance(code, bytes) else str(code)

    def __setstate__(self, state: object) -> None:
        """Byte order and the like; single bytes have none."""


class _Array:
    """Stands for a numpy array or scalar.

    It has the kind of its elements and its bytes, whatever its shape.
    """

    def __init__(self, content: object = b"", kind: object = None) -> None:
        self.__setstate__((1, (), kind, False, content))

    def __setstate__(self, state: tuple[object, ...]) -> None:
        _, _, kind, _, content = state
        self.kind = kind.code if isinstance(kind, _Kind) else ""
        self.content = content if isinstance(content, (bytes, bytearray)) else b""
