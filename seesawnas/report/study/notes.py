"""Notes in Markdown, as optuna-dashboard shows them: of a trial, and of a study."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import Any

from seesawnas.ablation import AblationResult, verdict_words
from seesawnas.io.stored_json import stored_json
from seesawnas.report.markdown import cell, code, code_cell, fence, plain_markdown
from seesawnas.report.study.ablation import ARM_HEADS, HEADS, arm_rows, effect_rows
from seesawnas.report.study.ranking import (
    Ranking,
    costs_words,
    measured_words,
    progress_words,
    ranking_of,
)
from seesawnas.report.study.sections import find_ablation, limit_notes, notes_of
from seesawnas.study import StudyView, Trial, TrialState
from seesawnas.study.record.distillation import label_of, stored_distillation
from seesawnas.units import format_quantity

BEST = 10
_WIDTH = 84  # characters
_HOW_TO_READ = """\
- A parameter is a decision of the search space, named by its path in the grammar:
  `stages.2.expansion` is the expansion of the blocks of stage 2 (stages count from 0),
  `defaults.activation` one choice for the whole network.
- `depth` is a stage's number of blocks, `width` its output channels, `expansion` the middle
  width over the input width, `split` the ratio of the pointwise convolutions' groups, `se` the
  reduction of squeeze-and-excitation (0 is none), `kernel` the depthwise kernel's side in
  pixels, `skip` the skip branch of a stride-2 block.
- Accuracy and AUC are verification scores, from 0 to 1, on identities that were not used in
  training, after the short training that all trials share. MAdds are multiply-adds for one
  image, at the network's own input size.
- Every trial fits the budget. *Complete* trials were trained in full, *pruned* ones stopped
  early."""


def trial_note(trial: Trial, ref: str, files: Sequence[str]) -> str:
    """The note of a trial.

    ``files`` are the addresses of the diagram and of the spec. ``ref`` is what commands know the
    trial by.
    """
    attrs = trial.user_attrs
    name = str(attrs.get("label") or f"network {attrs['digest']}")
    madds, params, activations = costs_words(attrs)
    costs = f"**{madds}** · **{params}** · {activations} · digest {code(str(attrs['digest']))}"
    parts = [
        f"### {plain_markdown(name)}",
        costs,
        *_measured(trial),
        *([f"Learnt from {plain_markdown(str(attrs['teacher']))}"] if "teacher" in attrs else []),
        f"[![diagram]({files[0]})]({files[0]})",
    ]
    parts += [
        fence(narrow(attrs["spec"]), "yaml"),
        f"{code(f'seesawnas build {quote(ref)}')} · [spec as a file]({files[1]})",
    ]
    return "\n\n".join(parts) + "\n"


def study_note(study: StudyView, ref: str) -> str:
    """The best networks, the front, the settings, how to read the names."""
    ranking = ranking_of(study)
    parts = [f"## {plain_markdown(study.name)}", plain_markdown(progress_words(study))]
    if (taught := taught_words(study)) is not None:
        parts += [plain_markdown(taught)]
    if notes := notes_of(study):
        parts += [
            "### Notes",
            "\n".join(f"- {plain_markdown(note)}" for note in limit_notes(notes)),
        ]
    ablation = find_ablation(study)
    if ablation is not None:
        parts += _ablation(ablation)
    elif ranking.lines:
        parts += [
            f"### Best networks, by {plain_markdown(study.objectives[0])}",
            _ranking(study, ranking),
        ]
        best = ranking.lines[0].row
        out = quote(f"{study.name}_best")
        parts += [code(f"seesawnas train {quote(f'{ref}:{best.number}')} --data FACES --out {out}")]
    if text := study.attributes.get("study_file"):
        plan = str(text).split("\nprovenance:")[0]  # what made it stands below, of the last run
        parts += ["### Study file", fence(narrow(plan), "yaml")]
    found = [
        (name, value)
        for name, value in settings(study.attributes)
        if not (text and name.startswith("recipe."))
    ]
    if found:
        parts += [
            "### Settings",
            _table(("setting", "value"), [(code_cell(name), cell(value)) for name, value in found]),
        ]
    return "\n\n".join([*parts, "### How to read this", _HOW_TO_READ]) + "\n"


def taught_words(study: StudyView) -> str | None:
    """From what the trials learn beside the labels, in a sentence; None if from nothing."""
    about = stored_distillation(study.attributes)
    if about is None:
        return None
    return (
        f"Trials learn from the embeddings of teacher {label_of(about)}: their scores compare only "
        "with those of the same teacher, loss and weight."
    )


def settings(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What trials share, and what made the last run, one line each: nested values by their path."""
    runs = sorted(
        (name for name in attributes if name.startswith("run.")), key=lambda name: (len(name), name)
    )
    for name, value in attributes.items():
        # The weights of hundreds of options are no setting; the summary says what came of them.
        if name in ("study_file", "priors") or name in runs[:-1]:
            continue
        parsed = _parsed(value)
        if name in runs and isinstance(parsed, dict):  # what a start did stands in the report
            parsed = {key: inner for key, inner in parsed.items() if key not in ("plan", "held")}
        yield from _flat("" if name == "settings" else name, parsed)


def _measured(trial: Trial) -> list[str]:
    attrs = trial.user_attrs
    if trial.state is TrialState.FAIL:
        return [f"**Failed:** {plain_markdown(str(attrs.get('reason', 'unknown')))}"]
    if "accuracy" not in attrs:
        return []
    return [plain_markdown(measured_words(attrs))]


def _ablation(found: AblationResult) -> Iterator[str]:
    """The result of an ablation.

    Networks are compared over their seeds: the best single training run is not meaningful.
    """
    what = "Effect of each choice" if found.race is None else "Each network"
    yield f"### {what}, relative to {plain_markdown(found.base)}"
    yield "\n".join(f"- {plain_markdown(words)}" for words in verdict_words(found))
    yield _table(_ablation_heads(HEADS, 2), [tuple(map(cell, row)) for row in effect_rows(found)])
    yield "### Its networks"
    yield _table(_ablation_heads(ARM_HEADS, 2), [tuple(map(cell, row)) for row in arm_rows(found)])


def _ablation_heads(heads: Sequence[str], words: int) -> list[str]:
    return [
        head if place < words or head == "verdict" else f">{head}"
        for place, head in enumerate(heads)
    ]


def _ranking(study: StudyView, ranking: Ranking) -> str:
    cells = []
    for line in ranking.lines[:BEST]:
        number = line.row.number
        link = f"[{number}](/dashboard/studies/{study.number}/trials?numbers={number})"
        cells.append(
            (
                str(line.rank),
                link,
                cell(line.row.label) + (" \\*" if line.on_front else ""),
                *line.cells,
            )
        )
    table = _table((">rank", ">trial", "network", *(f">{head}" for head in ranking.heads)), cells)
    return f"{table}\n\n\\* {ranking.caption}"


def narrow(text: str) -> str:
    """YAML of the same meaning in lines that a page shows whole.

    A wide one would push the diagram out of the window.
    """
    whole: list[str] = []
    for line in text.strip().splitlines():
        if whole and _is_open(whole[-1]):
            whole[-1] += f" {line.strip()}"
        else:
            whole.append(line)
    return "\n".join(_wrapped(line) for line in whole)


def _is_open(line: str) -> bool:
    """Whether a list or mapping of the line continues in the next."""
    return sum(map(line.count, "[{")) > sum(map(line.count, "]}"))


def _wrapped(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    options = textwrap.TextWrapper(
        _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return options.fill(line)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; a column marked ``>`` is aligned to the right.

    The spaces keep columns apart, which the page does not.
    """
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
            f"{format_quantity(low)}..{format_quantity(high)} MAdds"
            if low
            else f"{format_quantity(high)} MAdds",
        )
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return stored_json(value)
        except ValueError:
            return value
    return value
