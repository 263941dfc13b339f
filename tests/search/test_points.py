"""Fixed points of a search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seesawnas.cost import Budget
from seesawnas.errors import StudyError
from seesawnas.search import chosen_points
from seesawnas.space import FeasibleSet, load, load_space, to_mapping, write_yaml

BUDGET = Budget.parse("150M")


@pytest.fixture(scope="module")
def seesaw() -> FeasibleSet:
    return FeasibleSet(load_space("seesaw"), BUDGET)


def test_points_are_tried_in_the_order_given_and_all_that_fit_where_none_are_named(
    seesaw: FeasibleSet,
) -> None:
    refs = ("paper/seesaw_shuffle", "paper/seesaw_share")
    assert [point.label for point in chosen_points(refs, seesaw, BUDGET)] == list(refs)
    assert {point.label for point in chosen_points(None, seesaw, BUDGET)} == set(refs)
    assert chosen_points((), seesaw, BUDGET) == []


def test_a_point_outside_the_space_but_within_the_budget_is_a_reference_without_options(
    seesaw: FeasibleSet, tmp_path: Path
) -> None:
    spec = load("paper/seesaw_share")
    own = replace(spec, head=replace(spec.head, width=500), name="own")  # type: ignore[call-arg]
    (tmp_path / "own.yaml").write_text(write_yaml(to_mapping(own)))
    inside, outside = chosen_points(
        ("paper/seesaw_share", str(tmp_path / "own.yaml")), seesaw, BUDGET
    )
    assert inside.assignment
    assert (outside.spec, outside.assignment, outside.fixed) == (own, {}, True)


def test_points_that_do_not_fit_are_refused_all_at_once(seesaw: FeasibleSet) -> None:
    refs = (
        "paper/dw_seesaw_v1",
        "paper/mobilefacenet_96x96",
        "paper/nothing",
        "paper/seesaw_share",
    )
    with pytest.raises(StudyError) as caught:
        chosen_points(refs, seesaw, BUDGET)
    lines = str(caught.value).splitlines()
    assert lines[:2] == [
        "point paper/dw_seesaw_v1: must be within the budget of 150.00 M MAdds, got 513.83 M MAdds",
        "point paper/mobilefacenet_96x96: input must be 112x112 as in the search space, got 96x96",
    ]
    assert lines[2].startswith("paper/nothing: must be a YAML file or a shipped name")
    assert len(lines) == 3
