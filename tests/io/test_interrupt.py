"""Ctrl-C while the program imports ends it without a traceback; later it raises as ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
sys.argv = ["seesawnas", "space", "seesaw", "--budget", "nonsense"]
import seesawnas
{interrupt}
from seesawnas.cli import main
main()
"""


def run(interrupt: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    program = tmp_path / "seesawnas"
    program.write_text(PROGRAM.format(interrupt=interrupt))
    folder = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, check=False
    )


def test_an_interrupt_while_it_imports_ends_it_silently(tmp_path: Path) -> None:
    done = run("import signal; signal.raise_signal(signal.SIGINT)", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_program_that_ignores_interrupts_goes_on(tmp_path: Path) -> None:
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    done = run(f"{ignored}; signal.raise_signal(signal.SIGINT)", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("budget must")


def test_of_a_library_interrupts_are_left_alone() -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
