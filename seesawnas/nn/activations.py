"""Activations by name."""

from __future__ import annotations

from functools import partial
from typing import assert_never

import torch
from torch import nn
from torch.nn import functional as F

from seesawnas.arch.layers import Activation, Gate
from seesawnas.nn.inference import Step


def activation(name: Activation | Gate, channels: int) -> nn.Module:
    """The module called ``name`` for a map of ``channels``; ``prelu`` learns a slope a channel."""
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
    """``module`` on a map that nobody needs afterwards; gelu and prelu allocate their result all the same."""
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
