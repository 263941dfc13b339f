"""The formats that ``seesawnas export`` writes, one file each."""

from __future__ import annotations

from seesawnas.device.formats.base import Contents, Format, Say, say_nothing
from seesawnas.device.formats.executorch import EXECUTORCH
from seesawnas.device.formats.ncnn import NCNN
from seesawnas.device.formats.onnx import ONNX
from seesawnas.device.formats.torchscript import TORCHSCRIPT
from seesawnas.errors import InvalidInput
from seesawnas.text import one_of

FORMATS: dict[str, Format] = {one.name: one for one in (ONNX, NCNN, EXECUTORCH, TORCHSCRIPT)}


def find_format(name: str) -> Format:
    """The format called ``name``.

    Raises:
        InvalidInput: If there is none.
    """
    if name in FORMATS:
        return FORMATS[name]
    raise InvalidInput(f"--format {one_of(FORMATS, name)}")


__all__ = ["FORMATS", "Contents", "Format", "Say", "find_format", "say_nothing"]
