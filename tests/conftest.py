"""Fixtures for every room."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# Examples differ in cost and machines in load: a slow one is no failure.
settings.register_profile("seesawnas", deadline=None)
settings.load_profile("seesawnas")


@pytest.fixture(scope="session")
def lfw_train() -> Path:
    """Real faces, one folder a person; not part of the repository."""
    folder = Path(__file__).parents[2] / "shared" / "data" / "lfw" / "train"
    if not folder.is_dir():
        pytest.skip("real faces are not at ../shared/data/lfw")
    return folder
