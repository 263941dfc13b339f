"""Which process holds a study, identified uniquely, and whether it is still alive."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seesawnas.text import escape_line

_DEAD = ("Z", "X")


@dataclass(frozen=True, slots=True)
class ProcessName:
    """A process by its number, the machine that counts so, and its start, since numbers come again.

    Attributes:
        machine: This start of the system and this namespace of process numbers (a container has its
            own); empty if the system does not say, and then no other process counts as being on
            this machine.
        born: Clock ticks since the system's start.
    """

    user: str
    host: str
    pid: int
    machine: str = ""
    born: str = ""

    @classmethod
    def mine(cls) -> ProcessName:
        """The process that asks."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> ProcessName:
        """A process of this machine, and of this user, by its number."""
        return cls(_user(), socket.gethostname(), pid, _machine(), _stat(pid)[1])

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> ProcessName:
        """From the values of :meth:`to_mapping`.

        Raises:
            KeyError: If one is missing.
            ValueError: If they are another program's.
            TypeError: If they are another program's.
        """
        text = {name: str(values[name]) for name in ("user", "host", "machine", "born")}
        return cls(pid=int(values["pid"]), **text)

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def is_of_this_machine(self) -> bool:
        """Whether it is, or was, a process of this machine."""
        return bool(self.machine) and self.machine == _machine()

    def is_gone(self) -> bool:
        """Whether it was a process of this machine and lives no more.

        Nothing is known of processes of other machines.
        """
        if not self.is_of_this_machine():
            return False
        state, born = _stat(self.pid)
        return not state or state in _DEAD or born != self.born

    def __str__(self) -> str:
        return escape_line(f"{self.user}@{self.host}, process {self.pid}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.getuid())


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _stat(pid: int) -> tuple[str, str]:
    """State and start of a process of this machine; empty if there is none."""
    try:
        # The name, second and in brackets, may hold spaces and brackets of its own.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return "", ""
