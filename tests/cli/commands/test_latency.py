"""``seesawnas latency`` and ``seesawnas export`` from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from seesawnas.device.latency.prepare import random_network, write_network
from seesawnas.space import to_point
from tests.cli.running import Ran
from tests.device.test_export import POINT
from tests.faces import write_folder

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

KEYS = {
    "networks",
    "clock",
    "runtime",
    "runtime_version",
    "threads",
    "batch",
    "rounds",
    "command",
    "device",
    "machine",
}
ROW = {
    "network",
    "ms",
    "lower_quartile_ms",
    "wall_ms",
    "cpu_ms",
    "ratio",
    "ratio_interval",
    "halves_disagree",
    "memory_mib",
    "input",
    "weights",
}


@pytest.fixture(autouse=True)
def point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A network in ``tiny.yaml``, and people in ``faces``."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(yaml.safe_dump(POINT))
    write_folder(Path("faces"), people=12, each=6)
    return "tiny.yaml"


@pytest.mark.processes
def test_networks_are_timed_in_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seesawnas.device.latency.protocol.MOST_DISAGREEMENT", 1e9)
    assert Ran("build", "tiny.yaml", "--out", "tiny").code == 0
    values = Ran("latency", "tiny.yaml", "tiny", "--rounds", "8", "--json").json
    assert set(values) == KEYS
    assert [set(row) for row in values["networks"]] == [ROW, ROW]
    first, second = values["networks"]
    assert (first["network"], second["network"]) == ("tiny.yaml", "tiny")
    assert first["ratio"] == 1
    assert first["memory_mib"] > 0
    assert first["weights"] == second["weights"] == "random"
    assert values["clock"] == "cpu"
    several = Ran("latency", "tiny.yaml", "--rounds", "8", "--threads", "2", "--json").json
    assert several["clock"] == "wall"


@pytest.mark.processes
def test_exported_files_are_told_apart_by_their_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seesawnas.device.latency.protocol.MOST_DISAGREEMENT", 1e9)
    for folder in ("a", "b"):
        Path(folder).mkdir()
        file = write_network(
            random_network(to_point(POINT, "tiny").spec), "onnxruntime", Path(folder), "net"
        )
    values = Ran("latency", "a/net.onnx", "b/net.onnx", "--rounds", "8", "--json").json
    assert [row["network"] for row in values["networks"]] == ["a/net.onnx", "b/net.onnx"]
    # They have no card: the file itself fixes the size.
    assert [row["input"] for row in values["networks"]] == [[32, 32], [32, 32]]
    assert {row["weights"] for row in values["networks"]} == {"file"}
    assert file.weights == "random"
    ran = Ran("latency", "a/net.onnx", "--batch", "2")
    assert ran.code == 2
    assert ran.err.startswith("a/net.onnx: cannot run images of 2x3x32x32 in onnxruntime: ")
    assert len(ran.err.splitlines()) == 1


def test_a_file_that_is_no_network_is_one_line() -> None:
    Path("net.onnx").write_bytes(b"what")
    ran = Ran("latency", "net.onnx")
    assert ran.code == 2
    assert ran.err.startswith("net.onnx: ")
    assert len(ran.err.splitlines()) == 1
    assert (
        "must be a .pt file for --runtime torch"
        in Ran("latency", "net.onnx", "--runtime", "torch").err
    )


@pytest.mark.parametrize("again", ["./net.onnx", "link.onnx", "~/net.onnx", "net.onnx"])
def test_a_file_that_is_named_twice_is_refused_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Path("net.onnx").write_bytes(b"what")
    Path("link.onnx").symlink_to("net.onnx")
    ran = Ran("latency", "net.onnx", again)
    assert ran.code == 2
    assert ran.err == f"REF must name each network once, got net.onnx and {again}\n"


def test_a_device_is_a_command(tmp_path: Path) -> None:
    device = tmp_path / "device.py"
    device.write_text(
        "import sys\nprint('# a phone', sys.argv[3:])\nfor _ in range(int(sys.argv[2])): print(4.5)"
    )
    command = f"{sys.executable} {device} {{model}} {{runs}} {{height}} {{width}}"
    values = Ran(
        "latency", "tiny.yaml", "--command", command, "--rounds", "8", "--runs", "2", "--json"
    ).json
    assert values["networks"][0]["ms"] == 4.5
    assert (values["clock"], values["networks"][0]["cpu_ms"]) == ("wall", None)
    assert (values["device"], values["threads"]) == ("a phone ['32', '32']", None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--runtime", "onnxruntim"), "did you mean onnxruntime?"),
        (("--command", "echo"), "--command must contain {model}"),
        (("--command", "echo {model} {runs}"), "must print milliseconds"),
        (("--command", "x {model} {runs}", "--timeout", "soon"), "--timeout must be a time"),
        (("--command", "x {model} {runs}", "--threads", "2"), "must contain {threads}"),
        (("tiny.yaml",), "must name each network once"),
        (("none.onnx",), "none.onnx: there is no such file"),
    ],
)
def test_what_cannot_be_measured_is_one_line(words: tuple[str, ...], said: str) -> None:
    ran = Ran("latency", "tiny.yaml", *words)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_network_is_exported_and_opened_by_every_command() -> None:
    refused = Ran("export", "tiny.yaml", "--format", "onnx")
    assert refused.code == 2
    assert "got random weights" in refused.err
    values = Ran(
        "export", "tiny.yaml", "--format", "onnx", "--untrained", "--calibrate", "faces", "--json"
    ).json
    assert values["written"] == ["tiny.onnx", "tiny.onnx.json", "tiny.onnx.md"]
    assert values["network"]["trained"] is False
    assert Ran("identify", "tiny.onnx", "faces").code == 0
    assert Ran("compare", "tiny.onnx", "tiny.yaml").code == 0
    assert Ran("build", "tiny.onnx", "--json").json["digest"] == values["network"]["digest"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "onx"), "did you mean onnx?"),
        (("--format", "onnx", "--batch", "0"), "--batch must be a whole number"),
        (("--format", "onnx", "--normalise", "both"), "--normalise must be inside or outside"),
        (("--format", "onnx", "--lowering", "x"), "--lowering must be one of"),
        (("--format", "torchscript", "--int8"), "--int8 must be given with one of"),
        (("--format", "onnx", "--calibrate", "nowhere"), "nowhere"),
        (("--format", "onnx", "--out", ".onnx"), "--out must be a file with a name before .onnx"),
        (("--format", "onnx", "--out", "no/.."), "--out must be a file with a name before .onnx"),
        (
            ("--format", "onnx", "--calibrate", "faces", "--pairs", "nosuch.bin"),
            "nosuch.bin: cannot be read: there is no such file or folder",
        ),
    ],
)
def test_what_cannot_be_exported_is_one_line(words: tuple[str, ...], said: str) -> None:
    ran = Ran("export", "tiny.yaml", "--untrained", *words)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not list(Path().glob("*.onnx*"))
