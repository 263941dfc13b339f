"""Known answers on 1,200 pairs of Labeled Faces in the Wild.

Those of raw pixels and of a trained network.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from seesawnas.data import read_bin
from seesawnas.evaluation import Pairs, evaluate

_SHARED = Path(__file__).parents[3] / "shared"


@pytest.fixture(scope="module")
def lfw_dev() -> tuple[NDArray[np.uint8], Pairs]:
    path = _SHARED / "data" / "lfw" / "lfw_dev.bin"
    if not path.is_file():
        pytest.skip("real faces are not at ../shared/data/lfw")
    images, same = read_bin(path, resolution=112)
    left = np.arange(0, len(images), 2)
    return images, Pairs(left, left + 1, same)


def test_raw_pixels_score_as_measured_elsewhere(lfw_dev: tuple[NDArray[np.uint8], Pairs]) -> None:
    images, pairs = lfw_dev
    pixels = (images.astype(np.float32) - 127.5) / 128
    both = (pixels + pixels[:, :, ::-1]).reshape(len(pixels), -1)
    # The file holds blocks of 300 same and 300 different pairs: two folds are balanced, ten would
    # not be.
    folds = np.repeat([0, 1], len(pairs) // 2)
    measured = evaluate(
        both / np.linalg.norm(both, axis=1, keepdims=True), pairs, folds=folds, resamples=0
    )
    assert measured.accuracy == pytest.approx(0.637, abs=0.01)
    assert measured.auc == pytest.approx(0.698, abs=2e-3)


@pytest.mark.slow
def test_the_teacher_scores_as_measured_elsewhere(lfw_dev: tuple[NDArray[np.uint8], Pairs]) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model = _SHARED / "models" / "teacher_mobilefacenet.onnx"
    if not model.is_file():
        pytest.skip("the teacher is not at ../shared/models")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options)
    images, pairs = lfw_dev
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    inputs = ((images / 255.0 - mean) / std).astype(np.float32).transpose(0, 3, 1, 2)
    name = session.get_inputs()[0].name
    sums = [
        session.run(None, {name: one})[0][0] + session.run(None, {name: mirror})[0][0]
        for one, mirror in ((image[None], image[None, :, :, ::-1].copy()) for image in inputs)
    ]
    embeddings = np.stack(sums)
    measured = evaluate(
        embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True), pairs, resamples=0
    )
    assert measured.accuracy == pytest.approx(0.9925, abs=5e-4)
    assert measured.auc == pytest.approx(0.9974, abs=5e-4)
    assert measured.tar_at_far["1e-2"] == pytest.approx(0.9917, abs=1e-3)
