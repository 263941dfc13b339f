"""A real ablation killed with SIGKILL.

The same command goes on, and ends with the figures of one that was left alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from seesawnas.space import write_yaml
from tests.ablation.small import SMALL
from tests.faces import write_folder
from tests.killing import finished, killed, measured

pytestmark = pytest.mark.processes

COMMAND = ["ablate", "small.yaml", "--factors", "se,kind", "--levels", "se=0 kind=plain"]
COMMAND += ["--seeds", "2", "--data", "faces"]
COMMAND += ["--epochs", "2", "--resolution", "32", "--engine", "local", "--workers", "2"]


@pytest.mark.slow
def test_an_ablation_that_was_killed_twice_ends_as_one_that_was_left_alone(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(write_yaml(SMALL))
    write_folder(tmp_path / "faces")
    for done in (1, 3):
        killed(tmp_path, COMMAND, "killed", done=done)
    again, whole = (finished(tmp_path, COMMAND, study) for study in ("killed", "alone"))
    assert again["effects"] == whole["effects"]
    assert again["arms"] == whole["arms"]
    assert measured(tmp_path, "killed") == measured(tmp_path, "alone") == 6
