"""The checkpoints of a training run: the newest and the one before, by step."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from seesawnas.errors import CheckpointError
from seesawnas.train import EpochRecord
from seesawnas.train.checkpoint import Checkpoints, Saved

_KEPT = 2
_BEST = {"step", "accuracy", "auc", "sets"}


def run_checkpoints(folder: Path) -> Checkpoints:
    """Files ``step_NUMBER.safetensors`` in ``folder``."""
    return Checkpoints(folder, prefix="step_", digits=12, most=_KEPT)


def check_saved(saved: Saved) -> None:
    """Check that the values beside the tensors are those that a run saves.

    Raises:
        CheckpointError: If they are not.
    """
    about = saved[1]
    rows, unreadable = about.get("rows"), about.get("unreadable")
    # earlier versions kept none of these
    stages, validations = about.get("stages", []), about.get("validations", [])
    best = about.get("best")
    needed = {field.name for field in fields(EpochRecord)} | {"scores"}
    fits = (
        isinstance(rows, list)
        and all(isinstance(row, dict) and needed <= row.keys() for row in rows)
        and isinstance(about.get("seconds"), int | float)
        and type(about.get("step")) is int
        and isinstance(unreadable, dict)
        and all(str(index).isdecimal() and len(str(index)) < 20 for index in unreadable)
        and isinstance(stages, list)
        and all(type(epoch) is int for epoch in stages)
        and isinstance(validations, list)
        and all(isinstance(one, dict) and {"step", "scores"} <= one.keys() for one in validations)
        and (best is None or (isinstance(best, dict) and best.keys() >= _BEST))
    )
    if not fits:
        raise CheckpointError("checkpoint is of another version of seesawnas, or damaged")
