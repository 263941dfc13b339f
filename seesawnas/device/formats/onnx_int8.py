"""Eight-bit weights and activations for onnxruntime, calibrated on faces.

Convolutions alone are quantised, their weights per output channel to S8 and their inputs to U8, in
the form of quantise and dequantise nodes (QDQ). Gates, activations and additions stay in float.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seesawnas.device.formats.base import needs


def quantise_onnx(source: Path, target: Path, images: NDArray[np.float32], *, name: str) -> None:
    """Write the ONNX file ``source`` in eight bits to ``target``.

    Args:
        source: A file of ``formats.onnx`` that takes any number of images.
        target: Where to write.
        images: (N, 3, H, W), as the network takes them, to find the range of each map.
        name: Of the file's input.

    Raises:
        InvalidInput: If onnx or onnxruntime is not installed.
    """
    try:
        from onnxruntime.quantization import (
            CalibrationDataReader,
            QuantFormat,
            QuantType,
            quantize_static,
        )
    except ImportError:
        raise needs("onnx and onnxruntime", "--int8", "onnx") from None

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(images)

        def get_next(self) -> dict[str, Any] | None:
            image = next(self.left, None)
            return None if image is None else {name: image[None]}

    with _quiet():
        quantize_static(
            source,
            target,
            Reader(),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["Conv"],
        )


def fix_batch(path: Path, batch: int) -> bytes:
    """The content of the ONNX file at ``path``, which takes any number of images, for ``batch``."""
    import onnx

    model = onnx.load(path)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = batch
    del model.graph.value_info[:]  # of the maps of any number of images
    content: bytes = model.SerializeToString()
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the quantiser's advice on the root logger."""
    logger = logging.getLogger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
