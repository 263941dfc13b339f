"""The report's page: what it holds, what it escapes, and that it says what the dashboard says."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from seesawnas.analysis.importance import (
    BandImportance,
    DecisionImportance,
    Importance,
    OptionEffect,
)
from seesawnas.report.dashboard import NetworkDashboardContent
from seesawnas.report.pages.report import report_html
from seesawnas.report.study.report import StudyReport
from seesawnas.space import load_point
from seesawnas.study import Repeats, StudyView, drive, find_study
from tests.report.ablations import made_up
from tests.report.pages.reading import data_of
from tests.study.fakes import FakeEngine, enough, record_in, small_set, uniform
from tests.study.stored import store_study

NASTY = '<img src=x onerror="alert(1)"></script>'


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyView:
    folder = tmp_path_factory.mktemp("runs") / "s"
    store_study(folder, 30)
    return find_study(str(folder)).view()


@pytest.fixture(scope="module")
def page(study: StudyView) -> str:
    return report_html([StudyReport(study, "s")])


def test_it_needs_no_network_and_says_so_to_the_browser(page: str) -> None:
    assert page.startswith("<!doctype html>")
    assert not re.search(
        r"<(script|link|img|iframe)[^>]+(src|href)=", page.split('id="details"')[0]
    )
    policy = html.unescape(page.split('Content-Security-Policy" content="')[1].split('"')[0])
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]


def test_every_script_that_runs_is_allowed_by_its_hash(page: str) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 4
    for script in scripts:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in html.unescape(
            page[:3000]
        )


def test_it_holds_every_section_and_each_figure_s_plot(page: str) -> None:
    for words in (
        "Summary",
        "Pareto front",
        "Learning curves",
        "Decisions",
        "Ranking",
        "What was run",
        "Published networks",
    ):
        assert f"<h2>{words}</h2>" in page
    for name in ("front-0", "curves-0", "decisions-0"):
        assert f'data-figure="{name}"' in page
        assert data_of(page, f"figure-{name}")["data"]
    assert "Importance</h2>" not in page
    assert "Ablation</h2>" not in page


def test_the_published_layer_lies_on_axes_of_its_own(page: str) -> None:
    figure = data_of(page, "figure-front-0")
    layers = {trace["name"]: trace.get("xaxis", "x") for trace in figure["data"]}
    assert layers["published: Seesaw"] == layers["published: others"] == "x2"
    assert layers["searched"] == layers["Pareto front"] == "x"
    share = load_point("paper/seesaw_share")
    known = next(trace for trace in figure["data"] if trace["name"] == "published: results only")
    assert known["xaxis"] == "x2"
    assert (151.9, 99.78) in zip(known["x"], known["y"], strict=True)  # EdgeFace-S
    trace = next(trace for trace in figure["data"] if trace["name"] == "published: Seesaw")
    place = trace["customdata"].index("paper/seesaw_share")
    assert (trace["x"][place], trace["y"][place]) == (145.762816, share.published.accuracies["lfw"])


def test_it_agrees_with_the_dashboard_to_the_digit(study: StudyView, page: str) -> None:
    showcase = NetworkDashboardContent({})
    note = showcase.study_note(study)
    rows = data_of(page, "page")["studies"][0]["rows"]
    shown = [line for line in note.splitlines() if re.match(r"\| \d+&emsp;", line)]
    assert len(shown) == 10
    for line, row in zip(shown, rows, strict=False):
        cells = [cell.replace("&emsp;", "").strip() for cell in line.strip("| ").split("|")]
        number = re.match(r"\[(\d+)\]", cells[1])
        assert number is not None
        assert [cells[0], number[1], *cells[3:]] == [str(row[0]), str(row[1]), *row[4]]
    assert html.escape(note.split("\n\n")[1], quote=False) in page
    details = data_of(page, "details")
    for row in rows:
        trial_note = showcase.trial_note(study, study.trials[row[1]])
        about = details[f"0:{row[1]}"]
        assert about["measured"] in trial_note
        assert (
            about["costs"].split(" · ")[:3]
            == re.findall(r"[\d.]+ \w+(?: \w+)+", trial_note.replace("*", ""))[:3]
        )
        assert about["spec"].strip() in trial_note
    figures = showcase.figures(study)
    theirs, ours = json.loads(figures["quality_against_madds"]), data_of(page, "figure-front-0")
    for one, other in zip(theirs["data"], ours["data"], strict=False):
        assert (one["x"], one["y"], one.get("hovertext")) == (
            other["x"],
            other["y"],
            other.get("hovertext"),
        )
    assert (
        json.loads(figures["learning_curves"])["data"] == data_of(page, "figure-curves-0")["data"]
    )


def test_every_ranked_network_has_its_spec_and_the_front_and_the_best_their_diagram(
    study: StudyView, page: str
) -> None:
    report, details = StudyReport(study, "s"), data_of(page, "details")
    for line in report.ranking.lines:
        about = details[f"0:{line.row.number}"]
        assert "stages:" in about["spec"]
        assert about["svg"].startswith("<svg")
        assert about["command"].startswith(f"seesawnas build s:{line.row.number} ")
    assert details["paper/seesaw_share"]["svg"].startswith("<svg")
    assert details["paper/seesaw_share"]["measured"].startswith("LFW 99.55 %")


def test_markup_in_labels_names_and_attributes_is_shown_and_never_read(tmp_path: Path) -> None:
    record = store_study(tmp_path / "s", 12)
    record.study.set_user_attr("study_file", f"study: {NASTY}\n")
    record.study.set_user_attr(
        "run.0", json.dumps({"command": ["seesawnas", NASTY], "data": NASTY})
    )
    view = find_study(str(tmp_path / "s")).view()
    for trial in view.trials:
        trial.user_attrs["label"] = NASTY
    page = report_html([StudyReport(replace(view, name=NASTY), NASTY)] * 2)
    assert "<img" not in page
    assert page.count("</script>") == page.count("<script")
    front = data_of(page, "figure-front-0")
    paper = next(trace for trace in front["data"] if trace["name"] == "paper")
    assert "<img" not in paper["text"][0] + paper["hovertext"][0]
    assert "&lt;img" in paper["text"][0]
    best = next(iter(data_of(page, "details").values()))
    assert "<img" not in best["svg"]


def test_an_ablation_and_an_importance_are_sections_where_they_are_there(study: StudyView) -> None:
    options = (OptionEffect(1, 20, -0.01), OptionEffect(2, 20, 0.01))
    depth = DecisionImportance("stages.0.depth", 0.9, 0.4, 0.1, 40, options)
    importance = Importance(
        "s", "accuracy", (BandImportance(120_000_000, 150_000_000, 40, 5, 0.5, None, (depth,)),)
    )
    page = report_html([StudyReport(study, "s", made_up(), importance)])
    assert "Ablation</h2>" in page
    assert "stages.0.depth (0.400" in page
    assert data_of(page, "figure-importance-0")["data"]
    assert "Verdicts for 4 effects: 1 better, 1 worse, 2 not resolvable." in page
    assert "&lt;b&gt;prelu&lt;/b&gt;" in page
    assert data_of(page, "figure-forest-0")["data"]
    assert data_of(page, "figure-interactions-0")["data"]


def test_a_study_without_a_complete_trial_still_has_a_page_that_says_so(tmp_path: Path) -> None:
    record_in(tmp_path / "s")
    view = find_study(str(tmp_path / "s")).view()
    page = report_html([StudyReport.of(view, "s")])
    assert "0 trials: none yet." in page
    assert "No trial is complete yet, so there is no ranking." in page
    assert "Ranking</h2>" not in page


def test_networks_trained_again_are_told_by_their_mean(study: StudyView) -> None:
    last = StudyReport(study, "s").ranking.lines[-1].row
    again = StudyReport(replace(study, repeats={last.digest: Repeats((0.80, 0.82))}), "s")
    assert "verification accuracy 81.00 ± 1.00 % over 2 new seeds" in " ".join(again.sentences)
    rows = data_of(report_html([again]), "page")["studies"][0]["rows"]
    assert rows[0][4][0] == "81.00 ± 1.00 % (2)"


def test_studies_judged_alike_share_a_front_and_others_do_not(
    tmp_path: Path, study: StudyView
) -> None:
    store_study(tmp_path / "other", 20, seed=0)
    other = find_study(str(tmp_path / "other")).view()
    alike = report_html([StudyReport(study, "s"), StudyReport(other, "other")])
    assert "they share one front" in alike
    names = [trace["name"] for trace in data_of(alike, "figure-joint")["data"]]
    assert names == ["Pareto front", "s", "other"]
    settings = {**json.loads(other.attributes["settings"]), "data": "others"}
    changed = replace(other, attributes={"settings": json.dumps(settings)})
    unlike = report_html([StudyReport(study, "s"), StudyReport(changed, "other")])
    assert "They differ in data, so each has its own front" in unlike
    assert [trace["name"] for trace in data_of(unlike, "figure-joint")["data"]].count(
        "Pareto front"
    ) == 2


def test_what_a_real_search_stores_is_reported(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    list(drive(record, uniform(small_set()), FakeEngine(), enough(5)))
    report = StudyReport.of(find_study(str(tmp_path / "s")).view(), "s")
    assert report.sentences[0] == "5 trials: 5 complete. Objectives: verification accuracy."
    assert data_of(report_html([report]), "page")["studies"][0]["rows"][0][0] == 1
