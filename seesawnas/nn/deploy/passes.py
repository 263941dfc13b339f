"""What is rewritten before a deploy form is run, with equal results.

Batch norms that are left become part of a neighbouring convolution, and channels are made in the
order in which groups of convolutions read them, so that each group reads a run.
:mod:`seesawnas.cost.lowering` says the same of a block without weights, and must follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from seesawnas.arch.layers import Shape
from seesawnas.arch.order import Places, best_order, free_families, places_of
from seesawnas.nn.deploy.form import (
    INPUT,
    Activate,
    AddMaps,
    Affine,
    Convolve,
    ConvolveGroups,
    DeployForm,
    MultiplyMaps,
    Operator,
    PoolMap,
    SliceChannels,
    Step,
    rewrite,
)
from seesawnas.nn.deploy.lowering import is_dense


def fold_affines(form: DeployForm) -> DeployForm:
    """Each :class:`Affine` next to a convolution as part of its constants.

    After any convolution that nothing else reads; before one without padding: padding is zeros
    after the affine, not before.
    """
    while (found := _one_fold(form)) is not None:
        form = found
    return form


def _one_fold(form: DeployForm) -> DeployForm | None:
    readers = form.readers()
    for index, step in enumerate(form.steps):
        if not isinstance(step.operator, Affine) or step.reads[0] == INPUT:
            continue
        kept: list[Step | None] = list(form.steps)
        kept[index] = None
        source = step.reads[0]
        maker = form.steps[source]
        if readers[source] == [index] and isinstance(maker.operator, Convolve | ConvolveGroups):
            kept[source] = maker._replace(operator=_followed(maker.operator, step.operator))
            return rewrite(form, kept, {index: source})
        if readers[index] and all(_takes_affine(form.steps[at].operator) for at in readers[index]):
            for at in readers[index]:
                reader = form.steps[at]
                assert isinstance(reader.operator, Convolve)
                kept[at] = reader._replace(operator=_preceded(reader.operator, step.operator))
            return rewrite(form, kept, {index: source})
    return None


def _followed(conv: Convolve | ConvolveGroups, affine: Affine) -> Convolve | ConvolveGroups:
    bias = conv.bias * affine.scale + affine.shift
    if isinstance(conv, Convolve):
        return replace(conv, weight=conv.weight * affine.scale.view(-1, 1, 1, 1), bias=bias)
    scales = torch.split(affine.scale.view(-1, 1, 1, 1), list(conv.made))
    weights = tuple(w * scale for w, scale in zip(conv.weights, scales, strict=True))
    return replace(conv, weights=weights, bias=bias)


def _takes_affine(operator: Operator) -> bool:
    return isinstance(operator, Convolve) and operator.padding == (0, 0) and operator.groups == 1


def _preceded(conv: Convolve, affine: Affine) -> Convolve:
    shift = (conv.weight * affine.shift.view(1, -1, 1, 1)).sum((1, 2, 3))
    return replace(
        conv, weight=conv.weight * affine.scale.view(1, -1, 1, 1), bias=conv.bias + shift
    )


def order_channels(form: DeployForm, waste: float) -> DeployForm:
    """Channels in the order in which :class:`ConvolveGroups` read them, if nothing forbids it.

    Maps whose channels must stay in one order (a sum and what it adds, a map before and after a
    depthwise convolution) are one family. A family may be ordered anew if each of its makers and
    readers can be: it is then sorted by the groups of the first reader that would gather scattered
    channels.
    """
    shapes = form.shapes()
    maps = [(_places(form, step, waste, shapes), step.reads) for step in form.steps]
    for family in free_families(maps):
        order = _best_order(form, family)
        if order is not None:
            form = _reordered(form, family, order)
    return form


def _places(form: DeployForm, step: Step, waste: float, shapes: Sequence[Shape]) -> Places:
    """In which places the channels of a step's output lie."""
    match step.operator:
        case Convolve() as conv if conv.groups == 1:
            return "free"
        case ConvolveGroups() as conv:
            x = form.read_shape(step.reads[0], shapes)
            return "free" if is_dense(conv, x, waste) else "own"  # made group by group
        case operator:
            return "kept" if _keeps_channels(operator) else "fixed"


def _keeps_channels(operator: Operator) -> bool:
    """Whether channel i of the output is made of the channels i of its inputs alone."""
    match operator:
        case Convolve():
            return operator.is_depthwise
        case SliceChannels():
            return operator.layer.start == 0 and operator.layer.stop is None
        case Affine() | Activate() | PoolMap() | AddMaps() | MultiplyMaps():
            return True
        case _:
            return False


def _best_order(form: DeployForm, family: Sequence[int]) -> tuple[int, ...] | None:
    readers = [
        step.operator.reads
        for step in form.steps
        if isinstance(step.operator, ConvolveGroups) and step.reads[0] in family
    ]
    return best_order(readers)


def _reordered(form: DeployForm, family: Sequence[int], order: tuple[int, ...]) -> DeployForm:
    """``form`` with the channel ``order[i]`` of the family in place i."""
    places, index, members = places_of(order), torch.tensor(order), set(family)
    steps = []
    for at, step in enumerate(form.steps):
        operator = step.operator
        if step.reads[0] in members:
            operator = _reading(operator, order, places, index)
        if at in members:
            operator = _making(operator, order, index)
        steps.append(step._replace(operator=operator))
    return form.with_steps(steps)


def _reading(
    operator: Operator, order: tuple[int, ...], places: dict[int, int], index: Tensor
) -> Operator:
    match operator:
        case Convolve() if operator.groups == 1:
            return replace(operator, weight=operator.weight[:, index].contiguous())
        case ConvolveGroups():
            reads, weights = [], []
            for group, weight in zip(operator.reads, operator.weights, strict=True):
                moved = [places[channel] for channel in group]
                sort = sorted(range(len(moved)), key=moved.__getitem__)
                reads.append(tuple(moved[i] for i in sort))
                weights.append(weight[:, torch.tensor(sort)].contiguous())
            return replace(operator, reads=tuple(reads), weights=tuple(weights))
    return operator


def _making(operator: Operator, order: tuple[int, ...], index: Tensor) -> Operator:
    match operator:
        case Convolve():
            weight, bias = operator.weight[index].contiguous(), operator.bias[index].contiguous()
            return replace(operator, weight=weight, bias=bias)
        case ConvolveGroups():
            first = operator.order or tuple(range(len(operator.bias)))
            return replace(operator, order=tuple(first[channel] for channel in order))
        case Affine():
            return Affine(operator.scale[index].contiguous(), operator.shift[index].contiguous())
        case Activate(slope=slope) if slope is not None and len(slope) > 1:
            return replace(operator, slope=slope[index].contiguous())
    return operator
