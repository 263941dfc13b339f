"""``seesawnas importance``: which decisions mattered in a search."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from seesawnas.cli.options import LatestStudy, StudyStorage, read_budget
from seesawnas.cli.views.output import console, print_json, screen, table
from seesawnas.errors import StudyError
from seesawnas.io.files import write_atomically
from seesawnas.text import short

if TYPE_CHECKING:
    from pathlib import Path

    from seesawnas.analysis.importance import BandImportance, Bands, DecisionImportance, Importance
    from seesawnas.cli.views.fitting import FittedTable

TOP = 12


def importance(
    study: LatestStudy = None,
    bands: Annotated[
        str | None,
        typer.Option(
            metavar="N|BANDS",
            help="MAdds ranges to analyse separately: a number of ranges with equally many trials, "
            "or ranges such as 80M..120M,120M..150M.",
            show_default="3 or 2 if each has at least 60 trials, else 1",
        ),
    ] = None,
    storage: StudyStorage = None,
    top: Annotated[
        int, typer.Option(metavar="N", min=1, help="Number of decisions per table.")
    ] = TOP,
    plot: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a bar chart as a self-contained HTML page."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Report which decisions of the search space mattered in a study, and how certain this is.

    Two methods are used.

    R² drop: how much worse a linear model predicts unseen trials if the decision is removed from
    it. The noise floor comes from the same model fitted to shuffled scores.

    PED-ANOVA: how much the distribution of options in the best trials differs from that in all
    trials.

    The study is not changed.
    """
    from seesawnas.analysis.importance import MIN_TRIALS, counted_trials, importance_of
    from seesawnas.analysis.importance_text import importance_words
    from seesawnas.report.study.sections import limit_notes
    from seesawnas.study import find_study
    from seesawnas.study.record.agreement import KIND_WORDS

    view = find_study(study, storage).view()
    for note in limit_notes(view.notes):
        screen().print(f"note: {note}", soft_wrap=True)
    if view.kind != "search":
        raise StudyError(
            f"study {view.name}: must be a search, got {KIND_WORDS[view.kind]}; `seesawnas report "
            f"{study or view.name}` shows what it found"
        )
    found = importance_of(view, _bands(bands))
    if found is None:
        raise StudyError(
            f"study {view.name}: must have at least {MIN_TRIALS} complete trials of its search "
            f"space, got {len(counted_trials(view))}"
        )
    if plot is not None:
        _write_plot(plot, found)
    if json:
        print_json(
            {
                **found.to_mapping(),
                "words": list(importance_words(found)),
                "notes": list(view.notes),
            }
        )
    else:
        _show(found, top)


def _show(found: Importance, top: int) -> None:
    from seesawnas.analysis.importance_text import caveat, findings

    screen = console()
    for band in found.bands:
        screen.print(_table(band, top))
        screen.print(*findings(band), sep="\n", soft_wrap=True)
        screen.print()
    screen.print(caveat(found), soft_wrap=True)


def _bands(text: str | None) -> Bands:
    """``2``, or bands of MAdds between commas.

    Raises:
        InvalidInput: If a band does not parse, or limits something other than MAdds.
    """
    if text is None:
        return None
    if re.fullmatch("[0-9]{1,6}", text.strip()):
        return int(text)
    found = [read_budget(part, "--bands") for part in text.split(",")]
    if any(band.others for band in found):
        raise StudyError(f"--bands must limit MAdds only, got {short(text)}")
    return found


def _write_plot(place: str | Path, found: Importance) -> None:
    from seesawnas.report.plots.importance import importance_html

    write_atomically(place, importance_html(found))


def _table(band: BandImportance, top: int) -> FittedTable:
    from seesawnas.analysis.importance_text import band_words

    columns = (
        "decision",
        ">R² drop",
        "above noise floor",
        ">PED-ANOVA",
        ">trials",
        "options, best first",
    )
    floor = band.decisions[0].floor if band.decisions else 0.0
    more = len(band.decisions) - top
    title = (
        f"{band_words(band)}; noise floor "
        f"{floor:.3f}{f'; {more} more decisions' if more > 0 else ''}"
    )
    return table(
        columns, [_row(one) for one in band.decisions[:top]], title, spare=("trials", "PED-ANOVA")
    )


def _row(one: DecisionImportance) -> tuple[object, ...]:
    options = sorted(one.options, key=lambda option: -option.worth)
    words = ", ".join(f"{option.option} {option.worth:+.4f} ({option.n})" for option in options)
    return (
        one.name,
        f"{one.drop:.3f}",
        "yes" if one.clears else "",
        f"{one.ped_anova:.3f}",
        one.n,
        words,
    )
