"""``Study``: a stored study in Python and notebooks, to be read and never written.

    import seesawnas as sn

    study = sn.Study("runs/search_150m")
    study                       # in a notebook: the ranked table
    study.frame()               # every trial, its options, scores and costs, as a pandas DataFrame
    study.pareto()              # the rows that no other beats
    spec = study.best()         # the best network: sn.cost(spec), sn.build(spec)
    study.figure("pareto")      # plotly, as are "curves" and "importance"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from seesawnas.arch import ArchSpec
from seesawnas.errors import StudyError
from seesawnas.report.figures import budget_of, curves_figure
from seesawnas.report.frames import front_objectives, pareto_front
from seesawnas.report.notes import ranked_rows
from seesawnas.report.pareto import pareto_figure
from seesawnas.report.rows import RankedRow
from seesawnas.report.study_frame import ranking_frame, study_frame
from seesawnas.study import StudyView, Trial, study_view, trial_spec

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from seesawnas.search.importance import Bands, Importance

SHOWN = 10


class Study:
    """The study in a folder, ``runs/x`` or ``x``; or, with ``storage``, of that name in a database's URL; or a URL's only one.

    None is the study under runs/ that was last written to. It is read once, as it stands: open it again to see what a search
    has added. Nothing is written, and a search under way is not disturbed. Raises StudyError, one line, where there is none.
    """

    def __init__(self, study: str | Path | None = None, storage: str | None = None) -> None:
        self._view = study_view(study, storage)

    @property
    def name(self) -> str:
        """What it is called in its storage."""
        return self._view.name

    @property
    def view(self) -> StudyView:
        """All that is stored, as the report and the dashboard take it."""
        return self._view

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Optuna's frozen trials, by number, in whatever state."""
        return self._view.trials

    @property
    def ranked(self) -> list[RankedRow]:
        """The complete trials, best first; networks that were trained again from new seeds come before the others."""
        return ranked_rows(self._view)

    def frame(self) -> pd.DataFrame:
        """A row a trial, by number: its state, label and digest, scores and costs, and a column a decision.

        Decisions are columns by their path, ``stages.2.expansion``, empty where a network does not have them.
        """
        return study_frame(self._view)

    def pareto(self) -> pd.DataFrame:
        """The rows of :meth:`frame` on the Pareto front of the study's objectives (and of MAdds, if it has none), cheapest first."""
        front = pareto_front(self.ranked, front_objectives(self._view.sought))
        return self.frame().loc[[row.number for row in front]]

    def best(self) -> ArchSpec:
        """The network that is ranked first, called ``STUDY:NUMBER``. Raises StudyError where no trial is complete yet."""
        return self.spec(self._first().number)

    def spec(self, number: int) -> ArchSpec:
        """The network of trial ``number``. Raises StudyError where there is none."""
        if not 0 <= number < len(self):
            raise StudyError(f"study {self.name}: trial must be from 0 to {len(self) - 1}, got {number}")
        return trial_spec(self.trials[number]).renamed(f"{self.name}:{number}")

    def importance(self, bands: Bands = None) -> Importance | None:
        """Which decisions mattered; see :func:`seesawnas.search.importance.importance_of`. None of too few trials."""
        from seesawnas.search.importance import importance_of

        return importance_of(self._view, bands)

    def figure(self, kind: str = "pareto") -> go.Figure:
        """A plotly figure: ``pareto``, ``curves`` (of learning) or ``importance``. Raises StudyError where there is nothing to draw."""
        if kind not in _FIGURES:
            raise StudyError(f"figure must be one of {', '.join(_FIGURES)}, got {kind}")
        return _FIGURES[kind](self)

    def __len__(self) -> int:
        return len(self.trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    def __repr__(self) -> str:
        rows = self.ranked
        found = f"{len(self)} trials, {len(rows)} complete"
        return f"Study({self.name!r}: {found}{f', best {rows[0].label}' if rows else ''})"

    def _repr_html_(self) -> str:
        rows = self.ranked
        more = f"; the best {SHOWN} are shown" if len(rows) > SHOWN else ""
        about = f"{self.name}: {len(self)} trials, {len(rows)} complete{more}"
        table: Any = ranking_frame(rows[:SHOWN], self._view.quality)
        return f"<p>{_escaped(about)}</p>{table.to_html(index=False)}"

    def _first(self) -> RankedRow:
        rows = self.ranked
        if not rows:
            raise StudyError(f"study {self.name}: no trial is complete yet")
        return rows[0]


def _pareto(study: Study) -> go.Figure:
    study._first()
    sought = study.view.sought
    return pareto_figure(study.ranked, title=study.name, budget=budget_of(study.view), objectives=sought)


def _curves(study: Study) -> go.Figure:
    curves = [trial for trial in study.trials if trial.intermediate_values]
    if not curves:
        raise StudyError(f"study {study.name}: no trial has a learning curve yet")
    return curves_figure(curves, study.view.objectives[0])


def _importance(study: Study) -> go.Figure:
    from seesawnas.report.importance_plot import importance_figure
    from seesawnas.search.importance import FEWEST

    found = study.importance()
    if found is None:
        raise StudyError(f"study {study.name}: must have {FEWEST} complete trials of its search space or more to judge by")
    return importance_figure(found)


def _escaped(text: str) -> str:
    from html import escape

    return escape(text)


_FIGURES: dict[str, Callable[[Study], go.Figure]] = {"pareto": _pareto, "curves": _curves, "importance": _importance}
