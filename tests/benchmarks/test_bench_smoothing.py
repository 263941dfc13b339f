"""Scores of a fresh seed replace those of the networks that are judged, and of no other."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.bench_smoothing import Panel


def line(network: int, level: str, seed: int, auc: float) -> dict[str, Any]:
    return {
        "network": network,
        "level": level,
        "seed": seed,
        "assignment": {"width": network},
        "curve": [{"auc": auc}],
        "losses": [1.0],
        "extras": {"all": {"auc": auc}},
    }


LINES = [
    *(line(network, "4x56", 0, 0.8 + network / 100) for network in range(3)),
    *(line(network, "12x112", 0, 0.9 + network / 100) for network in range(2)),
    *(line(network, "8x56", 0, 0.9 - network / 100) for network in range(2)),
    line(0, "4x56", 2, 0.71),
    line(2, "4x56", 2, 0.73),
]


def test_the_judged_have_fresh_scores() -> None:
    lines = [*LINES, line(1, "4x56", 2, 0.72)]
    assert Panel.of(lines, "auc").scores == pytest.approx([0.8, 0.81, 0.82])
    assert Panel.of(lines, "auc", fresh=2).scores == pytest.approx([0.71, 0.72, 0.82])


def test_a_judged_network_without_a_fresh_score_is_refused() -> None:
    with pytest.raises(ValueError, match=r"seed 2: networks \[1\]"):
        Panel.of(LINES, "auc", fresh=2)
