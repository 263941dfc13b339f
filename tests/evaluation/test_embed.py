"""Embeddings as they are verified."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seesawnas.errors import TrialError
from seesawnas.evaluation import embed

_IMAGES = np.random.default_rng(0).integers(0, 256, (7, 4, 4, 3), dtype=np.uint8)


class _Flatten(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)


def test_image_and_mirror_are_added_and_the_sum_has_length_one() -> None:
    pixels = (_IMAGES.transpose(0, 3, 1, 2).astype(np.float64) - 127.5) / 128
    both = (pixels + pixels[..., ::-1]).reshape(7, -1)
    expected = both / np.linalg.norm(both, axis=1, keepdims=True)
    measured = embed(_Flatten(), _IMAGES, mean=127.5, std=128.0)
    assert measured.dtype == np.float32
    np.testing.assert_allclose(measured, expected, atol=1e-6)


def test_an_image_and_its_mirror_have_one_embedding() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten())
    mirrored = embed(network, _IMAGES[:, :, ::-1].copy(), mean=127.5, std=128.0)
    np.testing.assert_allclose(mirrored, embed(network, _IMAGES, mean=127.5, std=128.0), atol=1e-5)


def test_the_batch_size_changes_nothing() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten())
    one, all_ = (embed(network, _IMAGES, mean=0.0, std=255.0, batch_size=size) for size in (1, 100))
    np.testing.assert_allclose(one, all_, atol=1e-5)


def test_every_module_gets_its_own_mode_back_even_after_an_error() -> None:
    network = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(48), nn.Linear(48, 2)).train()
    network[1].eval()
    before = network[1].running_mean.clone()  # type: ignore[operator]
    embed(network, _IMAGES, mean=127.5, std=128.0)
    assert [module.training for module in network.modules()] == [True, True, False, True]
    assert torch.equal(network[1].running_mean, before)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        embed(network, _IMAGES[:, :2], mean=127.5, std=128.0)
    assert [module.training for module in network.modules()] == [True, True, False, True]


def test_embeddings_that_are_not_finite_fail_the_trial() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    with torch.no_grad():
        network[1].weight.fill_(float("nan"))  # type: ignore[operator]
    with pytest.raises(TrialError, match="not finite"):
        embed(network, _IMAGES, mean=127.5, std=128.0)


def test_embeddings_without_a_direction_fail_the_trial() -> None:
    black = np.full((2, 4, 4, 3), 127, dtype=np.uint8)
    with pytest.raises(TrialError, match="or zero"):
        embed(_Flatten(), black, mean=127.0, std=128.0)


def test_no_images_have_no_embeddings() -> None:
    assert len(embed(_Flatten(), _IMAGES[:0], mean=127.5, std=128.0)) == 0


def test_mean_and_std_may_be_given_for_each_channel() -> None:
    mean, std = (120.0, 115.0, 100.0), (60.0, 57.0, 55.0)
    pixels = (_IMAGES.astype(np.float64) - mean) / std
    both = (pixels + pixels[:, :, ::-1]).transpose(0, 3, 1, 2).reshape(7, -1)
    expected = both / np.linalg.norm(both, axis=1, keepdims=True)
    np.testing.assert_allclose(embed(_Flatten(), _IMAGES, mean=mean, std=std), expected, atol=1e-6)
