"""A network as a folder: spec.yaml, model.safetensors, summary.json."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

from seesawnas.errors import InvalidInput
from seesawnas.files import make_folder, write_atomically
from seesawnas.nn.weights import TRAINED, WEIGHTS, is_trained
from seesawnas.report.buildable import buildable
from seesawnas.report.sheet import sheet
from seesawnas.space import SearchPoint, to_mapping, write_yaml


def write_bundle(point: SearchPoint, folder: Path, seed: int) -> list[Path]:
    """Write ``point`` with random weights drawn by ``seed``; the paths written.

    spec.yaml loads as a search point; the weights carry it, its digest, the version and that they are random as metadata,
    and summary.json says so. Raises InvalidInput, also for a folder of trained weights: these would be lost.
    """
    if (folder / WEIGHTS).is_file() and _holds_trained(folder):
        raise InvalidInput(f"{folder}: holds trained weights, which random ones must not replace; give another --out")
    text = write_yaml(to_mapping(point.spec))
    about = {"spec": text, "digest": point.spec.digest(), "version": version("seesawnas"), "seed": str(seed)}
    about[TRAINED] = "false"
    contents = {
        "spec.yaml": text.encode(),
        "model.safetensors": _weights(point, seed, about),
        "summary.json": (json.dumps({**sheet(point), TRAINED: False}, indent=2) + "\n").encode(),
    }
    folder = make_folder(folder)
    for name, content in contents.items():
        write_atomically(folder / name, content, within=folder)
    return [folder / name for name in contents]


def _holds_trained(folder: Path) -> bool:
    try:
        return is_trained(folder)
    except InvalidInput:  # damaged weights are no loss
        return False


def _weights(point: SearchPoint, seed: int, about: dict[str, str]) -> bytes:
    import torch

    from seesawnas.nn import build, weights_file

    with buildable(point.spec), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return weights_file(build(point.spec).state_dict(), about)
