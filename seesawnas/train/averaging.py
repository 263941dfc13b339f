"""An exponential moving average of a network's weights and batch norm statistics."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class WeightAverage:
    """Averages every floating point tensor of ``network``'s state.

    These are parameters, running means and variances. The running statistics are averaged with the
    weights they were measured under, so they fit the averaged weights without another pass over the
    data. torch's AveragedModel would copy the weights at the first step, keep its count on the GPU
    and name its tensors in another way; its rule for a list of tensors is used.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self._steps = torch.zeros((), dtype=torch.int64)
        self._live = _tensors(network)
        self._average = [tensor.detach().clone() for tensor in self._live]

    def update(self) -> None:
        """Add the network's current weights to the average."""
        self._steps += 1
        # (1 + n) / (10 + n): the average is young as long as the training is, and forgets the
        # initial weights.
        steps = int(self._steps)
        decay = min(self._decay, (1 + steps) / (10 + steps))
        get_ema_multi_avg_fn(decay)(self._average, self._live, self._steps)  # type: ignore[no-untyped-call]

    def state(self) -> dict[str, Tensor]:
        """The average and how many steps are in it, by name.

        Writing into these tensors restores them.
        """
        return {"average.steps": self._steps} | {
            f"average.{i}": tensor for i, tensor in enumerate(self._average)
        }

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the network's weights and the average; a second call reverses it."""
        for live, average in zip(self._live, self._average, strict=True):
            kept = live.detach().clone()
            live.copy_(average)
            average.copy_(kept)


def _tensors(network: nn.Module) -> list[Tensor]:
    state = [*network.parameters(), *network.buffers()]
    return [tensor.detach() for tensor in state if tensor.is_floating_point()]
