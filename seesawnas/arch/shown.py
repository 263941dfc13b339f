"""A network as rows of text, and rows as an HTML table: what notebooks and rich show. Standard library only."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from seesawnas.arch.blocks import Block, SeesawBlock
from seesawnas.plain import plain

if TYPE_CHECKING:
    from seesawnas.arch.spec import ArchSpec

COLUMNS = ("stage", "blocks", "kind", "channels", "split", "kernel", "stride", "SE", "activation", "skip", "output")


def spec_rows(spec: ArchSpec) -> Iterator[tuple[str, ...]]:
    """A row for the stem, each run of equal blocks and the head, by :data:`COLUMNS`."""
    stem, head, (height, width) = spec.stem, spec.head, spec.sizes()[0]
    yield ("stem", "", "conv + depthwise", f"3 → {stem.width}", *_part(2, stem.activation), f"{height}x{width}")
    for number, stage in enumerate(spec.stages):
        for block, run in itertools.groupby(stage.blocks):
            size = f"{stage.height}x{stage.width}"
            yield (str(number), f"{len(list(run))}x", *_block(block), size)
    ends = " → ".join(map(str, filter(None, (spec.blocks[-1].outputs, head.width, head.embedding))))
    yield ("head", "", "conv + global depthwise", ends, "", "", "", "", head.activation, "", f"{spec.embedding_size}")


def spec_lines(spec: ArchSpec) -> list[str]:
    """:func:`spec_rows` as lines: ``stage 0, 4x seesaw share, 64 → 128 → 64, split 1:3, kernel 3 ...``."""
    return [
        ", ".join(_named(column, cell) for column, cell in zip(COLUMNS, row, strict=True) if cell)
        for row in spec_rows(spec)
    ]


def html_table(columns: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table that needs no style sheet; all text is escaped."""
    head = "".join(f"<th>{escape(plain(column))}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(plain(cell))}</td>' for cell in row)}</tr>" for row in rows)
    about = f'<caption style="text-align: left">{escape(plain(caption))}</caption>' if caption else ""
    return f"<table>{about}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _named(column: str, cell: str) -> str:
    named = column in ("split", "kernel", "stride", "SE", "skip", "output") or (column == "stage" and cell.isdigit())
    return f"{column} {cell}" if named else cell


def _part(stride: int, activation: str) -> tuple[str, ...]:
    """What a stem says of split, kernel, stride, SE, activation and skip."""
    return ("", "3", str(stride), "", activation, "")


def _block(block: Block) -> tuple[str, ...]:
    """What a block says of kind, channels, split, kernel, stride, SE, activation and skip."""
    kind, split = "inverted bottleneck", ""
    if isinstance(block, SeesawBlock):
        kind, split = f"seesaw {block.mixing}", ":".join(map(str, block.split))
    skip = "input" if block.is_residual else block.skip
    return (
        kind,
        f"{block.inputs} → {block.middle} → {block.outputs}",
        split,
        str(block.kernel),
        str(block.stride),
        str(block.se) if block.se else "off",
        block.activation,
        skip,
    )
