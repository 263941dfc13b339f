"""The examples that engineers copy.

Each runs as it stands, writes under runs/ alone, and is right.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import seesawnas as sn
from seesawnas.ablation import read_ablation
from seesawnas.study import TrialState

EXAMPLES = Path(__file__).parents[1] / "studies" / "examples"
pytestmark = pytest.mark.slow


def run(name: str, folder: Path) -> str:
    """What the example prints on one core."""
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parents[1]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in folder.iterdir()] == ["runs"]
    return done.stdout


def test_search_leaves_a_study_and_goes_on_with_it(tmp_path: Path) -> None:
    first = run("search.py", tmp_path)
    study = sn.Study(tmp_path / "runs" / "example_search")
    assert [trial.state for trial in study] == [TrialState.COMPLETE] * 3
    assert study.best().digest() in first
    assert (tmp_path / "runs" / "example_search" / "pareto.html").is_file()
    again = run("search.py", tmp_path)
    assert "trial 0" not in again
    assert again.splitlines()[0] == repr(sn.Study(tmp_path / "runs" / "example_search"))


def test_train_leaves_a_network_that_loads(tmp_path: Path) -> None:
    said = run("train.py", tmp_path)
    network = sn.load_model(tmp_path / "runs" / "example_train")
    assert network.spec.digest() in said
    assert sorted(path.name for path in (tmp_path / "runs" / "example_train").iterdir()) == [
        "model.safetensors",
        "spec.yaml",
    ]


def test_ablate_leaves_a_study_that_is_read_as_an_ablation(tmp_path: Path) -> None:
    said = run("ablate.py", tmp_path)
    view = sn.Study(tmp_path / "runs" / "example_ablation").view
    found = read_ablation(view.name, view.attributes, view.trials)
    assert found is not None
    assert [len(arm.values) for arm in found.arms] == [2, 2]
    assert "se=0 against se=4" in said
    assert json.loads(str(view.attributes["settings"]))["factors"] == {"se": ["4", "0"]}
