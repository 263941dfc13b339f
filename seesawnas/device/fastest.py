"""Which of a network's deploy forms a runtime runs fastest, measured on this machine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seesawnas.device.latency.measuring import NetworkTimer
from seesawnas.device.latency.prepare import ModelFile
from seesawnas.device.latency.protocol import Latency, finished
from seesawnas.nn import FaceNetwork
from seesawnas.nn.deploy import DeployForm, deploy_form
from seesawnas.nn.deploy.form import Convolve

WASTES = (0.0, 1e6, math.inf)
"""Multiply-adds by zero, an image, up to which uneven groups run as one convolution."""


def distinct_forms(network: FaceNetwork) -> dict[float, DeployForm]:
    """The forms of ``network`` by ``WASTES``, each that differs once, by its least waste."""
    forms = {waste: deploy_form(network, waste) for waste in WASTES}
    least: dict[object, float] = {}
    for waste, form in forms.items():
        least.setdefault(_structure(form), waste)
    return {waste: forms[waste] for waste in least.values()}


def _structure(form: DeployForm) -> object:
    return tuple(
        (type(step.operator).__name__, step.reads, tuple(step.operator.weight.shape))
        if isinstance(step.operator, Convolve)
        else (type(step.operator).__name__, step.reads)
        for step in form.steps
    )


@dataclass(frozen=True, slots=True)
class TimedFiles:
    """What files took, timed side by side.

    Attributes:
        latencies: Of the files, in their order.
        rounds: Of the protocol, in which each ran once.
    """

    latencies: tuple[Latency, ...]
    rounds: int


def time_forms(
    files: Mapping[float, Path], runtime: str, size: tuple[int, int, int, int], rounds: int
) -> dict[float, Latency]:
    """What one run of each file takes with one thread, all open at once and run in turn.

    Args:
        files: By the waste of their forms.
        runtime: That opens them.
        size: Of what they take: (N, 3, H, W).
        rounds: Of the protocol, see :mod:`seesawnas.device.latency.protocol`; up to five times as
            many while halves disagree.
    """
    found = time_files(list(files.values()), runtime, size, rounds)
    return dict(zip(files, found.latencies, strict=True))


def time_files(
    files: Sequence[Path], runtime: str, size: tuple[int, int, int, int], rounds: int
) -> TimedFiles:
    """What one run of each file takes with one thread; the arguments are those above.

    Halves that disagree at the end are not refused: what shows the times shows by how much.
    """
    timer = NetworkTimer.open(runtime, batch=size[0], rounds=rounds)
    models = [ModelFile(str(file), file, size[2:], "file") for file in files]
    found = finished(timer.measured(models))
    return TimedFiles(tuple(found.latencies()), found.rounds)
