"""Tiny ONNX files written by hand, with no package for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Node = tuple[str, Sequence[str], Sequence[str]]
"""(operator, inputs, outputs); none has attributes."""
_TYPES = {"float32": 1, "uint8": 2, "int64": 7, "float16": 10, "float64": 11}


def write_flatten(path: Path, shape: Sequence[int | str], element: int = 1) -> Path:
    """One Flatten operator, whatever the shape of its input. ``element``: 1 float32, 10 float16."""
    return write_graph(path, [("Flatten", ["x"], ["y"])], shape, element=element)


def write_graph(
    path: Path,
    nodes: Sequence[Node],
    shape: Sequence[int | str],
    *,
    outputs: Sequence[str] = ("y",),
    element: int = 1,
    constants: Mapping[str, NDArray[np.generic]] | None = None,
    external: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
) -> Path:
    """``nodes`` from the input x of ``shape`` to ``outputs``; ``external``.

    Constants of (192, 4) that lie in other files.
    """
    given = [*names, *[""] * len(nodes)]
    graph = b"".join(
        _field(1, _node(*node, name)) for node, name in zip(nodes, given, strict=False)
    ) + _field(2, b"g")
    graph += b"".join(
        _field(5, _constant(name, value)) for name, value in (constants or {}).items()
    )
    graph += b"".join(_field(5, _external(name, place)) for name, place in (external or {}).items())
    graph += _field(11, _value(b"x", shape, element))
    graph += b"".join(
        _field(12, _value(name.encode(), None, 1 if element == 2 else element)) for name in outputs
    )
    path.write_bytes(_number(1, 8) + _field(8, _number(2, 13)) + _field(7, graph))
    return path


def _node(operator: str, inputs: Sequence[str], outputs: Sequence[str], name: str) -> bytes:
    texts = (
        [(1, one) for one in inputs] + [(2, one) for one in outputs] + [(3, name), (4, operator)]
    )
    return b"".join(_field(number, text.encode()) for number, text in texts)


def _constant(name: str, value: NDArray[np.generic]) -> bytes:
    dims = b"".join(_number(1, side) for side in value.shape)
    return (
        dims
        + _number(2, _TYPES[str(value.dtype)])
        + _field(8, name.encode())
        + _field(9, value.tobytes())
    )


def _external(name: str, place: str) -> bytes:
    location = _field(1, b"location") + _field(2, place.encode())
    return (
        _number(1, 192)
        + _number(1, 4)
        + _number(2, 1)
        + _field(8, name.encode())
        + _field(13, location)
        + _number(14, 1)
    )


def _value(name: bytes, shape: Sequence[int | str] | None, element: int) -> bytes:
    tensor = _number(1, element)
    if shape is not None:
        sides = (
            _number(1, side) if isinstance(side, int) else _field(2, side.encode())
            for side in shape
        )
        tensor += _field(2, b"".join(_field(1, side) for side in sides))
    return _field(1, name) + _field(2, _field(1, tensor))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    digits, value = [], value & (1 << 64) - 1  # negative numbers in two's complement
    while value >= 128:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])
