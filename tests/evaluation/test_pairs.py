"""Laws of the pairs that are verified."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seesawnas.errors import DataError
from seesawnas.evaluation import Pairs, make_pairs
from seesawnas.evaluation.pairs import _unrank

_Labels = NDArray[np.int64]


@st.composite
def labels(draw: st.DrawFn) -> _Labels:
    """Two identities or more, one of them with two images or more, in any order."""
    counts = draw(
        st.lists(st.integers(1, 8), min_size=2, max_size=8).filter(lambda counts: max(counts) > 1)
    )
    return np.array(draw(st.permutations(np.repeat(np.arange(len(counts)), counts).tolist())))


def _keys(pairs: Pairs) -> set[tuple[int, int]]:
    return set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))


@given(labels(), st.integers(2, 60), st.integers(0, 5))
def test_every_pair_says_truly_whether_it_shows_one_identity(
    labels: _Labels, limit: int, seed: int
) -> None:
    pairs = make_pairs(labels, limit=limit, seed=seed)
    assert ((labels[pairs.left] == labels[pairs.right]) == pairs.same).all()
    assert (pairs.left < pairs.right).all()


@given(labels(), st.integers(2, 60), st.integers(0, 5))
def test_no_pair_comes_twice_and_the_limit_holds(labels: _Labels, limit: int, seed: int) -> None:
    pairs = make_pairs(labels, limit=limit, seed=seed)
    assert len(_keys(pairs)) == len(pairs) <= limit


@given(labels(), st.integers(2, 200), st.integers(0, 5))
def test_every_fold_of_ten_is_balanced(labels: _Labels, limit: int, seed: int) -> None:
    pairs = make_pairs(labels, limit=limit, seed=seed)
    assert pairs.same.sum() * 2 == len(pairs)
    if len(pairs) >= 20:
        assert len(pairs) % 20 == 0
        assert (pairs.same.reshape(10, -1).mean(axis=1) == 0.5).all()


@given(labels(), st.integers(0, 5))
def test_the_same_seed_gives_the_same_pairs(labels: _Labels, seed: int) -> None:
    first, again = (make_pairs(labels, limit=40, seed=seed) for _ in range(2))
    assert (first.left == again.left).all()
    assert (first.right == again.right).all()


def test_without_a_tight_limit_all_pairs_of_the_same_identity_are_used() -> None:
    pairs = make_pairs(np.repeat(np.arange(20), 3), limit=1000, seed=0)
    assert pairs.same.sum() == 60
    assert {
        (3 * p + i, 3 * p + j) for p in range(20) for i, j in ((0, 1), (0, 2), (1, 2))
    } <= _keys(pairs)


def test_a_tight_limit_draws_without_favour() -> None:
    counts = np.zeros(45)
    index = {
        pair: number for number, pair in enumerate((i, j) for j in range(10) for i in range(j))
    }
    for seed in range(300):
        pairs = make_pairs(np.repeat([0, 1, 2], [10, 1, 1]), limit=20, seed=seed)
        for pair in zip(
            pairs.left[pairs.same].tolist(), pairs.right[pairs.same].tolist(), strict=True
        ):
            counts[index[pair]] += 1
    assert counts.sum() == 3000
    assert 30 < counts.min() <= counts.max() < 110


def test_one_identity_or_no_second_image_is_refused() -> None:
    for labels in (np.zeros(5, dtype=np.int64), np.arange(5), np.empty(0, dtype=np.int64)):
        with pytest.raises(DataError, match="must have two identities"):
            make_pairs(labels, limit=100, seed=0)


@given(st.integers(0, 2**50))
def test_a_pair_is_found_from_its_number(rank: int) -> None:
    first, second = (int(value[0]) for value in _unrank(np.array([rank])))
    assert 0 <= first < second
    assert second * (second - 1) // 2 + first == rank
