"""A trained network to verify, whatever runs it: ``open_model``.

A folder           what `seesawnas train` and `seesawnas build --out` write: model.safetensors, and spec.yaml or, under
                   `spec`, model.json, which say the network and how its input is normalised
FILE.onnx          run by onnxruntime (extra ``onnx``)
FILE.pt            TorchScript, which is code: open only what you trust
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from seesawnas.errors import InvalidInput
from seesawnas.evaluation import foreign
from seesawnas.files import expanded
from seesawnas.nn import PerChannel, is_trained, load_model
from seesawnas.nn.device import pick_device

SIDE = 112  # of the input where a file does not say
NORMALISATIONS: dict[str, tuple[PerChannel, PerChannel]] = {
    "128": (127.5, 128.0),
    "127.5": (127.5, 127.5),
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
}
"""(mean, std) of pixels from 0 to 255 by name."""


@dataclass(frozen=True, slots=True)
class FaceModel:
    """``run`` maps normalised float32 images (N, 3, height, width) on ``device`` to embeddings (N, D) of any length."""

    name: str
    run: Callable[[Tensor], Tensor]
    height: int
    width: int
    mean: PerChannel
    std: PerChannel
    device: torch.device

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of its images."""
        return self.height, self.width

    @property
    def resolution(self) -> int:
        """The longer side of its images."""
        return max(self.height, self.width)


def open_model(
    path: str | Path, *, normalise: str | None = None, device: str = "cpu", untrained: bool = False
) -> FaceModel:
    """The trained network at ``path``, ready to run on ``device``.

    ``normalise`` names how pixels become a foreign model's input, one of NORMALISATIONS: its file does not say, and a
    folder of ours does. Raises InvalidInput, in one line, also for a folder of random weights unless ``untrained`` allows it.
    """
    found, where = expanded(path), pick_device(device)
    if found.is_dir():
        if normalise is not None:
            raise InvalidInput(
                f"{path}: says itself how its input is normalised; --normalise is for ONNX and TorchScript"
            )
        return _own(found, where, untrained)
    if not found.is_file():
        raise InvalidInput(f"{path}: there is no such file or folder")
    mean, std = _normalisation(path, normalise)
    opened = foreign.open_onnx(found, where) if found.suffix.lower() == ".onnx" else foreign.open_script(found, where)
    height, width = opened.size or (SIDE, SIDE)
    return FaceModel(found.name, opened.run, height, width, mean, std, where)


def _normalisation(path: str | Path, name: str | None) -> tuple[PerChannel, PerChannel]:
    if name not in NORMALISATIONS:
        raise InvalidInput(f"{path}: needs --normalise, one of {', '.join(NORMALISATIONS)}, got {name or 'nothing'}")
    return NORMALISATIONS[name]


def _own(folder: Path, device: torch.device, untrained: bool) -> FaceModel:
    network = load_model(folder, untrained=True).to(device)
    if not untrained and not is_trained(folder):
        rule = "must hold trained weights, got random ones, as `seesawnas build --out` writes them"
        raise InvalidInput(
            f"{folder}: {rule}; train the network first (seesawnas train), or ask for it with --untrained"
        )
    inputs = network.spec.input
    mean, std = _plain(inputs.mean), _plain(inputs.std)
    return FaceModel(folder.name or str(folder), network, inputs.height, inputs.width, mean, std, device)


def _plain(values: tuple[float, float, float]) -> PerChannel:
    """One number where the three are equal, which is faster."""
    return values[0] if len(set(values)) == 1 else values
