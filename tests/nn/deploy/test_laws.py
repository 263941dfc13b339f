"""A deploy form is the network it is made of, in operators that every runtime has."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seesawnas.arch import Input
from seesawnas.arch.layers import Pool, Shape
from seesawnas.cost import cost
from seesawnas.nn import FaceNetwork
from seesawnas.nn.deploy import DeployForm, deploy_form, to_module
from seesawnas.nn.deploy.build import written
from seesawnas.nn.deploy.form import (
    INPUT,
    Affine,
    Convolve,
    ConvolveGroups,
    PoolMap,
    ShuffleChannels,
    SliceChannels,
    Step,
)
from seesawnas.nn.deploy.lowering import lower_groups
from seesawnas.nn.deploy.passes import fold_affines, order_channels
from seesawnas.space import load, shipped
from tests.nn.deploy.networks import BLOCKS, HEADS, SEESAW, STEMS, networks, plain_network, settled

WASTES = (0, 1e4, inf)
# Of the largest number: constants are kept in single precision.
TOLERANCE = 2e-5


def difference(network: FaceNetwork, form: DeployForm) -> float:
    """Between their embeddings, of the largest number in them."""
    size = network.spec.input
    images = torch.randn(2, 3, size.height, size.width, dtype=torch.float64)
    with torch.no_grad():
        expected: Tensor = network.double()(images)
        found: Tensor = to_module(form).double()(images)
    network.float()
    assert found.shape == expected.shape
    return float((found - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize("block", BLOCKS)
@settings(max_examples=6)
@given(data=st.data())
def test_every_kind_keeps_the_laws(block: str, data: st.DataObject) -> None:
    spec = data.draw(networks(block))
    network = settled(spec)
    raw = fold_affines(written(network))
    for waste in WASTES:
        form = deploy_form(network, waste)
        assert difference(network, form) < TOLERANCE
        assert not [step for step in form.steps if isinstance(step.operator, ConvolveGroups)]
        assert misplaced_affines(form) == []
        assert slices(form) <= slices(lower_groups(raw, waste))
        assert len({step.name for step in form.steps}) == len(form.steps)
        if block in SEESAW:
            assert not [step for step in form.steps if isinstance(step.operator, ShuffleChannels)]
    assert madds(deploy_form(network)) == cost(spec).madds


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("head", HEADS)
def test_every_stem_and_head_gives_the_same_embedding(stem: str, head: str) -> None:
    network = settled(plain_network("inverted_bottleneck", stem, head))
    assert difference(network, deploy_form(network)) < TOLERANCE


@pytest.mark.parametrize(
    "ref",
    [
        pytest.param(ref, marks=[] if ref.endswith("seesaw_share") else pytest.mark.slow)
        for ref in shipped("paper")
    ],
)
def test_published_networks_give_the_same_embedding(ref: str) -> None:
    full = load(ref)
    height, width = full.input.height, full.input.width
    spec = replace(full, input=Input(height * 4 // 7, width * 4 // 7))  # a third of the time
    network = settled(spec)
    for waste in (0, 1e5, inf):
        form = deploy_form(network, waste)
        assert difference(network, form) < TOLERANCE
    assert madds(deploy_form(network)) == cost(spec).madds


def test_seesaw_share_is_at_most_200_operators() -> None:
    form = deploy_form(settled(load("paper/seesaw_share")), inf)
    assert len(form.steps) <= 200
    assert not [step for step in form.steps if isinstance(step.operator, SliceChannels)]


def test_pixels_and_unit_length_are_operators_of_the_form() -> None:
    network = settled(plain_network("share"))
    mean, std = (127.5, 120.0, 110.0), (128.0, 60.0, 70.0)
    size = network.spec.input
    pixels = torch.randint(0, 256, (2, 3, size.height, size.width)).float()
    form = deploy_form(network).normalised(mean, std).of_unit_length()
    images = (pixels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    with torch.no_grad():
        expected = torch.nn.functional.normalize(network(images))
        torch.testing.assert_close(to_module(form)(pixels), expected, rtol=1e-4, atol=1e-5)


def test_channels_are_made_in_the_order_in_which_groups_read_them() -> None:
    torch.manual_seed(0)
    before = Convolve(torch.randn(8, 3, 3, 3), torch.randn(8))
    groups = ConvolveGroups(
        ((0, 2, 4), (1, 3, 5, 6, 7)),
        (torch.randn(4, 3, 1, 1), torch.randn(2, 5, 1, 1)),
        torch.randn(6),
    )
    steps = (Step("a", before, (INPUT,)), Step("b", groups, (0,)))
    form = DeployForm((*steps, Step("c", PoolMap(Pool("average")), (1,))), Shape(3, 9, 9))
    apart, ordered = lower_groups(form, 0), lower_groups(order_channels(form, 0), 0)
    assert (slices(apart), slices(ordered)) == (6, 2)
    images = torch.randn(2, 3, 9, 9)
    torch.testing.assert_close(to_module(ordered)(images), to_module(apart)(images))


def misplaced_affines(form: DeployForm) -> list[str]:
    """Affines that a convolution before or after could have taken."""
    readers, found = form.readers(), []
    for index, step in enumerate(form.steps):
        if not isinstance(step.operator, Affine) or step.reads[0] == INPUT:
            continue
        before = form.steps[step.reads[0]].operator
        after = [form.steps[reader].operator for reader in readers[index]]
        follows = isinstance(before, Convolve) and readers[step.reads[0]] == [index]
        precedes = after and all(
            isinstance(one, Convolve) and one.groups == 1 and one.padding == (0, 0) for one in after
        )
        if follows or precedes:
            found.append(step.name)
    return found


def slices(form: DeployForm) -> int:
    """Steps that take some channels."""
    return sum(isinstance(step.operator, SliceChannels) for step in form.steps)


def madds(form: DeployForm) -> int:
    """Multiply-adds an image."""
    return sum(
        step.operator.weight.numel() * shape.height * shape.width
        for step, shape in zip(form.steps, form.shapes(), strict=True)
        if isinstance(step.operator, Convolve)
    )
