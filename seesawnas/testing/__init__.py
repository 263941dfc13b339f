"""Suites that pytest runs: what every block, margin, sampler and engine must fulfil.

The blocks, margins, samplers and engines of this package do, and so can yours.

Derive a class whose name begins with ``Test``, and give it the fixtures that the suite names::

    from seesawnas.testing import BlockSuite

    class TestMyBlock(BlockSuite):
        @pytest.fixture
        def block(self):
            return MyBlock(inputs=16, outputs=16, stride=1)

It needs pytest (extra ``testing``).
"""

from seesawnas.testing.blocks import BlockSuite
from seesawnas.testing.engines import EngineSuite
from seesawnas.testing.margins import MarginSuite
from seesawnas.testing.samplers import SamplerSuite

__all__ = ["BlockSuite", "EngineSuite", "MarginSuite", "SamplerSuite"]
