"""A block from outside the package, installed as its own distribution, in every command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.faces import write_folder

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "twin_block"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the example is installed, and nothing else."""
    place = tmp_path_factory.mktemp("site")
    files = tmp_path_factory.mktemp("source") / "twin_block"
    files.mkdir()
    for path in EXAMPLE.iterdir():
        if path.is_file():
            (files / path.name).write_bytes(path.read_bytes())
    pip = [
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(place),
    ]
    done = subprocess.run(
        [sys.executable, "-m", *pip, str(files)], capture_output=True, text=True, check=False
    )
    if "No module named pip" in done.stderr:
        pytest.skip("there is no pip in this environment to install the example with")
    assert done.returncode == 0, done.stderr
    return place


def run(site: Path, folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "seesawnas", *words],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(site), str(Path(__file__).parents[1])]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_takes_less_than_sixty_lines() -> None:
    assert len((EXAMPLE / "twin_block.py").read_text().splitlines()) < 60


def test_it_is_counted_built_drawn_and_compared(site: Path, tmp_path: Path) -> None:
    space = str(EXAMPLE / "twin.yaml")
    assert json.loads(run(site, tmp_path, "space", space, "--json"))["size"] == 40
    lines = run(site, tmp_path, "sample", "--space", space, "-n", "3", "--json").splitlines()
    assert len(lines) == 3
    point = tmp_path / "point.yaml"
    point.write_text(
        "stem: {width: 16}\nstages:\n- {width: 16, stride: 2, kind: twin, second: 7, ratio: 1}\n"
        "- {width: 16, kind: 'twin_block:TwinBlock'}\nhead: {width: 32, embedding: 16}\n"
    )
    found = json.loads(
        run(site, tmp_path, "build", "point.yaml", "--diagram", "d.svg", "--check", "--json")
    )
    blocks = [block for stage in found["stages"][1:-1] for block in stage["blocks"]]
    assert [(block["kind"], block["second"], block["ratio"]) for block in blocks] == [
        ("twin", 7, 1),
        ("twin", 5, 2),
    ]
    ET.parse(tmp_path / "d.svg")
    run(site, tmp_path, "compare", "point.yaml", "paper/seesaw_share", "--json")


def test_it_is_searched_reported_and_ablated(site: Path, tmp_path: Path) -> None:
    write_folder(tmp_path / "faces")
    space = str(EXAMPLE / "twin.yaml")
    proxy = ["--data", "faces", "--epochs", "1", "--resolution", "32", "--engine", "inline"]
    search = [
        "--space",
        space,
        "--budget",
        "12M",
        "--trials",
        "2",
        "--points",
        "none",
        "--study",
        "own",
        "--json",
    ]
    found = json.loads(run(site, tmp_path, "search", *search, *proxy))
    assert found["finished"] == 2
    run(site, tmp_path, "report", "own")
    run(site, tmp_path, "build", "own:best", "--diagram", "d.svg")
    ablate = ["own:best", "--factors", "second", "--seeds", "1", "--study", "ablated", "--json"]
    run(site, tmp_path, "ablate", *ablate, *proxy)
