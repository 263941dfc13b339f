"""A full training in this process: what it writes, and how it goes on."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import seesawnas as sn
from seesawnas.data import FaceSource, open_source
from seesawnas.errors import DataError, InvalidInput, RunError, TrialError
from seesawnas.train import EpochRecord, Recipe, Training
from seesawnas.train.full import (
    Benchmark,
    Completed,
    EpochDone,
    Resumed,
    Stepped,
    TrainPlan,
    opened,
    read_benchmark,
)
from seesawnas.train.full.settings import check_settings
from tests.cli.running import Ran
from tests.oblong import SIZE, write_bin, write_identities
from tests.run.trainings import RECIPE, halted, pairs_file, result, run, small_plan
from tests.train.sources import MadeUpSource


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def weights(plan: TrainPlan) -> bytes:
    return (plan.folder / "model.safetensors").read_bytes()


def test_a_training_yields_its_steps_and_epochs_and_leaves_a_network_that_loads(
    tmp_path: Path,
) -> None:
    plan = small_plan(tmp_path / "run")
    events = run(plan)
    assert [event.record.step for event in events if isinstance(event, Stepped)] == list(
        range(1, 19)
    )
    assert [event.record.epoch for event in events if isinstance(event, EpochDone)] == [1, 2, 3]
    about = result(events)
    assert about == json.loads((plan.folder / "model.json").read_text()) | {
        "recipe": about["recipe"]
    } | {"input": about["input"]}
    assert (about["digest"], about["seed"], about["data"]["fingerprint"]) == (
        plan.spec.digest(),
        0,
        "made up",
    )
    assert set(about["versions"]) >= {"python", "seesawnas", "torch", "safetensors"}
    network = sn.load_model(plan.folder)
    assert network.spec.digest() == plan.spec.digest()
    assert not network.training
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 16)


def test_torch_and_safetensors_alone_load_the_weights(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    run(plan)
    network = sn.build(sn.load(plan.folder / "spec.yaml"))
    network.load_state_dict(load_file(plan.folder / "model.safetensors"))
    with safe_open(plan.folder / "model.safetensors", "pt") as file:
        metadata = file.metadata()
    assert metadata["digest"] == plan.spec.digest()
    assert metadata["data"] == "made up"
    assert json.loads(metadata["recipe"])["label"] == "short"


def test_the_logs_hold_every_epoch_and_the_curves(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", recipe=replace(RECIPE, epochs=4))
    run(plan, stop=lambda step: step == 21)
    run(plan)
    with (plan.folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert all(float(row["loss"]) > 0 for row in rows)
    assert len(list((plan.folder / "tensorboard").glob("events*"))) == 2


@pytest.mark.parametrize("step", [1, 5, 6, 7, 17])
def test_a_training_that_is_stopped_goes_on_to_the_same_bits(step: int, tmp_path: Path) -> None:
    whole, stopped = small_plan(tmp_path / "whole"), small_plan(tmp_path / "stopped")
    run(whole)
    first = run(stopped, stop=lambda at: at == step)
    assert halted(first)
    second = run(stopped)
    assert second[0] == Resumed(step, 18, ())
    assert weights(whole) == weights(stopped)
    losses = [
        [row["loss"] for row in json.loads((p.folder / "model.json").read_text())["epochs"]]
        for p in (whole, stopped)
    ]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("damage", ["torn", "flipped", "empty"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(
    damage: str, tmp_path: Path
) -> None:
    whole, plan = small_plan(tmp_path / "whole"), small_plan(tmp_path / "run", save_seconds=0.0)
    run(whole)
    run(plan, stop=lambda at: at == 9)
    newest = max((plan.folder / "checkpoints").iterdir())
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    newest.write_bytes(
        {"torn": bytes(content[:-100]), "flipped": bytes(content), "empty": b""}[damage]
    )
    event = run(plan)[0]
    assert isinstance(event, Resumed)
    assert event.step == 8
    assert [newest.name in note for note in event.notes] == [True]
    assert weights(whole) == weights(plan)


def test_where_no_checkpoint_is_whole_it_starts_again_and_says_so(tmp_path: Path) -> None:
    whole, plan = small_plan(tmp_path / "whole"), small_plan(tmp_path / "run")
    run(whole)
    run(plan, stop=lambda at: at == 9)
    for path in (plan.folder / "checkpoints").iterdir():
        path.write_bytes(b"nonsense")
    event = run(plan)[0]
    assert isinstance(event, Resumed)
    assert (event.step, len(event.notes)) == (0, 2)
    assert weights(whole) == weights(plan)


def test_two_checkpoints_are_kept(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", save_seconds=0.0)
    run(plan)
    names = sorted(path.name for path in (plan.folder / "checkpoints").iterdir())
    assert names == ["step_000000000017.safetensors", "step_000000000018.safetensors"]


def test_a_training_at_its_end_is_not_made_again(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    first = result(run(plan))
    (again,) = run(plan)
    assert result([again])["seconds"] == first["seconds"]


@pytest.mark.parametrize("changes", [{"seed": 1}, {"recipe": replace(RECIPE, epochs=2)}])
def test_a_folder_of_another_training_is_refused(
    changes: dict[str, object], tmp_path: Path
) -> None:
    plan = small_plan(tmp_path / "run")
    run(plan, stop=lambda at: at == 3)
    with pytest.raises(
        RunError, match=r"started with (--seed 0, got 1|--epochs 3, got 2); use another --out"
    ) as e:
        run(replace(plan, **changes))  # type: ignore[arg-type]
    assert "\n" not in str(e.value)


_DEFAULTS = Recipe.default_values()
_OTHERS: dict[str, Any] = {
    "decay_steps": (0.5,),
    "decay_factor": 0.5,
    "embedding_weight_decay": 0.1,
    "sample_rate": 0.5,
}
"""Those of distillation are options too: test_distillation.py."""


def _said(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize("name", _OTHERS)
@pytest.mark.parametrize("back", [False, True])
def test_a_field_that_is_kept_where_it_is_no_default_is_held_both_ways(
    name: str, back: bool, tmp_path: Path
) -> None:
    usual, other = RECIPE, replace(RECIPE, **{name: _OTHERS[name]})
    first, second = (other, usual) if back else (usual, other)
    plan = small_plan(tmp_path / "run", recipe=first)
    run(plan, stop=lambda at: at == 1)
    with pytest.raises(RunError, match=rf"recipe\.{name} .*, got ") as caught:
        run(replace(plan, recipe=second))
    values = [_said(_DEFAULTS[name]), _said(_OTHERS[name])]
    old, new = reversed(values) if back else values
    assert f"recipe.{name} {old}, got {new};" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"precision": "bf16"}, "--precision fp32, got bf16"),
        ({"parts": 2}, "processes x --accumulate 1, got 2"),
    ],
)
def test_what_changes_the_numbers_is_held(
    changes: dict[str, object], told: str, tmp_path: Path
) -> None:
    plan = small_plan(tmp_path / "run")
    run(plan, stop=lambda at: at == 3)
    with pytest.raises(RunError, match=told):
        run(replace(plan, **changes))  # type: ignore[arg-type]


def test_pieces_may_go_from_processes_to_parts_and_an_older_folder_says_nothing_of_them(
    tmp_path: Path,
) -> None:
    plan = small_plan(tmp_path, parts=4)
    assert replace(plan, parts=2).required_settings("made up", 2) == plan.required_settings(
        "made up"
    )
    kept = plan.required_settings("made up")
    del kept["precision"], kept["processes x accumulate"]
    check_settings(kept, plan.required_settings("made up"), tmp_path)
    del kept["seed"]
    with pytest.raises(RunError, match="--seed None, got 0"):
        check_settings(kept, plan.required_settings("made up"), tmp_path)


def test_a_start_that_fails_claims_no_folder(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    for changes in ({"parts": 3}, {"benchmarks": (str(tmp_path / "nowhere.bin"),)}):
        with pytest.raises(InvalidInput):
            run(replace(plan, seed=7, **changes))
    assert not (plan.folder / "training.json").exists()
    assert len(result(run(plan))["epochs"]) == 3


@pytest.mark.parametrize("content", ["[]", "{", '"x"'])
def test_settings_that_are_none_are_one_line(content: str, tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    plan.folder.mkdir()
    (plan.folder / "training.json").write_text(content)
    with pytest.raises(RunError, match=r"training\.json: .*; use another --out"):
        run(plan)


def test_an_earlier_version_s_training_is_resumed_only_if_its_images_are_cropped_alike(
    tmp_path: Path,
) -> None:
    spec = small_plan(tmp_path).spec.at_resolution(*SIZE)
    write_identities(tmp_path / "faces")
    for name, source, is_same in (
        ("a", MadeUpSource(), True),
        ("b", open_source(tmp_path / "faces"), False),
    ):
        plan = small_plan(tmp_path / name, spec=spec)
        run(plan, source, stop=lambda step: step == 1)
        settings = json.loads((plan.folder / "training.json").read_text())
        assert settings.pop("crop") == "aspect"
        (plan.folder / "training.json").write_text(json.dumps(settings))
        if is_same:
            assert isinstance(run(plan, source)[-1], Completed)
        else:
            with pytest.raises(RunError, match="crop square, got aspect") as caught:
                run(plan, source)
            assert "\n" not in str(caught.value)


def test_a_verification_image_of_the_network_s_shape_is_scored_as_it_is(tmp_path: Path) -> None:
    images = write_identities(tmp_path / "faces")
    seen: set[bytes] = set()

    class Seeing(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            pixels = (batch * 128.0 + 127.5).round().byte().permute(0, 2, 3, 1).numpy()
            seen.update(image.tobytes() for image in pixels)
            return batch[:, :, ::9, ::5].flatten(1) + 2.0

    spec = small_plan(tmp_path).spec.at_resolution(*SIZE)
    read_benchmark(str(write_bin(tmp_path / "v.bin", images)), SIZE).score(Seeing(), spec.input)
    assert {image.tobytes() for image in images} <= seen


def test_other_faces_are_another_training(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    run(plan, stop=lambda at: at == 3)
    with pytest.raises(RunError, match="--data of fingerprint made up, got other"):
        run(plan, MadeUpSource(fingerprint="other"))


def test_a_folder_is_held_by_one_process(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    with (
        opened(plan, MadeUpSource()),
        pytest.raises(RunError, match="another training process is using this folder"),
    ):
        run(plan)


def test_divergence_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    plan = small_plan(
        tmp_path / "run", recipe=replace(RECIPE, learning_rate=1e30, warm_up=0.9), save_seconds=0.0
    )
    with pytest.raises(TrialError, match="became") as caught:
        run(plan)
    assert "\n" not in str(caught.value)
    for path in (plan.folder / "checkpoints").iterdir():
        kept = load_file(path)
        assert all(
            torch.isfinite(value).all()
            for name, value in kept.items()
            if name.startswith("network.")
        )


def test_statistics_that_became_no_numbers_are_divergence_and_leave_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch norm's running variance overflows while weights and losses are still numbers."""
    plan = small_plan(tmp_path / "run", save_seconds=0.0)
    run(plan, stop=lambda at: at == 5)
    kept = sorted(path.name for path in (plan.folder / "checkpoints").iterdir())
    _spoil_buffers_after_a_step(monkeypatch)
    with pytest.raises(TrialError, match="weights became NaN or infinite"):
        run(plan)
    assert sorted(path.name for path in (plan.folder / "checkpoints").iterdir()) == kept
    assert not (plan.folder / "model.json").exists()


def _spoil_buffers_after_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Training._update

    def spoil(training: Training) -> None:
        step(training)
        for name, buffer in training._network.named_buffers():
            if name.endswith("running_var"):
                buffer.fill_(torch.inf)

    monkeypatch.setattr(Training, "_update", spoil)


def test_embeddings_that_are_no_numbers_are_divergence_and_keep_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = small_plan(tmp_path / "run", benchmarks=(pairs_file(tmp_path / "pairs.bin"),))
    run(plan, stop=lambda at: at == 8)
    end_epoch = Training._end_epoch

    def overflow(training: Training, *rest: float) -> EpochRecord:
        with torch.no_grad():
            for weight in training._network.parameters():
                weight.fill_(1e38)  # a number, and what it makes is none
        return end_epoch(training, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Training, "_end_epoch", overflow)
    with pytest.raises(TrialError, match="embeddings of pairs are not finite"):
        run(plan)
    names = [path.name for path in (plan.folder / "checkpoints").iterdir()]
    assert "step_000000000008.safetensors" in names
    assert "step_000000000012.safetensors" not in names
    monkeypatch.undo()
    assert run(plan)[0] == Resumed(8, 18, ())


def test_an_epoch_outlives_a_crash_while_it_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = pairs_file(tmp_path / "pairs.bin")
    whole, plan = (small_plan(tmp_path / name, benchmarks=(pairs,)) for name in ("whole", "run"))
    expected = [event for event in run(whole) if isinstance(event, EpochDone)]

    def crash(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched, pytest.raises(MemoryError):  # noqa: PT012
        patched.setattr(Benchmark, "score", crash)
        run(plan)
    events = run(plan)
    assert events[0] == Resumed(6, 18, ())
    done = [event for event in events if isinstance(event, EpochDone)]
    assert [event.scores for event in done] == [event.scores for event in expected]
    assert weights(whole) == weights(plan)


@pytest.mark.parametrize(
    ("answers", "spoilt"),
    [
        ([True, False, True], ()),
        ([True] * 6, ()),
        ([True, False] * 4, range(5)),
        ([False] * 5 + [True], [5]),
    ],
)
def test_a_verification_set_that_cannot_be_scored_is_refused_before_the_first_step(
    answers: list[bool], spoilt: Collection[int], tmp_path: Path
) -> None:
    path = pairs_file(tmp_path / "few.bin", answers, spoilt)
    plan = small_plan(tmp_path / "run", benchmarks=(path,))
    with pytest.raises(
        DataError, match=r"few\.bin: verification: must have at least 4 pairs"
    ) as caught:
        run(plan)
    assert ("unreadable images: " in str(caught.value)) == bool(spoilt)
    assert not (plan.folder / "checkpoints").exists()


def test_few_pairs_that_can_be_read_are_enough_wherever_they_lie(tmp_path: Path) -> None:
    path = pairs_file(tmp_path / "some.bin", [True] * 9 + [False] * 3, spoilt=range(6))
    assert read_benchmark(path, (32, 32)).name == "some"


def test_sets_of_one_name_go_by_their_paths_and_each_is_scored_once(tmp_path: Path) -> None:
    one, two = (
        pairs_file(tmp_path / name / "pairs.bin", [True, False] * n)
        for name, n in (("a", 4), ("b", 3))
    )
    other = pairs_file(tmp_path / "other.bin")
    again = str(tmp_path / "a" / ".." / "a" / "pairs.bin")
    plan = small_plan(
        tmp_path / "run", benchmarks=(one, two, again, other), recipe=replace(RECIPE, epochs=1)
    )
    scores = result(run(plan))["scores"]
    assert {name: score["pairs"] for name, score in scores.items()} == {one: 8, two: 6, "other": 8}
    with (plan.folder / "log.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert {f"{name} auc" for name in (one, two, "other")} <= set(row)


def test_the_log_keeps_the_columns_of_sets_that_are_no_longer_scored(tmp_path: Path) -> None:
    names = ("a", "b")
    both = tuple(pairs_file(tmp_path / f"{name}.bin") for name in names)
    plan = small_plan(tmp_path / "run", benchmarks=both)
    run(plan, stop=lambda at: at == 8)
    run(replace(plan, benchmarks=both[:1]))
    with (plan.folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [bool(row["b auc"]) for row in rows] == [True, False, False]
    assert all(row["a auc"] for row in rows)


def test_an_epoch_s_images_are_those_of_its_seconds(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    run(plan, stop=lambda at: at == 5)
    records = [event.record for event in run(plan) if isinstance(event, EpochDone)]
    assert [record.images for record in records] == [8, 48, 48]


@pytest.mark.parametrize("name", ["spec.yaml", "model.safetensors", "model.json"])
def test_a_result_that_lost_a_file_is_written_again(name: str, tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    run(plan)
    content = (plan.folder / name).read_bytes()
    (plan.folder / name).unlink()
    assert isinstance(run(plan)[0], Resumed)
    assert (plan.folder / name).read_bytes() == content


def test_a_finished_network_is_scored_on_a_new_set_and_its_result_keeps_that(
    tmp_path: Path,
) -> None:
    old, new = (pairs_file(tmp_path / f"{name}.bin") for name in ("old", "new"))
    plan = small_plan(tmp_path / "run", benchmarks=(old,))
    first = result(run(plan))
    wider = replace(plan, benchmarks=(old, new))
    (event,) = run(wider)
    assert isinstance(event, Completed)
    assert (event.before, event.files) == (True, (plan.folder / "model.json",))
    assert event.about["scores"]["old"] == first["scores"]["old"]
    assert event.about["scores"]["new"]["auc"] == pytest.approx(
        first["scores"]["old"]["auc"], abs=1e-6
    )
    assert run(wider) == [
        Completed(json.loads((plan.folder / "model.json").read_text()), (), before=True)
    ]


def test_images_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    events = run(plan, MadeUpSource(broken=(3, 30)))
    done = [event for event in events if isinstance(event, EpochDone)]
    assert done[-1].unreadable == ("p0/3.png", "p3/30.png")
    assert [line.split(":")[0] for line in result(events)["data"]["unreadable"]] == [
        "p0/3.png",
        "p3/30.png",
    ]


@pytest.mark.parametrize("kind", ["no folder", "no weights", "another's weights", "torn weights"])
def test_a_folder_without_a_network_is_one_line(kind: str, tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    if kind != "no folder":
        run(plan)
    file = plan.folder / "model.safetensors"
    match kind:
        case "no weights":
            file.unlink()
        case "another's weights":
            (plan.folder / "spec.yaml").write_text(
                (plan.folder / "spec.yaml").read_text().replace("embedding: 16", "embedding: 8")
            )
        case "torn weights":
            file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(InvalidInput) as caught:
        sn.load_model(plan.folder)
    assert "\n" not in str(caught.value)


def test_what_build_writes_loads_too(tmp_path: Path) -> None:
    assert Ran("build", "paper/seesaw_share", "--out", str(tmp_path)).code == 0
    assert (
        sn.load_model(tmp_path, untrained=True).spec.digest()
        == sn.load("paper/seesaw_share").digest()
    )


def test_scores_on_real_faces_are_those_of_the_loaded_network(
    tmp_path: Path, lfw_train: Path
) -> None:
    path = lfw_train.parent / "lfw_dev.bin"
    plan = small_plan(tmp_path / "run", recipe=replace(RECIPE, epochs=1), benchmarks=(str(path),))
    about = result(run(plan))
    again = read_benchmark(str(path), plan.size).score(sn.load_model(plan.folder), plan.spec.input)
    assert about["scores"]["lfw_dev"]["auc"] == pytest.approx(again["auc"], abs=1e-6)
    assert again["pairs"] == 1200
    assert np.isfinite(again["accuracy"])


def test_a_source_is_a_source() -> None:
    source: FaceSource = MadeUpSource()
    assert len(source) == 48


@pytest.mark.parametrize(
    "name",
    ["lock", "training.json", "spec.yaml", "model.safetensors", "checkpoints", "tensorboard"],
)
def test_a_link_that_leads_out_of_the_folder_is_refused_before_anything_is_trained(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInput, match=rf"{name}: must not be a link to outside"):
        run(small_plan(tmp_path / "run"))
    assert not (tmp_path / "elsewhere").exists()
