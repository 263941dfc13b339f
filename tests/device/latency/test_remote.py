"""Devices behind a command: real processes that stand for them."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from seesawnas.device.latency.remote import DeviceCommand
from seesawnas.errors import InvalidInput

SIZE = (112, 96)
FAKE = """\
import sys, pathlib
model, runs, threads = sys.argv[1:]
size = len(pathlib.Path(model).read_bytes())
print("# a device with", threads, "threads")
for run in range(int(runs)):
    print(size / 10 + run)
"""


def device(tmp_path: Path, code: str = FAKE, runs: int = 3, seconds: float = 60) -> DeviceCommand:
    """A command that runs ``code``, with a model of 50 bytes in ``tmp_path``."""
    (tmp_path / "device.py").write_text(code)
    (tmp_path / "a model.onnx").write_bytes(b"x" * 50)
    template = f"'{sys.executable}' '{tmp_path / 'device.py'}' {{model}} {{runs}} {{threads}}"
    return DeviceCommand(template, runs=runs, threads=2, seconds=seconds)


def test_the_device_s_figures_are_read(tmp_path: Path) -> None:
    command = device(tmp_path)
    assert command.device is None
    assert command.times(tmp_path / "a model.onnx", SIZE) == [5, 6, 7]
    assert command.device == "a device with 2 threads"
    assert command.run(tmp_path / "a model.onnx", SIZE)().wall == 5


def test_another_device_is_refused(tmp_path: Path) -> None:
    command = device(tmp_path, "print('# first'); print(1); print(1); print(1)")
    command.times(tmp_path / "a model.onnx", SIZE)
    device(tmp_path, "print(1); print(1); print(1)")
    command.times(tmp_path / "a model.onnx", SIZE)
    device(tmp_path, "print('# second'); print(1); print(1); print(1)")
    with pytest.raises(InvalidInput, match="--command must run on one device, got first, then"):
        command.times(tmp_path / "a model.onnx", SIZE)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("print('fast')", "must print milliseconds, one number a line, got fast"),
        ("print(-1)", "above 0, got -1"),
        ("print('nan')", "above 0, got nan"),
        ("print(1)", "3 of them, got 1"),
        ("", "3 of them, got 0"),
        ("print('1_0')", "one number a line, got 1_0"),
        ("print('5 ms')", "one number a line, got 5 ms"),
        ("print('1e999')", "above 0, got 1e999"),
        ("while True: print(1)", "must print at most 1,048,576 bytes"),
        ("import sys; sys.exit('no device')", "must exit with code 0, got 1: no device"),
    ],
)
def test_nonsense_is_one_line(tmp_path: Path, code: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        device(tmp_path, code).times(tmp_path / "a model.onnx", SIZE)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.processes
def test_a_command_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    code = "import subprocess\nsubprocess.run(['sleep', '600'])"
    with pytest.raises(InvalidInput, match=r"must end within 0\.5 s"):
        device(tmp_path, code, seconds=0.5).times(tmp_path / "a model.onnx", SIZE)


@pytest.mark.processes
def test_ctrl_c_ends_the_command_with_its_children(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, subprocess\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "pathlib.Path('child').write_text(str(child.pid))\n"
        "os.kill(os.getppid(), signal.SIGINT)\n"
        "child.wait()"
    )
    code = code.replace("'child'", repr(str(tmp_path / "child")))
    # What is started in the background of a script ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            device(tmp_path, code).times(tmp_path / "a model.onnx", SIZE)
    finally:
        signal.signal(signal.SIGINT, before)
    child = int((tmp_path / "child").read_text())
    with suppress(psutil.NoSuchProcess):
        psutil.wait_procs([psutil.Process(child)], timeout=10)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


@pytest.mark.processes
def test_what_a_command_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    code = "import subprocess\nprint(3, flush=True)\nsubprocess.Popen(['sleep', '8'])"
    assert device(tmp_path, code, runs=1).times(tmp_path / "a model.onnx", SIZE) == [3]


def test_a_path_with_braces_is_passed_on_as_it_is(tmp_path: Path) -> None:
    code = "import sys\nprint('#', *sys.argv[1:])\nprint(1)"
    command = device(tmp_path, code, runs=1)
    command.times(tmp_path / "{runs} {threads}.onnx", SIZE)
    assert command.device == f"{tmp_path}/{{runs}} {{threads}}.onnx 1 2"


def test_the_command_may_be_given_the_size(tmp_path: Path) -> None:
    code = "import sys\nprint('#', *sys.argv[1:])\nprint(1)"
    (tmp_path / "device.py").write_text(code)
    template = f"{sys.executable} {tmp_path / 'device.py'} {{model}} {{runs}} {{height}}x{{width}}"
    command = DeviceCommand(template, runs=1, threads=1, seconds=60)
    command.times(tmp_path / "{width}.onnx", SIZE)
    assert command.device == f"{tmp_path}/{{width}}.onnx 1 112x96"


def test_threads_that_the_command_cannot_set_are_refused() -> None:
    assert not DeviceCommand("x {model} {runs}", runs=1, threads=1, seconds=1).takes_threads
    with pytest.raises(InvalidInput, match=r"must contain \{threads\} for --threads 2"):
        DeviceCommand("x {model} {runs}", runs=1, threads=2, seconds=1)


@pytest.mark.parametrize("template", ["run {model}", "run {runs}", "run", "run '"])
def test_a_template_without_its_fields_is_refused(template: str) -> None:
    with pytest.raises(InvalidInput, match="--command must"):
        DeviceCommand(template, runs=1, threads=1, seconds=1)


def test_a_command_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    command = DeviceCommand("/no/such/program {model} {runs}", runs=1, threads=1, seconds=1)
    with pytest.raises(InvalidInput, match="--command cannot be run"):
        command.times(tmp_path, SIZE)
