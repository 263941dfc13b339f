"""The work of compiling a space: bounded, estimated before it begins, and reported."""

from __future__ import annotations

from typing import Any

import pytest

from seesawnas.cost import Budget
from seesawnas.errors import DocumentError
from seesawnas.space import FeasibleSet, SearchSpace, load_space
from seesawnas.space.feasible import counting
from seesawnas.space.feasible.effort import MAX_STEPS, CompileCost, compiling_reported_to
from tests.space.documents import choice, space_of


def chain(stages: int, *widths: int) -> SearchSpace:
    width: Any = choice(*widths) if len(widths) > 1 else widths[0]
    return space_of(
        *(
            {"width": width, "stride": 2 if i < 3 else 1, "kind": "share", "expansion": 2}
            for i in range(stages)
        )
    )


def crossed() -> SearchSpace:
    """2,304 combinations of decisions that all stages share."""
    shared = {
        "activation": choice("swish", "relu", "prelu", "hard_swish"),
        "kernel": choice(3, 5, 7),
        "se": choice("off", 2, 4, 8),
        "split": choice([1, 3], [1, 1], [1, 2, 1], [1]),
        "kind": choice("share", "shuffle", "plain"),
        "expansion": choice(1, 2, 3, 4),
    }
    stages = ({"width": choice(48, 96), "depth": choice(2, 3), "stride": 2} for _ in range(2))
    return space_of(*stages, defaults=shared)


@pytest.mark.parametrize("ref", ["seesaw", "seesaw_wide"])
def test_shipped_spaces_are_far_from_the_limit(ref: str) -> None:
    assert CompileCost(load_space(ref)).total < MAX_STEPS / 20


def test_too_many_input_widths_are_refused_before_the_work_begins() -> None:
    fine = {"width": {"range": [1, 1000, 1]}, "stride": 2, "kind": "share", "expansion": 2}
    heard: list[int] = []
    with (
        compiling_reported_to(lambda done, _: heard.append(done)),
        pytest.raises(DocumentError) as refused,
    ):
        FeasibleSet(space_of(fine, fine, fine), Budget.parse("150M"))
    (fault,) = refused.value.faults
    assert fault.startswith("stages.1: ")
    assert "1,000 input maps" in fault
    assert not heard


def test_progress_rises_to_the_total_at_most() -> None:
    heard: list[tuple[int, int]] = []
    with compiling_reported_to(lambda done, total: heard.append((done, total))):
        FeasibleSet(load_space("seesaw"), Budget.parse("150M"))
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert {total for _, total in heard} == {heard[0][1]}
    assert heard[0][0] < heard[-1][0] <= heard[-1][1] <= CompileCost(load_space("seesaw")).total


def test_stages_that_share_nodes_are_counted_in_time_that_grows_with_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = 0
    searched = counting.count

    def counted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        return searched(*arguments)

    monkeypatch.setattr(counting, "count", counted)
    for stages in (10, 20, 40):
        assert FeasibleSet(chain(stages, 32, 64), Budget.parse("10G")).count == 2**stages
    assert calls < 10_000


def test_a_hundred_fixed_stages_are_one_network() -> None:
    assert FeasibleSet(chain(100, 64), Budget.parse("10G")).count == 1


def test_decisions_that_all_stages_share_make_one_table_a_map() -> None:
    feasible = FeasibleSet(crossed())
    found: dict[Any, Any] = {}
    layer = [root.node for root in feasible.candidates.stage_graph.roots]
    while layer:
        found |= {(node.stage, node.state): node.table for node in layer}
        layer = list({id(child): child for node in layer for child in node.children}.values())
    assert {stage for stage, _ in found} == {0, 1}
    for table in found.values():
        assert sorted(row for _, _, rows in table.kinds for row in rows) == list(
            range(len(table.costs))
        )
        assert all(int(table.allows[row]) == mask for _, mask, rows in table.kinds for row in rows)
    assert len(set(feasible.specs(feasible.sample(50, seed=1)))) > 40
