"""What tells one trained network from another: a digest of its files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.ncnn import SUFFIX as LAYERS
from seesawnas.evaluation.models.onnx_graph import read_start
from seesawnas.io.files import expanded
from seesawnas.nn.weights import WEIGHTS

_DIGITS = 16


def model_digest(path: str | Path) -> str:
    """A digest of what :func:`~seesawnas.evaluation.open_model` would open at ``path``.

    It covers the files that the embeddings depend on, ONNX's external data and ncnn's weights too,
    and not where they lie. The model must have been opened before: files are not checked here.

    Raises:
        InvalidInput: If one of them cannot be read.
    """
    found, digest = expanded(path), hashlib.sha256()
    try:
        for file in model_files(found):
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror or error}") from None
    return digest.hexdigest()[:_DIGITS]


def model_files(path: Path) -> list[Path]:
    """The files that the embeddings of the model at ``path`` depend on."""
    if path.is_dir():
        return [path / WEIGHTS]  # which has the network in its metadata
    if path.name.lower().endswith(LAYERS):
        return [path, path.with_name(path.name[: -len(".param")] + ".bin")]
    if path.suffix.lower() == ".onnx":
        return [path, *(path.parent / place for place in sorted(set(read_start(path).external)))]
    return [path]
