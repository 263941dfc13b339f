"""Random distortions of single images."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seesawnas.train import PROXY
from seesawnas.train.feeds.distort import Distortions, crop, downscale, erase, jitter
from seesawnas.train.recipe import DISTORTIONS, Recipe


def _images(count: int = 64, height: int = 24, width: int = 20) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(1, 255, (count, height, width, 3)).astype(np.uint8)


def _changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (before != after).any(axis=(1, 2, 3))
    return found


def test_a_recipe_has_a_probability_of_each_and_none_is_the_default() -> None:
    assert tuple(field.name for field in fields(Distortions)) == DISTORTIONS
    images = _images(4)
    assert Distortions.of(PROXY)(images, np.arange(4), seed=0, epoch=0) is images
    assert Distortions.of(Recipe("r", 1, crop=0.1, erase=0.4)) == Distortions(crop=0.1, erase=0.4)


@pytest.mark.parametrize("name", DISTORTIONS)
def test_each_affects_as_many_images_as_its_probability_says_and_leaves_the_others(
    name: str,
) -> None:
    images = _images(400)
    kept = images.copy()
    found = Distortions(**{name: 0.25})(images, np.arange(400), seed=0, epoch=0)
    assert np.array_equal(images, kept)
    assert (found.shape, found.dtype) == (images.shape, images.dtype)
    assert 60 < _changed(images, found).sum() < 140


@given(st.permutations(range(8)), st.integers(0, 2**63 - 1), st.integers(0, 10))
def test_what_happens_to_an_image_follows_from_seed_epoch_and_index(
    order: list[int], seed: int, epoch: int
) -> None:
    images, distort = _images(8), Distortions(0.5, 0.5, 0.5, 0.5)
    whole = distort(images, np.arange(8), seed=seed, epoch=epoch)
    chosen = np.array(order[:5])
    assert np.array_equal(distort(images[chosen], chosen, seed=seed, epoch=epoch), whole[chosen])


def test_another_seed_and_another_epoch_are_others() -> None:
    images, distort = _images(8), Distortions(erase=1.0)
    runs = [
        distort(images, np.arange(8), seed=seed, epoch=epoch)
        for seed, epoch in ((0, 0), (1, 0), (0, 1))
    ]
    assert all(_changed(runs[0], other).all() for other in runs[1:])


@pytest.mark.parametrize("size", [(24, 20), (2, 3), (1, 1)])
def test_a_crop_keeps_a_rectangle_in_place_and_the_rest_is_black(size: tuple[int, int]) -> None:
    areas = []
    for seed in range(200):
        (image,) = _images(1, *size)
        found = crop(image, np.random.default_rng(seed))
        kept = (found != 0).any(axis=2)
        assert np.array_equal(found[kept], image[kept])
        assert kept.sum() == kept.any(axis=1).sum() * kept.any(axis=0).sum() > 0
        areas.append(kept.mean())
    if size == (24, 20):
        assert 0.15 < min(areas) < 0.3
        assert max(areas) > 0.8


def test_what_is_erased_is_one_grey_rectangle() -> None:
    parts = []
    for seed in range(200):
        (image,) = _images(1)
        image[image == 127] = 128
        found = erase(image, np.random.default_rng(seed))
        grey = (found == 127).all(axis=2)
        assert np.array_equal(found[~grey], image[~grey])
        assert grey.sum() == grey.any(axis=1).sum() * grey.any(axis=0).sum() > 0
        parts.append(grey.mean())
    assert min(parts) < 0.05
    assert 0.25 < max(parts) < 0.4


def test_downscaling_loses_detail_and_keeps_the_mean() -> None:
    (image,) = _images(1, 56, 56)
    for seed in range(20):
        found = downscale(image, np.random.default_rng(seed))
        assert found.shape == image.shape
        assert abs(found.mean() - image.mean()) < 12
    roughness = [
        np.abs(np.diff(shown.astype(float), axis=1)).mean()
        for shown in (image, *(downscale(image, np.random.default_rng(s)) for s in range(20)))
    ]
    assert np.mean(roughness[1:]) < 0.7 * roughness[0]


def test_jitter_moves_no_pixel_and_keeps_a_grey_image_grey() -> None:
    grey = np.full((8, 8, 3), 100, dtype=np.uint8)
    values = set()
    for seed in range(50):
        found = jitter(grey, np.random.default_rng(seed))
        assert len(np.unique(found)) == 1
        values.add(int(found[0, 0, 0]))
    assert 45 <= min(values) < 70
    assert 130 < max(values) <= 155
