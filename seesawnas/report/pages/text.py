"""The report as Markdown, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from seesawnas.report.markdown import cell, fence, plain_markdown
from seesawnas.report.network.published import known_results, list_accuracies
from seesawnas.report.plots.published import published_networks
from seesawnas.report.study.ablation import ARM_HEADS, HEADS, arm_rows, effect_rows
from seesawnas.report.study.frame import joined
from seesawnas.report.study.notes import narrow
from seesawnas.report.study.report import StudyReport
from seesawnas.report.study.sections import limit_notes
from seesawnas.report.study.summary import CONVENTIONS, rerun_commands
from seesawnas.text import csv_cell
from seesawnas.units import format_quantity

SHOWN = 50
"""Networks of the ranking that Markdown lists; CSV and JSON have them all."""


def report_json(reports: Sequence[StudyReport]) -> str:
    """One JSON document; its keys are stable.

    ``version``; ``studies``, each with study, objectives, summary (sentences), notes (what of it
    cannot be shown, and why), budget, trials (how many by state), ranking (as in a search's
    summary.json, with rank, pareto and spec; of an ablation its networks, without a rank, repeats
    being all of their seeds), pareto (numbers), stopped, failed, settings, runs (each start:
    command, versions, git, machine, data, seeds, plan, trained (numbers by how they ended),
    repeats, ended, did), study_file, ablation (null if it is none), importance (null if it cannot
    be said), distillation (loss, weight, teachers; null if trials learn from no teacher);
    ``published``, each with ref, digest, madds, params, activation_bytes, accuracies (percent),
    source; ``published_results``: networks that cannot be built here, each with name, madds and
    params (as printed, null if they are not), accuracies, source.
    """
    values = {
        "version": version("seesawnas"),
        "studies": [report.to_mapping() for report in reports],
        "published": [
            {
                "ref": network.ref,
                "digest": network.spec.digest(),
                **network.costs,
                "accuracies": network.accuracies,
                "source": network.source or None,
            }
            for network in published_networks()
        ],
        "published_results": [
            {
                "name": result.name,
                **{name: result.printed_costs.get(name) for name in ("madds", "params")},
                "accuracies": dict(result.accuracies),
                "source": result.source,
            }
            for result in known_results()
        ],
    }
    return json.dumps(values, indent=2) + "\n"


def report_csv(reports: Sequence[StudyReport]) -> str:
    """A row per trial, all studies below each other."""
    frame = joined([report.frame for report in reports]).copy()
    for name in frame.select_dtypes(exclude="number"):
        frame[name] = frame[name].map(csv_cell)
    text: str = frame.rename(columns=csv_cell).to_csv(index=False)
    return text


def report_markdown(reports: Sequence[StudyReport]) -> str:
    """Tables and sentences for a pull request or a notebook."""
    parts = [part for report in reports for part in _study(report)]
    parts += ["## Published networks", *_published(), f"*{CONVENTIONS}*"]
    return "\n\n".join(parts) + "\n"


def _study(report: StudyReport) -> Iterator[str]:
    yield f"# {plain_markdown(report.study.name)}"
    yield "\n".join(f"- {plain_markdown(sentence)}" for sentence in report.sentences)
    if report.notes:
        yield "## Notes"
        yield "\n".join(f"- {plain_markdown(note)}" for note in limit_notes(report.notes))
    if report.ablation is not None:
        yield from _ablation(report)
    # An ablation's networks stand in its own tables, by their means.
    if report.ranking.lines and report.ranking.is_ranked:
        yield from _ranking(report)
    if report.importance_sentences is not None:
        yield "## Importance"
        yield "\n".join(f"- {plain_markdown(sentence)}" for sentence in report.importance_sentences)
    yield "## What was run"
    yield _table(("", ""), report.facts) if report.facts else "No run of this study is recorded."
    if report.study_file is not None:
        yield fence(report.study_file, "yaml")
    yield fence("\n".join(rerun_commands(report.study, report.ref, ranked=report.is_ranked)), "sh")


def _ranking(report: StudyReport) -> Iterator[str]:
    lines = report.ranking.lines
    rows = [
        (
            str(line.rank),
            str(line.row.number),
            line.row.label + (" *" if line.on_front else ""),
            *line.cells,
        )
        for line in lines[:SHOWN]
    ]
    title = "## Ranking" if report.is_ranked else "## Training runs"
    yield title + (f", the first {SHOWN} of {len(lines)}" if len(lines) > SHOWN else "")
    yield _table(
        (">rank", ">trial", "network", *(f">{head}" for head in report.ranking.heads)), rows
    )
    yield f"\\* {report.ranking.caption}"
    if not report.is_ranked:
        return
    best = lines[0].row
    spec = next(
        trial.user_attrs["spec"] for trial in report.study.trials if trial.number == best.number
    )
    yield f"## Best network, trial {best.number}"
    yield fence(narrow(spec), "yaml")


def _ablation(report: StudyReport) -> Iterator[str]:
    assert report.ablation is not None
    found = report.ablation
    yield f"## {found.title} of {plain_markdown(found.base)}"
    yield _table(HEADS, effect_rows(found))
    yield _table(ARM_HEADS, arm_rows(found))


def _published() -> Iterator[str]:
    yield (
        "Full training on other faces, as published; costs as counted here. Not comparable "
        "with proxy scores."
    )
    rows = [
        (
            network.ref,
            format_quantity(network.costs["madds"]),
            format_quantity(network.costs["params"]),
            network.words(),
        )
        for network in published_networks()
    ]
    yield _table(("network", ">MAdds", ">params", "published"), rows)
    yield "Networks with published results only; costs, too, are as printed."
    known = [
        (
            result.name,
            *(
                format_quantity(result.printed_costs[name]) if name in result.printed_costs else "-"
                for name in ("madds", "params")
            ),
            list_accuracies(result.accuracies),
        )
        for result in known_results()
    ]
    yield _table(("network", ">MAdds", ">params", "published"), known)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = [column.removeprefix(">") for column in columns]
    rules = ["---:" if column.startswith(">") else "---" for column in columns]
    cells = [[cell(text) for text in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, rules, *cells])
