"""IJB's templates, against a slow reading."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.data import EncodedImages, TemplateSet
from seesawnas.evaluation import evaluate, template_embeddings, template_pairs


def _slow(rows: np.ndarray, templates: list[int], media: list[int]) -> dict[int, np.ndarray]:
    found = {}
    for template in set(templates):
        means = []
        for one in {m for t, m in zip(templates, media, strict=True) if t == template}:
            members = [
                r
                for r, t, m in zip(rows, templates, media, strict=True)
                if (t, m) == (template, one)
            ]
            means.append(sum(members) / len(members))
        total = sum(means) / len(means)
        found[template] = total / np.sqrt(sum(value * value for value in total))
    return found


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=40),
    st.integers(0, 99),
)
def test_a_template_is_the_mean_of_its_media_s_means(
    numbers: list[tuple[int, int]], seed: int
) -> None:
    templates, media = [7 * t for t, _ in numbers], [m for _, m in numbers]
    rows = np.random.default_rng(seed).normal(size=(len(numbers), 4)).astype(np.float32)
    found, order = template_embeddings(rows, np.array(templates), np.array(media))
    slowly = _slow(rows.astype(np.float64), templates, media)
    assert order.tolist() == sorted(slowly)
    for row, number in zip(found, order.tolist(), strict=True):
        np.testing.assert_allclose(row, slowly[number], atol=1e-4)


def test_a_video_of_many_frames_weighs_as_much_as_a_photograph() -> None:
    rows = np.array([[1.0, 0.0]] * 9 + [[0.0, 1.0]], dtype=np.float32)
    found, _ = template_embeddings(rows, np.zeros(10, np.int64), np.array([5] * 9 + [6]))
    np.testing.assert_allclose(found, [[0.5**0.5, 0.5**0.5]], atol=1e-6)


def _made_up(people: int = 30) -> tuple[TemplateSet, np.ndarray]:
    """Two templates an identity, of three media with two images each; all pairs of templates."""
    rng = np.random.default_rng(0)
    templates = np.repeat(np.arange(2 * people) + 100, 6)
    media = np.arange(len(templates)) // 2
    rows = rng.normal(size=(people, 16))[(templates - 100) // 2] + 2 * rng.normal(
        size=(len(templates), 16)
    )
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    left, right = np.triu_indices(2 * people, 1)
    names = [str(number) for number in range(len(templates))]
    images = EncodedImages([b""] * len(names), names, 8)
    found = TemplateSet(
        "made up", images, templates, media, left + 100, right + 100, left // 2 == right // 2
    )
    return found, rows


def test_pairs_of_templates_score_as_a_slow_reading_scores_them() -> None:
    found, rows = _made_up()
    unit, pairs = template_pairs(found, rows, np.ones(len(rows), np.bool_))
    measured = evaluate(unit, pairs, resamples=0)
    slowly = _slow(rows.astype(np.float64), found.templates.tolist(), found.media.tolist())
    scores = [
        float(slowly[a] @ slowly[b])
        for a, b in zip(found.left.tolist(), found.right.tolist(), strict=True)
    ]
    others = sorted(
        (s for s, same in zip(scores, found.same, strict=True) if not same), reverse=True
    )
    ours = [s for s, same in zip(scores, found.same, strict=True) if same]
    for name, rate in (("1e-2", 0.01), ("1e-3", 0.001)):
        wanted = np.mean([s > others[int(rate * len(others))] for s in ours])
        assert measured.tar_at_far[name] == pytest.approx(wanted)
    assert measured.tar_at_far["1e-4"] is None
    assert measured.auc > 0.95


def test_templates_without_a_readable_image_lose_their_pairs() -> None:
    found, rows = _made_up()
    readable = found.templates != 100
    _, pairs = template_pairs(found, rows, readable)
    assert len(pairs) == len(found.same) - 59
