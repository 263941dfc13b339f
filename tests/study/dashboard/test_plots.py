"""Optuna's plots of large studies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seesawnas.study.dashboard.plots import DECISIONS, LATEST, TRIALS, bounded_plot
from seesawnas.study.library.view import StoredStudy, find_study
from tests.study.stored import store_study

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", params=["accuracy", "accuracy,madds"])
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StoredStudy:
    folder = tmp_path_factory.mktemp("runs") / "s"
    store_study(folder, 700, objectives=request.param)
    return find_study(folder)


def plot(stored: StoredStudy, kind: str) -> dict[str, Any]:
    text = bounded_plot(stored.storage, stored.number, kind)
    assert text is not None
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize(
    ("kind", "pairs"), [("contour", DECISIONS * (DECISIONS - 1)), ("rank", DECISIONS**2)]
)
def test_plots_of_pairs_take_some_decisions_and_say_so(
    stored: StoredStudy, kind: str, pairs: int
) -> None:
    found = plot(stored, kind)
    drawn = sum(
        len(trace.get("x") or []) > 0 for trace in found["data"] if trace["type"] == "scatter"
    )
    assert pairs <= drawn <= pairs + 1  # and a bar of colours
    assert f"{DECISIONS} of 24 decisions" in found["layout"]["title"]["text"]


@pytest.mark.parametrize("kind", ["slice", "parallel_coordinate", "rank", "contour"])
def test_no_plot_shows_more_trials_than_the_most(stored: StoredStudy, kind: str) -> None:
    text = bounded_plot(stored.storage, stored.number, kind)
    assert text is not None
    assert len(text) < 6e6
    complete = sum(trial.state.name == "COMPLETE" for trial in stored.view().trials)
    assert complete > TRIALS
    assert f"of {complete} trials" in json.loads(text)["layout"]["title"]["text"]


def test_the_timeline_is_of_the_latest_trials(stored: StoredStudy) -> None:
    assert (
        f"the latest {LATEST} of 700 trials" in plot(stored, "timeline")["layout"]["title"]["text"]
    )


def test_a_small_study_is_drawn_whole_and_other_plots_are_optuna_dashboards(tmp_path: Path) -> None:
    store_study(tmp_path / "s", 12)
    found = find_study(tmp_path / "s")
    assert "of" not in plot(found, "slice")["layout"]["title"]["text"]
    assert bounded_plot(found.storage, found.number, "edf") is None
