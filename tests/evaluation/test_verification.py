"""Every figure against a slow reading of its definition; intervals by their laws."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.errors import DataError, InvalidInput
from seesawnas.evaluation import (
    COSINE,
    FARS,
    INSIGHTFACE,
    Evaluation,
    Pairs,
    evaluate,
    find_protocol,
    make_pairs,
)
from seesawnas.evaluation.bootstrap import identity_draws, pair_draws
from seesawnas.evaluation.roc import curve, equal_error, operating_points
from tests.evaluation import slow

_RATES = {name: Fraction(1, 10 ** int(name[-1])) for name in FARS}


def _pairs(same: list[bool]) -> Pairs:
    count = len(same)
    return Pairs(np.arange(count), np.arange(count, 2 * count), np.array(same))


def _at(cosines: list[float]) -> np.ndarray:
    """Unit vectors on the circle, float64: pair i has ``cosines[i]``."""
    angles = np.arccos(np.array(cosines))
    right = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.concatenate([np.tile([[1.0, 0.0]], (len(cosines), 1)), right])


@st.composite
def scored(draw: st.DrawFn, largest: int = 60) -> tuple[list[float], list[bool]]:
    """Scores with many ties, both kinds of pairs."""
    size = draw(st.integers(4, largest))
    values = draw(
        st.lists(st.integers(-20, 20).map(lambda n: n / 20), min_size=size, max_size=size)
    )
    same = draw(
        st.lists(st.booleans(), min_size=size, max_size=size).filter(lambda s: 0 < sum(s) < len(s))
    )
    return values, same


def _folds(count: int) -> list[int]:
    return [
        number
        for number, part in enumerate(np.array_split(np.arange(count), min(10, count // 2)))
        for _ in part
    ]


@given(scored())
@settings(max_examples=25)
def test_insightface_s_accuracy_is_that_of_a_slow_reading(
    case: tuple[list[float], list[bool]],
) -> None:
    cosines, same = case
    embeddings, pairs = _at(cosines), _pairs(same)
    distances = INSIGHTFACE.distances(embeddings, pairs).tolist()
    found = evaluate(embeddings, pairs, resamples=0)
    folds = slow.accuracy(
        distances, same, _folds(len(same)), np.arange(0, 4, 0.01).tolist(), lambda d, t: d < t
    )
    assert found.accuracy == pytest.approx(float(np.mean([float(part) for part, _ in folds])))
    assert found.std == pytest.approx(float(np.std([float(part) for part, _ in folds])))
    assert found.thresholds["accuracy"] == pytest.approx(
        float(np.mean([best[0] for _, best in folds]))
    )


@given(scored(largest=12))
@settings(max_examples=5)
def test_the_cosine_protocol_takes_the_middle_of_the_best_thresholds(
    case: tuple[list[float], list[bool]],
) -> None:
    cosines, same = case
    embeddings, pairs = _at(cosines), _pairs(same)
    scores = (-COSINE.distances(embeddings, pairs)).tolist()
    found = evaluate(embeddings, pairs, COSINE, resamples=0)
    folds = _folds(len(same))
    thresholds = [number / 10_000 for number in range(10_000, -10_001, -1)]
    slowly = slow.accuracy(scores, same, folds, thresholds, lambda s, t: s > t)
    middle = [best[(len(best) - 1) // 2] for _, best in slowly]
    parts = [
        slow.accuracy_at(scores, same, folds, f, t, lambda s, t: s > t)
        for f, t in enumerate(middle)
    ]
    assert found.accuracy == pytest.approx(float(np.mean([float(part) for part in parts])))
    assert found.thresholds["accuracy"] == pytest.approx(float(np.mean(middle)))


@given(scored())
@settings(max_examples=100)
def test_auc_eer_and_tar_at_far_are_those_of_a_slow_reading(
    case: tuple[list[float], list[bool]],
) -> None:
    cosines, same = case
    distances = [1 - cosine for cosine in cosines]
    array, flags = np.array(distances), np.array(same)
    assert 1 - equal_error(array, flags).tar == pytest.approx(
        float(slow.equal_error(distances, same))
    )
    rates = (0.5, 0.25, 0.1, 0.01)
    for rate, point in zip(rates, operating_points(array, flags, rates), strict=True):
        wanted = slow.tar_at_far(distances, same, Fraction(rate).limit_denominator(100))
        assert (point is None) == (wanted is None)
        assert point is None or point.tar == pytest.approx(float(wanted or 0))
    far, tar, _ = curve(array, flags)
    points = np.array([(float(a), float(b)) for a, b in slow.roc(distances, same)])
    np.testing.assert_allclose(np.stack([far, tar], axis=1), points)


@given(scored())
@settings(max_examples=25)
def test_an_evaluation_holds_what_its_parts_say(case: tuple[list[float], list[bool]]) -> None:
    cosines, same = case
    found = evaluate(_at(cosines), _pairs(same), COSINE, resamples=0)
    scores = -COSINE.distances(_at(cosines), _pairs(same))
    assert found.auc == pytest.approx(float(slow.auc((-scores).tolist(), same)))
    for name, rate in _RATES.items():
        wanted = slow.tar_at_far((-scores).tolist(), same, rate)
        assert found.tar_at_far[name] == (None if wanted is None else pytest.approx(float(wanted)))
        assert (found.thresholds[name] is None) == (wanted is None)


def test_a_threshold_accepts_no_more_than_its_rate_of_the_different_pairs() -> None:
    rng = np.random.default_rng(0)
    cosines, same = rng.uniform(-1, 1, 5000), rng.random(5000) < 0.5
    for protocol in (INSIGHTFACE, COSINE):
        found = evaluate(_at(cosines.tolist()), _pairs(same.tolist()), protocol, resamples=0)
        distances = protocol.distances(_at(cosines.tolist()), _pairs(same.tolist()))
        for name in ("1e-2", "1e-3"):
            threshold = found.thresholds[name]
            assert threshold is not None
            accepted = distances < protocol.sign * threshold
            assert 0 < accepted[~same].mean() <= FARS[name]
            assert accepted[same].mean() == found.tar_at_far[name]
        assert found.tar_at_far["1e-4"] is None


def test_the_set_s_own_folds_are_used() -> None:
    same = [True, False] * 6
    cosines = [0.9, 0.1] * 4 + [0.1, 0.9] * 2
    folds = np.array([0] * 8 + [1] * 4)
    found = evaluate(_at(cosines), _pairs(same), folds=folds, resamples=0)
    # The first fold's threshold is wrong of all of the second; the second's best one accepts
    # nothing.
    assert (found.folds, found.accuracy) == (2, 0.25)


def test_folds_of_one_kind_of_pairs_are_counted() -> None:
    same = [True] * 4 + [False] * 4 + [True, False] * 2
    folds = np.repeat([0, 1, 2], 4)
    assert evaluate(_at([0.5] * 12), _pairs(same), folds=folds, resamples=0).one_sided_folds == 2


def test_one_fold_of_one_kind_is_told_in_the_singular() -> None:
    same = [True] * 4 + [True, False] * 4
    found = evaluate(_at([0.5] * 12), _pairs(same), folds=np.repeat([0, 1, 2], 4), resamples=0)
    assert found.cautions[0].startswith("1 of 3 folds contains only same or only different pairs")


@pytest.mark.parametrize("same", [[True] * 9, [False] * 9, [True, False, True]])
def test_too_few_pairs_or_pairs_of_one_kind_are_refused(same: list[bool]) -> None:
    with pytest.raises(DataError, match="both same and different"):
        evaluate(_at([0.5] * len(same)), _pairs(same))


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(InvalidInput, match="insightface, cosine"):
        find_protocol("lfw")


def _people() -> tuple[np.ndarray, Pairs, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40), 5)
    points = rng.normal(size=(40, 8))[labels] + rng.normal(size=(200, 8))
    return (
        points / np.linalg.norm(points, axis=1, keepdims=True),
        make_pairs(labels, limit=600, seed=0),
        labels,
    )


def _ends(found: Evaluation, name: str) -> tuple[float, float]:
    ends = found.intervals[name]
    assert ends is not None
    return ends


def test_intervals_hold_the_figure_and_are_seeded() -> None:
    embeddings, pairs, labels = _people()
    for people in (None, labels):
        found, again = (
            evaluate(embeddings, pairs, people=people, resamples=200, seed=3) for _ in range(2)
        )
        assert found == again
        assert found.resampled == ("pairs" if people is None else "identities")
        for name, value in {"accuracy": found.accuracy, "auc": found.auc, "eer": found.eer}.items():
            low, high = _ends(found, name)
            assert low < value < high
            assert high - low < 0.2
        assert found.intervals["1e-3"] is None
    assert evaluate(embeddings, pairs, resamples=0).intervals["auc"] is None


def test_identities_drawn_again_give_the_longer_intervals() -> None:
    embeddings, pairs, labels = _people()
    by_pairs, by_identity = (
        _ends(evaluate(embeddings, pairs, people=p, resamples=200), "auc") for p in (None, labels)
    )
    assert by_identity[1] - by_identity[0] > 1.2 * (by_pairs[1] - by_pairs[0])


@pytest.mark.slow
def test_intervals_of_auc_cover_the_truth_about_as_often_as_they_say() -> None:
    inside = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        same = np.arange(200) % 2 == 0
        # Two normal distributions, one standard deviation apart: AUC is Phi(1 / sqrt 2).
        cosines = np.clip(0.1 * (rng.normal(size=200) + same), -1, 1)
        low, high = _ends(
            evaluate(_at(cosines.tolist()), _pairs(same.tolist()), resamples=100), "auc"
        )
        inside += low <= 0.7602 <= high
    assert inside >= 51


def test_draws_keep_folds_together_and_both_kinds_in_each() -> None:
    same, folds = np.tile([True, False, False], 20), np.repeat(np.arange(6), 10)
    drawn = pair_draws(same, folds)(np.random.default_rng(0))
    assert (np.diff(drawn) >= 0).all()
    for fold in range(6):
        inside = folds == fold
        assert same[drawn[folds[drawn] == fold]].sum() == same[inside].sum()
        assert (folds[drawn] == fold).sum() == 10


def test_a_pair_is_drawn_as_often_as_its_identities_together() -> None:
    people = np.array([0, 0, 1, 1])
    pairs = Pairs(np.array([0, 0, 2]), np.array([1, 2, 3]), np.array([True, False, True]))
    seen = {
        tuple(np.bincount(identity_draws(pairs, people)(np.random.default_rng(s)), minlength=3))
        for s in range(20)
    }
    assert seen == {(1, 1, 1), (2, 0, 0), (0, 0, 2)}
