"""The digest of version 0.1, a hash of fields.

By it, studies of that version know their networks again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields

from seesawnas.arch.blocks import Block, Head, InvertedBottleneck, SeesawBlock, Stem
from seesawnas.arch.spec import ArchSpec, Input

_BOTTLENECK = ("inputs", "middle", "outputs", "stride", "kernel", "se", "activation", "skip")
_STEM, _HEAD, _SEESAW = (
    ("width", "activation"),
    ("width", "activation", "embedding"),
    (*_BOTTLENECK, "split", "mixing"),
)


def digest_0_1(spec: ArchSpec) -> str | None:
    """16 hexadecimal digits; None if the network has a part that version 0.1 did not know."""
    if type(spec.stem) is not Stem or type(spec.head) is not Head:
        return None
    blocks = [_block(block) for block in spec.blocks]
    if None in blocks:
        return None
    image = tuple(field.name for field in fields(Input))
    size, stem = _named(spec.input, image), _named(spec.stem, _STEM)
    text = f"[{size},{stem},[{','.join(map(str, blocks))}],{_named(spec.head, _HEAD)}]"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _block(block: Block) -> str | None:
    if type(block) is SeesawBlock:
        return f'["seesaw",{_named(block, _SEESAW)}]'
    if type(block) is InvertedBottleneck:
        return f'["inverted_bottleneck",{_named(block, _BOTTLENECK)}]'
    return None


def _named(part: object, names: tuple[str, ...]) -> str:
    return json.dumps({name: getattr(part, name) for name in names}, separators=(",", ":"))
