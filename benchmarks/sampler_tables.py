"""What samplers are replayed on.

Networks that were trained before, or a model of them that knows every feasible network.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from optuna.storages import InMemoryStorage

from seesawnas.search import NetworkProposer
from seesawnas.space import FeasibleSet
from seesawnas.study import Measurement, Proposal, Scores, StudyRecord

_Floats = NDArray[np.float64]
Assignment = dict[str, Any]
PENALTY = 3.0
"""Of the ridge regression.

1 to 10 predict left-out networks of a hundred trained ones about equally well.
"""


class BuildResult(Protocol):
    """One replay's world: what a proposal comes to."""

    def try_out(self, assignment: Assignment) -> tuple[Assignment, float, float]:
        """The network that stands for ``assignment``, the score that a sampler is shown, and the
        score that counts.
        """
        ...


@dataclass(frozen=True)
class Table:
    """Trained networks: options, the score of the lowest seed, and the mean score of other seeds,
    NaN where there is none.
    """

    feasible: FeasibleSet
    assignments: list[Assignment]
    shown: _Floats
    others: _Floats

    @classmethod
    def of(
        cls, lines: Sequence[dict[str, Any]], feasible: FeasibleSet, level: str, score: str
    ) -> Table:
        """The networks of ``level``."""
        seeds: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in sorted(
            (line for line in lines if line["level"] == level), key=lambda line: int(line["seed"])
        ):
            seeds[line["digest"]].append(line)
        if not seeds:
            raise SystemExit(f"--level must be one that was measured, got {level}")
        if len(faces := {line.get("data", "") for found in seeds.values() for line in found}) > 1:
            raise SystemExit(
                f"--measurements must be of the same faces, got data {', '.join(sorted(faces))}"
            )
        kept = sorted(seeds.values(), key=lambda found: int(found[0]["network"]))
        scores = [[float(line["curve"][-1][score] or 0.0) for line in found] for found in kept]
        others = [np.mean(found[1:]) if found[1:] else np.nan for found in scores]
        return cls(
            feasible,
            [found[0]["assignment"] for found in kept],
            np.array([found[0] for found in scores]),
            np.array(others, dtype=np.float64),
        )

    @property
    def seed_deviation(self) -> float:
        """Standard deviation of one training from seed to seed; 0 where no network has two."""
        twice = ~np.isnan(self.others)
        # Of two trainings, the difference has twice the variance of either.
        return (
            float(np.std(self.shown[twice] - self.others[twice]) / 2**0.5)
            if twice.sum() > 2
            else 0.0
        )

    def part(self, places: Sequence[int]) -> Table:
        """The networks at ``places``."""
        chosen = [self.assignments[place] for place in places]
        return Table(self.feasible, chosen, self.shown[list(places)], self.others[list(places)])

    def codes(self) -> NDArray[np.int64]:
        """(networks, decisions): the place of each option."""
        return np.array([code(self.feasible, assignment) for assignment in self.assignments])


def code(feasible: FeasibleSet, assignment: Assignment) -> list[int]:
    """The place of each decision's option."""
    return [decision.options.index(assignment[decision.name]) for decision in feasible.decisions]


def one_hot(feasible: FeasibleSet, assignment: Assignment) -> _Floats:
    """A number for each option of each decision, 1 where it is taken."""
    parts = [
        [float(assignment[d.name] == option) for option in d.options] for d in feasible.decisions
    ]
    return np.array([number for part in parts for number in part])


def replay(
    world: BuildResult, feasible: FeasibleSet, proposer: NetworkProposer, trials: int
) -> list[tuple[float, float]]:
    """The score shown and the score that counts, of each of ``trials`` that ``proposer`` asks."""
    record = StudyRecord(InMemoryStorage(), "replay", feasible.decisions)
    found = []
    for _ in range(trials):
        proposal = proposer(record)
        assert proposal is not None
        assignment, shown, counts = world.try_out(dict(proposal.assignment))
        record.add(Proposal(feasible.space.choose(assignment), assignment))
        trial = record.next_waiting()
        assert trial is not None
        record.complete(trial.number, Measurement((Scores(shown, 0.0, shown),), (0.0,), 0.0))
        found.append((shown, counts))
    return found


def incumbents(found: list[tuple[float, float]]) -> _Floats:
    """The score that counts of the best shown so far, after each trial."""
    shown, counts = np.array(found).T
    best = [int(np.argmax(shown[: place + 1])) for place in range(len(shown))]
    return np.asarray(counts[best])


class Nearest:
    """The trained network nearest to a proposal that was not tried yet, by the options that differ,
    stands for it.
    """

    def __init__(self, table: Table, seed: int) -> None:
        self._table, self._codes = table, table.codes()
        self._left, self._rng = list(range(len(table.shown))), random.Random(seed)

    def try_out(self, assignment: Assignment) -> tuple[Assignment, float, float]:
        """Both scores are those of the network that stands for it."""
        distances = (
            self._codes[self._left] != np.array(code(self._table.feasible, assignment))
        ).sum(axis=1)
        chosen = self._left[self._rng.choice(np.flatnonzero(distances == distances.min()).tolist())]
        return self._take(chosen)

    def draw(self) -> tuple[Assignment, float, float]:
        """A trained network, uniformly."""
        return self._take(self._rng.choice(self._left))

    def _take(self, chosen: int) -> tuple[Assignment, float, float]:
        self._left.remove(chosen)
        score = float(self._table.shown[chosen])
        return self._table.assignments[chosen], score, score


@dataclass(frozen=True)
class Additive:
    """Ridge regression of the scores on the options: a score for every feasible network.

    What it leaves unexplained is taken as two kinds of noise: of the network, the same in every
    training, and of the seed. ``explained`` is the share of the variance of left-out networks'
    scores that it predicts (leave-one-out R^2).
    """

    feasible: FeasibleSet
    mean: float
    weights: _Floats
    centre: _Floats
    explained: float
    network_deviation: float
    seed_deviation: float

    @classmethod
    def of(cls, table: Table, seed_deviation: float) -> Additive:
        """Fitted to the scores of ``table``."""
        x = np.stack([one_hot(table.feasible, assignment) for assignment in table.assignments])
        centre, mean = x.mean(axis=0), float(table.shown.mean())
        x, y = x - centre, table.shown - mean
        inverse = np.linalg.solve(x.T @ x + PENALTY * np.eye(x.shape[1]), x.T)
        errors = (y - x @ (inverse @ y)) / (1.0 - np.einsum("ij,ji->i", x, inverse) - 1.0 / len(y))
        left = max(0.0, float(errors.var()) - seed_deviation**2)
        explained = 1.0 - float(errors.var() / y.var())
        return cls(table.feasible, mean, inverse @ y, centre, explained, left**0.5, seed_deviation)

    def world(self, seed: int) -> Modelled:
        """A replay's."""
        return Modelled(self, seed)


class Modelled:
    """A proposal comes to what the model says, with the noise of its network and of this replay's
    training.
    """

    def __init__(self, model: Additive, seed: int) -> None:
        self._model, self._seed = model, seed

    def try_out(self, assignment: Assignment) -> tuple[Assignment, float, float]:
        """The score that counts is free of the seed's noise."""
        model = self._model
        key = str(code(model.feasible, assignment))
        network = random.Random(key).gauss(0.0, model.network_deviation)
        training = random.Random(f"{self._seed}/{key}").gauss(0.0, model.seed_deviation)
        expected = model.mean + float(
            (one_hot(model.feasible, assignment) - model.centre) @ model.weights
        )
        return assignment, expected + network + training, expected + network
