"""PocketNet (Boutros et al., IEEE Access 2022, arXiv 2108.10710).

DARTS cells from a genotype, independent of the package.

A cell reads the outputs of the two before it, its states 0 and 1; each node sums two edges
(operation, state read) and is the next state; the cell's output is the four nodes, concatenated. In
a reduction cell the edges from the states 0 and 1 have stride 2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

Edge = tuple[str, int]
Cell = tuple[tuple[Edge, Edge], ...]

NORMAL: Cell = (
    (("dw3", 0), ("dw1", 1)),
    (("dw3", 2), ("dw5", 0)),
    (("dw3", 3), ("dw3", 0)),
    (("dw3", 4), ("skip", 0)),
)
REDUCE: Cell = (
    (("dw3", 1), ("dw7", 0)),
    (("skip", 2), ("dw5", 1)),
    (("max3", 0), ("skip", 2)),
    (("max3", 0), ("max3", 1)),
)


class Separable(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__(
            nn.PReLU(inputs),
            nn.Conv2d(inputs, inputs, kernel, stride, kernel // 2, groups=inputs, bias=False),
            nn.Conv2d(inputs, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )


class FactorizedReduce(nn.Module):
    """Half the outputs from the even pixels, half from the odd ones.

    A depthwise 1x1 /2 and a pointwise convolution.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.act = nn.PReLU(inputs)
        self.even = self._half(inputs, outputs // 2)
        self.odd = self._half(inputs, outputs // 2)
        self.norm = nn.BatchNorm2d(outputs)

    @staticmethod
    def _half(inputs: int, outputs: int) -> nn.Sequential:
        depthwise = nn.Conv2d(inputs, inputs, 1, 2, groups=inputs, bias=False)
        return nn.Sequential(depthwise, nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(x)
        y: Tensor = self.norm(torch.cat([self.even(x), self.odd(x[:, :, 1:, 1:])], 1))
        return y


def operation(name: str, channels: int, stride: int) -> nn.Module:
    if name == "skip":
        return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)
    if name == "max3":
        return nn.Sequential(nn.MaxPool2d(3, stride, 1), nn.BatchNorm2d(channels))
    if name == "avg3":
        pool = nn.AvgPool2d(3, stride, 1, count_include_pad=False)
        return nn.Sequential(pool, nn.BatchNorm2d(channels))
    return Separable(channels, channels, int(name.removeprefix("dw")), stride)


class DartsCell(nn.Module):
    def __init__(
        self,
        cell: Cell,
        inputs: tuple[int, int],
        channels: int,
        *,
        reduces: bool,
        after_reduce: bool,
    ) -> None:
        super().__init__()
        old, new = inputs
        self.old = (
            FactorizedReduce(old, channels) if after_reduce else Separable(old, channels, 1, 1)
        )
        self.new = Separable(new, channels, 1, 1)
        self.reads = [[state for _, state in node] for node in cell]
        self.nodes = nn.ModuleList(
            nn.ModuleList(
                operation(name, channels, 2 if reduces and state < 2 else 1) for name, state in node
            )
            for node in cell
        )

    def forward(self, old: Tensor, new: Tensor) -> Tensor:
        states = [self.old(old), self.new(new)]
        for edges, reads in zip(self.nodes, self.reads, strict=True):
            assert isinstance(edges, nn.ModuleList)
            left, right = (edge(states[read]) for edge, read in zip(edges, reads, strict=True))
            states.append(left + right)
        return torch.cat(states[2:], 1)


class PocketNet(nn.Module):
    """Images (N, 3, 112, 112) -> embeddings (N, embedding)."""

    def __init__(
        self,
        channels: int,
        count: int,
        embedding: int,
        normal: Cell = NORMAL,
        reduce: Cell = REDUCE,
    ) -> None:
        super().__init__()
        old = new = 4 * channels
        self.stem = nn.Sequential(nn.Conv2d(3, new, 3, 2, 1, bias=False), nn.BatchNorm2d(new))
        self.cells = nn.ModuleList()
        after_reduce = False
        for index in range(count):
            reduces = index in (count // 3, 2 * count // 3, count - 1)
            channels *= 2 if reduces else 1
            cell = reduce if reduces else normal
            self.cells.append(
                DartsCell(cell, (old, new), channels, reduces=reduces, after_reduce=after_reduce)
            )
            old, new, after_reduce = new, len(cell) * channels, reduces
        self.tail = nn.Sequential(
            nn.PReLU(new),
            nn.Conv2d(new, 512, 1, bias=False),
            nn.BatchNorm2d(512),
            nn.PReLU(512),
            nn.Conv2d(512, 512, 7, groups=512, bias=False),
            nn.BatchNorm2d(512),
            nn.Conv2d(512, embedding, 1, bias=False),
            nn.BatchNorm2d(embedding),
            nn.Flatten(),
        )

    def forward(self, x: Tensor) -> Tensor:
        old = new = self.stem(x)
        for cell in self.cells:
            old, new = new, cell(old, new)
        y: Tensor = self.tail(new)
        return y


def pocketnet_s(embedding: int) -> PocketNet:
    return PocketNet(16, 18, embedding)


def pocketnet_m(embedding: int) -> PocketNet:
    return PocketNet(32, 9, embedding)
