"""Networks, ours and the literal one of the same weights, and made-up batches for them."""

from __future__ import annotations

import torch
from torch import nn

from seesawnas.arch import ArchSpec
from seesawnas.evaluation.training_free import FaceBatch
from seesawnas.nn import FaceNetwork, build
from tests.nn.literal import LiteralNetwork, Swish, to_literal
from tests.nn.specs import BLOCKS, SEESAW, around

ACTIVATIONS = (Swish, nn.Hardswish, nn.PReLU, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.GELU)
_BLOCKS = ("inverted, se", "shuffle, 3 groups", "skip conv", "activation gelu")
SPECS = {"seesaw": SEESAW, **{name: around(BLOCKS[name]) for name in _BLOCKS}}
"""Uneven groups, squeeze-and-excitation, skips and several activations."""


def twins(spec: ArchSpec, seed: int = 0) -> tuple[FaceNetwork, LiteralNetwork]:
    """The network of ``spec``, and the literal one, in float64."""
    torch.manual_seed(seed)
    ours, literal = build(spec).double(), LiteralNetwork(spec).double()
    literal.load_state_dict(to_literal(ours.state_dict(), spec))
    return ours, literal


def made_up_batch(spec: ArchSpec, number: int = 8, seed: int = 0) -> FaceBatch:
    """Noise of two people, in float64."""
    generator = torch.Generator().manual_seed(seed)
    shape = (number, 3, spec.input.height, spec.input.width)
    images = torch.randn(shape, generator=generator, dtype=torch.float64)
    return FaceBatch(images, torch.arange(number) % 2)
