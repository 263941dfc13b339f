"""Notes in Markdown, as optuna-dashboard shows them: of a trial, and of a study."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import Any

from seesawnas.report.frames import front_objectives, pareto_front, ranked
from seesawnas.report.outcome import mean_words, row_of
from seesawnas.report.rows import RankedRow, written
from seesawnas.study import COSTS, QUALITIES, StudyView, Trial, TrialState
from seesawnas.units import format_quantity

BEST = 10
_WIDTH = 84  # characters
_STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "stopped early",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
_HOW_TO_READ = """\
- A parameter is a decision of the search space, named by its place in the grammar: `stages.2.expansion` is the expansion of
  stage 2's blocks (stages count from 0), `defaults.activation` one choice for the whole network.
- `depth` is a stage's number of blocks, `width` its output channels, `expansion` the middle width over the input width,
  `split` the ratio of the pointwise convolutions' groups, `se` the reduction of squeeze-and-excitation (0 is none), `kernel`
  the depthwise kernel's side in pixels, `skip` the branch past a block of stride 2.
- Accuracy and AUC are of verification, from 0 to 1, on people that no network was trained on, by the short training that all
  trials share. MAdds are multiply-adds for one image, at the network's own input size.
- Every trial fits the budget. *Complete* trials were trained in full, *pruned* ones stopped early."""


def trial_note(trial: Trial, ref: str, files: Sequence[str]) -> str:
    """``files`` are the addresses of the diagram and of the spec; ``ref`` is what commands know the trial by."""
    attrs = trial.user_attrs
    name = attrs.get("label") or f"network {attrs['digest']}"
    costs = (
        f"**{format_quantity(attrs['madds'])} MAdds** · **{format_quantity(attrs['params'])} params** · "
        f"{attrs['activation_bytes'] / 1e6:.1f} MB of activations · digest `{attrs['digest']}`"
    )
    parts = [f"### {_plain(name)}", costs, *_measured(trial), f"[![diagram]({files[0]})]({files[0]})"]
    parts += [
        f"```yaml\n{_narrow(attrs['spec'])}\n```",
        f"`seesawnas build {quote(ref)}` · [spec as a file]({files[1]})",
    ]
    return "\n\n".join(parts) + "\n"


def study_note(study: StudyView, ref: str) -> str:
    """The best networks, the front, the settings, how to read the names."""
    rows = ranked_rows(study)
    parts = [f"## {_plain(study.name)}", _progress(study)]
    if rows:
        parts += [f"### Best networks, by {study.objectives[0]}", _ranking(study, rows)]
        best = rows[0]
        parts += [f"`seesawnas build {quote(f'{ref}:{best.number}')} --out {quote(f'{study.name}_best')}`"]
    if text := study.attributes.get("study_file"):
        plan = str(text).split("\nprovenance:")[0]  # what made it stands below, of the last run
        parts += ["### Study file", f"```yaml\n{_narrow(plan)}\n```"]
    found = [(name, value) for name, value in settings(study.attributes) if not (text and name.startswith("recipe."))]
    if found:
        parts += ["### Settings", _table(("setting", "value"), [(f"`{name}`", _cell(value)) for name, value in found])]
    return "\n\n".join([*parts, "### How to read this", _HOW_TO_READ]) + "\n"


def settings(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What trials share, and what made the last run, a line each: nested values by their path."""
    runs = sorted((name for name in attributes if name.startswith("run.")), key=lambda name: (len(name), name))
    for name, value in attributes.items():
        if name == "study_file" or name in runs[:-1]:
            continue
        yield from _flat("" if name == "settings" else name, _parsed(value))


def ranked_rows(study: StudyView) -> list[RankedRow]:
    """Complete trials best first: repeated networks by their mean, then the others by the study's quality."""
    complete = (
        trial for trial in study.trials if trial.state is TrialState.COMPLETE and "accuracy" in trial.user_attrs
    )
    return ranked((row_of(trial, study.repeats) for trial in complete), study.quality)


def _measured(trial: Trial) -> list[str]:
    attrs = trial.user_attrs
    if trial.state is TrialState.FAIL:
        return [f"**Failed:** {_plain(str(attrs.get('reason', 'unknown')))}"]
    if "accuracy" not in attrs:
        return []
    when = f"stopped after epoch {attrs['stopped_after']}: " if "stopped_after" in attrs else ""
    found = (
        f"{when}accuracy {100 * attrs['accuracy']:.2f} ± {100 * attrs['accuracy_std']:.2f} %, AUC {attrs['auc']:.4f}"
    )
    took = f", {attrs['seconds']:.0f} s" if "seconds" in attrs else ""
    return [f"{found[0].upper()}{found[1:]}{took} (± is the standard deviation over folds)"]


def _progress(study: StudyView) -> str:
    states = Counter(trial.state for trial in study.trials)
    counts = ", ".join(f"{states[state]} {word}" for state, word in _STATES.items() if states[state])
    return f"{len(study.trials)} trials: {counts or 'none yet'}. Objectives: {', '.join(study.objectives)}."


def _ranking(study: StudyView, rows: list[RankedRow]) -> str:
    qualities = list(dict.fromkeys([study.quality, "accuracy", "auc"]))
    objectives = front_objectives(study.sought)
    front = {row.number for row in pareto_front(rows, objectives)}
    costs = list(dict.fromkeys(["madds", "params", *objectives.costs]))
    heads = [">over new seeds"] if rows[0].repeats is not None else []
    heads += [f">{QUALITIES[name].removeprefix('verification ')}" for name in qualities]
    cells = []
    for rank, row in enumerate(rows[:BEST], start=1):
        link = f"[{row.number}](/dashboard/studies/{study.number}/trials?numbers={row.number})"
        name = _cell(row.label) + (" \\*" if row.number in front else "")
        found = [_again(row, study.quality)] if rows[0].repeats is not None else []
        found += [_written(row, quality) for quality in qualities]
        cells.append((str(rank), link, name, *found, *(format_quantity(int(row.objective(cost))) for cost in costs)))
    table = _table((">rank", ">trial", "network", *heads, *(f">{COSTS[cost]}" for cost in costs)), cells)
    again = "; over new seeds: the mean with its standard error" if rows[0].repeats is not None else ""
    *most, last = QUALITIES[study.quality], *(COSTS[cost] for cost in objectives.costs)
    words = f"on the Pareto front of {', '.join(most)} and {last}; ± is the standard deviation over folds{again}"
    return f"{table}\n\n\\* {words}"


def _written(row: RankedRow, quality: str) -> str:
    if quality == "accuracy":
        return f"{100 * row.accuracy:.2f} ± {100 * row.std:.2f} %"
    return written(quality, row.objective(quality))


def _again(row: RankedRow, quality: str) -> str:
    return "" if row.repeats is None else f"{mean_words(row.repeats, quality)} ({row.repeats.n})"


def _narrow(text: str) -> str:
    """YAML of the same meaning in lines that a page shows whole: a wide one would push the diagram out of the window."""
    whole: list[str] = []
    for line in text.strip().splitlines():
        if whole and _is_open(whole[-1]):
            whole[-1] += f" {line.strip()}"
        else:
            whole.append(line)
    return "\n".join(_wrapped(line) for line in whole)


def _is_open(line: str) -> bool:
    """Whether a list or mapping of the line goes on in the next."""
    return sum(map(line.count, "[{")) > sum(map(line.count, "]}"))


def _wrapped(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    options = textwrap.TextWrapper(_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return options.fill(line)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A column marked ``>`` stands to the right. The spaces keep columns apart, which the page does not."""
    rules = ["---:" if column.startswith(">") else "---" for column in columns]
    heads = [f"{column.removeprefix('>')}&emsp;" for column in columns]
    lines = [heads, rules, *([f"{cell}&emsp;" for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), inner)
    elif name == "budget" and isinstance(value, list) and len(value) == 2:
        low, high = value
        yield (
            name,
            f"{format_quantity(low)}..{format_quantity(high)} MAdds" if low else f"{format_quantity(high)} MAdds",
        )
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _cell(text: str) -> str:
    """Text that stays in one cell of a table."""
    return _plain(" ".join(text.split())).replace("|", "\\|")


def _plain(text: str) -> str:
    """Text that Markdown must not read as markup."""
    return "".join(f"\\{character}" if character in "\\`*_[]<>#" else character for character in text)
