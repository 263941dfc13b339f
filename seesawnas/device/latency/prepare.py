"""Networks as files of a runtime, in the form that it runs fastest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from seesawnas.arch import ArchSpec
from seesawnas.cost.latency import LatencyModel, waste_word
from seesawnas.device.formats import FORMATS, Contents, Format
from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.card import card_path, card_size, read_card
from seesawnas.evaluation.models.onnx import check_external
from seesawnas.evaluation.models.open import file_size
from seesawnas.io.files import expanded
from seesawnas.nn import FaceNetwork, is_trained, load_model
from seesawnas.nn.deploy import deploy_form

Weights: TypeAlias = Literal["random", "trained", "file"]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file to time.

    Attributes:
        name: Of the network.
        path: The file by which a runtime opens it.
        size: (height, width) of its images.
        weights: Whether they are ``random``, ``trained``, or those of an exported ``file``.
    """

    name: str
    path: Path
    size: tuple[int, int]
    weights: Weights = "random"


def format_of(runtime: str, option: str = "--runtime") -> Format:
    """The format that ``runtime`` opens.

    Args:
        runtime: As ``option`` has it.
        option: What messages call it.

    Raises:
        InvalidInput: If it opens none.
    """
    found = _opened_by(runtime)
    if found is None:
        runtimes = ", ".join(name for one in FORMATS.values() for name in one.runtimes)
        raise InvalidInput(f"{option} must be one whose format can be written: {runtimes}")
    return found


def _opened_by(runtime: str) -> Format | None:
    return next((one for one in FORMATS.values() if runtime in one.runtimes), None)


def waste_caution(model: LatencyModel) -> str:
    """Why predictions are not of the form in which networks are written now; empty if they are.

    A model is of the form in which its networks ran. If the format of its runtime lowers
    convolutions over uneven groups otherwise since then, what is exported and measured is not what
    is predicted.
    """
    written = _opened_by(model.runtime)
    if written is None or written.waste == model.waste:
        return ""
    now, then = waste_word(written.waste), waste_word(model.waste)
    return (
        f"latency model of {model.runtime}: waste must be {now}, by which {written.name} files are "
        f"written, got {then}: predictions are of another form; fit it again by `seesawnas "
        "latency fit`"
    )


def write_network(
    network: FaceNetwork, runtime: str, folder: Path, name: str, batch: int = 1
) -> ModelFile:
    """``network`` written for ``runtime`` into ``folder``.

    Raises:
        InvalidInput: If what writes the format is not installed, or the format cannot hold it.
    """
    made = format_of(runtime)
    stem = folder / "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    made.write(deploy_form(network, made.waste), stem, Contents(batch))
    inputs = network.spec.input
    return ModelFile(name, made.files(stem)[0], (inputs.height, inputs.width))


def existing_file(
    path: Path, runtime: str, option: str = "--runtime", size: tuple[int, int] | None = None
) -> ModelFile:
    """A file that was exported before, by this program or another.

    Args:
        path: May begin with ``~``.
        runtime: As ``option`` has it.
        option: What messages call it.
        size: (height, width) of the images that it is run on, of a file that was opened by
            :func:`~seesawnas.evaluation.open_model`; None: those that it, or its card, says.

    Raises:
        InvalidInput: If it is not of ``runtime``'s format, does not run, or nothing says its size.
    """
    path, made = expanded(path), format_of(runtime, option)
    suffix = made.suffixes[0]
    if not path.name.endswith(suffix):
        raise InvalidInput(f"{path}: must be a {suffix} file for {option} {runtime}")
    if not path.is_file():
        raise InvalidInput(f"{path}: there is no such file")
    size = size or _size(path, needs_own_runtime=runtime == made.runtime)
    if size is None:
        raise InvalidInput(
            f"{path}: must have its card {card_path(path).name} beside it, which says the size of "
            "its images: the file itself fixes none"
        )
    return ModelFile(str(path), path, size, "file")


def _size(path: Path, *, needs_own_runtime: bool) -> tuple[int, int] | None:
    """(height, width) that the file takes, with all checks that files of others need."""
    # Beside another runtime that opens the format, its own may not be installed.
    if not needs_own_runtime and (size := card_size(read_card(path))) is not None:
        check_external(path)
        return size
    return file_size(path)


def model_file(
    ref: str,
    runtime: str,
    folder: Path,
    batch: int = 1,
    option: str = "--runtime",
    size: tuple[int, int] | None = None,
) -> ModelFile:
    """The model at ``ref``, an exported file or a network's folder, as a file of ``runtime``.

    A folder is written into ``folder``; a file is taken as it is.

    Args:
        ref: Its path, which may begin with ``~``.
        runtime: As ``option`` has it.
        folder: For the file that is written.
        batch: Images a run, of a file that is written.
        option: What messages call the runtime.
        size: Of a file's images, see :func:`existing_file`.

    Raises:
        InvalidInput: If it cannot be opened or written, or is not of the runtime's format.
    """
    path = expanded(ref)
    if not path.is_dir():
        return existing_file(path, runtime, option, size)
    format_of(runtime, option)
    file = write_network(load_model(path, untrained=True), runtime, folder, ref, batch)
    return replace(file, weights="trained" if is_trained(path) else "random")


def is_model_file(ref: str) -> bool:
    """Whether ``ref`` names a file of one of the formats, which may not be there."""
    suffixes = tuple(one.suffixes[0] for one in FORMATS.values())
    return ref.endswith(suffixes) and not expanded(ref).is_dir()


def random_network(spec: ArchSpec) -> FaceNetwork:
    """``spec`` with random weights, always the same: they do not change how long it takes."""
    import torch

    from seesawnas.nn import build

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build(spec).eval()
