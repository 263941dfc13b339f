"""A network's folder: ``spec.yaml`` is the network, ``model.safetensors`` its weights.

Reading them runs no code. If there is no ``spec.yaml``, ``model.json`` may have the network under
``spec``.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.errors import InvalidInput, SpecError
from seesawnas.io.files import make_folder, write_atomically
from seesawnas.io.yaml import read_yaml
from seesawnas.nn.network import FaceNetwork, build
from seesawnas.space import load_point, to_mapping, to_point, write_yaml
from seesawnas.space.catalog import ABOUT, SPEC, spec_file
from seesawnas.text import short

WEIGHTS = "model.safetensors"
TRAINED = "trained"
"""The key of the weights' metadata: ``true``, or ``false`` for random weights."""

# Of a weight with its statistics, twice over; of a header as safetensors limits it.
_MOST_BYTES, _HEADER = 16, 101 << 20


def load_model(folder: str | Path, *, untrained: bool = False) -> FaceNetwork:
    """The network in ``folder``, in eval mode on the CPU.

    ``seesawnas train`` or ``seesawnas build --out`` wrote it; ``network.spec`` says what images it
    takes. Weights that are known to be random give a UserWarning, unless they are wanted
    (``untrained``).

    Args:
        folder: With ``model.safetensors`` and ``spec.yaml``.
        untrained: Whether random weights are wanted.

    Raises:
        InvalidInput: If the folder contains no such network.
    """
    place = Path(folder)
    if (path := spec_file(place)) is None:
        raise InvalidInput(f"{folder}: must contain {WEIGHTS}, and {SPEC} or {ABOUT}")
    named, spec = path.name, load_point(place).spec
    _check_size(place / WEIGHTS, named, spec)
    # The fresh weights are not kept, and nobody's draws move for them.
    with torch.random.fork_rng(devices=[]):
        network = build(spec)
    weights = _weights(place / WEIGHTS)
    _check_numbers(place / WEIGHTS, weights, network.state_dict())
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise InvalidInput(
            f"{place / WEIGHTS}: does not match {named}: {_printable(' '.join(lines[1:2]))}"
        ) from None
    if not untrained and not is_trained(place):
        warnings.warn(f"{place}: has random weights: it was built and never trained", stacklevel=2)
    return network.eval()


def load_weights(network: FaceNetwork, path: str | Path) -> None:
    """Put the weights at ``path`` into ``network``, to train it on from them.

    Args:
        network: The same as the one that they are of; its input too, in another size or not, if the
            shapes agree.
        path: A network's folder, or its ``model.safetensors``.

    Raises:
        InvalidInput: If they cannot be read or are of another network, with what differs.
    """
    place = Path(path)
    file = place / WEIGHTS if place.is_dir() else place
    if file.suffix != ".safetensors":
        raise InvalidInput(f"{path}: must be a trained network's folder or its {WEIGHTS}")
    _check_size(file, "the network", network.spec)
    weights, wanted = _weights(file), network.state_dict()
    found = _spec_at(place, file)
    if differing := list(_differences(weights, wanted)):
        more = f", and {len(differing) - 1} more" if len(differing) > 1 else ""
        raise InvalidInput(
            f"{file}: does not match the network{_names(found, network.spec)}: {differing[0]}{more}"
            f"{_size_hint(found, network)}"
        )
    if found is not None and not _is_same(found, network.spec):
        raise InvalidInput(
            f"{file}: must be of network {network.spec.digest()}, got {found.digest()}, another "
            "whose weights have the same shapes"
        )
    _check_numbers(file, weights, wanted)
    network.load_state_dict(weights)


def is_trained(folder: str | Path) -> bool:
    """False if the weights in ``folder`` are known to be random.

    ``seesawnas build --out`` marks them so. Weights without this information count as trained.

    Raises:
        InvalidInput: If they cannot be read.
    """
    place = Path(folder)
    about = _metadata(place / WEIGHTS)
    if TRAINED in about:
        return about[TRAINED] != "false"
    # Before weights said so `build` named a seed, and `train` its recipe too. A model.json may be
    # left from a training whose weights were written over.
    return "seed" not in about or "recipe" in about


def save_model(network: FaceNetwork, folder: str | Path, *, trained: bool = True) -> Path:
    """Write ``network`` into ``folder`` for :func:`load_model`.

    Every command that takes a trained network can read it too.

    Args:
        network: What to write.
        folder: Made if it is not there.
        trained: False marks random weights, which those commands refuse.

    Returns:
        The folder.

    Raises:
        InvalidInput: If the folder cannot be written.
    """
    return write_model(folder, network.spec, network.state_dict(), trained=trained)[0].parent


def write_model(
    folder: str | Path,
    spec: ArchSpec,
    weights: Mapping[str, Tensor],
    *,
    trained: bool,
    metadata: Mapping[str, str] | None = None,
    documents: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Path]:
    """Write a network's folder: every writer of one uses this.

    Args:
        folder: Made if it is not there.
        spec: The network.
        weights: Its state.
        trained: Whether the weights are more than random.
        metadata: More for the weights' metadata, beside the network, its digest and ``trained``.
        documents: JSON values to write as well, by file name.

    Returns:
        The paths, in the order of writing: if the last file is there, so are the others.

    Raises:
        InvalidInput: If the folder cannot be written.
    """
    place, text = make_folder(folder), write_yaml(to_mapping(spec))
    about = {
        "spec": text,
        "digest": spec.digest(),
        TRAINED: "true" if trained else "false",
        **(metadata or {}),
    }
    contents: dict[str, str | bytes] = {SPEC: text, WEIGHTS: weights_file(weights, about)}
    for name, content in contents.items():
        write_atomically(place / name, content, within=place)
    return [place / name for name in contents] + [
        write_document(place, name, values) for name, values in (documents or {}).items()
    ]


def write_document(folder: Path, name: str, values: Mapping[str, Any]) -> Path:
    """Write the JSON file ``name`` of a network's folder; its path."""
    write_atomically(folder / name, json.dumps(values, indent=2) + "\n", within=folder)
    return folder / name


def weights_file(weights: Mapping[str, Tensor], about: Mapping[str, str]) -> bytes:
    """``weights`` as a safetensors file with ``about`` as its metadata.

    The same content gives the same bytes.
    """
    plain = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    return _in_order(save(plain, metadata=dict(about)))


def _check_size(path: Path, named: str, spec: ArchSpec) -> None:
    """Check the size of the file before memory is taken for it or for the network.

    Raises:
        InvalidInput: If it is no file, or cannot be the network's.
    """
    if not path.is_file():
        raise InvalidInput(f"{path}: cannot be read: there is no such file")
    size, params = path.stat().st_size, cost(spec).params
    if not params <= size <= _MOST_BYTES * params + _HEADER:
        raise InvalidInput(
            f"{path}: does not match {named}: has {size:,} bytes for {params:,} params"
        )


def _differences(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Iterator[str]:
    """What differs in names and shapes, in the order of the network."""
    for name, value in wanted.items():
        if name not in weights:
            yield f"has no {name}"
        elif weights[name].shape != value.shape:
            yield f"{name} must be {_shape(value)}, got {_shape(weights[name])}"
    for name in weights:
        if name not in wanted:
            yield f"the network has no {_printable(name)}"


def _shape(value: Tensor) -> str:
    return "x".join(map(str, value.shape)) or "a number"


def _spec_at(place: Path, file: Path) -> ArchSpec | None:
    """The network that weights are of, if their folder or their metadata say it."""
    if place.is_dir() and spec_file(place) is not None:
        return load_point(place).spec
    text = _metadata(file).get("spec")
    return to_point(read_yaml(text, str(file)), str(file)).spec if text else None


def _is_same(found: ArchSpec, wanted: ArchSpec) -> bool:
    try:
        return found.at_resolution(wanted.input.height, wanted.input.width) == wanted
    except SpecError:
        return False


def _names(found: ArchSpec | None, wanted: ArchSpec) -> str:
    """Which network it is, and which the weights are of, as far as they have names."""
    if found is None or not found.name or found.name == wanted.name:
        return f" {wanted.name}" if wanted.name else ""
    return f" {wanted.name}, but is of {short(found.name)}" if wanted.name else ""


def _size_hint(found: ArchSpec | None, network: FaceNetwork) -> str:
    """What to say if the networks differ in nothing but the size of their input."""
    wanted = network.spec
    if found is None or not _is_same(found, wanted):
        return ""
    sizes = (f"{one.input.height}x{one.input.width}" for one in (found, wanted))
    return "; it is of {} images, the network of {}".format(*sizes)


def _check_numbers(path: Path, weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Check that weights are finite and of the network's data types.

    Raises:
        InvalidInput: If they are not.
    """
    for name, value in weights.items():
        if name not in wanted or value.shape != wanted[name].shape:
            # which is named with what else does not fit; operators may not even take its shape
            continue
        if value.is_floating_point() != wanted[name].is_floating_point() or value.is_complex():
            raise InvalidInput(f"{path}: {name}: must be {wanted[name].dtype}, got {value.dtype}")
        if not torch.isfinite(value.float()).all():
            raise InvalidInput(f"{path}: {name}: must be finite, got weights that are not finite")


def _weights(path: Path) -> dict[str, Tensor]:
    try:
        weights: dict[str, Tensor] = load_file(path)
    except Exception as error:  # whatever the stranger's bytes make of two readers
        raise InvalidInput(f"{path}: cannot be read: {_printable(str(error))}") from None
    return weights


def _metadata(path: Path) -> dict[str, str]:
    try:
        if not path.is_file():
            raise OSError("there is no such file")
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except Exception as error:
        raise InvalidInput(f"{path}: cannot be read: {_printable(str(error))}") from None


def _printable(text: str) -> str:
    """The first line of ``text``, which comes from a file, made printable."""
    return "".join(
        letter if letter.isprintable() else "?" for letter in text.partition(chr(10))[0][:200]
    )


def _in_order(content: bytes) -> bytes:
    """The same file with its metadata sorted.

    safetensors writes them in an order that changes from run to run.
    """
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + size :]
