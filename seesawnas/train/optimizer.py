"""The optimiser: SGD or AdamW, with weight decay by kind of weight."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import assert_never

import torch
from torch import Tensor, nn

from seesawnas.nn import FaceNetwork
from seesawnas.train.losses.criterion import Criterion
from seesawnas.train.losses.head import MOMENTA, STEP
from seesawnas.train.recipe import OptimizerName, Precision, Recipe


def make_optimizer(
    network: nn.Module, criterion: nn.Module, recipe: Recipe
) -> torch.optim.Optimizer:
    """The optimiser of ``network`` and ``criterion``, with four groups of parameters.

    These are the weights of convolutions and linear layers, what has one dimension, the embedding's
    linear layer, and the criterion's parameters. What needs no gradient is in none.
    """
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    last = _embedding_weights(network) if recipe.embedding_weight_decay is not None else []
    own = {id(weight) for weight in last}
    groups = [
        (
            [weight for weight in weights if weight.ndim > 1 and id(weight) not in own],
            recipe.weight_decay,
        ),
        ([weight for weight in weights if weight.ndim <= 1], 0.0),
        ([weight for weight in last if weight.requires_grad], recipe.embedding_weight_decay or 0.0),
        (list(criterion.parameters()), recipe.head_weight_decay),
    ]
    chosen = [{"params": params, "weight_decay": decay} for params, decay in groups if params]
    match recipe.optimizer:
        case "sgd":
            return torch.optim.SGD(
                chosen,
                lr=0.0,
                momentum=recipe.momentum,
                nesterov=recipe.nesterov and recipe.momentum > 0,
            )
        case "adamw":
            first, second = recipe.betas
            return torch.optim.AdamW(chosen, lr=0.0, betas=(first, second))
        case _:
            assert_never(recipe.optimizer)


def momenta(
    optimizer: torch.optim.Optimizer, criterion: Criterion, kind: OptimizerName
) -> dict[str, Tensor]:
    """What the optimiser keeps of each parameter, but of those that the criterion keeps itself.

    They are made here rather than at the first step, so that a state can be restored first.
    """
    own = {id(parameter) for parameter in criterion.with_own_momentum()}
    parameters = [
        parameter
        for group in optimizer.param_groups
        for parameter in group["params"]
        if id(parameter) not in own
    ]
    found = {}
    for index, parameter in enumerate(parameters):
        slot = optimizer.state[parameter]
        for name, key in MOMENTA[kind].items():
            if slot.get(key) is None:
                slot[key] = torch.zeros_like(parameter)
            found[f"{name}.{index}"] = slot[key]
        if kind == "adamw":
            slot.setdefault(STEP, torch.zeros(()))  # on the CPU, where torch wants it
            found[f"{STEP}.{index}"] = slot[STEP]
    return found


def _embedding_weights(network: nn.Module) -> list[Tensor]:
    """Of the head's last linear layer, if it has one."""
    if not isinstance(network, FaceNetwork):
        return []
    linear = [module.weight for module in network.head.modules() if isinstance(module, nn.Linear)]
    return list(linear[-1:])


_TYPES: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


class LossScaler:
    """Autocast for the forward pass; for fp16 also a loss scale that adapts.

    Without it fp16's gradients would vanish.
    """

    def __init__(self, precision: Precision, device: torch.device) -> None:
        self._type, self._device = _TYPES.get(precision), device.type
        self._scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")

    def forward(self) -> AbstractContextManager[object]:
        """For the network's forward alone."""
        return torch.autocast(self._device, self._type, enabled=self._type is not None)

    def backward(self, loss: Tensor) -> None:
        """Gradients of ``loss``, scaled."""
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """One step; none if a gradient overflowed, and a smaller scale from then on."""
        self._scaler.step(optimizer)
        self._scaler.update()

    def state(self) -> Tensor:
        """The scale, and for how many steps it has held."""
        state = self._scaler.state_dict()
        return torch.tensor(
            [state.get("scale", 1.0), state.get("_growth_tracker", 0)], dtype=torch.float64
        )

    def restore(self, state: Tensor) -> None:
        """Resume from a ``state``."""
        if self._scaler.is_enabled():
            kept = {"scale": float(state[0]), "_growth_tracker": int(state[1])}
            self._scaler.load_state_dict({**self._scaler.state_dict(), **kept})
