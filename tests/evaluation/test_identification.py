"""1:N identification, against a slow reading and cases made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.errors import DataError
from seesawnas.evaluation import identify


def _random(seed: int, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(30), rng.integers(1, 5, 30)))
    rows = rng.normal(size=(30, 6))[labels] + noise * rng.normal(size=(len(labels), 6))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), labels


def _slow(rows: np.ndarray, labels: np.ndarray) -> tuple[list[int], list[float], list[float]]:
    """(rank of each mate, its cosine, best cosine of each search without a mate)."""
    seen: dict[int, int] = {}
    for image, identity in enumerate(labels.tolist()):
        seen.setdefault(identity, image)
    counts = {identity: labels.tolist().count(identity) for identity in seen}
    gallery = {identity: image for identity, image in seen.items() if counts[identity] > 1}
    ranks, cosines, unmated = [], [], []
    for image, identity in enumerate(labels.tolist()):
        others = sorted(
            (float(rows[image] @ rows[g]) for p, g in gallery.items() if p != identity),
            reverse=True,
        )
        if identity in gallery and gallery[identity] != image:
            mate = float(rows[image] @ rows[gallery[identity]])
            ranks.append(1 + sum(other >= mate for other in others))
            cosines.append(mate)
        if gallery.get(identity) != image:
            unmated.append(others[0])
    return ranks, cosines, unmated


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_it_agrees_with_a_slow_reading(seed: int) -> None:
    rows, labels = _random(seed)
    found = identify(rows, labels)
    ranks, cosines, unmated = _slow(rows, labels)
    assert (found.searches, found.unmated) == (len(ranks), len(unmated))
    assert found.rank == {
        1: pytest.approx(np.mean(np.array(ranks) == 1)),
        5: pytest.approx(np.mean(np.array(ranks) <= 5)),
    }
    threshold = sorted(unmated, reverse=True)[int(0.1 * len(unmated))]
    hits = [rank == 1 and cosine > threshold for rank, cosine in zip(ranks, cosines, strict=True)]
    assert found.tpir_at_fpir["1e-1"] == pytest.approx(np.mean(hits))
    assert found.thresholds["1e-1"] == pytest.approx(threshold)


def test_people_who_are_alike_but_for_noise_are_found() -> None:
    found = identify(*_random(0, noise=0.01))
    assert found.rank == {1: 1.0, 5: 1.0}
    assert found.tpir_at_fpir["1e-1"] == 1.0
    assert found.tpir_at_fpir["1e-3"] is None


def test_a_tie_with_another_identity_is_lost() -> None:
    rows = np.tile([1.0, 0.0], (4, 1))
    assert identify(rows, np.array([0, 0, 1, 1])).rank == {1: 0.0, 5: 1.0}


def test_one_identity_with_two_images_is_too_few() -> None:
    with pytest.raises(DataError, match="must have at least two identities"):
        identify(np.eye(4), np.array([0, 0, 1, 2]))
