from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seesawnas.errors import InvalidInput, StudyError
from seesawnas.study import lock_study, open_storage, study_folder
from seesawnas.study.storage.urls import normal_url
from seesawnas.train.checkpoint import Checkpoints
from tests.study.fakes import record_in
from tests.study.proposals import proposal


def test_a_study_is_held_by_one_process_and_the_second_is_told_which(tmp_path: Path) -> None:
    told = r"another search is using this study \(\S+@\S+, process \d+, since"
    with (
        lock_study(tmp_path / "s"),
        pytest.raises(StudyError, match=told),
        lock_study(tmp_path / "s"),
    ):
        pass
    with lock_study(tmp_path / "s"):
        pass


@pytest.mark.parametrize("torn", [b'{"op_code": 4, "wor', b"\x00\x00\x00", b'{"a": 1}'])
def test_a_torn_tail_of_the_journal_is_cut_off_and_the_study_goes_on(
    tmp_path: Path, torn: bytes
) -> None:
    record_in(tmp_path / "s").add(proposal(0))
    journal = tmp_path / "s" / "journal.log"
    whole = journal.read_bytes()
    journal.write_bytes(whole + torn)
    record = record_in(tmp_path / "s")
    assert journal.read_bytes().startswith(whole)
    record.add(proposal(1))
    assert len(record_in(tmp_path / "s").trials()) == 2


def test_the_lock_that_a_killed_writer_left_does_not_stop_the_next(tmp_path: Path) -> None:
    record_in(tmp_path / "s").add(proposal(0))
    (tmp_path / "s" / "journal.log.lock").touch()
    record = record_in(tmp_path / "s")
    record.add(proposal(1))
    assert len(record.trials()) == 2


@pytest.mark.parametrize(
    "content", [b'{"bad": 1}\n', b"\xff\xfe\x00\n", b"[]\n", b'{"op_code": 99}\n']
)
def test_a_journal_of_another_program_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "journal.log").write_bytes(content)
    for writing in (False, True):
        with pytest.raises(
            StudyError,
            match=r"must be an Optuna journal file|must begin with the creation of its study",
        ):
            open_storage(None, tmp_path / "s", writing=writing)


def test_reading_a_study_that_is_not_there_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="contains no study"):
        open_storage(None, tmp_path / "none", writing=False)
    assert not (tmp_path / "none").exists()


def test_a_storage_that_cannot_be_opened_is_one_line() -> None:
    with pytest.raises(StudyError) as caught:
        open_storage("nonsense://x", Path("x"), writing=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "folder"), [("a", "runs/a"), ("x/a", "x/a"), ("/tmp/a", "/tmp/a")]
)
def test_a_name_is_a_folder_under_runs_and_a_path_is_itself(name: str, folder: str) -> None:
    assert study_folder(name) == Path(folder)


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_names_no_folder_is_refused(name: str) -> None:
    with pytest.raises(StudyError):
        study_folder(name)


@pytest.mark.parametrize(
    "name", ["lock", "holder.json", "journal.log", "study.yaml", "checkpoints", "summary.json"]
)
@pytest.mark.parametrize("target", ["file", "missing"])
def test_a_study_in_which_a_link_leads_out_is_not_begun(
    tmp_path: Path, name: str, target: str
) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "file").write_text("theirs")
    (tmp_path / "s" / name).symlink_to(tmp_path / target)
    with (
        pytest.raises(InvalidInput, match=rf"{name}: must not be a link to outside") as caught,
        lock_study(tmp_path / "s"),
    ):
        pass
    assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "theirs"
    assert not (tmp_path / "missing").exists()


def test_a_journal_is_not_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "journal.log").symlink_to(tmp_path / "missing")
    with pytest.raises(InvalidInput, match="must not be a link to outside"):
        open_storage(None, tmp_path / "s", writing=True)
    assert not (tmp_path / "missing").exists()


def test_checkpoints_are_not_cleared_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "1.safetensors").touch()
    (tmp_path / "s" / "checkpoints").symlink_to(tmp_path / "others")
    checkpoints = Checkpoints(tmp_path / "s" / "checkpoints")
    clearings: list[Callable[[], None]] = [
        lambda: checkpoints.keep(set()),
        lambda: checkpoints.drop(1),
        lambda: checkpoints.save(1, b""),
    ]
    for clear in clearings:
        with pytest.raises(InvalidInput, match="must not be a link to outside"):
            clear()
    assert (tmp_path / "others" / "1.safetensors").read_bytes() == b""


def test_a_study_is_reached_through_a_link_to_its_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "s").symlink_to(tmp_path / "real")
    with lock_study(tmp_path / "s"):
        record_in(tmp_path / "s").add(proposal(0))
    assert (tmp_path / "real" / "journal.log").is_file()


@pytest.mark.parametrize("name", ["~", "~/s", "~nobody_of_this_name/s"])
def test_a_study_is_in_no_folder_called_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "")
    with pytest.raises(InvalidInput, match="home directory is not known"):
        study_folder(name)


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"pid": 1e999, "user": 1, "host": 1, "machine": 1, "born": 1}', "[]", None],
)
def test_a_holder_that_cannot_be_read_is_unknown(tmp_path: Path, content: str | None) -> None:
    with lock_study(tmp_path / "s"):
        holder = tmp_path / "s" / "holder.json"
        holder.unlink()
        if content is None:
            os.mkfifo(holder)
        else:
            holder.write_text(content)
        with (
            pytest.raises(StudyError, match=r"is using this study \(holder unknown\)"),
            lock_study(tmp_path / "s"),
        ):
            pass


def test_an_empty_home_is_not_the_root_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "")
    with pytest.raises(
        StudyError, match=r"^storage sqlite:///~/x\.db: the home directory for ~ is unknown"
    ):
        normal_url("sqlite:///~/x.db")
