"""A network as a folder: spec.yaml, model.safetensors, summary.json."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.errors import InvalidInput
from seesawnas.nn.weights import TRAINED, WEIGHTS, is_trained, write_model
from seesawnas.report.network.summary import sheet
from seesawnas.space import SearchPoint
from seesawnas.units import format_quantity

if TYPE_CHECKING:
    from torch import nn


LARGEST = 500_000_000
"""Params, 2 GB of them: hundreds of times what is lightweight, and refused before the machine runs
out of memory.
"""


@contextmanager
def buildable(spec: ArchSpec) -> Iterator[None]:
    """Guard a block that builds ``spec``, or runs it.

    Raises:
        InvalidInput: In one line, if ``spec`` is too large for that.
    """
    name, total = spec.name or "network", cost(spec)
    params = f"{format_quantity(total.params)} params"
    if total.params > LARGEST:
        raise InvalidInput(
            f"{name}: must have at most {format_quantity(LARGEST)} params to be built, got {params}"
        )
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "allocate memory" not in str(error):
            raise
        maps = f"{format_quantity(total.activation_bytes)} bytes of activations"
        raise InvalidInput(f"{name}: must fit into memory, got {params} and {maps}") from None


def write_bundle(point: SearchPoint, folder: Path, seed: int) -> list[Path]:
    """Write ``point`` with random weights drawn by ``seed``; return the paths written.

    spec.yaml loads as a search point; the weights carry it, its digest, the version and that they
    are random as metadata, and summary.json says so.

    Raises:
        InvalidInput: If the network is too large, or if the folder holds trained weights: these
            would be lost.
    """
    if (folder / WEIGHTS).is_file() and _holds_trained(folder):
        raise InvalidInput(
            f"{folder}: contains trained weights, which are not overwritten; use another --out"
        )
    import torch

    from seesawnas.nn import build

    with buildable(point.spec), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        weights = build(point.spec).state_dict()
        metadata = {"version": version("seesawnas"), "seed": str(seed)}
        documents = {"summary.json": {**sheet(point), TRAINED: False}}
        return write_model(
            folder, point.spec, weights, trained=False, metadata=metadata, documents=documents
        )


def _holds_trained(folder: Path) -> bool:
    try:
        return is_trained(folder)
    except InvalidInput:  # damaged weights are no loss
        return False


@dataclass(frozen=True, slots=True)
class Check:
    """The counts side by side."""

    madds: int
    fvcore_madds: int
    params: int
    torch_params: int
    agrees: bool


def check(spec: ArchSpec) -> Check:
    """Build the network and count it again.

    Raises:
        InvalidInput: If it is too large, or if fvcore is not installed.
    """
    if find_spec("fvcore") is None:
        raise InvalidInput('--check must have fvcore: pip install "seesawnas[check]"')
    from seesawnas.nn import build

    total = cost(spec)
    with buildable(spec):
        network = build(spec).eval()
        madds = _fvcore_madds(network, (spec.input.height, spec.input.width))
        params = sum(parameter.numel() for parameter in network.parameters())
    return Check(
        total.madds, madds, total.params, params, (madds, params) == (total.madds, total.params)
    )


def _fvcore_madds(network: nn.Module, size: tuple[int, int]) -> int:
    """MAdds of the network's convolutions and linear layers, as fvcore counts them.

    fvcore's total adds batch norm and pooling, which the convention leaves out.
    """
    import torch

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch deprecates what fvcore is built on
        from fvcore.nn.flop_count import FlopCountAnalysis

        logging.getLogger("fvcore.nn.jit_analysis").setLevel(logging.ERROR)
        analysis = FlopCountAnalysis(network, torch.zeros(1, 3, *size))
        operators = (
            analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).by_operator()
        )
    return int(operators["conv"] + operators["linear"])
