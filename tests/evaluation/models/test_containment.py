"""Limits around files of other programs."""

from __future__ import annotations

import resource
import sys

import pytest

from seesawnas.evaluation.models.containment import limit_memory


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not enforce the limit")
def test_memory_is_limited_within_the_block_alone() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with limit_memory(False):
        assert resource.getrlimit(resource.RLIMIT_AS) == before
    with limit_memory():
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        assert 2**28 < soft < 2**62
        assert hard == before[1]
    assert resource.getrlimit(resource.RLIMIT_AS) == before
