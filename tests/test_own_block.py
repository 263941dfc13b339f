"""A block from outside the package, installed as its own distribution, in every command."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.faces import write_folder
from tests.installed import EXAMPLES, install
from tests.installed import run_command as run

EXAMPLE = EXAMPLES / "twin_block"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(EXAMPLE, tmp_path_factory.mktemp("twin_block"))


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
