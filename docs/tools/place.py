"""A folder in which the commands of the pages find what they name."""

from __future__ import annotations

import os
from pathlib import Path

import seesawnas as sn
from tests.cli.running import Ran
from tests.faces import write_folder

SMALL = ["--epochs", "1", "--resolution", "32", "--engine", "inline"]


def prepare(root: Path) -> None:
    """Write made-up faces, a verification set, a model folder and a study, as the pages call them.

    Args:
        root: An empty folder.

    Raises:
        RuntimeError: If a command fails.
    """
    for name in ("FACES", "OTHERS", "faces"):
        write_folder(root / name)
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
