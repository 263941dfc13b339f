"""How far the analysis can be trusted, by simulation.

False finds, intervals, seeds said to be needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seesawnas.ablation import analysis
from seesawnas.ablation.analysis import PlannedLooks
from seesawnas.ablation.result import DesignKind
from seesawnas.analysis.group_sequential import Looks
from seesawnas.analysis.spending import declared_looks, derived_looks
from tests.ablation.designed import every, found_in, planted, truth, two_levels


@pytest.fixture
def _no_needed_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of experiments that do not look for the seeds they would need."""
    monkeypatch.setattr(analysis, "seeds_for", lambda size, alpha: None)


@pytest.mark.usefixtures("_no_needed_seeds")
@pytest.mark.parametrize(("kind", "factors"), [("one-at-a-time", 8), ("full", 3)])
def test_of_experiments_without_effects_at_most_a_twentieth_finds_any(
    kind: DesignKind, factors: int
) -> None:
    design, experiments = two_levels(factors, kind), 1000
    wrong, raw = 0, []
    for seed in range(experiments):
        found = every(found_in(design, planted(design, lambda levels: 0.0, 5, 0.01, seed)))
        wrong += any(one.verdict != "not resolvable" for one in found)
        raw += [one.p for one in found]
    error = 3 * (0.05 * 0.95 / experiments) ** 0.5
    assert wrong / experiments <= 0.05 + error
    assert np.mean(np.array(raw) < 0.05) == pytest.approx(0.05, abs=error)


@pytest.mark.slow
@pytest.mark.usefixtures("_no_needed_seeds")
@pytest.mark.parametrize("looks", [derived_looks(3), declared_looks((3, 6, 12))])
def test_of_experiments_without_effects_at_most_a_twentieth_finds_any_at_any_look(
    looks: Looks,
) -> None:
    design, experiments = two_levels(2, "full"), 1000
    wrong = careless = 0
    for seed in range(experiments):
        values = planted(design, lambda levels: 0.0, 12, 0.01, seed)
        for n in (3, 6, 12):
            planned = PlannedLooks(looks, lambda _: range(12))
            found = every(found_in(design, values[:, :n], planned=planned))
            if any(one.verdict != "not resolvable" for one in found):
                wrong += 1
                break
        tests = (every(found_in(design, values[:, :n])) for n in (3, 6, 12))
        careless += any(one.verdict != "not resolvable" for found in tests for one in found)
    error = (0.05 * 0.95 / experiments) ** 0.5
    assert wrong / experiments <= 0.05 + 2 * error
    assert careless / experiments > 0.05 + 3 * error


@pytest.mark.slow
@pytest.mark.usefixtures("_no_needed_seeds")
def test_repeated_intervals_hold_the_planted_effect_at_all_looks_together() -> None:
    design, experiments, looks = two_levels(2, "one-at-a-time"), 1000, derived_looks(4)[:2]
    held = 0
    for seed in range(experiments):
        values = planted(design, truth, 8, 0.01, seed)
        planned = PlannedLooks(looks, lambda _: range(8))
        effects = [
            found_in(design, values[:, :n], confidence=0.9, planned=planned)[0][0] for n in (4, 8)
        ]
        held += all((one.low or 0) <= 0.02 <= (one.high or 0) for one in effects)
    # The last of these two looks leaves a part of alpha to later ones.
    expected = 1 - 0.1 * looks[-1][1]
    error = (expected * (1 - expected) / experiments) ** 0.5
    assert held / experiments == pytest.approx(expected, abs=3 * error)


@pytest.mark.usefixtures("_no_needed_seeds")
@pytest.mark.parametrize("kind", ["one-at-a-time", "full"])
def test_intervals_hold_the_planted_effect_as_often_as_they_say(kind: DesignKind) -> None:
    design, experiments = two_levels(2, kind), 1000
    held = [
        effect.low <= {"se": 0.02, "kind": -0.03}[effect.factor] <= effect.high
        for seed in range(experiments)
        for effect in found_in(design, planted(design, truth, 5, 0.01, seed), confidence=0.9)[0]
        if effect.low is not None and effect.high is not None
    ]
    assert len(held) == 2 * experiments
    assert np.mean(held) == pytest.approx(0.9, abs=3 * (0.9 * 0.1 / experiments) ** 0.5)


@pytest.mark.parametrize("size", [0.6, 1.0, 1.5])
def test_the_seeds_said_to_be_needed_give_the_power_they_are_for(size: float) -> None:
    design, noise = two_levels(4, "one-at-a-time"), np.random.default_rng(0)
    pilot = np.full((5, 4), 0.8)
    pilot[1] += 0.01 * (size + standardised(noise.normal(size=4)))
    pilot[2:] += 0.01 * noise.normal(size=(3, 4))
    effect = found_in(design, pilot)[0][0]
    assert effect.needed is not None
    differences = noise.normal(size, 1.0, (effect.needed, 4000))
    found = (stats.ttest_1samp(differences, 0.0).pvalue < 0.05 / 4).mean()
    fewer = (stats.ttest_1samp(differences[:-1], 0.0).pvalue < 0.05 / 4).mean()
    assert fewer - 0.02 < 0.8 < found + 0.02


def standardised(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray((values - values.mean()) / values.std(ddof=1))
