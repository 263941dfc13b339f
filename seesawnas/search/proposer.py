"""Proposals from the feasible set: fixed points, then uniform draws, then a sampler's.

No network is proposed twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import islice

from seesawnas.search.samplers import Recorded, Sampler, make_sampler, uniform
from seesawnas.space import Assignment, FeasibleSet
from seesawnas.study import Proposal, StudyRecord

_TRIES = 20
_DRAWS = 1_000
_LISTED_AT_MOST = 10_000


class NetworkProposer:
    """Proposes networks of ``feasible``; deterministic for ``seed`` and what the study holds.

    ``points`` come first, once ever; then uniform draws until ``startup`` trials are complete; then
    those of ``sampler``, the name of one of ``SAMPLERS`` or one of your own.

    Raises:
        StudyError: If there is no sampler of this name.
    """

    def __init__(
        self,
        feasible: FeasibleSet,
        points: Iterable[Proposal],
        seed: int,
        sampler: str | Sampler = "linear",
        startup: int = 8,
    ) -> None:
        self._feasible = feasible
        self._points = tuple(points)
        self._seed = seed
        self._sampler = make_sampler(sampler, feasible) if isinstance(sampler, str) else sampler
        self._startup = max(1, startup)
        self._recorded = Recorded(feasible.decisions)
        self._all: list[str] | None = None

    def __call__(self, record: StudyRecord) -> Proposal | None:
        """The next network to try; None if the study has every feasible one.

        If a set is too large to be listed, a thousand draws without a new network count as all.
        """
        held = record.keys()
        for point in self._points:
            if point.key not in held:
                return point
        # Seeded by what the study holds, so that a resumed study continues as an uninterrupted one
        # would.
        rng = random.Random(f"{self._seed}/{len(record)}")
        wanted = islice(self._candidates(record, rng), _TRIES)
        return self._first_new(wanted, held) or self._other(held, rng)

    def _candidates(self, record: StudyRecord, rng: random.Random) -> Iterator[Assignment]:
        history = self._recorded.read(record)
        if len(history.complete) < self._startup:
            return self._uniform(rng)
        return self._sampler.candidates(history, rng)

    def _uniform(self, rng: random.Random) -> Iterator[Assignment]:
        while True:
            yield uniform(self._feasible, rng)

    def _first_new(self, assignments: Iterator[Assignment], held: set[str]) -> Proposal | None:
        for assignment in assignments:
            proposal = Proposal(self._feasible.space.choose(assignment), assignment)
            if proposal.key not in held:
                return proposal
        return None

    def _other(self, held: set[str], rng: random.Random) -> Proposal | None:
        """A network that the study does not hold, uniform over all of these."""
        if not self._feasible.is_counted(at_most=_LISTED_AT_MOST):
            return self._first_new(islice(self._uniform(rng), _DRAWS), held)
        if self._all is None:
            every = self._feasible.specs(self._feasible.at(range(self._feasible.count)))
            self._all = [spec.digest() for spec in every]
        left = [index for index, key in enumerate(self._all) if key not in held]
        chosen = self._feasible.at([rng.choice(left)] if left else [])
        return self._first_new(chosen.assignments(), held)
