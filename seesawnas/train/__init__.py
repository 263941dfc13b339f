"""Training: recipes, margins, feeds and the loop."""

from typing import TYPE_CHECKING

from seesawnas.io.lazy import lazy_exports

if TYPE_CHECKING:
    from seesawnas.train.batch import Batch
    from seesawnas.train.distributed import Team, joined
    from seesawnas.train.feeds.memory import Feed, MemoryFeed
    from seesawnas.train.feeds.teacher import Teacher
    from seesawnas.train.loop import EpochRecord, StepRecord, Training, seeded, train
    from seesawnas.train.losses.criterion import Criterion, MarginLoss
    from seesawnas.train.losses.distillation import DistillationLoss, TeacherEmbeddings
    from seesawnas.train.losses.head import MarginHead, SampledHead
    from seesawnas.train.losses.margins import MarginKind
    from seesawnas.train.recipe import (
        FIRST_RUN,
        PROXY,
        Precision,
        Recipe,
        read_recipe,
        shipped_recipes,
    )
    from seesawnas.train.runtime import as_graphs, keep_freed_memory
else:
    __getattr__ = lazy_exports(__name__)

__all__ = [
    "FIRST_RUN",
    "PROXY",
    "Batch",
    "Criterion",
    "DistillationLoss",
    "EpochRecord",
    "Feed",
    "MarginHead",
    "MarginKind",
    "MarginLoss",
    "MemoryFeed",
    "Precision",
    "Recipe",
    "SampledHead",
    "StepRecord",
    "Teacher",
    "TeacherEmbeddings",
    "Team",
    "Training",
    "as_graphs",
    "joined",
    "keep_freed_memory",
    "read_recipe",
    "seeded",
    "shipped_recipes",
    "train",
]
