"""Three answers that must agree.

The cost model, fvcore's conv + linear of what eval mode runs, torch's parameters.
"""

from __future__ import annotations

import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.nn import FaceNetwork, build
from seesawnas.space import load_point, load_space, read_yaml, shipped, to_space
from tests.mixed_space import MIXED, networks_of
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


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_generated_networks_of_every_kind_run_what_is_counted(data: st.DataObject) -> None:
    _assert_counted(data.draw(networks_of(to_space(read_yaml(MIXED, "MIXED"), "MIXED"))))


@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_generated_networks_of_cells_run_what_is_counted(data: st.DataObject) -> None:
    _assert_counted(data.draw(networks_of(load_space("pocketnet"))).at_resolution(56))


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
        by_operator = (
            analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).by_operator()
        )
    return int(by_operator["conv"] + by_operator["linear"])
