"""The ranking of a study, of which every table is a view.

A metric, or a cost, is declared in one place.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from seesawnas.cost import COSTS, CostKind
from seesawnas.evaluation.metrics import METRICS, Metric
from seesawnas.report.dashboard import NetworkDashboardContent
from seesawnas.report.study.frame import trials_frame
from seesawnas.report.study.ranking import objective_names, ranking_of
from seesawnas.study import Objectives, StudyView, TrialState, find_study
from tests.study.stored import store_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyView:
    folder: Path = tmp_path_factory.mktemp("runs") / "s"
    store_study(folder, 12)
    return find_study(str(folder)).view()


def test_a_new_metric_and_a_new_cost_show_everywhere_once_they_stand_in_their_tables(
    study: StudyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METRICS, "rank_1", Metric("rank_1", "rank-1 identification", "rank-1"))
    monkeypatch.setitem(COSTS, "flops", CostKind("flops", "FLOPs", "FLOPs"))
    objectives = Objectives.parse("rank_1,flops")
    assert objectives.titles == ("rank-1 identification", "FLOPs")
    assert objectives.directions == ["maximize", "minimize"]

    trials = deepcopy(study.trials)
    for trial in trials:
        trial._user_attrs |= {
            "rank_1": 0.5 + trial.number / 100,
            "flops": 2 * trial.user_attrs["madds"],
        }
        if trial.state is TrialState.COMPLETE:
            trial.values = [trial.user_attrs["rank_1"], trial.user_attrs["flops"]]
    told = replace(study, trials=tuple(trials), objectives=objectives.titles)
    assert told.sought == objectives

    ranking = ranking_of(told)
    first = ranking.lines[0]
    last = max(trial.number for trial in trials if trial.state is TrialState.COMPLETE)
    assert first.row.number == last
    cells = dict(zip(ranking.heads, first.cells, strict=True))
    assert cells["rank-1"] == f"{50 + last:.2f} %"
    assert cells["FLOPs"].endswith(" M")
    assert objective_names(objectives) == "rank-1 identification and FLOPs"
    assert {"rank_1", "flops"} <= first.row.to_mapping().keys()
    assert {"rank_1", "flops"} <= set(trials_frame(told).columns)
    shown = NetworkDashboardContent({}).trial_attributes(trials[last])
    assert shown["rank-1"] == pytest.approx(0.5 + last / 100)
    assert shown["FLOPs (M)"] == round(2 * trials[last].user_attrs["madds"] / 1e6, 3)


def test_the_front_is_best_first_in_tables_and_cheapest_first_where_it_is_listed(
    study: StudyView,
) -> None:
    ranking = ranking_of(study)
    assert [line.row for line in ranking.front] == [
        row for row in ranking.rows if row in ranking.pareto
    ]
    assert [row.madds for row in ranking.pareto] == sorted(row.madds for row in ranking.pareto)
