"""How eval mode runs a convolution.

With gradients off on a CPU, oneDNN adds the bias and applies the activation while it writes the convolution's result,
so the map is not read and written again. Anywhere else (gradients on, another device, a trace or an export) the same
arithmetic is two plain operators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.nn.activations import post_op

Step: TypeAlias = Callable[[Tensor], Tensor]

_HAS_FUSED_CONV = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
_FUSED_PIXELS = 256  # below, starting oneDNN costs more than a second pass over the map
_CHUNK_PIXELS = 8 * 112 * 112  # input pixels that run together: their maps stay in cache and are cheap to allocate


@dataclass(frozen=True, slots=True)
class Geometry:
    """Stride, padding and groups of a convolution; padding is (rows, columns)."""

    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    groups: int = 1


def is_plain_inference(x: Tensor) -> bool:
    """Whether only the values count: no gradients, no trace, no export; on a CPU."""
    if torch.is_grad_enabled() or torch.compiler.is_compiling():
        return False
    tracing = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    return x.device.type == "cpu" and not tracing


def chunks(x: Tensor) -> tuple[Tensor, ...]:
    """``x`` (N, 3, H, W) in the groups of images that inference runs together: eval mode mixes no images."""
    if not is_plain_inference(x):
        return (x,)
    return torch.split(x, max(1, _CHUNK_PIXELS // (x.shape[2] * x.shape[3])))


def conv_activation(x: Tensor, weight: Tensor, bias: Tensor, geometry: Geometry, activation: nn.Module) -> Tensor:
    """activation(conv(x) + bias), (N, C, H, W) -> (N, C', H', W')."""
    after = post_op(activation)
    if after is None or not _can_fuse(x):
        g = geometry
        return _activated(F.conv2d(x, weight, bias, g.stride, g.padding, groups=g.groups), activation)
    padding, stride, name = list(geometry.padding), [geometry.stride] * 2, after[0]
    fused = torch.ops.mkldnn._convolution_pointwise
    y: Tensor = fused(x, weight, bias, padding, stride, [1, 1], geometry.groups, name, after[1], after[2])
    return y


def _activated(x: Tensor, activation: nn.Module) -> Tensor:
    y: Tensor = activation(x)
    return y


def _can_fuse(x: Tensor) -> bool:
    pixels = x.shape[0] * x.shape[2] * x.shape[3]
    return _HAS_FUSED_CONV and pixels >= _FUSED_PIXELS and x.dtype == torch.float32 and is_plain_inference(x)
