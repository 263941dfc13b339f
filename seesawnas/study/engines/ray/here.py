"""A Ray of our own on this machine.

It lives as long as the engine and never longer than the driver.
"""

from __future__ import annotations

import functools
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from seesawnas.study.engines.ray import reaper as ray_guard
from seesawnas.study.engines.ray.leftovers import create_temp_folder


class LocalRayServer:
    """Holds ``folder``, where Ray and Tune keep their files."""

    def __init__(self) -> None:
        self.folder, self._lock = create_temp_folder(_short_folder())
        # Not our environment: a path or a start-up hook of the user's would be read for nothing.
        words = [sys.executable, "-I", "-S", ray_guard.__file__, str(self.folder)]
        # In a session of its own: what reaches the driver's group must not reach the one who cleans
        # up after it.
        self._guard = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)

    def start(self, cores: int, **settings: Any) -> None:
        """Start Ray with as many ``cores``, whether they exist or not."""
        import ray

        place: dict[str, Any] = {
            "_temp_dir": str(self.folder / "ray"),
            "_node_ip_address": "127.0.0.1",
        }
        with _apart():
            ray.init("local", num_cpus=cores, include_dashboard=False, **place, **settings)

    def close(self) -> None:
        """Have the guard end what is left and remove the folder."""
        self._guard.communicate()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def guarded_environment() -> dict[str, str]:
    """Variables to set before Ray is imported.

    By them it listens to this machine alone, and obeys this process alone.
    """
    loopback = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    if "RAY_AUTH_MODE" in os.environ:
        return loopback
    # Of itself Ray would write a token into the home directory.
    return {**loopback, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


@contextmanager
def _apart() -> Iterator[None]:
    """Put Ray's servers in process groups of their own.

    SIGTERM and Ctrl-C may reach a whole group, and the driver is to decide. Ray has no setting for
    it; workers it does put apart, and interrupts it blocks everywhere.
    """
    from ray._private import services

    popen = services.ConsolePopen
    services.ConsolePopen = functools.partial(popen, process_group=0)  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        services.ConsolePopen = popen  # type: ignore[misc]


def _short_folder() -> str | None:
    """Ray's sockets lie in the folder, and a socket's path has 107 characters at most."""
    return None if len(tempfile.gettempdir()) < 20 else "/tmp"
