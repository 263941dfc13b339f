"""Devices that are not this machine, by a command that runs a model there.

The command is a template with the fields ``{model}``, the path of the model's file on this machine,
``{runs}``, how often to run it, ``{threads}``, and ``{height}`` and ``{width}``, the size of its
images. It prints the milliseconds of each run, one number a line; lines that begin with ``#`` are
for people, and the first of them names the device.
``adb``, ``ssh``, ncnn's ``benchncnn`` and ExecuTorch's ``executor_runner`` fit behind a few lines
of shell.
"""

from __future__ import annotations

import math
import os
import re
import shlex
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from seesawnas.device.latency.protocol import Run, Sample
from seesawnas.errors import InvalidInput
from seesawnas.text import short

_FIELD = re.compile(r"\{(model|runs|threads|height|width)\}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf)", re.IGNORECASE | re.ASCII)
_COMMENT = "#"
COMMAND = "--command"
"""The option that holds the command, by the name of most commands of this program."""
_MOST_OUTPUT = 1 << 20
_CHUNK = 1 << 16
_GRACE = 1.0  # seconds for what is left in the pipes of a command that has ended


class DeviceCommand:
    """A command that runs a model on a device.

    Args:
        template: As above.
        runs: Runs in a call.
        threads: On the device.
        seconds: Time limit of a call.
        option: What messages call the command.

    Attributes:
        device: What the command says that it runs on; None before it has said so.

    Raises:
        InvalidInput: If the template does not parse, or lacks ``{model}`` or ``{runs}``, or
            ``{threads}`` if they are not 1.
    """

    def __init__(
        self, template: str, *, runs: int, threads: int, seconds: float, option: str = COMMAND
    ) -> None:
        self.option = option
        try:
            self.words = shlex.split(template)
        except ValueError as error:
            raise InvalidInput(f"{option} must be a command line: {error}") from None
        fields = {field for word in self.words for field in _FIELD.findall(word)}
        needed = ("model", "runs") if threads == 1 else ("model", "runs", "threads")
        for field in needed:
            if field not in fields:
                hint = f" for --threads {threads}" if field == "threads" else ""
                raise InvalidInput(
                    f"{option} must contain {{{field}}}{hint}, got {short(template)}"
                )
        self.runs, self.threads, self.seconds = runs, threads, seconds
        self.takes_threads = "threads" in fields
        self.device: str | None = None
        self._measurements: Path | None = None

    def times(self, model: Path, size: tuple[int, int]) -> list[float]:
        """The milliseconds of each run of ``model``, which takes images of ``size``.

        Args:
            model: Its file.
            size: (height, width).

        Raises:
            InvalidInput: If the command fails, takes too long, prints something else, or names
                another device than before.
        """
        values = {
            "model": str(model),
            "runs": str(self.runs),
            "threads": str(self.threads),
            "height": str(size[0]),
            "width": str(size[1]),
        }
        words = [_FIELD.sub(lambda found: values[found[1]], word) for word in self.words]
        lines = [line.strip() for line in self._output(words).splitlines()]
        printed = [line for line in lines if line and line[0] != _COMMENT]
        found = _numbers(printed, self.runs, self.option)
        comments = (line.lstrip(_COMMENT).strip() for line in lines if line.startswith(_COMMENT))
        self._name(next(filter(None, comments), None))
        return found

    def require(self, path: Path, device: str | None) -> None:
        """Refuse another device from now on, since the measurements in ``path`` are of this one.

        Args:
            path: For the message.
            device: Its name; None: that of the first call.
        """
        self._measurements, self.device = path, device or self.device

    def _name(self, device: str | None) -> None:
        """Keep the name of the ``device`` that a call has run on.

        Raises:
            InvalidInput: If it is another one than before.
        """
        if self.device is None:
            self.device = device
        elif self._measurements is None and device not in (None, self.device):
            raise InvalidInput(
                f"{self.option} must run on one device, got {short(self.device)}, then "
                f"{short(str(device))}"
            )
        elif self._measurements is not None and device != self.device:
            raise InvalidInput(
                f"{self._measurements}: must be measurements of one device, "
                f"{short(self.device)}, got {short(device) if device else 'no name'} from "
                f"--command; give another --out"
            )

    def run(self, model: Path, size: tuple[int, int]) -> Run:
        """One call as a sample: its fastest run."""
        return lambda: Sample(min(self.times(model, size)))

    def _output(self, words: list[str]) -> str:
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # a word with a NUL is a ValueError
            said = getattr(error, "strerror", None) or error
            raise InvalidInput(f"{self.option} cannot be run: {short(words[0])}: {said}") from None
        assert process.stdout is not None
        assert process.stderr is not None
        out, errors = (_Reader(pipe, process) for pipe in (process.stdout, process.stderr))
        try:
            process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            limit = " (--timeout)" if self.option == COMMAND else ""
            raise InvalidInput(
                f"{self.option} must end within {self.seconds:g} s{limit}, and was stopped"
            ) from None
        finally:  # also after Ctrl-C
            if process.poll() is None:
                _kill(process)
                process.wait()
        # What it leaves running, as adb leaves its server, may keep the pipes open.
        for reader in (out, errors):
            reader.join(_GRACE)
        if out.is_too_long or errors.is_too_long:
            raise InvalidInput(f"{self.option} must print at most {_MOST_OUTPUT:,} bytes, got more")
        if process.returncode:
            lines = errors.text.strip().splitlines()
            raise InvalidInput(
                f"{self.option} must exit with code 0, got {process.returncode}"
                + (f": {short(lines[-1])}" if lines else "")
            )
        return out.text


class _Reader(threading.Thread):
    """Reads what a process prints, and ends the process if that is too long."""

    def __init__(self, pipe: IO[bytes], process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe, self._process, self._kept = pipe, process, bytearray()
        self.start()

    def run(self) -> None:
        """Read to the end."""
        with self._pipe:
            while chunk := os.read(self._pipe.fileno(), _CHUNK):
                self._kept += chunk
                if self.is_too_long:
                    _kill(self._process)
                    return

    @property
    def is_too_long(self) -> bool:
        """Whether it is more than anything that measures prints."""
        return len(self._kept) > _MOST_OUTPUT

    @property
    def text(self) -> str:
        """What was printed so far."""
        return bytes(self._kept).decode(errors="replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _numbers(lines: list[str], runs: int, option: str) -> list[float]:
    rule = f"{option} must print milliseconds, one number a line"
    found = []
    for line in lines:
        if not _NUMBER.fullmatch(line):
            raise InvalidInput(f"{rule}, got {short(line)}")
        value = float(line)
        if not 0 < value < math.inf:
            raise InvalidInput(f"{rule} above 0, got {short(line)}")
        found.append(value)
    if len(found) != runs:
        raise InvalidInput(f"{rule}, {runs} of them, got {len(found)}")
    return found
