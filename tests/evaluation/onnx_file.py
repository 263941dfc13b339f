"""Tiny ONNX files written by hand: one Flatten operator, whatever the shape of its input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write_flatten(path: Path, shape: Sequence[int | str], element: int = 1) -> Path:
    """``element``: 1 float32, 10 float16."""
    node = _field(1, _field(1, b"x") + _field(2, b"y") + _field(4, b"Flatten"))
    graph = (
        node
        + _field(2, b"g")
        + _field(11, _value(b"x", shape, element))
        + _field(12, _value(b"y", ["a", "b"], element))
    )
    path.write_bytes(_number(1, 8) + _field(8, _number(2, 13)) + _field(7, graph))
    return path


def _value(name: bytes, shape: Sequence[int | str], element: int) -> bytes:
    sides = (_number(1, side) if isinstance(side, int) else _field(2, side.encode()) for side in shape)
    tensor = _number(1, element) + _field(2, b"".join(_field(1, side) for side in sides))
    return _field(1, name) + _field(2, _field(1, tensor))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    digits = []
    while value >= 128:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])
