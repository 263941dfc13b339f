"""Training-free scores: what a network with random weights, or its first gradients, are worth.

No search uses them: see studies/lfw_training_free.
"""

from seesawnas.evaluation.training_free.batch import FaceBatch, draw_batch
from seesawnas.evaluation.training_free.registry import (
    TRAINING_FREE,
    TrainingFreeScore,
    training_free_scores,
)

__all__ = [
    "TRAINING_FREE",
    "FaceBatch",
    "TrainingFreeScore",
    "draw_batch",
    "training_free_scores",
]
