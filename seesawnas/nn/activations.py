"""Activations by name, and what oneDNN calls them when it applies them at the end of a convolution."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from torch import nn

from seesawnas.arch import Activation

PostOp: TypeAlias = tuple[str, list[float], str]  # (name, scalars, algorithm)


def activation(name: Activation, channels: int) -> nn.Module:
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
        case _:
            assert_never(name)


def post_op(module: nn.Module) -> PostOp | None:
    """How oneDNN applies ``module`` to what a convolution writes; None where torch offers no such thing (PReLU)."""
    match module:
        case nn.Identity():
            return "none", [], ""
        case nn.SiLU():
            return "swish", [], ""
        case nn.Hardswish():
            return "hardswish", [], ""
        case nn.ReLU():
            return "relu", [], ""
        case nn.ReLU6():
            return "hardtanh", [0.0, 6.0], ""
        case nn.LeakyReLU():
            return "leaky_relu", [module.negative_slope], ""
        case nn.GELU():
            return "gelu", [], module.approximate
        case _:
            return None
