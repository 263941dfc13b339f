"""From a file of pairs to figures, in Python."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from seesawnas.data import EncodedImages
from seesawnas.evaluation import COSINE, FaceModel, HowToVerify, evaluate, verify_set
from seesawnas.evaluation import benchmark as verified_set
from seesawnas.evaluation.pairs import Pairs
from tests.data.pairs.bins import encoded_image

_MODEL = FaceModel(
    "rows", lambda images: images.mean(dim=(1, 3)) + 1.0, 8, 8, 127.5, 128.0, torch.device("cpu")
)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "small.bin"
    shades = [(10, 12), (10, 200), (90, 92), (90, 5)] * 6
    images = [encoded_image(shade) for pair in shades for shade in pair]
    path.write_bytes(pickle.dumps((images, [True, False] * 12), protocol=2))
    return path


def test_a_set_is_evaluated_as_its_parts_are(whole: Path) -> None:
    found = verify_set(_MODEL, whole, HowToVerify(resamples=10))
    assert (found.name, len(found.distances), len(found.notes)) == ("small", 24, 1)
    assert "24 pairs" in found.notes[0]
    assert found.evaluation.resampled == "pairs"
    assert found.same.tolist() == [True, False] * 12
    assert found.evaluation.pairs == 24


def test_the_embedder_given_is_used_and_the_protocol_s_scores_are_kept(whole: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(48, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)

    def embedder(
        model: FaceModel, images: EncodedImages, *, flip: bool, batch_size: int
    ) -> tuple[np.ndarray, np.ndarray]:
        assert (len(images), flip, batch_size) == (48, False, 7)
        return rows, np.ones(48, dtype=np.bool_)

    how = HowToVerify(protocol=COSINE, flip=False, batch_size=7, resamples=0, embedder=embedder)
    found = verify_set(_MODEL, whole, how)
    pairs = Pairs(np.arange(0, 48, 2), np.arange(1, 48, 2), found.same)
    assert found.evaluation == evaluate(rows, pairs, COSINE, resamples=0)
    np.testing.assert_allclose(found.distances, -np.sum(rows[::2] * rows[1::2], axis=1), atol=1e-6)


def test_many_pairs_get_no_intervals_and_are_told_so(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verified_set, "MOST_RESAMPLED", 20)
    found = verify_set(_MODEL, whole)
    assert found.notes[0] == "no intervals: more than 20 pairs"
    assert (found.evaluation.draws, found.evaluation.resampled) == (0, "nothing")


def test_unbalanced_folds_are_told(tmp_path: Path) -> None:
    path = tmp_path / "blocks.bin"
    path.write_bytes(
        pickle.dumps(([encoded_image(9)] * 80, [True] * 20 + [False] * 20), protocol=2)
    )
    assert "10 of 10" in verify_set(_MODEL, path).notes[0]
