"""ZiCo: how steady the gradients of a network's weights are from batch to batch.

Li et al., arXiv 2301.11300: the sum over the layers of log sum_w E[|g_w|] / sqrt(Var[|g_w|]), g_w
the gradient of the loss by weight w, its mean and variance over two batches.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from seesawnas.evaluation.training_free.batch import FaceBatch
from seesawnas.evaluation.training_free.modules import layer_weights
from seesawnas.nn import FaceNetwork

_BATCHES = 2
_SCALE = 16.0
"""Of the cosines, as in the proxy's recipe."""


def zico(network: FaceNetwork, batch: FaceBatch) -> float:
    """The sum over convolutions and linear layers, gradients taken of the two halves of the batch.

    The loss is the cross-entropy of scaled cosines to one random vector per identity: a face
    network's classifier, before any margin. Weights whose gradients do not vary are left out.

    Args:
        network: With fresh weights; the vectors are drawn from torch's global generator.
        batch: Of N images, at least four.
    """
    network.train()
    layers = layer_weights(network)
    weights = [weight for layer in layers for weight in layer]
    shape = (batch.identities, network.spec.embedding_size)
    classes = F.normalize(torch.randn(shape, dtype=batch.images.dtype))
    found = []
    for images, labels in zip(
        batch.images.tensor_split(_BATCHES), batch.labels.tensor_split(_BATCHES), strict=True
    ):
        cosines = F.linear(F.normalize(network(images)), classes)
        loss = F.cross_entropy(_SCALE * cosines, labels)
        gradients = torch.autograd.grad(loss, weights, materialize_grads=True)
        found.append([gradient.abs() for gradient in gradients])
    ratios = iter([_ratio(torch.stack(own)) for own in zip(*found, strict=True)])
    sums = (sum(next(ratios) for _ in layer) for layer in layers)
    return sum(math.log(one) for one in sums if one > 0)


def _ratio(sizes: torch.Tensor) -> float:
    """The sum of means over deviations, of the gradients' ``sizes`` (batches, ...)."""
    mean, deviation = sizes.double().mean(0), sizes.double().std(0, correction=0)
    varies = deviation > 0
    return float((mean[varies] / deviation[varies]).sum())
