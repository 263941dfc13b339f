"""A network's modules as a deploy form: its steps' eval mode, with batch norms as constants."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seesawnas.arch import Shape
from seesawnas.arch.layers import Activation, Gate
from seesawnas.nn.activations import NormAct
from seesawnas.nn.block import BlockLayers
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
    Writer,
    output_shape,
)
from seesawnas.nn.deploy.lowering import lower_groups
from seesawnas.nn.deploy.passes import fold_affines, order_channels
from seesawnas.nn.grouped import GroupedConv
from seesawnas.nn.layers import Convolution, FullyConnected
from seesawnas.nn.network import FaceNetwork
from seesawnas.nn.steps import (
    AddStep,
    ConcatStep,
    ConvStep,
    ModuleStep,
    PoolStep,
    ScaleStep,
    ShuffleStep,
    SliceStep,
    affine_of,
)

_ACTIVATIONS: dict[type[nn.Module], Activation | Gate] = {
    nn.SiLU: "swish",
    nn.Hardswish: "hard_swish",
    nn.PReLU: "prelu",
    nn.ReLU: "relu",
    nn.ReLU6: "relu6",
    nn.LeakyReLU: "leaky_relu",
    nn.GELU: "gelu",
    nn.Sigmoid: "sigmoid",
    nn.Hardsigmoid: "hard_sigmoid",
}


def deploy_form(network: FaceNetwork, waste: float = 0) -> DeployForm:
    """``network`` with its weights as they are now, in eval mode.

    Args:
        network: What to run; it is not changed.
        waste: Multiply-adds by zero, an image, up to which a convolution over uneven groups of
            channels runs as one dense convolution; 0: none does; infinity: all do.

    Returns:
        Operators that map normalised images (N, 3, H, W) to (N, embedding, 1, 1).
    """
    with torch.no_grad():
        form = fold_affines(written(network))
        return lower_groups(order_channels(form, waste), waste)


def written(network: FaceNetwork) -> DeployForm:
    """The steps of ``network``'s eval mode one by one, before any pass."""
    spec = network.spec
    return _Reader(network, Shape(3, spec.input.height, spec.input.width)).form()


class _Reader:
    """Writes the steps of all blocks of a network."""

    def __init__(self, network: FaceNetwork, images: Shape) -> None:
        self.network = network
        self.names = {id(module): name for name, module in network.named_modules()}
        self.writer = Writer()
        self.input = images
        self.shapes: list[Shape] = []

    def form(self) -> DeployForm:
        parts: list[tuple[str, nn.Module]] = [
            ("stem", self.network.stem),
            *((f"blocks.{i}", block) for i, block in enumerate(self.network.blocks)),
            ("head", self.network.head),
        ]
        outputs: list[int] = []
        for (name, layers), (_, block) in zip(parts, self.network.spec.parts, strict=True):
            assert isinstance(layers, BlockLayers)
            # As the network does: what lies before the stem's output is the stem's output.
            known = outputs or [INPUT]
            before = [known[max(0, len(known) - read)] for read in range(1, block.reads + 1)]
            outputs.append(self._block(name, layers, before))
        return DeployForm(tuple(self.writer.steps), self.input)

    def _block(self, name: str, layers: BlockLayers, before: list[int]) -> int:
        values = dict(enumerate(before))
        for placed in layers.steps:
            reads = [values[slot] for slot in placed.reads]
            values[placed.out] = self._step(name, placed.step, reads)
        return values[layers.steps[-1].out] if layers.steps else before[0]

    def _step(self, block: str, step: object, reads: list[int]) -> int:
        match step:
            case ConvStep():
                return self._conv(step, reads[0])
            case ModuleStep():
                return self._module(step.module, reads[0])
            case PoolStep():
                return self._add(f"{block}.pool", PoolMap(step.layer), *reads)
            case ShuffleStep():
                if step.is_view:
                    return reads[0]
                return self._add(f"{block}.shuffle", ShuffleChannels(step.layer.groups), *reads)
            case SliceStep():
                return self._add(f"{block}.slice", SliceChannels(step.layer), *reads)
            case AddStep():
                return self._add(f"{block}.add", AddMaps(), *reads)
            case ConcatStep():
                return self._add(f"{block}.concat", ConcatMaps(), *reads)
            case ScaleStep():
                return self._add(f"{block}.scale", MultiplyMaps(), *reads)
            case _:
                raise AssertionError(f"no operator for {type(step).__name__}")

    def _conv(self, step: ConvStep, x: int) -> int:
        conv, name = step.conv, self.names[id(step.conv)]
        scale, shift = affine_of(conv, step.norm)
        geometry = conv.geometry
        if isinstance(conv, Convolution):
            x = self._add(
                name,
                Convolve(
                    _constant(conv.weight * scale.view(-1, 1, 1, 1)),
                    _constant(shift),
                    geometry.stride,
                    geometry.padding,
                    geometry.groups,
                ),
                x,
            )
        else:
            x = self._add(name, _groups(conv, scale, shift), x)
        return x if step.norm is None else self._activation(name, step.norm.activation, x)

    def _module(self, module: nn.Module, x: int) -> int:
        name = self.names[id(module)]
        match module:
            case NormAct():
                scale, shift = module.scale_and_shift()
                x = self._add(name, Affine(_constant(scale), _constant(shift)), x)
                return self._activation(name, module.activation, x)
            case nn.BatchNorm1d():
                scale, shift = _batch_norm(module)
                return self._add(name, Affine(scale, shift), x)
            case FullyConnected():
                shape = self._shape(x)
                weight = module.weight.view(-1, *shape)
                bias = weight.new_zeros(len(weight)) if module.bias is None else module.bias
                return self._add(name, Convolve(_constant(weight), _constant(bias)), x)
            case _:
                return self._activation(name, module, x)

    def _activation(self, name: str, module: nn.Module, x: int) -> int:
        if isinstance(module, nn.Identity):
            return x
        slope = _constant(module.weight) if isinstance(module, nn.PReLU) else None
        return self._add(f"{name}.act", Activate(_ACTIVATIONS[type(module)], slope), x)

    def _add(self, name: str, operator: Operator, *reads: int) -> int:
        self.shapes.append(output_shape(operator, [self._shape(read) for read in reads]))
        return self.writer.add(name, operator, *reads)

    def _shape(self, read: int) -> Shape:
        return self.input if read == INPUT else self.shapes[read]


def _groups(conv: GroupedConv, scale: Tensor, shift: Tensor) -> ConvolveGroups:
    factors = torch.split(scale.view(-1, 1, 1, 1), list(conv.made))
    return ConvolveGroups(
        tuple(tuple(c for start, end in runs for c in range(start, end)) for runs in conv.runs),
        tuple(_constant(w * factor) for w, factor in zip(conv.weights, factors, strict=True)),
        _constant(shift),
        conv.geometry.stride,
        conv.geometry.padding,
    )


def _batch_norm(module: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    assert module.running_mean is not None
    assert module.running_var is not None
    scale = torch.rsqrt(module.running_var + module.eps)
    if module.weight is not None:
        scale = module.weight * scale
    shift = -module.running_mean * scale
    return _constant(scale), _constant(shift if module.bias is None else module.bias + shift)


def _constant(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", torch.float32, copy=True).contiguous()
