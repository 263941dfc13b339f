"""How well cheap proxies rank networks.

The measure is Kendall's tau between readings of a panel and its reference.

A reading is what one would have known at some cost: a level's scores after some of its epochs,
averaged over some seeds. The reference is the mean of the reference level's last scores over all of
its K seeds but one, so that every reading of one seed, and the baselines, are held against the same
number of trainings; taus are averaged over which. A reading's own seeds are left out of it, at
every level. So the reading of one seed at the reference level is the ceiling: what the same
training tells of itself from other seeds.

A reading of several seeds may leave fewer than K - 1; ``reference_seeds`` tells. If it leaves none,
as when the reference has but one seed, a reading of another level is held against the seeds there
are: another training, but in the same order of the data. An early epoch of the reference level
itself is then reported as of the same run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from seesawnas.analysis.fidelity.level import Level
from seesawnas.analysis.fidelity.measurements import TAUGHT, PanelRow
from seesawnas.analysis.fidelity.plan import LEAST_NETWORKS
from seesawnas.cost import COSTS
from seesawnas.errors import StudyError
from seesawnas.text import one_of

BOOTSTRAPS = 1000
MOST_CHOICES = 32  # of seeds, over which a tau is averaged: with many seeds there are millions
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Kendall's tau-b of a reading with the reference over ``networks``.

    It comes with its 95 % bootstrap interval over networks.

    Attributes:
        seconds: What the reading costs a network, on one thread.
        reference_seeds: Trainings of a network whose mean score is the reference.
        same_run: Whether the reading is an earlier epoch of the very training that the reference
            ends, because there is no other seed.
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
    reference_seeds: int
    same_run: bool = False


def agreements(
    rows: Iterable[PanelRow], score: str, reference: str | None = None
) -> list[Agreement]:
    """Every reading of ``rows`` against ``reference``, by ``score``.

    ``reference`` is a level; if it is None, the most expensive one.

    Raises:
        StudyError: If ``reference`` is not among the levels, nothing has three networks in common
            with it, or rows cannot be compared.
    """
    table = _Table(rows, score)
    reference = table.named(reference)
    found = [agreement for level in table.levels for agreement in table.of_level(level, reference)]
    baselines = [table.of_cost(name, reference) for name in ("madds", "params")]
    kept = [agreement for agreement in [*baselines, *found] if agreement.networks >= LEAST_NETWORKS]
    if not kept:
        raise StudyError(
            f"fidelity must have {LEAST_NETWORKS} networks trained from the same seeds at "
            f"{reference}, got fewer"
        )
    return kept


def reference_level(rows: Iterable[PanelRow], wanted: str | None = None) -> str:
    """The level that :func:`agreements` takes: ``wanted``, else the most expensive.

    Raises:
        StudyError: If ``wanted`` is not among the levels, or rows cannot be compared.
    """
    return _Table(rows, "auc").named(wanted)


@dataclass(frozen=True, slots=True)
class Noise:
    """How far a level's score tells networks apart.

    Attributes:
        between: Standard deviation between networks.
        within: Standard deviation within a network, between seeds.
        reliability: The share of a single training's variance that is the network's and not the
            seed's (ICC(1)).
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
    rows = _comparable(rows)
    levels = dict.fromkeys(row.level for row in rows)
    return [noise for score in scores for level in levels if (noise := _noise(rows, level, score))]


def _comparable(rows: Iterable[PanelRow]) -> list[PanelRow]:
    """``rows``, each network once a level and seed.

    Raises:
        StudyError: If there are none, or they differ in faces, teacher, distillation loss or
            length of training.
    """
    found = list(rows)
    if not found:
        raise StudyError("fidelity needs measurements, got none")
    faces: dict[str, str] = {}
    epochs: dict[str, int] = {}
    teachers: dict[str, str] = {}
    losses: dict[str, str] = {}
    for row in found:
        if (taught := teachers.setdefault(row.level, row.teacher)) != row.teacher:
            raise StudyError(
                f"level {row.level}: measurements must be of the same teacher, got {taught} and "
                f"{row.teacher}"
            )
        if (loss := losses.setdefault(row.level, row.loss)) != row.loss:
            raise StudyError(
                f"level {row.level}: measurements must be of the same distillation loss, got "
                f"{loss} and {row.loss}"
            )
        if (kept := faces.setdefault(row.side, row.data)) != row.data:
            raise StudyError(
                f"level {row.level}: measurements must be of the same faces, got data {kept} and "
                f"{row.data}"
            )
        if (length := epochs.setdefault(row.level, len(row.curve))) != len(row.curve):
            raise StudyError(
                f"level {row.level}: curves must be of one length, got {length} and "
                f"{len(row.curve)} epochs"
            )
    # Not before: a repeated training that differs is a fault, not one to leave out.
    kinds = {(row.level, row.seed, row.digest): row for row in reversed(found)}
    return list(kinds.values())[::-1]


class _Table:
    """Scores by level, seed, network (its digest) and epoch."""

    def __init__(self, rows: Iterable[PanelRow], score: str) -> None:
        self._rows = _comparable(rows)
        self._score = score
        self.levels = list(dict.fromkeys(row.level for row in self._rows))

    def named(self, level: str | None) -> str:
        """``level``, or the most expensive if it is None."""
        if level is not None and level not in self.levels:
            raise StudyError(f"reference {one_of(self.levels, level)}")
        return level or max(self.levels, key=self._expense)

    def seeds(self, level: str) -> list[int]:
        return sorted({row.seed for row in self._rows if row.level == level})

    def values(self, level: str, seeds: Iterable[int], epoch: int) -> dict[str, float]:
        """The mean score, after ``epoch``, of each network that was trained from all of ``seeds``.

        Epoch 0 is the last.
        """
        wanted = set(seeds)
        found: dict[str, list[float]] = {}
        for row in self._rows:
            if row.level == level and row.seed in wanted:
                value = getattr(row.curve[epoch - 1], self._score)
                found.setdefault(row.digest, []).append(float(value or 0.0))
        return {
            digest: fmean(values) for digest, values in found.items() if len(values) == len(wanted)
        }

    def of_level(self, level: str, reference: str) -> Iterable[Agreement]:
        epochs = next(len(row.curve) for row in self._rows if row.level == level)
        for epoch in sorted({1, 2, 3, 4, 6, 8, 12, 16, epochs}):
            for count in range(1, len(self.seeds(level)) + 1):
                if epoch <= epochs and (count == 1 or epoch == epochs):
                    yield from self._reading(level, reference, epoch, epochs, count)

    def _reading(
        self, level: str, reference: str, epoch: int, epochs: int, count: int
    ) -> Iterable[Agreement]:
        """The agreement of the mean over ``count`` seeds with that over unseen ones.

        It is averaged over the choices of which seeds are read, and which they are held against.
        """
        taken, same_run = self._most_unseen(level, reference, count), False
        if not taken and level == reference:
            if epoch == epochs or len(self.seeds(reference)) > 1:
                return
            same_run = True
        chosen = self._choices(level, reference, count, taken)
        pairs = [
            (self.values(level, own, epoch), self.values(reference, others, 0))
            for own, others in chosen
        ]
        seconds = self._seconds(level) * count * epoch / epochs
        after = "" if epoch == epochs else f" after epoch {epoch}"
        name = f"{level}{after}" + (f", {count} seeds" if count > 1 else "")
        about = (name, level, epoch, count)
        yield _agreement(pairs, about, seconds, taken or self._but_one(reference), same_run)

    def _but_one(self, reference: str) -> int:
        """Seeds of the reference that every row is held against: all but one, or the only one."""
        return max(1, len(self.seeds(reference)) - 1)

    def _most_unseen(self, level: str, reference: str, count: int) -> int:
        """As many seeds of the reference as some ``count`` seeds of ``level`` leave unseen.

        At most all but one.
        """
        known = set(self.seeds(reference))
        foreign = len(set(self.seeds(level)) - known)
        return max(0, min(self._but_one(reference), len(known) - max(0, count - foreign)))

    def _choices(
        self, level: str, reference: str, count: int, unseen: int
    ) -> list[tuple[tuple[int, ...], ...]]:
        """Which seeds are read and which they are held against.

        Those are unseen seeds; if there are none, any.
        """

        def pairs() -> Iterator[tuple[tuple[int, ...], ...]]:
            known = self.seeds(reference)
            # Those that the reference does not have come first: they leave the most of it unseen.
            for own in combinations(
                sorted(self.seeds(level), key=lambda seed: (seed in known, seed)), count
            ):
                others = [seed for seed in known if seed not in own] if unseen else known
                yield from (
                    (own, some) for some in combinations(others, unseen or self._but_one(reference))
                )

        return list(islice(pairs(), MOST_CHOICES))

    def _expense(self, level: str) -> tuple[float, float]:
        """What orders levels by how much they train, whatever machine each of them ran on."""
        try:
            work = Level.parse(level.removesuffix(TAUGHT)).work
        except StudyError:  # a name of its own, in measurements that others wrote
            work = 0.0
        return work, self._seconds(level)

    def _seconds(self, level: str) -> float:
        return fmean(row.seconds for row in self._rows if row.level == level)

    def of_cost(self, cost: str, reference: str) -> Agreement:
        costs = {row.digest: float(getattr(row, cost)) for row in self._rows}
        count = self._but_one(reference)
        some = islice(combinations(self.seeds(reference), count), MOST_CHOICES)
        pairs = [(costs, self.values(reference, seeds, 0)) for seeds in some]
        return _agreement(pairs, (COSTS[cost].title, cost, 0, 0), 0.0, count, False)


def _agreement(
    pairs: Sequence[tuple[dict[str, float], dict[str, float]]],
    about: tuple[str, str, int, int],
    seconds: float,
    reference_seeds: int,
    same_run: bool,
) -> Agreement:
    networks = sorted(set.intersection(*(set(part) for pair in pairs for part in pair)))
    rest = (seconds, reference_seeds, same_run)
    if len(networks) < LEAST_NETWORKS:
        return Agreement(*about, len(networks), 0.0, -1.0, 1.0, *rest)
    taken = [
        tuple(np.array([part[network] for network in networks]) for part in pair) for pair in pairs
    ]
    tau = _mean_tau(taken, np.arange(len(networks)))
    rng = np.random.default_rng(0)
    draws = [
        _mean_tau(taken, rng.integers(len(networks), size=len(networks))) for _ in range(BOOTSTRAPS)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return Agreement(*about, len(networks), tau, float(low), float(high), *rest)


def _mean_tau(pairs: Sequence[tuple[_Floats, ...]], chosen: NDArray[np.int64]) -> float:
    # Undefined where all are equal: such a reading tells none apart, which is what 0 says.
    taus = [
        kendalltau(reading[chosen], reference[chosen]).statistic for reading, reference in pairs
    ]
    return float(np.mean(np.nan_to_num(taus)))


def _noise(rows: Sequence[PanelRow], level: str, score: str) -> Noise | None:
    found: dict[str, dict[int, float]] = {}
    for row in rows:
        if row.level == level:
            found.setdefault(row.digest, {})[row.seed] = float(getattr(row.curve[-1], score) or 0.0)
    seeds = max(len(values) for values in found.values())
    whole = np.array([list(values.values()) for values in found.values() if len(values) == seeds])
    if seeds < 2 or len(whole) < 2:
        return None
    within = float(whole.var(axis=1, ddof=1).mean())
    # The variance of means holds the seeds' share of it too.
    between = max(0.0, float(whole.mean(axis=1).var(ddof=1)) - within / seeds)
    share = between / (between + within) if between + within else 0.0
    return Noise(level, score, len(whole), seeds, between**0.5, within**0.5, share)
