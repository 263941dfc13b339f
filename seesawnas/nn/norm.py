"""Batch norm with the activation that follows it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class NormAct(nn.BatchNorm2d):
    """Batch norm over (N, C, H, W), then ``activation`` (None: none)."""

    def __init__(self, channels: int, activation: nn.Module | None) -> None:
        super().__init__(channels)
        self.activation = nn.Identity() if activation is None else activation

    def forward(self, input: Tensor) -> Tensor:  # noqa: D102
        # input (N, C, H, W) -> (N, C, H, W)
        if self.training and isinstance(self.activation, nn.SiLU) and _is_worth_fusing(input):
            return self._norm_swish(input)
        y: Tensor = self.activation(super().forward(input))
        return y

    def scale_and_shift(self) -> tuple[Tensor, Tensor]:
        """(scale, shift) a channel, such that eval mode's batch norm is scale * x + shift."""
        assert self.running_mean is not None
        assert self.running_var is not None
        scale = self.weight * torch.rsqrt(self.running_var + self.eps)
        return scale, torch.addcmul(self.bias, self.running_mean, scale, value=-1)

    def _norm_swish(self, x: Tensor) -> Tensor:
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        momentum = 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum
        statistics = (self.running_mean, self.running_var, momentum, self.eps)
        y: Tensor = _NormSwish.apply(x, self.weight, self.bias, *statistics)  # type: ignore[no-untyped-call]
        return y


class _NormSwish(torch.autograd.Function):
    """Batch norm and swish that remember only batch norm's input.

    Swish overwrites batch norm's output, and the way back computes it again: reading a map once more is cheaper than
    allocating and keeping a second one.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, var: Tensor, momentum: float, eps: float
    ) -> Tensor:
        y, batch_mean, inverse_std = torch.native_batch_norm(x, weight, bias, mean, var, True, momentum, eps)
        ctx.save_for_backward(x, weight, bias, batch_mean, inverse_std)
        ctx.eps = eps
        return torch.nn.functional.silu(y, inplace=True)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, mean, inverse_std = ctx.saved_tensors
        y = torch.native_batch_norm(x, weight, bias, mean, inverse_std.pow(-2), False, 0.0, 0.0)[0]
        torch.ops.aten.silu_backward.grad_input(grad, y, grad_input=y)
        back = torch.ops.aten.native_batch_norm_backward
        grads = back(y, x, weight, None, None, mean, inverse_std, True, ctx.eps, [True, True, True])
        return *grads, None, None, None, None


def _is_worth_fusing(x: Tensor) -> bool:
    # One value a channel has no variance: torch's own batch norm says so.
    return x.device.type == "cpu" and x.numel() > x.shape[1]
