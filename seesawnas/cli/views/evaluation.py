"""Verification results as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seesawnas.cli.views.output import console, count, table
from seesawnas.units import format_quantity

if TYPE_CHECKING:
    from seesawnas.device.latency.measuring import TimedModels
    from seesawnas.evaluation import Evaluation, FaceModel, HowToVerify, VerifiedSet
    from seesawnas.evaluation.comparison import ComparedModel, ComparedSet, Difference, Differences

NOT_RESOLVABLE = "not resolvable"


def print_evaluations(model: FaceModel, results: Sequence[VerifiedSet], how: HowToVerify) -> None:
    """Print a table of scores with their intervals, a table of thresholds and notes."""
    out = console()
    mirror = "image and flip" if how.flip else "image only"
    out.print(f"{model.name}: {how.protocol.name} protocol, {mirror}", markup=False, style="bold")
    rates = list(results[0].evaluation.tar_at_far)
    columns = (
        "set",
        ">pairs",
        ">accuracy",
        ">AUC",
        ">EER",
        *(f">TAR@FAR {rate}" for rate in rates),
    )
    out.print(table(columns, [_figures(result, rates) for result in results]))
    names = ("accuracy", "eer", *rates)
    titles = ("set", ">accuracy", ">EER", *(f">FAR {rate}" for rate in rates))
    rows = [(result.name, *_thresholds(result.evaluation, names)) for result in results]
    out.print(table(titles, rows, f"Thresholds, {how.protocol.score}"))
    for line in _remarks(results, how):
        out.print(line, markup=False, soft_wrap=True)


def print_latency(timed: TimedModels) -> None:
    """Print how long one model takes, in a line."""
    (one,) = timed.latencies
    console().print(f"latency {one.minimum:.2f} ms: {_timing(timed)}", soft_wrap=True)


def print_comparison(
    models: Sequence[ComparedModel],
    sets: Sequence[ComparedSet],
    how: HowToVerify,
    timed: TimedModels | None,
) -> None:
    """Print a table of models by sets, a table of differences to the first model, and notes."""
    out = console()
    mirror = "image and flip" if how.flip else "image only"
    title = f"{len(models)} models: {how.protocol.name} protocol, {mirror}"
    out.print(title, style="bold")
    rates = _resolvable(sets)
    columns = (
        "set",
        "model",
        ">accuracy",
        ">AUC",
        ">EER",
        *(f">TAR@FAR {rate}" for rate in rates),
        ">params",
        ">MAdds",
        ">MB",
        *([">ms"] if timed is not None else []),
    )
    rows = []
    for compared in sets:
        for place, (one, verified) in enumerate(zip(models, compared.verified, strict=True)):
            _, _, *figures = _figures(verified, rates)
            costs = _costs(one, place, timed)
            first = f"{compared.name}\n{count(verified.evaluation.pairs)} pairs"
            rows.append((first if place == 0 else "", one.name, *figures, *costs))
    out.print(table(columns, rows, keys=2))
    if how.resamples:
        names = ("accuracy", "auc", "eer", *rates)
        heads = (">accuracy", ">AUC", ">EER", *(f">TAR@FAR {rate}" for rate in rates))
        changes = [
            (compared.name, one.name, *_changes(difference, names))
            for compared in sets
            for one, difference in zip(models[1:], compared.differences[1:], strict=True)
        ]
        words = f"Differences to {models[0].name} on the same pairs"
        out.print(table(("set", "model", *heads), changes, words, keys=2))
    for line in _comparison_remarks(models, sets, how, timed):
        out.print(line, soft_wrap=True)


def _resolvable(sets: Sequence[ComparedSet]) -> list[str]:
    """The rates that are resolvable on a set."""
    found = [one.evaluation.tar_at_far for compared in sets for one in compared.verified]
    return [rate for rate in found[0] if any(one[rate] is not None for one in found)]


def _costs(one: ComparedModel, place: int, timed: TimedModels | None) -> list[str]:
    facts = one.facts
    counts = [
        "-" if value is None else format_quantity(value) for value in (facts.params, facts.madds)
    ]
    took = [] if timed is None else [f"{timed.latencies[place].minimum:.2f}"]
    return [*counts, f"{facts.size / 1e6:.2f}", *took]


def _changes(difference: Differences, names: Sequence[str]) -> list[str]:
    if difference is None:
        return ["other pairs"] * len(names)
    return [_change(difference[name], 1 if name == "auc" else 100) for name in names]


def _change(one: Difference | None, scale: int) -> str:
    """The difference, with a star if its interval is on one side of zero, and the interval."""
    if one is None:
        return NOT_RESOLVABLE
    digits = 4 if scale == 1 else 2
    mark = " *" if one.is_clear else ""
    ends = (
        ""
        if one.interval is None
        else "\n{:+.{d}f} .. {:+.{d}f}".format(*(scale * end for end in one.interval), d=digits)
    )
    return f"{scale * one.value:+.{digits}f}{mark}{ends}"


def _comparison_remarks(
    models: Sequence[ComparedModel],
    sets: Sequence[ComparedSet],
    how: HowToVerify,
    timed: TimedModels | None,
) -> list[str]:
    lines = []
    everything = [one for compared in sets for one in compared.verified]
    if how.resamples:
        drawn = dict.fromkeys(one.evaluation.resampled for one in everything)
        lines.append(
            f"± is the standard deviation over folds; second line: 95 % bootstrap intervals, "
            f"{how.resamples} resamples of {' or '.join(drawn)}; * the interval of a difference "
            "does not contain 0"
        )
    shown = _resolvable(sets)
    hidden = [rate for rate in everything[0].evaluation.tar_at_far if rate not in shown]
    if hidden:
        lines.append(f"too few pairs for TAR@FAR {', '.join(hidden)}")
    if any(one.facts.params is None for one in models):
        lines.append("- params and MAdds: not known of a file without a card")
    if timed is not None:
        lines.append(f"ms: {_timing(timed)}")
    for compared in sets:
        notes = dict.fromkeys(note for one in compared.verified for note in one.notes)
        lines += [f"{compared.name}: {note}" for note in notes]
    return lines


def _timing(timed: TimedModels) -> str:
    about = timed.about()
    clock = "processor time" if about["clock"] == "cpu" else "wall-clock time"
    version = f" {about['runtime_version']}" if about["runtime_version"] else ""
    return (
        f"minimum {clock} of a run in {about['runtime']}{version}, one thread, batch "
        f"{about['batch']}, {about['rounds']} rounds side by side, {about['machine']['processor']}"
    )


def _figures(result: VerifiedSet, rates: Sequence[str]) -> tuple[str, ...]:
    found = result.evaluation
    tars = (_percent(found.tar_at_far[rate], found, rate) for rate in rates)
    accuracy = (
        f"{100 * found.accuracy:.2f} ± {100 * found.std:.2f} %{_interval(found, 'accuracy', 100)}"
    )
    auc = f"{found.auc:.4f}{_interval(found, 'auc', 1)}"
    return (
        result.name,
        count(found.pairs),
        accuracy,
        auc,
        _percent(found.eer, found, "eer"),
        *tars,
    )


def _percent(value: float | None, found: Evaluation, name: str) -> str:
    return NOT_RESOLVABLE if value is None else f"{100 * value:.2f} %{_interval(found, name, 100)}"


def _interval(found: Evaluation, name: str, scale: int) -> str:
    ends = found.intervals.get(name)
    digits = 4 if scale == 1 else 2
    return "" if ends is None else f"\n{scale * ends[0]:.{digits}f} .. {scale * ends[1]:.{digits}f}"


def _thresholds(found: Evaluation, names: Sequence[str]) -> list[str]:
    return ["-" if (value := found.thresholds[name]) is None else f"{value:.4f}" for name in names]


def _remarks(results: Sequence[VerifiedSet], how: HowToVerify) -> list[str]:
    lines = []
    drawn = dict.fromkeys(result.evaluation.resampled for result in results)
    if how.resamples:
        lines.append(
            f"± is the standard deviation over folds; second line: 95 % bootstrap intervals, "
            f"{how.resamples} resamples of {' or '.join(drawn)}"
        )
    if any(None in result.evaluation.tar_at_far.values() for result in results):
        lines.append(
            f"{NOT_RESOLVABLE}: less than one impostor pair would be accepted at this rate"
        )
    return lines + [f"{result.name}: {note}" for result in results for note in result.notes]
