"""A full training that learns from a teacher: stopped, resumed, in generations, by stages."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import seesawnas as sn
from seesawnas.data.cache import entries
from seesawnas.errors import InvalidInput, RunError, TrialError
from seesawnas.train import Team, Training, seeded
from seesawnas.train.feeds.teacher import open_teachers, stage_folder, stages_of
from seesawnas.train.full import (
    Completed,
    EpochDone,
    GenerationStarted,
    Interrupted,
    Resumed,
    RunEvent,
    Stepped,
    TeacherEmbedded,
    TeacherNoted,
    TeacherReady,
    TrainPlan,
    generation,
    opened,
)
from seesawnas.train.full.settings import check_settings
from tests.faces import write_folder
from tests.run.trainings import OWN, RECIPE, halted, result, run, small_plan
from tests.train.sources import MadeUpSource

pytestmark = pytest.mark.usefixtures("own_cache_and_one_thread")


def teacher(path: Path, seed: int = 9, embedding: int = 16) -> str:
    """A network with another embedding than the student's 16 numbers, if it is asked for."""
    spec = small_plan(Path()).spec
    if embedding != 16:
        head: Any = spec.head
        spec = replace(spec, head=replace(head, embedding=embedding))
    with seeded(seed):
        return str(sn.save_model(sn.build(spec), path))


def distilled(tmp_path: Path, name: str = "run", **more: Any) -> TrainPlan:
    if "teacher" not in more:
        more["teacher"] = (teacher(tmp_path / "teacher"),)
    return small_plan(tmp_path / name, **more)


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def kinds(events: list[RunEvent]) -> list[str]:
    """What happened, without repetitions."""
    names = [type(event).__name__ for event in events]
    return [name for name, before in zip(names, ["", *names], strict=False) if name != before]


@pytest.mark.parametrize(("embedding", "projection"), [(16, False), (24, True)])
def test_the_folder_says_what_the_network_was_distilled_from(
    embedding: int, projection: bool, tmp_path: Path
) -> None:
    place = teacher(tmp_path / "teacher", embedding=embedding)
    plan = distilled(tmp_path, teacher=(place,))
    events = run(plan)
    assert kinds(events)[:3] == ["TeacherEmbedded", "TeacherReady", "Stepped"]
    assert TeacherEmbedded("teacher", 48, 48) in events
    about = json.loads((plan.folder / "model.json").read_text())["distillation"]
    known = about.pop("teachers")
    assert about == {
        "loss": "angular",
        "weight": 7.0,
        "projection": projection,
        "generation": 1,
        "generations": 1,
    }
    digest = known[0]["digest"]
    assert [(one["name"], one["embedding"]) for one in known] == [("teacher", embedding)]
    assert str(tmp_path) not in json.dumps(known)
    with safe_open(plan.folder / "model.safetensors", "pt") as file:
        assert (file.metadata()["teacher"], file.metadata()["distill"]) == (digest, "angular")
    settings = json.loads((plan.folder / "training.json").read_text())
    assert (settings["teacher"], settings["recipe"]["distill"]) == (digest, "angular")
    # the projection is gone from the network, and stays in the checkpoint
    assert (
        load_file(plan.folder / "model.safetensors").keys()
        == sn.build(plan.spec).state_dict().keys()
    )
    newest = max((plan.folder / "checkpoints").iterdir())
    assert ("criterion.projection" in load_file(newest)) == projection


@pytest.fixture
def with_singles(tmp_path: Path) -> str:
    """Six identities of eight images, and 24 of one."""
    singles = [f"single{number}" for number in range(24)]
    return str(write_folder(tmp_path / "faces", people=6, each=8, singles=singles))


def test_images_of_identities_with_one_image_are_learnt_from_without_a_class(
    with_singles: str, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"teacher": (teacher(tmp_path / "teacher"),), "data": with_singles}
    taught, skipped, plain, stopped = (
        small_plan(tmp_path / name, **{**asked, **more})
        for name, more in (
            ("taught", {}),
            ("skipped", {"single_images": "skip"}),
            ("plain", {"teacher": ()}),
            ("stopped", {}),
        )
    )
    events = run(taught, OWN)
    assert TeacherEmbedded("teacher", 72, 72) in events
    data = result(events)["data"]
    assert (data["images"], data["people"], data["single_images"]) == (72, 6, 24)
    assert [event.record.steps for event in events if isinstance(event, Stepped)] == [27] * 27
    newest = max((taught.folder / "checkpoints").iterdir())
    assert len(load_file(newest)["criterion.base.head.weight"]) == 6
    for plan in (skipped, plain):
        data = result(run(plan, OWN))["data"]
        assert (data["images"], data["people"], data["single_images"]) == (48, 6, 0)
    assert halted(run(stopped, OWN, lambda step: step == 12))
    assert Resumed(12, 27, ()) in run(stopped, OWN)
    assert weights(stopped.folder) == weights(taught.folder)


def test_a_training_of_an_earlier_version_goes_on_without_single_images(
    with_singles: str, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"teacher": (teacher(tmp_path / "teacher"),), "data": with_singles}
    whole, plan = (
        small_plan(tmp_path / name, single_images="skip", **asked) for name in ("whole", "run")
    )
    run(whole, OWN)
    assert halted(run(plan, OWN, lambda step: step == 7))
    settings = json.loads((plan.folder / "training.json").read_text())
    del settings["single_images"]  # it did not know them
    (plan.folder / "training.json").write_text(json.dumps(settings))
    with pytest.raises(RunError) as caught:
        run(small_plan(plan.folder, single_images="distill", **asked), OWN)
    assert "--single-images skip" in str(caught.value)
    assert Resumed(7, 18, ()) in run(small_plan(plan.folder, **asked), OWN)
    assert weights(plan.folder) == weights(whole.folder)


def test_without_a_teacher_nothing_is_said_of_one(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    assert result(run(plan))["distillation"] is None
    settings = json.loads((plan.folder / "training.json").read_text())
    assert settings["teacher"] is None
    assert "distill" not in settings["recipe"]


def test_at_weight_zero_it_is_the_training_without_a_teacher(tmp_path: Path) -> None:
    plain, control = small_plan(tmp_path / "plain"), distilled(tmp_path, distill_weight=0.0)
    run(plain)
    run(control)
    one, other = (load_file(p.folder / "model.safetensors") for p in (plain, control))
    assert all(torch.equal(one[name], other[name]) for name in one)
    seven = distilled(tmp_path, "seven")
    run(seven)
    assert any(
        not torch.equal(one[name], value)
        for name, value in load_file(seven.folder / "model.safetensors").items()
    )


@pytest.mark.parametrize("step", [1, 6, 17])
def test_one_that_is_stopped_goes_on_to_the_same_bits_also_if_the_cache_was_cleared(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = teacher(tmp_path / "teacher", embedding=24)
    whole, stopped = (distilled(tmp_path, name, teacher=(place,)) for name in ("whole", "stopped"))
    run(whole)
    assert halted(run(stopped, stop=lambda at: at == step))
    if step == 6:
        monkeypatch.setenv("SEESAWNAS_CACHE", str(tmp_path / "empty"))
    second = run(stopped)
    assert Resumed(step, 18, ()) in second
    assert any(isinstance(event, TeacherEmbedded) for event in second) == (step == 6)
    assert weights(whole.folder) == weights(stopped.folder)


def test_one_that_is_stopped_while_the_teacher_embeds_goes_on_from_there(tmp_path: Path) -> None:
    plan, source = distilled(tmp_path), MadeUpSource(people=12, each=20)
    with opened(plan, source) as session:
        events = list(session.run(lambda: True))
    assert events == [TeacherEmbedded("teacher", 64, 240), Interrupted(0)]
    events = run(plan, source)
    assert events[0] == TeacherEmbedded("teacher", 128, 240)
    assert isinstance(events[-1], Completed)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"distill": "embedding"}, r"--distill angular, got embedding"),
        ({"distill_weight": 3.0}, r"--distill-weight None, got 3\.0"),
        ({"generations": 2}, r"--generations 1, got 2"),
        ({"teacher": ()}, r"--teacher of digest [0-9a-f]{16} .*, got None"),
    ],
)
def test_another_distillation_is_refused_in_one_line(
    changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    plan = distilled(tmp_path)
    run(plan, stop=lambda at: at == 2)
    asked = {"teacher": plan.teacher, **changes}
    with pytest.raises(RunError, match=told) as caught:
        run(small_plan(plan.folder, **asked))
    assert "\n" not in str(caught.value)
    assert "use another --out" in str(caught.value)


def test_another_teacher_is_refused_in_one_line_and_the_same_one_elsewhere_is_not(
    tmp_path: Path,
) -> None:
    plan = distilled(tmp_path)
    run(plan, stop=lambda at: at == 2)
    other = teacher(tmp_path / "other", seed=5)
    with pytest.raises(RunError, match=r"--teacher of digest \w{16}, got \w{16};") as caught:
        run(small_plan(plan.folder, teacher=(other,)))
    assert "\n" not in str(caught.value)
    moved = teacher(tmp_path / "moved")
    assert isinstance(run(small_plan(plan.folder, teacher=(moved,)))[-1], Completed)


def test_a_teacher_that_is_fed_otherwise_is_refused_also_if_its_weights_are_the_same(
    tmp_path: Path,
) -> None:
    plan = distilled(tmp_path)
    run(plan, stop=lambda at: at == 2)
    path = plan.folder / "training.json"
    kept = json.loads(path.read_text())
    assert kept["teacher_input"].startswith("32x32 rgb, mean ")
    path.write_text(json.dumps({**kept, "teacher_input": "32x32 rgb, mean 0, std 1"}))
    told = r"the teacher's input 32x32 rgb, mean 0, std 1, got 32x32 rgb, mean 1"
    with pytest.raises(RunError, match=told) as caught:
        run(plan)
    assert "\n" not in str(caught.value)
    # a folder of an earlier version does not say it
    del kept["teacher_input"]
    path.write_text(json.dumps(kept))
    assert isinstance(run(plan)[-1], Completed)


def test_a_finished_training_needs_its_teacher_no_more(tmp_path: Path) -> None:
    plan = distilled(tmp_path, generations=2)
    run(plan, stop=lambda at: at == 2)
    place, away = Path(plan.teacher[0]), tmp_path / "away"
    place.rename(away)
    with pytest.raises(InvalidInput, match="there is no such file"):
        run(plan)
    away.rename(place)
    run(plan)
    place.rename(away)
    (event,) = [event for event in run(plan) if isinstance(event, Completed)]
    assert event.before
    with pytest.raises(RunError, match=r"--distill angular, got embedding"):
        run(distilled(tmp_path, teacher=plan.teacher, generations=2, distill="embedding"))
    other = teacher(tmp_path / "other", seed=5)
    with pytest.raises(RunError, match="--teacher of digest"):
        run(distilled(tmp_path, teacher=(other,), generations=2))


class Halves(Team):
    """A team of two threads: what one wishes, both learn when both have come."""

    both = threading.Barrier(2, timeout=20)
    wishes: ClassVar[list[bool]] = [False, False]

    def any(self, wish: bool, device: torch.device) -> bool:
        self.wishes[self.rank] = wish
        self.both.wait()
        found = any(self.wishes)
        self.both.wait()
        return found


@pytest.mark.parametrize("stopper", [0, 1, None])
def test_processes_that_embed_end_together_whichever_of_them_is_stopped(
    stopper: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "_AGREED_EVERY", 0.0)
    plan, source = distilled(tmp_path), MadeUpSource(people=12, each=20)
    found: dict[int, RunEvent | None] = {}

    def embed(rank: int) -> None:
        own = generation.Generation(
            plan, source, Team(), torch.device("cpu"), teachers=open_teachers(plan.teacher)
        )
        own.team = Halves(rank, 2)
        events = own._embed(lambda: rank == stopper)
        last = list(events)[-1]
        found[rank] = last
        own.close()

    threads = [threading.Thread(target=embed, args=(rank,)) for rank in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    is_ready = [isinstance(found[rank], TeacherReady) for rank in range(2)]
    assert is_ready == [stopper is None] * 2


def test_what_goes_to_memory_is_said_before_it_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE_LIMIT", "10")
    first, second, *_ = run(distilled(tmp_path))
    assert isinstance(first, TeacherNoted)
    assert "SEESAWNAS_CACHE_LIMIT" in first.line
    assert isinstance(second, TeacherEmbedded)


def test_a_stage_that_diverged_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan(tmp_path / "run", stages=3)
    monkeypatch.setattr(Training, "is_finite", lambda self: self.done < 2)
    with pytest.raises(TrialError, match="NaN or infinite"):
        run(plan)
    assert [path.name for path in (plan.folder / "stages").iterdir()] == ["epoch_000001"]


def test_a_training_of_an_earlier_version_had_no_teacher(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run")
    kept = {
        name: value
        for name, value in plan.required_settings("made up").items()
        if not name.startswith("teacher")
    }
    check_settings(kept, plan.required_settings("made up"), tmp_path)
    asked = distilled(tmp_path).required_settings("made up", teachers=["12ab"])
    with pytest.raises(RunError, match="--teacher of digest None and --distill none, got 12ab and"):
        check_settings(kept, asked, tmp_path)


def test_generations_begin_where_the_one_before_ended(tmp_path: Path) -> None:
    plan = distilled(tmp_path, generations=3)
    events = run(plan)
    assert [event for event in events if isinstance(event, GenerationStarted)] == [
        GenerationStarted(number, 3) for number in (1, 2, 3)
    ]
    assert len([event for event in events if isinstance(event, EpochDone)]) == 9
    assert len([event for event in events if isinstance(event, Completed)]) == 1
    folders = [plan.folder / "generation_1", plan.folder / "generation_2", plan.folder]
    abouts = [json.loads((folder / "model.json").read_text()) for folder in folders]
    assert [about["distillation"]["generation"] for about in abouts] == [1, 2, 3]
    # the same teacher in all of them
    assert len({about["distillation"]["teachers"][0]["digest"] for about in abouts}) == 1
    assert len(entries()) == 1
    # one generation is the training that it would be alone
    alone = distilled(tmp_path, "alone", teacher=plan.teacher)
    run(alone)
    one, other = (load_file(f / "model.safetensors") for f in (alone.folder, folders[0]))
    assert all(torch.equal(one[name], other[name]) for name in one)
    losses = [about["epochs"][0]["loss"] for about in abouts]
    assert losses[1] < losses[0]


def test_a_previous_generation_may_teach_the_next(tmp_path: Path) -> None:
    plan = distilled(tmp_path, generations=3, generation_teacher="previous")
    run(plan)
    folders = [plan.folder / "generation_1", plan.folder / "generation_2", plan.folder]
    names = [
        json.loads((folder / "model.json").read_text())["distillation"]["teachers"][0]["name"]
        for folder in folders
    ]
    assert names == ["teacher", "generation_1", "generation_2"]


@pytest.mark.parametrize("teaches", ["same", "previous"])
@pytest.mark.parametrize("stops", [(3,), (18, 2), (5, 1, 17)])
def test_generations_that_are_stopped_go_on_to_the_same_bits(
    teaches: str, stops: tuple[int, ...], tmp_path: Path
) -> None:
    """Each number is a step of the generation under way at which it is stopped."""
    more = {"generations": 2, "generation_teacher": teaches}
    whole, stopped = (distilled(tmp_path, name, **more) for name in ("whole", "stopped"))
    run(whole)
    for at in stops:
        assert halted(run(stopped, stop=at.__eq__))
    assert isinstance(run(stopped)[-1], Completed)
    assert weights(whole.folder) == weights(stopped.folder)
    (again,) = [event for event in run(stopped) if isinstance(event, Completed)]
    assert again.before


def test_a_result_needs_its_earlier_generations_no_more(tmp_path: Path) -> None:
    import shutil

    plan = distilled(tmp_path, generations=2, generation_teacher="previous")
    run(plan)
    shutil.rmtree(plan.folder / "generation_1")
    events = run(plan)
    assert isinstance(events[-1], Completed)
    assert events[-1].before
    assert not (plan.folder / "generation_1").exists()


def test_a_training_keeps_its_stages_and_another_learns_from_them_in_turn(tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=4)
    taught = small_plan(tmp_path / "taught", recipe=recipe, stages=2, seed=3)
    run(taught)
    names = [path.name for path in sorted((taught.folder / "stages").iterdir())]
    assert names == ["epoch_000002", "epoch_000004"]
    last = load_file(taught.folder / "stages" / "epoch_000004" / "model.safetensors")
    end = load_file(taught.folder / "model.safetensors")
    assert all(torch.equal(last[name], end[name]) for name in end)
    assert sn.load_model(taught.folder / "stages" / "epoch_000002").spec == taught.spec

    plan = distilled(tmp_path, recipe=recipe, teacher=(str(taught.folder),), distill="multistep")
    events = run(plan)
    assert [event.name for event in events if isinstance(event, TeacherReady)] == names
    about = result(events)["distillation"]
    assert (about["loss"], about["weight"]) == ("multistep", 100.0)
    assert [one["name"] for one in about["teachers"]] == names
    # before the first half is over no other stage counts
    first = distilled(
        tmp_path,
        "first",
        recipe=recipe,
        teacher=(str(taught.folder / "stages" / "epoch_000002"),),
        distill="embedding",
    )
    losses = [
        [event.record.loss for event in one if isinstance(event, Stepped)]
        for one in (events, run(first))
    ]
    assert losses[0][:12] == losses[1][:12]
    assert losses[0][12] != losses[1][12]


def test_stages_of_a_stopped_training_are_those_of_one_that_was_not(tmp_path: Path) -> None:
    whole, stopped = (small_plan(tmp_path / name, stages=3) for name in ("whole", "stopped"))
    run(whole)
    for at in (5, 7, 12):
        assert halted(run(stopped, stop=at.__eq__))
    run(stopped)
    for name in ("epoch_000001", "epoch_000002", "epoch_000003"):
        assert weights(whole.folder / "stages" / name) == weights(stopped.folder / "stages" / name)


@pytest.mark.parametrize(("before", "after", "kept"), [(1, 3, [2, 3]), (3, 1, [1, 3])])
def test_a_training_that_went_on_with_other_stages_says_which_it_kept(
    before: int, after: int, kept: list[int], tmp_path: Path
) -> None:
    plan = small_plan(tmp_path / "run", stages=before)
    first = next(
        event.record.steps for event in run(plan, stop=(1).__eq__) if isinstance(event, Stepped)
    )
    # in the second epoch
    assert halted(run(plan, stop=(first // plan.recipe.epochs + 1).__eq__))
    assert result(run(replace(plan, stages=after)))["stages"] == kept
    assert stages_of(plan.folder) == [stage_folder(plan.folder, epoch) for epoch in kept]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_reduced_precision_in_parts_goes_on_to_the_same_bits(
    precision: str, tmp_path: Path
) -> None:
    place = teacher(tmp_path / "teacher", embedding=24)
    more = {"teacher": (place,), "precision": precision, "parts": 2}
    whole, stopped = (distilled(tmp_path, name, **more) for name in ("whole", "stopped"))
    run(whole)
    assert halted(run(stopped, stop=(4).__eq__))
    run(stopped)
    assert weights(whole.folder) == weights(stopped.folder)


def test_unreadable_images_are_skipped_by_both(tmp_path: Path) -> None:
    plan, source = distilled(tmp_path), MadeUpSource(broken=(3,), missing=(17,))
    about = result(run(plan, source))
    assert len(about["data"]["unreadable"]) == 2
