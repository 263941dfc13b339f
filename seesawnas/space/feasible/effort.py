"""What compiling a space takes: estimated before it begins, bounded, and reported while it goes on.

A step is one block option that is priced, about 60 us; array work on rows counts as the steps that
take as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from seesawnas.arch.spec import down
from seesawnas.errors import DocumentError
from seesawnas.space.feasible.stages import position_classes, stage_decisions
from seesawnas.space.search_space import SearchSpace, known_kind, possible_kinds

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the steps done and the steps estimated in all."""

MAX_STEPS = 1_000_000  # a minute or two
MAX_EDGES = 100_000_000  # rows that nodes hold together: 2 GB
_ROWS_A_STEP = 100
_STEPS_A_GROUP = 10


@dataclass(frozen=True, slots=True)
class StageEffort:
    """What compiling a stage takes.

    Attributes:
        states: Input maps that the stage may see.
        groups: Combinations of network-wide decisions.
        options: Combinations of the stage's own decisions.
    """

    number: int
    states: int
    groups: int
    options: int
    steps_a_state: int

    @property
    def steps(self) -> int:
        """Of the whole stage."""
        return self.states * self.steps_a_state

    def __str__(self) -> str:
        parts = (
            (self.states, "input map"),
            (self.groups, "network-wide combination"),
            (self.options, "option"),
        )
        return " x ".join(
            f"{number:,} {name}{'' if number == 1 else 's'}" for number, name in parts
        )


_listener: ContextVar[Progress | None] = ContextVar("_listener", default=None)


@contextmanager
def compiling_reported_to(progress: Progress) -> Iterator[None]:
    """Report compiling to ``progress`` within the block: the steps done and the steps in all."""
    token = _listener.set(progress)
    try:
        yield
    finally:
        _listener.reset(token)


class CompileCost:
    """The steps of compiling ``space``.

    Raises:
        DocumentError: If they are more than MAX_STEPS.
    """

    def __init__(self, space: SearchSpace) -> None:
        self.stages = tuple(_stages(space))
        self.total = sum(stage.steps for stage in self.stages)
        self._source, self._progress = space.source, _listener.get()
        self._done = self._edges = 0
        if self.total > MAX_STEPS:
            most = max(self.stages, key=lambda stage: stage.steps)
            rule = f"must take at most {MAX_STEPS:,} steps to compile, got about {self.total:,}"
            raise DocumentError(
                space.source, [f"stages.{most.number}: {rule}: {most}; {_advice(most)}"]
            )

    def spend(self, stage: int) -> None:
        """One input map of ``stage`` is done."""
        self._done += self.stages[stage].steps_a_state
        if self._progress is not None:
            self._progress(min(self._done, self.total), self.total)

    def hold(self, stage: int, edges: int) -> None:
        """Count the edges that a node of ``stage`` holds.

        Raises:
            DocumentError: If all edges together are more than MAX_EDGES.
        """
        self._edges += edges
        if self._edges > MAX_EDGES:
            rule = f"must have at most {MAX_EDGES:,} edges between its stages, got more"
            raise DocumentError(
                self._source, [f"stages.{stage}: {rule}; {_advice(self.stages[stage])}"]
            )


def _stages(space: SearchSpace) -> Iterator[StageEffort]:
    network = {d.name: len(d.options) for d in space.decisions if not d.name.startswith("stages.")}
    widths = {int(option) for option in space.stem["width"].options}
    strides = {known_kind(name).block.stride for name in possible_kinds(space.stem["kind"])}
    divisors = {stride if isinstance(stride, int) else 2 for stride in strides}
    if "stride" in space.stem:
        divisors |= {int(option) for option in space.stem["stride"].options}
    pixels = {
        (int(height), int(width))
        for height in space.height.options
        for width in space.width.options
    }
    sizes = {(down(height, by), down(width, by)) for height, width in pixels for by in divisors}
    reads, earlier = space.reads, 1
    for number, stage in enumerate(space.stages):
        names = {attribute.path for attribute in stage.all()}
        own = {decision.name: len(decision.options) for decision in stage_decisions(stage, number)}
        groups = prod(size for name, size in network.items() if name in names)
        cells = 0
        for cls in position_classes(stage, reads):
            paths = {
                attribute.path
                for attribute in (*cls.attributes.values(), stage.width, stage.stride)
            }
            priced = prod(size for name, size in own.items() if name in paths)
            # Blocks that read the stage's own maps alone serve every input width.
            cells += priced if cls.indices[0] < reads else -(-priced // len(widths))
        rows = prod(own.values()) * len(stage.depth.options)
        steps = groups * (cells + rows // _ROWS_A_STEP + _STEPS_A_GROUP)
        states = len(widths) * len(sizes)
        yield StageEffort(number, states * earlier, groups, prod(own.values()), steps)
        # A stage of fewer blocks than a block reads leaves what came before it in sight.
        short = sum(int(depth) < reads for depth in stage.depth.options)
        earlier = short * states * earlier + (len(stage.depth.options) > short)
        widths = {int(option) for option in stage.width.options}
        steps_down = [int(option) for option in stage.stride.options]
        sizes = {(down(height, s), down(width, s)) for height, width in sizes for s in steps_down}


def _advice(stage: StageEffort) -> str:
    if stage.groups > max(stage.states, stage.options):
        return "move some choices from defaults to the stages, or use fewer options"
    return "use widths that are multiples of 16 or 32, or fewer options"
