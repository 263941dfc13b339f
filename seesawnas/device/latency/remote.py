"""Devices that are not this machine, by a command that runs a model there.

The command is a template with the fields ``{model}``, the path of the model's file on this machine,
``{runs}``, how often to run it, and ``{threads}``. It prints the milliseconds of each run, one
number a line; lines that begin with ``#`` are for people. ``adb``, ``ssh``, ncnn's ``benchncnn``
and ExecuTorch's ``executor_runner`` fit behind a few lines of shell.
"""

from __future__ import annotations

import math
import os
import shlex
import signal
import subprocess
from pathlib import Path

from seesawnas.device.latency.protocol import Run, Sample
from seesawnas.errors import InvalidInput
from seesawnas.text import short

_FIELDS = ("model", "runs", "threads")
_MOST_OUTPUT = 1 << 20


class DeviceCommand:
    """A command that runs a model on a device.

    Args:
        template: As above.
        runs: Runs in a call.
        threads: On the device.
        seconds: Time limit of a call.

    Raises:
        InvalidInput: If the template does not parse, or lacks ``{model}`` or ``{runs}``.
    """

    def __init__(self, template: str, *, runs: int, threads: int, seconds: float) -> None:
        try:
            self.words = shlex.split(template)
        except ValueError as error:
            raise InvalidInput(f"--command must be a command line: {error}") from None
        for field in ("{model}", "{runs}"):
            if not any(field in word for word in self.words):
                raise InvalidInput(f"--command must contain {field}, got {short(template)}")
        self.runs, self.threads, self.seconds = runs, threads, seconds

    def times(self, model: Path) -> list[float]:
        """The milliseconds of each run of ``model``.

        Raises:
            InvalidInput: If the command fails, takes too long, or prints something else.
        """
        values = dict(zip(_FIELDS, (str(model), str(self.runs), str(self.threads)), strict=True))
        words = []
        for word in self.words:
            for field, value in values.items():
                word = word.replace(f"{{{field}}}", value)
            words.append(word)
        return _numbers(self._output(words), self.runs)

    def run(self, model: Path) -> Run:
        """One call as a sample: its fastest run."""
        return lambda: Sample(min(self.times(model)))

    def _output(self, words: list[str]) -> str:
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise InvalidInput(
                f"--command cannot be run: {words[0]}: {error.strerror or error}"
            ) from None
        try:
            out, errors = process.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            raise InvalidInput(
                f"--command must end within {self.seconds:g} s (--timeout), and was stopped"
            ) from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode:
            said = errors.decode(errors="replace").strip().splitlines()
            raise InvalidInput(
                f"--command must exit with code 0, got {process.returncode}"
                + (f": {short(said[-1])}" if said else "")
            )
        return out[:_MOST_OUTPUT].decode(errors="replace")


def _numbers(output: str, runs: int) -> list[float]:
    rule = "--command must print milliseconds, one number a line"
    found = []
    for line in map(str.strip, output.splitlines()):
        if not line or line.startswith("#"):
            continue
        try:
            value = float(line)
        except ValueError:
            raise InvalidInput(f"{rule}, got {short(line)}") from None
        if not 0 < value < math.inf:
            raise InvalidInput(f"{rule} above 0, got {short(line)}")
        found.append(value)
    if len(found) != runs:
        raise InvalidInput(f"{rule}, {runs} of them, got {len(found)}")
    return found
