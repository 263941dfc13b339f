"""Samplers: what to try next, learnt from what was tried. All stay inside the feasible set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from seesawnas.errors import StudyError
from seesawnas.search.plan import OWN_SAMPLERS
from seesawnas.search.samplers._base import History, Past, Sampler
from seesawnas.search.samplers._evolution import EvolutionSampler
from seesawnas.search.samplers._gp import GaussianProcess
from seesawnas.search.samplers._history import Recorded
from seesawnas.search.samplers._linear import INFORMED_STARTUP, LinearThompson
from seesawnas.search.samplers._nsgaii import NSGAII
from seesawnas.search.samplers._own import find_own
from seesawnas.search.samplers._random import RandomSampler, uniform
from seesawnas.search.samplers._tpe import MultivariateTPE
from seesawnas.space import FeasibleSet
from seesawnas.text import one_of

SAMPLERS: Mapping[str, Callable[[FeasibleSet], Sampler]] = {
    "random": RandomSampler,
    "tpe": MultivariateTPE,
    "nsga2": NSGAII,
    "gp": GaussianProcess,
    "evolution": EvolutionSampler,
    "linear": LinearThompson,
}


def find_sampler(name: str) -> Callable[[FeasibleSet], Sampler]:
    """What makes the sampler called ``name``: an included one, or an installed package's.

    Raises:
        StudyError: In one line, if there is no sampler of this name, or if a package offers one
            that cannot be used.
    """
    found = find_own(name) or SAMPLERS.get(name)
    if found is None:
        raise StudyError(f"sampler {one_of(OWN_SAMPLERS.names(), name)}")
    return found


def make_sampler(name: str, feasible: FeasibleSet) -> Sampler:
    """The sampler called ``name`` for networks of ``feasible``, with its default settings.

    Raises:
        StudyError: In one line, if there is no sampler of this name, or if a package offers one
            that cannot be used.
    """
    return find_sampler(name)(feasible)


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
    "find_sampler",
    "make_sampler",
    "uniform",
]
