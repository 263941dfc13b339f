"""Synflow: the synaptic saliency of all weights, without data.

Tanaka et al., arXiv 2006.05467: of R = 1^T (prod_l |theta_l|) 1 the saliency of a
weight is (dR / d theta) theta. As a score of a network it is summed over all weights (Abdelfattah
et al., arXiv 2101.08134).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from seesawnas.evaluation.training_free.batch import FaceBatch
from seesawnas.evaluation.training_free.modules import activations, gates, layer_weights
from seesawnas.nn import FaceNetwork


def synflow(network: FaceNetwork, batch: FaceBatch) -> float:
    """The logarithm of the summed saliency of convolutions and linear layers.

    The network is made linear in its maps, with absolute weights, and takes one image of ones, of
    which only the size is the batch's. Activations are left out and gates are 1, as they all are in
    the limit of large positive maps. A fresh batch norm in eval mode leaves its input as it is.

    Args:
        network: With fresh weights; it is changed.
        batch: Only its images' size counts.

    Returns:
        The natural logarithm; infinite if the saliency of so deep a network is beyond float64.
    """
    network.double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.eps = 0.0
    for module in activations(network):
        module.register_forward_hook(_input)
    for module in gates(network):
        module.register_forward_hook(_ones)
    weights = [weight for layer in layer_weights(network) for weight in layer]
    ones = torch.ones(1, *batch.images.shape[1:], dtype=torch.float64)
    flow = network(ones).sum()
    gradients = torch.autograd.grad(flow, weights, materialize_grads=True)
    saliency = sum(
        float((weight.detach() * gradient).sum())
        for weight, gradient in zip(weights, gradients, strict=True)
    )
    return math.log(saliency)


def _input(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    return inputs[0]


def _ones(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    return torch.ones_like(output)
