"""The rule by which shared weights are kept, on the measurements that it is about."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.bench_smoothing import Panel
from benchmarks.supernet_gate import Found, find
from seesawnas.errors import RunError

FILE = Path(__file__).parents[2] / "studies" / "lfw_proxies" / "measurements.jsonl"


@cache
def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILE.read_text().splitlines()]


def scored(value: Callable[[float, float], float]) -> list[dict[str, Any]]:
    """Scores that follow from the proxy's score, and from the reference, NaN if there is none."""
    panel = Panel.of(lines(), "auc")
    proxies = sorted(
        (line for line in lines() if (line["level"], line["seed"]) == ("4x56", 0)),
        key=lambda line: int(line["network"]),
    )
    return [
        {
            "network": line["network"],
            "digest": line["digest"],
            "weights": "x",
            "step": 10,
            "steps": 10,
            "train_cpu_seconds": 3600,
            "scores": {"auc": value(score, reference)},
            "all": {"auc": value(score, reference)},
        }
        for line, score, reference in zip(proxies, panel.scores, panel.longest, strict=True)
    ]


def found(value: Callable[[float, float], float]) -> Found:
    return find(lines(), scored(value), draws=2)


@pytest.fixture(scope="module")
def same() -> Found:
    """The proxies' scores once more."""
    return found(lambda score, reference: score)


def test_the_references_themselves_pass_by_themselves() -> None:
    best = found(lambda score, reference: score if np.isnan(reference) else reference)
    proxy, shared, shared_all = best.by_itself
    assert proxy.tau == pytest.approx(0.5487, abs=1e-4)  # as studies/lfw_proxies has it
    assert shared.tau == shared_all.tau == pytest.approx(1.0)
    assert best.difference.value == pytest.approx(1.0 - proxy.tau)
    assert 0 < best.difference.low < best.difference.value < best.difference.high
    assert best.others[0].tau == pytest.approx(1.0)
    assert [one.trials for one in best.features] == [60, 100, 150]
    alone, *_, kept = best.verdicts().values()
    assert alone is kept is True


def test_scores_that_are_the_proxies_again_add_nothing(same: Found) -> None:
    assert [one.gain_of_sum for one in same.features] == [0.0] * 3
    assert same.difference.value == same.difference.low == same.difference.high == 0.0
    assert not any(same.verdicts().values())


def test_part_two_asks_for_a_gain_with_the_longest_alone_too(same: Found) -> None:
    low = same.features[-1]
    for gain, longest, holds in ((0.03, 0.001, True), (0.029, 0.1, False), (0.1, 0.0, False)):
        last = replace(low, gain=gain, gain_longest=longest)
        changed = replace(same, features=[*same.features[:-1], last])
        *_, beside, kept = changed.verdicts().values()
        assert beside is kept is holds


def test_scores_of_other_weights_or_networks_are_refused() -> None:
    scores = scored(lambda score, reference: score)
    with pytest.raises(RunError, match=r"one step of the same weights, got 2"):
        find(lines(), [*scores[1:], {**scores[0], "step": 11}])
    with pytest.raises(RunError, match=r"the last step, 20, got those of step 10"):
        find(lines(), [{**line, "steps": 20} for line in scores])
    with pytest.raises(RunError, match=r"all 150 networks"):
        find(lines(), scores[1:])
    with pytest.raises(RunError, match=r"the panel's networks"):
        find(lines(), [*scores[1:], {**scores[0], "digest": "0"}])
