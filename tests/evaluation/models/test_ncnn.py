"""ncnn's files: strangers' ones are tried in a process of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from seesawnas.errors import InvalidInput
from seesawnas.evaluation import open_model

ncnn = pytest.importorskip("ncnn", reason="ncnn is not installed")

FLATTEN = """\
7767517
2 2
Input in0 0 1 in0
Reshape flat 1 1 in0 out0 0=192
"""


def write(folder: Path, text: str, weights: bytes | None = b"") -> Path:
    path = folder / "net.ncnn.param"
    path.write_text(text)
    if weights is not None:
        (folder / "net.ncnn.bin").write_bytes(weights)
    return path


@pytest.mark.processes
def test_a_stranger_s_file_runs(tmp_path: Path) -> None:
    model = open_model(
        write(tmp_path, FLATTEN.replace("192", str(3 * 112 * 112))), normalise="none"
    )
    images = torch.rand(2, 3, 112, 112)
    torch.testing.assert_close(model.run(images), images.flatten(1))


@pytest.mark.processes
@pytest.mark.parametrize(
    ("text", "weights", "words"),
    [
        ("what", b"", "must be an ncnn .param file in text"),
        (FLATTEN, None, "needs its weights beside it"),
        ("7767517\n2 2\nInput in0 0 1 in0\nNoSuchLayer x 1 1 in0 out0\n", b"", "net.ncnn.param"),
        (
            "7767517\n2 2\nInput in0 0 1 in0\nConvolution c 1 1 in0 out0 0=99 1=3 6=99999999\n",
            b"\x00" * 64,
            "net.ncnn.param",
        ),
    ],
)
def test_a_broken_file_is_one_line(
    tmp_path: Path, text: str, weights: bytes | None, words: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_model(write(tmp_path, text, weights), normalise="none")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_output_and_the_device_are_fixed(tmp_path: Path) -> None:
    path = write(tmp_path, FLATTEN)
    with pytest.raises(InvalidInput, match="--output must not be given"):
        open_model(path, normalise="none", output="x")
