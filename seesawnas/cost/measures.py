"""``Measure``: what a search counts a network by.

Any whole number that a network's parts add up to can be one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seesawnas.arch import Block, Inputs
from seesawnas.cost.cost import block_cost


@dataclass(frozen=True, slots=True)
class Measure:
    """``of(block, inputs)`` is a block's share on the maps ``inputs``, the last block's first.

    It is an integer from 0.

    Attributes:
        name: For people.
        sees_activations: Whether it may differ between two blocks that differ in an activation
            alone.
    """

    name: str
    of: Callable[[Block, Inputs], int]
    sees_activations: bool = True


MADDS = Measure(
    "madds", lambda block, inputs: block_cost(block, inputs).madds, sees_activations=False
)
PARAMS = Measure("params", lambda block, inputs: block_cost(block, inputs).params)
ACTIVATION_BYTES = Measure(
    "activation_bytes", lambda block, inputs: block_cost(block, inputs).activation_bytes
)
