"""Tables that fit the width of the terminal, without cutting a word or a number.

If a table is too wide: headings and sentences wrap at their spaces; then spare columns are hidden,
and named below; the columns that still do not fit are printed below in a second table, whose rows
begin with the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from seesawnas.text import escape_line, plain

COMFORT = 24
"""Cells of a column of sentences, below which it is a ladder of words."""
_GAP, _EDGES = 3, 2  # cells between two columns, and left and right of all


@dataclass
class FittedTable:
    """``columns`` by their headings; those that begin with ``>`` hold figures.

    Figures stand to the right and never wrap.

    Attributes:
        keys: How many of the first columns say what a row is; they never wrap, and begin every row
            of a second table.
        spare: Headings of columns that a narrow screen does without, the first the least needed.
    """

    columns: Sequence[str]
    title: str | None = None
    keys: int = 1
    spare: Sequence[str] = ()
    caption: str | None = None
    _rows: list[tuple[list[Text], bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.columns = [escape_line(column) for column in self.columns]
        self.title = self.title and escape_line(self.title)

    def add_row(self, *cells: object, end_section: bool = False) -> None:
        """Cells are plain text, or rich's ``Text`` with a style; a missing one is empty."""
        texts = [
            cell if isinstance(cell, Text) else Text("" if cell is None else plain(str(cell)))
            for cell in cells
        ]
        self._rows.append((texts, end_section))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        every = range(len(self.columns))
        return Measurement(
            min(self._total([self._least(place) for place in every]), options.max_width),
            options.max_width,
        )

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        dropped, groups = self._laid_out(options.max_width)
        for number, group in enumerate(groups):
            yield self._table(group, options.max_width, self.title if number == 0 else None)
        if dropped:
            yield Text(f"columns hidden (narrow terminal): {', '.join(dropped)}", overflow="fold")
        if self.caption is not None:
            yield Text(self.caption, "italic")

    def _laid_out(self, width: int) -> tuple[list[str], list[list[int]]]:
        """The headings that are left out, and the columns of each table."""
        left = list(range(len(self.columns)))
        dropped: list[str] = []
        if self._total([self._natural(place) for place in left]) <= width:
            return dropped, [left]
        for name in self.spare:
            if self._total([self._least(place) for place in left]) <= width:
                break
            gone = [place for place in left if self._name(place) == name]
            left = [place for place in left if place not in gone]
            dropped += [name] if gone else []
        return dropped, list(self._groups(left, width))

    def _groups(self, places: Sequence[int], width: int) -> Iterator[list[int]]:
        """As many columns a table as fit, the keys first in each; at least one beside them.

        If all keys and one column do not fit, the last key alone begins the rows.
        """
        count = self.keys
        if any(
            self._total(map(self._least, [*places[:count], place])) > width
            for place in places[count:]
        ):
            count, places = (
                1,
                [places[self.keys - 1], *places[: self.keys - 1], *places[self.keys :]],
            )
        keys, rest = list(places[:count]), places[count:]
        group: list[int] = []
        for place in rest:
            if group and self._total([self._least(one) for one in (*keys, *group, place)]) > width:
                yield [*keys, *group]
                group = []
            group.append(place)
        yield [*keys, *group]

    def _table(self, places: Sequence[int], width: int, title: str | None) -> Table:
        made = Table(
            title=title and Text(title, "bold"),
            title_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            expand=False,
        )
        for place, wide in zip(places, self._widths(places, width), strict=True):
            justify = "right" if self._is_number(place) else "left"
            made.add_column(Text(self._name(place)), justify=justify, overflow="fold", width=wide)  # type: ignore[arg-type]
        for cells, ends in self._rows:
            made.add_row(
                *(cells[place] if place < len(cells) else Text() for place in places),
                end_section=ends,
            )
        return made

    def _widths(self, places: Sequence[int], width: int) -> list[int]:
        """The width of each column: its least, and what is left over, evenly, if it wants more.

        If there is too little, the widest give it.
        """
        found = [self._least(place) for place in places]
        wanted = [self._natural(place) for place in places]
        spare = width - self._total(found)
        while spare > 0 and (short := [n for n in range(len(places)) if found[n] < wanted[n]]):
            for n in short[:spare]:
                found[n] += 1
                spare -= 1
        while spare < 0 and max(found) > 1:
            found[found.index(max(found))] -= 1
            spare += 1
        return found

    def _total(self, widths: Iterable[int]) -> int:
        every = list(widths)
        return sum(every) + _GAP * (len(every) - 1) + _EDGES

    def _least(self, place: int) -> int:
        """The least width of a column.

        Figures and keys must be whole, sentences have their comfort, headings their longest word.
        """
        cells = max(map(cell_len, self._lines(place)), default=0)
        if not self._is_number(place) and place >= self.keys:
            words = chain.from_iterable(line.split() for line in self._lines(place))
            cells = max(min(cells, COMFORT), max(map(cell_len, words), default=0))
        return max(1, cells, *map(cell_len, self._name(place).split()))

    def _natural(self, place: int) -> int:
        return max(1, cell_len(self._name(place)), *map(cell_len, self._lines(place)))

    def _lines(self, place: int) -> list[str]:
        return [
            line
            for cells, _ in self._rows
            if place < len(cells)
            for line in cells[place].plain.split("\n")
        ]

    def _name(self, place: int) -> str:
        return self.columns[place].removeprefix(">")

    def _is_number(self, place: int) -> bool:
        return self.columns[place].startswith(">")
