"""Sampled classes against the full head."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seesawnas.data import Faces
from seesawnas.data.sources.singles import NO_CLASS
from seesawnas.train import Batch, MarginLoss, MemoryFeed, Recipe, SampledHead, Training, seeded
from seesawnas.train.losses.criterion import make_criterion
from seesawnas.train.optimizer import make_optimizer
from seesawnas.train.recipe import OptimizerName

_RECIPE = Recipe("r", epochs=3, batch_size=8, learning_rate=0.05, scale=16.0, margin_size=0.2)


def _sampled(rate: float, classes: int = 40) -> SampledHead:
    return SampledHead(classes, 6, rate=rate, seed=3, generator=torch.Generator().manual_seed(0))


def _training(recipe: Recipe, people: int = 20) -> Training:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(people), 4)
    faces = Faces(
        rng.integers(0, 255, (len(labels), 8, 8, 3)).astype(np.uint8),
        labels,
        tuple(map(str, range(people))),
    )
    with seeded(0):
        network = nn.Sequential(nn.Flatten(), nn.Linear(192, 6), nn.BatchNorm1d(6))
    feed = MemoryFeed(faces, recipe, seed=0)
    return Training(network, feed, recipe, mean=127.5, std=128.0, seed=0)


def test_the_batch_s_classes_are_always_drawn_and_as_many_others_as_the_rate_says() -> None:
    head = _sampled(0.25)
    labels = torch.tensor([39, 7, 7, 0])
    for step in range(5):
        head.draw(labels, step)
        assert head.rows().shape == (10, 6)
        assert torch.equal(head.rows()[head.places(labels)], head.weight[labels])


def test_more_classes_in_a_batch_than_the_rate_allows_are_all_kept() -> None:
    head = _sampled(0.05)
    labels = torch.arange(12)
    head.draw(labels, 0)
    assert head.rows().shape == (12, 6)
    assert torch.equal(head.places(labels), torch.arange(12))


def test_a_draw_follows_from_the_seed_and_the_step() -> None:
    first, again = _sampled(0.25), _sampled(0.25)
    labels = torch.tensor([1, 2])
    first.draw(labels, 0)
    first.draw(labels, 5)
    again.draw(labels, 5)
    assert torch.equal(first.rows(), again.rows())
    again.draw(labels, 6)
    assert not torch.equal(first.rows(), again.rows())


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_rate_one_is_the_full_head_to_the_bit(optimizer: OptimizerName) -> None:
    recipe = replace(_RECIPE, optimizer=optimizer)
    full = _training(recipe)
    whole = _training(recipe)
    about: dict[str, Any] = {"margin": "arcface", "size": 0.2, "scale": 16.0}
    head = SampledHead(20, 6, rate=1.0, seed=0, optimizer=optimizer, **about)
    assert isinstance(full._criterion, MarginLoss)
    head.weight.copy_(full._criterion.head.weight.detach())
    whole._criterion = MarginLoss(head, margin_warm_up=recipe.margin_warm_up)
    whole._optimizer = make_optimizer(whole._network, head, recipe)
    losses = [[record.loss for record in training.epochs()] for training in (full, whole)]
    assert losses[0] == losses[1]
    assert torch.equal(full._criterion.head.weight, head.weight)
    for one, other in zip(
        full._network.state_dict().values(), whole._network.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)


def test_a_class_that_sits_out_keeps_its_weight_and_its_momentum() -> None:
    training = _training(replace(_RECIPE, sample_rate=0.5, momentum=0.9))
    assert isinstance(training._criterion, MarginLoss)
    head = training._criterion.head
    assert isinstance(head, SampledHead)
    steps = training.steps()
    next(steps)
    before = {
        name: value.clone()
        for name, value in (("weight", head.weight), ("momentum", head.momentum))
    }
    next(steps)
    out = torch.ones(20, dtype=torch.bool)
    out[head._drawn] = False
    assert out.any()
    for name, value in before.items():
        now: Tensor = getattr(head, name)
        assert torch.equal(now[out], value[out])
        assert not torch.equal(now[~out], value[~out])


def test_training_on_a_sample_goes_on_from_its_state_to_the_bit() -> None:
    recipe = replace(_RECIPE, sample_rate=0.5, averaging=0.9)
    whole, first, second = (_training(recipe) for _ in range(3))
    list(whole.steps())
    for count, _ in enumerate(first.steps(), 1):
        if count == 14:
            break
    second.restore({name: value.clone() for name, value in first.state().items()})
    list(second.steps())
    for (name, one), other in zip(whole.state().items(), second.state().values(), strict=True):
        assert torch.equal(one, other), name


@pytest.mark.parametrize("rate", [1.0, 0.5])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_an_image_without_a_class_counts_as_one_whose_loss_is_zero(
    rate: float, smoothing: float
) -> None:
    recipe = replace(_RECIPE, sample_rate=rate, label_smoothing=smoothing)
    embeddings = torch.randn(6, 4, generator=torch.Generator().manual_seed(3), requires_grad=True)
    labels = torch.tensor([3, NO_CLASS, 0, 19, NO_CLASS, 3])
    known = labels != NO_CLASS

    def loss_of(chosen: Tensor) -> Tensor:
        criterion = make_criterion(20, 4, recipe, 0, singles=True)
        criterion.prepare(lambda: labels, 5)
        count = int(chosen.sum())
        nothing = torch.zeros(count, dtype=torch.bool)
        pixels = torch.zeros(count, 1, 1, 3, dtype=torch.uint8)
        batch = Batch(pixels, labels[chosen], torch.arange(count), nothing)
        loss: Tensor = criterion(embeddings[chosen], batch)
        return loss

    whole = loss_of(torch.ones(6, dtype=torch.bool))
    assert whole.item() == pytest.approx(loss_of(known).item() * 4 / 6, rel=1e-6)
    (gradient,) = torch.autograd.grad(whole, embeddings)
    assert (gradient[~known] == 0).all()
    assert (gradient[known].abs().sum(dim=1) > 0).all()
    nothing = loss_of(~known)
    assert nothing.item() == 0.0
    (gradient,) = torch.autograd.grad(nothing, embeddings)
    assert (gradient == 0).all()


def test_a_batch_of_classes_alone_has_the_loss_that_it_has_without_single_images() -> None:
    embeddings = torch.randn(6, 4, generator=torch.Generator().manual_seed(3))
    pixels, nothing = torch.zeros(6, 1, 1, 3, dtype=torch.uint8), torch.zeros(6, dtype=torch.bool)
    batch = Batch(pixels, torch.tensor([3, 1, 0, 19, 4, 3]), torch.arange(6), nothing)
    losses = [
        make_criterion(20, 4, _RECIPE, 0, singles=singles)(embeddings, batch).item()
        for singles in (False, True)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
