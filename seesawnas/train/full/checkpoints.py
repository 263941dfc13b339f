"""The checkpoints of a training run: the newest and the one before, by step."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

from torch import Tensor

from seesawnas.errors import CheckpointError, RunError
from seesawnas.train import EpochRecord
from seesawnas.train.checkpoint import Checkpoints, Saved

SETTINGS, CHECKPOINTS = "training.json", "checkpoints"
"""The file of a training run's settings, and the folder of its checkpoints."""
_KEPT = 2
_HEAD = "head.weight"  # of any criterion that has a margin head
_BEST = {"step", "accuracy", "auc", "sets"}


def run_checkpoints(folder: Path) -> Checkpoints:
    """Files ``step_NUMBER.safetensors`` in ``folder``."""
    return Checkpoints(folder, prefix="step_", digits=12, most=_KEPT)


def read_head(folder: Path, data: str) -> Tensor:
    """The margin head of the training run in ``folder``, (C, D), from its newest checkpoint.

    Args:
        folder: The run's.
        data: The fingerprint of the faces that it must have been trained on, whose identities are
            its classes.

    Raises:
        RunError: If it was trained on others, or no checkpoint is left.
    """
    try:
        kept = json.loads((folder / SETTINGS).read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(
            f"{folder}: must be a folder of seesawnas train for --keep-head: {SETTINGS} cannot be "
            f"read: {getattr(error, 'strerror', None) or error}"
        ) from None
    found = kept.get("data") if isinstance(kept, dict) else None
    if found != data:
        raise RunError(
            f"{folder}: must be trained on the same faces for --keep-head, {data}, got {found}"
        )
    saved, _ = run_checkpoints(folder / CHECKPOINTS).newest(check_saved)
    tensors = {} if saved is None else saved[0]
    heads = [
        tensor
        for name, tensor in tensors.items()
        if name.endswith(_HEAD) and not name.startswith("network.")
    ]
    if not heads:
        raise RunError(f"{folder}: must have a checkpoint for --keep-head, got none")
    return heads[0]


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
