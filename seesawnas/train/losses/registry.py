"""The losses that learn from a teacher, by the names that a recipe has for them."""

from __future__ import annotations

from collections.abc import Sequence

from seesawnas.train.losses.angular import AngularDistillation
from seesawnas.train.losses.criterion import Criterion
from seesawnas.train.losses.distillation import DistillationLoss, TeacherEmbeddings
from seesawnas.train.losses.embedding import EmbeddingDistillation
from seesawnas.train.losses.multistep import MultistepDistillation
from seesawnas.train.recipe import Distill, Recipe

DISTILLATIONS: dict[Distill, type[DistillationLoss]] = {
    "angular": AngularDistillation,
    "embedding": EmbeddingDistillation,
    "multistep": MultistepDistillation,
}


def make_distillation(
    base: Criterion,
    teachers: Sequence[TeacherEmbeddings],
    dimensions: int,
    recipe: Recipe,
    seed: int,
) -> DistillationLoss:
    """The loss that ``recipe`` asks for on top of ``base``.

    Args:
        base: What it is added to.
        teachers: What is learnt from: one, or one per stage for "multistep".
        dimensions: Of the student's embedding.
        recipe: Says the kind and the weight.
        seed: Of the projection, if there is one.
    """
    kind = DISTILLATIONS[recipe.distill]
    return kind(base, teachers, dimensions, weight=recipe.distill_weight, seed=seed)
