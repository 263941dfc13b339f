"""The study in the real optuna-dashboard, asked as a browser asks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from seesawnas.study import drive, open_storage
from tests.study.fakes import FakeEngine, enough, record_in, small_set, uniform

optuna_dashboard = pytest.importorskip("optuna_dashboard")


def get(app: Any, path: str) -> Any:
    answer: dict[str, str] = {}
    environ: dict[str, Any] = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    body = b"".join(app(environ, lambda status, headers, error=None: answer.update(status=status)))
    assert answer["status"].startswith("200"), (answer, body)
    return json.loads(body)


def test_the_dashboard_shows_every_trial_with_its_decisions_and_costs(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    list(drive(record, uniform(small_set()), FakeEngine(), enough(5)))
    app = optuna_dashboard.wsgi(open_storage(None, tmp_path / "s", writing=False))
    (summary,) = get(app, "/api/studies")["study_summaries"]
    assert summary["study_name"] == "s"
    detail = get(app, f"/api/studies/{summary['study_id']}")
    assert [trial["state"] for trial in detail["trials"]] == ["Complete"] * 5
    trial = detail["trials"][0]
    assert {param["name"] for param in trial["params"]} == {decision.name for decision in small_set().decisions}
    assert {"digest", "madds", "params", "auc"} <= {attr["key"] for attr in trial["user_attrs"]}
