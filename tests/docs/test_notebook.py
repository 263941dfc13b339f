"""The notebook's cells run in their order, and what they show can be shown."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "examples" / "notebook" / "own_search.ipynb"
CELLS: list[dict[str, Any]] = json.loads(NOTEBOOK.read_text())["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]


def shown(source: str, names: dict[str, Any]) -> Any:
    """What a cell shows: the value of its last line, if that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return (
        eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        if isinstance(last, ast.Expr)
        else None
    )


def test_it_is_kept_without_outputs() -> None:
    assert all(
        not cell["outputs"] and cell["execution_count"] is None
        for cell in CELLS
        if cell["cell_type"] == "code"
    )


@pytest.mark.slow
def test_its_cells_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    values = [shown(source, names) for source in CODE]
    assert len(names["study"].trials) == 4
    assert names["best"].digest() in {
        trial.user_attrs["digest"] for trial in names["study"].best_trials
    }
    assert all(
        hasattr(value, "_repr_html_") or hasattr(value, "_repr_mimebundle_")
        for value in values
        if value is not None
    )
    assert sum(value is not None for value in values) == len(CODE)
