"""What a search found: its rows in order, its front, its failures, and the files to go on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget
from seesawnas.files import write_atomically
from seesawnas.report.frames import pareto_front, ranked
from seesawnas.report.rows import RankedRow
from seesawnas.space import to_mapping, write_yaml
from seesawnas.study import StudyRecord, Trial, TrialState, trial_spec
from seesawnas.units import format_quantity


@dataclass(frozen=True, slots=True)
class Outcome:
    """Complete trials best first, the Pareto front cheapest first, and (number, digest, reason) of failed ones."""

    rows: tuple[RankedRow, ...]
    front: tuple[RankedRow, ...]
    failed: tuple[tuple[int, str, str], ...]
    best: ArchSpec | None


def outcome_of(record: StudyRecord) -> Outcome:
    """Read the outcome off the study."""
    complete = record.trials(TrialState.COMPLETE)
    rows = ranked(_row(trial) for trial in complete)
    failed = tuple(
        (trial.number, str(trial.user_attrs.get("digest")), str(trial.user_attrs.get("reason", "unknown")))
        for trial in record.trials(TrialState.FAIL)
    )
    best = next((trial_spec(trial) for trial in complete if rows and trial.number == rows[0].number), None)
    return Outcome(tuple(rows), tuple(pareto_front(rows)), failed, best)


def summary_of(outcome: Outcome, *, study: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The machine-readable summary; its keys are stable."""
    return {
        "study": study,
        **settings,
        "finished": len(outcome.rows) + len(outcome.failed),
        "ranking": [asdict(row) for row in outcome.rows],
        "pareto": [row.number for row in outcome.front],
        "failed": [{"number": n, "digest": digest, "reason": reason} for n, digest, reason in outcome.failed],
    }


def best_yaml(outcome: Outcome, study: str) -> str:
    """The best network as a search point, with where it comes from."""
    assert outcome.best is not None
    row = outcome.rows[0]
    about = (
        f"trial {row.number} of {study}: accuracy {row.accuracy:.4f}, AUC {row.auc:.4f} by its proxy; "
        f"{format_quantity(row.madds)} MAdds"
    )
    mapping = to_mapping(outcome.best.renamed(row.label))
    return write_yaml({"name": mapping.pop("name"), "about": about, **mapping})


def write_plot(path: Path, outcome: Outcome, *, title: str, budget: Budget) -> None:
    """The interactive plot of accuracy against MAdds. It works offline."""
    from seesawnas.report.pareto import pareto_html

    write_atomically(path, pareto_html(outcome.rows, title=title, budget=budget))


def _row(trial: Trial) -> RankedRow:
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
    )
