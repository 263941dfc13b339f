"""Studies whose trials learn from a teacher: who it is stays, and its embeddings reach trials."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import seesawnas as sn
from seesawnas.ablation import loading as ablations
from seesawnas.ablation.session import opened as opened_ablation
from seesawnas.analysis.fidelity.panel import opened as opened_fidelity
from seesawnas.analysis.fidelity.plan import plan_of as fidelity_plan
from seesawnas.confirmation import loading as confirmations
from seesawnas.confirmation.session import opened as opened_confirmation
from seesawnas.data import FaceData, load_faces, open_source, open_subset
from seesawnas.data.cache import entries
from seesawnas.data.images import decode
from seesawnas.errors import InvalidInput, StudyError, TrialError
from seesawnas.report.study.report import StudyReport
from seesawnas.search import opened, plan_of
from seesawnas.study import (
    Ended,
    EngineFactory,
    Finished,
    InlineEngine,
    Measurement,
    RayEngine,
    StudyFile,
    TrialEpoch,
    TrialJob,
    TrialStarted,
    find_study,
    run_trial,
)
from seesawnas.study.record.distillation import (
    DISTILLATION,
    ProxyTeacher,
    proxy_teacher,
    stored_distillation,
)
from seesawnas.train import seeded
from seesawnas.train.full import TeacherEmbedded, TeacherReady
from seesawnas.train.recipe import Distill
from tests.run.trainings import small_plan
from tests.study.fakes import FakeEngine
from tests.study.jobs import job

SEARCH: dict[str, Any] = {
    "budget": "1M",
    "space": "small.yaml",
    "data": "faces",
    "resolution": 32,
    "epochs": 1,
    "pairs": 200,
    "study": "s",
    "trials": 2,
    "engine": "local",
    "workers": 1,
}
TAUGHT: dict[str, Any] = {**SEARCH, "teacher": "teacher"}


pytestmark = pytest.mark.usefixtures("own_cache_and_one_thread")


@pytest.fixture
def place(folder: Path) -> Path:
    """The working directory, with faces, a small space and two teachers."""
    teach("teacher")
    teach("other", seed=5)
    return folder


def teach(path: str, seed: int = 9, resolution: int = 48) -> str:
    """A network of another input size than the students', as if it were trained."""
    with seeded(seed):
        network = sn.build(small_plan(Path()).spec.at_resolution(resolution))
    return str(sn.save_model(network, path))


def run(options: dict[str, Any], seen: list[FaceData] | None = None) -> list[Any]:
    """The events of a search on an engine that runs nothing; the faces that engines had."""

    def engine(faces: FaceData) -> FakeEngine:
        if seen is not None:
            seen.append(faces)
        return FakeEngine(1)

    with opened(plan_of(None, options), engine) as session:
        return list(session.run())


def taught_faces() -> FaceData:
    faces = load_faces("faces", resolution=32)
    teacher = proxy_teacher(plan_of(None, TAUGHT), "faces")
    assert teacher is not None
    teacher.open()
    embedding = teacher.embed(faces)
    while True:
        try:
            next(embedding)
        except StopIteration as done:
            found: FaceData = done.value
            return found


def test_each_image_knows_its_place_among_those_that_a_training_reads(folder: Path) -> None:
    for single in ("a", "p11b"):  # identities of one image are left out
        Path("faces", single).mkdir()
        Path("faces", single, "0.png").write_bytes(Path("faces/p0/0.png").read_bytes())
    Path("faces/p1/7.png").write_bytes(b"torn")
    faces, source = load_faces("faces", resolution=32), open_source("faces")
    training = faces.training
    assert training.indices is not None
    assert len(source) == 120
    for image, index in zip(training.images, training.indices.tolist(), strict=True):
        assert np.array_equal(image, decode(io.BytesIO(source.payload(index)), 32))
    part = training.of_share(0.5, seed=3)
    assert part.indices is not None
    names = [source.names[label] for label in source.labels[part.indices]]
    assert names == [part.names[label] for label in part.labels]


def test_of_a_subset_of_the_identities_no_other_images_are_embedded(place: Path) -> None:
    seen: list[FaceData] = []
    events = run({**TAUGHT, "identities": 6, "seed": 3}, seen)
    source, (faces,) = open_subset("faces", 6, seed=3), seen
    assert len(source) == 30
    assert [rows.shape for rows in faces.teacher_rows] == [(30, 2, 16)]
    assert [event.done for event in events if isinstance(event, TeacherEmbedded)][-1] == 30
    training = faces.training
    assert training.indices is not None
    for image, index in zip(training.images, training.indices.tolist(), strict=True):
        assert np.array_equal(image, decode(io.BytesIO(source.payload(index)), 32))


@pytest.mark.slow
def test_a_trial_learns_from_the_embeddings_of_the_images_that_it_sees(place: Path) -> None:
    faces = taught_faces()
    assert [rows.shape for rows in faces.teacher_rows] == [(120, 2, 16)]

    def losses(distill: Distill, weight: float | None, share: float = 1.0) -> tuple[float, ...]:
        given = job()
        recipe = replace(given.proxy.recipe, distill=distill, distill_weight=weight)
        proxy = replace(given.proxy, recipe=recipe, share=share)
        *_, found = run_trial(TrialJob(7, given.point, proxy), faces)
        assert isinstance(found, Measurement)
        return found.losses

    plain = losses("none", None)
    assert losses("angular", 0.0) == plain
    seven = losses("angular", 7.0)
    assert all(more > less for more, less in zip(seven, plain, strict=True))
    assert losses("angular", 7.0) == seven
    assert losses("angular", 7.0, share=0.5) != losses("angular", 0.0, share=0.5)
    # what is not there cannot be learnt from
    lost = replace(faces, teacher_rows=())
    recipe = replace(job().proxy.recipe, distill="angular")
    with pytest.raises(TrialError, match="must have a teacher's embeddings for angular"):
        next(iter(run_trial(replace(job(), proxy=replace(job().proxy, recipe=recipe)), lost)))


@pytest.mark.slow
def test_a_distilled_trial_goes_on_from_its_checkpoint_to_the_same_numbers(place: Path) -> None:
    given, faces = job(), taught_faces()
    rows = [np.concatenate([one, one], axis=2) for one in faces.teacher_rows]
    faces = faces.with_teacher_rows(rows)  # of another length than the student's
    recipe = replace(given.proxy.recipe, distill="embedding", distill_weight=100.0)
    given = replace(given, proxy=replace(given.proxy, recipe=recipe))
    first, found = run_trial(given, faces)
    assert isinstance(first, TrialEpoch)
    (again,) = run_trial(given, faces, first.checkpoint)
    assert isinstance(found, Measurement)
    assert isinstance(again, Measurement)
    assert (again.curve, again.losses) == (found.curve, found.losses)


def test_a_search_embeds_once_before_its_first_trial_and_its_trials_say_the_teacher(
    place: Path,
) -> None:
    seen: list[FaceData] = []
    events = run(TAUGHT, seen)
    kinds = [type(event) for event in events]
    assert kinds.index(TeacherReady) < kinds.index(TrialStarted)
    assert TeacherEmbedded("teacher", 120, 120) in events
    assert [one.teacher_rows[0].shape for one in seen] == [(120, 2, 16)]
    again = run({**TAUGHT, "trials": 3})
    assert not any(isinstance(event, TeacherEmbedded) for event in again)
    assert len([entry for entry, _ in entries() if entry.name.startswith("teacher-")]) == 1
    view = find_study("s").view()
    labels = {trial.user_attrs["teacher"] for trial in view.trials}
    (label,) = labels
    about = json.loads(view.attributes["distillation"])
    digest = about["teachers"][0]["digest"]
    assert label == f"teacher ({digest}): angular, weight 7"
    settings = json.loads(view.attributes["settings"])
    assert settings["teacher"].startswith(f"{digest}; 48x48 rgb, mean ")
    recipe = settings["recipe"]
    assert (recipe["distill"], recipe["distill_weight"]) == ("angular", 7.0)
    report = StudyReport.of(view, "s")
    assert report.to_mapping()["distillation"] == about
    assert any(digest in sentence for sentence in report.sentences)
    assert dict(report.facts)["teacher"] == label
    kept = sn.space.read_yaml(Path("runs/s/study.yaml").read_text(), "study.yaml")
    assert (kept["teacher"], kept["distill"], kept["distill_weight"]) == (["teacher"], "angular", 7)
    assert "distill" not in kept["recipe"]


def test_a_study_without_a_teacher_says_nothing_of_one(place: Path) -> None:
    run(SEARCH)
    view = find_study("s").view()
    assert "distillation" not in view.attributes
    assert "teacher" not in json.loads(view.attributes["settings"])
    assert not any("teacher" in trial.user_attrs for trial in view.trials)
    assert StudyReport.of(view, "s").to_mapping()["distillation"] is None
    assert not {"teacher", "teacher_channels", "distill"} & set(plan_of(None, SEARCH).to_mapping())


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[",
        '{"loss": "angular", "weight": 7, "teachers": 3}',
        '{"loss": "angular", "weight": 7, "teachers": ["t"]}',
        '{"loss": "angular", "weight": "7", "teachers": []}',
        '{"loss": "angular", "weight": 1' + 400 * "0" + ', "teachers": []}',
    ],
)
def test_a_damaged_attribute_says_nothing(text: str) -> None:
    assert stored_distillation({"distillation": text}) is None


@pytest.mark.parametrize(
    ("first", "then", "told"),
    [
        ({}, {"teacher": "other"}, r"--teacher of digest [0-9a-f]{16}, got [0-9a-f]{16} \("),
        ({}, {"teacher": None}, r"--teacher of digest [0-9a-f]{16}, got none \("),
        ({"teacher": None}, {}, r"--teacher of digest none, got [0-9a-f]{16} \("),
        ({}, {"distill": "embedding"}, r"--distill angular and --distill-weight 7\.0, got emb"),
        ({}, {"distill_weight": 3.0}, r"--distill-weight 7\.0, got 3\.0 \("),
    ],
)
def test_a_study_never_mixes_teachers(
    first: dict[str, Any], then: dict[str, Any], told: str, place: Path
) -> None:
    def options(changes: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in {**TAUGHT, **changes}.items() if value is not None}

    run(options(first))
    with pytest.raises(StudyError, match=told) as caught:
        run({**options(then), "trials": 4})
    assert "\n" not in str(caught.value)
    assert "trials that learn from other teachers do not compare" in str(caught.value)
    assert "use another --study" in str(caught.value)
    assert not any(isinstance(event, TrialStarted) for event in run(options(first)))


def test_the_same_teacher_elsewhere_or_said_in_full_is_the_same(place: Path) -> None:
    run(TAUGHT)
    Path("teacher").rename("moved")
    events = run({**TAUGHT, "teacher": "moved", "distill_weight": 7.0, "trials": 3})
    assert sum(isinstance(event, Finished) for event in events) == 1


def test_a_teacher_that_is_fed_otherwise_is_another(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(TAUGHT)
    fed = json.loads(find_study("s").view().attributes["settings"])["teacher"]
    monkeypatch.setattr(ProxyTeacher, "setting", fed.replace("48x48", "64x64"))
    with pytest.raises(StudyError, match=r"--teacher fed with 48x48 rgb.*, got 64x64 rgb"):
        run(TAUGHT)


def test_a_study_of_an_earlier_version_opens_as_one_without_a_teacher(place: Path) -> None:
    run(SEARCH)
    settings = json.loads(find_study("s").view().attributes["settings"])
    # as earlier versions stored it
    assert "teacher" not in settings
    assert sum(isinstance(event, Finished) for event in run({**SEARCH, "trials": 3})) == 1


def test_a_time_limit_holds_while_the_teacher_embeds(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(None, {**TAUGHT, "time": "0.000001s"})
    with opened(plan, lambda _: FakeEngine(1)) as session:
        events = list(session.run())
    assert events == [Ended("time limit reached")]


def test_what_is_stopped_while_the_teacher_embeds_goes_on_from_there(place: Path) -> None:
    with opened(plan_of(None, TAUGHT), lambda _: FakeEngine(1)) as session:
        going = session.run()
        assert next(going) == TeacherEmbedded("teacher", 64, 120)
        going.close()
    embedded = [event for event in run(TAUGHT) if isinstance(event, TeacherEmbedded)]
    assert embedded == [TeacherEmbedded("teacher", 120, 120)]


def test_stages_of_a_teacher_s_training_are_learnt_from_in_turn(place: Path) -> None:
    seen: list[FaceData] = []
    run({**TAUGHT, "teacher": "teacher,other", "distill": "multistep"}, seen)
    assert len(seen[0].teacher_rows) == 2
    settings = json.loads(find_study("s").view().attributes["settings"])
    assert settings["recipe"]["distill"] == "multistep"
    assert settings["recipe"]["distill_weight"] == 100.0
    assert len(settings["teacher"].partition(";")[0].split(", ")) == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"data": None, "teacher": "teacher"}, "--teacher requires --data, got none"),
        ({"teacher": ""}, "--teacher must be a model, got nothing"),
        ({"teacher": [["a"]]}, "--teacher must be text, got [['a']]"),
        ({"distill": "angular"}, "--distill angular requires --teacher, got none"),
        ({"distill_weight": 2.0}, "--distill-weight 2 requires --teacher, got none"),
        ({"teacher_normalise": "128"}, "--teacher-normalise 128 requires --teacher, got none"),
        ({"teacher_channels": "bgr"}, "--teacher-channels bgr requires --teacher, got none"),
        ({"teacher_output": "z"}, "--teacher-output z requires --teacher, got none"),
        ({"teacher": "a", "distill": "none"}, "--teacher requires --distill other than none"),
        ({"teacher": "a,b"}, "--teacher must be one model for --distill angular, got 2"),
        ({"teacher": "teacher", "distill": "soft"}, "--distill must be one of none, angular"),
    ],
)
def test_options_that_do_not_fit_are_one_line(
    options: dict[str, Any], told: str, place: Path
) -> None:
    asked = {key: value for key, value in {**SEARCH, **options}.items() if value is not None}
    with pytest.raises(StudyError) as caught:
        plan_of(None, asked)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    networks = ["paper/seesaw_share", "paper/mobilefacenet"]
    shared = {key: asked[key] for key in ("data", *options) if key in asked}
    makers: list[Callable[[], object]] = [
        lambda: ablations.plan_of(None, {"base": networks[0], "factors": "se", **shared}),
        lambda: confirmations.plan_of(None, {"networks": networks, **shared}),
        lambda: fidelity_plan({"budget": "1M", **shared}),
    ]
    for make in makers:
        with pytest.raises(StudyError) as caught:
            make()
        assert told in str(caught.value)


def test_a_teacher_that_is_not_there_is_said_with_the_other_faults_before_anything_is_written(
    place: Path,
) -> None:
    with pytest.raises(InvalidInput) as caught:
        run({**TAUGHT, "teacher": "nowhere", "points": ["paper/none_such"]})
    lines = str(caught.value).splitlines()
    assert any("none_such" in line for line in lines)
    assert "--teacher nowhere: there is no such file or folder" in lines
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("teacher", "key", "value", "told"),
    [
        ("teacher", "teacher", "nowhere", "s.yaml: teacher: nowhere: there is no such file or"),
        ("t.onnx", "teacher_normalise", "x", "s.yaml: teacher_normalise: must be one of none"),
        ("t.onnx", "teacher_normalise", "1e99,1", "s.yaml: teacher_normalise: means must be"),
        ("teacher", "teacher_normalise", "none", "got s.yaml: teacher_normalise, only for"),
        ("teacher", "teacher_channels", "bgr", "got s.yaml: teacher_channels, only for"),
        ("teacher", "teacher_output", "z", "got s.yaml: teacher_output, only for"),
        ("teacher", "distill", "multistep", "s.yaml: teacher: must be several models"),
        ("teacher", "distill_weight", -1, "s.yaml: distill_weight: must be"),
    ],
)
def test_a_fault_of_a_teacher_in_a_study_file_says_its_key(
    teacher: str, key: str, value: object, told: str, place: Path
) -> None:
    Path("t.onnx").write_bytes(b"")
    file = StudyFile({**TAUGHT, "teacher": teacher, key: value}, "s.yaml", "s")
    with pytest.raises(InvalidInput) as caught, opened(plan_of(file, {}), lambda _: FakeEngine(1)):
        pass
    assert told in str(caught.value)
    assert not {"--teacher", "--distill"} & set(re.findall(r"--[a-z]+", str(caught.value)))


@pytest.mark.parametrize(
    ("changes", "options", "told"),
    [
        ({}, {}, "s.yaml: teacher: nowhere: there is no such"),
        ({"teacher": "teacher"}, {"teacher": "nowhere"}, "--teacher nowhere: there is no such"),
        ({"teacher": "teacher"}, {"distill": "multistep"}, "s.yaml: teacher: must be several"),
    ],
)
def test_a_fault_of_a_teacher_in_a_fidelity_study_says_its_key(
    changes: dict[str, Any], options: dict[str, Any], told: str, place: Path
) -> None:
    stored = fidelity_plan(fidelity("s", teacher="nowhere")).to_mapping()
    file = StudyFile({**stored, **changes}, "s.yaml", "s")
    with pytest.raises(InvalidInput) as caught, opened_fidelity(fidelity_plan(options, file)):
        pass
    assert str(caught.value).startswith(told)


def test_a_fault_of_a_teacher_that_an_option_overrides_says_the_option(place: Path) -> None:
    plan = plan_of(StudyFile(TAUGHT, "s.yaml", "s"), {"teacher": "nowhere"})
    with (
        pytest.raises(InvalidInput, match=r"^--teacher nowhere: there is no such"),
        opened(plan, lambda _: FakeEngine(1)),
    ):
        pass


def test_a_study_with_nothing_left_to_train_does_not_need_its_teacher(place: Path) -> None:
    run(TAUGHT)
    about = find_study("s").view().attributes[DISTILLATION]
    Path("teacher").rename("elsewhere")
    (ended,) = run(TAUGHT)
    assert isinstance(ended, Ended)
    assert find_study("s").view().attributes[DISTILLATION] == about
    with pytest.raises(InvalidInput, match=r"^--teacher teacher: there is no such file or folder"):
        run({**TAUGHT, "trials": 3})
    with pytest.raises(InvalidInput, match=r"^--teacher nowhere: there is no such file or folder"):
        run({**TAUGHT, "teacher": "nowhere"})
    with pytest.raises(StudyError, match=r"--distill-weight 7\.0, got 8\.0"):
        run({**TAUGHT, "distill_weight": 8.0})
    Path("elsewhere").rename("teacher")
    assert sum(isinstance(event, Finished) for event in run({**TAUGHT, "trials": 3})) == 1


@pytest.mark.parametrize(
    ("engine", "workers", "stages", "copies"),
    [("local", 3, 1, 4), ("local", 1, 2, 4), ("inline", None, 1, 1), ("ray", None, 1, 2)],
)
def test_embeddings_that_the_cache_does_not_keep_must_fit_for_all_workers(
    engine: str,
    workers: int | None,
    stages: int,
    copies: int,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    method = {"distill": "multistep"} if stages > 1 else {}
    asked = {**TAUGHT, "engine": engine, "workers": workers, **method}
    plan = plan_of(None, {**asked, "teacher": ",".join(["teacher", "other"][:stages])})
    teacher = proxy_teacher(plan, "faces")
    assert teacher is not None
    teacher.open()
    monkeypatch.setenv("SEESAWNAS_CACHE_LIMIT", "10")
    faces, size = taught_faces(), 120 * 2 * 16 * 2
    free = SimpleNamespace(available=copies * size - 1)
    monkeypatch.setattr("psutil.virtual_memory", lambda: free)
    with pytest.raises(InvalidInput, match="must fit in the memory that is free") as caught:
        list(teacher.embed(faces))
    assert (f" {copies} times" in str(caught.value)) == (copies > 1)
    free.available += 1
    list(teacher.embed(faces))


def test_a_study_without_a_teacher_is_not_resumed_with_one_that_is_not_there(place: Path) -> None:
    run(SEARCH)
    with pytest.raises(InvalidInput, match=r"^--teacher nowhere: there is no such file or folder"):
        run({**SEARCH, "teacher": "nowhere"})


@pytest.mark.slow
@pytest.mark.processes
def test_trials_in_ray_workers_learn_from_a_teacher_as_those_in_this_process_do(
    place: Path,
) -> None:
    engines: dict[str, EngineFactory] = {
        "ray": lambda faces: RayEngine(faces, workers=1),
        "inline": InlineEngine,
    }
    found = {}
    for name, make in engines.items():
        plan = plan_of(None, {**TAUGHT, "study": name, "trials": 1, "points": "none"})
        with opened(plan, make) as session:
            events = list(session.run())
        assert sum(isinstance(event, Finished) for event in events) == 1
        (trial,) = find_study(name).view().trials
        assert trial.user_attrs["teacher"].startswith("teacher (")
        found[name] = trial.user_attrs["digest"], trial.values[0]
    assert found["ray"] == found["inline"]


def fidelity(study: str, **more: Any) -> dict[str, Any]:
    levels = {"levels": "1x32", "networks": 3, "seeds": 1}
    shared = {key: SEARCH[key] for key in ("budget", "space", "data", "engine", "workers")}
    return {**shared, **levels, "study": study, **more}


def trained(options: dict[str, Any], known: list[dict[str, Any]]) -> tuple[int, list[Any]]:
    """How many trainings a fidelity study took, and its measurements."""
    plan = replace(fidelity_plan(options), pairs=200)
    with opened_fidelity(plan, InlineEngine) as session:
        count = sum(isinstance(event, Finished) for event in session.run(known))
        return count, [row.to_mapping() for row in session.rows()]


@pytest.mark.slow
def test_measurements_are_taken_in_of_the_same_teacher_alone(place: Path) -> None:
    count, rows = trained(fidelity("a", teacher="teacher"), [])
    assert count == 3
    assert len({row["teacher"] for row in rows}) == 1
    assert {(row["distill"], row["distill_weight"]) for row in rows} == {("angular", 7.0)}
    assert trained(fidelity("b", teacher="teacher"), rows)[0] == 0
    assert trained(fidelity("c", teacher="other"), rows)[0] == 3
    count, plain = trained(fidelity("d"), rows)
    assert count == 3
    assert not any({"teacher", "distill", "distill_weight"} & set(row) for row in plain)


def test_ablations_and_confirmations_learn_from_a_teacher_too(place: Path) -> None:
    point = sn.space.to_mapping(small_plan(Path()).spec.renamed("one"))
    Path("one.yaml").write_text(sn.space.write_yaml(point))
    point["stages"][0]["width"] = 24
    Path("four.yaml").write_text(sn.space.write_yaml({**point, "name": "four"}))
    seen: list[FaceData] = []

    def engine(faces: FaceData) -> FakeEngine:
        seen.append(faces)
        return FakeEngine(1)

    shared = {key: TAUGHT[key] for key in ("data", "resolution", "epochs", "pairs", "teacher")}
    shared |= {"engine": "local", "workers": 1}
    asked = {"base": "one.yaml", "levels": "se=0,4", "seeds": 1, "study": "a", **shared}
    with opened_ablation(ablations.plan_of(None, asked), engine) as session:
        events = list(session.run())
    assert any(isinstance(event, TeacherEmbedded) for event in events)
    asked = {"networks": ["one.yaml", "four.yaml"], "study": "c", "seeds": 3, **shared}
    with opened_confirmation(confirmations.plan_of(None, asked), engine) as race:
        events = list(race.run())
    assert any(isinstance(event, TeacherReady) for event in events)
    assert all(faces.teacher_rows for faces in seen)
    for study in ("a", "c"):
        assert "distillation" in find_study(study).view().attributes


def test_a_confirmation_after_a_search_has_its_teacher(place: Path) -> None:
    asked = plan_of(None, {**TAUGHT, "confirm": "paper/seesaw_share"})
    after = confirmations.after_search(asked, 3, asked.confirm)
    assert after.teacher == ("teacher",)
    assert (after.proxy.recipe.distill, after.proxy.recipe.distill_weight) == ("angular", 7.0)


def test_workers_of_the_local_engine_map_the_teacher_s_embeddings(place: Path) -> None:
    import pickle

    from seesawnas.data.cache import pickle_mapped_arrays

    faces = taught_faces()
    sent = pickle_mapped_arrays(faces)
    copied = replace(faces, teacher_rows=tuple(np.array(rows) for rows in faces.teacher_rows))
    kept = sum(rows.nbytes for rows in copied.teacher_rows)
    assert len(pickle_mapped_arrays(copied)) - len(sent) > 0.9 * kept
    got: FaceData = pickle.loads(sent)
    assert np.array_equal(got.teacher_rows[0], faces.teacher_rows[0])
    assert np.array_equal(got.training.indices, faces.training.indices)  # type: ignore[arg-type]
