"""Markdown around hostile text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from seesawnas.report.markdown import cell, code, fence, plain_markdown

TEXTS = st.text(st.sampled_from("`|<>[]()*_~#&\\ab \n\t\r\x1b\u202e"))


@given(TEXTS)
def test_a_block_ends_only_where_its_fence_does(text: str) -> None:
    first, *lines, last = fence(text, "yaml").split("\n")
    ticks = first.removesuffix("yaml")
    assert set(ticks) == {"`"}
    assert last == ticks
    assert not any(re.search(f"`{{{len(ticks)},}}", line) for line in lines)


@given(TEXTS)
def test_code_ends_only_where_its_ticks_do(text: str) -> None:
    made = code(text)
    ticks = re.match("`+", made)
    assert ticks is not None
    inner = made[len(ticks[0]) : -len(ticks[0])]
    assert all(len(run) != len(ticks[0]) for run in re.findall("`+", inner))
    assert "\n" not in made


@given(TEXTS)
def test_a_cell_holds_no_markup_and_no_edge(text: str) -> None:
    bare = re.sub(r"\\[\\`*_\[\]<>#~&$|]", "", cell(text))
    assert not set(bare) & set("`|<>[]*_~#&\n\t\r\x1b\u202e")
    assert "|" not in bare
    assert "\n" not in plain_markdown(text)
