"""Fixtures of ablations."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _little_garbage() -> Iterator[None]:
    """Statsmodels' ``multipletests`` collects garbage each time, of the whole test run where it is
    not kept from it.
    """
    gc.freeze()
    yield
    gc.unfreeze()
