"""A network as rows of text, and rows as an HTML table: what notebooks and rich show. Standard library only."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from seesawnas.arch.blocks import Block, kind_of
from seesawnas.plain import plain

if TYPE_CHECKING:
    from seesawnas.arch.spec import ArchSpec

COLUMNS = ("stage", "blocks", "kind", "channels", "split", "kernel", "stride", "SE", "activation", "skip", "output")


def spec_rows(spec: ArchSpec) -> Iterator[tuple[str, ...]]:
    """A row for the stem, each run of equal blocks and the head, by :data:`COLUMNS`."""
    stem, head, (height, width) = spec.stem, spec.head, spec.sizes()[0]
    yield ("stem", "", _kind(stem), f"3 → {stem.outputs}", *_attributes(stem), f"{height}x{width}")
    for number, stage in enumerate(spec.stages):
        for block, run in itertools.groupby(stage.blocks):
            size = f"{stage.height}x{stage.width}"
            yield (str(number), f"{len(list(run))}x", *_block(block), size)
    ends = " → ".join(
        map(str, dict.fromkeys((spec.blocks[-1].outputs, getattr(head, "width", head.outputs), head.outputs)))
    )
    yield ("head", "", _kind(head), ends, *_attributes(head), f"{spec.embedding_size}")


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


_WORDS = {"conv_depthwise": "conv + depthwise", "global_depthwise": "conv + global depthwise"}


def _kind(block: Block) -> str:
    name = kind_of(block)
    return _WORDS.get(name, f"seesaw {name}" if hasattr(block, "mixing") else name.replace("_", " "))


def _block(block: Block) -> tuple[str, ...]:
    """What a block says of kind, channels, split, kernel, stride, SE, activation and skip."""
    middle = getattr(block, "middle", None)
    channels = " → ".join(str(width) for width in (block.inputs, middle, block.outputs) if width is not None)
    return (_kind(block), channels, *_attributes(block))


def _attributes(block: Block) -> tuple[str, ...]:
    row = block.row()
    se, kernel = row.get("se", ""), row.get("kernel", "3" if block.role == "stem" else "")
    skip = "input" if getattr(block, "is_residual", False) else str(row.get("skip", ""))
    split = ":".join(map(str, row.get("split", ())))
    stride = "" if block.role == "head" else str(block.stride)
    return (split, str(kernel), stride, str(se), str(row.get("activation", "")), skip)
