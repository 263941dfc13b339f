"""VarGFaceNet, ShuffleFaceNet and PocketNet.

Exact counts, and the outputs and gradients of literal references.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

from seesawnas.arch import ArchSpec
from seesawnas.arch.codec import from_mapping, to_mapping
from seesawnas.cost import cost
from seesawnas.nn import build
from seesawnas.space import load_point
from tests.arch.blocks.face_networks import NETWORKS
from tests.arch.blocks.reference_weights import awake, copy_weights
from tests.nn.reference.networks import REFERENCES
from tests.nn.reference.pocketnet import NORMAL, REDUCE, PocketNet

COUNTS = yaml.safe_load(
    (Path(__file__).parents[2] / "nn" / "reference" / "counts.yaml").read_text()
)
ONE_A_KIND = ("vargfacenet", "shufflefacenet_0_5x", "pocketnet_s128")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_published_network_counts_to_its_references_numbers(name: str) -> None:
    found = cost(NETWORKS[name]())
    assert {"params": found.params, "madds": found.madds} == COUNTS[name]


@pytest.mark.parametrize("name", ONE_A_KIND)
def test_a_published_network_gives_its_references_outputs(name: str) -> None:
    torch.manual_seed(1)
    spec = NETWORKS[name]()
    network = build(spec).double().eval()
    images = torch.randn(3, 3, 112, 112, dtype=torch.float64)
    reference = awake(_reference(name, spec), images)
    copy_weights(reference, network)
    for module in reference.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.eps = 1e-5  # VarGFaceNet's code has another one
    with torch.no_grad():
        ours, theirs = network(images), reference(images)
    largest = theirs.abs().max()
    torch.testing.assert_close(ours / largest, theirs / largest, rtol=0, atol=1e-10)
    assert (theirs[0] - theirs[1]).abs().max() > largest / 100


@pytest.mark.parametrize("name", ONE_A_KIND)
def test_gradients_reach_every_parameter(name: str) -> None:
    torch.manual_seed(1)
    network = build(NETWORKS[name]())
    images = torch.randn(2, 3, 112, 112)
    for training in (True, False):
        network.zero_grad()
        network.train(training)(images).square().sum().backward()
        assert [path for path, one in network.named_parameters() if one.grad is None] == []
    # In training a shift before a linear layer and its batch norm changes nothing.
    assert [path for path, one in network.named_parameters() if not one.grad.any()] == []  # type: ignore[union-attr]


def _reference(name: str, spec: ArchSpec) -> nn.Module:
    """The literal network; a node's two edges in the order that ours writes them in.

    The sum is the same.
    """
    if not name.startswith("pocketnet"):
        return REFERENCES[name].make()
    normal, reduce = (
        {block.stride: block.genotype for block in spec.blocks}[stride] for stride in (1, 2)
    )
    for ours, published in ((normal, NORMAL), (reduce, REDUCE)):
        assert [sorted(edges) for edges in ours] == [sorted(edges) for edges in published]
    return PocketNet(16, 18, 128, normal, reduce)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_published_network_is_written_and_read(name: str) -> None:
    spec = NETWORKS[name]()
    assert from_mapping(yaml.safe_load(yaml.safe_dump(to_mapping(spec)))) == spec


@pytest.mark.parametrize("name", NETWORKS)
def test_the_point_that_ships_is_the_published_network(name: str) -> None:
    assert load_point(f"paper/{name}").spec == NETWORKS[name]()
