"""Worths and deviations drawn from measured numbers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.bench_repeats import Drawn, World

BETWEEN, SEED = 2.0, 1.0


def pairs() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Networks of two seeds whose deviations are known."""
    rng = np.random.default_rng(0)
    worths = rng.normal(5.0, BETWEEN, (5000, 1))
    return worths + rng.normal(0.0, SEED, (5000, 2))


def test_measured_numbers_deviate_as_networks_and_as_one_seed() -> None:
    world, rng = World.measured(pairs()), np.random.default_rng(1)
    worths, deviations = (draw(rng, (40_000,)) for draw in (world.worths, world.deviations))
    assert worths.mean() == pytest.approx(5.0, abs=0.1)
    assert worths.std() == pytest.approx(BETWEEN, rel=0.05)
    assert deviations.mean() == pytest.approx(0.0, abs=0.05)
    assert deviations.std() == pytest.approx(SEED, rel=0.05)


def test_networks_that_differ_by_noise_alone_are_worth_the_same() -> None:
    world = World.measured(np.array([[1.0, -1.0], [-1.0, 1.0], [2.0, -2.0]]))
    assert world.worths(np.random.default_rng(0), (20,)) == pytest.approx(0.0)


def test_both_ways_end_with_one_of_the_best() -> None:
    drawn = Drawn.of(World.normal(), replays=500, trials=40, best=5, seeds=10)
    for worth in (drawn.equal(2), drawn.halved(10)):
        assert (worth[:, None] == drawn.truth).any(axis=1).all()
        assert worth.mean() > drawn.truth.mean() + 0.5 * drawn.truth.std()
