"""How well cheap proxies rank networks: Kendall's tau between readings of a panel and its reference.

A reading is what one would have known at some cost: a level's scores after some of its epochs, averaged over some seeds.
The reference is the mean of the reference level's last scores over seeds that the reading has not seen. So the reading of
one seed at the reference level is the ceiling: what the same training tells of itself from another seed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from seesawnas.errors import StudyError
from seesawnas.study import Scores

BOOTSTRAPS = 1000
LEAST = 3
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A network trained once: which of the panel's, what it costs, at what level and seed, what each epoch scored."""

    network: int
    digest: str
    madds: int
    params: int
    level: str
    seed: int
    curve: tuple[Scores, ...]
    seconds: float

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> PanelRow:
        """From a line of a panel's measurements."""
        names = ("network", "digest", "madds", "params", "level", "seed", "seconds")
        return cls(**{name: values[name] for name in names}, curve=tuple(Scores(**s) for s in values["curve"]))


@dataclass(frozen=True, slots=True)
class Agreement:
    """Kendall's tau-b of a reading with the reference over ``networks``, its 95 % bootstrap interval over networks.

    seconds: what the reading costs a network, on one thread. same_run: the reading is an earlier epoch of the very
    training that the reference ends, because there is no other seed.
    """

    reading: str
    level: str
    epoch: int
    seeds: int
    networks: int
    tau: float
    low: float
    high: float
    seconds: float
    same_run: bool = False


def read_measurements(text: str, source: str) -> list[dict[str, Any]]:
    """The measurements of a file, one JSON object a line. Raises StudyError with file and line."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            values = json.loads(line)
            PanelRow.from_mapping(values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StudyError(f"{source}: line {number}: must be a panel's measurement, got {error!r}") from None
        found.append(values)
    return found


def agreements(rows: Iterable[PanelRow], score: str, reference: str | None = None) -> list[Agreement]:
    """Every reading of ``rows`` against ``reference`` (a level; the costliest where none is named), by ``score``.

    Raises StudyError where no level has two networks in common with it.
    """
    table = _Table(rows, score)
    reference = reference or table.costliest()
    if reference not in table.levels:
        raise StudyError(f"reference must be one of {', '.join(table.levels)}, got {reference}")
    found = [agreement for level in table.levels for agreement in table.of_level(level, reference)]
    baselines = [table.of_cost(name, reference) for name in ("madds", "params")]
    return [agreement for agreement in [*baselines, *found] if agreement.networks >= LEAST]


@dataclass(frozen=True, slots=True)
class Noise:
    """How far a level's score tells networks apart: standard deviations between networks and, within one, between seeds.

    reliability: the share of a single training's variance that is the network's and not the seed's (ICC(1)).
    """

    level: str
    score: str
    networks: int
    seeds: int
    between: float
    within: float
    reliability: float


def noises(rows: Iterable[PanelRow], scores: Sequence[str]) -> list[Noise]:
    """Of each level with two seeds or more, and each of ``scores``."""
    rows = list(rows)
    return [noise for score in scores for level in _Table(rows, score).levels if (noise := _noise(rows, level, score))]


class _Table:
    """Scores by level, seed, network and epoch."""

    def __init__(self, rows: Iterable[PanelRow], score: str) -> None:
        self._rows = list(rows)
        self._score = score
        self.levels = list(dict.fromkeys(row.level for row in self._rows))

    def costliest(self) -> str:
        return max(self.levels, key=lambda level: fmean(row.seconds for row in self._rows if row.level == level))

    def seeds(self, level: str) -> list[int]:
        return sorted({row.seed for row in self._rows if row.level == level})

    def values(self, level: str, seeds: Iterable[int], epoch: int | None) -> dict[int, float]:
        """The mean score of each network that was trained from all of ``seeds``."""
        wanted = set(seeds)
        found: dict[int, list[float]] = {}
        for row in self._rows:
            if row.level == level and row.seed in wanted:
                value = getattr(row.curve[-1 if epoch is None else epoch - 1], self._score)
                found.setdefault(row.network, []).append(float(value or 0.0))
        return {network: fmean(values) for network, values in found.items() if len(values) == len(wanted)}

    def of_level(self, level: str, reference: str) -> Iterable[Agreement]:
        epochs = max(len(row.curve) for row in self._rows if row.level == level)
        for epoch in sorted({1, 2, 3, 4, 6, 8, 12, 16, epochs}):
            for count in range(1, len(self.seeds(level)) + 1):
                if epoch <= epochs and (count == 1 or epoch == epochs):
                    yield from self._reading(level, reference, epoch, epochs, count)

    def _reading(self, level: str, reference: str, epoch: int, epochs: int, count: int) -> Iterable[Agreement]:
        """The mean over which ``count`` seeds are read."""
        pairs, same_run = [], False
        for seeds in combinations(self.seeds(level), count):
            unseen = [seed for seed in self.seeds(reference) if level != reference or seed not in seeds]
            if not unseen and epoch < epochs:
                unseen, same_run = self.seeds(reference), True
            if unseen:
                pairs.append((self.values(level, seeds, epoch), self.values(reference, unseen, None)))
        if not pairs:
            return
        seconds = fmean(row.seconds for row in self._rows if row.level == level) * count * epoch / epochs
        after = "" if epoch == epochs else f" after epoch {epoch}"
        name = f"{level}{after}" + (f", {count} seeds" if count > 1 else "")
        yield _agreement(pairs, name, (level, epoch, count), seconds, same_run)

    def of_cost(self, cost: str, reference: str) -> Agreement:
        costs = {row.network: float(getattr(row, cost)) for row in self._rows}
        pairs = [(costs, self.values(reference, self.seeds(reference), None))]
        return _agreement(pairs, {"madds": "MAdds"}.get(cost, cost), (cost, 0, 0), 0.0, False)


def _agreement(
    pairs: Sequence[tuple[dict[int, float], dict[int, float]]],
    name: str,
    where: tuple[str, int, int],
    seconds: float,
    same_run: bool,
) -> Agreement:
    networks = sorted(set.intersection(*(set(part) for pair in pairs for part in pair)))
    taken = [tuple(np.array([part[network] for network in networks]) for part in pair) for pair in pairs]
    level, epoch, seeds = where
    if len(networks) < LEAST:
        return Agreement(name, level, epoch, seeds, len(networks), 0.0, -1.0, 1.0, seconds, same_run)
    tau = _mean_tau(taken, np.arange(len(networks)))
    rng = np.random.default_rng(0)
    draws = [_mean_tau(taken, rng.integers(len(networks), size=len(networks))) for _ in range(BOOTSTRAPS)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return Agreement(name, level, epoch, seeds, len(networks), tau, float(low), float(high), seconds, same_run)


def _mean_tau(pairs: Sequence[tuple[_Floats, ...]], chosen: NDArray[np.int64]) -> float:
    # Undefined where all are equal: such a reading tells none apart, which is what 0 says.
    taus = [kendalltau(reading[chosen], reference[chosen]).statistic for reading, reference in pairs]
    return float(np.mean(np.nan_to_num(taus)))


def _noise(rows: Sequence[PanelRow], level: str, score: str) -> Noise | None:
    found: dict[int, dict[int, float]] = {}
    for row in rows:
        if row.level == level:
            found.setdefault(row.network, {})[row.seed] = float(getattr(row.curve[-1], score) or 0.0)
    seeds = max(len(values) for values in found.values())
    whole = np.array([list(values.values()) for values in found.values() if len(values) == seeds])
    if seeds < 2 or len(whole) < 2:
        return None
    within = float(whole.var(axis=1, ddof=1).mean())
    # The variance of means holds the seeds' share of it too.
    between = max(0.0, float(whole.mean(axis=1).var(ddof=1)) - within / seeds)
    share = between / (between + within) if between + within else 0.0
    return Noise(level, score, len(whole), seeds, between**0.5, within**0.5, share)
