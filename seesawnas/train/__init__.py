"""Training: recipes, margin heads and the loop."""

from seesawnas.train.loop import EpochRecord, seeded, train
from seesawnas.train.margins import MarginHead
from seesawnas.train.recipe import PROXY, Recipe

__all__ = ["PROXY", "EpochRecord", "MarginHead", "Recipe", "seeded", "train"]
