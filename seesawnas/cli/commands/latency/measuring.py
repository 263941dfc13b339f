"""What ``seesawnas latency fit`` measures networks by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seesawnas.errors import InvalidInput

if TYPE_CHECKING:
    from seesawnas.cost.latency import MeasureLatency


@dataclass(frozen=True, slots=True)
class OpenedMeasure:
    """What measures networks on a device.

    Attributes:
        device: What it is, for people, such as the CPU's model.
        runtime_version: The version of what runs the networks.
        measure: Measures networks side by side.
    """

    device: str
    runtime_version: str
    measure: MeasureLatency


def open_measure(runtime: str, *, threads: int, batch: int, command: str | None) -> OpenedMeasure:
    """What measures networks in ``runtime``, here or through ``command``.

    Raises:
        InvalidInput: If there is no such runtime.
    """
    raise InvalidInput(f"--runtime must be one that can be measured, got {runtime}")
