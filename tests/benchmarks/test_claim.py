"""The judgement of a candidate: its means, their errors, and what is enough."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.claim import Difference, Trained, compare, main, of_network, read
from seesawnas.space import load
from seesawnas.study.ranking import Repeats
from tests.cli.running import Ran
from tests.faces import write_folder


def trained(network: str, seed: int, auc: float) -> Trained:
    return Trained(network, network, 10, 10, seed, 1, 32, 0.5, auc, 0.5, 1.0)


def test_a_difference_has_the_errors_of_both_means() -> None:
    found = compare(Repeats((0.90, 0.92)), Repeats((0.80, 0.80)), "rival")
    assert found.mean == pytest.approx(0.11)
    assert found.error == pytest.approx(0.01)
    assert found.is_resolved
    assert not Difference("rival", 0.019, 0.01).is_resolved
    assert not Difference("rival", -0.05, 0.01).is_resolved


def test_one_training_is_not_enough() -> None:
    rows = [trained("a", 0, 0.9), trained("a", 1, 0.8), trained("b", 0, 0.7)]
    assert of_network(rows, "a").values == (0.9, 0.8)
    with pytest.raises(SystemExit, match="b: two trainings"):
        of_network(rows, "b")


def test_trainings_are_read_kept_and_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "faces")
    assert Ran("data", "pack", "faces", "--to", "bin", "--out", "faces.bin").code == 0
    point = Path(__file__).parents[1] / "compat" / "v0_1" / "point.yaml"
    words = ["train", str(point), "--data", "faces", "--recipe", "small", "--epochs", "1"]
    words += ["--resolution", "32", "--val", "faces.bin", "--workers", "0", "--seed", "0"]
    done = Ran(*words, "--out", "small-0")
    assert done.code == 0, done.err
    found = read(tmp_path / "small-0")
    assert (found.network, found.seed, found.epochs) == ("small", 0, 1)
    assert found.digest == load(tmp_path / "small-0" / "spec.yaml").digest()
    assert 0 <= found.auc <= 1

    kept = tmp_path / "results.json"
    others = [found.__dict__ | {"seed": 1}, trained("rival", 0, 0.1).__dict__]
    kept.write_text(json.dumps({"trainings": [*others, trained("rival", 1, 0.2).__dict__]}))
    arguments = ["claim.py", "--candidate", "small", "--rivals", "rival", "--kept", str(kept)]
    monkeypatch.setattr("sys.argv", [*arguments, "--trained", "small-0"])
    main()
    rows = json.loads(kept.read_text())["trainings"]
    assert [(row["network"], row["seed"]) for row in rows] == [
        ("rival", 0),
        ("rival", 1),
        ("small", 0),
        ("small", 1),
    ]
    assert "| small |" in capsys.readouterr().out
