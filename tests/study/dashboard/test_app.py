"""The study in the real optuna-dashboard, asked as a browser asks it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import create_trial

from seesawnas.study import (
    Artifact,
    Objectives,
    StudyRecord,
    StudyView,
    Trial,
    TrialState,
    dashboard_app,
    drive,
    open_storage,
)
from seesawnas.study.dashboard.api import best_trials
from tests.study.fakes import FakeEngine, enough, record_in, small_set, uniform
from tests.study.stored import store_study

optuna_dashboard = pytest.importorskip("optuna_dashboard")


@dataclass
class FakeShowcase:
    """Shows next to nothing, and counts how often it is asked."""

    asked: list[int] = field(default_factory=list)
    fault: Exception | None = None

    def study_note(self, study: StudyView) -> str:
        return "about the study"

    def study_attributes(self, study: StudyView) -> Mapping[str, str]:
        return {}

    def figures(self, study: StudyView) -> Mapping[str, str]:
        return {"plot": '{"data": [], "layout": {}}'}

    def trial_note(self, study: StudyView, trial: Trial) -> str:
        if self.fault is not None:
            raise self.fault
        self.asked.append(trial.number)
        return f"about {trial.number}"

    def trial_attributes(self, trial: Trial) -> Mapping[str, float | str]:
        return {"MAdds (M)": trial.user_attrs["madds"] / 1e6, "network": "x"}

    def attached(self, trial: Trial) -> tuple[Artifact, ...]:
        return (Artifact("abc", "a.svg", "image/svg+xml"),)

    def content(self, trial: Trial, attached: Artifact) -> bytes:
        if self.fault is not None:
            raise self.fault
        return f"<svg>{trial.number}</svg>".encode()


def ask(app: Any, path: str, method: str = "GET") -> tuple[str, bytes]:
    answer: dict[str, str] = {}
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method}
    setup_testing_defaults(environ)
    body = b"".join(app(environ, lambda status, headers, error=None: answer.update(status=status)))
    return answer["status"], body


def get(app: Any, path: str) -> Any:
    status, body = ask(app, path)
    assert status.startswith("200"), (status, body)
    return json.loads(body)


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    list(drive(record_in(tmp_path / "s"), uniform(small_set()), FakeEngine(), enough(5)))
    return tmp_path / "s"


def app_on(folder: Path, showcase: FakeShowcase | None = None) -> Any:
    return dashboard_app(open_storage(None, folder, writing=False), showcase or FakeShowcase())


def test_optuna_dashboard_itself_shows_every_trial_with_its_decisions_and_costs(
    finished: Path,
) -> None:
    app = optuna_dashboard.wsgi(open_storage(None, finished, writing=False))
    (summary,) = get(app, "/api/studies")["study_summaries"]
    assert summary["study_name"] == "s"
    detail = get(app, f"/api/studies/{summary['study_id']}")
    assert [trial["state"] for trial in detail["trials"]] == ["Complete"] * 5
    trial = detail["trials"][0]
    assert {param["name"] for param in trial["params"]} == {
        decision.name for decision in small_set().decisions
    }
    assert {"digest", "madds", "params", "auc"} <= {attr["key"] for attr in trial["user_attrs"]}


@pytest.mark.parametrize("objectives", ["accuracy", "accuracy,madds", "accuracy,madds,params"])
def test_our_answer_is_optuna_dashboard_s_but_for_what_we_add_and_leave_out(
    tmp_path: Path, objectives: str
) -> None:
    record = store_study(tmp_path / "s", 25, objectives=objectives)
    record.add(next(iter(proposals(record))))
    storage = open_storage(None, tmp_path / "s", writing=False)
    theirs = get(optuna_dashboard.wsgi(storage), "/api/studies/0")
    ours = get(dashboard_app(storage, FakeShowcase()), "/api/studies/0")
    assert ours.keys() >= theirs.keys()
    added = {
        "trials",
        "best_trials",
        "note",
        "user_attrs",
        "union_user_attrs",
        "plotly_graph_objects",
    }
    for name in theirs.keys() - added:
        assert in_order(ours[name]) == in_order(theirs[name]), name
    for entries in ("trials", "best_trials"):
        assert len(ours[entries]) == len(theirs[entries]) > 0
        for our, their in zip(ours[entries], theirs[entries], strict=True):
            assert our.keys() >= their.keys()
            assert bare(our) == bare(their)


def proposals(record: StudyRecord) -> Any:
    from seesawnas.cost import Budget
    from seesawnas.space import FeasibleSet, load_space
    from seesawnas.study import Proposal

    feasible = FeasibleSet(load_space("seesaw"), Budget.parse("150M"))
    for assignment in feasible.sample(3, seed=99).assignments():
        yield Proposal(feasible.space.choose(assignment), assignment)


def in_order(value: Any) -> Any:
    """Options sorted: optuna-dashboard says them in the order of a set."""
    if (
        isinstance(value, list)
        and value
        and isinstance(value[0], dict)
        and "distribution" in value[0]
    ):
        for space in value:
            space["distribution"].get("choices", []).sort(key=str)
    return value


def bare(trial: dict[str, Any]) -> dict[str, Any]:
    """What both say, numbers to as many digits."""
    params = [
        (p["name"], p["param_internal_value"], p["param_external_value"]) for p in trial["params"]
    ]
    points = [(point["step"], round(point["value"], 6)) for point in trial["intermediate_values"]]
    values = [round(value, 6) for value in trial.get("values", [])]
    left = {"params", "intermediate_values", "values", "note", "user_attrs", "artifacts"}
    return {k: v for k, v in trial.items() if k not in left} | {
        "params": params,
        "points": points,
        "values": values,
    }


def test_what_the_showcase_says_is_shown(finished: Path) -> None:
    app = app_on(finished)
    detail = get(app, "/api/studies/0")
    assert detail["note"]["body"] == "about the study"
    assert detail["plotly_graph_objects"] == [
        {"id": "plot", "graph_object": '{"data": [], "layout": {}}'}
    ]
    assert detail["trials"][3]["note"]["body"] == "about 3"
    assert {"key": "MAdds (M)", "sortable": True} in detail["union_user_attrs"]
    assert detail["trials"][3]["artifacts"][0]["filename"] == "a.svg"
    assert ask(app, "/artifacts/0/3/abc") == ("200 OK", b"<svg>3</svg>")
    assert get(app, "/api/meta")["artifact_is_available"] is True


@pytest.mark.parametrize("path", ["/artifacts/0/3/abcd", "/artifacts/0/99/abc"])
def test_a_file_that_is_not_there_is_not_found(finished: Path, path: str) -> None:
    assert ask(app_on(finished), path)[0].startswith("404")


def test_a_finished_trial_is_made_once_and_later_polls_get_later_trials_alone(
    finished: Path,
) -> None:
    showcase = FakeShowcase()
    app = app_on(finished, showcase)
    get(app, "/api/studies/0")
    assert [trial["number"] for trial in get(app, "/api/studies/0?after=3")["trials"]] == [3, 4]
    assert sorted(showcase.asked) == [0, 1, 2, 3, 4]


def test_a_trial_is_followed_while_it_runs(tmp_path: Path) -> None:
    record = record_in(tmp_path / "s")
    app = app_on(tmp_path / "s")
    seen = []
    for _ in drive(record, uniform(small_set()), FakeEngine(), enough(3)):
        detail = get(app, "/api/studies/0")
        seen.append(
            [(trial["state"], len(trial["intermediate_values"])) for trial in detail["trials"]]
        )
    assert ("Running", 0) in seen[0]
    assert any(("Running", 1) in trials for trials in seen)
    assert seen[-1] == [("Complete", 2)] * 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/studies/0"),
        ("POST", "/api/studies/0/rename"),
        ("PUT", "/api/studies/0/note"),
        ("POST", "/api/trials/0/tell"),
        ("POST", "/api/trials/0/user-attrs"),
        ("POST", "/api/studies"),
    ],
)
def test_nothing_can_be_changed_through_it(finished: Path, method: str, path: str) -> None:
    before = (finished / "journal.log").read_bytes()
    status, body = ask(app_on(finished), path, method)
    assert status.startswith("403")
    assert "read-only" in json.loads(body)["reason"]
    assert (finished / "journal.log").read_bytes() == before


def test_looking_writes_nothing(finished: Path) -> None:
    before = {path.name: path.read_bytes() for path in finished.iterdir()}
    app = app_on(finished)
    for path in (
        "/api/studies",
        "/api/studies/0",
        "/api/studies/0/param_importances",
        "/csv/0",
        "/dashboard/studies/0",
    ):
        assert ask(app, path)[0].startswith("200")
    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before


def test_it_goes_on_where_a_killed_driver_s_torn_line_was_mended(finished: Path) -> None:
    journal = finished / "journal.log"
    with journal.open("ab") as file:
        file.write(b'{"op_code": 4, "worker_')
    app = app_on(finished)
    assert len(get(app, "/api/studies/0")["trials"]) == 5
    list(drive(record_in(finished), uniform(small_set()), FakeEngine(), enough(7)))
    assert [trial["state"] for trial in get(app, "/api/studies/0")["trials"]] == ["Complete"] * 7


def test_what_a_person_wrote_with_optuna_dashboard_stays_below_ours(finished: Path) -> None:
    study = record_in(finished).study
    optuna_dashboard.save_note(study, "x" * 3000 + " a person's words")
    body = get(app_on(finished), "/api/studies/0")["note"]["body"]
    assert body.startswith("about the study\n---\n")
    assert body.endswith("x a person's words")


def test_a_fault_of_ours_costs_the_notes_not_the_page(
    finished: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    app = app_on(finished, FakeShowcase(fault=ValueError("no such block\nkind")))
    for _ in range(2):
        assert len(get(app, "/api/studies/0")["trials"]) == 5
    assert ask(app, "/artifacts/0/3/abc")[0].startswith("500")
    assert capfd.readouterr().err.splitlines() == [
        "study 0: shown without notes: ValueError: kind",
        "abc: cannot be drawn: ValueError: kind",
    ]


def test_another_program_s_study_is_shown_as_it_is(tmp_path: Path) -> None:
    storage = open_storage(None, tmp_path / "s", writing=True)
    study = optuna.create_study(storage=storage, study_name="other")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    theirs = get(optuna_dashboard.wsgi(storage), "/api/studies/0")
    assert get(dashboard_app(storage, FakeShowcase()), "/api/studies/0") == theirs


def test_a_storage_that_goes_away_is_one_line(
    finished: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    app = app_on(finished)
    (finished / "journal.log").unlink()
    for _ in range(3):
        assert ask(app, "/api/studies/0")[0].startswith("500")
    lines = capfd.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 2
    assert "Traceback" not in "".join(lines)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), max_size=30))
def test_the_front_holds_exactly_the_trials_that_no_other_beats(
    values: list[tuple[int, int, int]],
) -> None:
    trials = [create_trial(values=[float(v) for v in triple]) for triple in values]
    for number, trial in enumerate(trials):
        trial.number = number
    front = [trial.number for trial in best_trials(trials)]

    def beats(a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
        return a != b and a[0] >= b[0] and a[1] <= b[1] and a[2] <= b[2]

    assert front == [
        n for n, mine in enumerate(values) if not any(beats(other, mine) for other in values)
    ]


def test_a_trial_of_a_large_study_is_a_few_kilobytes_on_its_way(tmp_path: Path) -> None:
    from seesawnas.report.dashboard import NetworkDashboardContent

    record = store_study(tmp_path / "s", 100)
    assert record.objectives == Objectives.parse("accuracy,madds")
    assert len(record.trials(TrialState.COMPLETE)) > 50
    storage = open_storage(None, tmp_path / "s", writing=False)
    detail = get(dashboard_app(storage, NetworkDashboardContent({})), "/api/studies/0")
    assert len(json.dumps(detail["trials"])) / 100 < 6000
