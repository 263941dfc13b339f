"""A network on disk: ``spec.yaml`` says what it is, ``model.safetensors`` holds its weights; reading them runs nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from seesawnas.errors import InvalidInput
from seesawnas.files import make_folder, write_atomically
from seesawnas.nn.network import FaceNetwork, build
from seesawnas.space import load_point, to_mapping, write_yaml

SPEC, WEIGHTS = "spec.yaml", "model.safetensors"


def load_model(folder: str | Path) -> FaceNetwork:
    """The network in ``folder``, in eval mode on the CPU: what ``seesawnas train`` or ``seesawnas build --out`` wrote.

    ``network.spec`` says what pictures it takes. Raises InvalidInput, in one line, where the folder holds no such network.
    """
    place = Path(folder)
    for name in (SPEC, WEIGHTS):
        if not (place / name).is_file():
            raise InvalidInput(f"{folder}: must be a folder with {SPEC} and {WEIGHTS}; there is no {name}")
    network = build(load_point(place / SPEC).spec)
    try:
        network.load_state_dict(load_file(place / WEIGHTS))
    except (SafetensorError, OSError, RuntimeError) as error:
        why = str(error).strip().splitlines()[-1].strip()
        raise InvalidInput(f"{place / WEIGHTS}: must hold the weights of {SPEC}: {why}") from None
    return network.eval()


def save_model(network: FaceNetwork, folder: str | Path) -> Path:
    """Write ``network`` into ``folder`` for :func:`load_model`, and for every command that takes a trained network.

    Returns the folder. Raises InvalidInput where it cannot be written.
    """
    place, text = make_folder(folder), write_yaml(to_mapping(network.spec))
    about = {"spec": text, "digest": network.spec.digest()}
    write_atomically(place / WEIGHTS, weights_file(network.state_dict(), about))
    write_atomically(place / SPEC, text)
    return place


def weights_file(weights: Mapping[str, Tensor], about: Mapping[str, str]) -> bytes:
    """``weights`` as a safetensors file with ``about`` as its metadata; the same bytes for the same content."""
    plain = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    return _in_order(save(plain, metadata=dict(about)))


def _in_order(content: bytes) -> bytes:
    """The same file with its metadata sorted: safetensors writes them in an order that changes from run to run."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + size :]
