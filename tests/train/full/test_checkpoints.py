from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from seesawnas.errors import CheckpointError
from seesawnas.train.checkpoint import pack, unpack
from seesawnas.train.full.checkpoints import Saves

WHOLE: dict[str, Any] = {"rows": [], "seconds": 1.0, "step": 3, "unreadable": {}}


@pytest.mark.parametrize(
    "change", [{"rows": 5}, {"rows": [{"epoch": 1}]}, {"seconds": "1"}, {"step": 1.5}, {"unreadable": []}]
)
def test_a_checkpoint_of_another_version_is_passed_over_with_the_reason(tmp_path: Path, change: dict[str, Any]) -> None:
    saves = Saves(tmp_path)
    saves.save(1, {"a": torch.zeros(2)}, WHOLE)
    saves.save(2, {"a": torch.zeros(2)}, {**WHOLE, **change})
    saved, notes = saves.newest()
    assert saved is not None
    assert saved[1] == WHOLE
    assert len(notes) == 1
    assert "another version" in notes[0]


def test_a_pipe_or_a_folder_among_the_checkpoints_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"step_{1:012d}.safetensors")
    (tmp_path / f"step_{2:012d}.safetensors").mkdir()
    saved, notes = Saves(tmp_path).newest()
    assert (saved, len(notes)) == (None, 2)


def test_a_checkpoint_nested_without_end_is_one_line() -> None:
    from safetensors.torch import save

    deep = torch.tensor(list(b"[" * 100_000), dtype=torch.uint8)
    for content in (save({"about": deep}), b"", pack({"a": torch.zeros(1)}, WHOLE)[:-1]):
        with pytest.raises(CheckpointError) as caught:
            unpack(content)
        assert "\n" not in str(caught.value)
