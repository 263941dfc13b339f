"""Damaged studies by the thousand.

Each is shown as far as it can be, or refused in one line; nothing else may happen.

    python -m tests.study.storage_fuzz [HOW MANY] [SEED] [SECONDS]

The same seed makes the same studies. A finding is printed with its number; ``python -m
tests.study.storage_fuzz --only NUMBER`` shows its traceback. Findings are kept as examples in
test_storage_fuzz.py.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from seesawnas.analysis.importance import importance_of
from seesawnas.errors import InvalidInput
from seesawnas.report.pages.text import report_csv, report_json, report_markdown
from seesawnas.report.study.report import StudyReport
from seesawnas.space import Decision
from seesawnas.study import (
    Objectives,
    StudyRecord,
    TrialState,
    best_trial,
    find_study,
    open_storage,
    trial_spec,
)
from tests.study.fakes import measured, small_set
from tests.study.proposals import proposal

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    10**30,
    10**400,
    0.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "abc",
    "[1, 2",
    "{}",
    "[]",
    "null",
    "\0",
    "\x1b[31m",
    "=1+1",
    "9" * 50,
    "ü" * 300,
    [],
    {},
    [1],
    {"a": 1},
    [[]],
    [None],
    "1",
    "[" * 5000,
    "{not json",
    '{"curve": []}',
    "seed x",
    "seed 1",
    [0, 1],
    {"1": "x"},
)
CELLS: tuple[Any, ...] = (
    None,
    0,
    -1,
    99,
    2**62,
    0.5,
    "abc",
    "",
    "NaN",
    b"\xff\x00",
    "[" * 3000,
    "null",
    '"x"',
    "2026-99-99",
    "COMPLETE",
    "{}",
)
BYTES = (
    b"\0",
    b"\n",
    b"\xff",
    b"[",
    b"{",
    b'"',
    b"}",
    b"9",
    b"-",
    b"\xc3",
    b"NaN",
    b"\r",
    b"{}\n",
    b"[]\n",
    b"\0" * 64,
)


def main(
    wanted: int = 20_000, seed: int = 0, seconds: float = 1500.0, only: int | None = None
) -> int:
    """How many findings there are."""
    counts: Counter[str] = Counter()
    ends = time.monotonic() + seconds
    _remember_head()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # nothing of it need outlive a crash
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as place:
        base = make_base(Path(place))
        for number in range(wanted) if only is None else [only]:
            if time.monotonic() > ends:
                print(f"time is up after {number} studies")
                break
            folder = Path(place) / "runs" / "s"
            what = damage(base, folder, random.Random(f"{seed} {number}"))
            began = time.monotonic()
            for name, look in STYLES.items():
                result = outcome(partial(look, folder), show=only is not None)
                counts[result if result in ("shown", "refused") else "FINDING"] += 1
                if result not in ("shown", "refused"):
                    print(f"{number} {name} {what}: {result}", flush=True)
            if time.monotonic() - began > 20:
                counts["SLOW"] += 1
                print(f"{number} {what}: took {time.monotonic() - began:.0f} s", flush=True)
            counts["studies"] += 1
    print(dict(counts))
    return counts["FINDING"]


def _remember_head() -> None:
    """Optuna looks through its own schema's versions at each opening, for a third of a second."""
    from optuna.storages._rdb.storage import _VersionManager

    _VersionManager.get_head_version = cache(_VersionManager.get_head_version)  # type: ignore[method-assign]
    _VersionManager.__hash__ = lambda self: 0  # type: ignore[method-assign]
    _VersionManager.__eq__ = lambda self, other: True  # type: ignore[method-assign]


def make_base(place: Path) -> dict[str, Path]:
    """Small studies with trials in every state, in a journal and in SQLite.

    A larger one has its decisions ranked, too.
    """
    made = {}
    for kind, trials in (("journal", 4), ("sqlite", 4), ("larger", 12)):
        folder = place / "base" / kind / "s"
        url = f"sqlite:///{folder}/study.db" if kind == "sqlite" else None
        folder.mkdir(parents=True)
        record = StudyRecord(
            open_storage(url, folder, writing=True), "s", small_set().decisions, Objectives()
        )
        record.require_settings({"budget": [0, 1_000_000], "objectives": ["accuracy"], "seed": 0})
        record.study.set_user_attr("study_file", "study: s\nbudget: 1M\n")
        record.study.set_user_attr(
            "run.0", json.dumps({"command": ["seesawnas"], "seeds": {"study": 0}})
        )
        for number in range(trials):
            record.add(proposal(number))
        for number in range(trials - 2):
            record.next_waiting()
            record.complete(number, measured(0.5 + number / 100))
        record.next_waiting()
        record.progress(trials - 2, 1, measured(0.5).scores)
        made[kind] = folder
        del record
    return made


def damage(base: dict[str, Path], folder: Path, rng: random.Random) -> str:
    """Put a damaged copy in ``folder``; returns what was done to it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kind = rng.choices(("lines", "bytes", "cells", "file"), (70, 18, 11, 1))[0]
    if kind in ("lines", "bytes"):
        text = (base["larger" if rng.random() < 0.03 else "journal"] / "journal.log").read_bytes()
        damaged, what = _lines(text, rng) if kind == "lines" else _bytes(text, rng)
        (folder / "journal.log").write_bytes(damaged)
        return what
    file = folder / "study.db"
    shutil.copy(base["sqlite"] / "study.db", file)
    (folder / "storage.url").write_text(f"sqlite:///{file}\n")
    if kind == "cells":
        return _cell(file, rng)
    damaged, what = _bytes(file.read_bytes(), rng)
    file.write_bytes(damaged)
    return what


def _lines(text: bytes, rng: random.Random) -> tuple[bytes, str]:
    """One or two values, at any depth of any line, replaced, removed, moved or added."""
    logs = [json.loads(line) for line in text.splitlines()]
    done = []
    for _ in range(rng.randint(1, 2)):
        place = rng.randrange(len(logs))
        if rng.random() < 0.1:
            logs.insert(
                rng.randrange(len(logs)), logs.pop(place) if rng.random() < 0.5 else logs[place]
            )
            done.append(f"line {place} moved")
            continue
        inner, path = logs[place], [str(place)]
        while True:
            keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            if not keys:
                break
            key = rng.choice(keys)
            path.append(str(key))
            if isinstance(inner[key], dict | list) and inner[key] and rng.random() < 0.85:
                inner = inner[key]
                continue
            if rng.random() < 0.2:
                del inner[key]
            else:
                inner[key] = rng.choice(VALUES)
                path.append(f"= {inner[key]!r:.30}")
            break
        done.append(".".join(path))
    return "".join(json.dumps(log) + "\n" for log in logs).encode(), "; ".join(done)


def _bytes(text: bytes, rng: random.Random) -> tuple[bytes, str]:
    start, word = rng.randrange(len(text)), rng.choice(BYTES)
    match rng.randrange(4):
        case 0:
            return text[:start], f"cut at {start}"
        case 1:
            return text[:start] + word + text[start:], f"{word!r} put in at {start}"
        case 2:
            return text[:start] + word + text[start + len(word) :], f"{word!r} over {start}"
        case _:
            end = min(len(text), start + rng.randrange(1, 200))
            return text[:start] + text[end:], f"{start} to {end} removed"


def _cell(file: Path, rng: random.Random) -> str:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        tables = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        table = rng.choice(tables)
        if rng.random() < 0.05:
            connection.execute(f"DROP TABLE {table}")
            return f"table {table} dropped"
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        rows = [row[0] for row in connection.execute(f"SELECT rowid FROM {table}")]
        if not rows:
            return f"{table} is empty"
        column, row, value = rng.choice(columns), rng.choice(rows), rng.choice(CELLS)
        try:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))
        except sqlite3.Error as error:
            return f"{table}.{column}: {error}"
    connection.close()
    return f"{table}.{column} row {row} = {value!r:.30}"


def _read(folder: Path) -> None:
    """All that only reads, of one reading.

    How it is written out goes by the folder's content, so that it comes again.
    """
    view = find_study(folder).view()
    done = [
        trial
        for trial in view.trials
        if trial.state is TrialState.COMPLETE and "accuracy" in trial.user_attrs
    ]
    write = WRITERS[len(view.trials) % len(WRITERS)]
    results = [
        outcome(lambda: write([StudyReport.of(view, "s")])),
        outcome(lambda: importance_of(view)),
    ]
    results += [outcome(lambda: trial_spec(best_trial(done, view.repeats)))] if done else []
    if wrong := [result for result in results if result not in ("shown", "refused")]:
        StudyReport.of(view, "s").to_mapping()
        importance_of(view)
        raise AssertionError("; ".join(wrong))


def _resume(folder: Path) -> None:
    url = f"sqlite:///{folder}/study.db" if (folder / "study.db").exists() else None
    record = StudyRecord(open_storage(url, folder, writing=True), "s", _decisions(), Objectives())
    record.require_settings({"budget": [0, 1_000_000], "objectives": ["accuracy"], "seed": 0})
    record.recover()
    record.next_waiting()
    record.trials()


@cache
def _decisions() -> tuple[Decision, ...]:
    return small_set().decisions


WRITERS = (
    report_json,
    report_csv,
    report_markdown,
    lambda reports: [report.frame for report in reports],
)
STYLES: dict[str, Callable[[Path], object]] = {"read": _read, "resume": _resume}


def outcome(look: Callable[[], object], *, show: bool = False) -> str:
    """``shown``, ``refused``, or what went wrong."""
    try:
        look()
    except InvalidInput as error:
        return "refused" if "\n" not in str(error) else f"more than one line: {error}"
    except Exception as error:
        if show:
            traceback.print_exc()
        return f"{type(error).__name__}: {str(error)[:100]}"
    return "shown"


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["--only"]:
        sys.exit(bool(main(only=int(words[1]))))
    sys.exit(bool(main(*map(int, words))))
