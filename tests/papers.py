"""The networks of the papers, by what they are made of."""

from __future__ import annotations

from seesawnas.arch import Head, InvertedBottleneck, SeesawBlock, Stem
from seesawnas.space import load, shipped

PAPERS = shipped("paper")
BOTTLENECKS = tuple(
    ref
    for ref in PAPERS
    if all(isinstance(block, InvertedBottleneck | SeesawBlock) for block in load(ref).blocks)
    and (load(ref).stem.kind, load(ref).head.kind) == (Stem.kind, Head.kind)
)
"""SeesawFaceNets, MobileFaceNets and MobiFace: every factor of the grammar's own is theirs."""
OTHERS = tuple(ref for ref in PAPERS if ref not in BOTTLENECKS)
