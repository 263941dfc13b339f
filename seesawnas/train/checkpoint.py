"""A trial between two epochs, as bytes: safetensors, so that reading one runs nothing, with a sum over its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from seesawnas.errors import CheckpointError

_ABOUT = "about"


def pack(state: Mapping[str, Tensor], about: Mapping[str, Any]) -> bytes:
    """``state`` and the JSON values ``about`` it as one safetensors file's bytes."""
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    text = json.dumps({**about, "sum": _sum(tensors)})
    return save({**tensors, _ABOUT: torch.tensor(list(text.encode()), dtype=torch.uint8)})


def unpack(packed: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What :func:`pack` was given. Raises CheckpointError where the bytes are not whole."""
    try:
        tensors = load(packed)
        about = json.loads(bytes(tensors.pop(_ABOUT).tolist()))
        if about.pop("sum") == _sum(tensors):
            return tensors, about
    # Whatever stands there was written by anyone: torch and json have errors of many kinds for it.
    except (
        SafetensorError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RuntimeError,
    ) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise CheckpointError(f"checkpoint cannot be read: {why}") from None
    raise CheckpointError("checkpoint cannot be read: its content does not agree with its sum")


def _sum(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
