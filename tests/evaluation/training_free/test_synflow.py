"""Synflow, against the literal network and its scaling law."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from seesawnas.evaluation.training_free.modules import layer_weights
from seesawnas.evaluation.training_free.synflow import synflow
from seesawnas.nn import build
from tests.evaluation.training_free.networks import ACTIVATIONS, SPECS, made_up_batch, twins
from tests.nn.literal import ConvNormAct, LiteralBlock, LiteralNetwork
from tests.nn.specs import BLOCKS, SEESAW, around


def literal_synflow(network: LiteralNetwork, size: tuple[int, int]) -> float:
    """The summed saliency, activations and gates taken out of the network."""
    for module in list(network.modules()):
        if isinstance(module, ConvNormAct) and isinstance(module.act, ACTIVATIONS):
            module.act = nn.Identity()
        if isinstance(module, LiteralBlock):
            module.excite = None
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.eps = 0.0
    for parameter in network.parameters():
        parameter.data.abs_()
    network.eval()
    network(torch.ones(1, 3, *size, dtype=torch.float64)).sum().backward()
    total = 0.0
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            assert module.weight.grad is not None
            total += float((module.weight.detach() * module.weight.grad).sum())
    return total


@pytest.mark.parametrize("name", SPECS)
def test_it_is_that_of_the_literal_network(name: str) -> None:
    spec = SPECS[name]
    ours, literal = twins(spec)
    found = literal_synflow(literal, (spec.input.height, spec.input.width))
    assert synflow(ours, made_up_batch(spec)) == pytest.approx(math.log(found), rel=1e-9)


def test_a_chain_s_saliency_scales_with_every_layer() -> None:
    # R is of degree 1 in the weights of each layer of a chain, so each layer's saliency is R.
    spec = around(BLOCKS["skip none"])
    plain, scaled = build(spec), build(spec)
    scaled.load_state_dict(plain.state_dict())
    with torch.no_grad():
        for layer in layer_weights(scaled):
            for weight in layer:
                weight.mul_(-2.0)
    batch = made_up_batch(spec)
    gain = synflow(scaled, batch) - synflow(plain, batch)
    assert gain == pytest.approx(math.log(2.0) * len(layer_weights(plain)), rel=1e-6)


def test_the_images_do_not_count() -> None:
    torch.manual_seed(0)
    networks = [build(SEESAW), build(SEESAW)]
    networks[1].load_state_dict(networks[0].state_dict())
    values = {
        synflow(network, made_up_batch(SEESAW, seed=seed)) for seed, network in enumerate(networks)
    }
    assert len(values) == 1
