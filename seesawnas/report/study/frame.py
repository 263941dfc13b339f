"""A study as a table: a row per trial, of every state.

It has the trial's scores, its costs and each of its decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from seesawnas.cost import COSTS, LATENCY
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.study.ranking import RankedLine, Ranking, ranking_of
from seesawnas.study import StudyView, Trial
from seesawnas.study.record.starts import STATES

ABOUT = ("study", "trial", "state", "rank", "pareto", "digest", "label", "variant")
ENDED = ("seconds", "stopped_after", "reason")
LEFT_OUT = "left out"
"""The state of a trial that is stored so that it cannot be shown; its reason is why."""
AGAIN = ("repeats", "repeats_mean", "repeats_standard_error")


def trials_frame(study: StudyView, ranking: Ranking | None = None) -> pd.DataFrame:
    """The trials by number.

    Shares are 0 to 1 and costs whole numbers, as they are stored: nothing is rounded.

    Columns: study, trial, state, rank, pareto, digest, label, variant (an ablation's training
    seed); the scores; madds, params, activation_bytes, and latency (microseconds) if it is
    predicted; seconds, stopped_after, reason; repeats (how
    many new seeds), repeats_mean, repeats_standard_error, of an ablation those of its network,
    which has no rank; and each decision of the space by its name, such as ``stages.2.expansion``. A
    trial that cannot be read has the state ``left out`` and the reason why.
    """
    ranking = ranking_of(study) if ranking is None else ranking
    lines: dict[Any, RankedLine]
    lines = {
        line.row.number if ranking.is_ranked else line.row.digest: line for line in ranking.lines
    }
    decisions = sorted({name for trial in study.trials for name in trial.params})
    is_predicted = any(LATENCY.name in trial.user_attrs for trial in study.trials)
    costs = (*COSTS, LATENCY.name) if is_predicted else tuple(COSTS)
    columns = [*ABOUT, *_scores(), *costs, *ENDED, *AGAIN, *decisions]
    rows = []
    for trial in study.trials:
        line = lines.get(trial.number if ranking.is_ranked else trial.user_attrs.get("digest"))
        rows.append({**_row(study, trial, line, is_ranked=ranking.is_ranked), **trial.params})
    rows += [
        {
            "study": study.name,
            "trial": one.number,
            "state": LEFT_OUT,
            "pareto": False,
            "reason": one.reason,
        }
        for one in study.skipped
    ]
    rows.sort(key=lambda row: -1 if row["trial"] is None else row["trial"])
    frame = pd.DataFrame(rows, columns=columns)
    whole = ["trial", "rank", *costs, "stopped_after", "repeats"]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Several studies below each other; a decision that one of them lacks is empty there."""
    return (
        frames[0]
        if len(frames) == 1
        else pd.concat([frame.astype(object) for frame in frames], ignore_index=True)
    )


def _scores() -> tuple[str, ...]:
    """The metrics, accuracy first with its deviation over the folds."""
    return tuple(dict.fromkeys(("accuracy", "accuracy_std", *METRICS)))


def _row(
    study: StudyView, trial: Trial, line: RankedLine | None, *, is_ranked: bool
) -> dict[str, Any]:
    attrs = trial.user_attrs
    again = line.row.repeats if line else None
    about = {
        "study": study.name,
        "trial": trial.number,
        "state": STATES[trial.state],
        "rank": line.rank if line and is_ranked else None,
        "pareto": line.on_front if line else False,
        "digest": attrs.get("digest"),
        "label": attrs.get("label") or None,
        "variant": attrs.get("variant") or None,
    }
    found = {name: attrs.get(name) for name in (*_scores(), *COSTS, LATENCY.name, *ENDED)}
    repeats = (
        {
            "repeats": again.n,
            "repeats_mean": again.mean,
            "repeats_standard_error": again.standard_error,
        }
        if again
        else {}
    )
    return {**about, **found, **repeats}
