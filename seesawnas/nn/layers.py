"""The layers that all blocks share. Each has two ways to run: ``forward``, and ``folded()``, which is eval mode's.

``folded(plain=True)`` is for plain inference alone (:mod:`seesawnas.nn.inference`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.arch import Activation
from seesawnas.nn.activations import overwriting
from seesawnas.nn.inference import Geometry, Step, convolution, is_plain_inference
from seesawnas.nn.norm import NormAct


class ConvNorm(nn.Module):
    """Convolution without bias, batch norm, activation (None: linear)."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int] = 1,
        *,
        stride: int = 1,
        groups: int = 1,
        pad: bool = True,
        activation: Activation | None,
    ) -> None:
        super().__init__()
        rows, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
        self.weight = conv_weight(outputs, inputs // groups, rows, columns)
        self.geometry = Geometry(stride, (rows // 2, columns // 2) if pad else (0, 0), groups)
        self.norm = NormAct(outputs, activation)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, inputs, H, W) -> (N, outputs, ceil(H / stride), ceil(W / stride))
        if not self.training:
            return self.folded(is_plain_inference(x))(x)
        geometry = self.geometry
        y = F.conv2d(x, self.weight, None, geometry.stride, geometry.padding, groups=geometry.groups)
        return self.norm(y)  # type: ignore[no-any-return]

    def folded(self, plain: bool) -> Step:
        """Eval mode: batch norm is part of the convolution's weight and bias."""
        scale, shift = self.norm.scale_and_shift()
        conv = convolution(self.weight * scale.view(-1, 1, 1, 1), shift, self.geometry, plain)
        activation = self.norm.activation
        return chain([conv, overwriting(activation) if plain else activation])


class SqueezeExcite(nn.Module):
    """Scale each channel by a gate computed from all channels' means."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, squeezed)
        self.slope = nn.PReLU(squeezed)
        self.excite = nn.Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, C, H, W) -> (N, C, H, W)
        return x * self.gate(x)

    def gate(self, x: Tensor) -> Tensor:
        """What scales ``x`` (N, C, H, W): (N, C, 1, 1)."""
        return torch.sigmoid(self.excite(self.slope(self.squeeze(x.mean((2, 3))))))[:, :, None, None]

    def folded(self, plain: bool) -> Step:
        """Nothing to fold; plain inference scales ``x`` itself."""
        return (lambda x: x.mul_(self.gate(x))) if plain else self


class Embedding(nn.Module):
    """Linear layer without bias, batch norm."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        nn.init.kaiming_normal_(self.linear.weight, nonlinearity="linear")
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        # x (N, inputs) -> (N, outputs)
        y: Tensor = self.norm(self.linear(x))
        return y

    def folded(self, plain: bool) -> Step:
        """One product of a matrix and a vector an image: nothing to gain."""
        return self


def conv_weight(outputs: int, inputs: int, rows: int = 1, columns: int = 1) -> nn.Parameter:
    """(outputs, inputs, rows, columns), normal with variance 2 / fan-in (He et al., arXiv 1502.01852)."""
    weight = torch.empty(outputs, inputs, rows, columns)
    return nn.Parameter(nn.init.kaiming_normal_(weight, nonlinearity="relu"))


def chain(steps: Sequence[Step]) -> Step:
    """The steps one after another."""

    def run(x: Tensor) -> Tensor:
        for step in steps:
            x = step(x)
        return x

    return run
