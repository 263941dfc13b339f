"""Which of a network's deploy forms a runtime runs fastest, measured on this machine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from seesawnas.device.latency.protocol import Latency, Run, finished, measure
from seesawnas.device.latency.runtimes import open_session, timed
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


def milliseconds(
    files: Mapping[float, Path], runtime: str, size: tuple[int, int, int, int], rounds: int
) -> dict[float, float]:
    """What one run of each file takes with one thread, all open at once and run in turn.

    Args:
        files: By the waste of their forms.
        runtime: That opens them.
        size: Of what they take: (N, 3, H, W).
        rounds: Of the protocol, see :mod:`seesawnas.device.latency.protocol`.
    """
    measured = time_files(list(files.values()), runtime, size, rounds)
    return {waste: one.minimum for waste, one in zip(files, measured, strict=True)}


def time_files(
    files: Sequence[Path], runtime: str, size: tuple[int, int, int, int], rounds: int
) -> list[Latency]:
    """What one run of each file takes with one thread; the arguments are those above."""
    images = np.zeros(size, np.float32)
    runs: dict[str, Run] = {
        str(file): timed(open_session(runtime, file, 1), images, 1) for file in files
    }
    return finished(measure(runs, rounds=rounds)).latencies()
