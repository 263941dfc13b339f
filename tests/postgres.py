"""A private PostgreSQL server.

Its own folder and port, on this machine alone, gone with the tests.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "s3cret/word"
QUOTED = "s3cret%2Fword"
_DIES_WITH_PARENT = 1


def server_binaries() -> Path | None:
    """The folder of initdb and postgres; Debian keeps it out of the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    folders += [Path(on_path).resolve().parent] if on_path else []
    return next(
        (
            folder
            for folder in folders
            if (folder / "initdb").exists() and (folder / "postgres").exists()
        ),
        None,
    )


class PostgresServer:
    """A server that can be stopped, killed and started again.

    Tests do without ``fsync``; what measures it does not.
    """

    def __init__(self, folder: Path, binaries: Path, *, fsync: bool = False) -> None:
        self._folder, self._binaries, self._fsync = folder, binaries, fsync
        self._user = _unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    def create(self) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        if self._user is not None:
            for path in (self._folder, secret):
                os.chown(path, self._user, -1)
        words = [
            "-D",
            self._folder / "data",
            "-U",
            "seesaw",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
        ]
        self._run("initdb", *map(str, words), "--no-sync", "--locale=C", "--encoding=UTF8")

    def start(self) -> None:
        """Start it, from the main thread: it dies with the thread that starts it."""
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
            "fsync": "on" if self._fsync else "off",
        }
        options |= {"max_connections": "100", "shared_buffers": "16MB"}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._binaries / "postgres",
                    "-D",
                    self._folder / "data",
                    "-p",
                    str(self.port),
                    *words,
                ],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=self._user,
                start_new_session=True,  # Ctrl-C of a test is not for the server
                preexec_fn=_die_with_parent,
            )
        self._wait()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT is its fast shutdown, SIGQUIT as a crash, SIGKILL a crash."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(timeout=60)

    def url(self, database: str = "postgres", password: str = QUOTED) -> str:
        return f"postgresql://seesaw:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        """An empty database; returns its URL."""
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def _wait(self) -> None:
        import psycopg

        for _ in range(600):
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                assert self._process is not None
                assert self._process.poll() is None, (self._folder / "log").read_text()
                time.sleep(0.1)
        raise AssertionError((self._folder / "log").read_text())

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._binaries / program, *words],
            capture_output=True,
            cwd=self._folder,
            user=self._user,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def private_server(binaries: Path, *, on_disk: bool = False) -> Iterator[PostgresServer]:
    """A server, in memory where there is room; ``on_disk`` as one that people run."""
    folder = Path(tempfile.mkdtemp(prefix="seesawnas-pg-", dir=None if on_disk else _memory()))
    server = PostgresServer(folder, binaries, fsync=on_disk)
    try:
        server.create()
        server.start()
        yield server
    finally:
        if server._process is not None and server._process.poll() is None:
            server.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> str | None:
    """A folder in memory where there is room, for speed; None for the usual one."""
    place = Path("/dev/shm")
    return str(place) if place.is_dir() and shutil.disk_usage(place).free > 2**30 else None


def _unprivileged() -> int | None:
    """PostgreSQL refuses to run as root; None where this process is somebody else already."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return 65534


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGQUIT)
