"""A large study as a search stores it, without its search: measurements are made up."""

from __future__ import annotations

import random
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import optuna
from optuna.trial import TrialState, create_trial

from seesawnas.cost import Budget
from seesawnas.space import FeasibleSet, load_space
from seesawnas.study import (
    Measurement,
    Objectives,
    Proposal,
    Scores,
    StudyRecord,
    Trial,
    open_storage,
)

EPOCHS = 8


def store_study(
    folder: Path, trials: int, *, objectives: str = "accuracy,madds", seed: int = 0
) -> StudyRecord:
    """``trials`` finished ones in the seesaw space at 120M..150M.

    One in three stopped early, one in fifty failed.
    """
    feasible = FeasibleSet(load_space("seesaw"), Budget.parse("120M..150M"))
    record = StudyRecord(
        open_storage(None, folder, writing=True),
        folder.name,
        feasible.decisions,
        Objectives.parse(objectives),
    )
    record.require_settings(
        {"budget": [120_000_000, 150_000_000], "space": "seesaw", "data": "made up", "seed": seed}
    )
    rng = random.Random(seed)
    memory = StudyRecord(
        optuna.storages.InMemoryStorage(), "m", feasible.decisions, Objectives.parse(objectives)
    )
    found: list[Trial] = []
    for assignment in feasible.sample(trials, seed=seed).assignments():
        memory.add(Proposal(feasible.space.choose(assignment), assignment))
        found.append(_finished(memory.trials()[-1], memory.objectives, rng))
    record.study.add_trials(found)
    return record


def _finished(trial: Trial, objectives: Objectives, rng: random.Random) -> Trial:
    """As the record leaves it."""
    ended = rng.choices((TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL), (64, 34, 2))[0]
    epochs = {
        TrialState.COMPLETE: EPOCHS,
        TrialState.PRUNED: rng.choice((2, 4)),
        TrialState.FAIL: 1,
    }[ended]
    top = rng.gauss(0.80 + trial.user_attrs["madds"] / 5e9, 0.01)
    curve = [
        _scores(top - 0.25 * 0.6**epoch + rng.gauss(0, 0.003)) for epoch in range(1, epochs + 1)
    ]
    attrs = {**trial.user_attrs, **_found(ended, curve)}
    begun = datetime(2025, 1, 1) + timedelta(seconds=100 * trial.number)
    made = create_trial(
        state=ended,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs=attrs,
        intermediate_values={
            n: objectives.value(scores) for n, scores in enumerate(curve, start=1)
        },
        values=objectives.values(curve[-1], attrs) if ended is TrialState.COMPLETE else None,
    )
    made.datetime_start, made.datetime_complete = begun, begun + timedelta(seconds=60 + 10 * epochs)
    return made


def _found(ended: TrialState, curve: list[Scores]) -> dict[str, object]:
    if ended is TrialState.FAIL:
        return {"reason": "loss is not finite at step 12"}
    if ended is TrialState.PRUNED:
        return {**asdict(curve[-1]), "stopped_after": len(curve)}
    measurement = Measurement(tuple(curve), tuple(9.0 / n for n in range(1, len(curve) + 1)), 61.2)
    return {
        "measurement": measurement.to_json(),
        **asdict(curve[-1]),
        "seconds": measurement.seconds,
    }


def _scores(accuracy: float) -> Scores:
    return Scores(
        accuracy, 0.0154, min(0.999, accuracy + 0.08), accuracy - 0.3, accuracy - 0.5, 1.7
    )
