"""The protocol: how the times of several networks are taken so that they can be compared.

All networks are open at once. After a warm-up they run in rounds, each network once a round, in an
order drawn anew for every round, so that whatever else the machine does falls on all of them
alike. What disturbs a run can only lengthen it: the minimum over the rounds is the time, and the
lower quartile says how far an ordinary undisturbed run lies above it. The rounds are halved, even
and odd, and the halves' times compared: while they disagree the rounds go on, up to five times as
many, and where they still disagree, the machine was too busy to say. Networks timed one after
another gave predictions that were off by 27 to 34 %, and by this protocol 4.4 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from seesawnas.errors import InvalidInput

WARM_UP = 3
ROUNDS = 60
ROUNDS_FACTOR = 5
"""Times as many rounds as were asked for, at most, while halves disagree."""
FEWEST_ROUNDS = 8
MOST_DISAGREEMENT = 0.05
BLOCKS = 6
_LEVEL = 0.95

Clock: TypeAlias = Literal["cpu", "wall"]
_Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """One run, in milliseconds; ``cpu`` is the processor time, None where it is not known."""

    wall: float
    cpu: float | None = None


Run: TypeAlias = Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class RoundFinished:
    """``done`` of ``total`` rounds are done, the warm-up among them."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Latency:
    """What one network took, in milliseconds.

    Attributes:
        name: The network.
        minimum: Over all rounds, by the clock.
        quartile: The lower quartile over all rounds.
        wall_minimum: By the wall clock.
        cpu_minimum: Of processor time; None where it is not known.
        disagreement: Of the minima over the even and the odd rounds, relative to the smaller.
        ratio: ``minimum`` over that of the first network.
        low: Lower end of the ratio's 95 % interval, see :func:`ratio_intervals`.
        high: Upper end.
    """

    name: str
    minimum: float
    quartile: float
    wall_minimum: float
    cpu_minimum: float | None
    disagreement: float
    ratio: float
    low: float
    high: float

    def to_mapping(self) -> dict[str, Any]:
        """As commands print it as JSON; keys are only ever added."""
        return {
            "ms": self.minimum,
            "lower_quartile_ms": self.quartile,
            "wall_ms": self.wall_minimum,
            "cpu_ms": self.cpu_minimum,
            "ratio": self.ratio,
            "ratio_interval": [self.low, self.high],
            "halves_disagree": self.disagreement,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """All samples, (networks, rounds), by the clock and by the wall.

    Attributes:
        names: The networks in their order.
        clock: ``cpu`` if every sample has processor time, else ``wall``.
        wall: Milliseconds.
        cpu: Milliseconds; None where they are not known.
    """

    names: tuple[str, ...]
    clock: Clock
    wall: _Floats
    cpu: _Floats | None

    @property
    def times(self) -> _Floats:
        """(networks, rounds) by the clock."""
        return self.wall if self.cpu is None or self.clock == "wall" else self.cpu

    @property
    def rounds(self) -> int:
        """Runs of each network."""
        return int(self.wall.shape[1])

    @property
    def disagreements(self) -> _Floats:
        """(networks,): of the minima over even and odd rounds, relative to the smaller."""
        times = self.times
        if times.shape[1] < 2:
            return np.zeros(len(times))
        halves = np.stack([times[:, 0::2].min(axis=1), times[:, 1::2].min(axis=1)])
        return np.asarray(np.abs(halves[0] - halves[1]) / halves.min(axis=0), np.float64)

    def latencies(self) -> list[Latency]:
        """The figures of each network."""
        times = self.times
        low, high = ratio_intervals(times)
        gaps = self.disagreements
        return [
            Latency(
                name,
                float(times[i].min()),
                float(np.quantile(times[i], 0.25)),
                float(self.wall[i].min()),
                None if self.cpu is None else float(self.cpu[i].min()),
                float(gaps[i]),
                float(times[i].min() / times[0].min()),
                float(low[i]),
                float(high[i]),
            )
            for i, name in enumerate(self.names)
        ]


def ratio_intervals(times: _Floats) -> tuple[_Floats, _Floats]:
    """95 % intervals of the minima of ``times`` over the first's, by batch means.

    The rounds are split into six blocks in the order of time, of two rounds at least. Each block
    has a minimum of each network, and so a ratio; Student's t interval of the mean of their
    logarithms is the interval (Schmeiser, Batch size effects in the analysis of simulation output,
    Operations Research 30, 1982), widened where the ratio of the minima over all rounds lies
    outside. In simulations of equal networks it covers the ratio in 95 to 98 % of cases, for
    exponential, lognormal and half-normal disturbances and 8 to 300 rounds. A percentile bootstrap
    over rounds, as versions up to 0.2.0 had, covers 83 to 90 %: a resample's minimum is never below
    the sample's.

    Args:
        times: (networks, rounds).

    Returns:
        Lower and upper ends, (networks,); both are the ratio itself if there is one round.
    """
    rounds = times.shape[1]
    minima = times.min(axis=1)
    ratios = minima / minima[0]
    if rounds < 2:
        return ratios, ratios
    blocks = min(BLOCKS, max(2, rounds // 2))
    starts = np.arange(blocks) * rounds // blocks
    of_blocks = np.minimum.reduceat(times, starts, axis=1)
    logarithms = np.log(of_blocks / of_blocks[0])
    error = logarithms.std(axis=1, ddof=1) / math.sqrt(blocks)
    half = float(stdtrit(blocks - 1, (1 + _LEVEL) / 2)) * error
    mean = logarithms.mean(axis=1)
    low, high = np.exp(mean - half), np.exp(mean + half)
    return np.minimum(low, ratios), np.maximum(high, ratios)


def measure(
    runs: Mapping[str, Run],
    *,
    rounds: int = ROUNDS,
    most_rounds: int = 0,
    warm_up: int = WARM_UP,
    seed: int = 0,
    clock: Clock | None = None,
) -> Generator[RoundFinished, None, Measured]:
    """Take the times of ``runs``, each of which runs one open network once.

    Args:
        runs: By the name of the network.
        rounds: Runs of each network that count.
        most_rounds: While the halves of a network disagree, as many rounds follow again, up to so
            many in all.
        warm_up: Runs of each before them.
        seed: Of the order within each round.
        clock: Which time counts; None: processor time if all have it.

    Yields:
        Each round that is done.

    Returns:
        All samples.
    """
    rng = np.random.default_rng(seed)
    names = tuple(runs)
    samples: list[list[Sample]] = []
    number, last = 0, warm_up + rounds
    while number < last:
        found: dict[str, Sample] = {}
        for index in rng.permutation(len(names)).tolist():
            found[names[index]] = runs[names[index]]()
        if number >= warm_up:
            samples.append([found[name] for name in names])
        number += 1
        if number == last < warm_up + most_rounds:
            gaps = _measured(names, samples, clock).disagreements
            if gaps.max() > MOST_DISAGREEMENT:
                last = min(last + rounds, warm_up + most_rounds)
        yield RoundFinished(number, last)
    return _measured(names, samples, clock)


def _measured(names: tuple[str, ...], samples: list[list[Sample]], clock: Clock | None) -> Measured:
    wall = np.array([[one.wall for one in row] for row in samples]).T
    known = all(one.cpu is not None for row in samples for one in row)
    cpu = np.array([[one.cpu for one in row] for row in samples], float).T if known else None
    return Measured(names, clock or ("wall" if cpu is None else "cpu"), wall, cpu)


def finished(rounds: Generator[RoundFinished, None, Measured]) -> Measured:
    """What ``rounds`` of :func:`measure` come to."""
    while True:
        try:
            next(rounds)
        except StopIteration as end:
            found: Measured = end.value
            return found


def check_halves(latencies: Sequence[Latency], share: float = 0.0, advice: str = "") -> None:
    """Check that the even and the odd rounds agree.

    Args:
        latencies: Of the networks.
        share: Of the networks may disagree: where many are measured at once, some always do.
        advice: What helps beside stopping other programs, such as "use more --rounds".

    Raises:
        InvalidInput: If those of more networks differ by more than ``MOST_DISAGREEMENT``.
    """
    ordered = sorted(latencies, key=lambda one: one.disagreement, reverse=True)
    worst = ordered[int(share * len(ordered))]
    if worst.disagreement > MOST_DISAGREEMENT:
        raise InvalidInput(
            f"{worst.name}: the even and the odd rounds must agree within "
            f"{100 * MOST_DISAGREEMENT:.0f} %, got {100 * worst.disagreement:.1f} %: the machine "
            f"is too busy; {f'{advice}, or ' if advice else ''}stop other programs"
        )
