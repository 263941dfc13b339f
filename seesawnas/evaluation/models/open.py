"""A trained network to evaluate: ``open_model``.

A folder           what `seesawnas train` and `seesawnas build --out` write: model.safetensors, and
                   spec.yaml or, under `spec`, model.json, which say the network and how its input
                   is normalised
FILE.onnx          run by onnxruntime (extra ``onnx``)
FILE.ncnn.param    run by ncnn (extra ``ncnn``), with FILE.ncnn.bin beside it
FILE.pte           run by ExecuTorch (extra ``executorch``)
FILE.pt            TorchScript; it contains code: open only files you trust
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Any

import torch
from torch import Tensor

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.card import (
    card_normalisation,
    card_path,
    card_size,
    check_card_size,
    read_card,
)
from seesawnas.evaluation.models.executorch import SUFFIX as PROGRAM
from seesawnas.evaluation.models.executorch import open_executorch
from seesawnas.evaluation.models.ncnn import SUFFIX as LAYERS
from seesawnas.evaluation.models.ncnn import open_ncnn
from seesawnas.evaluation.models.normalisation import (
    FORMS,
    NONE,
    parse_normalisation,
    per_channel,
    scale_caution,
)
from seesawnas.evaluation.models.onnx import open_onnx
from seesawnas.evaluation.models.outputs import Opened
from seesawnas.evaluation.models.torchscript import open_script
from seesawnas.io.catalog import split_trial, study_of
from seesawnas.io.files import expanded
from seesawnas.nn import FaceNetwork, PerChannel, is_trained, load_model
from seesawnas.nn.device import pick_device
from seesawnas.nn.weights import WEIGHTS

SIDE = 112  # of the input if a file does not fix it
_OPENERS = {".onnx": open_onnx, LAYERS: open_ncnn, PROGRAM: open_executorch}


@dataclass(frozen=True, slots=True)
class FaceModel:
    """A trained network, ready to run.

    Attributes:
        name: Of the file or folder.
        run: Maps normalised float32 images (N, 3, height, width) on ``device`` to embeddings (N, D)
            of any length.
        height: Of its images.
        width: Of its images.
        mean: Of pixels from 0 to 255: one number, or one for each of red, green and blue.
        std: Likewise.
        device: Where ``run`` takes its input.
        notes: Cautions about the file, one line each.
    """

    name: str
    run: Callable[[Tensor], Tensor]
    height: int
    width: int
    mean: PerChannel
    std: PerChannel
    device: torch.device
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of its images."""
        return self.height, self.width

    @property
    def resolution(self) -> int:
        """The longer side of its images."""
        return max(self.height, self.width)


def open_model(
    path: str | Path,
    *,
    normalise: str | None = None,
    bgr: bool = False,
    output: str | None = None,
    device: str = "cpu",
    untrained: bool = False,
) -> FaceModel:
    """The trained network at ``path``, ready to run on ``device``.

    Args:
        path: A folder of ours, an ONNX file or a TorchScript file.
        normalise: How pixels become a foreign model's input: one of NORMALISATIONS, or ``MEAN,STD``
            in pixels from 0 to 255, or three means and three stds, red first. Its file does not say
            this, but a folder of ours does.
        bgr: Give a foreign model blue first instead of red.
        output: Which of a foreign model's outputs is the embedding, if it has several.
        device: cpu, cuda or cuda:N.
        untrained: Accept a folder of random weights too.

    Raises:
        InvalidInput: If it cannot be opened or gives no embeddings, or if its weights are random
            and ``untrained`` is false.
    """
    found, where = expanded(path), pick_device(device)
    if (trial := _untrained_trial(path, found)) is not None:
        raise InvalidInput(
            f"{path}: must be a trained network, got a trial of a study; train it with `seesawnas "
            f"train {quote(trial)}`"
        )
    if found.is_dir():
        refuse_options(
            str(path),
            "a model folder defines its own input and output",
            {"--normalise": normalise is not None, "--bgr": bgr, "--output": output is not None},
            "files of other formats",
        )
        return _own(found, where, untrained)
    if not found.is_file():
        raise InvalidInput(f"{path}: there is no such file or folder")
    card = read_card(found) if normalise is None else None
    sized = card if normalise is None else _readable_card(found)
    if card is None and normalise is None and found.suffix.lower() != ".onnx":
        raise InvalidInput(f"{path}: requires --normalise (one of {FORMS}), got nothing")
    mean, std = NONE if normalise is None else parse_normalisation(normalise)
    opened = _open_file(found, where, sized, output)
    if card is None:
        _check_normalisation(path, opened, normalise, (mean, std))
        notes = opened.notes + _cautions(opened, mean, std)
        if normalise is not None and card_path(found).is_file():
            notes += ("--normalise was given: the normalisation of the file's card is not used",)
    else:
        mean, std = card_normalisation(card)
        notes = opened.notes
    height, width = opened.size or (SIDE, SIDE)
    run = _blue_first(opened.run) if bgr else opened.run
    return FaceModel(found.name, run, height, width, mean, std, where, notes)


def file_size(path: Path) -> tuple[int, int] | None:
    """(height, width) of the images that the file ``path`` takes; None if nothing says it.

    The file is run once, with all checks. If it fixes no size, its card says it.

    Raises:
        InvalidInput: If it cannot be opened or gives no embeddings.
    """
    return _open_file(path, torch.device("cpu"), read_card(path), None).size


def _readable_card(path: Path) -> dict[str, Any] | None:
    try:
        return read_card(path)
    except InvalidInput:
        return None


def _open_file(
    path: Path, device: torch.device, card: dict[str, Any] | None, output: str | None
) -> Opened:
    """The network in the file ``path``; its size is the card's if the file fixes none."""
    opener = next(
        (made for suffix, made in _OPENERS.items() if path.name.lower().endswith(suffix)),
        open_script,
    )
    size = card_size(card)
    opened = opener(path, device, size or (SIDE, SIDE), output)
    if card is not None:
        check_card_size(path, opened.size, card)
    return replace(opened, size=opened.size or size)


@contextmanager
def open_network(network: FaceNetwork, name: str = "network") -> Iterator[FaceModel]:
    """``network`` ready to run, where its weights are; in eval mode within the block.

    Args:
        network: Its ``spec`` says what images it takes.
        name: What results call it.
    """
    was_training = network.training
    network.eval()
    try:
        yield _ready(network, name, next(network.parameters()).device)
    finally:
        network.train(was_training)


def refuse_options(subject: str, rule: str, given: Mapping[str, bool], meant_for: str) -> None:
    """Refuse options that a network of this kind does not take.

    Args:
        subject: What the network is called.
        rule: Why it does not take them.
        given: By the name of each option, whether it is given.
        meant_for: What takes them.

    Raises:
        InvalidInput: If one is given.
    """
    named = [name for name, is_given in given.items() if is_given]
    if named:
        raise InvalidInput(f"{subject}: {rule}, got {', '.join(named)}, only for {meant_for}")


def _check_normalisation(
    path: str | Path, opened: Opened, text: str | None, chosen: tuple[PerChannel, PerChannel]
) -> None:
    """A file with uint8 input takes pixels unchanged; any other needs an option.

    Raises:
        InvalidInput: If the option does not fit the file.
    """
    if opened.takes_bytes and chosen != NONE:
        raise InvalidInput(f"{path}: has uint8 input: --normalise must be none, got {text}")
    if text is None and not opened.takes_bytes:
        hint = ""
        if opened.normalises is not None:
            hint = (
                f"; it starts with {opened.normalises}: if that is its own normalisation, use "
                "--normalise none"
            )
        raise InvalidInput(f"{path}: requires --normalise (one of {FORMS}), got nothing{hint}")


def _cautions(opened: Opened, mean: PerChannel, std: PerChannel) -> tuple[str, ...]:
    notes = scale_caution(mean, std)
    if opened.normalises is not None and (mean, std) != NONE:
        starts = (
            f"caution: starts with {opened.normalises}, so it may contain its own normalisation"
        )
        notes += (f"{starts}; if so, use --normalise none, or the results are wrong",)
    return notes


def _blue_first(run: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda images: run(images.flip(1))


def _untrained_trial(path: str | Path, found: Path) -> str | None:
    """The trial of a study that ``path`` means, which has no weights; None if it means none."""
    ref, _, trial = str(path).rpartition(":") if split_trial(str(path)) else (str(path), "", "best")
    if found.is_file() or (found / WEIGHTS).is_file():
        return None
    study = study_of(Path(ref))
    return None if study is None else f"{study}:{trial}"


def _own(folder: Path, device: torch.device, untrained: bool) -> FaceModel:
    if not untrained and not is_trained(folder):
        rule = (
            "must contain trained weights, got random ones, as `seesawnas build --out` writes them"
        )
        raise InvalidInput(
            f"{folder}: {rule}; train the network first (seesawnas train), or give --untrained"
        )
    network = load_model(folder, untrained=True).to(device)
    return _ready(network, folder.name or str(folder), device)


def _ready(network: FaceNetwork, name: str, device: torch.device) -> FaceModel:
    inputs = network.spec.input
    mean, std = per_channel(inputs.mean), per_channel(inputs.std)
    return FaceModel(name, network, inputs.height, inputs.width, mean, std, device)
