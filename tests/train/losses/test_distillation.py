"""Losses that learn from a teacher: their formulas, their weights, their stages, and resuming."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from seesawnas.data import Faces
from seesawnas.train import Batch, MemoryFeed, Recipe, Training, seeded
from seesawnas.train.losses.angular import AngularDistillation
from seesawnas.train.losses.criterion import Criterion, make_criterion
from seesawnas.train.losses.distillation import DistillationLoss
from seesawnas.train.losses.embedding import EmbeddingDistillation
from seesawnas.train.losses.multistep import MultistepDistillation
from seesawnas.train.losses.registry import DISTILLATIONS, make_distillation
from tests.faces import patterns
from tests.train.losses.teachers import Table

DIMENSIONS = 6


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


RECIPE = Recipe(
    "distilled",
    epochs=2,
    batch_size=8,
    learning_rate=0.05,
    scale=16.0,
    margin_size=0.2,
    distill="angular",
)


class Constant(Criterion):
    """A loss of two, of whatever."""

    def forward(self, embeddings: Tensor, batch: Batch) -> Tensor:
        return embeddings.sum() * 0.0 + 2.0


def batch(count: int) -> Batch:
    indices = torch.arange(count)
    return Batch(torch.zeros(0), torch.zeros(count, dtype=torch.int64), indices, indices % 2 == 1)


def vectors(count: int, dimensions: int, seed: int) -> Tensor:
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed)) * 3.0


def vargfacenet(student: Tensor, teacher: Tensor) -> float:
    """The angular loss, literally: 7 / m times the sum of ||t / |t| - s / |s|||^2."""
    total = 0.0
    for s, t in zip(student.double(), teacher.double(), strict=True):
        total += float(((t / t.norm() - s / s.norm()) ** 2).sum())
    return 7.0 * total / len(student)


def pocketnet(student: Tensor, teacher: Tensor) -> float:
    """100 nn.MSELoss() of normalised embeddings, as in the authors' train_kd.py."""
    return 100.0 * float(nn.MSELoss()(F.normalize(student), F.normalize(teacher)))


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        (AngularDistillation, vargfacenet),
        (EmbeddingDistillation, pocketnet),
        (MultistepDistillation, pocketnet),
    ],
)
@settings(max_examples=30)
@given(seed=st.integers(0, 50), count=st.integers(1, 9), dimensions=st.sampled_from([2, 128]))
def test_the_term_is_the_published_one_with_the_published_weight(
    kind: type[DistillationLoss],
    reference: Callable[[Tensor, Tensor], float],
    seed: int,
    count: int,
    dimensions: int,
) -> None:
    student = vectors(count, dimensions, seed)
    table = Table(count, dimensions, seed + 1)
    shown = batch(count)
    loss = kind(Constant(), [table], dimensions)
    assert float(loss(student, shown)) == pytest.approx(
        2.0 + reference(student, table.take(shown.indices, shown.flipped)), rel=1e-5, abs=1e-5
    )


@given(seed=st.integers(0, 50), dimensions=st.integers(2, 200))
def test_one_method_s_distance_is_the_other_s_over_the_dimensions(
    seed: int, dimensions: int
) -> None:
    student, teacher = (F.normalize(vectors(5, dimensions, start)) for start in (seed, seed + 1000))
    table = Table(5, dimensions, 0)
    angular, embedding = (
        DISTILLATIONS[name](Constant(), [table], dimensions) for name in ("angular", "embedding")
    )
    summed = float(angular.distance(student, teacher))
    assert 0.0 <= summed <= 4.0
    assert summed == pytest.approx(dimensions * float(embedding.distance(student, teacher)))
    assert summed == pytest.approx(float((2 - 2 * (student * teacher).sum(1)).mean()), abs=1e-6)
    # the weights are no more alike: at 128 dimensions they differ by a factor of nine
    ratio = angular.weight * 128 / embedding.weight
    assert ratio == pytest.approx(8.96)


def test_a_recipe_s_weight_comes_before_the_method_s() -> None:
    table = Table(4, DIMENSIONS, 0)
    found = [
        make_distillation(Constant(), [table], DIMENSIONS, replace(RECIPE, **changes), 0).weight
        for changes in (
            {},
            {"distill": "embedding"},
            {"distill": "multistep"},
            {"distill_weight": 0.5},
        )
    ]
    assert found == [7.0, 100.0, 100.0, 0.5]


def test_an_image_that_the_teacher_was_not_shown_has_no_gradient() -> None:
    table = Table(4, DIMENSIONS, 0)
    table.rows[:2] = 0.0
    student = vectors(4, DIMENSIONS, 1).requires_grad_()
    AngularDistillation(Constant(), [table], DIMENSIONS)(student, batch(4)).backward()
    assert student.grad is not None
    lengths = student.grad.norm(dim=1)
    assert (lengths[:2] < 1e-6).all()
    assert (lengths[2:] > 1e-3).all()


@pytest.mark.parametrize("epochs", [1, 3, 7, 10, 25, 32])
@pytest.mark.parametrize("steps", [1, 7])
def test_with_a_stage_an_epoch_each_epoch_learns_from_its_own(epochs: int, steps: int) -> None:
    tables = [Table(2, DIMENSIONS, seed) for seed in range(epochs)]
    loss = MultistepDistillation(Constant(), tables, DIMENSIONS)
    for done in range(epochs):
        for step in range(steps):
            loss.follow((done + step / steps) / epochs)
            assert loss.teacher is tables[done]


def test_stages_share_the_training_equally_and_the_last_stays() -> None:
    tables = [Table(2, DIMENSIONS, seed) for seed in range(3)]
    loss = MultistepDistillation(Constant(), tables, DIMENSIONS)
    seen = []
    for progress in (0.0, 0.33, 0.34, 0.66, 0.67, 0.999, 1.0):
        loss.follow(progress)
        seen.append(tables.index(loss.teacher))  # type: ignore[arg-type]
    assert seen == [0, 0, 1, 1, 2, 2, 2]


def test_a_teacher_of_the_same_length_needs_no_projection_and_another_has_an_orthogonal_one() -> (
    None
):
    assert AngularDistillation(Constant(), [Table(2, 6, 0)], 6).projection is None
    wide, narrow = (
        AngularDistillation(Constant(), [Table(2, size, 0)], 6, seed=3).projection
        for size in (9, 4)
    )
    assert wide is not None
    assert narrow is not None
    assert (wide.shape, narrow.shape) == ((9, 6), (4, 6))
    torch.testing.assert_close(wide.T @ wide, torch.eye(6))
    torch.testing.assert_close(narrow @ narrow.T, torch.eye(4))
    state = torch.random.get_rng_state()
    again = AngularDistillation(Constant(), [Table(2, 9, 0)], 6, seed=3).projection
    assert again is not None
    assert torch.equal(again, wide)
    assert torch.equal(torch.random.get_rng_state(), state)


def faces() -> Faces:
    return patterns(6, 6, 16)


def training(recipe: Recipe, tables: list[Table] | None, dimensions: int = DIMENSIONS) -> Training:
    with seeded(0):
        network = nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(48, dimensions))
    feed = MemoryFeed(faces(), recipe, seed=1)
    criterion = None
    if tables is not None:
        base = make_criterion(feed.identities, dimensions, recipe, 0)
        criterion = make_distillation(base, tables, dimensions, recipe, 0)
    return Training(network, feed, recipe, mean=127.5, std=128.0, seed=0, criterion=criterion)


def weights(one: Training) -> list[Tensor]:
    return [value for name, value in one.state().items() if name.startswith("network.")]


VARIANTS: list[dict[str, Any]] = [
    {},
    {"sample_rate": 0.5},
    {"margin": "adaface"},
    {"averaging": 0.9, "label_smoothing": 0.1},
]


@pytest.mark.parametrize("changes", VARIANTS)
def test_at_weight_zero_the_training_is_the_one_without_a_teacher(changes: dict[str, Any]) -> None:
    recipe = replace(RECIPE, distill_weight=0.0, **changes)
    plain, distilled = training(recipe, None), training(recipe, [Table(36, DIMENSIONS, 0)])
    losses = [[record.loss for record in one.epochs()] for one in (plain, distilled)]
    assert losses[0] == losses[1]
    for one, other in zip(weights(plain), weights(distilled), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("changes", "kind", "stages", "step"),
    [
        (changes, kind, stages, step)
        for changes, (kind, stages), step in zip(
            VARIANTS, [("angular", 1), ("multistep", 3)] * 2, (1, 4, 6, 3), strict=True
        )
    ],
)
def test_it_goes_on_from_its_state_to_the_bit(
    changes: dict[str, Any], kind: Any, stages: int, step: int
) -> None:
    recipe = replace(RECIPE, distill=kind, **changes)
    tables = [Table(36, 9, seed) for seed in range(stages)]
    whole, first, second = (training(recipe, tables) for _ in range(3))
    list(whole.steps())
    for count, _ in enumerate(first.steps(), 1):
        if count == step:
            break
    second.restore({name: tensor.clone() for name, tensor in first.state().items()})
    list(second.steps())
    assert "criterion.projection" in whole.state()
    assert not any("rows" in name for name in whole.state())
    for one, other in zip(whole.state().values(), second.state().values(), strict=True):
        assert torch.equal(one, other)


def test_the_student_comes_near_to_its_teacher_and_the_projection_is_trained() -> None:
    table = Table(36, 9, 0)
    # what a network can know: the teacher is a linear map of the images themselves
    images = torch.from_numpy(faces().images).float().permute(0, 3, 1, 2)
    with seeded(5):
        own = nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(48, 9, bias=False))
    with torch.no_grad():
        table.rows = torch.stack(
            [F.normalize(own(view - 127.5)) for view in (images, images.flip(3))], dim=1
        )
    recipe = replace(RECIPE, epochs=6, head_weight_decay=0.0)
    distances = {}
    for weight in (0.0, 20.0):
        one = training(replace(recipe, distill_weight=weight), [table])
        criterion = one._criterion
        assert isinstance(criterion, DistillationLoss)
        assert criterion.projection is not None
        before = criterion.projection.detach().clone()
        list(one.epochs())
        with torch.no_grad():
            indices, flipped = torch.arange(36), torch.zeros(36, dtype=torch.bool)
            student = criterion._unit(one._network((images - 127.5) / 128.0))
            distances[weight] = float(criterion.distance(student, table.take(indices, flipped)))
        assert torch.equal(before, criterion.projection) == (weight == 0.0)
    assert distances[20.0] < 0.5 * distances[0.0]


def test_the_gradient_under_reduced_precision_is_of_float32_distances() -> None:
    table = Table(4, DIMENSIONS, 0)
    student = vectors(4, DIMENSIONS, 1).bfloat16().requires_grad_()
    loss = AngularDistillation(Constant(), [table], DIMENSIONS)(student, batch(4))
    assert loss.dtype == torch.float32
    loss.backward()
    assert student.grad is not None
    assert student.grad.dtype == torch.bfloat16
    assert math.isfinite(loss.item())


def test_every_kind_of_a_recipe_but_none_is_a_loss() -> None:
    from typing import get_args

    from seesawnas.train.recipe import Distill

    assert set(DISTILLATIONS) | {"none"} == set(get_args(Distill))
    assert np.isclose(DISTILLATIONS["angular"].default_weight, 7.0)
