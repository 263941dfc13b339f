"""The first inputs of the campaign; ``python -m tests.data.fuzz`` goes on for as long as it is let."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.data.fuzz import READERS, try_one


@pytest.mark.parametrize("reader", READERS)
def test_spoilt_inputs_are_read_or_refused_in_one_line(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE_LIMIT", "1")
    rng = random.Random(7)
    for number in range(25):
        (tmp_path / str(number)).mkdir()
        assert not try_one(READERS[reader], tmp_path / str(number), rng)
