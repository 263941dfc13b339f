"""A folder in which the commands of the pages find what they name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from docs.tools.place import prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces, a verification set, a model folder and a study, as the pages call them."""
    root = tmp_path_factory.mktemp("pages")
    prepare(root)
    return root


@pytest.fixture
def place(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a copy of what is prepared."""
    place = tmp_path / "page"
    shutil.copytree(prepared, place)
    monkeypatch.chdir(place)
    return place
