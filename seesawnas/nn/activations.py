"""Activations by name."""

from __future__ import annotations

from functools import partial
from typing import Any, assert_never

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from seesawnas.arch.layers import Activation, Gate
from seesawnas.nn.cpu import Step


def activation(name: Activation | Gate, channels: int) -> nn.Module:
    """The module called ``name`` for a map of ``channels``; ``prelu`` has one slope per channel."""
    match name:
        case "swish":
            return nn.SiLU()
        case "hard_swish":
            return nn.Hardswish()
        case "prelu":
            return nn.PReLU(channels)
        case "relu":
            return nn.ReLU()
        case "relu6":
            return nn.ReLU6()
        case "leaky_relu":
            return nn.LeakyReLU()
        case "gelu":
            return nn.GELU()
        case "sigmoid":
            return nn.Sigmoid()
        case "hard_sigmoid":
            return nn.Hardsigmoid()
        case _:
            assert_never(name)


def overwriting(module: nn.Module) -> Step:
    """``module`` on a map that nobody needs afterwards.

    Gelu and prelu allocate their result all the same.
    """
    match module:
        case nn.SiLU():
            return torch.ops.aten.silu_
        case nn.Hardswish():
            return torch.ops.aten.hardswish_
        case nn.ReLU():
            return torch.relu_
        case nn.ReLU6():
            return partial(F.hardtanh, min_val=0.0, max_val=6.0, inplace=True)
        case nn.Sigmoid():
            return torch.sigmoid_
        case nn.LeakyReLU():
            return partial(F.leaky_relu, negative_slope=module.negative_slope, inplace=True)
        case _:
            return module


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
        """(scale, shift) per channel, such that eval mode's batch norm is scale * x + shift."""
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

    Swish overwrites batch norm's output, and the way back computes it again: reading a map once
    more is cheaper than allocating and keeping a second one.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        var: Tensor,
        momentum: float,
        eps: float,
    ) -> Tensor:
        y, batch_mean, inverse_std = torch.native_batch_norm(
            x, weight, bias, mean, var, True, momentum, eps
        )
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
