from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from seesawnas.train.checkpoint import pack
from seesawnas.train.full.checkpoints import check_saved, run_checkpoints

WHOLE: dict[str, Any] = {"rows": [], "seconds": 1.0, "step": 3, "unreadable": {}}


@pytest.mark.parametrize(
    "change",
    [{"rows": 5}, {"rows": [{"epoch": 1}]}, {"seconds": "1"}, {"step": 1.5}, {"unreadable": []}],
)
def test_a_checkpoint_of_another_version_is_passed_over_with_the_reason(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    checkpoints = run_checkpoints(tmp_path)
    checkpoints.save(1, pack({"a": torch.zeros(2)}, WHOLE))
    checkpoints.save(2, pack({"a": torch.zeros(2)}, {**WHOLE, **change}))
    saved, notes = checkpoints.newest(check_saved)
    assert saved is not None
    assert saved[1] == WHOLE
    assert len(notes) == 1
    assert "another version" in notes[0]


def test_a_pipe_or_a_folder_among_the_checkpoints_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"step_{1:012d}.safetensors")
    (tmp_path / f"step_{2:012d}.safetensors").mkdir()
    saved, notes = run_checkpoints(tmp_path).newest(check_saved)
    assert (saved, len(notes)) == (None, 2)
