"""An ablation in the dashboard's note and plots, and in the report: the same figures everywhere."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from seesawnas.ablation import verdict_words
from seesawnas.report.api import Study
from seesawnas.report.dashboard import NetworkDashboardContent
from seesawnas.report.pages.report import report_html
from seesawnas.report.pages.text import report_markdown
from seesawnas.report.plots.study import study_figures
from seesawnas.report.study.ablation import arm_rows, effect_rows
from seesawnas.report.study.notes import study_note
from seesawnas.report.study.report import StudyReport
from seesawnas.study import StudyView, find_study
from seesawnas.study.dashboard.api import StudyJson
from tests.ablation.small import Runs, write_networks
from tests.faces import write_folder
from tests.report.pages.reading import data_of


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.chdir(tmp_path)
    write_networks()
    write_folder(Path("faces"))
    return Runs()


@pytest.fixture
def study(runs: Runs) -> StudyView:
    runs(factors="se,kind", levels={"se": [0], "kind": ["shuffle"]}, design="full", seeds=4)
    return find_study("a").view()


def test_the_note_says_what_each_choice_is_worth_instead_of_which_training_was_best(
    study: StudyView,
) -> None:
    note = study_note(study, "a")
    assert "Effect of each choice, relative to small" in note
    assert "se=0 is worse than se=4" in note.replace("\\", "")
    assert "Best networks" not in note
    assert "Effects against the base" in study_figures(study)["ablation"]


def test_note_report_and_text_have_the_same_figures(study: StudyView) -> None:
    report = StudyReport.of(study, "a")
    assert report.ablation is not None
    texts = [
        study_note(study, "a"),
        report_markdown([report]),
        html.unescape(report_html([report])),
    ]
    cells = [
        cell for row in (*effect_rows(report.ablation), *arm_rows(report.ablation)) for cell in row
    ]
    for words in (*cells, *verdict_words(report.ablation)):
        assert all(words in text.replace("\\", "") for text in texts), words


def test_the_mapping_of_a_report_holds_the_whole_ablation(study: StudyView, runs: Runs) -> None:
    values = StudyReport.of(study, "a").to_mapping()["ablation"]
    assert json.loads(json.dumps(values)) == json.loads(json.dumps(runs.result.to_mapping()))


def test_before_the_first_training_is_done_it_says_so(runs: Runs) -> None:
    runs(stop=lambda event: True, factors="se", levels={"se": [0]}, seeds=1)
    view = find_study("a").view()
    assert "no seed is finished" in study_note(view, "a")
    assert "ablation" not in study_figures(view)


def test_no_single_training_is_ranked_or_on_a_front(study: StudyView) -> None:
    report = StudyReport.of(study, "a")
    page, text = report_html([report]), report_markdown([report])
    details = data_of(page, "details")
    titles = [about["title"] for key, about in details.items() if key.startswith("0:")]
    assert (
        len(titles)
        == len({trial.user_attrs["digest"] for trial in study.trials})
        < len(study.trials)
    )
    for words in (*titles, page[page.index("<article") : page.index("</article>")], text):
        assert "Rank 1" not in words
        assert "Pareto front" not in words
    entries = report.to_mapping()["ranking"]
    assert [(entry["rank"], entry["pareto"]) for entry in entries] == [(None, False)] * len(titles)
    assert [entry["repeats"]["n"] for entry in entries] == [4] * len(titles)
    assert report.to_mapping()["pareto"] == []
    frame = report.frame
    assert len(frame) == len(study.trials)
    assert bool(frame["rank"].isna().all())
    assert not bool(frame["pareto"].any())
    means = frame.groupby("digest")[
        "accuracy" if study.metric == "accuracy" else study.metric
    ].mean()
    kept = frame.groupby("digest")["repeats_mean"].first()
    assert means.to_dict() == pytest.approx(kept.to_dict())


def test_in_python_an_ablation_has_networks_and_no_front(study: StudyView) -> None:
    found = Study("a")
    assert found.pareto().empty
    assert [row.repeats and row.repeats.n for row in found.ranked] == [4] * len(found.ranked)
    assert "<th>rank" not in found._repr_html_().replace(' class=""', "")
    assert best_of(study) == "[]"


def best_of(study: StudyView) -> str:
    found = json.loads(StudyJson(NetworkDashboardContent({})).text(study))["best_trials"]
    return json.dumps(found)
