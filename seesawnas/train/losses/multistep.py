"""Multi-step distillation, as PocketNet was trained with it."""

from __future__ import annotations

from seesawnas.train.losses.embedding import EmbeddingDistillation


class MultistepDistillation(EmbeddingDistillation):
    """Distillation of embeddings from a teacher as it was at the same stage of its own training.

    PocketNet (arXiv 2108.10710): in its epoch e the student learns from the teacher's checkpoint
    after the teacher's epoch e. Of K stages in the order of the teacher's training, stage k of 1 to
    K is learnt from in the k-th of K equal parts of the student's; with a stage per epoch that is
    PocketNet's schedule. Distance and weight are those of the base class.
    """

    def follow(self, progress: float) -> None:
        """Take the teacher's stage for this part of the training."""
        super().follow(progress)
        count = len(self._teachers)
        self.teacher = self._teachers[min(int(progress * count + _ROUNDING), count - 1)]


_ROUNDING = 1e-9
"""So that 0.7 of ten stages, 6.999..., is the seventh's end."""
