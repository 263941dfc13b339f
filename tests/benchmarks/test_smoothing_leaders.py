"""The order of leaders by smoothed scores, on the kept searches."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.smoothing_leaders import main

CLAIM = Path(__file__).parents[2] / "studies" / "lfw_claim"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["-0.11 5 of 9", "0.17 6 of 9", "0.28 6 of 9"]),
        ("seesaw_", ["0.17 1 of 9", "0.44 1 of 9", "0.56 2 of 9"]),
    ],
    ids=["mixed", "seesaw"],
)
def test_the_kept_searches_say_what_is_printed_of_them(
    search: str,
    found: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [f"--{name}={CLAIM / f'{search}{name}.csv'}" for name in ("trials", "leaders")]
    monkeypatch.setattr(sys, "argv", ["smoothing_leaders.py", *files])
    main()
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[0] for row in rows] == ["accuracy"] * 4 + ["auc"] * 4
    assert rows[0][1] == "raw"
    assert [" ".join(row[-4:]) for row in rows[:3]] == found
