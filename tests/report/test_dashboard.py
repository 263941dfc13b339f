"""What the dashboard shows of a study of networks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from seesawnas.report.dashboard import NetworkDashboardContent
from seesawnas.report.study.ranking import ranking_of
from seesawnas.space import load_point, read_yaml, to_point
from seesawnas.study import Proposal, Repeats, StudyView, Trial, TrialState, drive
from tests.study.fakes import FakeEngine, enough, record_in, small_set, uniform
from tests.study.stored import store_study

SHOWCASE = NetworkDashboardContent({"far": "/elsewhere/far away"})


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyView:
    return view(tmp_path_factory.mktemp("runs") / "s", 30)


def view(folder: Path, trials: int, *, name: str = "s") -> StudyView:
    record = store_study(folder, trials)
    spec = load_point("paper/seesaw_share").spec
    record.add(Proposal(spec, {}, "paper/seesaw_share", fixed=True))
    attributes = {
        **record.study.user_attrs,
        "provenance": '{"versions": {"torch": "2.6"}}',
        "home": "here:/x|y",
    }
    objectives = tuple(record.study.metric_names or ())
    return StudyView(
        name, 0, attributes, {}, objectives, ("maximize", "minimize"), tuple(record.trials())
    )


def first(study: StudyView, state: TrialState) -> Trial:
    return next(trial for trial in study.trials if trial.state is state)


def test_a_trial_s_note_holds_its_diagram_its_costs_its_scores_and_its_spec(
    study: StudyView,
) -> None:
    trial = first(study, TrialState.COMPLETE)
    note = SHOWCASE.trial_note(study, trial)
    digest = trial.user_attrs["digest"]
    assert f"(/artifacts/0/{trial._trial_id}/{digest}d)" in note
    assert "M MAdds" in note
    assert f"Accuracy {100 * trial.user_attrs['accuracy']:.2f} ± 1.54 %" in note
    assert f"seesawnas build s:{trial.number}" in note
    text = note.split("```yaml\n")[1].split("```")[0]
    assert to_point(read_yaml(text, "note"), "note").spec.digest() == digest
    assert max(map(len, text.splitlines())) < 90
    assert len(note) < 2500


def test_every_spec_of_a_note_is_the_trial_s(study: StudyView) -> None:
    for trial in study.trials:
        text = SHOWCASE.trial_note(study, trial).split("```yaml\n")[1].split("```")[0]
        assert to_point(read_yaml(text, "note"), "note").spec.digest() == trial.user_attrs["digest"]


def test_a_stopped_a_failed_and_a_waiting_trial_say_so(study: StudyView) -> None:
    stopped = first(study, TrialState.PRUNED)
    assert f"Stopped after epoch {stopped.user_attrs['stopped_after']}: " in SHOWCASE.trial_note(
        study, stopped
    )
    failed = first(study, TrialState.FAIL)
    assert "**Failed:** loss is not finite at step 12" in SHOWCASE.trial_note(study, failed)
    waiting = SHOWCASE.trial_note(study, first(study, TrialState.WAITING))
    assert "### paper/seesaw\\_share" in waiting
    assert "ccuracy" not in waiting


def test_a_trial_s_attributes_are_few_and_short_with_their_units(study: StudyView) -> None:
    found = SHOWCASE.trial_attributes(first(study, TrialState.COMPLETE))
    assert {
        "network",
        "MAdds (M)",
        "params (M)",
        "activations (MB)",
        "AUC",
        "TAR@FAR 1e-2",
        "seconds",
    } <= found.keys()
    assert len(found) <= 12
    assert all(len(str(value)) <= 80 for value in found.values())
    assert 120 <= float(found["MAdds (M)"]) <= 150
    assert (
        SHOWCASE.trial_attributes(first(study, TrialState.WAITING))["network"]
        == "paper/seesaw_share"
    )


def test_a_trial_s_files_are_its_diagram_and_its_spec(study: StudyView) -> None:
    trial = study.trials[-1]
    drawing, spec = SHOWCASE.attached(trial)
    assert (drawing.mimetype, spec.name) == ("image/svg+xml", f"trial_{trial.number}.yaml")
    svg = SHOWCASE.content(trial, drawing).decode()
    assert svg.startswith("<svg")
    assert "paper/seesaw_share" in svg
    text = SHOWCASE.content(trial, spec).decode()
    assert to_point(read_yaml(text, "file"), "file").spec.digest() == trial.user_attrs["digest"]


def test_the_study_s_note_holds_the_best_networks_and_every_setting(study: StudyView) -> None:
    note = SHOWCASE.study_note(study)
    best = max(
        (trial for trial in study.trials if trial.state is TrialState.COMPLETE),
        key=lambda trial: trial.values[0],
    )
    assert f"| 1&emsp; | [{best.number}](/dashboard/studies/0/trials?numbers={best.number})" in note
    assert f"seesawnas train s:{best.number} --data FACES --out s_best" in note
    assert "| `budget`&emsp; | 120.00 M..150.00 M MAdds&emsp; |" in note
    assert "| `provenance.versions.torch`&emsp; | 2.6&emsp; |" in note
    assert "here:/x\\|y" in note
    assert "1 waiting" in note
    assert SHOWCASE.study_attributes(study)["budget"] == "120.00 M..150.00 M MAdds"


def test_the_study_file_is_shown_as_it_runs_and_the_last_run_s_making_below(
    study: StudyView,
) -> None:
    recipe = f"{{label: proxy, {', '.join(f'option_{n}: {n}' for n in range(20))}}}"
    text = (
        f"budget: 150M\nengine:\n  kind: ray\n  workers: 2\nrecipe: {recipe}\nprovenance:\n  "
        "started: now\n"
    )
    runs = {"run.0": '{"git": "first"}', "run.1": '{"git": "second"}'}
    note = SHOWCASE.study_note(replace(study, attributes={"study_file": text, **runs}))
    shown = note.split("```yaml\n")[1].split("```")[0]
    whole = read_yaml(text, "file")
    assert read_yaml(shown, "note") == {
        name: value for name, value in whole.items() if name != "provenance"
    }
    assert max(map(len, shown.splitlines())) < 90
    assert "second" in note
    assert "first" not in note


def test_networks_trained_again_come_first_with_their_mean(study: StudyView) -> None:
    last = ranking_of(study).rows[-1]
    note = SHOWCASE.study_note(replace(study, repeats={last.digest: Repeats((0.80, 0.82))}))
    assert f"| 1&emsp; | [{last.number}]" in note
    assert "81.00 ± 1.00 % (2)" in note


def test_commands_name_a_study_outside_runs_by_its_path(tmp_path: Path) -> None:
    far = view(tmp_path / "far", 3, name="far")
    assert "seesawnas build '/elsewhere/far away:2'" in SHOWCASE.trial_note(far, far.trials[2])


def test_the_plots_hold_the_budget_the_front_and_the_curves(study: StudyView) -> None:
    figures = SHOWCASE.figures(study)
    assert set(figures) == {"quality_against_madds", "learning_curves"}
    pareto = json.loads(figures["quality_against_madds"])
    assert [trace["name"] for trace in pareto["data"]] == ["Pareto front", "searched", "paper"]
    assert pareto["layout"]["xaxis"]["title"]["text"] == "MAdds (millions)"
    assert pareto["layout"]["annotations"][0]["text"] == "budget 150.00 M"
    curves = json.loads(figures["learning_curves"])
    names = [trace["name"] for trace in curves["data"]]
    assert names[:3] == ["trained in full", "stopped early", "failed"]
    assert names[3] == f"best: trial {ranking_of(study).rows[0].number}"
    assert curves["layout"]["yaxis"]["title"]["text"] == "verification accuracy (%)"


def test_the_note_and_the_plot_follow_the_study_s_objectives(study: StudyView) -> None:
    titles = ("AUC", "activation bytes", "params")
    several = replace(study, objectives=titles, directions=("maximize", "minimize", "minimize"))
    note = SHOWCASE.study_note(several)
    assert "on the Pareto front of AUC, activation bytes and params;" in note
    assert "| MAdds&emsp; | params&emsp; | activation bytes&emsp; |" in note
    figures = SHOWCASE.figures(several)
    plot = json.loads(figures["quality_against_activation_bytes"])["layout"]
    assert plot["xaxis"]["title"]["text"] == "activation bytes (millions)"
    assert plot["title"]["text"] == "AUC against activation bytes"
    assert not plot.get("annotations")
    assert "front of verification accuracy and MAdds;" in SHOWCASE.study_note(study)


def test_the_plots_of_a_large_study_stay_small(tmp_path: Path) -> None:
    study = view(tmp_path / "s", 300)
    curves = json.loads(SHOWCASE.figures(study)["learning_curves"])
    drawn = {text for trace in curves["data"] for text in trace["text"]}
    assert 100 <= len(drawn) <= 101
    assert curves["layout"]["title"]["text"] == "Learning curves, the latest 100 of 300"


def test_a_study_without_a_trial_shows_its_settings_and_no_plot(tmp_path: Path) -> None:
    empty = StudyView(
        "s", 0, {"settings": '{"seed": 3}'}, {}, ("verification accuracy",), ("maximize",), ()
    )
    assert SHOWCASE.figures(empty) == {}
    note = SHOWCASE.study_note(empty)
    assert "0 trials: none yet" in note
    assert "| `seed`&emsp; | 3&emsp; |" in note


def test_what_a_real_search_stores_is_shown(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    list(drive(record, uniform(small_set()), FakeEngine(), enough(5)))
    study = StudyView(
        "s",
        0,
        record.study.user_attrs,
        {},
        ("verification accuracy",),
        ("maximize",),
        tuple(record.trials()),
    )
    assert "5 trials: 5 complete" in SHOWCASE.study_note(study)
    assert set(SHOWCASE.figures(study)) == {"quality_against_madds", "learning_curves"}
    assert all("Accuracy" in SHOWCASE.trial_note(study, trial) for trial in study.trials)
