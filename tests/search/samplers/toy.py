"""A space of some ten thousand networks, a smooth objective on it, and studies of it that train
nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import optuna

from seesawnas.cost import Budget
from seesawnas.search import NetworkProposer
from seesawnas.search.samplers import History, Past, Sampler
from seesawnas.space import Assignment, FeasibleSet, to_space
from seesawnas.study import ACCURACY, Objectives, Proposal, Scores, StudyRecord, TrialState
from tests.study.fakes import measured

SPACE = {
    "name": "toy",
    "input": {"height": 32, "width": 32},
    "stem": {"width": 8},
    "defaults": {"kind": "share", "activation": {"choice": ["swish", "relu"]}},
    "stages": [
        {
            "depth": {"range": [1, 4]},
            "width": {"choice": [8, 16, 24]},
            "stride": 2,
            "expansion": {"choice": [1, 2]},
            "kernel": {"choice": [3, 5]},
            "se": {"choice": ["off", 4]},
        },
        {
            "depth": {"range": [1, 4]},
            "width": {"choice": [16, 24, 32]},
            "stride": 2,
            "expansion": {"choice": [1, 2]},
            "kernel": {"choice": [3, 5]},
            "se": {"choice": ["off", 4]},
        },
    ],
    "head": {"width": 32, "embedding": 16},
}
TWO = Objectives.parse("accuracy,madds")


def toy_set(budget: str = "2M") -> FeasibleSet:
    return FeasibleSet(to_space(SPACE, "toy.yaml"), Budget.parse(budget))


def distance_from(goal: Assignment, feasible: FeasibleSet) -> Callable[[Assignment], float]:
    """Mean distance to ``goal`` over the decisions, each from 0 to 1."""

    def distance(assignment: Assignment) -> float:
        parts = [
            abs(d.options.index(assignment[d.name]) - d.options.index(goal[d.name]))
            / (len(d.options) - 1)
            for d in feasible.decisions
        ]
        return sum(parts) / len(parts)

    return distance


def best_after(sampler: Sampler, feasible: FeasibleSet, seed: int, trials: int) -> float:
    """The least distance to a goal of ``seed`` that ``sampler`` finds in ``trials``, 8 of them
    uniform.
    """
    distance = distance_from(feasible.draw(random.Random(f"goal {seed}")), feasible)
    past: list[Past] = []
    for number in range(trials):
        rng = random.Random(f"{seed}/{number}")
        known = [trial.assignment for trial in past]
        candidates = (
            sampler.candidates(History(tuple(past)), rng)
            if number >= 8
            else iter([feasible.draw(rng)])
        )
        assignment = next(found for found in candidates if found not in known)
        past.append(Past(number, assignment, (distance(assignment),)))
    return min(trial.losses[0] for trial in past)


def memory(feasible: FeasibleSet, objectives: Objectives = ACCURACY) -> StudyRecord:
    """A study in memory."""
    return StudyRecord(optuna.storages.InMemoryStorage(), "toy", feasible.decisions, objectives)


def journal(feasible: FeasibleSet, folder: Path, objectives: Objectives = ACCURACY) -> StudyRecord:
    """A study in a journal file."""
    from seesawnas.study import open_storage

    return StudyRecord(
        open_storage(None, folder, writing=True), "toy", feasible.decisions, objectives
    )


def live(record: StudyRecord, proposal: Proposal) -> None:
    """Run a proposal to its end.

    Every fifth is stopped early, every seventh fails, the others are measured.
    """
    record.add(proposal)
    trial = record.next_waiting()
    assert trial is not None
    accuracy = 0.5 + trial.user_attrs["params"] % 1000 / 4000
    record.progress(trial.number, 1, Scores(accuracy - 0.1, 0.01, 0.5))
    if trial.number % 5 == 3:
        record.prune(trial.number, 1, Scores(accuracy - 0.2, 0.01, 0.5))
    elif trial.number % 7 == 4:
        record.fail(trial.number, "diverged")
    else:
        record.complete(trial.number, measured(accuracy))


def grow(record: StudyRecord, proposer: NetworkProposer, trials: int) -> list[str]:
    """Run until the study holds ``trials``, or all there are; returns their keys."""
    while len(record) < trials and (proposal := proposer(record)) is not None:
        live(record, proposal)
    assert not record.trials(TrialState.RUNNING, TrialState.WAITING)
    return [str(trial.user_attrs["key"]) for trial in record.trials()]
