"""What every kind owes, on the kinds of VarGFaceNet, ShuffleFaceNet and PocketNet."""

from __future__ import annotations

from typing import Any

import pytest

from seesawnas.arch import Block, Inputs, Shape
from seesawnas.arch.blocks.conv_stem import ConvNormStem, ConvStem
from seesawnas.arch.blocks.darts_cell import DartsCell
from seesawnas.arch.blocks.face_heads import PocketNetHead, ShuffleFaceNetHead, VarGFaceNetHead
from seesawnas.arch.blocks.shufflenet_v2 import ShuffleNetV2Unit
from seesawnas.arch.blocks.vargroup import ConvVarGroupStem, VarGroupUnit
from seesawnas.testing import BlockSuite
from tests.arch.blocks.face_networks import REDUCE

NEW, OLD = Shape(8, 11, 12), Shape(12, 11, 12)
LARGE = Shape(12, 21, 24)
TWICE: dict[str, Any] = {
    "op_2a": "avg3",
    "from_2a": 1,
    "op_2b": "skip",
    "op_3a": "skip",
    "from_3a": 2,
    "op_3b": "skip",
    "from_3b": 2,
}

CELLS = {
    "normal": DartsCell.of((NEW, OLD), 16, 1, activation="prelu"),
    "after a reduction": DartsCell.of((NEW, LARGE), 16, 1, activation="prelu"),
    "reduction": DartsCell.of((NEW, OLD), 16, 2, activation="relu", **REDUCE),
    "reduction after a reduction": DartsCell.of((NEW, LARGE), 16, 2, **REDUCE),
    "skips of both": DartsCell.of((NEW, OLD), 16, 2, **TWICE),
    "one state twice": DartsCell.of((NEW, OLD), 16, 1, **TWICE),
    "new alone": DartsCell.of((NEW, OLD), 16, 1, from_2b=1, from_3b=1, from_4a=1, from_5b=1),
}


class TestCells(BlockSuite):
    @pytest.fixture(params=CELLS.values(), ids=list(CELLS))
    def block(self, request: pytest.FixtureRequest) -> Block:
        found: Block = request.param
        return found

    @pytest.fixture
    def inputs(self, block: Block) -> Inputs:
        return NEW, LARGE if block.reduced_before else OLD


class TestOthers(BlockSuite):
    @pytest.fixture(
        params=[
            VarGroupUnit(inputs=8, outputs=8, group_width=4, se=2, activation="prelu"),
            VarGroupUnit(inputs=8, outputs=16, stride=2, group_width=4, kernel=5),
            VarGroupUnit(inputs=8, outputs=4, group_width=4, factor=1, activation="relu"),
            ShuffleNetV2Unit(inputs=8, outputs=8, activation="prelu", slopes="layer"),
            ShuffleNetV2Unit(inputs=8, outputs=12, stride=2, kernel=5, activation="prelu"),
            ConvVarGroupStem(width=8, se=4, group_width=4, activation="prelu"),
            ConvStem(width=8, activation="prelu", slopes="layer"),
            ConvNormStem(width=8, stride=1),
            VarGFaceNetHead(16, "prelu", 8, hidden=12),
            VarGFaceNetHead(16, "prelu", 0, hidden=12),
            ShuffleFaceNetHead(16, "prelu", 8, slopes="layer"),
            PocketNetHead(16, "prelu", 8),
            PocketNetHead(16, "swish", 0),
        ],
        ids=str,
    )
    def block(self, request: pytest.FixtureRequest) -> Block:
        found: Block = request.param
        return found
