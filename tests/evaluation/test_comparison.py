"""Models on the same pairs: differences to the first and their paired intervals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from seesawnas.evaluation import (
    INSIGHTFACE,
    Difference,
    Pairs,
    VerifiedSet,
    evaluate,
    paired_differences,
)

PAIRS = 600
SAME = np.arange(PAIRS) % 2 == 0
CHOSEN = Pairs(np.arange(PAIRS), np.arange(PAIRS, 2 * PAIRS), SAME)
NAMES = ["accuracy", "auc", "eer", "1e-2", "1e-3", "1e-4", "1e-5", "1e-6"]


def rows(strength: float, noise: int | None = None) -> NDArray[np.float64]:
    """Embeddings whose same pairs share ``strength``; ``noise`` adds a little of a seed's own."""
    rng = np.random.default_rng(0)
    found = rng.normal(size=(2 * PAIRS, 8))
    found[PAIRS:][SAME] += strength * found[:PAIRS][SAME]
    if noise is not None:
        found += 0.1 * np.random.default_rng(noise).normal(size=found.shape)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def verified(embeddings: NDArray[np.float64], *, resamples: int = 200) -> VerifiedSet:
    evaluation = evaluate(embeddings, CHOSEN, resamples=resamples)
    return VerifiedSet("set", INSIGHTFACE.distances(embeddings, CHOSEN), SAME, evaluation)


def difference(first: VerifiedSet, other: VerifiedSet, name: str) -> Difference:
    found = paired_differences(first, other)
    assert found is not None
    assert list(found) == NAMES
    one = found[name]
    assert one is not None
    return one


def test_a_difference_is_that_of_the_values_and_its_interval_contains_it() -> None:
    weak, strong = verified(rows(0.5)), verified(rows(1.5))
    for name in ("accuracy", "auc"):
        found = difference(weak, strong, name)
        before, after = (getattr(one.evaluation, name) for one in (weak, strong))
        assert found.value == after - before > 0.05
        assert found.interval is not None
        assert found.interval[0] <= found.value <= found.interval[1]
        assert found.is_clear
    assert difference(weak, strong, "eer").value < 0
    tar = difference(weak, strong, "1e-2")
    after, before = (one.evaluation.tar_at_far["1e-2"] for one in (strong, weak))
    assert after is not None
    assert before is not None
    assert tar.value == after - before
    everything = paired_differences(weak, strong)
    assert everything is not None
    assert everything["1e-6"] is None  # not resolvable on so few pairs


def test_the_difference_the_other_way_round_is_the_negative_one() -> None:
    first, other = verified(rows(0.8)), verified(rows(0.9))
    there, back = difference(first, other, "auc"), difference(other, first, "auc")
    assert there.interval is not None
    assert back.interval is not None
    assert back.value == -there.value
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]))


def test_a_model_does_not_differ_from_itself() -> None:
    found = difference(verified(rows(1.0)), verified(rows(1.0)), "auc")
    assert (found.value, found.interval, found.is_clear) == (0.0, (0.0, 0.0), False)


def test_what_is_hard_for_both_does_not_widen_the_interval() -> None:
    """The paired interval is far shorter than independent ones would make it."""
    first, other = verified(rows(1.0)), verified(rows(1.0, noise=1))
    paired = difference(first, other, "auc").interval
    assert paired is not None
    widths = []
    for one in (first, other):
        own = one.evaluation.intervals["auc"]
        assert own is not None
        widths.append(own[1] - own[0])
    assert paired[1] - paired[0] < 0.6 * math.hypot(*widths)


def test_without_resamples_there_is_no_interval() -> None:
    found = difference(
        verified(rows(0.5), resamples=0), verified(rows(1.5), resamples=0), "accuracy"
    )
    assert found.interval is None
    assert not found.is_clear


def test_other_pairs_are_not_compared() -> None:
    first = verified(rows(0.5), resamples=0)
    assert paired_differences(first, replace(first, same=~SAME)) is None
    assert paired_differences(first, replace(first, same=SAME[:-1])) is None
    assert paired_differences(first, verified(rows(0.5))) is None  # other resamples
