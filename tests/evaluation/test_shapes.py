"""An evaluation's image that has the network's shape reaches the network as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from seesawnas.data import open_folder, read_pairs
from seesawnas.evaluation import FaceModel, HowToVerify, embed_images, verify_set
from tests.oblong import SIZE, write_bin, write_identities


class Seen:
    """A network that keeps the images it is given."""

    def __init__(self) -> None:
        self.images: list[NDArray[np.uint8]] = []

    def __call__(self, batch: Tensor) -> Tensor:
        self.images += list((batch * 128.0 + 127.5).round().byte().permute(0, 2, 3, 1).numpy())
        return batch[:, :, ::9, ::5].flatten(1) + 2.0

    def model(self, size: tuple[int, int] = SIZE) -> FaceModel:
        return FaceModel("seen", self, *size, 127.5, 128.0, torch.device("cpu"))


def _bin(folder: Path, images: NDArray[np.uint8]) -> tuple[Path, HowToVerify]:
    return write_bin(folder / "v.bin", images), HowToVerify(resamples=0, flip=False)


def _pairs() -> list[tuple[int, int, int]]:
    same = [(3 * identity, 3 * identity + 1, 1) for identity in range(6)]
    return same + [(3 * identity, (3 * identity + 4) % 18, 0) for identity in range(6)]


def _name(place: int) -> str:
    return f"p{place // 3}/p{place // 3}_{place % 3 + 1:04d}.png"


def _csv(folder: Path, images: NDArray[np.uint8]) -> tuple[Path, HowToVerify]:
    (folder / "pairs.csv").write_text(
        "".join(f"{_name(a)},{_name(b)},{same}\n" for a, b, same in _pairs())
    )
    return folder / "pairs.csv", HowToVerify(folder / "faces", resamples=0, flip=False)


def _templates(folder: Path, images: NDArray[np.uint8]) -> tuple[Path, HowToVerify]:
    (folder / "members.txt").write_text(
        "".join(f"{_name(place)} {place + 1} {place}\n" for place in range(18))
    )
    (folder / "pairs.txt").write_text(
        "".join(f"{a + 1} {b + 1} {same}\n" for a, b, same in _pairs())
    )
    how = HowToVerify(folder / "faces", folder / "members.txt", resamples=0, flip=False)
    return folder / "pairs.txt", how


@pytest.mark.parametrize("written", [_bin, _csv, _templates])
def test_a_verified_image_of_the_network_s_shape_is_untouched(
    tmp_path: Path, written: Callable[[Path, NDArray[np.uint8]], tuple[Path, HowToVerify]]
) -> None:
    images, seen = write_identities(tmp_path / "faces"), Seen()
    path, how = written(tmp_path, images)
    verify_set(seen.model(), path, how)
    known = {image.tobytes() for image in images}
    assert seen.images
    assert {image.tobytes() for image in seen.images} <= known


def test_an_identified_image_of_the_network_s_shape_is_untouched(tmp_path: Path) -> None:
    images, seen = write_identities(tmp_path / "faces"), Seen()
    encoded, _, _ = open_folder(tmp_path / "faces", resolution=SIZE)
    embed_images(seen.model(), encoded, flip=False)
    assert np.array_equal(np.stack(seen.images), images)


@pytest.mark.parametrize("resolution", [28, 112, (10, 30)])
def test_the_network_decides_on_the_shape_whatever_the_pairs_were_read_for(
    tmp_path: Path, resolution: int | tuple[int, int]
) -> None:
    images, seen = write_identities(tmp_path / "faces"), Seen()
    found = read_pairs(write_bin(tmp_path / "v.bin", images), resolution=resolution)
    embed_images(seen.model(), found.images, flip=False)
    assert np.array_equal(np.stack(seen.images)[::2], images)
