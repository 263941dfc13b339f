"""What an ONNX file says of itself, read by its bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.evaluation.models.onnx_graph import GraphStart, read_bytes, read_start
from tests.evaluation.onnx_file import Node, write_graph

_ONE = {"c": np.ones(1, dtype=np.float32)}
_END: Node = ("Flatten", ["b"], ["y"])


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([("Sub", ["x", "c"], ["b"]), _END], "Sub"),
        ([("Mul", ["c", "x"], ["b"]), _END], "Mul"),
        ([("Identity", ["x"], ["a"]), ("Div", ["a", "c"], ["b"]), _END], "Div"),
        ([("BatchNormalization", ["x", "c", "c", "c", "c"], ["b"]), _END], "BatchNormalization"),
        ([("Conv", ["x", "c"], ["a"]), ("Sub", ["a", "c"], ["b"]), _END], None),
        ([("Sub", ["c", "c"], ["a"]), ("Conv", ["x", "a"], ["b"]), _END], None),
        ([("Flatten", ["x"], ["y"])], None),
    ],
)
def test_a_normalisation_on_the_input_is_found_and_no_other(
    tmp_path: Path, nodes: list[Node], expected: str | None
) -> None:
    path = write_graph(tmp_path / "m.onnx", nodes, ["n", 3, 8, 8], constants=_ONE)
    assert read_start(path).normalises == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["_minusscalar0", "_mulscalar0"], "Sub"),
        (["id", "bn_data"], "BatchNormalization"),
        (["Mul_1", "Relu_2"], None),
    ],
)
def test_the_names_that_insightface_looks_for_are_found(
    tmp_path: Path, names: list[str], expected: str | None
) -> None:
    nodes: list[Node] = [("Custom", ["x"], ["a"]), ("Custom", ["a"], ["b"]), _END]
    assert (
        read_start(write_graph(tmp_path / "m.onnx", nodes, [1, 3, 8, 8], names=names)).normalises
        == expected
    )


def test_the_places_of_external_data_are_found(tmp_path: Path) -> None:
    path = write_graph(
        tmp_path / "m.onnx", [_END], [1, 3, 8, 8], external={"w": "../out.bin", "v": "in.bin"}
    )
    assert list(read_start(path).external) == ["../out.bin", "in.bin"]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    read_bytes(memoryview(content), GraphStart())
    read_bytes(memoryview(b"\x3a\x7f" + content), GraphStart())  # as a graph


@given(st.data())
def test_a_damaged_file_is_read_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    content = bytearray(
        write_graph(
            folder / "m.onnx", [("Sub", ["x", "c"], ["b"]), _END], [1, 3, 8, 8], constants=_ONE
        ).read_bytes()
    )
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=5)):
        content[at] = data.draw(st.integers(0, 255))
    found = GraphStart()
    read_bytes(memoryview(bytes(content)), found)
    assert found.normalises is None or isinstance(found.normalises, str)


def test_a_file_of_nothing_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").touch()
    assert read_start(tmp_path / "m.onnx").normalises is None
