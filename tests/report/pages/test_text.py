"""The report as Markdown, CSV and JSON."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from seesawnas.report.pages.text import report_csv, report_json, report_markdown
from seesawnas.report.study.ranking import ranking_of
from seesawnas.report.study.report import StudyReport
from seesawnas.space import read_yaml, to_point
from seesawnas.study import TrialState, find_study
from tests.report.ablations import made_up
from tests.study.stored import store_study

KEYS = [
    *(
        "study",
        "objectives",
        "summary",
        "notes",
        "budget",
        "trials",
        "ranking",
        "pareto",
        "stopped",
        "failed",
        "settings",
    ),
    *("distillation", "runs", "study_file", "ablation", "importance"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> StudyReport:
    folder: Path = tmp_path_factory.mktemp("runs") / "s"
    store_study(folder, 60)
    return StudyReport(find_study(str(folder)).view(), "s", made_up())


def test_the_frame_has_a_row_a_trial_and_nothing_rounded(report: StudyReport) -> None:
    frame = pd.read_csv(io.StringIO(report_csv([report])))
    assert list(frame["trial"]) == list(range(60))
    for trial in report.study.trials:
        row = frame.loc[trial.number]
        assert row["digest"] == trial.user_attrs["digest"]
        assert row["madds"] == trial.user_attrs["madds"]
        assert str(row["stages.0.kind"]) == trial.params["stages.0.kind"]
        if trial.state is TrialState.COMPLETE:
            assert row["accuracy"] == trial.user_attrs["accuracy"]
        else:
            assert pd.isna(row["rank"])
    assert set(frame["state"]) <= {"complete", "stopped early", "failed"}
    assert list(frame.loc[frame["pareto"], "trial"]) == sorted(
        line.row.number for line in report.ranking.front
    )


def test_two_studies_are_one_frame(report: StudyReport, tmp_path: Path) -> None:
    store_study(tmp_path / "b", 5)
    both = pd.read_csv(
        io.StringIO(report_csv([report, StudyReport(find_study(str(tmp_path / "b")).view(), "b")]))
    )
    assert list(both["study"].value_counts(sort=False)) == [60, 5]


def test_json_has_its_stable_keys_and_each_spec_loads(report: StudyReport) -> None:
    values = json.loads(report_json([report]))
    assert list(values) == ["version", "studies", "published", "published_results"]
    (study,) = values["studies"]
    assert list(study) == KEYS
    assert sum(study["trials"].values()) == 60
    assert [row["rank"] for row in study["ranking"]] == list(range(1, len(study["ranking"]) + 1))
    first = study["ranking"][0]
    assert to_point(read_yaml(first["spec"], "s"), "s").spec.digest() == first["digest"]
    assert study["ablation"]["effects"][0]["verdict"] == "better"
    assert {"ref", "digest", "madds", "params", "activation_bytes", "accuracies", "source"} == set(
        values["published"][0]
    )
    known = {result["name"]: result for result in values["published_results"]}
    assert (known["FaceLiVTv2-S"]["madds"], known["FaceLiVTv2-S"]["params"]) == (179e6, 4.62e6)
    assert known["SwiftFaceFormer-S"]["madds"] is None
    assert known["AirFace"]["madds"] == 500e6  # printed as 1 G FLOPs


def test_markdown_ranks_as_the_page_does_and_escapes(report: StudyReport) -> None:
    text = report_markdown([report])
    line = ranking_of(report.study).lines[0]
    assert f"| 1 | {line.row.number} | {line.row.label} \\* | {' | '.join(line.cells)} |" in text
    assert "## Ablation of paper/seesaw\\_share" in text
    assert "\\<b\\>prelu" in text
    assert "## Published networks" in text
    assert "seesawnas compare" not in text
    searched = report_markdown([StudyReport(report.study, report.ref)])
    assert "seesawnas compare s:best paper/seesaw_share" in searched


def test_no_cell_computes_and_numbers_stay_numbers() -> None:
    labels = ["=cmd|' /C calc'!A0", "@SUM(1)\x1b[31m", "-1+1", "-0.5"]

    class Hostile:
        frame = pd.DataFrame(
            {"label": pd.Series(labels, dtype=object), "=x": [-0.5, 1.0, None, 2.0]}
        )

    text = report_csv([Hostile()])  # type: ignore[list-item]
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    assert list(frame["label"]) == ["'=cmd|' /C calc'!A0", "'@SUM(1)\\x1b[31m", "'-1+1", "-0.5"]
    assert list(frame["'=x"]) == ["-0.5", "1.0", "", "2.0"]
