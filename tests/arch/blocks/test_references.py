"""Networks of the kinds beside bottlenecks.

Exact counts, and the outputs and gradients of literal references.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

from seesawnas.arch import ArchSpec, Block, Head
from seesawnas.arch.blocks.mixfacenet import MixFaceNetUnit
from seesawnas.arch.blocks.shufflenet_v1 import ShuffleNetUnit
from seesawnas.cost import cost
from seesawnas.nn import build
from seesawnas.space import load_point
from tests.arch.blocks.reference_weights import awake, copy_weights
from tests.nn.reference.other_networks import OTHERS

COUNTS = yaml.safe_load(
    (Path(__file__).parents[2] / "nn" / "reference" / "other_counts.yaml").read_text()
)
REFERENCES = {
    "mobilenet_v1": "mobilenet_v1",
    "mobilenet_v2": "mobilenet_v2",
    "shufflenet": "shufflenet_narrow",
    "seesaw_net": "seesaw_net",
    "arcface_r100": "arcface_r100",
    "mixfacenet_xs": "mixfacenet_xs",
    "mixfacenet_s": "mixfacenet_s",
    "ghostfacenet_v1_1": "ghostfacenet_v1_1",
    "ghostfacenet_v1_2": "ghostfacenet_v1_2",
}
ONE_A_KIND = sorted(REFERENCES.keys() - {"mixfacenet_s", "ghostfacenet_v1_1"})


def of_article(block: Block) -> Block:
    """A bottleneck of a fourth of the outputs."""
    assert isinstance(block, ShuffleNetUnit)
    return replace(block, middle=block.outputs // 4)


def with_shuffle(block: Block) -> Block:
    assert isinstance(block, MixFaceNetUnit)
    return replace(block, shuffle="on")


VARIANTS: dict[str, Callable[[], ArchSpec]] = {
    "mobilenet_v2_gdconv": lambda: replace(paper("mobilenet_v2"), head=Head(1280, "relu6", 0)),
    "shufflenet": lambda: changed(paper("shufflenet"), of_article),
    "shuffle_mixfacenet_xs": lambda: changed(paper("mixfacenet_xs"), with_shuffle),
}


def paper(name: str) -> ArchSpec:
    return load_point(f"paper/{name}").spec


def changed(spec: ArchSpec, change: Callable[[Block], Block]) -> ArchSpec:
    return replace(spec, blocks=tuple(map(change, spec.blocks)))


@pytest.mark.parametrize("name", REFERENCES)
def test_a_published_network_counts_to_its_references_numbers(name: str) -> None:
    point, golden = load_point(f"paper/{name}"), COUNTS[REFERENCES[name]]
    found = cost(point.spec)
    assert (found.params, found.madds) == (golden["params"], golden["madds"])
    assert point.counted == {"params": golden["params"], "madds": golden["madds"]}
    assert [point.spec.input.height, point.spec.input.width] == golden["input"]


@pytest.mark.parametrize("name", ONE_A_KIND)
def test_a_published_network_gives_its_references_outputs(name: str) -> None:
    assert_equal(paper(name), OTHERS[REFERENCES[name]].make)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_counts_to_and_gives_what_its_reference_does(name: str) -> None:
    spec, found = VARIANTS[name](), cost(VARIANTS[name]())
    assert (found.params, found.madds) == (COUNTS[name]["params"], COUNTS[name]["madds"])
    assert_equal(spec, OTHERS[name].make)


def assert_equal(spec: ArchSpec, make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(1)
    network = build(spec).double().eval()
    images = torch.randn(3, 3, spec.input.height, spec.input.width, dtype=torch.float64)
    reference = awake(make(), images)
    copy_weights(reference, network)
    with torch.no_grad():
        ours, theirs = network(images), reference(images)
    largest = theirs.abs().max()
    torch.testing.assert_close(ours / largest, theirs / largest, rtol=0, atol=1e-10)
    assert (
        theirs[0] - theirs[1]
    ).abs().max() > largest / 100  # else the outputs would say nothing of the layers


@pytest.mark.parametrize("name", ONE_A_KIND)
def test_gradients_reach_every_parameter(name: str) -> None:
    torch.manual_seed(1)
    network = build(paper(name))
    size = network.spec.input
    images = torch.randn(2, 3, size.height, size.width)
    for training in (True, False):
        network.zero_grad()
        network.train(training)(images).square().sum().backward()
        assert [path for path, one in network.named_parameters() if one.grad is None] == []
    assert [
        path for path, one in network.named_parameters() if one.grad is None or not one.grad.any()
    ] == []
