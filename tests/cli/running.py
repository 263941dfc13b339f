"""The command line in this process."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from seesawnas.cli import app

SMALL_SPACE = """
name: small
input: {height: 32, width: 32}
stem: {width: 8}
defaults: {kind: share, se: {choice: [off, 4]}, activation: {choice: [swish, prelu]}}
stages:
- {depth: {range: [1, 3]}, width: {choice: [8, 16]}, stride: 2, expansion: {choice: [1, 2]},
   split: {choice: [[1, 3], [1]]}}
- {depth: 2, width: 16, stride: 2, expansion: 2,
   skip: {choice: [none, maxpool_conv], when: {stride: 2}}}
head: {width: 32, embedding: 16}
"""


class Ran:
    """What a command left: exit code, stdout, stderr."""

    def __init__(self, *arguments: str) -> None:
        result = CliRunner().invoke(app, list(arguments), prog_name="seesawnas")
        self.error = result.exception
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        assert self.code == 0, self.err
        return [json.loads(line) for line in self.out.splitlines()]
