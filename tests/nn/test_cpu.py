"""Convolutions by name are torch's own, whatever the shape."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from seesawnas.nn.cpu import Geometry, convolution

SIDES = range(1, 10)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("outputs", [1, 2, 3, 4])
@pytest.mark.parametrize("inputs", [1, 2, 5])
def test_a_convolution_of_any_map_is_torch_s(
    inputs: int, outputs: int, layout: torch.memory_format
) -> None:
    torch.manual_seed(0)
    for height in SIDES:
        for width in SIDES:
            for kernel in {
                (height, width),
                (1, 1),
                (min(3, height), min(3, width)),
                (height, 1),
                (1, width),
            }:
                x = torch.randn(2, inputs, height, width).contiguous(memory_format=layout)
                _assert_is_torch_s(x, torch.randn(outputs, inputs, *kernel), Geometry())


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("outputs", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "geometry", [Geometry(2), Geometry(1, (1, 1)), Geometry(2, (1, 2)), Geometry(1, (3, 0))]
)
def test_so_is_one_with_stride_and_padding(
    outputs: int, geometry: Geometry, layout: torch.memory_format
) -> None:
    torch.manual_seed(0)
    for side in SIDES:
        for kernel in {(side, side), (1, 1), (min(3, side), min(3, side))}:
            x = torch.randn(2, 4, side, side).contiguous(memory_format=layout)
            _assert_is_torch_s(x, torch.randn(outputs, 4, *kernel), geometry)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("each", [1, 2, 3, 4])
def test_so_is_one_of_some_channels_and_in_groups(each: int, layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    for side in SIDES:
        x = torch.randn(2, 8, side, side).contiguous(memory_format=layout)
        _assert_is_torch_s(x[:, 2:5], torch.randn(each, 3, side, side), Geometry())
        _assert_is_torch_s(x, torch.randn(4 * each, 2, side, side), Geometry(groups=4))
        _assert_is_torch_s(x, torch.randn(8, 1, side, side), Geometry(groups=8))


@torch.no_grad()
def _assert_is_torch_s(x: torch.Tensor, weight: torch.Tensor, geometry: Geometry) -> None:
    bias = torch.randn(len(weight))
    expected = F.conv2d(x, weight, bias, geometry.stride, geometry.padding, groups=geometry.groups)
    found = convolution(weight, bias, geometry, plain=True)(x)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
