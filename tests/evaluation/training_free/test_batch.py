"""The faces that networks are scored on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seesawnas.errors import DataError
from seesawnas.evaluation.training_free import draw_batch
from tests.faces import patterns

PIXELS = {"mean": 127.5, "std": 128.0}


def test_a_batch_shows_different_images_and_whose_they_are() -> None:
    faces = patterns(12, 6, 32)
    batch = draw_batch(faces, 20, mean=127.5, std=128.0, seed=3)
    pixels = (batch.images * 128.0 + 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    places = [
        int(np.flatnonzero((faces.images == image).all(axis=(1, 2, 3)))[0]) for image in pixels
    ]
    assert len(set(places)) == 20
    people = faces.labels[places]
    assert batch.identities == len(set(people.tolist()))
    same = people[:, None] == people
    assert np.array_equal(batch.labels.numpy()[:, None] == batch.labels.numpy(), same)


def test_the_seed_draws_the_same_images_at_every_resolution() -> None:
    small, large = patterns(12, 6, 16), patterns(12, 6, 32)
    draws = [draw_batch(faces, 20, seed=3, **PIXELS).labels for faces in (small, large)]
    assert torch.equal(*draws)
    assert not torch.equal(draws[0], draw_batch(small, 20, seed=4, **PIXELS).labels)


@pytest.mark.parametrize("number", [3, 73])
def test_a_batch_of_too_few_or_too_many_is_refused(number: int) -> None:
    with pytest.raises(DataError, match=f"72 images.*got {number}"):
        draw_batch(patterns(12, 6, 16), number, seed=0, **PIXELS)
