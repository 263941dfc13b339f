"""import seesawnas as sn."""

from __future__ import annotations

import subprocess
import sys

import pytest

import seesawnas as sn


def test_the_readme_s_lines_work() -> None:
    spec = sn.load("paper/seesaw_share")
    assert sn.cost(spec).madds == 145_762_816
    assert sum(parameter.numel() for parameter in sn.build(spec).parameters()) == 1_370_176


def test_cost_is_the_function_whatever_was_imported_before() -> None:
    program = """
import seesawnas.cost, seesawnas.cost.cost
import seesawnas as sn
print(sn.cost(sn.load("paper/seesaw_share")).madds)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "145762816\n"


def test_every_public_name_is_there_and_listed() -> None:
    assert all(getattr(sn, name) is not None for name in sn.__all__)
    assert set(sn.__all__) <= set(dir(sn))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sn.nothing  # noqa: B018
