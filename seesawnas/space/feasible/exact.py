"""``MaddsSet``: every network of a space within a limit on MAdds.

It is counted exactly and drawn uniformly; nothing is rejected.

The set is a sequence: index 0 to ``len - 1``, each index one network, each network one index. A
uniform index is a uniform network. Counting and drawing are dynamic programming over the stages:
see :mod:`seesawnas.space.feasible.graph` for the states.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from seesawnas.arch import ArchSpec
from seesawnas.cost import LATENCY, MADDS, Budget, Measure
from seesawnas.errors import BudgetError, DocumentError
from seesawnas.space.attributes import Option
from seesawnas.space.feasible.cost_neutral import cost_neutral_decisions
from seesawnas.space.feasible.counting import choose, count, extremes, total
from seesawnas.space.feasible.graph import Node, Root, StageGraph
from seesawnas.space.feasible.stages import Ints, unpack
from seesawnas.space.search_space import Decision, SearchSpace
from seesawnas.units import format_quantity

_NO_NETWORK = (
    "contains no network: no combination of options is valid (for example, no split "
    "divides the widths)"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """Choice vectors.

    Attributes:
        vectors: (n, decisions) option indices.
        madds: (n,) MAdds, or what the set's measure is.
    """

    decisions: tuple[Decision, ...]
    vectors: Ints
    madds: Ints

    def assignments(self) -> Iterator[dict[str, Option]]:
        """Each vector as a mapping from decisions to options."""
        for vector in self.vectors:
            yield {d.name: d.options[i] for d, i in zip(self.decisions, vector, strict=True)}

    def only(self, kept: Sequence[int]) -> Sample:
        """The vectors at the positions ``kept``."""
        positions = np.array(kept, np.int64)
        return Sample(self.decisions, self.vectors[positions], self.madds[positions])

    def __len__(self) -> int:
        return len(self.madds)

    @classmethod
    def joined(cls, samples: Sequence[Sample]) -> Sample:
        """One sample after the other, all of the same decisions."""
        vectors, madds = (
            [getattr(sample, name) for sample in samples] for name in ("vectors", "madds")
        )
        return cls(samples[0].decisions, np.concatenate(vectors), np.concatenate(madds))


class MaddsSet:
    """The networks of ``space`` within the MAdds of ``budget``, whatever else they cost.

    A budget of ``None`` admits all.

    ``measure`` may be another than MAdds; then what the set calls MAdds is that measure, and so are
    the ends of ``budget``. Of the latency that the budget's model predicts, they are the budget's
    ends on latency.

    Raises:
        BudgetError: With the smallest possible cost, if no network fits.
        DocumentError: If the space has no network at all.
    """

    def __init__(
        self, space: SearchSpace, budget: Budget | None = None, measure: Measure = MADDS
    ) -> None:
        self.space = space
        self.budget = budget
        self.measure = measure
        self.decisions = space.decisions
        self.free = () if measure.sees_activations else cost_neutral_decisions(space)
        self._copies = prod(len(decision.options) for decision in self.free)
        # A free decision changes no cost: the graph is compiled with its first option and every
        # path stands for all.
        self.stage_graph = StageGraph(
            space.restrict({d.name: d.options[:1] for d in self.free}), measure
        )
        if not self.stage_graph.roots:
            raise DocumentError(space.source, [_NO_NETWORK])
        self._low, self._high = _ends(budget, measure, self.max_madds)
        self._counts = [self._count(root) for root in self.stage_graph.roots]
        self.count = sum(self._counts) * self._copies
        # Without one there is a network, for there is a root.
        if budget is not None and not self.count:
            raise BudgetError(self._nothing_fits(budget))

    @property
    def size(self) -> int:
        """Networks of the space, whatever they cost."""
        return sum(total(root.node) for root in self.stage_graph.roots) * self._copies

    @property
    def min_madds(self) -> int:
        """MAdds of the cheapest network of the space."""
        return min(root.cost + extremes(root.node)[0] for root in self.stage_graph.roots)

    @property
    def max_madds(self) -> int:
        """MAdds of the most expensive network of the space."""
        return max(root.cost + extremes(root.node)[1] for root in self.stage_graph.roots)

    def drawn(self, n: int, rng: random.Random) -> Sample:
        """``n`` networks, independent and uniform over the set."""
        return self.at([rng.randrange(self.count) for _ in range(n)])

    def at(self, indices: Sequence[int]) -> Sample:
        """The networks at ``indices``.

        Raises:
            IndexError: If an index is outside 0 ... ``count`` - 1.
        """
        if any(not 0 <= index < self.count for index in indices):
            raise IndexError(f"indices must lie in 0..{self.count - 1}")
        cores = [index // self._copies for index in indices]
        vectors = np.zeros((len(indices), len(self.decisions)), np.int64)
        madds = np.zeros(len(indices), np.int64)
        start = 0
        for root, size in zip(self.stage_graph.roots, self._counts, strict=True):
            own = np.array(
                [i for i, core in enumerate(cores) if start <= core < start + size], np.int64
            )
            if len(own):
                ranks = np.array([cores[i] - start for i in own], object)
                self._descend(root, own, ranks, vectors, madds)
            start += size
        self._fill_free([index % self._copies for index in indices], vectors)
        return Sample(self.decisions, vectors, madds)

    def specs(self, sample: Sample) -> Iterator[ArchSpec]:
        """The networks of a sample."""
        for assignment in sample.assignments():
            yield self.space.choose(assignment)

    def _count(self, root: Root) -> int:
        ends = np.array([self._high - root.cost, self._low - 1 - root.cost], np.int64)
        high, low = count(root.node, ends)
        return int(high) - int(low)

    def _descend(self, root: Root, own: Ints, ranks: Ints, vectors: Ints, madds: Ints) -> None:
        spent = np.full(len(own), root.cost, np.int64)
        nodes = [root.node] * len(own)
        steps: list[tuple[list[Node], Ints]] = []
        for _ in self.space.stages:
            rows = np.zeros(len(own), np.int64)
            after: list[Node] = list(nodes)
            for node, members in _together(nodes):
                used = spent[members]
                groups, ranks[members] = choose(
                    node, self._low - used, self._high - used, ranks[members]
                )
                offsets, ranks[members] = _within(node, groups, ranks[members])
                rows[members] = node.rows[node.starts[groups] + offsets]
                spent[members] += node.costs[groups]
                for member, child in zip(members, node.child[groups], strict=True):
                    after[member] = node.children[child] if node.children else node
            steps.append((nodes, rows))
            nodes = after
        madds[own] = spent
        self._fill(steps, own, vectors)

    def _fill(self, steps: list[tuple[list[Node], Ints]], own: Ints, vectors: Ints) -> None:
        """Turn paths into option indices.

        The first of the network-wide choices that are still allowed at the end stands for all of
        them.
        """
        names = [decision.name for decision in self.decisions]
        allowed = [node.allowed for node in steps[0][0]]
        for nodes, rows in steps:
            allowed = [
                mask & n.table.allows[r] for mask, n, r in zip(allowed, nodes, rows, strict=True)
            ]
        choices = np.array([(mask & -mask).bit_length() - 1 for mask in allowed], np.int64)
        for decision in self.stage_graph.network:
            options = [
                decision.options.index(choice[decision.name]) for choice in self.stage_graph.choices
            ]
            vectors[own, names.index(decision.name)] = np.array(options)[choices]
        for (nodes, rows), decisions, stage in zip(
            steps, self.stage_graph.stage_decisions, self.space.stages, strict=True
        ):
            made = np.array(
                [
                    n.table.makes[n.table.group[c], r]
                    for n, c, r in zip(nodes, choices, rows, strict=True)
                ],
                np.int64,
            )
            for column, decision in zip(unpack(decisions, made).T, decisions, strict=True):
                vectors[own, names.index(decision.name)] = column
            if not stage.depth.is_fixed:
                depths = np.array([n.table.blocks[r, 0] for n, r in zip(nodes, rows, strict=True)])
                options = [int(option) for option in stage.depth.options]
                vectors[own, names.index(stage.depth.path)] = [
                    options.index(int(depth)) for depth in depths
                ]

    def _fill_free(self, ranks: list[int], vectors: Ints) -> None:
        names = [decision.name for decision in self.decisions]
        # Ranks as Python integers: their number may exceed any machine integer.
        for decision in reversed(self.free):
            size = len(decision.options)
            vectors[:, names.index(decision.name)] = [rank % size for rank in ranks]
            ranks = [rank // size for rank in ranks]

    def _nothing_fits(self, budget: Budget) -> str:
        rule = f"budget must contain at least one network of {self.space.name or self.space.source}"
        if self.measure.name == LATENCY.name and budget.model is not None:
            low, high = (
                LATENCY.format(budget.model.bound(end)) for end in (self.min_madds, self.max_madds)
            )
            how = f"predicted latency x {budget.model.factor:g} ranges from {low} to {high}"
            return f"{rule}, got {budget.words}: {how}"
        low, high = format_quantity(self.min_madds), format_quantity(self.max_madds)
        unit = "MAdds" if self.measure is MADDS else self.measure.name
        return (
            f"{rule}, got {budget}: "
            f"{unit} range from {low} ({self.min_madds}) to {high} ({self.max_madds})"
        )


def _ends(budget: Budget | None, measure: Measure, largest: int) -> tuple[int, int]:
    if budget is None:
        return 0, largest
    low, high = budget.predicted_ends if measure.name == LATENCY.name else (budget.low, budget.high)
    return min(low, largest + 1), largest if high is None else min(high, largest)


def _together(nodes: list[Node]) -> Iterator[tuple[Node, Ints]]:
    """Each node with the positions that stand at it."""
    found: dict[int, list[int]] = {}
    for position, node in enumerate(nodes):
        found.setdefault(id(node), []).append(position)
    for members in found.values():
        yield nodes[members[0]], np.array(members, np.int64)


def _within(node: Node, groups: Ints, ranks: Ints) -> tuple[Ints, Ints]:
    """Row within each group and rank below that row; ranks run over the group's rows first."""
    weights = node.weights[groups].astype(ranks.dtype)
    return (ranks % weights).astype(np.int64), ranks // weights
