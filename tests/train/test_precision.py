"""Narrow numbers, pieces of a batch and margins in the loop.

They learn, and go on from their state to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from seesawnas.nn import build
from seesawnas.train import EpochRecord, Precision, Recipe, Training, seeded
from seesawnas.train.feeds.stream import SourceFeed
from seesawnas.train.losses.margins import MARGINS
from seesawnas.train.recipe import Margin
from tests.run.trainings import small_plan
from tests.train.sources import MadeUpSource

_RECIPE = Recipe(
    "r", 6, batch_size=24, learning_rate=0.05, scale=16.0, margin_size=0.2, averaging=0.9
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _training(recipe: Recipe = _RECIPE, parts: int = 1, **more: Any) -> Training:
    with seeded(0):
        network = build(small_plan(Path()).spec)
    feed = SourceFeed(MadeUpSource(), recipe, size=(32, 32), seed=0, parts=parts)
    return Training(network, feed, recipe, mean=127.5, std=128.0, seed=0, **more)


def _losses(training: Training) -> list[float]:
    return [record.loss for record in training.steps() if isinstance(record, EpochRecord)]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_narrow_numbers_learn_as_wide_ones_do(precision: Precision) -> None:
    wide, narrow = _losses(_training()), _losses(_training(precision=precision))
    assert narrow[0] == pytest.approx(wide[0], rel=0.1)
    assert narrow[-1] < 0.7 * narrow[0]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_training_goes_on_from_its_state_to_the_bit(precision: Precision) -> None:
    whole, first, second = (_training(parts=2, precision=precision) for _ in range(3))
    list(whole.steps())
    list(islice(first.steps(), 5))
    second.restore({name: value.clone() for name, value in first.state().items()})
    list(second.steps())
    for (name, one), other in zip(whole.state().items(), second.state().values(), strict=True):
        assert torch.equal(one, other), name


@pytest.mark.parametrize("margin", MARGINS)
def test_every_margin_trains_in_the_loop(margin: Margin) -> None:
    losses = _losses(_training(replace(_RECIPE, margin=margin, margin_warm_up=0.5)))
    assert losses[-1] < losses[0]


def test_the_embedding_s_linear_layer_has_a_weight_decay_of_its_own() -> None:
    training = _training(replace(_RECIPE, embedding_weight_decay=0.5))
    (group,) = (group for group in training._optimizer.param_groups if group["weight_decay"] == 0.5)
    assert [tuple(weight.shape) for weight in group["params"]] == [(16, 32)]
    whole = [weight for group in training._optimizer.param_groups for weight in group["params"]]
    assert len(whole) == len(set(map(id, whole))) == len(list(training._network.parameters())) + 1
