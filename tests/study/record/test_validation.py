"""What strangers, other versions and damage put into a study.

Shown as far as it can be, or one line that names the trial.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seesawnas.errors import StudyError
from seesawnas.io.stored_json import DEEPEST, stored_json, too_deep
from seesawnas.report.api import Study
from seesawnas.report.pages.report import report_html
from seesawnas.report.pages.text import report_csv, report_json, report_markdown
from seesawnas.report.study.report import StudyReport
from seesawnas.study import Proxy, StudyRecord, TrialState, find_study, open_storage, trial_point
from tests.study import storage_fuzz
from tests.study.fakes import measured, record_in, small_set
from tests.study.proposals import proposal


def stored(folder: Path, url: str | None = None) -> StudyRecord:
    """Three complete trials and one that waits."""
    record = StudyRecord(
        open_storage(url, folder, writing=True), folder.name, small_set().decisions
    )
    record.require_settings({"budget": [0, 1_000_000], "seed": 0})
    for number in range(4):
        record.add(proposal(number))
    for number in range(3):
        record.next_waiting()
        record.complete(number, measured(0.6 + number / 10))
    return record


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Rewrite each line of a journal."""
    journal = folder / "journal.log"
    logs = [json.loads(line) for line in journal.read_bytes().splitlines()]
    for log in logs:
        change(log)
    journal.write_text("".join(json.dumps(log) + "\n" for log in logs))


def attribute(trial: int, name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Give a trial another value of an attribute, or none where ``value`` is ``...``."""
    count = iter(range(1000))

    def change(log: dict[str, Any]) -> None:
        number = next(count) if log["op_code"] == 4 else log.get("trial_id")
        kept = log.get("user_attrs" if log["op_code"] == 4 else "user_attr", {})
        if number == trial and name in kept:
            if value is ...:
                kept["other"] = kept.pop(name)
            else:
                kept[name] = value

    return change


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("madds", "abc", "madds: must be a whole number, got 'abc'"),
        ("madds", 1.5, "madds: must be a whole number, got 1.5"),
        ("madds", float("nan"), "madds: must be a whole number, got nan"),
        ("madds", -1, "madds: must be from 0"),
        ("madds", 10**400, "madds: must be from 0"),
        ("params", True, "params: must be a whole number, got True"),
        ("accuracy", "x", "accuracy: must be a number, got 'x'"),
        ("accuracy", float("nan"), "accuracy: must be from 0 to 1, got nan"),
        ("auc", float("inf"), "auc: must be from 0 to 1, got inf"),
        ("seconds", -1.0, "seconds: must be from 0 to 1e+15"),
        ("separation", float("-inf"), "separation: must be from -1e+15 to 1e+15"),
        ("accuracy_std", 10**30, "accuracy_std: must be from 0 to"),
        ("label", {"a": 1}, "label: must be text, got a mapping of 1"),
        ("digest", ..., "digest: is required, got nothing"),
        ("spec", ..., "spec: is required, got nothing"),
        ("spec", None, "spec: must be text, got nothing"),
        ("accuracy", ..., "accuracy: is required, got nothing"),
    ],
)
def test_a_damaged_attribute_leaves_its_trial_out_of_reports_and_stops_a_search(
    tmp_path: Path, name: str, value: Any, fault: str
) -> None:
    stored(tmp_path / "s")
    edit(tmp_path / "s", attribute(1, name, value))
    view = find_study(tmp_path / "s").view()
    assert [trial.number for trial in view.trials] == [0, 2, 3]
    assert [(one.number, one.reason.startswith(fault)) for one in view.skipped] == [(1, True)]
    with pytest.raises(StudyError) as caught:
        record_in(tmp_path / "s")
    assert str(caught.value).startswith(f"study s, trial 1: {fault}")
    with pytest.raises(StudyError, match="trial 1: "):
        trial_point(f"{tmp_path}/s:1")
    assert trial_point(f"{tmp_path}/s:best") is not None


def test_every_format_says_which_trials_are_left_out_and_why(tmp_path: Path) -> None:
    stored(tmp_path / "s")
    edit(tmp_path / "s", attribute(1, "madds", "abc"))
    reports = [StudyReport.of(find_study(tmp_path / "s").view(), "s")]
    why = "madds: must be a whole number, got 'abc'"
    (values,) = json.loads(report_json(reports))["studies"]
    assert values["notes"] == [f"trial 1: {why}; ignored"]
    assert values["trials"]["complete"] == 2
    assert "trial 1: madds: must be a whole number" in report_markdown(reports)
    assert "trial 1: madds: must be a whole number" in report_html(reports)
    (line,) = [line for line in report_csv(reports).splitlines() if line.startswith("s,1,")]
    assert line.startswith("s,1,left out,")
    assert why in line
    assert Study(tmp_path / "s").notes == tuple(values["notes"])
    with pytest.raises(StudyError, match="which is ignored: madds"):
        Study(tmp_path / "s").spec(1)


def test_what_another_version_added_is_kept_and_not_read(tmp_path: Path) -> None:
    record = stored(tmp_path / "s")
    record.study.set_user_attr("later", {"deep": [1, {"a": None}]})
    edit(tmp_path / "s", lambda log: log.get("user_attrs", {}).update(novel=[1, 2]))
    assert not find_study(tmp_path / "s").view().notes
    assert record_in(tmp_path / "s").trials()[0].user_attrs["novel"] == [1, 2]
    proxy = Proxy()
    values = {**proxy.to_mapping(), "new": 1}
    values["recipe"] = {**values["recipe"], "new_field": 1}
    assert Proxy.from_mapping(values) == proxy
    with pytest.raises(TypeError):
        Proxy.from_mapping({**values, "resolution": "32"})


def test_a_study_of_a_newer_format_is_refused_with_what_to_do(tmp_path: Path) -> None:
    record = stored(tmp_path / "s")
    record.study.set_user_attr("format", 2)
    for enter in (lambda: record_in(tmp_path / "s"), lambda: find_study(tmp_path / "s").view()):
        with pytest.raises(StudyError, match="update seesawnas"):
            enter()


@pytest.mark.parametrize("settings", ["{not json", "[1]", "[" * 100_000, 5, None])
def test_settings_that_cannot_be_read_are_said_by_reports_and_refused_by_a_search(
    tmp_path: Path, settings: Any
) -> None:
    record = stored(tmp_path / "s")
    record.study.set_user_attr("settings", settings)
    view = find_study(tmp_path / "s").view()
    assert len(view.trials) == 4
    assert view.notes[0].startswith("settings: must be the JSON text of a mapping, got ")
    with pytest.raises(StudyError, match=r"^study s: settings: must be"):
        record_in(tmp_path / "s")


def test_a_network_that_cannot_be_read_is_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    stored(tmp_path / "s")
    edit(tmp_path / "s", attribute(2, "spec", "[1, 2"))
    report = StudyReport.of(find_study(tmp_path / "s").view(), "s")
    assert [line.row.number for line in report.ranking.lines] == [2, 1, 0]
    assert report.notes[0].startswith("trial 2: spec: line ")
    assert report_html([report])
    with pytest.raises(StudyError, match="trial 2: spec: line 2"):
        trial_point(f"{tmp_path}/s:2")


@pytest.mark.parametrize(
    "change",
    [
        {"values": ["a"]},
        {"values": []},
        {"values": [0.5, 0.5]},
        {"values": None},
        {"values": [float("inf")]},
    ],
)
def test_states_and_values_that_disagree_leave_a_trial_out(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    stored(tmp_path / "s")
    edit(
        tmp_path / "s",
        lambda log: log.update(change) if log.get("trial_id") == 1 and "values" in log else None,
    )
    view = find_study(tmp_path / "s").view()
    assert [one.number for one in view.skipped] == [1]
    assert view.skipped[0].reason.startswith("values: must be")
    with pytest.raises(StudyError, match="study s, trial 1: values: must be"):
        record_in(tmp_path / "s")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("number", "abc"),
        ("number", 0),
        ("number", None),
        ("state", "BROKEN"),
        ("datetime_complete", "yesterday"),
    ],
)
def test_a_damaged_row_of_a_database_leaves_its_trial_out(
    tmp_path: Path, column: str, value: Any
) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    stored(tmp_path / "s", url)
    with sqlite3.connect(tmp_path / "study.db") as connection:
        connection.execute(f"UPDATE trials SET {column} = ? WHERE number = 1", (value,))
    view = find_study(tmp_path / "s").view()
    assert len(view.skipped) == 1
    assert [trial.number for trial in view.trials if trial.state is TrialState.COMPLETE] == [0, 2]
    with pytest.raises(StudyError) as caught:
        StudyRecord(open_storage(url, tmp_path / "s", writing=True), "s", small_set().decisions)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE trial_params SET distribution_json = '{}' WHERE rowid = 2",
        "UPDATE study_directions SET study_id = 'null'",
        "UPDATE trial_user_attributes SET value_json = '[' WHERE rowid = 2",
        "DROP TABLE studies",
        "DROP TABLE trial_values",
    ],
)
def test_damage_that_the_fuzz_runs_found_is_one_line(tmp_path: Path, damage: str) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    stored(tmp_path / "s", url)
    with sqlite3.connect(tmp_path / "study.db") as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        connection.execute(damage)
    for enter in (
        lambda: StudyReport.of(find_study(tmp_path / "s").view(), "s").to_mapping(),
        lambda: StudyRecord(
            open_storage(url, tmp_path / "s", writing=True), "s", small_set().decisions
        ),
    ):
        assert storage_fuzz.outcome(enter) in ("shown", "refused")


def test_deep_nesting_is_found_without_recursion() -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        stored_json("[" * 100_000)
    value: Any = 1
    for _ in range(DEEPEST):
        value = [value]
    assert not too_deep(value)
    assert too_deep({"a": [value]})
