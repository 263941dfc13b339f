"""``choose``: choices to a network, nothing guessed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seesawnas as sn
from seesawnas.errors import DocumentError, SpecError, UnknownReference
from seesawnas.space import FeasibleSet, load_space, write_yaml
from tests.space.documents import choice, document, space_of, stage

SEESAW = FeasibleSet(load_space("mobilefacenet"))
SPACE = space_of(
    stage(depth=choice(1, 2), split=choice([1, 3], [1]), se=choice("off", 4), width=8),
    stage(
        kind=choice("share", "inverted_bottleneck"),
        kernel=choice(3, 5),
        blocks={0: {"skip": choice("none", "conv")}},
    ),
)
CHOICES: dict[str, Any] = {
    "stages.0.depth": 2,
    "stages.0.split": [2, 6],
    "stages.0.se": "off",
    "stages.1.kind": "share",
    "stages.1.kernel": 5,
    "stages.1.blocks.0.skip": "conv",
}


@given(st.randoms(use_true_random=False))
def test_all_decisions_make_the_network_of_the_space(rng: random.Random) -> None:
    assignment = SEESAW.draw(rng)
    spec = SEESAW.space.choose(assignment)
    assert sn.choose(SEESAW.space, assignment) == sn.choose("mobilefacenet", assignment) == spec


def test_options_are_written_as_in_yaml_or_as_decisions_have_them() -> None:
    options = {decision.name: decision.options for decision in SPACE.decisions}
    first = {**CHOICES, "stages.0.split": "1:3", "stages.0.se": 0}
    assert first["stages.0.split"] in options["stages.0.split"]
    second = {**CHOICES, "stages.0.split": (1, 3), "stages.0.se": False}
    third = {**CHOICES, "stages.0.depth": np.int64(2), "stages.1.kernel": 5.0}
    found = sn.choose(SPACE, CHOICES)
    assert [sn.choose(SPACE, other) for other in (first, second, third)] == [found] * 3
    assert [block.kernel for block in found.blocks] == [3, 3, 5]


def test_a_space_may_be_a_file_or_a_mapping(tmp_path: Path) -> None:
    values = document(stage(depth=choice(1, 2)))
    path = tmp_path / "mine.yaml"
    path.write_text(write_yaml(values))
    for space in (values, path, str(path)):
        assert len(sn.choose(space, {"stages.0.depth": 2}).blocks) == 2
    with pytest.raises(UnknownReference):
        sn.choose("mobilefacnet", {})


def test_every_fault_is_a_line_with_what_is_allowed() -> None:
    wrong = {**CHOICES, "stages.0.dept": 1, "stages.1.kernel": 7, "other": 1, "stages.0.se": True}
    with pytest.raises(DocumentError) as caught:
        sn.choose(SPACE, wrong)
    assert set(caught.value.faults) == {
        "stages.0.dept: is not a decision of the space; did you mean stages.0.depth?",
        "stages.1.kernel: must be one of 3, 5, got 7",
        "other: is not a decision of the space; decisions are "
        f"{', '.join(decision.name for decision in SPACE.decisions)}",
        "stages.0.se: must be one of off, 4, got True",
    }
    assert str(caught.value).startswith("FILE: ")


@pytest.mark.parametrize("name", CHOICES)
def test_a_decision_that_matters_is_missed_with_its_options(name: str) -> None:
    left = {other: option for other, option in CHOICES.items() if other != name}
    with pytest.raises(DocumentError) as caught:
        sn.choose(SPACE, left)
    (fault,) = caught.value.faults
    assert fault.startswith(f"{name}: must be one of ")
    assert fault.endswith(", got nothing")


def test_a_decision_without_effect_may_be_left_out() -> None:
    space = space_of(
        stage(depth=choice(1, 2), blocks={1: {"kernel": choice(3, 5)}}),
        stage(kind=choice("share", "inverted_bottleneck"), split=choice([1, 3], [1])),
    )
    short = {"stages.0.depth": 1, "stages.1.kind": "inverted_bottleneck"}
    assert sn.choose(space, short) == sn.choose(
        space, {**short, "stages.0.blocks.1.kernel": 5, "stages.1.split": [1]}
    )
    for change, missing in (
        ({"stages.0.depth": 2}, "stages.0.blocks.1.kernel"),
        ({"stages.1.kind": "share"}, "stages.1.split"),
    ):
        with pytest.raises(DocumentError, match=missing) as caught:
            sn.choose(space, {**short, **change})
        assert len(caught.value.faults) == 1


@given(st.randoms(use_true_random=False), st.data())
def test_what_may_be_left_out_makes_no_difference(rng: random.Random, data: st.DataObject) -> None:
    whole = {one.name: rng.choice(one.options) for one in SPACE.decisions}
    dropped = data.draw(st.sampled_from(sorted(whole)))
    left = {name: option for name, option in whole.items() if name != dropped}
    others = [
        SPACE.choose({**whole, dropped: option})
        for decision in SPACE.decisions
        if decision.name == dropped
        for option in decision.options
    ]
    if len(set(others)) == 1:
        assert sn.choose(SPACE, left) == others[0]
    else:
        with pytest.raises(DocumentError, match=dropped):
            sn.choose(SPACE, left)


def test_options_that_do_not_fit_together_name_the_place() -> None:
    space = space_of(stage(width=choice(8, 12), split=choice([1, 3], [3, 5]), depth=2))
    with pytest.raises(SpecError, match=r"stages\.0\.blocks"):
        sn.choose(space, {"stages.0.width": 12, "stages.0.split": [3, 5]})


def test_a_point_has_nothing_to_choose() -> None:
    assert sn.choose("paper/seesaw_share", {}) == sn.load("paper/seesaw_share")
    with pytest.raises(DocumentError, match="decisions are none"):
        sn.choose("paper/seesaw_share", {"x": 1})
