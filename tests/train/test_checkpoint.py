"""Checkpoints as bytes, and the folder that keeps them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from seesawnas.errors import CheckpointError
from seesawnas.train.checkpoint import Checkpoints, Saved, pack, unpack

ABOUT: dict[str, Any] = {"step": 3}


def _accept(saved: Saved) -> None:
    assert saved[1] == ABOUT


def _packed(value: float = 0.0) -> bytes:
    return pack({"a": torch.full((2,), value)}, ABOUT)


def test_a_checkpoint_nested_without_end_is_one_line() -> None:
    from safetensors.torch import save

    deep = torch.tensor(list(b"[" * 100_000), dtype=torch.uint8)
    for content in (save({"about": deep}), b"", pack({"a": torch.zeros(1)}, ABOUT)[:-1]):
        with pytest.raises(CheckpointError) as caught:
            unpack(content)
        assert "\n" not in str(caught.value)


def test_a_folder_keeps_a_file_per_number_and_forgets_the_others(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    assert (checkpoints.numbers(), checkpoints.load(1)) == ([], None)
    for number in (1, 10, 2):
        checkpoints.save(number, b"%d" % number)
    checkpoints.save(2, b"newer")
    assert sorted(os.listdir(tmp_path / "checkpoints")) == [
        "1.safetensors",
        "10.safetensors",
        "2.safetensors",
    ]
    assert (checkpoints.numbers(), checkpoints.load(2)) == ([10, 2, 1], b"newer")
    checkpoints.keep({2, 10, 11})
    checkpoints.drop(10)
    checkpoints.drop(11)
    assert checkpoints.numbers() == [2]


def test_only_checkpoints_and_parts_of_files_are_deleted(tmp_path: Path) -> None:
    for name in (
        "1.safetensors",
        ".1.safetensors.0123abcd.tmp",
        "mine.safetensors",
        "01.safetensors",
    ):
        (tmp_path / name).touch()
    Checkpoints(tmp_path).keep(())
    assert sorted(os.listdir(tmp_path)) == ["01.safetensors", "mine.safetensors"]


def test_the_newest_valid_checkpoint_is_found_by_its_number(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, prefix="step_", digits=3, most=3)
    for number in (8, 9, 10, 1000):
        checkpoints.save(number, _packed(number))
    assert checkpoints.numbers() == [1000, 10, 9]
    assert (tmp_path / "step_010.safetensors").is_file()
    (tmp_path / "step_1000.safetensors").write_bytes(_packed()[:-1])
    saved, notes = checkpoints.newest(_accept)
    assert saved is not None
    assert saved[0]["a"].tolist() == [10.0, 10.0]
    (note,) = notes
    assert note.startswith(
        f"{tmp_path / 'step_1000.safetensors'}: skipped: checkpoint cannot be read: "
    )
