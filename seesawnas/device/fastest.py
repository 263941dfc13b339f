"""Which of a network's deploy forms a runtime runs fastest, measured on this machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from seesawnas.device.latency.protocol import Run, finished, measure
from seesawnas.device.latency.runtimes import open_session, timed
from seesawnas.nn import FaceNetwork
from seesawnas.nn.deploy import DeployForm, deploy_form
from seesawnas.nn.deploy.form import Convolve

WASTES = (0.0, 1e6, math.inf)
"""Multiply-adds by zero, an image, up to which uneven groups run as one convolution."""

Write: TypeAlias = Callable[[float, Path], Path]
"""Writes the form of a waste into a folder, and gives the file to open."""


def distinct_wastes(network: FaceNetwork) -> list[float]:
    """Those of ``WASTES`` whose forms of ``network`` differ, the least of each form."""
    found: dict[object, float] = {}
    for waste in WASTES:
        found.setdefault(_structure(deploy_form(network, waste)), waste)
    return list(found.values())


def _structure(form: DeployForm) -> object:
    return tuple(
        (type(step.operator).__name__, step.reads, tuple(step.operator.weight.shape))
        if isinstance(step.operator, Convolve)
        else (type(step.operator).__name__, step.reads)
        for step in form.steps
    )


def milliseconds(
    wastes: list[float],
    write: Write,
    folder: Path,
    runtime: str,
    size: tuple[int, int, int, int],
    rounds: int,
) -> Mapping[float, float]:
    """What one run of each form takes with one thread, all open at once and run in turn.

    Args:
        wastes: Of the forms.
        write: See :data:`Write`.
        folder: For the files, which stay there.
        runtime: That opens them.
        size: Of what they take: (N, 3, H, W).
        rounds: Of the protocol, see :mod:`seesawnas.device.latency.protocol`.
    """
    images = np.zeros(size, np.float32)
    runs: dict[str, Run] = {}
    for number, waste in enumerate(wastes):
        place = folder / str(number)
        place.mkdir()
        runs[str(number)] = timed(open_session(runtime, write(waste, place), 1), images, 1)
    measured = finished(measure(runs, rounds=rounds)).latencies()
    return {wastes[int(one.name)]: one.minimum for one in measured}
