"""Which networks to measure, so that few of them determine a latency model.

Three quarters are D-optimal: of a pool that is drawn uniformly, those whose counts
(:mod:`seesawnas.cost.counts`) and options together differ most, so that every coefficient is
determined and every option of every decision occurs. The rest are drawn uniformly, as the networks
are that a model is asked about: without them the errors that the model is judged by would be those
of unusual networks alone.

By 120 uniform networks of ``seesaw`` at 120M..150M that were held out (plain exports in
onnxruntime, one thread, counts of the layers as they are written), a model of 40 networks errs by
3.7 % on average if it is fitted to such a design, 3.8 % to D-optimal networks alone, and 4.0 % to
uniform ones; in its worst case by 4.1 %, 4.3 % and 4.8 %.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seesawnas.arch import ArchSpec
from seesawnas.cost.counts import network_counts
from seesawnas.cost.lowering import Lowering
from seesawnas.errors import InvalidInput
from seesawnas.space import Decision, FeasibleSet
from seesawnas.space.feasible.exact import Sample

POOL = 2_000
OPTIMAL_SHARE = 0.75
_OPTIONS = 0.5  # weight of a decision's options beside a count
_LOWERING = Lowering()
_PRIOR = 1e-3  # of the information before the first network: only that it can be inverted

Floats = npt.NDArray[np.float64]


def design_networks(
    feasible: FeasibleSet, networks: int, seed: int = 0, lowering: Lowering = _LOWERING
) -> list[ArchSpec]:
    """So many different networks of ``feasible`` to measure, the same for a seed.

    ``lowering`` is how they are run.

    Raises:
        InvalidInput: If the set has fewer networks.
    """
    pool, specs = _pool(feasible, max(POOL, 2 * networks), seed)
    if len(specs) < networks:
        raise InvalidInput(
            f"networks to measure must be at most {len(specs)} in so small a set, got {networks}"
        )
    wanted = min(networks, round(OPTIMAL_SHARE * networks))
    chosen = select_d_optimal(_rows(feasible.decisions, pool, specs, lowering), wanted)
    rest = (place for place in range(len(specs)) if place not in set(chosen))
    chosen += [place for place, _ in zip(rest, range(networks - wanted), strict=False)]
    return [specs[place] for place in chosen]


def select_d_optimal(rows: Floats, wanted: int) -> list[int]:
    """The indices of ``wanted`` rows that determine a linear model of the columns best.

    Greedy: each one is the row about whose response the model of those before it knows least, which
    raises the determinant of the information matrix most.
    """
    inverse = np.eye(rows.shape[1]) / _PRIOR
    chosen: list[int] = []
    for _ in range(wanted):
        unknown = np.einsum("ij,jk,ik->i", rows, inverse, rows)
        unknown[chosen] = -1.0
        best = int(unknown.argmax())
        chosen.append(best)
        along = inverse @ rows[best]
        inverse -= np.outer(along, along) / (1 + rows[best] @ along)
    return chosen


def counts_matrix(
    specs: Sequence[ArchSpec], lowering: Lowering, names: Sequence[str] | None = None
) -> Floats:
    """(networks, counts): the counts called ``names``, by default all that any of them has."""
    found = [network_counts(spec, lowering) for spec in specs]
    names = counted_names(specs, lowering) if names is None else names
    return np.array([[counts.get(name, 0) for name in names] for counts in found], np.float64)


def counted_names(specs: Sequence[ArchSpec], lowering: Lowering) -> tuple[str, ...]:
    """The counts that any of the networks has, sorted."""
    return tuple(sorted(set().union(*(network_counts(spec, lowering) for spec in specs))))


def _pool(feasible: FeasibleSet, size: int, seed: int) -> tuple[Sample, list[ArchSpec]]:
    """Different networks, uniform over the set: all of a small one."""
    if feasible.is_counted(size):
        pool = feasible.at(range(feasible.count))
    else:
        pool = feasible.sample(size, seed)
    places: dict[ArchSpec, int] = {}
    for place, spec in enumerate(feasible.specs(pool)):
        places.setdefault(spec, place)
    order = np.random.default_rng(seed).permutation(len(places)).tolist()
    specs, kept = list(places), list(places.values())
    return pool.only([kept[place] for place in order]), [specs[place] for place in order]


def _rows(
    decisions: Sequence[Decision], pool: Sample, specs: Sequence[ArchSpec], lowering: Lowering
) -> Floats:
    """Counts as shares of a network, and which option of each decision it has."""
    counts = counts_matrix(specs, lowering)
    counts /= counts.max(axis=0)
    # Errors are relative: a network of twice the size says no more.
    counts *= counts.shape[1] ** 0.5 / counts.sum(axis=1, keepdims=True)
    options = [
        _OPTIONS
        * (pool.vectors[:, column, None] == np.arange(len(one.options)))
        / len(one.options) ** 0.5
        for column, one in enumerate(decisions)
    ]
    return np.hstack([counts, *options])
