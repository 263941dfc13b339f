"""Samplers: what to try next, learnt from what was tried. All stay inside the feasible set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from seesawnas.errors import StudyError
from seesawnas.search.samplers._base import History, Past, Sampler
from seesawnas.search.samplers._evolution import EvolutionSampler
from seesawnas.search.samplers._gp import GaussianProcess
from seesawnas.search.samplers._history import Recorded
from seesawnas.search.samplers._linear import INFORMED_STARTUP, LinearThompson
from seesawnas.search.samplers._nsgaii import NSGAII
from seesawnas.search.samplers._random import RandomSampler, uniform
from seesawnas.search.samplers._tpe import MultivariateTPE
from seesawnas.space import FeasibleSet

SAMPLERS: Mapping[str, Callable[[FeasibleSet], Sampler]] = {
    "random": RandomSampler,
    "tpe": MultivariateTPE,
    "nsga2": NSGAII,
    "gp": GaussianProcess,
    "evolution": EvolutionSampler,
    "linear": LinearThompson,
}


def make_sampler(name: str, feasible: FeasibleSet) -> Sampler:
    """The sampler called ``name``, one of ``SAMPLERS``, with its default settings.

    Raises:
        StudyError: If there is no sampler of this name.
    """
    if name not in SAMPLERS:
        raise StudyError(f"sampler must be one of {', '.join(SAMPLERS)}, got {name!r}")
    return SAMPLERS[name](feasible)


__all__ = [
    "INFORMED_STARTUP",
    "NSGAII",
    "SAMPLERS",
    "EvolutionSampler",
    "GaussianProcess",
    "History",
    "LinearThompson",
    "MultivariateTPE",
    "Past",
    "RandomSampler",
    "Recorded",
    "Sampler",
    "make_sampler",
    "uniform",
]
