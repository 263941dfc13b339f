"""Whether a network can be built at all: specs are cheap at any size, tensors are not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.errors import InvalidInput
from seesawnas.units import format_quantity

LARGEST = 500_000_000
"""Params, 2 GB of them: hundreds of times what is lightweight, and refused before the machine runs out of memory."""


@contextmanager
def buildable(spec: ArchSpec) -> Iterator[None]:
    """For a block that builds ``spec``, or runs it. Raises InvalidInput, in one line, where it is too large for that."""
    name, total = spec.name or "network", cost(spec)
    params = f"{format_quantity(total.params)} params"
    if total.params > LARGEST:
        raise InvalidInput(f"{name}: must have at most {format_quantity(LARGEST)} params to be built, got {params}")
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "allocate memory" not in str(error):
            raise
        maps = f"{format_quantity(total.activation_bytes)} bytes of activations"
        raise InvalidInput(f"{name}: must fit into memory to be built, got {params} and {maps}") from None
