"""The command line: a thin function per command, one place for errors and exit codes."""

from seesawnas.cli.app import app, main

__all__ = ["app", "main"]
