"""Tables on narrow screens."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from seesawnas.cli.app import app
from seesawnas.cli.views.fitting import FittedTable

COLUMNS = ("network", ">MAdds", ">params", "words", ">accuracy")


def shown(table: FittedTable, width: int) -> str:
    screen = Console(file=StringIO(), width=width)
    screen.print(table)
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


@given(
    width=st.integers(40, 120),
    names=st.lists(st.text("abc_/", min_size=1, max_size=16), min_size=1, max_size=4),
    words=st.text("de ", max_size=60).map(
        lambda text: " ".join(word[:12] for word in text.split())
    ),
    figure=st.integers(0, 10**11).map("{:,}".format),
)
def test_names_and_figures_are_whole_and_nothing_is_lost_at_any_width(
    width: int, names: list[str], words: str, figure: str
) -> None:
    made = FittedTable(COLUMNS)
    for name in names:
        made.add_row(name, figure, figure, words, figure)
    text = shown(made, width)
    assert all(len(line) <= width for line in text.splitlines())
    told = text.split()
    assert all(told.count(name) >= names.count(name) for name in names)
    assert told.count(figure) == 3 * len(names)
    assert all(word in told for word in words.split())


def test_what_can_be_spared_goes_first_and_is_named() -> None:
    made = FittedTable(("network", ">MAdds", ">params"), spare=("params",))
    made.add_row("a" * 20, "1" * 10, "2" * 10)
    assert "2" * 10 in shown(made, 60)
    narrow = shown(made, 40)
    assert "2" * 10 not in narrow
    assert narrow.splitlines()[-1] == "columns hidden (narrow terminal): params"


@pytest.mark.parametrize("width", [60, 80])
def test_a_pipe_has_the_width_that_the_environment_says(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(*words: str) -> list[str]:
        return CliRunner().invoke(app, list(words)).stdout.splitlines()

    wide = lines("paper")
    monkeypatch.setenv("COLUMNS", str(width))
    narrow = lines("paper")
    assert max(map(len, wide)) > 80
    assert max(map(len, narrow)) <= width
    names = {word for line in wide for word in line.split() if word.startswith("paper/")}
    assert names == {word for line in narrow for word in line.split() if word.startswith("paper/")}
    assert max(map(len, lines("build", "paper/seesaw_share"))) <= width


@pytest.mark.parametrize("columns", ["", "0", "-5", "wide", "1e3", "9" * 30])
def test_a_width_that_is_none_is_passed_over(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = CliRunner().invoke(app, ["paper"]).stdout
    monkeypatch.setenv("COLUMNS", columns)
    result = CliRunner().invoke(app, ["paper"])
    assert (result.exit_code, result.stdout) == (0, wide)
