"""The first inputs of the campaigns; ``python -m tests.data.fuzz`` and ``fuzz_pairs`` try more."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.data.fuzz import READERS, try_one
from tests.data.fuzz_pairs import campaign, formats, write_identities


@pytest.mark.parametrize("reader", READERS)
def test_spoilt_inputs_are_read_or_refused_in_one_line(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEESAWNAS_CACHE_LIMIT", "1")
    rng = random.Random(7)
    for number in range(25):
        (tmp_path / str(number)).mkdir()
        assert not try_one(READERS[reader], tmp_path / str(number), rng)


def test_spoilt_lists_and_sets_of_pairs_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    write_identities(tmp_path / "images")
    for name, whole, parts, read in formats(tmp_path):
        assert campaign(name, whole, parts, read, 40, random.Random(name))
