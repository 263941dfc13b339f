from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from seesawnas.cli.model_options import print_notes


def test_what_is_said_of_a_model_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_notes(cast(Any, SimpleNamespace(name="[red]a[/red]\x1b[2J", notes=("[/b] :smile:",))))
    assert capsys.readouterr().err == "[red]a[/red]\\x1b[2J: [/b] :smile:\n"
