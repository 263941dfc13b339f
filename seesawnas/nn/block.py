"""A block as a module: its body's layers under their nodes' names, and the steps that run them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from torch import Tensor, nn

from seesawnas.arch import Block, Shape, body_of
from seesawnas.arch.body import shapes
from seesawnas.arch.graph import Graph, dropped_shuffles, removable_shuffles, shuffled
from seesawnas.arch.layers import Act, Add, Concat, Conv, Linear, Norm, Pool, Scale, Shuffle, Slice
from seesawnas.errors import BlockError
from seesawnas.nn.activations import NormAct, activation
from seesawnas.nn.cpu import is_plain_inference
from seesawnas.nn.layers import FullyConnected, make_conv
from seesawnas.nn.scheduling import ScheduledStep, fuse_gates
from seesawnas.nn.steps import (
    AddStep,
    ConcatStep,
    ConvStep,
    ModuleStep,
    PoolStep,
    Run,
    ScaleStep,
    ShuffleStep,
    SliceStep,
    Step,
)

Forward: TypeAlias = Callable[..., Tensor]


class BlockLayers(nn.Module):
    """Any block: (N, C, H, W) of each that it reads, the last first, -> (N, C', H', W')."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The modules of the body's nodes, by the first part of their names."""

    def __init__(self, block: Block, inputs: Sequence[Shape]) -> None:
        super().__init__()
        body = body_of(block)
        graph = Graph.of(body, inputs, shapes(body, inputs))
        self.slots = len(inputs) + len(body)
        self.reads = len(inputs)
        self.steps = _Builder(graph, self).placed()

    def forward(self, *xs: Tensor) -> Tensor:  # noqa: D102
        if not self.training:
            return self.folded(is_plain_inference(xs[0]))(*xs)
        return self._run([placed.step for placed in self.steps], self.steps, xs)

    def folded(self, plain: bool) -> Forward:
        """Eval mode, with batch norms folded into the weights as they are now."""
        steps = fuse_gates(self.steps)
        runs = [placed.step.folded(plain, placed.own) for placed in steps]
        return lambda *xs: self._run(runs, steps, xs)

    def _run(
        self, runs: Sequence[Run], steps: Sequence[ScheduledStep], xs: tuple[Tensor, ...]
    ) -> Tensor:
        values: list[Tensor | None] = [*xs, *[None] * (self.slots - len(xs))]
        for run, placed in zip(runs, steps, strict=True):
            read = [values[slot] for slot in placed.reads]
            for slot in placed.frees:
                values[slot] = None
            values[placed.out] = run(*read)
        y = values[steps[-1].out if steps else 0]
        assert y is not None
        return y


class _Builder:
    """Turns a graph into modules of ``owner`` and steps."""

    def __init__(self, graph: Graph, owner: nn.Module) -> None:
        self.graph, self.owner = graph, owner
        self.first = len(graph.inputs)
        self.dropped = dropped_shuffles(graph)
        self.orders = {conv: graph.body[at].layer for conv, at in removable_shuffles(graph).items()}
        self.alias: dict[int, int] = {}  # nodes whose value is another slot's
        self.fused: set[int] = set()

    def placed(self) -> list[ScheduledStep]:
        """The steps in order."""
        made: list[tuple[Step, tuple[int, ...], int]] = []
        for index, node in enumerate(self.graph.body):
            if index in self.fused:
                continue
            if index in self.dropped:
                self.alias[self._slot(index)] = self._read(node.reads[0])
                continue
            reads = tuple(map(self._read, node.reads))
            step = self._step(index, made)
            out = self._slot(self._end(index))
            made.append((step, reads, out))
        last = self._read(len(self.graph.body) - 1)
        return [self._place(number, made, last) for number in range(len(made))]

    def _place(
        self, number: int, made: list[tuple[Step, tuple[int, ...], int]], last: int
    ) -> ScheduledStep:
        step, reads, out = made[number]
        later = {slot for _, slots, _ in made[number + 1 :] for slot in slots} | {last}
        frees = tuple(slot for slot in dict.fromkeys(reads) if slot not in later)
        makers = {made_out: one for one, _, made_out in made[:number]}
        viewed = {slot for one, slots, _ in made if _is_view(one) for slot in slots}
        fresh = tuple(
            slot in makers and slot not in viewed and not _is_view(makers[slot]) for slot in reads
        )
        return ScheduledStep(step, reads, out, frees, fresh)

    def _slot(self, index: int) -> int:
        return self.first + index if index >= 0 else -index - 1

    def _read(self, index: int) -> int:
        slot = self._slot(index)
        return self.alias.get(slot, slot)

    def _end(self, index: int) -> int:
        """The last node that runs with this one."""
        while (reader := self.graph.only_reader(index)) is not None and reader in self.fused:
            index = reader
        return index

    def _step(self, index: int, made: list[tuple[Step, tuple[int, ...], int]]) -> Step:
        node, read = self.graph.body[index], self.graph.read(index)
        match node.layer:
            case Conv():
                return self._conv(index)
            case Norm():
                return ModuleStep(self._norm(index, _is_vector(self.graph, index)))
            case Act():
                return ModuleStep(self._add(node.name, _act(node.layer, read[0])))
            case Linear():
                return ModuleStep(self._add(node.name, FullyConnected(node.layer, read[0])))
            case Pool():
                return PoolStep(node.layer)
            case Shuffle():
                return ShuffleStep(node.layer, read[0].channels)
            case Slice():
                return SliceStep(node.layer)
            case Add():
                return AddStep(self._over(index, made))
            case Concat():
                return ConcatStep()
            case Scale():
                return ScaleStep()
            case _:
                assert_never(node.layer)

    def _conv(self, index: int) -> ConvStep:
        node, (x,) = self.graph.body[index], self.graph.read(index)
        assert isinstance(node.layer, Conv)
        shuffle = self.orders.get(index)
        order = shuffled(x.channels, shuffle.groups) if isinstance(shuffle, Shuffle) else None
        conv = make_conv(node.layer, x, order)
        self._add(node.name, conv)
        after = self._next(index, Norm)
        norm = None if after is None else self._norm(after, vector=False)
        assert norm is None or isinstance(norm, NormAct)
        return ConvStep(conv, norm)

    def _norm(self, index: int, vector: bool) -> nn.Module:
        channels = self.graph.outputs[index].channels
        self.fused.add(index)
        if vector:
            return self._add(self.graph.body[index].name, nn.BatchNorm1d(channels))
        act = self._next(index, Act)
        module = None
        if act is not None:
            self.fused.add(act)
            layer = self.graph.body[act].layer
            assert isinstance(layer, Act)
            module = _act(layer, self.graph.outputs[index])
        return self._add(self.graph.body[index].name, NormAct(channels, module))

    def _next(self, index: int, layer: type[Norm | Act]) -> int | None:
        reader = self.graph.only_reader(index)
        return (
            reader
            if reader is not None and isinstance(self.graph.body[reader].layer, layer)
            else None
        )

    def _over(self, index: int, made: list[tuple[Step, tuple[int, ...], int]]) -> int | None:
        """What a sum may overwrite in training.

        That is what only the sum reads, and whose maker remembers what it read, not what it made.
        """
        makers = {out: step for step, _, out in made}
        reads = self.graph.body[index].reads
        for place, read in enumerate(reads):
            step = makers.get(self._read(read))
            if read >= 0 and self.graph.only_reader(read) == index and _forgets(step):
                return place
        return None

    def _add(self, name: str, module: nn.Module) -> nn.Module:
        """Register ``module`` under a dotted name."""
        place = self.owner
        *path, last = name.split(".")
        try:
            for part in path:
                if part not in place._modules:
                    place.add_module(part, nn.Module())
                place = place.get_submodule(part)
            place.add_module(last, module)
        except KeyError:
            raise BlockError(
                f"{name}: a node name must not be an attribute of torch.nn.Module"
            ) from None
        return module


def _is_view(step: Step) -> bool:
    """Whether the step's result may share memory with what the step reads."""
    return isinstance(step, SliceStep) or (isinstance(step, ShuffleStep) and step.is_view)


def _forgets(step: Step | None) -> bool:
    if isinstance(step, ConvStep):
        return step.norm is None or isinstance(step.norm.activation, nn.Identity)
    return isinstance(step, AddStep)


def _is_vector(graph: Graph, index: int) -> bool:
    """Whether the node's value is (N, C), from a linear layer or a pool of the whole map."""
    while index >= 0:
        layer = graph.body[index].layer
        if isinstance(layer, Linear) or (isinstance(layer, Pool) and layer.kernel is None):
            return True
        if not isinstance(layer, Norm | Act):
            return False
        index = graph.body[index].reads[0]
    return False


def _act(layer: Act, x: Shape) -> nn.Module:
    return activation(layer.name, 1 if layer.shared else x.channels)
