"""Networks of the kinds beside bottlenecks: exact counts, and the outputs and gradients of literal references."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from seesawnas.cost import cost
from seesawnas.nn import build
from seesawnas.space import load_point
from tests.arch.blocks.reference_weights import awake, copy_weights
from tests.nn.reference.other_networks import OTHERS

COUNTS = yaml.safe_load((Path(__file__).parents[2] / "nn" / "reference" / "other_counts.yaml").read_text())
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


@pytest.mark.parametrize("name", REFERENCES)
def test_a_published_network_counts_to_its_references_numbers(name: str) -> None:
    point, golden = load_point(f"paper/{name}"), COUNTS[REFERENCES[name]]
    found = cost(point.spec)
    assert (found.params, found.madds) == (golden["params"], golden["madds"])
    assert point.counted == {"params": golden["params"], "madds": golden["madds"]}
    assert [point.spec.input.height, point.spec.input.width] == golden["input"]


@pytest.mark.parametrize("name", ONE_A_KIND)
def test_a_published_network_gives_its_references_outputs(name: str) -> None:
    torch.manual_seed(1)
    network = build(load_point(f"paper/{name}").spec).double().eval()
    size = network.spec.input
    images = torch.randn(3, 3, size.height, size.width, dtype=torch.float64)
    reference = awake(OTHERS[REFERENCES[name]].make(), images)
    copy_weights(reference, network)
    with torch.no_grad():
        ours, theirs = network(images), reference(images)
    largest = theirs.abs().max()
    torch.testing.assert_close(ours / largest, theirs / largest, rtol=0, atol=1e-10)
    assert (theirs[0] - theirs[1]).abs().max() > largest / 100  # else the outputs would say nothing of the layers


@pytest.mark.parametrize("name", ONE_A_KIND)
def test_gradients_reach_every_parameter(name: str) -> None:
    torch.manual_seed(1)
    network = build(load_point(f"paper/{name}").spec)
    size = network.spec.input
    images = torch.randn(2, 3, size.height, size.width)
    for training in (True, False):
        network.zero_grad()
        network.train(training)(images).square().sum().backward()
        assert [path for path, one in network.named_parameters() if one.grad is None] == []
    assert [path for path, one in network.named_parameters() if not one.grad.any()] == []
