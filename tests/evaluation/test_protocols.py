"""InsightFace's protocol, against a slow reading of it and cases made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.evaluation import COSINE, INSIGHTFACE, Evaluation, Pairs, evaluate, make_pairs

_SEEDS = st.integers(0, 10_000)


def _verify(embeddings: np.ndarray, pairs: Pairs, folds: np.ndarray | None = None) -> Evaluation:
    return evaluate(embeddings, pairs, INSIGHTFACE, folds=folds, resamples=0)


def _pairs(same: list[bool]) -> Pairs:
    count = len(same)
    return Pairs(np.arange(count), np.arange(count, 2 * count), np.array(same))


def _at(distances: list[float]) -> np.ndarray:
    """Unit vectors on the circle: pair i at squared distance ``distances[i]``."""
    angles = np.arccos(1 - np.array(distances) / 2)
    right = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.concatenate([np.tile([[1.0, 0.0]], (len(distances), 1)), right])


def _random(
    seed: int, people: int = 12, images: int = 4, dimensions: int = 6
) -> tuple[np.ndarray, Pairs]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(people), images)
    points = rng.normal(size=(people, dimensions))[labels] + rng.normal(
        size=(len(labels), dimensions)
    )
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points.astype(np.float32), make_pairs(
        labels, limit=int(rng.integers(20, 140)), seed=seed
    )


def _slow(embeddings: np.ndarray, pairs: Pairs, folds: int = 10) -> tuple[float, float, float]:
    """The protocol read line by line: sums over pairs, no arrays of thresholds."""
    distances = [
        float(np.sum(np.square(embeddings[a] - embeddings[b])))
        for a, b in zip(pairs.left, pairs.right, strict=True)
    ]
    blocks = np.array_split(np.arange(len(distances)), folds)
    accuracies = []
    for block in blocks:
        inside = set(block.tolist())
        best, best_correct = 0.0, -1
        for threshold in np.arange(0, 4, 0.01):
            correct = sum(
                (distance < threshold) == bool(same)
                for i, (distance, same) in enumerate(zip(distances, pairs.same, strict=True))
                if i not in inside
            )
            if correct > best_correct:
                best, best_correct = threshold, correct
        accuracies.append(np.mean([(distances[i] < best) == pairs.same[i] for i in block]))
    wins = [
        1.0 if s < d else 0.5 if s == d else 0.0
        for s, a in zip(distances, pairs.same, strict=True)
        for d, b in zip(distances, pairs.same, strict=True)
        if a and not b
    ]
    return float(np.mean(accuracies)), float(np.std(accuracies)), float(np.mean(wins))


@given(_SEEDS)
@settings(max_examples=8, deadline=None)
def test_it_agrees_with_a_slow_reading_of_the_protocol(seed: int) -> None:
    embeddings, pairs = _random(seed)
    fast = _verify(embeddings, pairs)
    assert (fast.accuracy, fast.std, fast.auc) == pytest.approx(_slow(embeddings, pairs), abs=1e-12)


def test_perfect_embeddings_score_one() -> None:
    measured = _verify(_at([0.5, 1.5] * 20), _pairs([True, False] * 20))
    assert (measured.accuracy, measured.std, measured.auc, measured.eer) == (1.0, 0.0, 1.0, 0.0)
    assert (measured.pairs, measured.same, measured.folds) == (40, 20, 10)


def test_a_distance_at_the_threshold_is_not_accepted() -> None:
    # All distances equal: the lowest of the best thresholds is 0, which accepts nothing, and half
    # of the pairs differ.
    measured = _verify(_at([1.0] * 20), _pairs([True, False] * 10))
    assert (measured.accuracy, measured.auc) == (0.5, 0.5)


def test_the_threshold_of_a_fold_comes_from_the_others() -> None:
    # The first of two folds needs a threshold above 3, the second one below 1: each is judged by
    # the other's.
    measured = _verify(
        _at([3.0, 3.5, 0.5, 1.0]), _pairs([True, False, True, False]), np.array([0, 0, 1, 1])
    )
    assert measured.accuracy == 0.5
    assert measured.std == 0.0


def test_the_deviation_is_that_of_the_population() -> None:
    distances = [0.5, 1.5] * 18 + [1.5, 0.5, 1.5, 0.5]
    measured = _verify(_at(distances), _pairs([True, False] * 20))
    assert measured.accuracy == pytest.approx(0.9)
    assert measured.std == pytest.approx(0.3)


def test_folds_of_unequal_size_are_cut_as_scikit_learn_cuts_them() -> None:
    # 23 pairs: three folds of three, then seven of two; only the second pair, of the first fold, is
    # wrong.
    same = [True, True] + [True, False, True] * 7
    distances = [0.5, 3.0] + [0.5, 1.5, 0.5] * 7
    assert _verify(_at(distances), _pairs(same)).accuracy == pytest.approx((2 / 3 + 9) / 10)


@given(_SEEDS)
@settings(deadline=None)
def test_auc_is_symmetric_and_accuracy_is_a_share(seed: int) -> None:
    embeddings, pairs = _random(seed)
    swapped = Pairs(pairs.right, pairs.left, ~pairs.same)
    assert _verify(embeddings, pairs).auc + _verify(embeddings, swapped).auc == pytest.approx(1.0)
    assert 0.0 <= _verify(embeddings, pairs).accuracy <= 1.0


@given(_SEEDS)
@settings(deadline=None)
def test_turning_all_embeddings_changes_nothing(seed: int) -> None:
    embeddings, pairs = _random(seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(6, 6)))[0]
    turned = _verify(embeddings.astype(np.float64) @ turn, pairs)
    assert turned.auc == pytest.approx(_verify(embeddings.astype(np.float64), pairs).auc, abs=1e-9)


def test_true_accept_rates_are_given_only_where_the_pairs_resolve_them() -> None:
    for count, rates in ((99, set()), (100, {"1e-2"}), (999, {"1e-2"}), (1000, {"1e-2", "1e-3"})):
        measured = _verify(_at([0.5, 1.5] * count), _pairs([True, False] * count))
        assert {rate for rate, tar in measured.tar_at_far.items() if tar is not None} == rates


def test_the_true_accept_rate_is_read_where_the_false_accept_rate_is_reached() -> None:
    # Different pairs at 1.00, 1.01, ...: a hundredth of 200 are accepted up to the distance 1.02.
    different = np.random.default_rng(0).permutation(1.0 + 0.01 * np.arange(200))
    same = np.choose(np.arange(200) % 4, [0.5, 1.015, 1.025, 2.5])
    distances = np.stack([same, different], axis=1).reshape(-1).tolist()
    measured = _verify(_at(distances), _pairs([True, False] * 200))
    assert measured.tar_at_far["1e-2"] == pytest.approx(0.5)


def test_a_handful_of_pairs_is_cut_into_fewer_folds_and_says_so() -> None:
    measured = _verify(_at([0.5, 1.5] * 3), _pairs([True, False] * 3))
    assert (measured.accuracy, measured.folds, measured.pairs) == (1.0, 3, 6)


def test_six_thousand_pairs_take_well_under_a_second() -> None:
    embeddings, _ = _random(0, people=300, images=10, dimensions=64)
    pairs = make_pairs(np.repeat(np.arange(300), 10), limit=6000, seed=0)
    assert len(pairs) == 6000
    _verify(embeddings, pairs)


@given(_SEEDS)
@settings(deadline=None)
def test_separation_is_the_distance_of_the_mean_cosines_in_their_deviation(seed: int) -> None:
    embeddings, pairs = _random(seed)
    cosines = np.sum(embeddings[pairs.left].astype(np.float64) * embeddings[pairs.right], axis=1)
    same, different = cosines[pairs.same], cosines[~pairs.same]
    wanted = (same.mean() - different.mean()) / np.sqrt((same.var() + different.var()) / 2)
    for protocol in (INSIGHTFACE, COSINE):
        found = evaluate(embeddings, pairs, protocol, resamples=0)
        assert found.separation == pytest.approx(wanted, rel=1e-4, abs=1e-6)
