"""``Study``: a stored study in Python and notebooks, to be read and never written.

import seesawnas as sn

study = sn.Study("runs/search_150m")
study                       # in a notebook: the ranked table
study.frame()               # every trial, its options, scores and costs, as a pandas DataFrame
study.pareto()              # the rows that no other beats
spec = study.best()         # the best network: sn.cost(spec), sn.build(spec)
study.figure("pareto")      # plotly, as are "curves", "parallel" and "importance"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from seesawnas.arch import ArchSpec
from seesawnas.arch.table import html_table
from seesawnas.errors import StudyError
from seesawnas.report.plots.parallel import parallel_figure
from seesawnas.report.plots.study import curves_figure, quality_figure
from seesawnas.report.study.frame import trials_frame
from seesawnas.report.study.ranking import ranking_of
from seesawnas.report.study.sections import notes_of
from seesawnas.study import (
    ResultRow,
    StudyView,
    Trial,
    TrialState,
    find_study,
    trial_spec,
)
from seesawnas.text import one_of, several

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from seesawnas.analysis.importance import Bands, Importance

SHOWN = 10


class Study:
    """A stored study.

    It is read once, as it stands: open it again to see what a search has added. Nothing is written,
    and a running search is not affected.

    Args:
        study: The study's folder, ``runs/x`` or ``x``; its name if ``storage`` is given; or the URL
            of a database that holds it alone. None for the study under runs/ that was last written
            to.
        storage: The URL of the database that holds it.

    Raises:
        StudyError: In one line, if there is no such study.
    """

    def __init__(self, study: str | Path | None = None, storage: str | None = None) -> None:
        self._view = find_study(study, storage).view()

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
    def notes(self) -> tuple[str, ...]:
        """What cannot be shown, such as damaged trials that are ignored.

        One line each, with the reason.
        """
        return notes_of(self._view)

    @property
    def ranked(self) -> list[ResultRow]:
        """The complete trials, best first.

        Networks that were retrained with new seeds come before the others. Of an ablation, its
        networks, by their means over seeds.
        """
        return list(ranking_of(self._view).rows)

    def frame(self) -> pd.DataFrame:
        """A row per trial, by number.

        Its columns are state, rank, digest, label, scores, costs, repeats; then one per decision,
        by its path. Values are as they are stored, nothing rounded; empty if a trial has no such
        thing.
        """
        return trials_frame(self._view).set_index("trial")

    def pareto(self) -> pd.DataFrame:
        """The rows of :meth:`frame` on the Pareto front, cheapest first.

        The front is that of the quality and the study's costs, or of MAdds if it has none.

        There are none of an ablation: its trials are single training runs, of which the best is not
        meaningful.
        """
        return self.frame().loc[[row.number for row in ranking_of(self._view).pareto]]

    def best(self) -> ArchSpec:
        """The network that is ranked first, called ``STUDY:NUMBER``.

        Of an ablation, the first by its mean over seeds.

        Raises:
            StudyError: If no trial is complete yet.
        """
        return self.spec(self._view.pick("best", f"study {self.name}").number)

    def spec(self, number: int) -> ArchSpec:
        """The network of trial ``number``.

        Raises:
            StudyError: If there is no such trial, or if it cannot be shown.
        """
        found = next((trial for trial in self.trials if trial.number == number), None)
        if found is None:
            left = next(
                (
                    f", which is ignored: {one.reason}"
                    for one in self._view.skipped
                    if one.number == number
                ),
                "",
            )
            most = max((trial.number for trial in self.trials), default=0)
            raise StudyError(
                f"study {self.name}: trial must be from 0 to {most}, got {number}{left}"
            )
        return trial_spec(found, f"study {self.name}").renamed(f"{self.name}:{number}")

    def importance(self, bands: Bands = None) -> Importance | None:
        """Which decisions mattered; see :func:`seesawnas.analysis.importance.importance_of`.

        None if there are too few trials.
        """
        from seesawnas.analysis.importance import importance_of

        return importance_of(self._view, bands)

    def figure(self, kind: str = "pareto") -> go.Figure:
        """A plotly figure of the study.

        Args:
            kind: ``pareto``, ``curves`` (of learning), ``parallel`` (of decisions) or
                ``importance``.

        Raises:
            StudyError: If there is no figure of this kind, or if there are too few trials to draw
                it.
        """
        if kind not in _FIGURES:
            raise StudyError(f"figure {one_of(_FIGURES, kind)}")
        if (made := _FIGURES[kind](self)) is None:
            raise StudyError(
                f"study {self.name}: has too few trials for the figure {kind}, {len(self.ranked)} "
                "complete"
            )
        return made

    def __len__(self) -> int:
        return len(self.trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    def __repr__(self) -> str:
        rows = self.ranked
        found = f"{several(len(self), 'trial')}, {self._complete()} complete"
        return f"Study({self.name!r}: {found}{f', best {rows[0].label}' if rows else ''})"

    def _repr_html_(self) -> str:
        ranking = ranking_of(self._view)
        first = f", the best {SHOWN} below" if len(ranking.lines) > SHOWN else ""
        mark = "* " if ranking.is_ranked else ""
        about = (
            f"{self.name}: {several(len(self), 'trial')}, {self._complete()} "
            f"complete{first}; {mark}{ranking.caption}"
        )
        rows: list[tuple[str, ...]] = [
            (
                str(line.rank),
                str(line.row.number),
                f"{line.row.label}{' *' if line.on_front else ''}",
                *line.cells,
            )
            for line in ranking.lines[:SHOWN]
        ]
        heads: tuple[str, ...] = ("rank", "trial", "network", *ranking.heads)
        if not ranking.is_ranked:
            heads, rows = ("network", *ranking.heads), [row[2:] for row in rows]
        return html_table(heads, rows, about)

    def _complete(self) -> int:
        return sum(
            trial.state is TrialState.COMPLETE and "accuracy" in trial.user_attrs
            for trial in self.trials
        )


def _pareto(study: Study) -> go.Figure | None:
    return quality_figure(study.view, study.ranked) if study.ranked else None


def _curves(study: Study) -> go.Figure | None:
    return curves_figure(study.view)


def _parallel(study: Study) -> go.Figure | None:
    return parallel_figure(study.view, study.ranked)


def _importance(study: Study) -> go.Figure | None:
    from seesawnas.report.plots.importance import importance_figure

    found = study.importance()
    return None if found is None else importance_figure(found)


_FIGURES: dict[str, Callable[[Study], go.Figure | None]] = {
    "pareto": _pareto,
    "curves": _curves,
    "parallel": _parallel,
    "importance": _importance,
}
