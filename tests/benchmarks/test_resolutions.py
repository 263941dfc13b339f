"""What of networks' differences is left at another level, on measurements made up to have it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.resolutions import interactions, shared, true_slope


def lines(effect: float) -> list[dict[str, Any]]:
    """Forty networks; half of a difference is left, and kernels of 5 gain ``effect``."""
    rng = np.random.default_rng(0)
    found = []
    for network in range(40):
        quality = float(rng.normal())
        kernel, kind = int(rng.choice([3, 5])), str(rng.choice(["share", "shuffle"]))
        for level, auc in (("8x56", quality), ("12x112", quality / 2 + effect * (kernel == 5))):
            auc += 0.01 * float(rng.normal())
            options = {"kernel": kernel, "kind": kind}
            found.append(
                {"network": network, "level": level, "assignment": options, "curve": [{"auc": auc}]}
            )
    return [*found, {"network": 99, "level": "8x56", "assignment": {}, "curve": []}]


def test_networks_need_both_levels() -> None:
    found = shared(lines(0.0)[:-2], "8x56", "12x112")
    assert len(found.assignments) == 39
    assert np.polyfit(found.first, found.second, 1)[0] == pytest.approx(0.5, abs=0.02)


def test_noise_of_the_first_level_makes_no_slope_smaller() -> None:
    rng = np.random.default_rng(1)
    found = []
    for network in range(200):
        quality = float(rng.normal())
        for level, seed, noise in (("8x56", 0, 0.7), ("8x56", 1, 0.7), ("12x112", 0, 0.1)):
            auc = quality + noise * float(rng.normal())
            found.append(
                {
                    "network": network,
                    "level": level,
                    "seed": seed,
                    "assignment": {},
                    "curve": [{"auc": auc}],
                }
            )
    networks = shared(found, "8x56", "12x112")
    slope, low, high = true_slope(networks)
    assert np.polyfit(networks.first, networks.second, 1)[0] < low < 1 < high
    assert slope == pytest.approx(1, abs=0.1)


def test_an_option_that_gains_is_found_and_no_other() -> None:
    (first, *others) = interactions(shared(lines(0.3), "8x56", "12x112"))
    assert first[0] == "kernel"
    assert first[1] > 0.5
    assert first[2] < 0.001
    assert all(p > 0.05 for _, _, p in others)
    assert all(p > 0.05 for _, _, p in interactions(shared(lines(0.0), "8x56", "12x112")))
