"""The example that gives a study to MLflow, with a module that keeps what MLflow is told."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import seesawnas as sn

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "trackers" / "to_mlflow.py"
STUDY = ROOT / "tests" / "compat" / "v0_1" / "studies" / "search_0_1"


class KeptRuns(ModuleType):
    """What of ``mlflow`` the example calls."""

    def __init__(self) -> None:
        super().__init__("mlflow")
        self.experiment = ""
        self.runs: dict[str, dict[str, Any]] = {}
        self._open: dict[str, Any] = {}

    def set_experiment(self, name: str) -> None:
        self.experiment = name

    @contextmanager
    def start_run(self, *, run_name: str) -> Iterator[None]:
        self.runs[run_name] = self._open = {}
        yield

    def log_params(self, params: dict[str, str]) -> None:
        self._open.update(params)

    def log_metrics(self, metrics: dict[str, float]) -> None:
        assert all(type(value) is float for value in metrics.values())
        self._open.update(metrics)


def test_every_complete_trial_is_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptRuns()
    monkeypatch.setitem(sys.modules, "mlflow", kept)
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE), str(STUDY)])
    runpy.run_path(str(EXAMPLE))
    study = sn.Study(STUDY)
    complete = study.frame().query("state == 'complete'")
    assert kept.experiment == study.name
    assert list(kept.runs) == [f"{study.name}:{number}" for number in complete.index]
    assert [run["auc"] for run in kept.runs.values()] == complete["auc"].tolist()
    assert [run["digest"] for run in kept.runs.values()] == complete["digest"].tolist()
