"""Verification results as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seesawnas.cli.views.output import console, count, table

if TYPE_CHECKING:
    from seesawnas.evaluation import Evaluation, FaceModel, HowToVerify, VerifiedSet

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
