"""What a page shows of one network.

That is its costs, its scores, its diagram, its spec, and the command that builds it.
"""

from __future__ import annotations

from shlex import quote

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.network.diagram import diagram
from seesawnas.report.plots.published import published_networks
from seesawnas.report.study.notes import narrow
from seesawnas.report.study.ranking import (
    RankedLine,
    Ranking,
    costs_words,
    mean_words,
    measured_words,
)
from seesawnas.report.study.report import StudyReport
from seesawnas.space import to_mapping, write_yaml
from seesawnas.study import Trial, trial_spec

DRAWN, MOST_OF_FRONT = 50, 100
"""Diagrams of the best and of the front that a page holds.

One for each of thousands would be too large.
"""


def drawn_of(ranking: Ranking) -> list[int]:
    """The numbers of trials whose diagram a page holds, best first."""
    front = {line.row.number for line in ranking.front[:MOST_OF_FRONT]}
    return [
        line.row.number for line in ranking.lines if line.rank <= DRAWN or line.row.number in front
    ]


def trial_details(
    report: StudyReport, place: int, *, named: bool = False
) -> dict[str, dict[str, str]]:
    """The details of every network of the ranking, by key, ``PLACE:NUMBER``.

    If ``named``, their titles name the study.
    """
    trials = {trial.number: trial for trial in report.study.trials}
    drawn = set(drawn_of(report.ranking))
    return {
        f"{place}:{line.row.number}": _trial(
            report, line, trials[line.row.number], line.row.number in drawn, named
        )
        for line in report.ranking.lines
    }


def published_details() -> dict[str, dict[str, str]]:
    """The details of every network that ships, by REF."""
    return {
        network.ref: {
            "title": f"{network.ref}, as published",
            "costs": f"{' · '.join(costs_words(network.costs))} · digest {network.spec.digest()}",
            "measured": f"{network.words()} ({network.source})"
            if network.source
            else network.words(),
            "command": f"seesawnas build {quote(network.ref)}",
            "spec": narrow(write_yaml(to_mapping(network.spec))) + "\n",
            "svg": diagram(network.spec.renamed(network.ref)),
        }
        for network in published_networks()
    }


def _trial(
    report: StudyReport, line: RankedLine, trial: Trial, is_drawn: bool, named: bool
) -> dict[str, str]:
    row, attrs = line.row, trial.user_attrs
    name = row.name or f"trial {row.number}"
    label = f" · {row.name}" if row.name else ""
    study = f"{report.study.name} · " if named else ""
    again = ""
    if row.repeats is not None:
        mean = mean_words(row.repeats, report.study.metric)
        seeds = ("new seed" if report.ranking.is_ranked else "seed") + "s" * (row.repeats.n > 1)
        again = f"Over {row.repeats.n} {seeds}: {METRICS[report.study.metric].title} {mean}. "
    title = (
        f"Rank {line.rank} · trial {row.number}{label}{' · Pareto front' if line.on_front else ''}"
    )
    measured = again + measured_words(attrs)
    if not report.ranking.is_ranked:
        title, measured = f"{name} · first trained as trial {row.number}", again.strip()
    made = {
        "title": study + title,
        "costs": f"{' · '.join(costs_words(attrs))} · digest {row.digest}",
        "measured": measured,
        "command": f"seesawnas build {quote(f'{report.ref}:{row.number}')} --diagram "
        f"trial_{row.number}.svg",
        "spec": narrow(str(attrs["spec"])) + "\n",
    }
    if not is_drawn:
        return made
    try:
        return {**made, "svg": diagram(trial_spec(trial).renamed(name))}
    except InvalidInput as error:  # what another version or a stranger stored as its network
        return {**made, "measured": f"{made['measured']}. It cannot be drawn: {error}", "svg": ""}
