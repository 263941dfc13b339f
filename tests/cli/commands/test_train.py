"""``seesawnas train`` as a user runs it, killed, interrupted and gone on with."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import seesawnas as sn
from seesawnas.space import to_mapping, write_yaml
from seesawnas.train import seeded
from tests.cli.running import Ran
from tests.crash.processes import descendants
from tests.run.trainings import pairs_file, small_plan

_RECIPE = (
    "{epochs: 6, batch_size: 8, learning_rate: 0.05, scale: 16.0, margin_size: 0.2, "
    "averaging: 0.9, shift: 0.1}"
)
_WORDS = ["train", "point.yaml", "--data", "faces", "--recipe", "quick.yaml", "--device", "cpu"]


@pytest.fixture
def place(folder: Path) -> Path:
    """A folder with a point, faces and a recipe."""
    Path("point.yaml").write_text(write_yaml(to_mapping(small_plan(folder).spec)))
    Path("quick.yaml").write_text(_RECIPE)
    return folder


def start(place: Path, *words: str, launcher: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *launcher, "-m", "seesawnas", *_WORDS, *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command,
        cwd=place,
        env=environment,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def wait_for_checkpoint(
    place: Path, process: subprocess.Popen[str], seen: set[str], out: str = "run"
) -> None:
    while (
        process.poll() is None
        and not {path.name for path in place.glob(f"{out}/checkpoints/*.safetensors")} - seen
    ):
        time.sleep(0.01)


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_with_the_bits_of_one_that_was_not(place: Path) -> None:
    code, _, err = finished(start(place, "--out", "whole", "--workers", "0"))
    assert code == 0, err
    moments, kills = random.Random(7), 0
    for workers in ("1", "0", "0"):
        seen = {path.name for path in place.glob("run/checkpoints/*.safetensors")}
        process = start(place, "--out", "run", "--workers", workers, "--save-every", "0.02s")
        wait_for_checkpoint(place, process, seen)
        time.sleep(moments.uniform(0.0, 0.3))
        process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
    assert kills == 3
    code, _, err = finished(start(place, "--out", "run", "--workers", "1"))
    assert code == 0, err
    assert "Resumed after step" in err
    assert (place / "run/model.safetensors").read_bytes() == (
        place / "whole/model.safetensors"
    ).read_bytes()


@pytest.mark.slow
def test_two_processes_killed_and_gone_on_with_end_with_the_bits_and_the_losses_of_one(
    place: Path,
) -> None:
    team = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone")
    code, _, err = finished(start(place, "--out", "one", "--workers", "0", "--accumulate", "2"))
    assert code == 0, err
    killed = start(place, "--out", "two", "--workers", "0", "--save-every", "0.02s", launcher=team)
    wait_for_checkpoint(place, killed, set(), "two")
    children = descendants(killed.pid)
    for pid in (killed.pid, *children):
        os.kill(pid, signal.SIGKILL)
    killed.communicate()
    for name in ("two", "never_killed"):
        code, out, err = finished(start(place, "--out", name, "--workers", "0", launcher=team))
        assert code == 0, err
        assert out.count("load_model") == 1
        assert ("Resumed after step" in err) == (name == "two")
    assert (place / "two/model.safetensors").read_bytes() == (
        place / "never_killed/model.safetensors"
    ).read_bytes()
    one, two = (
        [row["loss"] for row in json.loads((place / name / "model.json").read_text())["epochs"]]
        for name in ("one", "two")
    )
    assert two == pytest.approx(one, rel=1e-4)


@pytest.mark.slow
def test_two_processes_fine_tune_and_are_killed_and_given_more_epochs_as_one_is(
    place: Path,
) -> None:
    team = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone")
    with seeded(4):
        sn.save_model(sn.build(small_plan(place).spec), place / "base")
    settings = ("optimizer=adamw", "crop=0.3", "erase=0.3", "decay=none", "warm_up=0.0")
    words = (
        *("--workers", "0", "--init", "base", "--freeze", "stem", "--lr", "0.003"),
        *("--val", pairs_file(place / "pairs.bin"), "--validate-every", "4"),
        *(word for setting in settings for word in ("--set", setting)),
    )
    code, _, err = finished(
        start(place, *words, "--epochs", "4", "--out", "one", "--accumulate", "2")
    )
    assert code == 0, err
    killed = start(
        place, *words, "--epochs", "3", "--out", "two", "--save-every", "0.02s", launcher=team
    )
    wait_for_checkpoint(place, killed, set(), "two")
    for pid in (killed.pid, *descendants(killed.pid)):
        os.kill(pid, signal.SIGKILL)
    killed.communicate()
    for epochs in ("3", "4"):
        code, _, err = finished(
            start(place, *words, "--epochs", epochs, "--out", "two", launcher=team)
        )
        assert code == 0, err
    one, two = (json.loads((place / name / "model.json").read_text()) for name in ("one", "two"))
    assert [row["loss"] for row in two["epochs"]] == pytest.approx(
        [row["loss"] for row in one["epochs"]], rel=1e-3
    )
    for key in ("init", "freeze"):
        assert two[key] == one[key]
    assert [found["step"] for found in two["validations"]] == [
        found["step"] for found in one["validations"]
    ]
    assert [found["epochs"] for found in two["extended"]] == [3]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_end_saves_the_state_and_exits_with_130(
    place: Path, number: signal.Signals
) -> None:
    process = start(
        place, "--out", "run", "--workers", "0", "--epochs", "2000", "--save-every", "0.1s"
    )
    wait_for_checkpoint(place, process, set())
    process.send_signal(number)
    code, out, err = finished(process)
    assert (code, out) == (130, "")
    assert "Run the same command to resume" in err
    assert "Traceback" not in err


def test_the_json_is_the_result_and_the_network_loads(place: Path) -> None:
    about = Ran(*_WORDS, "--epochs", "1", "--workers", "0", "--out", "run", "--json").json
    assert about["files"] == ["run/spec.yaml", "run/model.safetensors", "run/model.json"]
    assert (about["recipe"]["epochs"], about["data"]["people"], about["data"]["images"]) == (
        1,
        24,
        120,
    )
    assert json.loads(Path("run/model.json").read_text())["digest"] == about["digest"]
    assert sn.load_model("run").spec.embedding_size == about["embedding"]


def test_the_folder_has_a_default_and_the_same_command_says_that_nothing_is_left(
    place: Path,
) -> None:
    words = (*_WORDS, "--epochs", "1", "--workers", "0")
    first, second = Ran(*words), Ran(*words)
    assert (first.code, second.code) == (0, 0)
    assert "wrote runs/train_small/model.safetensors" in first.out
    assert "nothing to do" in second.err


@pytest.mark.parametrize(
    ("every", "told"),
    [
        ("0.001s", "the last good checkpoint is kept in run/checkpoints"),
        ("1h", "there is no checkpoint yet"),
    ],
)
def test_divergence_is_one_line_and_exit_code_1_and_says_whether_a_checkpoint_is_kept(
    place: Path, every: str, told: str
) -> None:
    Path("wild.yaml").write_text(
        "{epochs: 2, batch_size: 8, learning_rate: 1000000, scale: 1000000, warm_up: 0.0}"
    )
    words = (*_WORDS[:5], "wild.yaml", "--device", "cpu", "--workers", "0", "--save-every", every)
    ran = Ran(*words, "--out", "run")
    assert ran.code == 1
    assert ran.err.splitlines()[-1].endswith(told)
    assert any(Path("run/checkpoints").glob("*.safetensors")) == (every != "1h")


def test_a_network_trained_before_is_scored_on_a_set_that_is_new(place: Path) -> None:
    old, new = (pairs_file(place / f"{name}.bin") for name in ("old", "new"))
    words = (*_WORDS, "--epochs", "1", "--workers", "0", "--out", "run", "--val")
    assert Ran(*words, old).code == 0
    ran = Ran(*words, f"{old}, {new}")
    assert "Already trained; evaluated on the new sets." in ran.err
    assert "new" in ran.out.split()
    assert set(Ran(*words, f"{old},{new}", "--json").json["scores"]) == {"old", "new"}
    assert "Already trained; nothing to do." in Ran(*words, new).err


def test_changes_of_the_recipe_are_shown_and_stored_and_a_fine_tuning_says_its_origin(
    place: Path,
) -> None:
    words = (*_WORDS, "--epochs", "1", "--workers", "0")
    ran = Ran(*words, "--out", "base", "--set", "scale=24", "--lr", "0.02", "--set", "flip=false")
    assert "learning_rate 0.02, scale 24.0, flip False" in ran.err
    stored = json.loads(Path("base/training.json").read_text())["recipe"]
    assert (stored["scale"], stored["learning_rate"], stored["flip"]) == (24.0, 0.02, False)
    tuned = Ran(*words, "--out", "tuned", "--init", "base", "--freeze", "1", "--json")
    assert "from base; not trained: stem, stage1" in tuned.err
    about = tuned.json
    assert (about["init"]["name"], about["freeze"]) == ("base", ["stem", "stage1"])
    before, after = (sn.load_model(name).state_dict() for name in ("base", "tuned"))
    same = {name for name in after if after[name].equal(before[name])}
    assert {name for name in same if name.startswith("head.")} == set()
    assert {name for name in after if name.startswith("stem.")} <= same


def test_more_epochs_are_asked_for_and_each_evaluation_is_a_line(place: Path) -> None:
    pairs = pairs_file(place / "pairs.bin")
    words = (*_WORDS, "--workers", "0", "--out", "run", "--val", pairs, "--validate-every", "10")
    first = Ran(*words, "--epochs", "1")
    assert [line for line in first.err.splitlines() if line.startswith("step 10 ")]
    assert "best: after step 1" in first.out
    refused = Ran(*words, "--epochs", "2")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert "--epochs 2 requires --extend after 1 of 1 epoch:" in refused.err
    more = Ran(*words, "--epochs", "2", "--extend")
    assert "from 1 epoch after step 15: the learning rate goes from 0 to " in more.err
    assert Ran(*words, "--epochs", "2", "--json").json["extended"] == [{"epochs": 1, "step": 15}]


def taught(place: Path) -> str:
    """A teacher in the folder ``place``: random weights, as if they were trained."""
    with seeded(4):
        return str(sn.save_model(sn.build(small_plan(place).spec.at_resolution(48)), "teacher"))


def test_a_teacher_teaches_and_the_cache_that_it_fills_is_listed_and_emptied(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE", str(place / "cache"))
    words = (*_WORDS, "--epochs", "1", "--workers", "0", "--teacher", taught(place))
    ran = Ran(*words, "--distill-weight", "3", "--out", "run", "--json")
    about = ran.json["distillation"]
    assert (about["loss"], about["weight"]) == ("angular", 3.0)
    assert "Teacher  teacher: angular, weight 3" in ran.err
    assert "Teacher teacher embedded 120 images" in ran.err
    assert Ran("data", "cache", "--json").json["embeddings"] == 1
    assert "and 1 set of embeddings" in Ran("data", "cache").out
    more = Ran(*words, "--distill", "embedding", "--generations", "2", "--out", "more")
    assert more.code == 0
    assert "embedded 120 images" not in more.err
    assert [line for line in more.err.splitlines() if line.startswith("Generation")] == [
        "Generation 1 of 2",
        "Generation 2 of 2",
    ]
    assert sn.load_model("more/generation_1").spec == sn.load_model("more").spec
    refused = Ran(*words, "--out", "run")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert "--distill-weight 3.0, got None; use another --out" in refused.err
    assert Ran("data", "cache", "--clear").code == 0
    assert not any((place / "cache").glob("teacher-*"))


@pytest.mark.slow
def test_one_killed_while_its_teacher_embeds_and_while_it_trains_ends_with_the_same_bits(
    place: Path,
) -> None:
    words = ("--teacher", taught(place), "--workers", "0", "--save-every", "0.02s")
    code, _, err = finished(start(place, *words, "--out", "whole"))
    assert code == 0, err
    environment = {"SEESAWNAS_CACHE": str(place / "cache")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEESAWNAS_CACHE", environment["SEESAWNAS_CACHE"])
        first = start(place, *words, "--out", "run")
        while first.poll() is None and not any((place / "cache").glob("teacher-*")):
            time.sleep(0.005)
        first.kill()
        first.communicate()
        second = start(place, *words, "--out", "run")
        wait_for_checkpoint(place, second, set())
        second.kill()
        second.communicate()
        code, _, err = finished(start(place, *words, "--out", "run"))
    assert code == 0, err
    assert "Resumed after step" in err
    assert (place / "run/model.safetensors").read_bytes() == (
        place / "whole/model.safetensors"
    ).read_bytes()


@pytest.mark.slow
def test_two_processes_learn_from_one_teacher_what_one_learns(place: Path) -> None:
    team = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone")
    words = ("--teacher", taught(place), "--workers", "0", "--epochs", "2", "--generations", "2")
    code, _, err = finished(start(place, *words, "--out", "one", "--accumulate", "2"))
    assert code == 0, err
    code, out, err = finished(start(place, *words, "--out", "two", launcher=team))
    assert code == 0, err
    assert out.count("load_model") == 1
    for folder in ("generation_1", ""):
        one, two = (
            [
                row["loss"]
                for row in json.loads((place / name / folder / "model.json").read_text())["epochs"]
            ]
            for name in ("one", "two")
        )
        assert two == pytest.approx(one, rel=1e-3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--distill", "angular"), "--distill angular requires --teacher, got none"),
        (("--teacher", "nowhere"), "--teacher nowhere: there is no such file or folder"),
        (("--teacher", "point.yaml"), "--teacher point.yaml: requires --teacher-normalise"),
        (("--precision", "fp8"), "--precision must be one of fp32, bf16, fp16, got fp8"),
        (("--save-every", "soon"), "--save-every must be a time such as 2h"),
        (("--device", "abacus"), "--device must be an available torch device"),
        (("--recipe", "papr"), "did you mean paper?"),
        (("--data", "nowhere"), "nowhere"),
        (("--val", "nowhere.bin"), "nowhere.bin: cannot be read"),
        (("--accumulate", "3"), "batch size must be a multiple of 3"),
        (("--set", "scal=3"), "--set: scal: is not a known key; did you mean scale?"),
        (("--lr", "high"), "--lr: must be a number, got high"),
        (("--init", "nowhere"), "--init nowhere: cannot be read: No such file"),
        (("--init", "point.yaml"), "must be a trained network's folder or its model.safetensors"),
        (("--freeze", "stem"), "--freeze stem requires --init, got none"),
        (("--validate-every", "5"), "--validate-every 5 requires --val, got none"),
    ],
)
def test_a_user_s_fault_is_one_line_and_exit_code_2(
    place: Path, words: tuple[str, ...], told: str
) -> None:
    ran = Ran(*_WORDS, "--workers", "0", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert len(ran.err.splitlines()) == 1
