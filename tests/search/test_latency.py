"""A search under a latency budget: what is kept, what is refused, what is shown."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, LatencyModel
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.report.study.frame import trials_frame
from seesawnas.report.study.outcome import outcome_of, summary_of
from seesawnas.report.study.ranking import latencies_words, ranking_of
from seesawnas.report.study.summary import run_facts
from seesawnas.search import StudyFile, opened, plan_of
from seesawnas.space import FeasibleSet, load_space
from seesawnas.study import (
    StudyRecord,
    find_network,
    find_study,
    measure_finalists,
    missed_limit,
    trial_spec,
)
from tests.latency import model
from tests.study.fakes import FakeEngine, by_madds

BASE = {"space": "small.yaml", "data": "faces", "resolution": 32, "study": "s", "trials": 4}
BASE |= {"engine": "local", "workers": 1}


@pytest.fixture
def small_model(folder: Path) -> LatencyModel:
    space = load_space("small.yaml")
    found = model(inputs=[list(size) for size in space.input_sizes])
    Path("latency.yaml").write_text(found.to_yaml())
    return found


@pytest.fixture
def limit(small_model: LatencyModel) -> str:
    """That half of the networks meet, in microseconds."""
    space = load_space("small.yaml")
    sample = FeasibleSet(space).sample(50, 0)
    bounds = sorted(
        small_model.bound(small_model.predict(spec)) for spec in FeasibleSet(space).specs(sample)
    )
    return f"{bounds[25]}us"


def run(file: StudyFile | None = None, **options: Any) -> StudyRecord:
    plan = plan_of(file, {**({} if file else BASE), **options})
    with opened(plan, lambda _: FakeEngine(1, by_madds)) as session:
        list(session.run())
        return session.record


def test_every_trial_is_within_the_limit_and_keeps_its_prediction(
    small_model: LatencyModel, limit: str
) -> None:
    record = run(budget=f"latency<={limit}@latency.yaml")
    budget = Budget.parse(f"latency<={limit}@latency.yaml")
    trials = record.trials()
    assert len(trials) == 4
    for trial in trials:
        assert trial.user_attrs["latency"] == small_model.predict(trial_spec(trial))
        assert budget.admits_network(trial_spec(trial))
    study = find_study("s").view()
    frame = trials_frame(study)
    assert frame["latency"].tolist() == [trial.user_attrs["latency"] for trial in trials]
    ranking = ranking_of(study)
    assert ranking.shown_costs == ("madds", "params", "latency")
    assert "predicted latency" in ranking.heads
    assert "latency" in ranking.rows[0].to_mapping()


def test_the_study_keeps_its_model_and_refuses_another(
    small_model: LatencyModel, limit: str
) -> None:
    asked = f"latency<={limit}@latency.yaml"
    record = run(budget=asked)
    assert record.settings["budget"] == Budget.parse(asked).setting()
    assert small_model.digest in record.settings["budget"]
    assert LatencyModel.read("runs/s/latency.yaml") == small_model
    run(budget=asked, trials=5)
    Path("latency.yaml").write_text(model(**changed(small_model)).to_yaml())
    with pytest.raises(StudyError, match=r"must be resumed with --budget .*; or use") as caught:
        run(budget=asked, trials=6)
    assert "\n" not in str(caught.value)
    assert LatencyModel.read("runs/s/latency.yaml") == small_model


def changed(found: LatencyModel) -> dict[str, Any]:
    return {"factor": found.factor, "mape": 0.05, "inputs": [list(size) for size in found.inputs]}


def test_the_folder_of_a_study_is_enough_to_run_it_again(
    small_model: LatencyModel, limit: str
) -> None:
    run(budget=f"latency<={limit}@latency.yaml")
    Path("latency.yaml").unlink()
    record = run(StudyFile.read("runs/s/study.yaml"), study="again")
    assert len(record.trials()) == 4
    assert LatencyModel.read("runs/again/latency.yaml") == small_model


def test_a_study_whose_path_has_a_comma_is_resumed(
    small_model: LatencyModel,
    limit: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(budget=f"latency<={limit}@latency.yaml")
    shutil.copytree(Path.cwd(), moved := tmp_path_factory.mktemp("moved") / "a,b")
    monkeypatch.chdir(moved)
    Path("latency.yaml").unlink()
    assert len(run(StudyFile.of_study("s"), study="s", trials=5).trials()) == 5
    record = run(StudyFile.read("runs/s/study.yaml"), study="again")
    assert record.settings["budget"].endswith(f"@latency.yaml#{small_model.digest}")


def test_a_study_file_names_the_model_relative_to_itself(
    small_model: LatencyModel, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("plans").mkdir()
    Path("latency.yaml").rename("plans/phone.yaml")
    Path("plans/mine.yaml").write_text(
        json.dumps({**BASE, "budget": f"1G, latency<={limit}@phone.yaml"})
    )
    plan = plan_of(StudyFile.read("plans/mine.yaml"), {})
    assert plan.budget.model == small_model


def test_latency_may_be_an_objective_beside_its_limit(
    small_model: LatencyModel, limit: str
) -> None:
    record = run(budget=f"latency<={limit}@latency.yaml", objectives="accuracy,latency")
    for trial in record.trials():
        assert trial.values[1] == trial.user_attrs["latency"]
    assert find_study("s").view().sought.costs == ("latency",)


def test_latency_as_an_objective_requires_a_model(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="--objectives must have a latency model for latency"):
        plan_of(None, {**BASE, "budget": "1M", "objectives": "accuracy,latency"})


class Device:
    """Takes what was predicted, times a factor for each network in ``slow``."""

    def __init__(self, found: LatencyModel, slow: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        self.model, self.slow, self.asked = found, slow, list[str]()

    def __call__(self, specs: Sequence[ArchSpec]) -> list[float]:
        self.asked += [spec.digest() for spec in specs]
        return [
            self.model.predict(spec) / 1000 * (100 if spec.digest() in self.slow else 1)
            for spec in specs
        ]


def finish(device: Device, **options: Any) -> StudyRecord:
    with opened(plan_of(None, {**BASE, **options}), lambda _: FakeEngine(1, by_madds)) as session:
        list(session.run(device))
        return session.record


def test_finalists_are_measured_and_one_that_misses_the_limit_is_excluded_and_named(
    small_model: LatencyModel, limit: str
) -> None:
    budget = f"latency<={limit}@latency.yaml"
    run(budget=budget, trials=8)
    asked = {"budget": budget, "trials": 8, "repeat_top": 2, "repeats": 1}
    best, second, third, *_ = [row.digest for row in ranking_of(find_study("s").view()).rows]
    device = Device(small_model, {best})
    record = finish(device, **asked)
    assert device.asked == [best, second, third]
    view = find_study("s").view()
    assert set(view.missed) == {best}
    assert "measured at" in view.missed[best]
    assert "above the limit of" in view.missed[best]
    assert any(best in note and "not ranked" in note for note in view.notes)
    assert best not in {row.digest for row in ranking_of(view).rows}
    assert set(view.repeats) == {second, third}
    outcome = outcome_of(record, view.repeats)
    assert [digest for _, digest, _ in outcome.missed] == [best]
    assert outcome.finished == 8
    assert outcome.best is not None
    assert outcome.best.digest() in {second, third}
    assert find_network("s:best").spec.digest() in {second, third}
    summary = summary_of(outcome, study="s", settings={})
    assert [one["digest"] for one in summary["missed"]] == [best]
    measured = {one["digest"]: one["latency"] for one in summary["measured"]}
    assert set(measured) == {second, third}
    assert min(measured.values()) > 0
    told = dict(run_facts(view))["measured latency"]
    assert told == latencies_words(outcome.measured)
    assert told.count(" (trial ") == 2
    again = Device(small_model)
    finish(again, **asked)
    assert not again.asked


def test_finalists_may_all_miss_the_limit(small_model: LatencyModel, limit: str) -> None:
    class Slow(Device):
        def __call__(self, specs: Sequence[ArchSpec]) -> list[float]:
            return [1000 * each for each in super().__call__(specs)]

    device = Slow(small_model)
    finish(device, budget=f"latency<={limit}@latency.yaml", trials=8, repeats=1, repeat_top=2)
    view = find_study("s").view()
    assert len(device.asked) == len(view.missed) == 8
    assert not ranking_of(view).rows
    assert not view.repeats


def test_the_next_best_are_measured_until_one_meets_the_limit(
    small_model: LatencyModel, limit: str
) -> None:
    budget = f"latency<={limit}@latency.yaml"
    run(budget=budget, trials=8)
    order = [row.digest for row in ranking_of(find_study("s").view()).rows]
    device = Device(small_model, set(order[:4]))
    finish(device, budget=budget, trials=8, repeats=1, repeat_top=1)
    assert device.asked == order[:5]
    assert ranking_of(find_study("s").view()).rows[0].digest == order[4]


def test_what_is_no_latency_leaves_the_ranking_as_predicted(
    small_model: LatencyModel, limit: str
) -> None:
    record = finish(lambda _: [0.0], budget=f"latency<={limit}@latency.yaml")  # type: ignore[arg-type]
    trials = [trial for trial in record.trials() if trial.values]
    budget = Budget.parse(f"latency<={limit}@latency.yaml")
    assert budget.latency is not None
    with pytest.raises(InvalidInput, match="must be 4 positive numbers of milliseconds, got"):
        measure_finalists(record, trials, budget.latency, lambda _: [0.0], 4)
    assert len(ranking_of(find_study("s").view()).rows) == 4


def test_a_damaged_measurement_of_finalists_says_nothing() -> None:
    for text in ("no", "{}", '{"limit": 1, "measured": 2}', '{"limit": "x", "measured": {}}'):
        assert missed_limit({"finalists": text}) == {}
