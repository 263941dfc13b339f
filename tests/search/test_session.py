"""A search under way: what is kept of it, and its repeats. Fake engines run nothing."""

from __future__ import annotations

import errno
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seesawnas.errors import StudyError
from seesawnas.search import Repeating, SearchEvent, SearchPlan, StudyFile, opened, plan_of
from seesawnas.space import read_yaml, to_point, write_yaml
from seesawnas.study import (
    Ended,
    EngineEvent,
    Failed,
    Finished,
    Proposal,
    Repeats,
    Run,
    Start,
    StudyRecord,
    TrialJob,
    TrialStarted,
    TrialState,
    read_starts,
    trial_point,
    trial_spec,
)
from tests.study.fakes import FakeEngine, by_madds, measured

BASE = {"budget": "1M", "space": "small.yaml", "data": "faces", "resolution": 32, "study": "s"}
BASE |= {"engine": "local", "workers": 1}


Answer = Callable[[TrialJob], EngineEvent]


class Runs:
    """Runs plans with fake engines, and keeps the jobs they were given."""

    def __init__(self) -> None:
        self.jobs: list[TrialJob] = []
        self.repeats: dict[str, Repeats] = {}

    def __call__(
        self,
        answer: Answer = by_madds,
        stop: Callable[[SearchEvent], bool] | None = None,
        **options: Any,
    ) -> Any:
        engines: list[FakeEngine] = []

        def engine(_: object) -> FakeEngine:
            engines.append(FakeEngine(1, answer))
            return engines[-1]

        events = []
        with opened(plan_of(None, {"engine": "local", **BASE, **options}), engine) as session:
            run = session.run()
            for event in run:
                events.append(event)
                if stop is not None and stop(event):
                    run.close()
            self.record: StudyRecord = session.record
            self.repeat_record = session.repeats
            self.repeats = dict(session.measured_again())
        self.jobs = [job for made in engines for job in made.jobs]
        return events


@pytest.fixture
def runs(folder: Path) -> Runs:
    return Runs()


def lucky(job: TrialJob) -> EngineEvent:
    """The search's seed favours dear networks; new seeds show that cheap ones are better."""
    event = by_madds(job)
    assert isinstance(event, Finished)
    value = event.measurement.scores.accuracy
    return (
        event
        if job.proxy.seed == 0
        else Finished(job.number, measured(1.2 - value + job.proxy.seed / 1000))
    )


def test_the_best_are_trained_again_from_new_seeds_on_the_same_pairs(runs: Runs) -> None:
    events = runs(lucky, trials=6, repeats=3, repeat_top=2)
    (phase,) = (event for event in events if isinstance(event, Repeating))
    assert phase == Repeating(wanted=6, done=0)
    assert events[-1] == Ended("6 trials")
    again = [job for job in runs.jobs if job.proxy.seed != 0]
    assert Counter(job.proxy.seed for job in again) == {1: 2, 2: 2, 3: 2}
    assert {job.proxy.pairs_seed for job in again} == {0}
    best = sorted(runs.record.trials(), key=lambda trial: -trial.values[0])[:2]
    assert set(runs.repeats) == {trial.user_attrs["digest"] for trial in best}
    assert {found.n for found in runs.repeats.values()} == {3}
    assert len(runs.record.trials()) == 6


def test_the_winner_is_the_best_by_new_seeds_and_not_the_luckiest(runs: Runs) -> None:
    runs(lucky, trials=6, repeats=2, repeat_top=3)
    luckiest = runs.record.study.best_trial.user_attrs["digest"]
    winner = max(runs.repeats, key=lambda digest: runs.repeats[digest].mean)
    point = trial_point("s:best")
    assert point is not None
    assert point.spec.digest() == winner != luckiest


def test_repeats_are_run_once_ever_and_more_seeds_add_to_them(runs: Runs) -> None:
    runs(trials=4, repeats=2, repeat_top=2)
    assert len(runs.jobs) == 4 + 4
    runs(trials=4, repeats=2, repeat_top=2)
    assert not runs.jobs
    runs(trials=4, repeats=3, repeat_top=2)
    assert [job.proxy.seed for job in runs.jobs] == [3, 3]
    runs(trials=4)
    assert {found.n for found in runs.repeats.values()} == {3}


def test_interrupted_repeats_go_on_and_none_is_doubled(runs: Runs) -> None:
    seen: list[SearchEvent] = []

    def third_repeat(event: SearchEvent) -> bool:
        seen.append(event)
        started = [
            e for e in seen if isinstance(e, TrialStarted) and e.trial.user_attrs.get("variant")
        ]
        return len(started) == 3

    runs(trials=4, repeats=3, repeat_top=2, stop=third_repeat)
    assert runs.repeat_record is not None
    assert not runs.repeat_record.trials(TrialState.RUNNING)
    runs(trials=4, repeats=3, repeat_top=2)
    assert runs.repeat_record is not None
    trials = runs.repeat_record.trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 6
    assert len({trial.user_attrs["key"] for trial in trials}) == 6


def test_a_repeat_that_fails_leaves_a_mean_over_the_others(runs: Runs) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        return Failed(job.number, "loss is not finite") if job.proxy.seed == 2 else by_madds(job)

    runs(answer, trials=3, repeats=3, repeat_top=1)
    (found,) = runs.repeats.values()
    assert found.n == 2


def test_a_pareto_study_repeats_its_front_first(runs: Runs) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        return Finished(job.number, measured(0.9 - job.number / 100))

    runs(answer, trials=6, repeats=1, repeat_top=2, objectives="accuracy,madds")
    trials = runs.record.trials()
    front = {trial.user_attrs["digest"] for trial in runs.record.study.best_trials}
    assert set(runs.repeats) <= front or len(front) < 2
    assert trials[0].user_attrs["digest"] in runs.repeats  # the best accuracy of all


def test_a_search_without_a_complete_trial_repeats_nothing(runs: Runs) -> None:
    events = runs(lambda job: Failed(job.number, "no"), trials=2, repeats=2)
    assert not any(isinstance(event, Repeating) for event in events)
    assert events[-1] == Ended("2 trials")


def test_what_ran_is_kept_as_a_study_file_that_runs_again_as_it_is(runs: Runs) -> None:
    runs(trials=2, patience=9, early_stopping="asha:1")
    text = Path("runs/s/study.yaml").read_text()
    attrs = runs.record.study.user_attrs
    assert attrs["study_file"] == text
    again: SearchPlan = plan_of(StudyFile.read("runs/s/study.yaml"), {})
    assert again == plan_of(None, {**BASE, "trials": 2, "patience": 9, "early_stopping": "asha:1"})
    made = read_yaml(text, "study.yaml")["provenance"]
    assert json.loads(attrs["run.0"]).items() >= made.items()
    assert made["data"] in runs.record.settings["data"]
    assert made["seeds"] == {"study": 0, "pairs": 0, "repeats": []}
    runs(trials=3)
    assert "run.1" in runs.record.study.user_attrs


def plan_kept() -> SearchPlan:
    found: SearchPlan = plan_of(StudyFile.read("runs/s/study.yaml"), {})
    return found


def starts(runs: Runs) -> list[Start]:
    attrs, repeats = runs.record.study.user_attrs, sum(again.n for again in runs.repeats.values())
    return read_starts(attrs, runs.record.trials(), repeats)


def test_a_start_that_trains_nothing_changes_nothing_in_the_study_file(runs: Runs) -> None:
    runs(trials=3)
    text = Path("runs/s/study.yaml").read_text()
    runs(trials=3, sampler="tpe")
    runs(trials=9, time="0.001s", sampler="gp", patience=4)
    assert (
        Path("runs/s/study.yaml").read_text() == text == runs.record.study.user_attrs["study_file"]
    )
    first, *others = starts(runs)
    assert (first.did(), first.ended) == ("trained 3 trials (0 to 2): 3 complete", "3 trials")
    assert [start.did() for start in others] == ["trained nothing"] * 2
    assert [start.plan and start.plan["sampler"] for start in others] == ["tpe", "gp"]
    assert [start.ended for start in others] == ["3 trials", "time limit reached"]


def test_what_trained_is_what_runs_again_without_one_start_s_time(runs: Runs) -> None:
    runs(trials=2, time="1h")
    # One start did it all.
    assert (plan_kept().rules.trials, plan_kept().rules.seconds) == (
        2,
        3600,
    )
    runs(trials=4, time="2h", sampler="tpe")
    assert (plan_kept().rules.trials, plan_kept().rules.seconds, plan_kept().sampler) == (
        4,
        None,
        "tpe",
    )
    assert starts(runs)[1].numbers == [2, 3]
    runs(trials=4, repeats=1, repeat_top=2, sampler="gp")
    assert (plan_kept().repeats, plan_kept().repeat_top, plan_kept().sampler) == (1, 2, "tpe")
    assert starts(runs)[2].did() == "trained 2 repeats"


def test_a_killed_start_has_its_share_and_its_settings(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs(trials=2)
    with monkeypatch.context() as killed:  # before it could write anything of itself
        killed.setattr(Run, "end", lambda *_: None)
        killed.setattr(Run, "keep", lambda _: None)
        runs(
            trials=4,
            sampler="tpe",
            stop=lambda event: isinstance(event, Finished) and event.number == 2,
        )
    assert (starts(runs)[1].numbers, starts(runs)[1].ended) == ([2], None)
    with opened(plan_of(None, {**BASE, "trials": 3})):
        assert (plan_kept().sampler, plan_kept().rules.trials) == ("tpe", 4)


def test_an_interrupted_start_says_so(runs: Runs) -> None:
    runs(trials=4, stop=lambda event: isinstance(event, Finished))
    assert [(start.numbers, start.ended) for start in starts(runs)] == [([0], "interrupted")]


def test_a_study_of_an_earlier_version_keeps_its_file_until_something_is_trained(
    runs: Runs,
) -> None:
    runs(trials=2)
    study, text = runs.record.study, Path("runs/s/study.yaml").read_text()
    made = {
        name: value
        for name, value in json.loads(study.user_attrs["run.0"]).items()
        if name not in ("plan", "held", "ended")
    }
    study.set_user_attr("run.0", json.dumps(made))
    runs(trials=2, sampler="tpe")
    assert Path("runs/s/study.yaml").read_text() == text
    assert [start.did() for start in starts(runs)] == [
        "no record of what it trained",
        "trained nothing",
    ]
    runs(trials=3, sampler="tpe")
    assert plan_kept().sampler == "tpe"


def test_another_objective_is_another_study(runs: Runs) -> None:
    runs(trials=1)
    with pytest.raises(
        StudyError,
        match=r"must be resumed with --objectives accuracy, got auc; or use another --study",
    ):
        runs(trials=2, objectives="auc")
    with pytest.raises(
        StudyError,
        match=r"must be resumed with --objectives accuracy, got accuracy,madds; or use another",
    ):
        runs(trials=2, objectives="accuracy,madds")


def test_points_of_one_s_own_run_first_and_once_ever_also_from_outside_the_space(
    runs: Runs, folder: Path
) -> None:
    stage = {"kind": "plain", "width": 12, "stride": 2, "expansion": 1}
    outside = {
        "input": {"height": 32, "width": 32},
        "stem": {"width": 8},
        "stages": [stage],
        "head": {"embedding": 16},
    }
    (folder / "own.yaml").write_text(write_yaml(outside))
    for trials in (3, 12):
        runs(trials=trials, points="own.yaml")
    first, *others = runs.record.trials()
    assert first.user_attrs["digest"] == to_point(outside, "own.yaml").spec.digest()
    assert (first.params, first.user_attrs["label"], len(others)) == ({}, "own", 11)
    assert all(trial.params for trial in others)


def test_repeats_that_the_time_does_not_allow_come_with_the_next_run_that_has_it(
    runs: Runs,
) -> None:
    runs(trials=3)
    events = runs(trials=9, time="0.001s", repeats=1, repeat_top=2)
    assert events[-1] == Ended("time limit reached")
    assert not runs.repeats
    runs(trials=3, time="1h", repeats=1, repeat_top=2)
    assert len(runs.repeats) == 2


def test_repeats_get_what_the_search_leaves_of_the_time(runs: Runs) -> None:
    def slow(job: TrialJob) -> EngineEvent:
        time.sleep(0.3 if job.proxy.seed else 0.0)
        return by_madds(job)

    runs(trials=3)
    events = runs(slow, trials=3, time="1s", repeats=9, repeat_top=1)
    assert events[-1] == Ended("3 trials; time limit reached before the repeats finished")
    assert runs.repeat_record is not None
    assert 1 <= len(runs.repeat_record.trials(TrialState.COMPLETE)) <= 4
    assert not runs.repeat_record.trials(TrialState.RUNNING)
    assert runs(trials=3, time="1h", repeats=9, repeat_top=1)[-1] == Ended("3 trials")


def test_repeats_that_a_kill_left_running_wait_whatever_the_next_run_asks(
    runs: Runs, folder: Path
) -> None:
    runs(trials=2, repeats=2, repeat_top=1, stop=lambda event: isinstance(event, Repeating))
    record = runs.repeat_record
    assert record is not None
    first = runs.record.trials()[0]
    record.add(Proposal(trial_spec(first), first.params))
    assert record.next_waiting() is not None  # and the driver is killed
    kept = folder / "runs" / "s" / "checkpoints.repeats"
    for name in ("0.safetensors", "7.safetensors"):
        kept.mkdir(exist_ok=True)
        (kept / name).write_bytes(b"x")
    runs(trials=2)
    assert not runs.jobs
    assert runs.repeat_record is not None
    assert [trial.state for trial in runs.repeat_record.trials()] == [TrialState.WAITING]
    assert [path.name for path in kept.iterdir()] == ["0.safetensors"]


def test_a_run_without_repeats_makes_no_study_of_them(runs: Runs) -> None:
    runs(trials=2)
    assert runs.repeat_record is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "runs/s: cannot be written: No space left on device; ",
        ),
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
            "[Errno 111] Connection refused",
        ),
        (TimeoutError("no answer\nfrom the node"), "no answer from the node"),
        (ConnectionResetError(), "ConnectionResetError"),
    ],
)
def test_only_a_disk_that_takes_no_more_is_called_one(
    runs: Runs, error: OSError, words: str
) -> None:
    def answer(job: TrialJob) -> EngineEvent:
        raise error

    with pytest.raises(StudyError) as caught:
        runs(answer, trials=2)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)
