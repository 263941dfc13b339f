"""``report_html``: studies as one HTML file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from plotly.offline import get_plotlyjs

from seesawnas.ablation import AblationResult, Verdict
from seesawnas.cost import ALL_COSTS, COSTS
from seesawnas.evaluation.metrics import METRICS
from seesawnas.report.network.published import KnownResult, known_results, list_accuracies
from seesawnas.report.pages.html import Plot, asset, data_block, packed, plot, render
from seesawnas.report.pages.network_details import drawn_of, published_details, trial_details
from seesawnas.report.plots.ablation import forest_figure, interaction_forest, interaction_plots
from seesawnas.report.plots.importance import importance_figure
from seesawnas.report.plots.joint import joint_figure, joint_sentences
from seesawnas.report.plots.parallel import parallel_figure
from seesawnas.report.plots.published import add_published, published_networks
from seesawnas.report.plots.study import curves_figure, quality_figure
from seesawnas.report.study.ablation import ARM_HEADS, HEADS, arm_rows, effect_rows
from seesawnas.report.study.ranking import Ranking, cost_words, metric_words
from seesawnas.report.study.report import StudyReport
from seesawnas.report.study.sections import limit_notes
from seesawnas.report.study.summary import rerun_commands
from seesawnas.units import format_quantity


def ablation_tiles(result: AblationResult) -> Iterator[dict[str, str]]:
    """The most important numbers."""
    verdicts = Counter(effect.verdict for effect in result.effects)
    shown: list[Verdict] = ["better", "worse", "not resolvable"]
    for verdict in (*shown, "equivalent") if result.race else shown:
        yield {
            "name": verdict,
            "value": str(verdicts[verdict]),
            "note": f"of {len(result.effects)} effects",
        }
    yield {"name": "networks", "value": str(len({arm.digest for arm in result.arms})), "note": ""}
    yield {"name": "training seeds", "value": str(len(result.seeds)), "note": ""}


def ablation_context(result: AblationResult) -> dict[str, Any]:
    """The values of the template."""
    grown = {"margin": {"l": 24, "r": 16, "t": 56, "b": 56}}
    crossed = interaction_plots(result)
    own = (
        {}
        if crossed is None
        else {"legend": crossed.layout.legend, "margin": {"l": 62, "r": 16, "t": 72, "b": 56}}
    )
    return {
        "title": result.title,
        "forest": plot(forest_figure(result), **grown),
        "interaction_forest": plot(interaction_forest(result), **grown),
        "interactions": plot(crossed, **own),
        "heads": HEADS,
        "rows": effect_rows(result),
        "arm_heads": ARM_HEADS,
        "arms": arm_rows(result),
    }


FIRST_ROWS = 25
"""Of the ranking, for a reader without JavaScript."""


def report_html(reports: Sequence[StudyReport]) -> str:
    """One page, complete in itself: plotly once, then every study."""
    names = ", ".join(report.study.name for report in reports)
    details: dict[str, Any] = published_details()
    for place, report in enumerate(reports):
        details |= trial_details(report, place, named=len(reports) > 1)
    page = {
        "studies": [
            _listed(report, place, several=len(reports) > 1) for place, report in enumerate(reports)
        ],
        "published": {
            "label": "Published",
            "keys": [network.ref for network in published_networks()],
        },
    }
    return render(
        "report.html",
        title=names if len(reports) > 1 else f"Study {names}",
        scripts=[get_plotlyjs(), asset("theme.js"), asset("copy.js"), asset("report.js")],
        joint=_joint(reports),
        studies=[_study(report, place, details) for place, report in enumerate(reports)],
        published=[_published_row(network) for network in published_networks()],
        known=[_known_row(result) for result in known_results()],
        page=data_block(page),
        details=packed(details),
    )


def _study(report: StudyReport, place: int, details: dict[str, Any]) -> dict[str, Any]:
    study, ranking = report.study, report.ranking
    rows = [line.row for line in ranking.lines]
    importance = report.importance
    made: dict[str, Any] = {
        "name": study.name,
        "tiles": list(_tiles(report)),
        "sentences": report.sentences,
        "notes": limit_notes(report.notes),
        "best": details[f"{place}:{rows[0].number}"] if rows else None,
        "front_title": _front_title(report),
        "has_named": report.ablation is None and any(row.name is not None for row in rows),
        "is_ranked": ranking.is_ranked,
        "ranking_title": "Ranking" if ranking.is_ranked else "Networks, mean over seeds",
        "pareto": _pareto(report) if rows and ranking.is_ranked else None,
        **_curves(report),
        "parallel": plot(parallel_figure(study, rows), margin={"l": 62, "r": 36, "t": 40, "b": 16}),
        "importance": importance
        and {
            "sentences": report.importance_sentences,
            "figure": plot(importance_figure(importance)),
        },
        "ablation": None if report.ablation is None else ablation_context(report.ablation),
        "heads": ranking.heads,
        "caption": ranking.caption,
        "first_rows": [_row(ranking, number) for number in range(min(FIRST_ROWS, len(rows)))],
        "facts": report.facts,
        "study_file": report.study_file,
        "commands": "\n".join(rerun_commands(study, report.ref, ranked=report.is_ranked)),
    }
    return {**made, "contents": list(_contents(made))}


def _contents(made: dict[str, Any]) -> Iterator[tuple[str, str]]:
    named = (
        ("summary", "Summary", True),
        ("ablation", made["ablation"] and made["ablation"]["title"], made["ablation"]),
        ("front", "Pareto front", made["pareto"]),
        ("curves", "Learning curves", made["curves"]),
        ("decisions", "Decisions", made["parallel"]),
        ("importance", "Importance", made["importance"]),
        ("ranking", made["ranking_title"], made["best"]),
        ("run", "What was run", True),
    )
    return ((name, words) for name, words, there in named if there)


def _tiles(report: StudyReport) -> Iterator[dict[str, str]]:
    if report.ablation is not None:
        yield from ablation_tiles(report.ablation)
        return
    if not report.ranking.lines:
        return
    line, study = report.ranking.lines[0], report.study
    yield {
        "name": f"best {METRICS[study.metric].title}",
        "value": metric_words(line.row, study.metric),
        "note": f"trial {line.row.number}, {line.row.label}",
    }
    for cost in report.ranking.shown_costs:
        yield {
            "name": f"its {ALL_COSTS[cost].title}",
            "value": cost_words(line.row, cost),
            "note": "",
        }
    yield {
        "name": "trials",
        "value": str(len(study.trials)),
        "note": f"{len(report.ranking.lines)} complete",
    }
    yield {"name": "on the Pareto front", "value": str(len(report.ranking.front)), "note": ""}


def _front_title(report: StudyReport) -> str:
    cost = report.study.sought.of_front.costs[0]
    quality = METRICS[report.study.metric].title
    return f"{quality[0].upper()}{quality[1:]} against {ALL_COSTS[cost].title}"


def _pareto(report: StudyReport) -> Plot | None:
    """The dashboard's plot, and the published layer below."""
    rows = [line.row for line in report.ranking.lines]
    if report.ablation is not None:  # its names are of arms, not of published networks
        rows = [replace(row, name=None) for row in rows]
    figure, cost = quality_figure(report.study, rows), report.study.sought.of_front.costs[0]
    if cost in COSTS:  # a latency that a study's model predicts is of no published network
        add_published(figure, cost, [row.objective(cost) for row in rows])
    return plot(figure, height=760)


def _curves(report: StudyReport) -> dict[str, Any]:
    figure = curves_figure(report.study)
    return {
        "curves": plot(figure),
        "curves_title": "" if figure is None else figure.layout.title.text,
    }


def _joint(reports: Sequence[StudyReport]) -> dict[str, Any] | None:
    if len(reports) < 2:
        return None
    return {"sentences": list(joint_sentences(reports)), "figure": plot(joint_figure(reports))}


def _listed(report: StudyReport, place: int, *, several: bool) -> dict[str, Any]:
    """The data of the page's script: every row, and the networks that can be chosen from a list."""
    ranking = report.ranking
    of = f", {report.study.name}" if several else ""
    front = [f"{place}:{line.row.number}" for line in ranking.front]
    best = [f"{place}:{number}" for number in drawn_of(ranking) if f"{place}:{number}" not in front]
    return {
        "rows": [_row(ranking, number) for number in range(len(ranking.lines))],
        "choices": [
            {"label": f"Pareto front{of}", "keys": front},
            {
                "label": f"{'Best of the ranking' if ranking.is_ranked else 'Networks'}{of}",
                "keys": best,
            },
        ],
    }


def _row(ranking: Ranking, number: int) -> list[Any]:
    """A network of the ranking as the page's script takes it.

    Rank, trial, network, whether on the front, cells, the numbers that cells are sorted by, digest.
    """
    line = ranking.lines[number]
    return [
        line.rank,
        line.row.number,
        line.row.label,
        int(line.on_front),
        line.cells,
        line.values,
        line.row.digest,
    ]


def _known_row(result: KnownResult) -> tuple[str, str, str, str, str]:
    costs = result.printed_costs
    madds, params = (
        format_quantity(costs[name]) if name in costs else "-" for name in ("madds", "params")
    )
    return result.name, madds, params, list_accuracies(result.accuracies), result.source


def _published_row(network: Any) -> tuple[str, str, str, str, str]:
    costs = format_quantity(network.costs["madds"]), format_quantity(network.costs["params"])
    return network.ref, *costs, network.words(), network.source
