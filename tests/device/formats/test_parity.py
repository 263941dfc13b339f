"""Every format's own runtime gives a network's embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import inf
from pathlib import Path

import numpy as np
import pytest
import torch
from _pytest.mark import ParameterSet
from PIL import Image

from seesawnas.arch import ArchSpec, Input
from seesawnas.device.formats import FORMATS, Contents
from seesawnas.nn import FaceNetwork
from seesawnas.nn.deploy import deploy_form
from seesawnas.space import load, shipped
from tests.device.formats.runtimes import RUNTIMES, Images
from tests.nn.deploy.networks import (
    BLOCKS,
    HEADS,
    STEMS,
    mixed_network,
    plain_network,
    settled,
)

# Its exporter takes many seconds a network: kinds of block share one, and one is published.
SLOW_TO_EXPORT = ("executorch",)
QUICK = ("paper/seesaw_share", "paper/shufflefacenet_0_5x")
SINGLE = [kind for kind in FORMATS if kind not in SLOW_TO_EXPORT]


def pairs(stems: Sequence[str], heads: Sequence[str]) -> list[tuple[str, str]]:
    """Each stem and each head at least once."""
    count = max(len(stems), len(heads))
    return [(stems[i % len(stems)], heads[i % len(heads)]) for i in range(count)]


@lru_cache(maxsize=2)
def network_of(spec: ArchSpec) -> FaceNetwork:
    return settled(spec)


def require(kind: str) -> None:
    """Skip the test if what the format needs is not installed."""
    if kind != "torchscript":
        pytest.importorskip(kind, reason=f"{kind} is not installed")


def cosines(network: FaceNetwork, images: Images, kind: str, waste: float, folder: Path) -> Images:
    """Of the embeddings in the format's runtime with those of the network."""
    require(kind)
    stem = folder / "net"
    FORMATS[kind].write(deploy_form(network, waste), stem, Contents())
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        path.name for path in FORMATS[kind].files(stem)
    )
    found = RUNTIMES[kind](stem, images).astype(np.float64)
    with torch.no_grad():
        expected = network(torch.from_numpy(images)).double().numpy()
    assert found.shape == expected.shape
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    cosine: Images = (found * expected).sum(1) / lengths
    return cosine


def noise(spec: ArchSpec, count: int = 3) -> Images:
    """Images of the network's size."""
    size = (count, 3, spec.input.height, spec.input.width)
    return np.random.default_rng(0).standard_normal(size).astype(np.float32)


def slow_if(slow: bool, *values: str) -> ParameterSet:
    return pytest.param(*values, marks=pytest.mark.slow if slow else [])


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("kind", SINGLE)
def test_every_kind_of_block_keeps_its_embeddings(kind: str, block: str, tmp_path: Path) -> None:
    spec = plain_network(block)
    for waste in (0, inf):
        found = cosines(network_of(spec), noise(spec), kind, waste, tmp_path)
        assert found.min() > FORMATS[kind].least_cosine


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [BLOCKS[:5], BLOCKS[5:10], BLOCKS[10:]])
@pytest.mark.parametrize("kind", SLOW_TO_EXPORT)
def test_kinds_of_block_in_one_network_keep_their_embeddings(
    kind: str, blocks: tuple[str, ...], tmp_path: Path
) -> None:
    spec = mixed_network(blocks)
    found = cosines(network_of(spec), noise(spec), kind, inf, tmp_path)
    assert found.min() > FORMATS[kind].least_cosine


@pytest.mark.parametrize(
    ("kind", "stem", "head"),
    [
        *(
            (kind, *pair)
            for kind in SINGLE
            for pair in [(one, HEADS[0]) for one in STEMS] + [("conv", one) for one in HEADS[1:]]
        ),
        *(
            slow_if(stem != "conv_pool", kind, stem, head)
            for kind in SLOW_TO_EXPORT
            for stem, head in pairs(STEMS, HEADS)
        ),
    ],
)
def test_every_stem_and_head_keeps_its_embeddings(
    kind: str, stem: str, head: str, tmp_path: Path
) -> None:
    spec = plain_network("inverted_bottleneck", stem, head)
    found = cosines(network_of(spec), noise(spec), kind, 0, tmp_path)
    assert found.min() > FORMATS[kind].least_cosine


@pytest.mark.parametrize(
    ("kind", "ref"),
    [
        *(slow_if(ref not in QUICK, kind, ref) for kind in SINGLE for ref in shipped("paper")),
        *(slow_if(True, kind, QUICK[0]) for kind in SLOW_TO_EXPORT),
    ],
)
def test_published_networks_keep_their_embeddings(kind: str, ref: str, tmp_path: Path) -> None:
    spec = load(ref)
    small = replace(spec, input=Input(80, 80 if spec.input.height == spec.input.width else 64))
    found = cosines(network_of(small), noise(small), kind, FORMATS[kind].waste, tmp_path)
    assert found.min() > FORMATS[kind].least_cosine


@pytest.mark.parametrize("kind", FORMATS)
def test_faces_keep_their_embeddings(kind: str, lfw_train: Path, tmp_path: Path) -> None:
    spec = load("paper/seesaw_share")
    paths = sorted(lfw_train.rglob("*.jpg"))[:8] or sorted(lfw_train.rglob("*.png"))[:8]
    assert paths
    size = (spec.input.width, spec.input.height)
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB").resize(size)) for path in paths])
    faces = ((pixels.transpose(0, 3, 1, 2) - 127.5) / 128).astype(np.float32)
    found = cosines(network_of(spec), faces, kind, FORMATS[kind].waste, tmp_path)
    assert found.min() > FORMATS[kind].least_cosine


@pytest.mark.parametrize("kind", FORMATS)
def test_pixels_go_in_and_unit_vectors_come_out(kind: str, tmp_path: Path) -> None:
    require(kind)
    spec = plain_network("share")
    network, mean, std = network_of(spec), [127.5, 120.0, 110.0], [128.0, 60.0, 70.0]
    form = deploy_form(network, inf).normalised(mean, std).of_unit_length()
    FORMATS[kind].write(form, tmp_path / "net", Contents())
    pixels = np.random.default_rng(0).integers(0, 256, (3, *form.input)).astype(np.float32)
    found = RUNTIMES[kind](tmp_path / "net", pixels)
    images = (torch.from_numpy(pixels) - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(
        3, 1, 1
    )
    with torch.no_grad():
        expected = torch.nn.functional.normalize(network(images)).numpy()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
    assert (found * expected).sum(1).min() > FORMATS[kind].least_cosine
