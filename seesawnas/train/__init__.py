"""Training: recipes, margin heads and the loop."""

from seesawnas.train.graphs import as_graphs
from seesawnas.train.loop import EpochRecord, Training, seeded, train
from seesawnas.train.margins import MarginHead
from seesawnas.train.memory import keep_freed_memory
from seesawnas.train.recipe import FIRST_RUN, PROXY, Recipe

__all__ = [
    "FIRST_RUN",
    "PROXY",
    "EpochRecord",
    "MarginHead",
    "Recipe",
    "Training",
    "as_graphs",
    "keep_freed_memory",
    "seeded",
    "train",
]
