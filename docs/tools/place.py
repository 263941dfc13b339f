"""A folder in which the commands of the pages find what they name."""

from __future__ import annotations

import os
from pathlib import Path

import seesawnas as sn
from tests.cli.running import Ran
from tests.faces import write_folder
from tests.study.stored import store_study

MANY = 30
"""Trials of the study that is made up, of which ``importance`` needs ten."""
SPACE = """
stem: {width: 16}
defaults: {kind: share, split: [1, 3], expansion: 2}
stages:
- {depth: {range: [1, 3]}, width: {choice: [16, 24]}, stride: 2}
- {depth: {range: [1, 3]}, width: 32, stride: 2, kernel: {choice: [3, 5]}}
head: {width: 64, embedding: 64}
"""
POINTS = "9,11,22,11,16,17,11,22,21,22"
"""Landmarks of a face of 32x32 pixels."""
SMALL = ["--epochs", "1", "--resolution", "32", "--engine", "inline"]


def prepare(root: Path) -> None:
    """Write made-up faces, a verification set, a model folder and studies, as the pages call them.

    Beside them a small search space, and landmarks of the faces.

    Args:
        root: An empty folder.

    Raises:
        RuntimeError: If a command fails.
    """
    for name in ("FACES", "OTHERS", "faces"):
        write_folder(root / name)
    images = sorted((root / "FACES").glob("*/*.png"))
    lines = [f"{path.parent.name}/{path.name},{POINTS}\n" for path in images]
    (root / "five.csv").write_text("".join(lines))
    (root / "tiny.yaml").write_text(SPACE)
    store_study(root / "runs" / "search_many", MANY)
    network = sn.build(sn.load("paper/seesaw_share"))
    sn.save_model(network, root / "runs" / "train_seesaw_share")
    before = Path.cwd()
    os.chdir(root)
    try:
        _run("data", "pack", "OTHERS", "--to", "bin", "--out", "lfw.bin", "--pairs", "40")
        search = ["search", "--budget", "60M", "--data", "FACES", "--trials", "2"]
        _run(*search, "--points", "none", "--study", "search_150m", *SMALL)
    finally:
        os.chdir(before)


def _run(*words: str) -> None:
    ran = Ran(*words)
    if ran.code:
        raise RuntimeError(f"seesawnas {' '.join(words)}: {ran.err}")
