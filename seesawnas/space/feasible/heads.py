"""The heads of a space: which network-wide choices make the same one.

A head is made on the map that the last stage gives, which the choices alone do not say. So choices
are grouped by how they make heads of probes; on every map that a network ends with, it is checked
that one group makes one head, and two groups two.
"""

from __future__ import annotations

from collections.abc import Sequence

from seesawnas.arch import Block, Shape
from seesawnas.arch.blocks.parts import block_digest
from seesawnas.cost import Measure
from seesawnas.errors import DocumentError, SpecError
from seesawnas.space.feasible.stages import BuildResult
from seesawnas.space.search_space import Assignment, SearchSpace, read_shapes

_SIZES = ((7, 7), (4, 3), (1, 1))


class Heads:
    """The heads of a space; ``group`` is the number of each choice's group.

    Raises:
        DocumentError: If choices cannot be grouped.
    """

    def __init__(
        self, space: SearchSpace, choices: Sequence[Assignment], tried: BuildResult
    ) -> None:
        self._space, self._tried = space, tried
        paths = {attribute.path for attribute in space.head.values() if not attribute.is_fixed}
        plans: dict[tuple[object, ...], int] = {}
        keys = [tuple(choice[path] for path in sorted(paths)) for choice in choices]
        self._plans: list[Assignment] = []
        for key, choice in zip(keys, choices, strict=True):
            if key not in plans:
                plans[key] = len(plans)
                self._plans.append(choice)
        groups = self._grouped()
        self.group = [groups[plans[key]] for key in keys]
        self._members: dict[int, list[int]] = {}
        for plan, group in enumerate(groups):
            self._members.setdefault(group, []).append(plan)
        self._known: dict[tuple[Shape, ...], list[Block | None]] = {}

    def cost(self, group: int, after: tuple[Shape, ...], measure: Measure) -> int | None:
        """What the group's head costs after the last outputs ``after``.

        None if there is no such head.
        """
        if after not in self._known:
            self._known[after] = self._made(after)
        head = self._known[after][group]
        return None if head is None else measure.of(head, read_shapes(after[::-1], head.reads))

    def _made(self, after: tuple[Shape, ...]) -> list[Block | None]:
        """One head per group."""
        found = [self._head(plan, after) for plan in range(len(self._plans))]
        digests = ["" if head is None else block_digest(head) for head in found]
        by_group = [{digests[plan] for plan in members} for members in self._members.values()]
        real = [digest for group in by_group for digest in group if digest]
        if any(len(group) > 1 for group in by_group) or len(set(real)) < len(real):
            rule = (
                "its choices must give either equal heads for all input maps (such as two "
                "activations that a head "
                "ignores) or different heads for each, got a mixture"
            )
            raise DocumentError(self._space.source, [f"head: {rule}"])
        return [found[members[0]] for members in self._members.values()]

    def _head(self, plan: int, after: tuple[Shape, ...]) -> Block | None:
        try:
            with self._tried.record(self._space.head, self._plans[plan]):
                return self._space.head_of(self._plans[plan], after[::-1])[0]
        except SpecError:
            return None

    def _grouped(self) -> list[int]:
        """The group of each plan."""
        if len(self._plans) == 1:
            return [0]
        found: dict[tuple[str, ...], int] = {}
        probes = self._probes()
        heads = [[self._head(plan, after) for after in probes] for plan in range(len(self._plans))]
        keys = [tuple("" if head is None else block_digest(head) for head in row) for row in heads]
        return [found.setdefault(key, len(found)) for key in keys]

    def _probes(self) -> list[tuple[Shape, ...]]:
        widths = [int(option) for option in self._space.stages[-1].width.options]
        return [
            (Shape(width, *size),) * self._space.reads
            for width in sorted({min(widths), max(widths)})
            for size in _SIZES
        ]
