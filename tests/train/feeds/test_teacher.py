"""Teachers: their embeddings of images and mirror images, kept in the cache and looked up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from seesawnas import build, save_model
from seesawnas.data import open_source
from seesawnas.data.cache import entries
from seesawnas.errors import InvalidInput, RunError
from seesawnas.train import seeded
from seesawnas.train.feeds.stream import SourceFeed, cut
from seesawnas.train.feeds.teacher import Teacher, open_teachers, stage_folder, stages_of
from tests.evaluation.onnx_file import write_flatten
from tests.run.trainings import RECIPE, small_plan
from tests.train.sources import MadeUpSource

TEACHER = Path(__file__).parents[4] / "shared" / "models" / "teacher_mobilefacenet.onnx"


pytestmark = pytest.mark.usefixtures("own_cache_and_one_thread")


def folder(path: Path, seed: int = 0, resolution: int = 48) -> Path:
    """A network of another input size than the student's, as if it were trained."""
    with seeded(seed):
        return save_model(build(small_plan(Path()).spec.at_resolution(resolution)), path)


def images(source: MadeUpSource, side: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.stack([cut(source.payload(index), (side, side)) for index in range(len(source))])


def ready(path: Path, source: MadeUpSource | None = None, **options: Any) -> tuple[Teacher, int]:
    """A teacher that has embedded ``source``, and how often it said how far it was."""
    teacher = Teacher(path, **options)
    return teacher, len(list(teacher.embed(source or MadeUpSource(each=20))))


def both(teacher: Teacher, count: int) -> torch.Tensor:
    indices = torch.arange(count)
    return torch.stack(
        [teacher.take(indices, torch.full((count,), flip)) for flip in (False, True)], dim=1
    )


def test_each_image_and_its_mirror_are_embedded_in_the_teacher_s_own_size(tmp_path: Path) -> None:
    source = MadeUpSource()
    teacher, _ = ready(folder(tmp_path / "teacher"), source)
    assert teacher.dimensions == 16
    pixels = images(source, 48)
    network = build(small_plan(Path()).spec.at_resolution(48))
    network.load_state_dict(load_file(tmp_path / "teacher" / "model.safetensors"))
    inputs = network.eval().spec.input
    found = both(teacher, len(source))
    for flip, shown in enumerate((pixels, pixels[:, :, ::-1])):
        with torch.no_grad():
            batch = torch.from_numpy(shown.copy()).permute(0, 3, 1, 2).float()
            mean, std = (torch.tensor(v).reshape(-1, 1, 1) for v in (inputs.mean, inputs.std))
            wanted = torch.nn.functional.normalize(network((batch - mean) / std))
        torch.testing.assert_close(found[:, flip], wanted, atol=5e-4, rtol=0)
    torch.testing.assert_close(found.norm(dim=2), torch.ones(len(source), 2), atol=1e-3, rtol=0)


def test_a_batch_s_images_are_looked_up_as_they_are_shown(tmp_path: Path) -> None:
    source = MadeUpSource(side=48)
    teacher, _ = ready(folder(tmp_path / "teacher"), source)
    table = both(teacher, len(source))
    feed = SourceFeed(source, RECIPE, size=(48, 48), seed=0)
    pixels = torch.from_numpy(images(source, 48))
    for (batch,) in feed.epoch(0, 0):
        for image, index, flip, row in zip(
            batch.images,
            batch.indices,
            batch.flipped,
            teacher.take(batch.indices, batch.flipped),
            strict=True,
        ):
            shown = pixels[index].flip(1) if flip else pixels[index]
            assert torch.equal(image, shown)
            assert torch.equal(row, table[index, int(flip)])


def test_a_second_training_computes_nothing_and_another_question_has_its_own_entry(
    tmp_path: Path,
) -> None:
    place = folder(tmp_path / "teacher")
    first, said = ready(place)
    again, said_again = ready(place)
    assert (said, said_again) == (2, 0)
    assert torch.equal(both(first, 120), both(again, 120))
    ready(place, MadeUpSource(each=20, fingerprint="other"))
    assert len(entries()) == 2
    other, said = ready(folder(tmp_path / "other", seed=1))
    assert (said, len(entries())) == (2, 3)
    assert other.digest != first.digest
    file = write_flatten(tmp_path / "m.onnx", ["n", 3, 8, 8])
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    for options in ({"normalise": "128"}, {"normalise": "0..1"}, {"normalise": "128", "bgr": True}):
        assert ready(file, **options)[1] == 2
    assert len(entries()) == 6


def test_a_digest_is_of_the_content_and_not_of_the_place(tmp_path: Path) -> None:
    first, moved = folder(tmp_path / "a"), folder(tmp_path / "b")
    assert Teacher(first).digest == Teacher(moved).digest
    assert ready(first)[1] == 2
    assert ready(moved)[1] == 0


def test_it_goes_on_from_what_was_embedded_before(tmp_path: Path) -> None:
    place, source = folder(tmp_path / "teacher"), MadeUpSource(each=40)
    whole = both(ready(place, source)[0], len(source))
    for entry, _ in entries():
        for file in entry.iterdir():
            file.unlink()
        entry.rmdir()
    going = Teacher(place).embed(source)
    assert [next(going), next(going)] == [64, 128]
    going.close()
    teacher = Teacher(place)
    assert list(teacher.embed(source)) == [192, 240]
    assert torch.equal(both(teacher, len(source)), whole)


def test_images_that_cannot_be_read_have_no_direction(tmp_path: Path) -> None:
    source = MadeUpSource(broken=(3,), missing=(5,))
    teacher, _ = ready(folder(tmp_path / "teacher"), source)
    lengths = both(teacher, len(source)).norm(dim=2)
    assert (lengths == 0).nonzero()[:, 0].unique().tolist() == [3, 5]


def test_embeddings_must_be_there_before_they_are_taken(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="embed"):
        both(Teacher(folder(tmp_path / "teacher")), 2)


def test_a_teacher_without_directions_is_one_line(tmp_path: Path) -> None:
    network = build(small_plan(Path()).spec)
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
    with pytest.raises(InvalidInput, match="teacher: its embeddings must not be zero") as caught:
        ready(save_model(network, tmp_path / "teacher"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "requires --teacher-normalise"),
        ({"normalise": "huge"}, "--teacher-normalise must be one of"),
        ({"normalise": "128", "output": "z"}, "--teacher-output must be one of its outputs"),
    ],
)
def test_faults_name_the_options_of_train(
    options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    file = write_flatten(tmp_path / "m.onnx", ["n", 3, 8, 8])
    with pytest.raises(InvalidInput, match=told):
        Teacher(file, **options)
    with pytest.raises(InvalidInput, match="got --teacher-normalise, --teacher-channels"):
        Teacher(folder(tmp_path / "own"), normalise="128", bgr=True)


def test_stages_are_those_of_a_folder_or_models_in_order(tmp_path: Path) -> None:
    run = tmp_path / "run"
    for epoch in (12, 4, 100):
        folder(stage_folder(run, epoch), seed=epoch)
    folder(run, seed=100)
    assert stages_of(run) == [stage_folder(run, epoch) for epoch in (4, 12, 100)]
    found = open_teachers([run], stages=True)
    assert [one.name for one in found] == ["epoch_000004", "epoch_000012", "epoch_000100"]
    models = [stage_folder(run, epoch) for epoch in (100, 4)]
    assert [one.name for one in open_teachers(models, stages=True)] == [
        "epoch_000100",
        "epoch_000004",
    ]
    # of another method the folder is the network at its end
    (one,) = open_teachers([run])
    assert one.digest == Teacher(stage_folder(run, 100)).digest


def test_stages_of_a_training_that_is_not_finished_are_no_teacher(tmp_path: Path) -> None:
    run = tmp_path / "run"
    for epoch in (1, 2):
        folder(stage_folder(run, epoch), seed=epoch)
    with pytest.raises(
        RunError, match=r"^--teacher .*run: must be a finished training run, got one with 2 stages"
    ):
        open_teachers([run], stages=True)


def test_stages_are_all_of_those_that_a_training_says_it_kept(tmp_path: Path) -> None:
    run = folder(tmp_path / "run")
    for epoch in (1, 2, 4):
        folder(stage_folder(run, epoch), seed=epoch)
    (run / "model.json").write_text('{"stages": [2, 4]}')
    # the first is left of a start that was to keep others
    assert stages_of(run) == [stage_folder(run, 2), stage_folder(run, 4)]
    (run / "model.json").write_text('{"stages": [2, 3, 4]}')
    with pytest.raises(RunError, match=r"all 3 stages .*, got no stages/epoch_000003$") as caught:
        stages_of(run)
    assert "\n" not in str(caught.value)
    for text in ("{", '{"stages": "all"}', "[]", '{"stages": []}'):
        (run / "model.json").write_text(text)
        assert len(stages_of(run)) == 3


def test_what_it_is_fed_is_said_in_words(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    file = write_flatten(tmp_path / "m.onnx", ["n", 3, 8, 8])
    asked: list[dict[str, Any]] = [
        {"normalise": "imagenet"},
        {"normalise": "127.5,128", "bgr": True},
    ]
    assert [Teacher(file, **options).input for options in asked] == [
        "8x8 rgb, mean 123.675/116.28/103.53, std 58.395/57.12/57.375",
        "8x8 bgr, mean 127.5, std 128",
    ]


def test_one_model_is_no_training_and_stages_have_one_length(tmp_path: Path) -> None:
    place = folder(tmp_path / "teacher")
    with pytest.raises(RunError, match=r"--teacher must be several models .*--stages N"):
        open_teachers([place], stages=True)
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    files = [write_flatten(tmp_path / f"{side}.onnx", ["n", 3, side, side]) for side in (4, 8)]
    with pytest.raises(RunError, match="of the same length, got 48, 192"):
        open_teachers(files, stages=True, normalise="128")


def test_random_weights_do_not_teach(tmp_path: Path) -> None:
    save_model(build(small_plan(Path()).spec), tmp_path / "built", trained=False)
    with pytest.raises(InvalidInput, match="must contain trained weights, got random ones"):
        Teacher(tmp_path / "built")


def test_a_real_teacher_knows_real_faces_apart(lfw_rec: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    if not TEACHER.is_file():
        pytest.skip("the teacher is not at ../shared/models")
    source = open_source(lfw_rec)

    class Few:
        """The first images of the real source."""

        fingerprint, labels, names = "few", source.labels[:24], source.names
        description = "few"

        def __len__(self) -> int:
            return 24

        def payload(self, index: int) -> bytes:
            return source.payload(index)

        def place(self, index: int) -> str:
            return source.place(index)

    teacher = Teacher(TEACHER, normalise="imagenet")
    assert list(teacher.embed(Few())) == [24]
    found = both(teacher, 24)
    assert found.shape == (24, 2, 128)
    mirrored = (found[:, 0] * found[:, 1]).sum(1)
    labels = torch.from_numpy(source.labels[:24])
    same = (labels[:, None] == labels[None]) & ~torch.eye(24, dtype=torch.bool)
    cosine = found[:, 0] @ found[:, 0].T
    assert mirrored.mean() > 0.9
    assert cosine[same].mean() > cosine[labels[:, None] != labels[None]].mean() + 0.3
