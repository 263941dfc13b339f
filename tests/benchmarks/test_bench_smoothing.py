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
]
FRESH = [line(0, "4x56", 2, 0.71), line(1, "4x56", 2, 0.72)]


def test_the_judged_have_fresh_scores() -> None:
    assert Panel.of(LINES, "auc").scores == pytest.approx([0.8, 0.81, 0.82])
    assert Panel.of(LINES, "auc", FRESH).scores == pytest.approx([0.71, 0.72, 0.82])


def test_fresh_lines_of_other_networks_are_refused() -> None:
    with pytest.raises(SystemExit, match=r"lacks \[1\]"):
        Panel.of(LINES, "auc", FRESH[:1])
    with pytest.raises(SystemExit, match="not known: 1"):
        Panel.of(LINES, "auc", [{**FRESH[1], "assignment": {"width": 7}}])
