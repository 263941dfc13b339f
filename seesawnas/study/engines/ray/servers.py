"""Ray's servers that a driver cannot do without, and whether they live.

Ray itself notices after 12 to 60 seconds, says nothing, and ends the driver's process from within
its C++ code; at once if something is being written to the raylet at that moment, and then without a
reason. The study loses nothing.
"""

from __future__ import annotations

import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from seesawnas.errors import StudyError
from seesawnas.study.storage.process import ProcessName

_AWAY_SECONDS = 30.0  # a head node that is started again, or a network that recovers, takes less
_ASKED_EVERY = 5.0


@dataclass
class RayServers:
    """The servers of the Ray that this process is connected to.

    They are this machine's raylet, and the GCS on whatever machine it runs.
    """

    processes: dict[str, ProcessName]
    gcs: tuple[str, int] | None = None
    """Where a cluster's GCS listens; None if it is among ``processes``."""
    answered: float = field(default_factory=time.monotonic)
    asked: float = field(default_factory=time.monotonic)

    @classmethod
    def of_this_connection(cls) -> RayServers:
        """After ``ray.init``."""
        from ray._private import worker

        node: Any = worker._global_node
        pids = {
            name: each[0].process.pid
            for name, each in node.all_processes.items()
            if name in ("raylet", "gcs_server")
        }
        if pids:
            return cls({name: ProcessName.of(pid) for name, pid in pids.items()})
        pid = _listener(node.raylet_socket_name)
        host, _, port = str(node.gcs_address).rpartition(":")
        processes = {} if pid is None else {"raylet": ProcessName.of(pid)}
        return cls(processes, (host.strip("[]"), int(port)) if port.isdecimal() else None)

    def check(self) -> None:
        """Check that the servers live.

        Raises:
            StudyError: If one of them has died.
        """
        dead = next(
            (
                f"its {name} (process {one.pid})"
                for name, one in self.processes.items()
                if one.is_gone()
            ),
            None,
        )
        if dead is None and self.gcs is not None and not self._answers(self.gcs):
            dead = f"its GCS at {self.gcs[0]}:{self.gcs[1]}"
        if dead is not None:
            raise StudyError(
                f"Ray stopped: {dead} died or was killed; run the same command to resume from the "
                "last epochs"
            )

    def _answers(self, address: tuple[str, int]) -> bool:
        now = time.monotonic()
        if now - self.asked > _ASKED_EVERY:
            self.asked = now
            with suppress(OSError):
                socket.create_connection(address, timeout=1).close()
                self.answered = time.monotonic()
        return now - self.answered < _AWAY_SECONDS


def _listener(path: str) -> int | None:
    """The process that listens on a local socket; None if the system does not say."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    with suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(1)
        asking.connect(path)
        pid, _, _ = struct.unpack(
            "3i", asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        )
        return int(pid) or None
    return None
