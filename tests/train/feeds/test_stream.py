"""Batches of faces that are not in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from seesawnas.data import open_source
from seesawnas.errors import DataError, InvalidInput
from seesawnas.train import Batch, Recipe, Team
from seesawnas.train.feeds.stream import SourceFeed
from tests.oblong import SIZE, write_identities
from tests.train.sources import MadeUpSource

_RECIPE = Recipe("short", epochs=3, batch_size=8, shift=0.1)
_DISTORTED = replace(_RECIPE, crop=0.3, downscale=0.3, jitter=0.3, erase=0.3)


def _feed(source: MadeUpSource | None = None, recipe: Recipe = _RECIPE, **more: Any) -> SourceFeed:
    return SourceFeed(source or MadeUpSource(), recipe, size=(32, 32), seed=1, **more)


def _steps(feed: SourceFeed, done: int = 0, first: int = 0) -> Iterator[list[Batch]]:
    for epoch in range(done, 3):
        yield from feed.epoch(epoch, first if epoch == done else 0)


def _same(one: Batch, other: Batch) -> bool:
    names = ("images", "labels", "indices", "flipped")
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in names)


def test_an_epoch_shows_every_image_once_and_the_next_in_another_order() -> None:
    feed = _feed(
        MadeUpSource(people=48, each=1), Recipe("plain", epochs=3, batch_size=8, flip=False)
    )
    orders = [torch.cat([part.labels for (part,) in feed.epoch(epoch, 0)]) for epoch in range(2)]
    assert all(torch.equal(order.sort().values, torch.arange(48)) for order in orders)
    assert not torch.equal(*orders)


def test_workers_give_what_the_training_s_own_process_gives() -> None:
    alone, helped = _feed(recipe=_DISTORTED), _feed(recipe=_DISTORTED, workers=2)
    try:
        pairs = list(zip(_steps(alone), _steps(helped), strict=True))
    finally:
        helped.close()
    assert len(pairs) == 18
    assert all(_same(one, other) for (one,), (other,) in pairs)


@pytest.mark.parametrize(("done", "first"), [(0, 3), (1, 0), (2, 5)])
def test_any_step_can_be_gone_on_from(done: int, first: int) -> None:
    whole = list(_steps(_feed(recipe=_DISTORTED)))[done * 6 + first :]
    rest = list(_steps(_feed(recipe=_DISTORTED), done, first))
    assert len(rest) == len(whole)
    assert all(_same(one, other) for (one,), (other,) in zip(whole, rest, strict=True))


def test_a_team_and_the_parts_of_one_process_cut_a_batch_alike() -> None:
    parts = list(islice(_steps(_feed(parts=2)), 6))
    teams = [list(islice(_steps(_feed(team=Team(rank, 2))), 6)) for rank in range(2)]
    for step in range(6):
        assert all(_same(parts[step][rank], teams[rank][step][0]) for rank in range(2))
    whole = torch.cat([part.labels for part in parts[0]])
    assert torch.equal(whole, next(_steps(_feed()))[0].labels)


def test_distortions_do_not_depend_on_how_a_batch_is_cut_and_differ_by_epoch() -> None:
    recipe = replace(_DISTORTED, flip=False, shift=0.0)
    whole, plain = _feed(recipe=recipe), _feed(recipe=replace(_RECIPE, flip=False, shift=0.0))
    parts = _feed(recipe=recipe, parts=2)
    seen = []
    for epoch in range(2):
        (one,), (bare,), cut = (next(feed.epoch(epoch, 0)) for feed in (whole, plain, parts))
        assert torch.equal(one.images, torch.cat([part.images for part in cut]))
        assert not torch.equal(one.images, bare.images)
        images = torch.cat([step[0].images for step in whole.epoch(epoch, 0)])
        indices = torch.cat([step[0].indices for step in whole.epoch(epoch, 0)])
        seen.append(images[indices.argsort()])
    assert 0.5 < (seen[0] != seen[1]).flatten(1).any(dim=1).float().mean() < 1


def test_what_cannot_be_read_is_named_and_a_neighbour_takes_its_place() -> None:
    feed = _feed(MadeUpSource(broken=(3, 17), missing=(5,)))
    batches = [part for (part,) in feed.epoch(0, 0)]
    faults = dict(fault for part in batches for fault in part.unreadable)
    assert set(faults) == {3, 5, 17}
    assert faults[5] == "cannot be read: no such file"
    assert all("\n" not in why for why in faults.values())
    assert all(len(part.images) == len(part.labels) == 8 for part in batches)
    assert all(part.images.flatten(1).any(dim=1).all() for part in batches)


def test_where_a_whole_batch_cannot_be_read_one_line_says_so() -> None:
    with pytest.raises(
        DataError, match=r"^p\d/\d+.png: cannot be read, nor can any other image of its batch: "
    ) as e:
        next(_steps(_feed(MadeUpSource(broken=range(48)))))
    assert "\n" not in str(e.value)


def test_fewer_images_than_a_batch_are_one_batch() -> None:
    feed = _feed(MadeUpSource(people=3, each=3), Recipe("r", epochs=1, batch_size=64), parts=2)
    assert (feed.batch_size, feed.steps) == (8, 1)


@pytest.mark.parametrize(("batch_size", "parts"), [(8, 3), (8, 8), (3, 2)])
def test_a_batch_that_cannot_be_cut_is_refused(batch_size: int, parts: int) -> None:
    with pytest.raises(InvalidInput, match="batch size must be a multiple of"):
        _feed(recipe=Recipe("r", epochs=1, batch_size=batch_size), parts=parts)


def test_a_size_that_is_no_square_is_the_middle_of_the_square() -> None:
    recipe = Recipe("r", epochs=1, batch_size=8, flip=False)
    (square,) = next(iter(SourceFeed(MadeUpSource(), recipe, size=(32, 32), seed=0).epoch(0, 0)))
    (narrow,) = next(iter(SourceFeed(MadeUpSource(), recipe, size=(32, 24), seed=0).epoch(0, 0)))
    assert torch.equal(narrow.images, square.images[:, :, 4:28])


def test_an_image_of_the_network_s_shape_is_trained_on_as_it_is(tmp_path: Path) -> None:
    images = write_identities(tmp_path / "faces")
    recipe = Recipe("r", epochs=1, batch_size=8, flip=False, shift=0.0)
    source = open_source(tmp_path / "faces")
    feed = SourceFeed(source, recipe, size=SIZE, seed=0, parts=2)
    seen = {
        image.tobytes()
        for step in feed.epoch(0, 0)
        for batch in step
        for image in batch.images.numpy()
    }
    assert len(seen) == 8 * feed.steps
    assert seen <= {image.tobytes() for image in images}
