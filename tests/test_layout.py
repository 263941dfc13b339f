"""The layout of the package.

At most a dozen names per folder, and the documented import paths work.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "seesawnas"
DOZEN = 12
CATALOGUES = {
    "arch/blocks": "a file for each kind of block",
    "cli/commands": "a file for each command",
    ".": "the packages",
}
"""Folders with one file per item, which may grow."""
DOCUMENTED: dict[str, list[str]] = json.loads(
    (Path(__file__).parent / "documented_api.json").read_text()
)


def names(folder: Path) -> list[str]:
    """The modules and packages in a folder."""
    return sorted(
        path.name
        for path in folder.iterdir()
        if (path.is_dir() and (path / "__init__.py").exists())
        or (path.suffix == ".py" and path.name not in ("__init__.py", "__main__.py"))
    )


FOLDERS = sorted(str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.rglob("__init__.py"))


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder not in CATALOGUES])
def test_a_folder_holds_a_dozen_names_at_most(folder: str) -> None:
    found = names(PACKAGE / folder)
    assert len(found) <= DOZEN, found


@pytest.mark.parametrize("module", sorted(DOCUMENTED))
def test_documented_import_paths_work(module: str) -> None:
    loaded = importlib.import_module(module)
    assert [name for name in DOCUMENTED[module] if not hasattr(loaded, name)] == []
