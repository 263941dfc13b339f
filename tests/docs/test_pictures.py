"""Pictures and the first search's output are of today's code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.tools.first_search import block, replaced, shapes, shown
from docs.tools.packages import path_of, reduced, rows_of
from docs.tools.pictures import FOLDER, pictures
from tests.cli.running import Ran

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", pictures())
def test_a_drawing_shows_what_is_drawn_today(name: str) -> None:
    def words(picture: str) -> list[str]:
        return re.findall(r">([^<>\n]+)</text>", picture)

    assert words((FOLDER / name).read_text(encoding="utf-8")) == words(pictures()[name])


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.slow
def test_the_first_search_prints_what_the_readme_shows(place: Path) -> None:
    """On other faces, with other settings: of the lines that say these, only the titles."""

    def layout(output: str) -> list[str]:
        settings, trials, rest = output.partition("trial ")
        titles = [line.split()[0] for line in settings.splitlines() if line[:1].strip()]
        return [*titles, *shapes(trials + rest)]

    words = ["--trials", "2", "--epochs", "1", "--resolution", "32", "--pairs", "100"]
    words += ["--data", "FACES", "--study", "short", "--engine", "inline"]
    ran = Ran("search", "--budget", "150M", *words)
    assert ran.code == 0, ran.err
    printed = layout(shown(ran.err, ran.out).replace("short", "search_150m"))
    assert [line for line in layout(block(README)) if line not in (*printed, "...")] == []


def test_of_many_trials_the_ends_are_shown() -> None:
    progress = "".join(f"trial  {number}  x  [{number}/9]\n" for number in range(9))
    lines = shown(f"Space\n{progress}Ended\n", "Ranked \n\n  1\n").splitlines()
    assert lines == [
        *("Space", "trial  0  x  [0/9]", "trial  1  x  [1/9]", "trial  2  x  [2/9]", "..."),
        *("trial  8  x  [8/9]", "Ended", "Ranked", "", "  1"),
    ]


def test_shapes_forget_figures_and_keep_words() -> None:
    assert shapes("Pareto front (at): 80.8 % at 7.5 M, 81.4 % at 85.95 M") == [
        "Pareto front (at): # % at #"
    ]
    assert shapes("1   7  eba109d03f56b394 *  84.45 ± 2.15 %") == ["# %"]
    assert shapes("trial   0  4d5cacac0892c1e6  145.76 M MAdds  [1/12, best 0.8]") == [
        "trial # MAdds"
    ]


def test_a_block_is_replaced() -> None:
    assert block(replaced(README, "other\n")) == "other\n"


def test_arrows_that_follow_are_left_out_and_lines_have_places() -> None:
    imports = {
        "a": frozenset("bcd"),
        "b": frozenset("cd"),
        "c": frozenset("d"),
        "d": frozenset(),
        "e": frozenset("d"),
        "f": frozenset("ae"),
    }
    arrows = reduced(imports)
    assert arrows == {
        "a": frozenset("b"),
        "b": frozenset("c"),
        "c": frozenset("d"),
        "d": frozenset(),
        "e": frozenset("d"),
        "f": frozenset("ae"),
    }
    rows = rows_of(arrows)
    assert [sorted(name for name in row if " " not in name) for row in rows] == [
        *(["d"], ["c", "e"], ["b"], ["a"], ["f"]),
    ]
    height = {name: level for level, row in enumerate(rows) for name in row}
    assert all(step in rows[height[step]] for step in path_of("f", "e", height))
