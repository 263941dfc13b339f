"""The result of a search.

It is the ranking, the front, stopped and failed trials, and the files of the best network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seesawnas.arch import ArchSpec
from seesawnas.cost import COSTS
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.study.ranking import Ranking, mean_words
from seesawnas.space import to_mapping, write_yaml
from seesawnas.study import (
    MAIN_COSTS,
    MAIN_METRICS,
    Repeats,
    ResultRow,
    StudyRecord,
    Trial,
    TrialState,
    measured_latencies,
    missed_limit,
    rank,
    trial_spec,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ranking of a search, and what is not in it.

    Attributes:
        ranking: Of the complete trials.
        failed: (number, digest, reason).
        stopped: Trials that were stopped early: they are never ranked among the complete.
        best: The network that is ranked first.
        missed: (number, digest, reason) of finalists that took longer than the budget allows.
        measured: (number, digest, microseconds) of the others.
    """

    ranking: Ranking
    failed: tuple[tuple[int, str, str], ...]
    stopped: tuple[ResultRow, ...]
    best: ArchSpec | None
    missed: tuple[tuple[int, str, str], ...] = ()
    measured: tuple[tuple[int, str, int], ...] = ()

    @property
    def finished(self) -> int:
        """Trials that ended, in whatever way."""
        ranked = len(self.ranking.rows) + len(self.missed)
        return ranked + len(self.failed) + len(self.stopped)


def outcome_of(record: StudyRecord, repeats: Mapping[str, Repeats] | None = None) -> Outcome:
    """Read the outcome off the study.

    ``repeats`` are its networks' trainings from new seeds, by digest.
    """
    why = missed_limit(record.study.user_attrs)
    every = _networks(record, TrialState.COMPLETE)
    complete = [trial for trial in every if trial.user_attrs["digest"] not in why]
    missed = tuple(
        (trial.number, str(trial.user_attrs["digest"]), why[trial.user_attrs["digest"]])
        for trial in every
        if trial.user_attrs["digest"] in why
    )
    rows = tuple(rank(ResultRow.of(trial, repeats) for trial in complete))
    measured = measured_of(record.study.user_attrs, rows)
    failed = tuple(
        (
            trial.number,
            str(trial.user_attrs.get("digest")),
            str(trial.user_attrs.get("reason", "unknown")),
        )
        for trial in record.trials(TrialState.FAIL)
    )
    best = next((trial_spec(trial) for trial in complete if trial.number == rows[0].number), None)
    stopped = tuple(map(ResultRow.of, _networks(record, TrialState.PRUNED)))
    return Outcome(Ranking(rows, record.objectives), failed, stopped, best, missed, measured)


def measured_of(
    attributes: Mapping[str, Any], rows: Iterable[ResultRow]
) -> tuple[tuple[int, str, int], ...]:
    """(trial, digest, microseconds) of the ``rows`` that were measured on the device."""
    took = measured_latencies(attributes)
    return tuple((row.number, row.digest, took[row.digest]) for row in rows if row.digest in took)


def _networks(record: StudyRecord, state: TrialState) -> list[Trial]:
    """The trials in a state, without those of other programs."""
    return [trial for trial in record.trials(state) if "spec" in trial.user_attrs]


def summary_of(
    outcome: Outcome, *, study: str, settings: Mapping[str, Any], reason: str | None = None
) -> dict[str, Any]:
    """The machine-readable summary; its keys are stable. ``reason`` is why the search ended."""
    missed = [
        {"number": n, "digest": digest, "reason": reason} for n, digest, reason in outcome.missed
    ]
    measured = [
        {"number": n, "digest": digest, "latency": took} for n, digest, took in outcome.measured
    ]
    return {
        "study": study,
        **settings,
        "reason": reason,
        "finished": outcome.finished,
        "ranking": [row.to_mapping() for row in outcome.ranking.rows],
        "pareto": [row.number for row in outcome.ranking.pareto],
        "stopped": [_stopped(row) for row in outcome.stopped],
        "failed": [
            {"number": n, "digest": digest, "reason": reason}
            for n, digest, reason in outcome.failed
        ],
        **({"missed": missed} if missed else {}),
        **({"measured": measured} if measured else {}),
    }


def best_yaml(outcome: Outcome, study: str) -> str:
    """The best network as a search point, with where it comes from."""
    assert outcome.best is not None
    row = outcome.ranking.rows[0]
    about = (
        f"trial {row.number} of {study}: proxy accuracy {row.accuracy:.4f}, AUC {row.auc:.4f}; "
        f"{_again(row, outcome.ranking.objectives.metric)}{COSTS['madds'].words(row.madds)}"
    )
    mapping = to_mapping(outcome.best.renamed(row.label))
    return write_yaml({"name": mapping.pop("name"), "about": about, **mapping})


def _again(row: ResultRow, quality: str) -> str:
    if row.repeats is None:
        return ""
    return (
        f"{METRICS[quality].title} {mean_words(row.repeats, quality)} over {row.repeats.n} "
        "new seeds; "
    )


def _stopped(row: ResultRow) -> dict[str, Any]:
    """A trial that was stopped early as JSON values; its value is of the study's metric."""
    about = {
        "number": row.number,
        "digest": row.digest,
        "name": row.name,
        "epoch": row.stopped_after,
    }
    return {**about, "value": row.value, **{name: row.metrics[name] for name in MAIN_METRICS}} | {
        name: row.costs[name] for name in MAIN_COSTS
    }
