"""Training: recipes, margins, feeds and the loop."""

from seesawnas.train.feed import Batch, Feed, MemoryFeed
from seesawnas.train.graphs import as_graphs
from seesawnas.train.head import MarginHead, SampledHead
from seesawnas.train.loop import Training, seeded, train
from seesawnas.train.memory import keep_freed_memory
from seesawnas.train.precision import Precision
from seesawnas.train.recipe import FIRST_RUN, PROXY, Recipe
from seesawnas.train.recipe_file import read_recipe, shipped_recipes
from seesawnas.train.records import EpochRecord, StepRecord
from seesawnas.train.team import Team, joined

__all__ = [
    "FIRST_RUN",
    "PROXY",
    "Batch",
    "EpochRecord",
    "Feed",
    "MarginHead",
    "MemoryFeed",
    "Precision",
    "Recipe",
    "SampledHead",
    "StepRecord",
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
