"""Pixels as networks take them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seesawnas.nn import PerChannel, normalised

_PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3), dtype=np.uint8)
_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


@pytest.mark.parametrize(
    ("mean", "std"), [(127.5, 128.0), (_MEAN, _STD), (_MEAN, 128.0), (127.5, _STD)]
)
def test_each_channel_has_its_own_mean_and_std_where_three_are_given(
    mean: PerChannel, std: PerChannel
) -> None:
    expected = (_PIXELS - np.array(mean)) / np.array(std)
    batch = normalised(torch.from_numpy(_PIXELS), mean, std)
    assert batch.dtype == torch.float32
    assert batch.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(batch.numpy(), expected.transpose(0, 3, 1, 2), atol=1e-5)


def test_three_equal_numbers_are_that_number_to_the_bit() -> None:
    pixels = torch.from_numpy(_PIXELS)
    assert torch.equal(
        normalised(pixels, (127.5,) * 3, (128.0,) * 3), normalised(pixels, 127.5, 128.0)
    )


def test_the_images_themselves_stay_as_they_are() -> None:
    pixels = torch.from_numpy(_PIXELS.copy())
    normalised(pixels, _MEAN, _STD)
    assert torch.equal(pixels, torch.from_numpy(_PIXELS))
