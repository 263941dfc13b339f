"""The order of leaders by smoothed scores, on the kept searches."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.smoothing_leaders import main

CLAIM = Path(__file__).parents[2] / "studies" / "lfw_claim"


@pytest.mark.parametrize(
    ("search", "tau"),
    [("", ["-0.11", "0.17", "0.28"]), ("seesaw_", ["0.17", "0.44", "0.56"])],
    ids=["mixed", "seesaw"],
)
def test_the_kept_searches_say_what_is_printed_of_them(
    search: str,
    tau: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [f"--{name}={CLAIM / f'{search}{name}.csv'}" for name in ("trials", "leaders")]
    monkeypatch.setattr(sys, "argv", ["smoothing_leaders.py", *files])
    main()
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[0] for row in rows] == ["accuracy"] * 4 + ["auc"] * 4
    assert [row[-4] for row in rows[:3]] == tau
