"""A sampler, a margin and a data source from outside the package, in commands and their workers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.faces import write_folder
from tests.installed import EXAMPLES, install, run_command, run_python

EXAMPLE = EXAMPLES / "own_parts"
pytestmark = pytest.mark.slow
STUDY = """budget: 250K
space: small.yaml
data: zip:faces.zip
sampler: nearest
recipe: {margin: fading}
points: none
epochs: 1
resolution: 32
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(EXAMPLE, tmp_path_factory.mktemp("own_parts"))


@pytest.fixture
def place(folder: Path) -> Path:
    """The working directory, with an archive of faces and a study file that uses every part."""
    write_folder(folder / "zipped")
    shutil.make_archive("faces", "zip", folder / "zipped")
    (folder / "own.yaml").write_text(STUDY)
    return folder


def test_they_pass_the_suites(site: Path, tmp_path: Path) -> None:
    words = ["-m", "pytest", "-p", "no:cacheprovider", str(EXAMPLE / "test_own_parts.py")]
    done = run_python(site, tmp_path, *words, "-c", str(EXAMPLE / "pyproject.toml"))
    assert done.returncode == 0, done.stdout


def test_they_are_searched_with_in_worker_processes(site: Path, place: Path) -> None:
    words = ["own.yaml", "--trials", "10", "--engine", "local", "--json"]
    found = json.loads(run_command(site, place, "search", *words))
    assert (found["finished"], found["failed"], found["sampler"]) == (10, [], "nearest")
    assert found["data"] == "zip:faces.zip"


@pytest.mark.processes
def test_they_are_searched_with_in_ray(site: Path, place: Path) -> None:
    words = ["own.yaml", "--trials", "2", "--engine", "ray", "--workers", "1", "--json"]
    found = json.loads(run_command(site, place, "search", *words))
    assert found["finished"] == 2
    assert found["failed"] == []


def test_a_training_takes_the_margin_and_the_source_and_resumes(site: Path, place: Path) -> None:
    (place / "recipe.yaml").write_text("epochs: 1\nbatch_size: 16\nmargin: fading\n")
    words = ["paper/mobilefacenet", "--data", "zip:faces.zip", "--recipe", "recipe.yaml"]
    words += ["--resolution", "32", "--out", "trained", "--device", "cpu", "--json"]
    found = json.loads(run_command(site, place, "train", *words))
    assert found["recipe"]["margin"] == "fading"
    assert (found["data"]["images"], found["data"]["people"]) == (120, 24)
    again = json.loads(run_command(site, place, "train", *words))
    assert again["epochs"] == found["epochs"]
