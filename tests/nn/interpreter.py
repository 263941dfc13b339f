"""A body run node by node, slowly, with the weights of the module that is built from it.

What the module must equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.arch import Body, Node
from seesawnas.arch.layers import Act, Add, Concat, Conv, Linear, Norm, Pool, Scale, Shuffle, Slice


def interpret(
    body: Body, weights: Mapping[str, Tensor], inputs: Sequence[Tensor], training: bool
) -> Tensor:
    """(N, C, H, W) of the last node.

    ``weights`` by the names of the nodes, a fused activation's under its batch norm's.
    """
    found: list[Tensor] = []
    for node in body:
        read = [found[index] if index >= 0 else inputs[-index - 1] for index in node.reads]
        found.append(_node(node, body, weights, read, training))
    return found[-1]


def _node(
    node: Node, body: Body, weights: Mapping[str, Tensor], read: list[Tensor], training: bool
) -> Tensor:
    x, layer, name = read[0], node.layer, node.name
    match layer:
        case Conv():
            return _conv(layer, name, weights, x)
        case Linear():
            return F.linear(x.flatten(1), weights[f"{name}.weight"], weights.get(f"{name}.bias"))[
                :, :, None, None
            ]
        case Norm():
            statistics = (
                weights[f"{name}.running_mean"].clone(),
                weights[f"{name}.running_var"].clone(),
            )
            return F.batch_norm(
                x, *statistics, weights[f"{name}.weight"], weights[f"{name}.bias"], training
            )
        case Act():
            before = body[node.reads[0]].name if node.reads[0] >= 0 else ""
            slope = weights.get(f"{before}.activation.weight", weights.get(f"{name}.weight"))
            if layer.name == "prelu" and slope is not None:
                return F.prelu(x, slope)
            return _ACTS[layer.name](x)
        case Pool():
            return _pool(layer, x)
        case Shuffle():
            return nn.ChannelShuffle(layer.groups)(x)  # type: ignore[no-any-return]
        case Slice():
            y = x[:, layer.start : layer.stop]
            moved = torch.zeros_like(y)
            s = layer.shift
            moved[:, :, : y.shape[2] - s, : y.shape[3] - s] = y[:, :, s:, s:]
            return moved
        case Add():
            return torch.stack(read).sum(0)
        case Concat():
            return torch.cat(read, 1)
        case Scale():
            return x * read[1]
        case _:
            assert_never(layer)


def _conv(layer: Conv, name: str, weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    own = [weights[key] for key in sorted(weights) if key.startswith(f"{name}.weights.")] or list(
        torch.chunk(weights[f"{name}.weight"], layer.groups if isinstance(layer.groups, int) else 1)
    )
    parts = torch.split(x, list(layer.parts(x.shape[1])), 1)
    ys = [F.conv2d(p, w, None, layer.stride, layer.pads) for p, w in zip(parts, own, strict=True)]
    y = torch.cat(ys, 1)
    return y + weights[f"{name}.bias"][:, None, None] if layer.bias else y


def _pool(layer: Pool, x: Tensor) -> Tensor:
    if layer.kernel is None:
        return (
            F.adaptive_avg_pool2d(x, 1) if layer.kind == "average" else F.adaptive_max_pool2d(x, 1)
        )
    if layer.kind == "max":
        return F.max_pool2d(x, layer.kernel, layer.stride, layer.padding, ceil_mode=layer.ceil)
    ones = F.avg_pool2d(torch.ones_like(x), layer.kernel, layer.stride, layer.padding, layer.ceil)
    return F.avg_pool2d(x, layer.kernel, layer.stride, layer.padding, layer.ceil) / ones


_ACTS: dict[str, Callable[[Tensor], Tensor]] = {
    "swish": lambda x: x * torch.sigmoid(x),
    "hard_swish": lambda x: x * F.relu6(x + 3) / 6,
    "relu": lambda x: x.clamp_min(0),
    "relu6": lambda x: x.clamp(0, 6),
    "leaky_relu": lambda x: torch.where(x > 0, x, 0.01 * x),
    "gelu": lambda x: x * 0.5 * (1 + torch.erf(x / 2**0.5)),
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
    "hard_sigmoid": lambda x: F.relu6(x + 3) / 6,
    "prelu": lambda x: x,
}
