"""A second and a third opinion on a network's cost: fvcore's count of what runs, and torch's parameters."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.errors import InvalidInput
from seesawnas.report.buildable import buildable

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Check:
    """The counts side by side."""

    madds: int
    fvcore_madds: int
    params: int
    torch_params: int
    agrees: bool


def check(spec: ArchSpec) -> Check:
    """Builds the network and counts it again. Raises InvalidInput where it is too large, or fvcore is not installed."""
    if find_spec("fvcore") is None:
        raise InvalidInput('--check must have fvcore: pip install "seesawnas[check]"')
    from seesawnas.nn import build

    total = cost(spec)
    with buildable(spec):
        network = build(spec).eval()
        madds = _fvcore_madds(network, (spec.input.height, spec.input.width))
        params = sum(parameter.numel() for parameter in network.parameters())
    return Check(total.madds, madds, total.params, params, (madds, params) == (total.madds, total.params))


def _fvcore_madds(network: nn.Module, size: tuple[int, int]) -> int:
    """fvcore's conv + linear: its total adds batch norm and pooling, which the convention leaves out."""
    import torch

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch deprecates what fvcore is built on
        from fvcore.nn.flop_count import FlopCountAnalysis

        logging.getLogger("fvcore.nn.jit_analysis").setLevel(logging.ERROR)
        analysis = FlopCountAnalysis(network, torch.zeros(1, 3, *size))
        operators = analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).by_operator()
    return int(operators["conv"] + operators["linear"])
