"""How commands print: JSON for programs, tables for users.

All output passes through here, with control characters escaped.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from seesawnas.cli.views.fitting import FittedTable
from seesawnas.io.terminal import Screen, raw, write_stdout
from seesawnas.text import escape_line, plain

if TYPE_CHECKING:
    from seesawnas.space import Acceptance, FeasibleSet

WIDE = 400


class CleanConsole(Console):
    """A console that takes no text for markup, and shows what steers a terminal spelled out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def on_broken_pipe(self) -> None:
        """Leave it to the one place for errors, where rich would exit with 1."""
        raise BrokenPipeError

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """As rich renders it, every text cleaned; rich's own controls stay."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control or text == "\n" else Segment(plain(text), style)


def console() -> Console:
    """Standard output.

    If it is not a terminal, it is without colours, and wide unless ``COLUMNS`` is set.
    """
    file = sys.stdout.raw if isinstance(sys.stdout, Screen) else None
    if sys.stdout.isatty():
        return CleanConsole(file=file)
    return CleanConsole(file=file, width=_columns() or WIDE, color_system=None)


def _columns() -> int | None:
    """The width in the environment; None if there is no usable value."""
    text = os.environ.get("COLUMNS", "")
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,3}", text) else None


def screen(*, quiet: bool = False) -> Console:
    """Standard error, for progress and notes: an error in writing them ends nothing."""
    return CleanConsole(file=raw(sys.stderr), quiet=quiet)


def print_json(values: Any, *, indent: int | None = 2) -> None:
    """Print one JSON document, values as they are.

    Raises:
        OutputLost: If it cannot be written.
    """
    write_stdout(json.dumps(values, indent=indent) + "\n")


def print_lines(*lines: str) -> None:
    """Lines on standard output, each of which stays one."""
    for line in lines:
        print(escape_line(line))


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    title: str | None = None,
    *,
    keys: int = 1,
    spare: Sequence[str] = (),
) -> FittedTable:
    """A table whose numeric columns, marked ``>``, stand to the right: ``("name", ">params")``.

    Cells are plain text. How it gives way on a narrow screen: see :class:`FittedTable`.
    """
    made = FittedTable(columns, title, keys, spare)
    for row in rows:
        made.add_row(*row)
    return made


def count(value: int | None) -> str:
    """A count to the last digit: 1,370,176."""
    return "-" if value is None else f"{value:,}"


def rounded(value: int | None) -> str:
    """A published count, as short as papers print it: 1.3 M, 146 M."""
    return "-" if value is None else f"{value / 1e6:.6g} M"


def networks(number: int) -> str:
    """Such as ``1 network``, ``1,370 networks``."""
    return f"{number:,} network{'' if number == 1 else 's'}"


def found(feasible: FeasibleSet) -> str:
    """The size of a feasible set, such as ``about 91,551,000,000 networks``.

    An estimate is marked as one.
    """
    if feasible.acceptance is None:
        return networks(feasible.count)
    return f"{about(feasible.acceptance)} networks"


def about(acceptance: Acceptance) -> str:
    """An estimated number, to three digits: it has no more."""
    return f"about {int(float(f'{acceptance.count:.3g}')):,}"


def estimate(acceptance: Acceptance) -> str:
    """How the number of networks was estimated."""
    low, high = acceptance.interval
    return (
        f"{acceptance.rate:.1%} of these ({low:.1%} to {high:.1%}: {acceptance.accepted:,} of "
        f"{acceptance.drawn:,} sampled)"
    )


def size(shape: Sequence[int]) -> str:
    """Such as 64x56x56."""
    return "x".join(map(str, shape))
