"""Packages whose names are imported when first asked for.

Torch and Optuna take seconds, and ``--help`` needs neither. Python 3.15's ``lazy from ... import``
does the same in the language.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def lazy_exports(package: str) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a package that imports its names only when they are asked for.

    They are the names that it imports under ``if TYPE_CHECKING:`` alone.

    Args:
        package: The ``__name__`` of the package that is being imported.

    Returns:
        What imports such a name when it is first asked for, and raises AttributeError for others.
    """
    module = sys.modules[package]
    homes = _homes(Path(str(module.__file__)).read_text(encoding="utf-8"))

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home, own = homes[name]
        value = getattr(import_module(home), own)
        setattr(module, name, value)
        return value

    return find


def _homes(source: str) -> dict[str, tuple[str, str]]:
    """(module, name there) of every name imported under ``if TYPE_CHECKING:``, by its name here."""
    checked = [
        part
        for part in ast.parse(source).body
        if isinstance(part, ast.If) and ast.unparse(part.test) == "TYPE_CHECKING"
    ]
    return {
        alias.asname or alias.name: (str(line.module), alias.name)
        for part in checked
        for line in part.body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }
