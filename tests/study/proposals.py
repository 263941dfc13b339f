"""Proposals as tests put them into studies."""

from __future__ import annotations

from seesawnas.study import Proposal
from tests.study.fakes import small_set


def proposal(index: int) -> Proposal:
    feasible = small_set()
    assignment = next(feasible.at([index]).assignments())
    return Proposal(feasible.space.choose(assignment), assignment)
