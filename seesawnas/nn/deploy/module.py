"""A deploy form as a plain torch module, straight-line code that every exporter takes."""

from __future__ import annotations

from operator import getitem
from typing import Any, assert_never

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from seesawnas.arch.layers import Pool
from seesawnas.nn.activations import activation
from seesawnas.nn.deploy.form import (
    INPUT,
    Activate,
    AddMaps,
    Affine,
    ConcatMaps,
    Convolve,
    ConvolveGroups,
    DeployForm,
    MultiplyMaps,
    Operator,
    PoolMap,
    ShuffleChannels,
    SliceChannels,
    UnitLength,
    tensors,
)


def to_module(form: DeployForm) -> nn.Module:
    """``form`` as a module in eval mode: (N, 3, H, W) -> (N, embedding)."""
    graph, root = fx.Graph(), nn.Module()
    images = graph.placeholder("images")
    values: list[fx.Node] = []
    for step, shape in zip(form.steps, form.shapes(), strict=True):
        reads = [images if read == INPUT else values[read] for read in step.reads]
        values.append(_write(graph, root, step.name, step.operator, reads))
        values[-1].meta["channels"] = shape.channels
    graph.output(graph.call_function(torch.flatten, (values[-1], 1)))
    module = fx.GraphModule(root, graph, "DeployedNetwork")
    return module.eval().requires_grad_(False)


def _write(
    graph: fx.Graph, root: nn.Module, name: str, operator: Operator, reads: list[fx.Node]
) -> fx.Node:
    x = reads[0]
    match operator:
        case Convolve() | Affine() | Activate():
            target = name.replace(".", "_")
            root.add_module(target, _module(operator))
            return graph.call_module(target, (x,))
        case PoolMap():
            return _pool(graph, operator.layer, x)
        case SliceChannels():
            layer = operator.layer
            everything = slice(None)
            if layer.start or layer.stop is not None:
                x = _take(graph, x, everything, slice(layer.start, layer.stop))
            if layer.shift:
                rest = slice(layer.shift, None)
                x = _take(graph, x, everything, everything, rest, rest)
                x = graph.call_function(F.pad, (x, (0, layer.shift, 0, layer.shift)))
            return x
        case ShuffleChannels():
            root.add_module(target := name.replace(".", "_"), nn.ChannelShuffle(operator.groups))
            return graph.call_module(target, (x,))
        case AddMaps():
            total = x
            for other in reads[1:]:
                total = graph.call_function(torch.add, (total, other))
            return total
        case MultiplyMaps():
            return graph.call_function(torch.mul, tuple(reads))
        case ConcatMaps():
            return graph.call_function(torch.cat, (reads, 1))
        case UnitLength():
            # Of operators that XNNPACK has; F.normalize's is not among them.
            size = x.meta["channels"]
            root.add_module(target := name.replace(".", "_"), _conv(_sum_of(size)))
            squares = graph.call_function(torch.mul, (x, x))
            length = graph.call_function(torch.rsqrt, (graph.call_module(target, (squares,)),))
            return graph.call_function(torch.mul, (x, length))
        case ConvolveGroups():
            raise ValueError(f"{name}: convolutions over uneven groups must be lowered first")
        case _:
            assert_never(operator)


def _take(graph: fx.Graph, x: fx.Node, *slices: slice) -> fx.Node:
    return graph.call_function(getitem, (x, slices))


def _module(operator: Convolve | Affine | Activate) -> nn.Module:
    match operator:
        case Convolve():
            return _conv(operator)
        case Affine():
            # A depthwise convolution of one pixel: every runtime has it.
            channels = len(operator.scale)
            weight = operator.scale.view(-1, 1, 1, 1)
            return _conv(Convolve(weight, operator.shift, groups=channels))
        case Activate():
            if operator.slope is None:
                return activation(operator.name, 1)
            return _with(activation(operator.name, len(operator.slope)), {"weight": operator.slope})


def _conv(operator: Convolve) -> nn.Module:
    outputs, inputs, *kernel = operator.weight.shape
    conv = nn.Conv2d(
        inputs * operator.groups,
        outputs,
        (kernel[0], kernel[1]),
        operator.stride,
        operator.padding,
        groups=operator.groups,
        device="meta",
    )
    return _with(conv, tensors(operator))


def _with(module: nn.Module, constants: dict[str, Tensor]) -> nn.Module:
    if constants:
        module.load_state_dict(constants, assign=True)
    return module


def _sum_of(channels: int) -> Convolve:
    """Of all channels, and a number that no sum of squares but zero's is as small as."""
    return Convolve(torch.ones(1, channels, 1, 1), torch.full((1,), 1e-24))


def _pool(graph: fx.Graph, layer: Pool, x: fx.Node) -> fx.Node:
    if layer.kernel is None:
        function: Any = torch.mean if layer.kind == "average" else torch.amax
        return graph.call_function(function, (x, (2, 3)), {"keepdim": True})
    settings: dict[str, Any] = {
        "stride": layer.stride,
        "padding": layer.padding,
        "ceil_mode": layer.ceil,
    }
    if layer.kind == "max":
        return graph.call_function(F.max_pool2d, (x, layer.kernel), settings)
    settings["count_include_pad"] = layer.pads
    return graph.call_function(F.avg_pool2d, (x, layer.kernel), settings)
