"""A real confirmation killed with SIGKILL.

The same command goes on, and ends with the verdicts of one that was left alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.confirmation.small import write_networks
from tests.faces import write_folder
from tests.killing import finished, killed, measured

pytestmark = pytest.mark.processes

COMMAND = ["confirm", "small.yaml", "poor.yaml", "near.yaml", "--seeds", "3", "--data", "faces"]
COMMAND += ["--epochs", "2", "--resolution", "32", "--engine", "local", "--workers", "2"]


@pytest.mark.slow
def test_a_confirmation_that_was_killed_twice_ends_as_one_that_was_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_networks()
    write_folder(tmp_path / "faces")
    for done in (2, 5):
        killed(tmp_path, COMMAND, "killed", done=done)
    again, whole = (finished(tmp_path, COMMAND, study) for study in ("killed", "alone"))
    assert again["race"] == whole["race"]
    assert again["arms"] == whole["arms"]
    assert measured(tmp_path, "killed") == measured(tmp_path, "alone") == 9
