"""The paper's layers as the paper tells them, slow and independent of seesawnas.nn.

Split, a convolution, a batch norm and an activation a group, concatenate, permute, x * sigmoid(x),
torch's default layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.arch import Activation, ArchSpec, Block, InvertedBottleneck, SeesawBlock


class Swish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


def activation(name: Activation, channels: int) -> nn.Module:
    modules: dict[Activation, nn.Module] = {
        "swish": Swish(),
        "hard_swish": nn.Hardswish(),
        "prelu": nn.PReLU(channels),
        "relu": nn.ReLU(),
        "relu6": nn.ReLU6(),
        "leaky_relu": nn.LeakyReLU(),
        "gelu": nn.GELU(),
    }
    return modules[name]


class ConvNormAct(nn.Sequential):
    def __init__(self, conv: nn.Conv2d, act: Activation | None) -> None:
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm2d(conv.out_channels)
        self.act = nn.Identity() if act is None else activation(act, conv.out_channels)


class UnevenPointwise(nn.Module):
    def __init__(
        self, inputs: int, outputs: int, split: tuple[int, ...], act: Activation | None
    ) -> None:
        super().__init__()
        self.taken = [inputs * part // sum(split) for part in split]
        made = [outputs * part // sum(split) for part in split]
        convs = (nn.Conv2d(a, b, 1, bias=False) for a, b in zip(self.taken, made, strict=True))
        self.groups = nn.ModuleList(ConvNormAct(conv, act) for conv in convs)

    def forward(self, x: Tensor) -> Tensor:
        parts = torch.split(x, self.taken, 1)
        return torch.cat([group(part) for group, part in zip(self.groups, parts, strict=True)], 1)


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, squeezed)
        self.slope = nn.PReLU(squeezed)
        self.excite = nn.Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        n, c = x.shape[:2]
        gate = torch.sigmoid(
            self.excite(self.slope(self.squeeze(F.adaptive_avg_pool2d(x, 1).view(n, c))))
        )
        return x * gate.view(n, c, 1, 1)


class LiteralBlock(nn.Module):
    def __init__(self, block: Block) -> None:
        super().__init__()
        first, second = splits(block)
        middle, act, pad = block.middle, block.activation, block.kernel // 2
        self.shuffles = (
            len(first) if isinstance(block, SeesawBlock) and block.mixing == "shuffle" else 1
        )
        self.expand = UnevenPointwise(block.inputs, middle, first, act)
        depthwise = nn.Conv2d(
            middle, middle, block.kernel, block.stride, pad, groups=middle, bias=False
        )
        self.depthwise = ConvNormAct(depthwise, act)
        self.excite = SqueezeExcite(middle, middle // block.se) if block.se else None
        self.project = UnevenPointwise(middle, block.outputs, second, None)
        self.is_residual = block.stride == 1 and block.inputs == block.outputs
        self.pool = (
            nn.MaxPool2d(2, 2, ceil_mode=True) if block.skip == "maxpool_conv" else nn.Identity()
        )
        self.skip = None
        if block.stride == 2 and block.skip != "none":
            stride = 2 if block.skip == "conv" else 1
            self.skip = ConvNormAct(
                nn.Conv2d(block.inputs, block.outputs, 1, stride, bias=False), act
            )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.depthwise(shuffle(self.expand(x), self.shuffles))
        y = self.project(y if self.excite is None else self.excite(y))
        if self.skip is not None:
            y = y + self.skip(self.pool(x))
        return x + y if self.is_residual else y


class LiteralNetwork(nn.Module):
    def __init__(self, spec: ArchSpec) -> None:
        super().__init__()
        w, act = spec.stem.width, spec.stem.activation
        self.stem_conv = ConvNormAct(nn.Conv2d(3, w, 3, 2, 1, bias=False), act)
        self.stem_depthwise = ConvNormAct(nn.Conv2d(w, w, 3, 1, 1, groups=w, bias=False), act)
        self.blocks = nn.Sequential(*(LiteralBlock(block) for block in spec.blocks))
        head, inputs, width = spec.head, spec.blocks[-1].outputs, spec.head.width
        self.head_conv = ConvNormAct(nn.Conv2d(inputs, width, 1, bias=False), head.activation)
        self.head_pool = ConvNormAct(
            nn.Conv2d(width, width, spec.feature_size, groups=width, bias=False), None
        )
        self.linear = (
            nn.Linear(width, head.embedding, bias=False) if head.embedding else nn.Identity()
        )
        self.norm = nn.BatchNorm1d(head.embedding) if head.embedding else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.stem_depthwise(self.stem_conv(x)))
        y: Tensor = self.norm(self.linear(self.head_pool(self.head_conv(x)).flatten(1)))
        return y


def shuffle(x: Tensor, groups: int) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


def splits(block: Block) -> tuple[tuple[int, ...], tuple[int, ...]]:
    match block:
        case InvertedBottleneck():
            return (1,), (1,)
        case SeesawBlock():
            return block.split, block.split[::-1] if block.mixing == "share" else block.split
        case _:
            raise TypeError(f"no literal form of {block}")


def to_literal(tensors: Mapping[str, Tensor], spec: ArchSpec) -> dict[str, Tensor]:
    """Tensors by our network's names (values, gradients or statistics) -> by the literal one's, in
    the paper's order.
    """
    state = dict(_renamed(tensors, "stem.conv", "stem_conv"))
    state |= _renamed(tensors, "stem.depthwise", "stem_depthwise")
    state |= _renamed(tensors, "head.conv", "head_conv")
    state |= _renamed(tensors, "head.pool", "head_pool")
    state |= {
        name.removeprefix("head.embedding."): t
        for name, t in tensors.items()
        if name.startswith("head.embedding.")
    }
    for index, block in enumerate(spec.blocks):
        prefix = f"blocks.{index}."
        own = {
            name.removeprefix(prefix): tensor
            for name, tensor in tensors.items()
            if name.startswith(prefix)
        }
        state |= {prefix + name: tensor for name, tensor in _block(own, block)}
    return state


def _block(own: Mapping[str, Tensor], block: Block) -> Iterator[tuple[str, Tensor]]:
    first, second = splits(block)
    order = torch.arange(block.middle)  # the paper's middle channel j is our channel order[j]
    if isinstance(block, SeesawBlock) and block.mixing == "shuffle":
        order = shuffle(order.view(1, -1, 1, 1), len(first)).flatten()
    yield from _uneven(own, "expand", first, block.middle, torch.arange(block.inputs))
    yield from (
        (name, tensor[order] if tensor.ndim else tensor)
        for name, tensor in _renamed(own, "depthwise", "depthwise")
    )
    for name, tensor in own.items():
        if name.startswith("excite."):
            into = name == "excite.squeeze.weight"
            yield (
                name,
                tensor[:, order]
                if into
                else tensor[order]
                if name.startswith("excite.excite")
                else tensor,
            )
    yield from _uneven(own, "project", second, block.outputs, order)
    yield from _renamed(own, "skip", "skip")


def _uneven(
    own: Mapping[str, Tensor], part: str, split: tuple[int, ...], outputs: int, order: Tensor
) -> Iterator[tuple[str, Tensor]]:
    made = [outputs * ratio // sum(split) for ratio in split]
    reads = torch.split(order, [len(order) * ratio // sum(split) for ratio in split])
    renamed = dict(_renamed(own, part, part))
    for group, read in enumerate(reads):
        for name, tensor in renamed.items():
            kind = name.removeprefix(f"{part}.")
            if kind != "conv.weight" and not kind.startswith("weights"):
                yield (
                    f"{part}.groups.{group}.{kind}",
                    torch.split(tensor, made)[group] if tensor.ndim else tensor,
                )
        weight = (
            own[f"{part}.weight"] if f"{part}.weight" in own else own[f"{part}.weights.{group}"]
        )
        yield f"{part}.groups.{group}.conv.weight", weight[:, read.argsort().argsort()]


def _renamed(tensors: Mapping[str, Tensor], ours: str, theirs: str) -> Iterable[tuple[str, Tensor]]:
    """A ConvNorm of ours: weight, norm.*, norm.activation.* -> conv.weight, norm.*, act.*."""
    for name, tensor in tensors.items():
        if name.startswith(f"{ours}."):
            rest = name.removeprefix(f"{ours}.").replace("norm.activation.", "act.")
            yield f"{theirs}.{'conv.weight' if rest == 'weight' else rest}", tensor
