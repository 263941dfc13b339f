"""Three answers that must agree: the cost model, fvcore's conv + linear of what eval mode runs, torch's parameters."""

from __future__ import annotations

import warnings

import pytest
import torch
from hypothesis import given, settings

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.nn import FaceNetwork, build
from seesawnas.space import load_point, shipped
from tests.nn.specs import BLOCKS, SEESAW, around
from tests.strategies import arch_specs


@pytest.mark.parametrize("ref", shipped("paper"))
def test_published_networks_run_what_is_counted(ref: str) -> None:
    _assert_counted(load_point(ref).spec)


@pytest.mark.parametrize("spec", [SEESAW, *map(around, BLOCKS.values())], ids=["network", *BLOCKS])
def test_every_block_kind_runs_what_is_counted(spec: ArchSpec) -> None:
    _assert_counted(spec)


@given(spec=arch_specs())
@settings(max_examples=25, deadline=None)
def test_generated_networks_run_what_is_counted(spec: ArchSpec) -> None:
    _assert_counted(spec)


def _assert_counted(spec: ArchSpec) -> None:
    network = build(spec).eval()
    analytic = cost(spec)
    assert _madds(network) == analytic.madds
    assert sum(parameter.numel() for parameter in network.parameters()) == analytic.params


def _madds(network: FaceNetwork) -> int:
    size = network.spec.input
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch deprecates what fvcore is built on
        from fvcore.nn.flop_count import FlopCountAnalysis

        analysis = FlopCountAnalysis(network, torch.zeros(1, 3, size.height, size.width))
        by_operator = analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).by_operator()
    return int(by_operator["conv"] + by_operator["linear"])
