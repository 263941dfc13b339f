"""The shipped suite of engines, and its helpers, for the modules that test one."""

from seesawnas.testing.engines import EngineSuite as EngineConformance
from seesawnas.testing.engines import numbered, progressed, wait_until

__all__ = ["EngineConformance", "numbered", "progressed", "wait_until"]
