from __future__ import annotations

from tests.study import storage_fuzz


def test_damaged_studies_are_shown_or_refused_in_one_line() -> None:
    assert storage_fuzz.main(60, seed=0, seconds=60) == 0
