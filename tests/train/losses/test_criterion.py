"""Another loss than a margin's is one class: it sees which images a batch shows, and how."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from seesawnas.data import Faces
from seesawnas.data.sources.base import FaceSource
from seesawnas.train import Batch, Feed, MemoryFeed, Recipe, Training, seeded
from seesawnas.train.feeds.stream import SourceFeed, cut
from tests.train.losses.toy import Toy
from tests.train.sources import MadeUpSource

RECIPE = Recipe(
    "toy", epochs=3, batch_size=8, learning_rate=0.02, weight_decay=0.0, head_weight_decay=0.0
)
SIZE = (32, 32)


def source() -> MadeUpSource:
    return MadeUpSource()


def images() -> torch.Tensor:
    made: FaceSource = source()
    return torch.from_numpy(
        np.stack([cut(made.payload(index), SIZE) for index in range(len(made))])
    )


def in_memory() -> MemoryFeed:
    faces = Faces(
        images().numpy(), np.asarray(source().labels, dtype=np.int64), tuple(source().names)
    )
    return MemoryFeed(faces, RECIPE, seed=1)


def by_workers() -> SourceFeed:
    return SourceFeed(source(), RECIPE, size=SIZE, seed=1, parts=2)


def training(feed: Feed, criterion: Toy) -> Training:
    with seeded(0):
        network = nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(192, 6))
    return Training(network, feed, RECIPE, mean=127.5, std=128.0, seed=0, criterion=criterion)


@pytest.fixture(params=[in_memory, by_workers])
def feed(request: pytest.FixtureRequest) -> Feed:
    made: Feed = request.param()
    return made


def test_a_batch_says_which_images_it_shows_and_which_of_them_are_mirrored(feed: Feed) -> None:
    whole = images()
    labels = torch.from_numpy(np.asarray(source().labels, dtype=np.int64))
    flips = 0
    for step in feed.epoch(0, 0):
        for part in step:
            wanted = whole[part.indices]
            wanted = torch.where(part.flipped[:, None, None, None], wanted.flip(2), wanted)
            assert torch.equal(part.images, wanted)
            assert torch.equal(part.labels, labels[part.indices])
            assert part.flipped.dtype == torch.bool
            flips += int(part.flipped.sum())
    assert 0 < flips < len(whole)


def test_a_criterion_is_given_its_batches_and_is_minimised(feed: Feed) -> None:
    criterion = Toy(len(source()), 6)
    losses = [record.loss for record in training(feed, criterion).epochs()]
    assert losses[-1] < losses[0]
    assert isinstance(criterion.seen[0], Batch)
    shown = torch.cat([batch.indices for batch in criterion.seen])
    assert set(shown.tolist()) <= set(range(len(source())))
    assert criterion.bias.abs().max() > 0


def test_it_goes_on_from_its_state_to_the_bit(feed: Feed) -> None:
    made = type(feed)
    whole, first, second = (
        training(in_memory() if made is MemoryFeed else by_workers(), Toy(len(source()), 6))
        for _ in range(3)
    )
    list(whole.steps())
    for count, _ in enumerate(first.steps(), 1):
        if count == 4:
            break
    second.restore({name: tensor.clone() for name, tensor in first.state().items()})
    list(second.steps())
    assert {"criterion.bias", "criterion.table"} <= set(whole.state())
    for one, other in zip(whole.state().values(), second.state().values(), strict=True):
        assert torch.equal(one, other)
