"""Steps in their order: the slots that each reads and writes, and what it may overwrite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seesawnas.nn.grouped import GroupedConv
from seesawnas.nn.steps import ConvStep, ScaleStep, Step


@dataclass(frozen=True, slots=True, eq=False)
class ScheduledStep:
    """A step and its place in the order.

    It has the slots that the step reads and writes, those that no step reads after it, and, of what
    it reads, what is fresh: made by a step before it and a view of nothing.
    """

    step: Step
    reads: tuple[int, ...]
    out: int
    frees: tuple[int, ...]
    fresh: tuple[bool, ...]

    @property
    def own(self) -> tuple[bool, ...]:
        """Of what it reads, what it may overwrite in inference."""
        return tuple(
            fresh and slot in self.frees and self.reads.count(slot) == 1
            for slot, fresh in zip(self.reads, self.fresh, strict=True)
        )


def fuse_gates(steps: Sequence[ScheduledStep]) -> list[ScheduledStep]:
    """``steps`` with each gate that only a grouped convolution reads left to that convolution.

    It scales what it picks anyway. A gate stays if a step between the two is the last to read what
    the gate reads: by then it may be gone, or overwritten.
    """
    found: list[ScheduledStep] = []
    scales = {placed.out: placed for placed in steps if isinstance(placed.step, ScaleStep)}
    for placed in steps:
        scale = scales.get(placed.reads[0]) if _takes_factors(placed) else None
        if (
            scale is not None
            and scale.out in placed.frees
            and scale in found
            and _can_wait(scale, found)
        ):
            found.remove(scale)
            frees = (*placed.frees, *scale.frees)
            placed = ScheduledStep(placed.step, scale.reads, placed.out, frees, (False, False))
        found.append(placed)
    return found


def _can_wait(scale: ScheduledStep, found: Sequence[ScheduledStep]) -> bool:
    freed = {slot for placed in found[found.index(scale) + 1 :] for slot in placed.frees}
    return freed.isdisjoint(scale.reads)


def _takes_factors(placed: ScheduledStep) -> bool:
    return isinstance(placed.step, ConvStep) and isinstance(placed.step.conv, GroupedConv)
