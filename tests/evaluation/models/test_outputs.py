"""Files of other tools: what they take, what they give, and one line for what is neither."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seesawnas.errors import InvalidInput
from seesawnas.evaluation import open_model
from tests.evaluation.onnx_file import Node, write_graph

_FLAT: Node = ("Flatten", ["x"], ["y"])
_IMAGES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (5, 3, 8, 8))).float()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    return tmp_path / "m.onnx"


def _line(file: Path, **options: str | None) -> str:
    with pytest.raises(InvalidInput) as caught:
        open_model(file, **{"normalise": "none", **options}).run(_IMAGES)  # type: ignore[arg-type]
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 800
    return str(caught.value)


def test_a_file_that_normalises_inside_gives_by_none_what_the_bare_one_gives(file: Path) -> None:
    constants = {"m": np.full(1, 127.5, dtype=np.float32), "s": np.full(1, 128, dtype=np.float32)}
    nodes: list[Node] = [
        ("Sub", ["x", "m"], ["a"]),
        ("Div", ["a", "s"], ["b"]),
        ("Flatten", ["b"], ["y"]),
    ]
    inside = open_model(
        write_graph(file, nodes, ["n", 3, 8, 8], constants=constants), normalise="none"
    )
    assert inside.notes == ()
    assert (inside.mean, inside.std) == (0, 1)
    wanted = ((_IMAGES - 127.5) / 128).flatten(1)
    torch.testing.assert_close(inside.run(_IMAGES), wanted)
    assert len(open_model(file, normalise="128").notes) == 1
    assert "Sub" in open_model(file, normalise="128").notes[0]


def test_blue_comes_first_if_asked_for(file: Path) -> None:
    model = open_model(write_graph(file, [_FLAT], ["n", 3, 8, 8]), normalise="128", bgr=True)
    torch.testing.assert_close(model.run(_IMAGES), _IMAGES[:, [2, 1, 0]].flatten(1))


@pytest.mark.parametrize(
    ("element", "kind"), [(1, "float32"), (2, "uint8"), (10, "float16"), (11, "float64")]
)
@pytest.mark.parametrize(
    "shape",
    [["n", 3, 8, 8], [1, 3, 8, 8], [2, 3, 8, 8], [2, 8, 8, 3], ["n", 3, 8, "w"], [-1, 3, 8, 8]],
)
def test_pixels_arrive_as_they_are(
    file: Path, shape: list[int | str], element: int, kind: str
) -> None:
    nodes: list[Node] = (
        [_FLAT]
        if kind != "uint8"
        else [("DequantizeLinear", ["x", "one"], ["f"]), ("Flatten", ["f"], ["y"])]
    )
    constants = {"one": np.array(1, dtype=np.float32)} if kind == "uint8" else None
    model = open_model(
        write_graph(file, nodes, shape, element=element, constants=constants), normalise="none"
    )
    assert (model.height, model.width) == (8, 8)
    wanted = (_IMAGES.permute(0, 2, 3, 1) if shape[3] == 3 else _IMAGES).flatten(1)
    torch.testing.assert_close(model.run(_IMAGES), wanted)


def test_a_file_that_takes_bytes_takes_no_other_normalisation(file: Path) -> None:
    nodes: list[Node] = [("DequantizeLinear", ["x", "one"], ["f"]), ("Flatten", ["f"], ["y"])]
    write_graph(
        file, nodes, ["n", 3, 8, 8], element=2, constants={"one": np.array(1, dtype=np.float32)}
    )
    assert open_model(file).std == 1
    assert "--normalise must be none, got 128" in _line(file, normalise="128")


def test_one_row_for_a_batch_is_run_image_by_image(file: Path) -> None:
    nodes: list[Node] = [("Reshape", ["x", "s"], ["y"])]
    model = open_model(
        write_graph(file, nodes, ["n", 3, 8, 8], constants={"s": np.array([1, -1])}),
        normalise="none",
    )
    torch.testing.assert_close(model.run(_IMAGES), _IMAGES.flatten(1))
    torch.testing.assert_close(model.run(_IMAGES[:2]), _IMAGES[:2].flatten(1))


def test_a_batch_that_fails_is_run_image_by_image(file: Path) -> None:
    nodes: list[Node] = [("Reshape", ["x", "s"], ["y"])]
    model = open_model(
        write_graph(file, nodes, ["n", 3, 8, 8], constants={"s": np.array([1, 192])}),
        normalise="none",
    )
    torch.testing.assert_close(model.run(_IMAGES), _IMAGES.flatten(1))


def test_a_number_is_no_embedding(file: Path) -> None:
    write_graph(file, [("ReduceMean", ["x"], ["y"])], ["n", 3, 8, 8])
    assert "more than one number per image" in _line(file)


def test_rows_that_no_image_has_are_one_line(file: Path) -> None:
    write_graph(
        file, [("Reshape", ["x", "s"], ["y"])], ["n", 3, 8, 8], constants={"s": np.array([2, -1])}
    )
    assert "one row" in _line(file)


_TWO: list[Node] = [("ReduceMean", ["x"], ["quality"]), _FLAT]


def test_the_output_that_is_wider_than_a_number_is_taken_and_named(file: Path) -> None:
    model = open_model(
        write_graph(file, _TWO, ["n", 3, 8, 8], outputs=["quality", "y"]), normalise="none"
    )
    torch.testing.assert_close(model.run(_IMAGES), _IMAGES.flatten(1))
    assert len(model.notes) == 1
    assert "quality" in model.notes[0]
    assert open_model(file, normalise="none", output="y").notes == ()
    assert "quality" in _line(file, output="quality")
    assert "quality [1, 1, 1, 1], y [1, 192]; got z" in _line(file, output="z")


def test_of_several_wide_outputs_one_must_be_chosen(file: Path) -> None:
    nodes: list[Node] = [_FLAT, ("Neg", ["y"], ["z"])]
    write_graph(file, nodes, ["n", 3, 8, 8], outputs=["y", "z"])
    assert "--output NAME" in _line(file)
    torch.testing.assert_close(
        open_model(file, normalise="none", output="z").run(_IMAGES), -_IMAGES.flatten(1)
    )


def test_external_data_lies_in_the_file_s_folder(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    weights = np.random.default_rng(0).normal(size=(192, 4)).astype(np.float32)
    for place in (tmp_path / "out.bin", folder / "in.bin"):
        place.write_bytes(weights.tobytes())
    (folder / "link.bin").symlink_to("../out.bin")
    nodes: list[Node] = [("Flatten", ["x"], ["f"]), ("MatMul", ["f", "w"], ["y"])]
    where = folder / "m.onnx"
    refused = {
        "../out.bin": "own folder",
        str(tmp_path / "out.bin"): "own folder",
        "link.bin": "own folder",
    }
    for location, rule in (refused | {"gone.bin": "not there", "a" * 5000: "", "\0": ""}).items():
        write_graph(where, nodes, ["n", 3, 8, 8], external={"w": location})
        assert rule in _line(where)
    write_graph(where, nodes, ["n", 3, 8, 8], external={"w": "in.bin"})
    rows = open_model(where, normalise="none").run(_IMAGES)
    torch.testing.assert_close(rows, _IMAGES.flatten(1) @ torch.from_numpy(weights))


_TOO_LARGE: list[list[int | str]] = [[1, 3, 10**6, 10**6], [10**9, 3, 8, 8], [2**62, 3, 8, 8]]
_NO_IMAGES: list[list[int | str]] = [
    ["n", 1, 8, 8],
    ["n", 4, 8, 8],
    ["n", 3],
    ["\x1b[31m", 5, 8, 8],
]


@pytest.mark.parametrize("shape", [*_TOO_LARGE, *_NO_IMAGES])
def test_a_shape_that_is_no_batch_of_images_is_one_line(
    file: Path, shape: Sequence[int | str]
) -> None:
    write_graph(file, [_FLAT], shape)
    assert "must take" in _line(file)


def test_names_that_are_not_utf_8_are_one_line(file: Path) -> None:
    write_graph(file, [_FLAT], ["batch", 3, 8, 8])
    file.write_bytes(file.read_bytes().replace(b"batch", b"batc\xd6"))
    assert str(file) in _line(file)


def test_memory_that_is_not_there_is_one_line(file: Path) -> None:
    nodes: list[Node] = [("ConstantOfShape", ["s"], ["b"]), ("ReduceMean", ["b"], ["z"]), _FLAT]
    write_graph(
        file, nodes, ["n", 3, 8, 8], outputs=["y", "z"], constants={"s": np.array([10**6, 10**6])}
    )
    assert str(file) in _line(file)


def test_an_option_of_foreign_files_is_refused_for_a_folder(tmp_path: Path) -> None:
    for options in ({"bgr": True}, {"output": "y"}):
        with pytest.raises(InvalidInput, match="for files of other formats"):
            open_model(tmp_path, **options)


def test_nothing_but_our_own_line_reaches_the_terminal(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_graph(
        file, [("Reshape", ["x", "s"], ["y"])], ["n", 3, 8, 8], constants={"s": np.array([7, -1])}
    )
    _line(file)
    file.write_bytes(file.read_bytes().replace(b"Reshape", b"Res\xffape"))
    _line(file)
    assert capfd.readouterr() == ("", "")


class _OneRow(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.reshape(1, -1)


class _Tuple(nn.Module):
    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return images.mean(), images.flatten(1)


class _Dict(nn.Module):
    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return {"a": images.flatten(1), "b": -images.flatten(1)}


class _Raises(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        if images.shape[0] > 0:
            raise ValueError("no\nimages")
        return images


class _Centred(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return ((images - 127.5) / 128).flatten(1)


def _script(module: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module).save(str(path))  # type: ignore[no-untyped-call]
    return path


def test_torchscript_s_outputs_are_counted_and_chosen(tmp_path: Path) -> None:
    images = torch.rand(3, 3, 112, 112)
    one = open_model(_script(_OneRow(), tmp_path / "m.pt"), normalise="none")
    torch.testing.assert_close(one.run(images), images.flatten(1))
    several = open_model(_script(_Tuple(), tmp_path / "m.pt"), normalise="none")
    torch.testing.assert_close(several.run(images), images.flatten(1))
    assert len(several.notes) == 1
    named = _script(_Dict(), tmp_path / "m.pt")
    torch.testing.assert_close(
        open_model(named, normalise="none", output="b").run(images), -images.flatten(1)
    )
    assert "a [1, 37632], b [1, 37632]" in _line(named)
    assert "cannot take images" in _line(_script(_Raises(), tmp_path / "m.pt"))
    assert "sub" in open_model(_script(_Centred(), tmp_path / "m.pt"), normalise="128").notes[0]
