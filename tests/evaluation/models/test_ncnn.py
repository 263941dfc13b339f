"""ncnn's files: strangers' ones are tried in a process of their own."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
import torch

from seesawnas.errors import InvalidInput
from seesawnas.evaluation import open_model
from seesawnas.evaluation.models import containment
from tests.cards import write_card

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


@pytest.mark.parametrize("has_card", [True, False])
def test_a_card_spares_no_file_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_card: bool
) -> None:
    def crash(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        tried.append(command[-2:])
        return subprocess.CompletedProcess(command, -signal.SIGSEGV)

    tried: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", crash)
    path = write(tmp_path, FLATTEN.replace("192", str(3 * 8 * 6)), weights=bytes([has_card]))
    files = (path, tmp_path / "net.ncnn.bin")
    if has_card:
        write_card(*files, shape=[1, 3, 8, 6])
    with pytest.raises(InvalidInput, match="it ended the process that tried it"):
        open_model(path, normalise=None if has_card else "none")
    assert tried == [["8", "6"] if has_card else ["112", "112"]]


def test_files_that_this_process_has_tried_or_written_are_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        tried.append(command[-2:])
        return subprocess.CompletedProcess(command, 0)

    tried: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(containment, "_tried", set())
    monkeypatch.setattr(containment, "_own", set())
    path = write(tmp_path, FLATTEN.replace("192", str(3 * 8 * 6)))
    weights = tmp_path / "net.ncnn.bin"
    for shape in ([1, 3, 8, 6], [1, 3, 8, 6], [1, 3, 6, 8]):
        write_card(path, weights, shape=shape)
        assert open_model(path).size == tuple(shape[2:])
    assert tried == [["8", "6"], ["6", "8"]]
    weights.write_bytes(b"other")
    open_model(path, normalise="none")
    assert len(tried) == 3
    weights.write_bytes(b"our own")
    containment.trust((path, weights))
    write_card(path, weights, shape=[1, 3, 8, 6])
    assert open_model(path).size == (8, 6)
    assert len(tried) == 3


def test_a_card_says_the_size_even_if_an_option_says_the_normalisation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, FLATTEN.replace("192", str(3 * 8 * 6)))
    files = (path, tmp_path / "net.ncnn.bin")
    monkeypatch.setattr(containment, "_own", set())
    containment.trust(files)
    write_card(*files, shape=[1, 3, 8, 6])
    assert open_model(path, normalise="none").size == (8, 6)


def test_the_output_and_the_device_are_fixed(tmp_path: Path) -> None:
    path = write(tmp_path, FLATTEN)
    with pytest.raises(InvalidInput, match="--output must not be given"):
        open_model(path, normalise="none", output="x")
