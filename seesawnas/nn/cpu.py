"""How eval mode runs if only the values count: on a CPU, without gradients.

The images are shared out to torch's threads: a thread takes a few of them through the whole
network, and each operator runs on that thread alone. Threads that share an operator wait for one
another at its end, and on a machine with other work to do such waits were most of the time.

Convolutions go to oneDNN by name: with one thread torch prefers an older kernel of its own for 1x1
convolutions of few images, which takes twice as long. In a trace or an export, with gradients or on
another device the same arithmetic is ``conv2d``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Step: TypeAlias = Callable[[Tensor], Tensor]

_ONEDNN = torch.ops.mkldnn
_HAS_ONEDNN = all(
    hasattr(_ONEDNN, name) for name in ("_convolution_pointwise", "_linear_pointwise")
)
_LARGEST_LEARNT = 31 * 2**20
# Input pixels that run together: of 2 to 16 images of 112x112, 8 took least.
_PART_PIXELS = 8 * 112 * 112


@dataclass(frozen=True, slots=True)
class Geometry:
    """Stride, padding and groups of a convolution; padding is (rows, columns)."""

    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    groups: int = 1


def is_plain_inference(x: Tensor) -> bool:
    """Whether only the values count: float32 on a CPU, no gradients, trace, export or autocast."""
    if torch.is_grad_enabled() or torch.compiler.is_compiling() or torch.is_autocast_enabled("cpu"):
        return False
    tracing = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    return (
        _HAS_ONEDNN
        and x.device.type == "cpu"
        and x.dtype == torch.float32
        and x.numel() > 0
        and not tracing
    )


def conv_weight(outputs: int, inputs: int, rows: int = 1, columns: int = 1) -> nn.Parameter:
    """(outputs, inputs, rows, columns), normal with variance 2 / fan-in.

    He et al., arXiv 1502.01852.
    """
    weight = torch.empty(outputs, inputs, rows, columns)
    return nn.Parameter(nn.init.kaiming_normal_(weight, nonlinearity="relu"))


def convolution(weight: Tensor, bias: Tensor, geometry: Geometry, plain: bool) -> Step:
    """conv(x) + bias, (N, C, H, W) -> (N, C', H', W'); ``plain``: for plain inference only."""
    stride, padding, groups = geometry.stride, geometry.padding, geometry.groups
    if not plain:
        return lambda x: F.conv2d(x, weight, bias, stride, padding, groups=groups)
    if geometry == Geometry() and weight.shape[2:] == (1, 1):
        return _pointwise(weight.flatten(1), bias)
    if weight.shape[0] == 1:
        # oneDNN's own gives other numbers (torch 2.13) if the kernel is as large as the map and
        # makes one number of it.
        return lambda x: F.conv2d(x, weight, bias, stride, padding)
    settings: tuple[object, ...] = (list(padding), [stride] * 2, [1, 1], groups, "none", [], "")
    return lambda x: _ONEDNN._convolution_pointwise(x, weight, bias, *settings)


def by_images(run: Step, x: Tensor) -> Tensor:
    """``run(x)``, a few images at a time on each of torch's threads: eval mode mixes no images."""
    _keep_freed_memory()
    parts = torch.split(x, max(1, _PART_PIXELS // (x.shape[2] * x.shape[3])))
    threads = min(torch.get_num_threads(), len(parts))
    if threads == 1:
        return torch.cat([run(part) for part in parts])
    with one_thread(), ThreadPoolExecutor(threads) as pool:
        return torch.cat(list(pool.map(torch.no_grad()(run), parts)))


def _keep_freed_memory() -> None:
    # glibc gives maps of some MB back to the system and has each of their pages zeroed again at the
    # next map, until a larger block was freed once; 32 MB is the largest that it learns from. This
    # one is never touched.
    torch.empty(_LARGEST_LEARNT, dtype=torch.uint8)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for each of torch's operators, also for those of threads that start in here."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _pointwise(matrix: Tensor, bias: Tensor) -> Step:
    # In channels_last a pixel is a row. oneDNN starts a product of matrices sooner than a
    # convolution.
    def run(x: Tensor) -> Tensor:
        n, channels, h, w = x.shape
        rows = x.permute(0, 2, 3, 1).reshape(n * h * w, channels)
        y: Tensor = _ONEDNN._linear_pointwise(rows, matrix, bias, "none", [], "")
        return y.view(n, h, w, -1).permute(0, 3, 1, 2)

    return run
