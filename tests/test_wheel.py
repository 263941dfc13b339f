"""The wheel, away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_wheel_installed_away_from_the_checkout_finds_its_search_points(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = [*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(wheel, check=True, capture_output=True)
    (made,) = tmp_path.glob("seesawnas-*.whl")
    site = tmp_path / "site"
    subprocess.run(
        [*pip, "install", "--no-deps", "--target", str(site), str(made)],
        check=True,
        capture_output=True,
    )

    def run(*words: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(site)}
        command = [sys.executable, *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout

    assert run("-c", "import seesawnas; print(seesawnas.__file__)").startswith(str(site))
    built = json.loads(run("-m", "seesawnas", "build", "paper/seesaw_share", "--json"))
    assert (built["params"], built["madds"]) == (1_370_176, 145_762_816)
    assert json.loads(run("-m", "seesawnas", "space", "seesaw", "--json"))["size"] > 10**9
    assert "tr.same" in run(
        "-c", "from seesawnas.report.pages.html import asset; print(asset('compare.js'))"
    )
    named = run(
        "-c",
        "from seesawnas.search import StudyFile as S; "
        "print(S.read('studies/search_150m.yaml').values)",
    )
    assert "'budget': '150M'" in named
    recipe = run(
        "-c", "from seesawnas.train import read_recipe; print(read_recipe('paper').batch_size)"
    )
    assert recipe == "160\n"
    tables = run("-c", "from seesawnas.io.catalog import TABLES; print(*TABLES.names())")
    assert tables == "lfw\n"
    folder = site / "seesawnas" / "studies" / "examples"
    assert sorted(path.name for path in folder.glob("*.py")) == [
        "ablate.py",
        "search.py",
        "train.py",
    ]
