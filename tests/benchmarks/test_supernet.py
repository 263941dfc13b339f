"""The training of shared weights goes on where it was stopped; networks are scored once each."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import supernet
from benchmarks.supernet_training import Folder, Plan, Scorer, Supernet, read_lines, run_training
from benchmarks.train_panel import drawn
from seesawnas.cost import cost
from seesawnas.data import load_faces
from seesawnas.errors import RunError
from seesawnas.train.feeds.teacher import RowTeacher
from tests.benchmarks.tiny import SIDE, write_space
from tests.faces import made_up_faces, write_folder

FACES = made_up_faces(SIDE)
BUDGET = "1M..20M"


def plan(folder: Path, **more: Any) -> Plan:
    about: dict[str, Any] = {
        "steps": 3,
        "budget": BUDGET,
        "resolution": SIDE,
        "batch_size": 36,
        **more,
    }
    return Plan(data=FACES.fingerprint, space=str(write_space(folder)), **about)


def run(of: Plan, folder: Folder, *, look_every: int = 100, **limits: float) -> Supernet:
    """As far as a call gets."""
    torch.manual_seed(len(folder.checkpoints.numbers()))  # no draw may depend on it
    feasible = of.feasible()
    looks = [feasible.space.choose(one) for one in drawn(feasible, 2)]
    found = Supernet(of, FACES.training)
    run_training(found, folder, Scorer(of, FACES), looks, look_every=look_every, **limits)
    return found


@pytest.mark.slow
def test_a_training_that_is_stopped_after_each_step_ends_with_the_same_weights(
    tmp_path: Path,
) -> None:
    own = plan(tmp_path)
    whole, parts = Folder(tmp_path / "whole"), Folder(tmp_path / "parts")
    expected = run(own, whole).training.state()
    for step in range(1, 5):
        found = run(own, parts, look_every=2, seconds=0.0)
        assert parts.checkpoints.numbers()[0] == step
        # A process that was killed has logged steps that are not in its checkpoint, the last in
        # part.
        parts.add({"step": step + 1, "loss": 0.0})
        with parts.log.open("a") as file:
            file.write('{"step": ')
    state = run(own, parts).training.state()
    assert set(state) == set(expected)
    assert int(state["network.turn"]) == 4 * 4
    assert all(torch.equal(state[name], tensor) for name, tensor in expected.items())
    assert found.training.state().keys() == expected.keys()
    losses, again = (
        [(line["step"], line["loss"]) for line in read_lines(one.log) if "loss" in line]
        for one in (whole, parts)
    )
    assert losses == again
    assert [step for step, _ in losses] == [1, 2, 3, 4]
    assert [line["step"] for line in read_lines(parts.log) if "auc" in line] == [2, 4]
    assert all(len(line["auc"]) == 2 for line in read_lines(parts.log) if "auc" in line)


def test_steps_are_rounded_up_to_whole_epochs_and_the_rest_is_the_proxies_recipe() -> None:
    recipe = Plan(data="", steps=3100).recipe(2036)
    assert (recipe.epochs, recipe.batch_size, recipe.averaging) == (100, 64, 0.0)
    assert Plan(data="", steps=32).recipe(2036).epochs == 2
    assert recipe.distill == "none"
    assert Plan(data="", steps=32, teacher="x").recipe(2036).distill == "angular"


def test_a_teacher_changes_the_loss(tmp_path: Path) -> None:
    images, own = len(FACES.training), plan(tmp_path)
    rows = torch.nn.functional.normalize(torch.ones(images, 2, 8), dim=2).half().numpy()
    taught = plan(tmp_path, teacher="x")
    plain = Supernet(own, FACES.training).training
    other = Supernet(taught, FACES.training, RowTeacher(rows)).training
    assert next(plain.steps()).loss < next(other.steps()).loss


def test_weights_of_another_plan_are_refused(tmp_path: Path) -> None:
    folder, own = Folder(tmp_path / "run"), plan(tmp_path)
    with folder.lock():
        folder.keep(own)
        folder.keep(own)
    assert folder.plan() == own
    with pytest.raises(RunError, match=r"steps must stay 3, got 6"):
        folder.keep(plan(tmp_path, steps=6))
    with (
        folder.lock(),
        pytest.raises(RunError, match=r"in use"),
        Folder(tmp_path / "run").lock(),
    ):
        pass


def command(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["supernet.py", *map(str, words)])
    threads = torch.get_num_threads()
    try:
        supernet.main()
    finally:
        torch.set_num_threads(threads)


def panel(path: Path, of: Plan, fingerprint: str, count: int) -> None:
    """Lines as a panel's, of networks that were trained elsewhere."""
    feasible = of.feasible()
    with path.open("w") as file:
        for number, assignment in enumerate(drawn(feasible, count)):
            spec = feasible.space.choose(assignment)
            line = {"network": number, "level": "4x56", "seed": 0, "assignment": assignment}
            about = {"digest": spec.digest(), "data": fingerprint, "madds": cost(spec).madds}
            file.write(json.dumps({**line, **about, "params": cost(spec).params}) + "\n")


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache_and_one_thread")
def test_a_ranking_goes_on_with_the_networks_that_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    faces, out = write_folder(tmp_path / "faces", people=12), tmp_path / "run"
    space, scores, lines = write_space(tmp_path), tmp_path / "scores.jsonl", tmp_path / "lines"
    options = ("--space", space, "--budget", BUDGET, "--resolution", SIDE, "--batch", 24)
    command(monkeypatch, "train", "--data", faces, "--out", out, "--steps", 2, *options)
    fingerprint = load_faces(faces, resolution=SIDE).fingerprint
    panel(lines, Folder(out).plan(), fingerprint, 3)
    asked = ("rank", "--data", faces, "--weights", out, "--measurements", lines, "--out", scores)
    command(monkeypatch, *asked)
    first = read_lines(scores)
    assert [line["network"] for line in first] == [0, 1, 2]
    assert {(line["step"], line["steps"]) for line in first} == {(2, 2)}
    assert len({line["scores"]["auc"] for line in first}) > 1
    text = scores.read_text()
    scores.write_text(text[: text.rindex("\n", 0, -1) + 9])  # killed within the last line
    command(monkeypatch, *asked)

    def told(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {name: value for name, value in line.items() if name != "cpu_seconds"} for line in found
        ]

    assert told(read_lines(scores)) == told(first)
    panel(lines, Folder(out).plan(), "other", 3)
    capsys.readouterr()
    with pytest.raises(SystemExit) as error:
        command(monkeypatch, *asked)
    assert error.value.code == 2
    assert "must be the faces other" in capsys.readouterr().err


def test_files_without_the_networks_or_scores_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, scores = tmp_path / "lines", tmp_path / "scores"
    for rule in ("lines: must have networks", "scores: must have scores"):
        with pytest.raises(SystemExit) as error:
            command(monkeypatch, "gate", "--measurements", lines, "--scores", scores)
        assert error.value.code == 2
        assert rule in capsys.readouterr().err
        panel(lines, plan(tmp_path), "", 1)
