"""Where `seesawnas export` writes if it is not told, and what it knows of the training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import Ran
from tests.run.trainings import pairs_file, run, small_plan

pytestmark = pytest.mark.usefixtures("own_cache_and_one_thread")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training whose folder is called as the folder of its best network."""
    root = tmp_path_factory.mktemp("trained")
    plan = small_plan(root / "best", benchmarks=(pairs_file(root / "pairs.bin"),))
    run(plan)
    return plan.folder


@pytest.mark.parametrize("of_best", [False, True])
def test_the_file_lies_in_the_folder_of_its_network(trained: Path, of_best: bool) -> None:
    folder = trained / "best" if of_best else trained
    ran = Ran("export", str(folder), "--format", "torchscript", "--json")
    assert ran.code == 0, ran.err
    files = [Path(name) for name in ran.json["written"]]
    assert {file.parent for file in files} == {folder}
    assert files[0].stem == "best"
    training = ran.json["training"]
    assert training["recipe"]["label"] == "short"
    about = json.loads((trained / "model.json").read_text())
    if of_best:
        assert (training["best"], "scores" in training) == (about["best"], False)
    else:
        assert (training["scores"], "best" in training) == (about["scores"], False)
