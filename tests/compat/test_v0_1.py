"""What version 0.1.0 wrote still opens, reports, resumes and loads.

``v0_1`` was written by that version: a search of four trials and a repeat, an ablation, a fidelity
study, a trained network, one with random weights, and its search point. golden.json holds what the
network gives, and its digest, by that version's own code.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

import seesawnas
import seesawnas.nn
from seesawnas.arch.digest_0_1 import digest_0_1
from tests.cli.running import Ran
from tests.faces import write_folder

OLD = Path(__file__).parent / "v0_1"
GOLDEN = json.loads((OLD / "golden.json").read_text())
SUMMARY = json.loads((OLD / "studies" / "search_0_1" / "summary.json").read_text())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with what the old version left."""
    shutil.copytree(OLD / "studies", tmp_path / "runs")
    for name in ("trained_0_1", "built_0_1"):
        shutil.copytree(OLD / name, tmp_path / name)
    for name in ("small.yaml", "point.yaml"):
        shutil.copy(OLD / name, tmp_path / name)
    write_folder(tmp_path / "faces")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_point_is_known_by_the_digest_it_had(here: Path) -> None:
    spec = seesawnas.load("point.yaml")
    assert digest_0_1(spec) == GOLDEN["digest"]
    assert Ran("build", "point.yaml", "--json").json["digest"] == spec.digest()


def test_a_trained_network_gives_the_embedding_it_gave(here: Path) -> None:
    network = seesawnas.load_model("trained_0_1").eval()
    images = torch.linspace(-1, 1, 3 * 32 * 32).reshape(1, 3, 32, 32)
    with torch.inference_mode():
        assert network(images)[0].tolist() == pytest.approx(GOLDEN["embedding"], abs=2e-5)


def test_random_weights_are_told_from_trained_ones(here: Path) -> None:
    assert not seesawnas.nn.is_trained("built_0_1")
    assert seesawnas.nn.is_trained("trained_0_1")
    for folder, code in (("built_0_1", 2), ("trained_0_1", 0)):
        done = Ran("identify", folder, "faces")
        assert done.code == code, done.err


def test_a_search_reports_what_it_found(here: Path) -> None:
    best = seesawnas.load("runs/search_0_1/best.yaml")
    assert digest_0_1(best) == SUMMARY["ranking"][0]["digest"]
    assert Ran("build", "search_0_1:best", "--json").json["digest"] == best.digest()
    assert Ran("build", "search_0_1:3", "--json").code == 0
    for form in ("html", "csv", "md", "json"):
        assert Ran("report", "search_0_1", "--format", form).code == 0
    assert Ran("report", "ablation_0_1", "--format", "json").code == 0
    assert Ran("compare", "search_0_1:1", "search_0_1:2", "--json").code == 0


def test_a_search_resumes_with_the_trials_it_has(here: Path) -> None:
    options = [
        "--space",
        "small.yaml",
        "--budget",
        "2M",
        "--data",
        "synthetic:20x3",
        "--epochs",
        "1",
        "--resolution",
        "32",
    ]
    more = [
        "--points",
        "none",
        "--study",
        "search_0_1",
        "--engine",
        "inline",
        "--sampler",
        "random",
        "--trials",
        "5",
    ]
    found = Ran("search", *options, *more, "--json").json
    assert found["finished"] == 5
    before = {row["number"]: row["accuracy"] for row in SUMMARY["ranking"]}
    assert {
        row["number"]: row["accuracy"] for row in found["ranking"] if row["number"] in before
    } == before


def test_its_study_file_runs_again(here: Path) -> None:
    done = Ran("search", "runs/search_0_1/study.yaml", "--engine", "inline", "--json").json
    assert done["finished"] == 4


def test_an_ablation_resumes_with_more_seeds(here: Path) -> None:
    before = json.loads(Path("runs/ablation_0_1/result.json").read_text())
    done = Ran("ablate", "runs/ablation_0_1/study.yaml", "--engine", "inline", "--json")
    # Another processor may round the last digit of an interval in another way.
    assert done.json["effects"] == [pytest.approx(effect) for effect in before["effects"]]


def test_a_fidelity_study_resumes_with_more_networks(here: Path) -> None:
    rows = Path("runs/fidelity_0_1/measurements.jsonl").read_text().splitlines()
    before = [json.loads(line) for line in rows]
    words = [
        "--budget",
        "2M",
        "--space",
        "small.yaml",
        "--data",
        "synthetic:20x3",
        "--levels",
        "1x32",
    ]
    more = ["--networks", "3", "--study", "fidelity_0_1", "--engine", "inline", "--json"]
    done = Ran("fidelity", *words, *more)
    assert done.code == 0, done.err
    rows = Path("runs/fidelity_0_1/measurements.jsonl").read_text().splitlines()
    scores = {(row["network"], row["seed"]): row["measurement"] for row in map(json.loads, rows)}
    assert set(scores) == {(network, seed) for network in range(3) for seed in range(2)}
    assert {key: scores[key] for row in before if (key := (row["network"], row["seed"]))} == {
        (row["network"], row["seed"]): row["measurement"] for row in before
    }
