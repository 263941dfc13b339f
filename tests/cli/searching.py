"""``seesawnas search`` in this process, on a small space."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from seesawnas.cli.app import app

TINY = [
    "--space",
    "small.yaml",
    "--budget",
    "1M",
    "--epochs",
    "1",
    "--resolution",
    "32",
    "--engine",
    "local",
]
TINY += ["--workers", "1"]


def search(*words: str) -> Result:
    return CliRunner().invoke(app, ["search", *words])
