"""A literal reference's weights in the network that is built from a spec.

Both say the same layers in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from seesawnas.arch import Shape
from seesawnas.arch.blocks.parts import body_of, inputs_of
from seesawnas.arch.graph import Graph, dropped_shuffles
from seesawnas.arch.layers import Act, Conv, Linear, Norm, Shuffle
from seesawnas.nn import FaceNetwork
from seesawnas.nn.block import BlockLayers


def awake(network: nn.Module, images: Tensor) -> nn.Module:
    """In float64 and eval mode, with slopes and scales that are not the initial ones, and the
    statistics of ``images``: so that what the images are reaches the outputs through every
    layer.
    """
    norms = [
        module
        for module in network.modules()
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
    ]
    for norm in norms:
        norm.momentum = 1.0
        norm.weight.data.uniform_(0.5, 1.5)
        norm.bias.data.normal_(0, 0.25)
    for module in network.modules():
        if isinstance(module, nn.PReLU):
            module.weight.data.uniform_(0, 0.5)
    with torch.no_grad():
        network.double().train()(images)
    return network.eval()


def copy_weights(reference: nn.Module, network: FaceNetwork) -> None:
    """All of ``reference``'s tensors into ``network``.

    A shuffle that is not run leaves channels in the order before it.
    """
    tensors = [
        value
        for name, value in reference.state_dict().items()
        if not name.endswith("num_batches_tracked")
    ]
    queue = iter(tensors)
    size = network.spec.input
    found = [Shape(3, size.height, size.width)]
    for (_, block), output, layers in zip(
        network.spec.parts,
        network.spec.shapes(),
        (network.stem, *network.blocks, network.head),
        strict=True,
    ):
        graph = Graph.of(
            body_of(block),
            inputs_of(block, found),
            _outputs(body_of(block), inputs_of(block, found)),
        )
        with torch.no_grad():
            copy_block(graph, layers, queue)
        found.append(output)
    assert next(queue, None) is None


def _outputs(body: object, inputs: object) -> list[Shape]:
    from seesawnas.arch.body import shapes

    return shapes(body, inputs)  # type: ignore[arg-type]


def copy_block(graph: Graph, layers: BlockLayers, queue: Iterator[Tensor]) -> None:
    """The next of ``queue`` into one block; without gradients."""
    own = dict(layers.state_dict(keep_vars=True))
    dropped = dropped_shuffles(graph)
    # Of a node: which of its channels as built is the first of the reference's, the second ...
    orders: dict[int, list[int]] = {}
    for index, node in enumerate(graph.body):
        order = next((orders[read] for read in node.reads if read in orders), None)
        x = graph.read(index)[0]
        match node.layer:
            case Shuffle(groups=groups) if index in dropped:
                assert order is None
                order = torch.arange(x.channels).view(groups, -1).T.flatten().tolist()
            case Conv():
                order = _copy_conv(node.layer, node.name, own, x, order, queue)
            case Norm():
                for name in ("weight", "bias", "running_mean", "running_var"):
                    _put(own[f"{node.name}.{name}"], next(queue), order)
            case Act(name="prelu"):
                before = f"{graph.body[node.reads[0]].name}.activation.weight"
                _put(own[before if before in own else f"{node.name}.weight"], next(queue), order)
            case Linear():
                assert order is None
                weight = own[f"{node.name}.weight"]
                # A reference may have a 1x1 convolution here.
                weight.copy_(next(queue).view_as(weight))
                if node.layer.bias:
                    own[f"{node.name}.bias"].copy_(next(queue))
        if order is not None:
            orders[index] = order


def _put(own: Tensor, theirs: Tensor, order: list[int] | None) -> None:
    assert own.shape == theirs.shape
    own[slice(None) if order is None else order] = theirs


def _copy_conv(
    layer: Conv,
    name: str,
    own: dict[str, Tensor],
    x: Shape,
    order: list[int] | None,
    queue: Iterator[Tensor],
) -> list[int] | None:
    """Returns the order of its outputs."""
    if layer.groups == x.channels == layer.outputs:
        _put(own[f"{name}.weight"], next(queue), order)
        return order
    groups = [own[key] for key in own if key.startswith(f"{name}.weights.")] or [
        own[f"{name}.weight"]
    ]
    theirs: list[Tensor] = []
    while sum(map(len, theirs)) < layer.outputs:
        theirs.append(next(queue))
    rows = torch.split(theirs[0], [len(one) for one in groups]) if len(theirs) == 1 else theirs
    start = 0
    for mine, weight in zip(groups, rows, strict=True):
        assert mine.shape == weight.shape
        reads = (
            list(range(x.channels))[start : start + mine.shape[1]]
            if order is None
            else order[start:][: mine.shape[1]]
        )
        start += mine.shape[1]
        # As built, a group reads its channels in ascending order.
        mine.copy_(weight[:, torch.tensor(reads).argsort()])
    return None
