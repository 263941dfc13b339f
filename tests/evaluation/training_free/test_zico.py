"""ZiCo, against gradients of the literal network, weight by weight."""

from __future__ import annotations

import math
import re
from collections import defaultdict

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from seesawnas.evaluation.training_free import FaceBatch
from seesawnas.evaluation.training_free.zico import zico
from seesawnas.nn import build
from tests.evaluation.training_free.networks import SPECS, made_up_batch, twins
from tests.nn.literal import LiteralNetwork
from tests.nn.specs import SEESAW

WEIGHT = re.compile(r"(.*(?:conv|linear|squeeze|excite))\.weight")


def literal_zico(network: LiteralNetwork, batch: FaceBatch, classes: torch.Tensor) -> float:
    """The formula as it is written, groups of one convolution one layer."""
    sizes: dict[str, list[np.ndarray]] = defaultdict(list)
    half = len(batch.labels) // 2
    for part in (slice(None, half), slice(half, None)):
        network.zero_grad()
        embeddings = network.train()(batch.images[part])
        cosines = F.cosine_similarity(embeddings[:, None], classes[None], dim=2)
        F.cross_entropy(16 * cosines, batch.labels[part]).backward()  # type: ignore[no-untyped-call]
        for name, parameter in network.named_parameters():
            if WEIGHT.fullmatch(name):
                assert parameter.grad is not None
                sizes[name].append(parameter.grad.abs().flatten().numpy().copy())
    sums: dict[str, float] = defaultdict(float)
    for name, (one, other) in sizes.items():
        layer = re.sub(r"\.groups\.[0-9]+", "", name)
        for a, b in zip(one, other, strict=True):
            if a != b:
                sums[layer] += float(np.mean([a, b]) / np.std([a, b]))
    return sum(math.log(value) for value in sums.values() if value)


@pytest.mark.parametrize("name", SPECS)
def test_it_is_that_of_the_literal_network(name: str) -> None:
    spec = SPECS[name]
    ours, literal = twins(spec)
    batch = made_up_batch(spec)
    torch.manual_seed(1)
    classes = torch.randn(2, spec.embedding_size, dtype=torch.float64)
    torch.manual_seed(1)
    # A mean over a nearly equal deviation tells the order of sums apart.
    assert zico(ours, batch) == pytest.approx(literal_zico(literal, batch, classes), rel=1e-4)


def test_weights_whose_gradients_do_not_vary_are_left_out() -> None:
    images = made_up_batch(SEESAW, 4).images.float()
    labels = torch.tensor([0, 1, 1, 0])
    batch = FaceBatch(torch.cat([images, images]), torch.cat([labels, labels]))
    assert zico(build(SEESAW), batch) == 0.0
