"""What is said while a large space is compiled."""

from __future__ import annotations

import itertools

import pytest

from seesawnas.cli.views import compiling
from seesawnas.cli.views.compiling import FIRST, NEXT, compiling_shown
from seesawnas.space import FeasibleSet, load_space
from tests.space.documents import choice, space_of


def test_a_line_comes_after_two_seconds_and_then_every_ten(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "LARGE", 1)
    times = iter([0.0, FIRST / 2, FIRST, FIRST + 1, FIRST + NEXT, 13.0, 14.0, 100.0])
    stages = (
        {"width": choice(8, 16), "stride": 2, "kind": "plain", "split": [1], "expansion": 1}
        for _ in range(4)
    )
    with compiling_shown(lambda: next(times)):
        FeasibleSet(space_of(*stages))
    out, err = capsys.readouterr()
    assert not out
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize("ref", ["seesaw", "seesaw_wide"])
def test_spaces_that_ship_are_compiled_in_silence_on_any_machine(
    ref: str, capsys: pytest.CaptureFixture[str]
) -> None:
    times = itertools.count(0, 1000.0)
    with compiling_shown(lambda: next(times)):
        FeasibleSet(load_space(ref))
    assert capsys.readouterr() == ("", "")
