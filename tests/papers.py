"""The networks of the papers, by what they are made of."""

from __future__ import annotations

from seesawnas.space import load, shipped

PAPERS = shipped("paper")
BOTTLENECKS = tuple(ref for ref in PAPERS if all("skip" in block.row() for block in load(ref).blocks))
"""SeesawFaceNets, MobileFaceNets and MobiFace: every factor of the grammar's own is theirs."""
OTHERS = tuple(ref for ref in PAPERS if ref not in BOTTLENECKS)
