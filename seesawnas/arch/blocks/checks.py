"""What several kinds check of their fields.

Each raises SpecError, the rule first and then the value.
"""

from __future__ import annotations

from seesawnas.arch.blocks.base import Block, require, require_word
from seesawnas.arch.blocks.bottleneck import KERNELS
from seesawnas.arch.layers import ACTIVATIONS
from seesawnas.arch.rules import SLOPES


def check_widths(block: Block, *names: str) -> None:
    """The fields ``names`` are positive, and the stride is 1 or 2."""
    for name in names:
        value = getattr(block, name)
        require(value >= 1, f"{name} must be positive", value)
    require(block.stride in (1, 2), "stride must be 1 or 2", block.stride)


def check_kernel(kernel: int) -> None:
    """It is one of the grammar's kernels."""
    require(kernel in KERNELS, f"kernel must be one of {list(KERNELS)}", kernel)


def check_activation(activation: str) -> None:
    """It is one of the grammar's activations."""
    require_word("activation", activation, ACTIVATIONS)


def check_slopes(slopes: str) -> None:
    """It is one of the grammar's."""
    require_word("slopes", slopes, SLOPES)


def check_se(se: int, channels: int) -> None:
    """Squeeze-and-excitation of ``channels`` keeps at least one."""
    require(
        0 <= se <= channels,
        f"se must be off or a reduction ratio of at most {channels} (the width)",
        se,
    )


def check_divides(name: str, groups: int, *channels: int) -> None:
    """``groups`` is positive and divides each of ``channels``."""
    for number in channels:
        require(
            groups >= 1 and number % groups == 0,
            f"{name} must divide the {number} channels",
            groups,
        )
