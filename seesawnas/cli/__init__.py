"""The command line: a thin function a command, one place for errors and exit codes."""

from seesawnas.cli.app import app, main

__all__ = ["app", "main"]
