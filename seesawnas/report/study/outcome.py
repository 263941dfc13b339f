"""What a search found: its rows in order, its front, what was stopped or failed, and the files to go on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget
from seesawnas.evaluation.metrics import METRICS
from seesawnas.io.files import write_atomically
from seesawnas.report.study.rows import RankedRow, StoppedRow, front_objectives, pareto_front, ranked
from seesawnas.space import to_mapping, write_yaml
from seesawnas.study import ACCURACY, Objectives, Repeats, StudyRecord, Trial, TrialState, trial_spec
from seesawnas.units import format_quantity


@dataclass(frozen=True, slots=True)
class Outcome:
    """Complete trials best first, the Pareto front cheapest first, (number, digest, reason) of failed ones, and those
    that were stopped early: they are never ranked among the complete.
    """

    rows: tuple[RankedRow, ...]
    front: tuple[RankedRow, ...]
    failed: tuple[tuple[int, str, str], ...]
    best: ArchSpec | None
    stopped: tuple[StoppedRow, ...] = ()
    objectives: Objectives = ACCURACY

    @property
    def repeated(self) -> bool:
        """Whether the ranking begins with networks trained from new seeds."""
        return bool(self.rows) and self.rows[0].repeats is not None

    @property
    def finished(self) -> int:
        """Trials that ended, in whatever way."""
        return len(self.rows) + len(self.failed) + len(self.stopped)


def outcome_of(record: StudyRecord, repeats: Mapping[str, Repeats] | None = None) -> Outcome:
    """Read the outcome off the study; ``repeats`` are its networks' trainings from new seeds, by digest."""
    complete, objectives = _networks(record, TrialState.COMPLETE), record.objectives
    rows = ranked((row_of(trial, repeats or {}) for trial in complete), objectives.quality)
    failed = tuple(
        (trial.number, str(trial.user_attrs.get("digest")), str(trial.user_attrs.get("reason", "unknown")))
        for trial in record.trials(TrialState.FAIL)
    )
    best = next((trial_spec(trial) for trial in complete if rows and trial.number == rows[0].number), None)
    stopped = tuple(_stopped(trial, objectives) for trial in _networks(record, TrialState.PRUNED))
    front = tuple(pareto_front(rows, front_objectives(objectives)))
    return Outcome(tuple(rows), front, failed, best, stopped, objectives)


def _networks(record: StudyRecord, state: TrialState) -> list[Trial]:
    """The trials in a state, without those of other programs."""
    return [trial for trial in record.trials(state) if "spec" in trial.user_attrs]


def summary_of(
    outcome: Outcome, *, study: str, settings: Mapping[str, Any], reason: str | None = None
) -> dict[str, Any]:
    """The machine-readable summary; its keys are stable. ``reason`` is why the search ended."""
    return {
        "study": study,
        **settings,
        "reason": reason,
        "finished": outcome.finished,
        "ranking": [outcome_entry(row) for row in outcome.rows],
        "pareto": [row.number for row in outcome.front],
        "stopped": [asdict(row) for row in outcome.stopped],
        "failed": [{"number": n, "digest": digest, "reason": reason} for n, digest, reason in outcome.failed],
    }


def best_yaml(outcome: Outcome, study: str) -> str:
    """The best network as a search point, with where it comes from."""
    assert outcome.best is not None
    row = outcome.rows[0]
    about = (
        f"trial {row.number} of {study}: accuracy {row.accuracy:.4f}, AUC {row.auc:.4f} by its proxy; "
        f"{_again(row, outcome.objectives.quality)}{format_quantity(row.madds)} MAdds"
    )
    mapping = to_mapping(outcome.best.renamed(row.label))
    return write_yaml({"name": mapping.pop("name"), "about": about, **mapping})


def write_plot(path: Path, outcome: Outcome, *, title: str, budget: Budget) -> None:
    """The interactive plot of the study's quality against its first cost. It works offline."""
    from seesawnas.report.plots.pareto import pareto_html

    html = pareto_html(outcome.rows, title=title, budget=budget, objectives=outcome.objectives)
    write_atomically(path, html, within=path.parent)


def mean_words(repeats: Repeats, metric: str) -> str:
    """Such as ``82.10 ± 0.31 %``: the mean over new seeds and its standard error."""
    return METRICS[metric].format(repeats.mean, repeats.standard_error)


def _again(row: RankedRow, quality: str) -> str:
    if row.repeats is None:
        return ""
    return f"{METRICS[quality].title} {mean_words(row.repeats, quality)} over {row.repeats.n} new seeds; "


def outcome_entry(row: RankedRow) -> dict[str, Any]:
    """A row of a ranking as JSON values."""
    again = row.repeats
    repeats = again and {
        "n": again.n,
        "mean": again.mean,
        "standard_error": again.standard_error,
        "values": list(again.values),
    }
    return {**asdict(row), "repeats": repeats}


def row_of(trial: Trial, repeats: Mapping[str, Repeats]) -> RankedRow:
    """A complete trial's row."""
    attrs = trial.user_attrs
    return RankedRow(
        number=trial.number,
        digest=str(attrs["digest"]),
        name=attrs.get("label") or None,
        accuracy=attrs["accuracy"],
        std=attrs["accuracy_std"],
        auc=attrs["auc"],
        madds=attrs["madds"],
        params=attrs["params"],
        seconds=attrs["seconds"],
        activation_bytes=attrs.get("activation_bytes", 0),
        tar_at_far_1e_2=attrs.get("tar_at_far_1e_2"),
        tar_at_far_1e_3=attrs.get("tar_at_far_1e_3"),
        separation=attrs.get("separation", 0.0),
        repeats=repeats.get(str(attrs["digest"])),
    )


def _stopped(trial: Trial, objectives: Objectives) -> StoppedRow:
    attrs = trial.user_attrs
    return StoppedRow(
        number=trial.number,
        digest=str(attrs["digest"]),
        name=attrs.get("label") or None,
        epoch=attrs["stopped_after"],
        value=float(attrs.get(objectives.quality) or 0.0),
        accuracy=attrs["accuracy"],
        auc=attrs["auc"],
        madds=attrs["madds"],
        params=attrs["params"],
    )
