"""A network as rows of text, and rows as an HTML table: what notebooks and rich show.

Standard library only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from seesawnas.arch.blocks import Block, Stem, declared, kind_of
from seesawnas.arch.blocks.parts import body_of
from seesawnas.arch.body import BEFORE
from seesawnas.arch.layers import Add
from seesawnas.text import plain

if TYPE_CHECKING:
    from seesawnas.arch.spec import ArchSpec

COLUMNS = (
    "stage",
    "blocks",
    "kind",
    "channels",
    "split",
    "kernel",
    "stride",
    "SE",
    "activation",
    "skip",
    "output",
)
"""Of networks whose kinds declare no attributes of their own; :func:`spec_columns` adds those."""

_SHARED = ("split", "kernel", "se", "activation", "skip", "middle", "expansion", "embedding")
"""Attributes that have their place in ``COLUMNS``."""


def spec_columns(spec: ArchSpec) -> tuple[str, ...]:
    """``COLUMNS`` and, before the output, the attributes that only some kinds of ``spec`` have."""
    return (*COLUMNS[:-1], *_own(spec).values(), COLUMNS[-1])


def spec_rows(spec: ArchSpec) -> Iterator[tuple[str, ...]]:
    """A row for the stem, each run of equal blocks and the head, by :func:`spec_columns`."""
    stem, head, (height, width), own = spec.stem, spec.head, spec.sizes()[0], tuple(_own(spec))
    yield (
        "stem",
        "",
        _kind(stem),
        f"3 → {stem.outputs}",
        *_attributes(stem, own),
        f"{height}x{width}",
    )
    for number, stage in enumerate(spec.stages):
        for block, run in itertools.groupby(stage.blocks):
            cells = (_kind(block), _channels(block), *_attributes(block, own))
            yield (str(number), f"{len(list(run))}x", *cells, f"{stage.height}x{stage.width}")
    widths = (spec.blocks[-1].outputs, getattr(head, "width", head.outputs), head.outputs)
    ends = " → ".join(map(str, dict.fromkeys(widths)))
    yield ("head", "", _kind(head), ends, *_attributes(head, own), f"{spec.embedding_size}")


def spec_lines(spec: ArchSpec) -> list[str]:
    """:func:`spec_rows` as lines.

    Such as ``stage 0, 4x seesaw share, 64 → 128 → 64, split 1:3, kernel 3 ...``.
    """
    columns = spec_columns(spec)
    return [
        ", ".join(_named(column, cell) for column, cell in zip(columns, row, strict=True) if cell)
        for row in spec_rows(spec)
    ]


def html_table(columns: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table that needs no style sheet; all text is escaped."""
    head = "".join(f"<th>{escape(plain(column))}</th>" for column in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(plain(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    about = (
        f'<caption style="text-align: left">{escape(plain(caption))}</caption>' if caption else ""
    )
    return f"<table>{about}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_UNNAMED = ("blocks", "kind", "channels", "activation")
_WORDS = {"conv_depthwise": "conv + depthwise", "global_depthwise": "conv + global depthwise"}


def _named(column: str, cell: str) -> str:
    if column in _UNNAMED or (column == "stage" and not cell.isdigit()):
        return cell
    return f"{column} {cell}"


def is_residual(block: Block) -> bool:
    """Whether the last thing that the block does is to add its input."""
    body = body_of(block)
    return bool(body) and isinstance(body[-1].layer, Add) and BEFORE in body[-1].reads


def block_words(block: Block) -> str:
    """The kind for people: ``seesaw share``, ``inverted bottleneck``."""
    return _kind(block)


def _own(spec: ArchSpec) -> dict[str, str]:
    """Attributes without a column in ``COLUMNS``, with their labels, in the order of the parts."""
    kinds = dict.fromkeys(type(block) for _, block in spec.parts)
    found = {name: one.label or name for kind in kinds for name, one in declared(kind).items()}
    return {name: label for name, label in found.items() if name not in _SHARED}


def _kind(block: Block) -> str:
    name = kind_of(block)
    return _WORDS.get(
        name, f"seesaw {name}" if hasattr(block, "mixing") else name.replace("_", " ")
    )


def _channels(block: Block) -> str:
    widths = (block.inputs, getattr(block, "middle", None), block.outputs)
    return " → ".join(str(width) for width in widths if width is not None)


def _attributes(block: Block, own: Sequence[str]) -> tuple[str, ...]:
    """Its cells from the split on, and those of the attributes ``own``."""
    row = block.row()
    kernel = row.get("kernel", "3" if isinstance(block, Stem) else "")
    skip = "input" if is_residual(block) else str(row.get("skip", ""))
    split = ":".join(map(str, row.get("split", ())))
    stride = "" if block.role == "head" else str(block.stride)
    shared = (
        split,
        str(kernel),
        stride,
        str(row.get("se", "")),
        str(row.get("activation", "")),
        skip,
    )
    return (*shared, *(str(row.get(name, "")) for name in own))
