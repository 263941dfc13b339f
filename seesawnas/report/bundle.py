"""A network as a folder: spec.yaml, model.safetensors, summary.json."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

from seesawnas.files import make_folder, write_atomically
from seesawnas.report.buildable import buildable
from seesawnas.report.sheet import sheet
from seesawnas.space import SearchPoint, to_mapping, write_yaml


def write_bundle(point: SearchPoint, folder: Path, seed: int) -> list[Path]:
    """Write ``point`` with fresh weights drawn by ``seed``; the paths written.

    spec.yaml loads as a search point; the weights carry it, its digest and the version as metadata. Raises InvalidInput.
    """
    text = write_yaml(to_mapping(point.spec))
    about = {"spec": text, "digest": point.spec.digest(), "version": version("seesawnas"), "seed": str(seed)}
    contents = {
        "spec.yaml": text.encode(),
        "model.safetensors": _weights(point, seed, about),
        "summary.json": (json.dumps(sheet(point), indent=2) + "\n").encode(),
    }
    folder = make_folder(folder)
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]


def _weights(point: SearchPoint, seed: int, about: dict[str, str]) -> bytes:
    import torch
    from safetensors.torch import save

    from seesawnas.nn import build

    with buildable(point.spec), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        weights = build(point.spec).state_dict()
        content: bytes = save({name: value.contiguous() for name, value in weights.items()}, metadata=about)
        return _in_order(content)


def _in_order(content: bytes) -> bytes:
    """The same file with its metadata sorted: safetensors writes them in an order that changes from run to run."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + size :]
