"""A study in sentences, and what was run, so that it can be reproduced."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from shlex import join, quote
from typing import Any

from seesawnas.cost import ALL_COSTS
from seesawnas.data.faces import described_cautions
from seesawnas.evaluation.metrics import METRICS
from seesawnas.io.stored_json import stored_json, stored_mapping
from seesawnas.plan.options import kept_names
from seesawnas.report.study.notes import narrow, settings
from seesawnas.report.study.outcome import measured_of
from seesawnas.report.study.ranking import (
    Ranking,
    cost_words,
    latencies_words,
    mean_words,
    metric_words,
    objective_names,
    progress_words,
    ranking_of,
)
from seesawnas.study import ResultRow, Start, StudyView, read_starts
from seesawnas.study.options import RunPlan
from seesawnas.study.record.distillation import label_of, stored_distillation

MAX_STARTS = 20
"""Runs that a page lists: the latest. JSON has all of them."""
CONVENTIONS = (
    "MAdds are the multiply-adds of convolutions and linear layers, squeeze-and-excitation's "
    "included, for one image at the "
    "network's own input size; batch norm, activations, pooling and additions are not counted. "
    "FLOPs are 2 × MAdds. Params "
    "are all learnable parameters, without the loss head. Activations are 4 bytes per output "
    "value of an operator. M is 10⁶."
)
"""As :mod:`seesawnas.arch.layers` counts."""
_ELSEWHERE = ("data", "seed", "recipe", "teacher")
"""Settings of the proxy that have a row of their own."""


def summary(study: StudyView, ranking: Ranking) -> Iterator[str]:
    """The result, one or two sentences at a time."""
    yield progress_words(study)
    if not ranking.lines:
        yield "No trial is complete yet, so there is no ranking."
        return
    yield _best(study, ranking)
    yield _certainty(study, ranking.lines[0].row, len(ranking.lines))
    for caution in _cautions(study):
        yield f"Caution: {caution}."
    if (beside := _beside_papers(study, ranking)) is not None:
        yield beside
    front, names = len(ranking.front), objective_names(study.sought)
    yield (
        f"{front} network{' is' if front == 1 else 's are'} on the Pareto front of {names}: no "
        "other that was measured is "
        "as good in every objective and better in one."
    )
    if (budget := budget_words(study)) is not None:
        yield f"Every trial fits the budget of {budget}."


def _best(study: StudyView, ranking: Ranking) -> str:
    row = ranking.lines[0].row
    costs = ranking.shown_costs
    words = ", ".join(f"{cost_words(row, name)} {ALL_COSTS[name].title}" for name in costs)
    label = f"{row.name}, digest {row.digest}" if row.name else f"network {row.digest}"
    if row.repeats is None:
        return f"Best is trial {row.number} ({label}): {_named(row, study.metric)} at {words}."
    mean = (
        f"{METRICS[study.metric].title} {mean_words(row.repeats, study.metric)} over "
        f"{row.repeats.n} new seeds"
    )
    return (
        f"Best is trial {row.number} ({label}): {mean} at {words}; the search itself measured "
        f"{_named(row, study.metric)}."
    )


def _named(row: ResultRow, quality: str) -> str:
    return f"{METRICS[quality].title} {metric_words(row, quality)}"


def _certainty(study: StudyView, row: ResultRow, complete: int) -> str:
    if row.repeats is not None:
        return (
            "Retrained networks are ranked by their new seeds only, which removes the "
            "selection bias of the search."
        )
    return (
        f"The score of the best of {complete} is biased upwards: it comes from one seed, and no "
        "network was retrained. "
        "Close ranks may swap."
    )


def _cautions(study: StudyView) -> tuple[str, ...]:
    """What the search said of its faces when it began."""
    try:
        data = stored_mapping(study.attributes["settings"])["data"]
    except (KeyError, ValueError, TypeError):
        return ()
    return described_cautions(data) if isinstance(data, str) else ()


def _beside_papers(study: StudyView, ranking: Ranking) -> str | None:
    """The best beside the best published network that the study trained in the same way."""
    best = ranking.lines[0].row
    named = next((line.row for line in ranking.lines if line.row.name is not None), None)
    if named is None:
        return None
    if named.number == best.number:
        return "It is a published network: no network that the search proposed is ranked above it."
    if (named.repeats is None) != (best.repeats is None):
        return None  # a mean over seeds and a single training are no pair
    metric = METRICS[study.metric]
    change = metric.format_change(best.merit - named.merit)
    points = f"{change} percentage points" if metric.is_percent else change
    ratio = best.madds / named.madds
    return (
        f"The best published network in the study, trained in the same way, is {named.name} with "
        f"{metric.format(named.merit)}: the best differs by {points}, at {ratio:.0%} of its MAdds."
    )


def starts_of(study: StudyView) -> list[Start]:
    """Every start of the study, with what it did, the first first."""
    return read_starts(
        study.attributes, study.trials, sum(again.n for again in study.repeats.values())
    )


def runs_of(study: StudyView) -> list[dict[str, Any]]:
    """The starts as JSON values.

    What made each, as :func:`seesawnas.study.record.provenance` tells it, its plan, what it did.
    """
    return [start.to_mapping() for start in starts_of(study)]


def start_words(start: Start, before: Start | None) -> str:
    """One start in a line.

    It tells the command, what it did, why it ended, and the settings that the start before did not
    have.
    """
    made = start.made
    command = (
        join(map(str, made["command"]))
        if isinstance(made.get("command"), list)
        else "an unknown command"
    )
    ended = "unknown (killed, or still running)" if start.ended is None else start.ended
    parts = [command, start.did()] + ([] if start.plan is None else [f"ended: {ended}"])
    if start.plan is not None and before is not None and before.plan is not None:
        names = [
            name
            for name in {**before.plan, **start.plan}
            if before.plan.get(name) != start.plan.get(name)
        ]
        parts += [f"with {name} {_value(start.plan.get(name, 'none'))}" for name in names]
    return "; ".join(parts)


def settings_mapping(study: StudyView) -> dict[str, Any]:
    """What all trials share; empty before a search agreed on it."""
    found = _json(study.attributes.get("settings"))
    return found if isinstance(found, dict) else {}


def budget_words(study: StudyView) -> str | None:
    """As the dashboard's settings have it."""
    return dict(settings(study.attributes)).get("budget")


def study_file(study: StudyView) -> str | None:
    """The study file that runs the last run again as it was, without what made it."""
    text = study.attributes.get("study_file")
    return None if text is None else narrow(str(text).split("\nprovenance:")[0]) + "\n"


def run_facts(study: StudyView) -> list[tuple[str, str]]:
    """What was run in words, a line per fact.

    It is the last start that trained anything, and every start with what it did.
    """
    starts, agreed = starts_of(study), settings_mapping(study)
    taught = stored_distillation(study.attributes)
    last = next(
        (
            start
            for start in reversed(starts)
            if start.trained is None or start.numbers or start.repeats
        ),
        None,
    )
    made: Mapping[str, Any] = (last or starts[-1]).made if starts else {}
    shown = starts[-MAX_STARTS:]
    facts = [
        (
            "command",
            join(map(str, made["command"])) if isinstance(made.get("command"), list) else None,
        ),
        ("started", made.get("started")),
        ("runs", str(len(starts)) if starts else None),
        *(
            (
                f"run {number}, {start.made.get('started', 'time unknown')}",
                start_words(start, before),
            )
            for number, start, before in zip(
                range(len(starts) - len(shown) + 1, len(starts) + 1),
                shown,
                [None, *starts][-len(shown) - 1 :],
                strict=False,
            )
        ),
        ("budget", budget_words(study)),
        (
            "measured latency",
            latencies_words(measured_of(study.attributes, ranking_of(study).rows)),
        ),
        ("search space", agreed.get("space")),
        ("data", agreed.get("data")),
        ("data fingerprint", made.get("data")),
        ("seeds", _pairs(made.get("seeds")) or _pairs({"study": agreed.get("seed")})),
        (
            "proxy",
            _pairs(
                {name: agreed.get(name) for name in kept_names(RunPlan) if name not in _ELSEWHERE}
            ),
        ),
        ("teacher", None if taught is None else label_of(taught)),
        ("recipe", _pairs(agreed.get("recipe"))),
        ("versions", _pairs(made.get("versions"))),
        ("git", _pairs(made.get("git"))),
        ("machine", _pairs(made.get("machine"))),
    ]
    return [(name, str(value)) for name, value in facts if value]


_VERBS = {"factors": "ablate", "networks": "confirm"}
"""What runs a study file, by a key that it has; a search's has none of them."""


def rerun_commands(study: StudyView, ref: str, *, ranked: bool = True) -> list[str]:
    """Commands that run the study again and go on from here.

    ``ranked`` says whether the study has a best network.
    """
    text = study_file(study)
    words = []
    if text is not None:
        verb = next((verb for key, verb in _VERBS.items() if f"\n{key}:" in f"\n{text}"), "search")
        words += [f"seesawnas {verb} study.yaml    # the file of this report, under this name"]
    if ranked:
        best = quote(f"{ref}:best")
        words += [f"seesawnas train {best} --data FACES --out {quote(f'{study.name}_best')}"]
        words += [f"seesawnas compare {best} paper/seesaw_share"]
    return [*words, f"seesawnas dashboard {quote(ref)}"]


def _pairs(values: Any) -> str:
    if not isinstance(values, dict):
        return ""
    return ", ".join(
        f"{name} {_value(value)}" for name, value in values.items() if value is not None
    )


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _json(text: Any) -> Any:
    try:
        return stored_json(text) if isinstance(text, str) else text
    except ValueError:
        return None
