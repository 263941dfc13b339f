"""Rows in the cache: computed once, continued where a process was killed, made anew if damaged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.data.cache import entries, remove_entry
from seesawnas.errors import DataError
from seesawnas.train.feeds import row_cache
from seesawnas.train.feeds.row_cache import CachedRows, InMemory, Progress, Rows, cached_rows

SHAPE = (23, 2, 3)
BATCH = 4


def made() -> Rows:
    return np.random.default_rng(0).standard_normal(SHAPE).astype(np.float16)


class Computing:
    """Computes the rows by batches, and counts those that it was asked for."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.asked: list[int] = []
        self._fails_at = fails_at

    def __call__(self, first: int) -> Iterator[Rows]:
        for start in range(first, SHAPE[0], BATCH):
            if self._fails_at is not None and start >= self._fails_at:
                raise KeyboardInterrupt
            self.asked.append(start)
            yield made()[start : start + BATCH]


def finish(compute: Computing, key: object = "k") -> tuple[CachedRows, list[Progress]]:
    """What is returned at the end, and what was yielded."""
    going, seen = cached_rows(key, SHAPE, compute), []
    while True:
        try:
            seen.append(next(going))
        except StopIteration as end:
            return end.value, seen


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEESAWNAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_they_are_computed_once_and_mapped_from_then_on(cache: Path) -> None:
    first, again = Computing(), Computing()
    found, seen = finish(first)
    assert seen == [4, 8, 12, 16, 20, 23]
    assert not found.was_there
    kept, seen = finish(again)
    assert (kept.was_there, seen, again.asked) == (True, [], [])
    for one in (found.rows, kept.rows):
        assert np.array_equal(one, made())
    assert [entry.name for entry in cache.iterdir()] == [entries()[0][0].name]
    other, _ = finish(again, key="another")
    assert not other.was_there
    assert len(entries()) == 2


@pytest.mark.parametrize("every", [0.0, 1e9])
@pytest.mark.parametrize("stop", range(1, 6))
def test_what_a_user_stops_is_continued(
    cache: Path, monkeypatch: pytest.MonkeyPatch, every: float, stop: int
) -> None:
    monkeypatch.setattr(row_cache, "_SAVED_EVERY", every)
    first, second = Computing(), Computing()
    going = cached_rows("k", SHAPE, first)
    for _ in range(stop):
        next(going)
    going.close()
    found, _ = finish(second)
    assert second.asked == [start for start in range(0, 23, BATCH) if start not in first.asked]
    assert np.array_equal(found.rows, made())


@pytest.mark.parametrize("every", [0.0, 1e9])
def test_what_a_crash_leaves_is_continued_from_where_it_was_saved(
    cache: Path, monkeypatch: pytest.MonkeyPatch, every: float
) -> None:
    monkeypatch.setattr(row_cache, "_SAVED_EVERY", every)
    with pytest.raises(KeyboardInterrupt):
        finish(Computing(fails_at=12))
    second = Computing()
    found, _ = finish(second)
    assert second.asked[0] == (12 if every == 0.0 else 0)
    assert np.array_equal(found.rows, made())


@settings(max_examples=40)
@given(data=st.data())
def test_whatever_is_damaged_in_a_part_or_an_entry_the_rows_are_right(data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as own:
        patch.setenv("SEESAWNAS_CACHE", own)
        patch.setattr(row_cache, "_SAVED_EVERY", 0.0)
        if data.draw(st.booleans(), "whole"):
            finish(Computing())
        else:
            with pytest.raises(KeyboardInterrupt):
                finish(Computing(fails_at=12))
        ((entry, _),) = entries()
        path = entry / data.draw(st.sampled_from(["rows", "entry.json"]), "file")
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1), "place")
        if data.draw(st.booleans(), "cut"):
            del content[place:]
        else:
            content[place] ^= data.draw(st.integers(1, 255), "bits")
        path.write_bytes(content)
        found, _ = finish(Computing())
        assert np.array_equal(found.rows, made())


def test_of_many_at_once_one_computes(cache: Path) -> None:
    computing, results = Computing(), []
    threads = [
        threading.Thread(target=lambda: results.append(finish(computing)[0])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(computing.asked) == 6
    assert all(np.array_equal(found.rows, made()) for found in results)
    assert len(results) == 4


def test_without_room_or_a_folder_they_are_in_memory_which_is_said_before(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value, words in (
        ("SEESAWNAS_CACHE_LIMIT", "10", "SEESAWNAS_CACHE_LIMIT"),
        ("SEESAWNAS_CACHE", "/proc/nowhere", "computed again"),
    ):
        monkeypatch.setenv(name, value)
        found, seen = finish(Computing())
        said = seen[0]
        assert isinstance(said, InMemory)
        assert said.size == 2 * 23 * 2 * 3
        assert words in said.note
        assert seen[1:] == [4, 8, 12, 16, 20, 23]
        assert np.array_equal(found.rows, made())
        monkeypatch.delenv("SEESAWNAS_CACHE_LIMIT", raising=False)
    assert entries() == []


@pytest.mark.parametrize(("processes", "free"), [("1", 275), ("2", 551)])
def test_what_fits_neither_in_the_cache_nor_in_memory_is_refused_before_the_first_row(
    cache: Path, monkeypatch: pytest.MonkeyPatch, processes: str, free: int
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE_LIMIT", "10")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", processes)
    computing = Computing()
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=free))
    with pytest.raises(DataError, match=r"the memory that is free.*CACHE_LIMIT") as caught:
        finish(computing)
    assert "\n" not in str(caught.value)
    assert computing.asked == []
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=free + 1))
    assert np.array_equal(finish(computing)[0].rows, made())


def test_an_error_of_the_computation_is_not_taken_for_one_of_the_cache(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE_LIMIT", "10")
    tries = []

    def failing(first: int) -> Iterator[Rows]:
        tries.append(first)
        raise OSError("no more of it")
        yield made()

    with pytest.raises(OSError, match="no more of it"):
        list(cached_rows("k", SHAPE, failing))
    assert tries == [0]


def test_a_part_makes_room_like_an_entry_and_not_for_itself(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(Computing(), key="old")
    going = cached_rows("new", SHAPE, Computing())
    for _ in range(3):
        next(going)
    going.close()
    monkeypatch.setenv("SEESAWNAS_CACHE_LIMIT", "450")
    second = Computing()
    found, _ = finish(second, key="new")
    assert second.asked == [12, 16, 20]
    assert np.array_equal(found.rows, made())
    assert len(entries()) == 1


def test_a_cache_that_is_cleared_meanwhile_is_one_line(cache: Path) -> None:
    going = cached_rows("k", SHAPE, Computing())
    for _ in range(3):
        next(going)
    for entry, _ in entries():
        remove_entry(entry)
    with pytest.raises(DataError, match="run the same command again") as caught:
        list(going)
    assert "\n" not in str(caught.value)
    found, _ = finish(Computing())
    assert np.array_equal(found.rows, made())
