"""The optimiser: stochastic gradient descent, weight decay by kind of weight."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seesawnas.nn import FaceNetwork
from seesawnas.train.head import MarginHead, SampledHead
from seesawnas.train.recipe import Recipe


def make_optimizer(network: nn.Module, head: MarginHead, recipe: Recipe) -> torch.optim.SGD:
    """Of convolutions and linear layers, what has one dimension, the embedding's linear layer, the classes' vectors."""
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    last = _embedding_weights(network) if recipe.embedding_weight_decay is not None else []
    own = {id(weight) for weight in last}
    groups = [
        ([weight for weight in weights if weight.ndim > 1 and id(weight) not in own], recipe.weight_decay),
        ([weight for weight in weights if weight.ndim <= 1], 0.0),
        (last, recipe.embedding_weight_decay or 0.0),
        (list(head.parameters()), recipe.head_weight_decay),
    ]
    chosen = [{"params": params, "weight_decay": decay} for params, decay in groups if params]
    return torch.optim.SGD(chosen, lr=0.0, momentum=recipe.momentum, nesterov=recipe.nesterov and recipe.momentum > 0)


def momenta(optimizer: torch.optim.SGD, head: MarginHead) -> list[Tensor]:
    """Each parameter's momentum, in order; made here rather than at the first step, so that a state can be restored first.

    A sampled head keeps its own.
    """
    borrowed = id(head.sample) if isinstance(head, SampledHead) else None
    found = []
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            if id(parameter) != borrowed:
                slot = optimizer.state[parameter]
                if slot.get("momentum_buffer") is None:
                    slot["momentum_buffer"] = torch.zeros_like(parameter)
                found.append(slot["momentum_buffer"])
    return found


def _embedding_weights(network: nn.Module) -> list[Tensor]:
    """Of the head's last linear layer, if it has one."""
    if not isinstance(network, FaceNetwork):
        return []
    linear = [module.weight for module in network.head.modules() if isinstance(module, nn.Linear)]
    return list(linear[-1:])
