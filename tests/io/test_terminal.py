"""Standard streams that are lost, in processes of their own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

SEESAWNAS = [sys.executable, "-m", "seesawnas"]
# What a command does: work, a line of progress, a file, a table.
WORK = """
import sys
from seesawnas.io.terminal import install, only_shown
install()
only_shown()
print("progress", file=sys.stderr)
open("done", "w").write("whole")
print("table")
sys.stdout.flush()
"""


def ran(
    shell: str, *words: str, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    command = ["bash", "-c", f'"$@" {shell}', "bash", *words]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path, **more},
        cwd=cwd,
        timeout=60,
    )


@pytest.mark.parametrize(
    "shell", ["> /dev/full", "2> /dev/full", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"]
)
def test_what_is_only_shown_may_be_lost(tmp_path: Path, shell: str) -> None:
    done = ran(shell, sys.executable, "-c", WORK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "done").read_text() == "whole"  # none of it, though its descriptor was free
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_terminal_that_went_away_ends_nothing(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    wait = (
        "import sys, time; open('up', 'w').close()\nwhile not "
        f"__import__('os').path.exists('gone'): time.sleep(0.05)\n{WORK}"
    )
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", wait],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    os.close(theirs)
    os.close(ours)
    (tmp_path / "gone").touch()
    assert process.wait(60) == 0
    assert (tmp_path / "done").read_text() == "whole"


@pytest.mark.parametrize(
    "words", [("paper",), ("paper", "--json"), ("--version",), ("--help",), ("sample", "--json")]
)
@pytest.mark.parametrize("shell", ["> /dev/full", ">&-"])
def test_a_result_that_is_lost_is_one_line_and_exit_code_2(
    shell: str, words: tuple[str, ...]
) -> None:
    done = ran(shell, *SEESAWNAS, *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("standard output: cannot be written: ")


@pytest.mark.parametrize("words", [("--out", "net"), ("--diagram", "net.svg")])
def test_what_wrote_its_files_has_done_its_work(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = ran(">&-", *SEESAWNAS, "build", "paper/seesaw_share", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / words[1]).exists()
    assert (
        ran(
            ">&-", *SEESAWNAS, "build", "paper/seesaw_share", *words, "--json", cwd=tmp_path
        ).returncode
        == 2
    )


def test_a_result_whose_reader_left_is_silent() -> None:
    done = ran("| true; exit ${PIPESTATUS[0]}", *SEESAWNAS, "sample", "--json", "-n", "3000")
    assert (done.returncode, done.stdout, done.stderr) == (141, "", "")


def test_a_result_arrives_without_standard_error() -> None:
    done = ran("2>&-", *SEESAWNAS, "paper", "--json")
    assert (done.returncode, done.stdout[:1]) == (0, "[")
    assert ran("2>&-", *SEESAWNAS, "build", "nothing").returncode == 2


def test_characters_that_the_encoding_lacks_are_replaced() -> None:
    done = ran(
        "",
        *SEESAWNAS,
        "compare",
        "paper/seesaw_share",
        "paper/mobilefacenet",
        PYTHONIOENCODING="ascii",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


def test_whatever_is_printed_is_clean(tmp_path: Path) -> None:
    code = "import sys, warnings\nfrom seesawnas.io.terminal import install\ninstall()\n"
    code += (
        "print('\\x1b]0;a\\x07'); warnings.warn('\\x1b[2Jb'); raise ValueError('\\u202ec\\udcff')"
    )
    done = ran("", sys.executable, "-c", code)
    assert not any(character in done.stdout + done.stderr for character in "\x1b\x07\u202e")
    assert "\\x1b]0;a\\x07" in done.stdout
    assert "\\u202ec\\udcff" in done.stderr


def test_names_are_no_markup_and_steer_no_terminal(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "search_spaces" / "paper" / "seesaw_share.yaml"
    name = "[bold]:smile:\x1b]0;x\x07\u202e[red].yaml"
    (tmp_path / name).write_bytes(shipped.read_bytes())
    done = ran("", *SEESAWNAS, "compare", name, "paper/mobilefacenet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "[bold]:smile:\\x1b]0;x\\x07\\u202e[red].yaml" in done.stdout
    done = ran("", *SEESAWNAS, "frob\x1b[31m\u202e")
    assert done.returncode == 2
    assert not any(character in done.stderr for character in "\x1b\u202e")
