"""A folder in which the commands of the pages find what they name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import seesawnas as sn
from tests.cli.running import Ran
from tests.faces import write_folder

SMALL = ["--epochs", "1", "--resolution", "32", "--engine", "inline"]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces, a verification set, a model folder and a study, as the pages call them."""
    root = tmp_path_factory.mktemp("pages")
    for name in ("FACES", "OTHERS", "faces"):
        write_folder(root / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        done = Ran("data", "pack", "OTHERS", "--to", "bin", "--out", "lfw.bin", "--pairs", "40")
        assert done.code == 0, done.err
        network = sn.build(sn.load("paper/seesaw_share"))
        sn.save_model(network, root / "runs" / "train_seesaw_share")
        words = ["--budget", "60M", "--data", "FACES", "--trials", "2", "--points", "none"]
        done = Ran("search", *words, "--study", "search_150m", *SMALL)
        assert done.code == 0, done.err
    return root


@pytest.fixture
def place(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a copy of what is prepared."""
    place = tmp_path / "page"
    shutil.copytree(prepared, place)
    monkeypatch.chdir(place)
    return place
