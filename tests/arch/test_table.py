"""Networks and costs in notebooks and rich."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from io import StringIO

from hypothesis import given
from rich.console import Console

import seesawnas as sn
from seesawnas.arch import ArchSpec
from seesawnas.arch.table import COLUMNS, html_table, spec_rows
from tests.strategies import arch_specs


class Cells(HTMLParser):
    """The rows of a table's body and head."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[int] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append(0)
        elif tag in ("td", "th"):
            self.rows[-1] += 1


@given(arch_specs())
def test_every_block_of_a_network_is_in_its_table(spec: ArchSpec) -> None:
    rows = list(spec_rows(spec))
    assert sum(int(row[1].removesuffix("x")) for row in rows[1:-1]) == len(spec.blocks)
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert set(Cells(spec._repr_html_()).rows) == {len(COLUMNS)}


def test_a_paper_point_s_table_says_what_the_paper_does() -> None:
    html = sn.load("paper/seesaw_share")._repr_html_()
    for text in (
        "paper/seesaw_share",
        "<td>6x</td>",
        "seesaw share",
        "128 → 256 → 128",
        "<td>1:3</td>",
        "<td>14x14</td>",
    ):
        assert text in html


def test_a_name_is_not_read_as_markup() -> None:
    spec = sn.load("paper/seesaw_share").renamed("<script>")
    assert "<script>" not in spec._repr_html_()
    assert html_table(("a",), [("<b>",)]).count("<b>") == 0


def test_rich_shows_a_line_a_run_of_equal_blocks_and_whole_numbers_that_can_be_read() -> None:
    spec = sn.load("paper/seesaw_share")
    screen = Console(file=StringIO(), width=120)
    screen.print(spec)
    screen.print(sn.cost(spec))
    assert isinstance(screen.file, StringIO)
    text = screen.file.getvalue()
    assert "stage 1, 6x, seesaw share, 128 → 256 → 128, split 1:3" in text
    assert "145,762,816 MAdds, 1,370,176 params" in text
    assert "145,762,816" in sn.cost(spec)._repr_html_()


def test_showing_needs_neither_rich_nor_pandas() -> None:
    program = (
        "import sys, seesawnas as sn; s = sn.load('paper/seesaw_share'); s._repr_html_(); "
        "list(s.__rich_repr__()); "
        "sn.cost(s)._repr_html_(); print({'rich', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
