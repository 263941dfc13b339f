"""A study session on fake engines: what all sources of proposals share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seesawnas.data import FaceData
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.study import (
    TIME_LIMIT_REACHED,
    Checkpoints,
    Ended,
    EngineSettings,
    Finished,
    Objectives,
    Repeating,
    StudyPart,
    StudyRecord,
    StudySession,
    TrialState,
    Work,
    open_session,
    preflight,
    read_starts,
)
from tests.faces import made_up_faces
from tests.study.fakes import FakeEngine, enough, small_set, uniform


@dataclass
class Trials:
    """A source of so many trials of the small set."""

    record: StudyRecord
    wanted: int
    name: str = "trials"

    def prepare(self) -> Work | Ended:
        if self.record.finished >= self.wanted:
            return Ended("nothing to do")
        event = Repeating(self.wanted, 0) if self.name == "repeats" else None
        return Work(uniform(small_set()), made_up_faces(), enough(self.wanted), event)


@dataclass
class Sessions:
    """Opens sessions in one folder; the engines they made are kept."""

    folder: Path
    made: list[FakeEngine]

    def __call__(self, settings: dict[str, Any] | None = None, *, again: bool = True) -> Any:
        def part(folder: str, *, resumes: bool = True) -> StudyPart:
            checkpoints = Checkpoints(self.folder / folder)
            return StudyPart(
                small_set().decisions,
                lambda _: settings or {"epochs": 1},
                checkpoints=checkpoints,
                resumes=resumes,
            )

        parts = {"": part("checkpoints"), ".repeats": part("checkpoints.repeats", resumes=again)}
        return open_session(self.folder, parts, engine=self._engine)

    def _engine(self, faces: FaceData) -> FakeEngine:
        self.made.append(FakeEngine())
        return self.made[-1]


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(tmp_path / "s", [])


def sources(session: StudySession, trials: int, repeats: int) -> tuple[Trials, Trials]:
    return Trials(session.records[""], trials), Trials(
        session.records[".repeats"], repeats, "repeats"
    )


def test_sources_run_one_after_another_and_the_first_says_why_it_ended(sessions: Sessions) -> None:
    with sessions() as session:
        events = list(session.run(*sources(session, 3, 2)))
    assert events[-1] == Ended("3 trials")
    assert [event for event in events if isinstance(event, Ended)] == [events[-1]]
    assert sum(isinstance(event, Finished) for event in events) == 5
    after = events[events.index(Repeating(2, 0)) :]
    assert sum(isinstance(event, Finished) for event in after) == 2
    assert all(engine.closed for engine in sessions.made)


def test_a_source_with_nothing_to_do_makes_no_engine(sessions: Sessions) -> None:
    with sessions() as session:
        assert list(session.run(Trials(session.records[""], 0))) == [Ended("nothing to do")]
    assert not sessions.made


def test_the_time_is_that_of_all_sources_together(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter((0.0, 1.0, 1801.0))  # at the beginning, and when each source is prepared
    monkeypatch.setattr(
        "seesawnas.study.session.time", SimpleNamespace(monotonic=lambda: next(clock))
    )
    with sessions() as session:
        events = list(session.run(*sources(session, 2, 2), seconds=1800))
    assert not any(isinstance(event, Repeating) for event in events)
    assert events[-1] == Ended(f"2 trials; {TIME_LIMIT_REACHED} before the repeats finished")


def test_a_start_is_written_down_with_its_reason_or_as_interrupted(sessions: Sessions) -> None:
    for wanted, stop in ((2, False), (4, True)):
        with sessions() as session:
            session.record_start({"trials": wanted}, data="f00", seeds={"study": 0})
            run = session.run(Trials(session.records[""], wanted))
            assert not session.trained
            for event in run:
                if stop and isinstance(event, Finished):
                    run.close()
            assert session.trained
            record = session.records[""]
    first, second = read_starts(record.study.user_attrs, record.trials())
    assert (first.ended, first.numbers) == ("2 trials", [0, 1])
    assert (second.ended, second.numbers) == ("interrupted", [2])


def test_a_part_that_is_not_resumed_is_opened_only_if_it_is_there_and_its_trials_wait(
    sessions: Sessions,
) -> None:
    with sessions(again=False) as session:
        assert list(session.records) == [""]
    with sessions() as session:
        propose, record = uniform(small_set()), session.records[".repeats"]
        proposal = propose(record)
        assert proposal is not None
        record.add(proposal)
        record.next_waiting()  # and the driver is killed
    kept = sessions.folder / "checkpoints.repeats"
    kept.mkdir()
    for number in (0, 7):
        (kept / f"{number}.safetensors").write_bytes(b"x")
    with sessions(again=False) as session:
        assert session.recovered == 0
        assert [trial.state for trial in session.records[".repeats"].trials()] == [
            TrialState.WAITING
        ]
    assert [path.name for path in kept.iterdir()] == ["0.safetensors"]


def test_other_settings_are_refused_and_not_kept_in_a_new_study(sessions: Sessions) -> None:
    with sessions(again=False):
        pass
    with pytest.raises(StudyError, match="must be resumed with"), sessions({"epochs": 2}):
        pass
    with sessions() as session:
        assert session.records[".repeats"].settings == {"epochs": 1}


def test_a_second_session_is_refused_while_the_first_one_holds_the_study(
    sessions: Sessions,
) -> None:
    with (
        sessions(),
        pytest.raises(StudyError, match="another search is using this study"),
        sessions(),
    ):
        pass


def test_preflight_says_every_fault_at_once_and_a_single_one_by_its_own_error(
    tmp_path: Path,
) -> None:
    def check(space: InvalidInput | None, data: str | None) -> int:
        def find() -> int:
            if space is not None:
                raise space
            return 7

        engine = EngineSettings("inline")
        return preflight(find, data=data, storage=None, folder=tmp_path / "s", engine=engine)

    assert check(None, None) == 7
    own = InvalidInput("space: wrong")
    with pytest.raises(InvalidInput) as caught:
        check(own, None)
    assert caught.value is own
    with pytest.raises(StudyError, match=r"^space: wrong\n.*nowhere") as both:
        check(own, str(tmp_path / "nowhere"))
    assert len(str(both.value).splitlines()) == 2
    assert not (tmp_path / "s").exists()


def test_objectives_of_a_part_are_its_own(tmp_path: Path) -> None:
    parts = {"": StudyPart(small_set().decisions, lambda _: {}, Objectives("auc"))}
    with open_session(tmp_path / "s", parts, engine=lambda _: FakeEngine()) as session:
        assert session.records[""].objectives.metric == "auc"
