"""Packages whose names are imported when first asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

PACKAGE = """
from typing import TYPE_CHECKING
from seesawnas.io.lazy import lazy_exports
if TYPE_CHECKING:
    from lazy_package.part import value as renamed
else:
    __getattr__ = lazy_exports(__name__)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "lazy_package"
    folder.mkdir()
    (folder / "__init__.py").write_text(PACKAGE)
    (folder / "part.py").write_text("value = 3")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("lazy_package", "lazy_package.part"):
        monkeypatch.setitem(sys.modules, name, sys)  # restores what was there, which is nothing
        del sys.modules[name]
    return "lazy_package"


def test_a_name_is_imported_when_it_is_first_asked_for(package: str) -> None:
    module = __import__(package)
    assert f"{package}.part" not in sys.modules
    assert module.renamed == 3
    assert vars(module)["renamed"] == 3


def test_a_name_that_is_not_there_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'value'"):
        _ = __import__(package).value
    with pytest.raises(ImportError):
        exec(f"from {package} import value")
