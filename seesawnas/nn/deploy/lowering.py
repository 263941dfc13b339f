"""How convolutions over uneven groups of channels run.

Apart, each group is a slice and a convolution, and a concatenation puts them together. Dense, all
are one convolution whose weight is zero between groups: more multiply-adds, fewer operators and no
map moved. Which is faster depends on the runtime and on how much is wasted on zeros.
"""

from __future__ import annotations

from itertools import accumulate

import torch
from torch import Tensor

from seesawnas.arch.layers import Shape, Slice
from seesawnas.arch.order import are_equal_runs, runs_of
from seesawnas.nn.deploy.form import (
    ConcatMaps,
    Convolve,
    ConvolveGroups,
    DeployForm,
    SliceChannels,
    Writer,
    output_shape,
)


def is_dense(operator: ConvolveGroups, x: Shape, waste: float) -> bool:
    """Whether ``operator`` on ``x`` runs as one dense convolution.

    That is so if it multiplies at most ``waste`` numbers of an image by zero.
    """
    if _even(operator) is not None:
        return False
    rows, columns = operator.weights[0].shape[2:]
    pairs = x.channels * len(operator.bias) - sum(
        made * len(reads) for made, reads in zip(operator.made, operator.reads, strict=True)
    )
    shape = output_shape(operator, [x])
    return pairs * rows * columns * shape.height * shape.width <= waste


def lower_groups(form: DeployForm, waste: float) -> DeployForm:
    """``form`` with each :class:`ConvolveGroups` as plain operators; ``waste`` as above."""
    writer, places, shapes = Writer(), {-1: -1}, form.shapes()
    for index, step in enumerate(form.steps):
        reads = tuple(places[read] for read in step.reads)
        operator = step.operator
        if isinstance(operator, ConvolveGroups):
            x = form.read_shape(step.reads[0], shapes)
            if (even := _even(operator)) is not None:
                places[index] = writer.add(step.name, even, *reads)
            elif operator.order is not None or is_dense(operator, x, waste):
                places[index] = writer.add(step.name, dense(operator, x.channels), *reads)
            else:
                places[index] = _write_separate(writer, step.name, operator, reads[0])
        else:
            places[index] = writer.add(step.name, operator, *reads)
    return form.with_steps(writer.steps)


def dense(operator: ConvolveGroups, channels: int) -> Convolve:
    """One convolution of ``channels``, its weight zero between groups."""
    rows, columns = operator.weights[0].shape[2:]
    weight = torch.zeros(len(operator.bias), channels, rows, columns)
    start = 0
    for reads, own in zip(operator.reads, operator.weights, strict=True):
        weight[start : start + len(own), torch.tensor(reads)] = own
        start += len(own)
    bias = operator.bias
    if operator.order is not None:
        index = torch.tensor(operator.order)
        weight, bias = weight[index], bias[index]
    return Convolve(weight.contiguous(), bias.contiguous(), operator.stride, operator.padding)


def _even(operator: ConvolveGroups) -> Convolve | None:
    """As a convolution over equal groups, if it is one."""
    if operator.order is not None or not are_equal_runs(operator.reads, operator.made):
        return None
    weight, count = torch.cat(list(operator.weights)), len(operator.reads)
    return Convolve(weight, operator.bias, operator.stride, operator.padding, count)


def _write_separate(writer: Writer, name: str, operator: ConvolveGroups, x: int) -> int:
    parts = []
    ends = accumulate(operator.made)
    for number, (reads, weight, end) in enumerate(
        zip(operator.reads, operator.weights, ends, strict=True)
    ):
        group = f"{name}.{number}"
        bias: Tensor = operator.bias[end - len(weight) : end].contiguous()
        taken = [
            writer.add(f"{group}.slice", SliceChannels(Slice(start, stop)), x)
            for start, stop in runs_of(reads)
        ]
        read = taken[0] if len(taken) == 1 else writer.add(f"{group}.join", ConcatMaps(), *taken)
        conv = Convolve(weight, bias, operator.stride, operator.padding)
        parts.append(writer.add(group, conv, read))
    return parts[0] if len(parts) == 1 else writer.add(name, ConcatMaps(), *parts)
