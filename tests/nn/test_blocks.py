"""Every block kind keeps the conformance suite."""

from __future__ import annotations

import pytest

from seesawnas.arch import Block
from tests.nn.conformance import BlockConformance
from tests.nn.specs import BLOCKS


class TestBlocks(BlockConformance):
    @pytest.fixture(params=list(BLOCKS.values()), ids=list(BLOCKS))
    def block(self, request: pytest.FixtureRequest) -> Block:
        block: Block = request.param
        return block
