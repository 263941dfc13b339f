"""NASWOT, against codes of the literal network compared bit by bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from seesawnas.arch import ACTIVATIONS
from seesawnas.evaluation.training_free import FaceBatch
from seesawnas.evaluation.training_free.naswot import naswot
from seesawnas.nn import build
from seesawnas.nn.activations import activation
from tests.evaluation.training_free import networks
from tests.evaluation.training_free.networks import SPECS, made_up_batch, twins
from tests.nn.literal import LiteralNetwork
from tests.nn.specs import SEESAW


def literal_naswot(network: LiteralNetwork, images: Tensor) -> float:
    """Of every activation's input the signs; the kernel pair by pair."""
    parts: list[Tensor] = []
    for module in network.modules():
        if isinstance(module, networks.ACTIVATIONS):
            module.register_forward_hook(lambda _, read, __: parts.append(read[0].flatten(1) > 0))
    network.train()(images)
    codes = torch.cat(parts, 1).numpy()
    kernel = [[int((one == other).sum()) for other in codes] for one in codes]
    sign, value = np.linalg.slogdet(np.array(kernel, dtype=np.float64))
    assert sign == 1
    return float(value)


@pytest.mark.parametrize("name", SPECS)
def test_it_is_that_of_the_literal_network(name: str) -> None:
    spec = SPECS[name]
    ours, literal = twins(spec)
    batch = made_up_batch(spec)
    assert naswot(ours, batch) == pytest.approx(literal_naswot(literal, batch.images), rel=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_s_output_is_positive_if_its_input_is(name: str) -> None:
    x = torch.linspace(-9.0, 9.0, 181).view(1, 1, 1, -1)
    y = activation(name, 1)(x)  # type: ignore[arg-type]
    assert torch.equal(y > 0, x > 0)


def test_equal_images_have_no_value() -> None:
    images = made_up_batch(SEESAW, 4).images.float()
    twice = torch.cat([images, images])
    assert naswot(build(SEESAW), FaceBatch(twice, torch.arange(8))) == -math.inf
