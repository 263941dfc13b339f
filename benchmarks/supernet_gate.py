"""Whether shared weights are kept as a way to rank networks, by the rule of studies/lfw_supernet.

The rule was committed before the weights were trained: their score is kept if, by itself, it orders
the networks that have references better than the proxy's score does, or if, as a feature of the
ridge, it gains enough. ``python benchmarks/supernet.py gate`` prints what is found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_proxies import DRAWS, Judged, judge
from benchmarks.bench_smoothing import Panel
from benchmarks.bench_smoothing import judge as replay
from benchmarks.drawn import Floats, interval, tau
from seesawnas.errors import RunError
from seesawnas.io.files import write_atomically

GAIN = 0.03
"""Of tau, as a feature at :data:`TRIALS`, from which on shared weights are kept."""
TRIALS = 150
SIZES = (60, 100, TRIALS)
PROXY, SHARED, SHARED_ALL = "4x56: AUC", "shared weights: AUC", "shared weights: AUC, all pairs"


@dataclass(frozen=True)
class Difference:
    """Of two taus over the same networks: the first minus the second, and its 95 % interval."""

    first: str
    second: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Feature:
    """What the score gains as a feature of the ridge, in a study of so many trials.

    Attributes:
        gain: Of tau over the ridge without it, the mean over the draws.
        gain_10: The 10 % quantile of ``gain``.
        gain_longest: The same gain if the reference is 12x112 alone.
        tau: Of the ridge with it.
        gain_of_sum: Of tau over the proxy's scores, if both scores are standardised and added. It
            decides nothing.
        tau_raw: Of the proxy's scores.
    """

    trials: int
    gain: float
    gain_10: float
    gain_longest: float
    tau: float
    gain_of_sum: float
    tau_raw: float


@dataclass(frozen=True)
class Found:
    """All that the gate looks at."""

    step: int
    train_cpu_seconds: float
    by_itself: list[Judged]
    others: list[Judged]
    difference: Difference
    features: list[Feature]

    def verdicts(self) -> dict[str, bool]:
        """The rule, part by part; one of the first two is enough."""
        last = next(one for one in self.features if one.trials == TRIALS)
        alone = self.difference.value > 0
        beside = last.gain >= GAIN and last.gain_longest > 0
        return {
            "1 by itself: tau above the proxy's": alone,
            f"2 beside the proxy: gain of tau >= {GAIN}, and a gain with 12x112 alone": beside,
            "kept": alone or beside,
        }


def find(
    lines: list[dict[str, Any]], scores: Sequence[Mapping[str, Any]], draws: int = 200
) -> Found:
    """Compare the scores of shared weights with those of the panel's trainings.

    Args:
        lines: Of the panel, as ``benchmarks/train_panel.py`` writes them.
        scores: Of shared weights after one step, as ``supernet.py rank`` writes them.
        draws: Of studies, for the gain as a feature.

    Raises:
        RunError: If the scores are not of the last step of the same weights, or not of all
            networks.
    """
    panel = Panel.of(lines, "auc")
    numbers = sorted(
        line["network"] for line in lines if (line["level"], line["seed"]) == ("4x56", 0)
    )
    digests = {line["network"]: line["digest"] for line in lines}
    known = {line["network"]: line for line in scores}
    marks = {(line["weights"], line["step"], line["steps"]) for line in scores}
    if len(marks) != 1:
        raise RunError(f"scores must be of one step of the same weights, got {len(marks)}")
    ((_, step, steps),) = marks
    if step != steps:
        raise RunError(f"scores must be of the last step, {steps}, got those of step {step}")
    if missing := [one for one in numbers if one not in known]:
        raise RunError(f"scores must have all {len(numbers)} networks, got none of {missing[:5]}")
    if wrong := [one for one in numbers if known[one]["digest"] != digests[one]]:
        raise RunError(f"scores must be of the panel's networks, got others for {wrong[:5]}")
    shared = np.array([known[one]["scores"]["auc"] for one in numbers])
    every = np.array([known[one]["all"]["auc"] for one in numbers])
    values = {PROXY: panel.scores, SHARED: shared, SHARED_ALL: every}
    has = ~np.isnan(panel.longest)
    return Found(
        step=step,
        train_cpu_seconds=scores[0]["train_cpu_seconds"],
        by_itself=[_judged(name, one[has], panel.longest[has]) for name, one in values.items()],
        others=[
            _judged(name, values[name][~has], panel.scores[~has]) for name in (SHARED, SHARED_ALL)
        ],
        difference=_difference(
            (SHARED, shared[has]), (PROXY, panel.scores[has]), panel.longest[has]
        ),
        features=[_feature(panel, shared, size, draws) for size in SIZES],
    )


def _judged(name: str, values: Floats, truth: Floats) -> Judged:
    return judge(name, 0.0, partial(np.take, values), truth)


def _difference(first: tuple[str, Floats], second: tuple[str, Floats], truth: Floats) -> Difference:
    """Both taus of each draw of networks, as many with replacement, are of the same networks."""

    def gain(some: NDArray[np.int64]) -> float:
        return tau(first[1][some], truth[some]) - tau(second[1][some], truth[some])

    rng = np.random.default_rng(0)
    gains = [gain(rng.integers(len(truth), size=len(truth))) for _ in range(DRAWS)]
    return Difference(first[0], second[0], gain(np.arange(len(truth))), *interval(gains))


def _feature(panel: Panel, shared: Floats, trials: int, draws: int) -> Feature:
    """The replay of bench_smoothing.py, with the score in the place of the training loss.

    The ridge does not ask whether more of a feature is better or worse; the sum does.
    """
    judged = replay(replace(panel, losses=-shared), trials, draws, ["ridge, loss", "raw + loss"])
    of = {one.method: one for one in judged}
    ridge, both = of["ridge"], of["ridge, loss"]
    return Feature(
        trials=trials,
        gain=both.over_ridge,
        gain_10=both.over_ridge_10,
        gain_longest=both.gain_longest - ridge.gain_longest,
        tau=both.tau,
        gain_of_sum=of["raw + loss"].gain,
        tau_raw=of["raw"].tau,
    )


def report(
    lines: list[dict[str, Any]], scores: Sequence[Mapping[str, Any]], out: Path | None
) -> Found:
    """Print what is found; with ``out`` also write it there, as ``gate.json``."""
    found = find(lines, scores)
    hours = found.train_cpu_seconds / 3600
    print(f"shared weights after {found.step} steps, {hours:.1f} CPU hours")
    for title, part in (
        ("tau with the reference", found.by_itself),
        ("tau with 4x56: AUC, networks without a reference", found.others),
    ):
        print(f"{title:50} {'tau':>6} {'95 %':>15}")
        for one in part:
            interval = f"{one.tau_low:.2f} .. {one.tau_high:.2f}"
            print(f"{one.way:50} {one.tau:6.3f} {interval:>15}")
    gain = found.difference
    print(
        f"{gain.first} minus {gain.second}: {gain.value:+.3f} ({gain.low:+.3f} .. {gain.high:+.3f})"
    )
    print(
        f"{'trials':>6} {'tau raw':>8} {'with it':>8} {'gain over ridge':>16} {'12x112 alone':>13}"
    )
    for row in found.features:
        print(
            f"{row.trials:6} {row.tau_raw:8.3f} {row.tau:8.3f} {row.gain:+16.3f} "
            f"{row.gain_longest:+13.3f} {row.gain_of_sum:+7.3f}"
        )
    verdicts = found.verdicts()
    for rule, holds in verdicts.items():
        print(f"{'holds' if holds else 'fails'}: {rule}")
    if out is not None:
        text = json.dumps({**asdict(found), "verdicts": verdicts}, indent=1)
        write_atomically(out / "gate.json", text + "\n")
    return found
