from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seesawnas.search.samplers._base import Past
from seesawnas.search.samplers._ranking import Floats, crowding, fitness, ranks, remembered
from seesawnas.study.objectives import front, non_dominated

SMALL = st.integers(0, 4).map(float)
LOSSES = st.integers(1, 3).flatmap(
    lambda width: arrays.arrays(
        np.float64, st.tuples(st.integers(1, 14), st.just(width)), elements=SMALL
    )
)


def dominates(one: Floats, other: Floats) -> bool:
    return bool((one <= other).all() and (one < other).any())


@given(LOSSES)
def test_the_front_is_what_nothing_dominates(losses: Floats) -> None:
    expected = [
        i for i, loss in enumerate(losses) if not any(dominates(other, loss) for other in losses)
    ]
    assert front(losses).tolist() == expected
    assert non_dominated([(-loss[0], *loss[1:]) for loss in losses.tolist()]) == set(expected)


@given(LOSSES)
def test_a_rank_is_dominated_by_the_one_before_and_by_nothing_of_its_own(losses: Floats) -> None:
    found = ranks(losses)
    for loss, rank in zip(losses, found, strict=True):
        assert not any(dominates(other, loss) for other in losses[found == rank])
        assert rank == 0 or any(dominates(other, loss) for other in losses[found == rank - 1])


def test_the_ends_are_lonely_and_the_middle_is_by_its_gap() -> None:
    losses = np.array([[0.0, 4.0], [1.0, 2.0], [2.0, 1.0], [4.0, 0.0]])
    assert crowding(losses).tolist() == [np.inf, 0.5 + 0.75, 0.75 + 0.5, np.inf]


def past(*losses: tuple[float, ...]) -> tuple[Past, ...]:
    return tuple(Past(number, {}, loss) for number, loss in enumerate(losses))


def test_a_better_rank_is_fitter_and_within_a_rank_the_less_crowded() -> None:
    keys = fitness(past((0, 4), (1, 3), (1.1, 2.9), (4, 0), (2, 4)))
    assert keys[0] == keys[3] < keys[2] < keys[1] < keys[4]
    assert fitness(past((0.3,), (0.1,))) == [(0.3,), (0.1,)]


@pytest.mark.parametrize("width", [1, 2])
def test_a_long_study_is_remembered_by_its_best_and_its_latest(width: int) -> None:
    losses = np.random.default_rng(0).random((500, width))
    kept = [trial.number for trial in remembered(past(*map(tuple, losses.tolist())), 20, 30)]
    assert kept == sorted(set(kept))
    assert set(range(480, 500)) <= set(kept)
    assert len(kept) == 50 if width == 1 else 30 < len(kept) <= 50
    best = np.argsort(losses[:, 0])[:20] if width == 1 else front(losses)
    assert len(best) <= 20
    assert set(best.tolist()) <= set(kept)


def test_a_front_larger_than_the_memory_keeps_its_ends() -> None:
    line = past(*((float(i), float(100 - i)) for i in range(100)))
    kept = {trial.number for trial in remembered(line, 10, 5)}
    assert {0, 99} <= kept
    assert len(kept) == 15
    assert remembered(line, 60, 40) == line
