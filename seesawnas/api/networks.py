"""Networks of papers as torch modules, by name: ``create``, ``list_networks``."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from seesawnas.arch import ArchSpec
from seesawnas.errors import InvalidInput
from seesawnas.nn import FaceNetwork, build, load_model
from seesawnas.space import load, shipped, to_mapping
from seesawnas.study import find_network
from seesawnas.text import nearest, short

Network: TypeAlias = ArchSpec | str | Path | Mapping[str, Any]
"""A network, a REF as commands take it, or the values of a YAML file."""

_PAPER = "paper/"


def list_networks(pattern: str = "*") -> tuple[str, ...]:
    """The names of the included networks of papers, for :func:`create`.

    Args:
        pattern: Which names, with ``*`` and ``?``: ``"seesaw*"``.

    Returns:
        The names, such as ``seesaw_share``, in order.
    """
    names = (name.removeprefix(_PAPER) for name in shipped("paper"))
    return tuple(name for name in names if fnmatchcase(name, pattern))


def create(
    name: str,
    pretrained: bool | str | PathLike[str] = False,
    *,
    embedding: int | None = None,
    resolution: int | None = None,
) -> FaceNetwork:
    """An included network of a paper as a torch module: ``sn.create("seesaw_share")``.

    It maps images (N, 3, H, W), normalised as ``network.spec.input`` says, (pixel - 127.5) / 128 by
    default, to embeddings (N, D) of any length.

    Args:
        name: One of :func:`list_networks`, with or without ``paper/``.
        pretrained: The folder of a trained network (``seesawnas train``) of this architecture, to
            load its weights; False for random weights, drawn from torch's global generator. No
            weights are included, so that True is an error.
        embedding: D, the length of the embeddings; None for the paper's.
        resolution: The longer side of the images in pixels, from 8; None for the paper's.

    Returns:
        The network on the CPU, in training mode, as torch makes modules: call ``.eval()`` to embed
        images.

    Raises:
        InvalidInput: In one line, if there is no such network, an option does not fit it, or the
            folder contains no weights of it.
    """
    spec = _changed(_included(name), embedding, resolution)
    if pretrained is True:
        raise InvalidInput(
            f"{spec.name}: no trained weights are included; train it (seesawnas train {spec.name}) "
            "and give its folder, pretrained=DIR"
        )
    if pretrained is False:
        return build(spec)
    found = load_model(Path(pretrained))
    if found.spec != spec:
        raise InvalidInput(
            f"{pretrained}: must contain weights of {_words(spec)}, got {_words(found.spec)}"
        )
    return found.train()


def to_spec(network: Network) -> ArchSpec:
    """The network that ``network`` is or names.

    Raises:
        InvalidInput: If it names none; if a file breaks rules, with a line per fault.
    """
    if isinstance(network, ArchSpec):
        return network
    return load(network) if isinstance(network, Mapping) else find_network(str(network)).spec


def _included(name: str) -> ArchSpec:
    names, wanted = list_networks(), str(name).removeprefix(_PAPER)
    if wanted not in names:
        near = nearest(wanted, names)
        hint = f"did you mean {near}?" if near else f"networks are {', '.join(names)}"
        raise InvalidInput(f"{short(name)}: must be an included network; {hint}")
    return load(f"{_PAPER}{wanted}").renamed(f"{_PAPER}{wanted}")


def _changed(spec: ArchSpec, embedding: int | None, resolution: int | None) -> ArchSpec:
    if embedding is not None:
        values = to_mapping(spec)
        spec = load({**values, "head": {**values["head"], "embedding": embedding}})
    if resolution is None:
        return spec
    if (
        not isinstance(resolution, int)
        or isinstance(resolution, bool)
        or not 8 <= resolution <= 4096
    ):
        raise InvalidInput(
            f"resolution must be a whole number from 8 to 4096, got {short(resolution)}"
        )
    return spec.at_side(resolution)


def _words(spec: ArchSpec) -> str:
    size = f"{spec.input.height}x{spec.input.width}"
    name = f"{spec.name}, " if spec.name else ""
    return f"{name}digest {spec.digest()}, input {size}, embedding {spec.embedding_size}"
