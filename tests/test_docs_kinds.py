"""docs/kinds.md names every kind and attribute that ships, with its default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seesawnas.arch import kinds
from seesawnas.arch.rules import written

TEXT = (Path(__file__).parents[1] / "docs" / "kinds.md").read_text()
KINDS = TEXT[: TEXT.index("## Attributes")]
ROWS = {
    match[1]: match[0] for match in re.finditer(r"^\| `(\w+)` \|.*\|$", KINDS, flags=re.MULTILINE)
}
GLOSSARY = TEXT[TEXT.index("## Attributes") : TEXT.index("## Decisions of the shipped")]
SHIPPED = {
    name: kind for name, kind in kinds().items() if kind.block.__module__.startswith("seesawnas.")
}
EDGE = re.compile(r"(op|from)_[2-5][ab]")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_kind_stands_there_with_its_attributes_and_their_defaults(name: str) -> None:
    for attribute, about in SHIPPED[name].attributes.items():
        if EDGE.fullmatch(attribute):
            continue
        default = "" if about.default is None else f" {written(about.rule, about.default)}"
        assert re.search(rf"`{attribute}`{re.escape(default)}(,| \|)", ROWS[name]), attribute
        assert f"`{attribute}`" in GLOSSARY


def test_nothing_stands_there_that_is_no_kind() -> None:
    assert set(ROWS) == set(SHIPPED)
