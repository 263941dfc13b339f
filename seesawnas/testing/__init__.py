"""Suites that pytest runs: what every block, margin, sampler, data source and engine must fulfil.

Those of this package do, and so can yours.

Derive a class whose name begins with ``Test``, and give it the fixtures that the suite names::

    from seesawnas.testing import BlockSuite

    class TestMyBlock(BlockSuite):
        @pytest.fixture
        def block(self):
            return MyBlock(inputs=16, outputs=16, stride=1)

It needs pytest (extra ``testing``).
"""

from seesawnas.testing.blocks import BlockSuite
from seesawnas.testing.data_sources import DataSourceSuite
from seesawnas.testing.engines import EngineSuite
from seesawnas.testing.margins import MarginSuite
from seesawnas.testing.samplers import SamplerSuite

__all__ = ["BlockSuite", "DataSourceSuite", "EngineSuite", "MarginSuite", "SamplerSuite"]
