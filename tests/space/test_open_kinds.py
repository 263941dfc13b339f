"""Kinds from elsewhere in the grammar.

Counted exactly, drawn uniformly, written, read back and told apart.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

from seesawnas.arch import ArchSpec
from seesawnas.cost import MADDS, PARAMS, Budget, Measure, cost
from seesawnas.errors import DocumentError, SpecError
from seesawnas.space import (
    FeasibleSet,
    SearchSpace,
    from_mapping,
    to_json,
    to_mapping,
    to_point,
    to_space,
)
from seesawnas.space.canonical import compatible_digest, space_digest
from seesawnas.space.feasible.exact import MaddsSet
from seesawnas.space.feasible.locate import locate
from seesawnas.space.feasible.moves import neighbours
from tests.space.documents import choice, document, networks, space_of, stage
from tests.space.feasible.checks import WAYS, check_against_brute_force, chi_square, quantile
from tests.space.kinds import CELL, FLAT, NONE, POINT, TRIPLE, TWIN


def cells(**keys: Any) -> dict[str, Any]:
    return {"kind": CELL, "width": 8, "stride": 2, **keys}


SPACES: dict[str, SearchSpace] = {
    "cells": space_of(
        cells(depth=choice(1, 2, 4), width=choice(8, 12), taps=choice("both", "each", "last")),
        cells(depth=choice(1, 3), window=choice(1, 3)),
    ),
    "cells among chains": space_of(
        cells(
            kind=choice(CELL, "share", "inverted_bottleneck"),
            expansion=choice(1, 2),
            depth=choice(1, 2, 3),
        ),
        cells(
            kind=choice("plain", CELL), split=choice([1, 3], [1]), expansion=2, depth=choice(1, 2)
        ),
    ),
    "cells after stages of one block": space_of(
        stage(width=choice(8, 16)),
        cells(taps=choice("both", "last")),
        cells(stride=choice(1, 2), window=3, depth=choice(1, 2)),
    ),
    "one cell among others": space_of(
        stage(
            depth=choice(1, 3, 4),
            blocks={1: {"kind": choice(CELL, "share"), "window": choice(1, 3)}},
        )
    ),
    "three outputs read": space_of(
        stage(width=choice(8, 16)),
        cells(
            kind=choice(TRIPLE, CELL, "share"),
            expansion=2,
            depth=choice(1, 2, 4),
            farthest=choice("conv", "pool"),
        ),
        cells(kind=TRIPLE, depth=choice(1, 3)),
    ),
    "two spellings of one body": space_of(
        {
            "kind": choice(TWIN, POINT),
            "width": choice(8, 12),
            "stride": 2,
            "idle": choice(1, 2),
            "depth": choice(1, 2),
        },
        {"kind": choice("inverted_bottleneck", POINT), "expansion": 1, "width": 8, "stride": 2},
    ),
    "an activation that does not always act": space_of(
        {
            "kind": POINT,
            "width": 8,
            "stride": 2,
            "quiet": choice("no", "yes"),
            "depth": choice(1, 2),
        },
        defaults={"activation": choice("swish", "relu", "prelu")},
    ),
    "heads of two kinds": space_of(
        stage(width=choice(8, 16)),
        head={
            "kind": choice("global_depthwise", FLAT),
            "width": choice(8, 12),
            "size": 4,
            "embedding": choice("none", 4),
        },
    ),
}


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize(("work_to_list", "sort_at_most"), WAYS, ids=["asked", "sorted", "gridded"])
def test_a_space_of_any_kinds_is_counted_exactly(
    name: str, work_to_list: float, sort_at_most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seesawnas.space.feasible import counting

    monkeypatch.setattr(counting, "_work_to_list", lambda node: work_to_list)
    monkeypatch.setattr(counting, "_SORT_AT_MOST", sort_at_most)
    check_against_brute_force(SPACES[name])


@pytest.mark.parametrize("name", SPACES)
def test_every_network_is_found_in_its_space_and_has_neighbours_once(name: str) -> None:
    feasible = FeasibleSet(SPACES[name])
    for spec in list(networks(SPACES[name]))[:40]:
        assignment = locate(feasible, spec)
        assert assignment is not None
        assert SPACES[name].choose(assignment) == spec
        near = [SPACES[name].choose(found) for found in neighbours(feasible, assignment)]
        assert len(set(near)) == len(near)
        assert spec not in near


@pytest.mark.parametrize("name", SPACES)
def test_another_measure_counts_exactly_too(name: str) -> None:
    found = {spec: cost(spec).params for spec in networks(SPACES[name])}
    layers = Measure("layers", lambda block, inputs: len(block.body()))
    for measure, costs in (
        (PARAMS, found),
        (layers, {s: sum(len(b.body()) for _, b in s.parts) for s in found}),
    ):
        whole = MaddsSet(SPACES[name], None, measure)
        assert whole.count == len(costs)
        for limit in sorted(costs.values())[:: max(1, len(costs) // 5)]:
            part = MaddsSet(SPACES[name], Budget(limit), measure)
            expected = {spec: value for spec, value in costs.items() if value <= limit}
            sample = part.at(range(part.count))
            specs = dict(zip(part.specs(sample), sample.madds.tolist(), strict=True))
            assert len(specs) == part.count == len(expected)
            # Layers of equal networks may differ in number: what does nothing is one.
            if measure is PARAMS:
                assert specs == expected


def test_an_activation_that_learns_counts_by_its_params() -> None:
    space = space_of(stage(), defaults={"activation": choice("relu", "prelu")})
    assert MaddsSet(space).free
    assert not MaddsSet(space, None, PARAMS).free
    smallest = MaddsSet(space, None, PARAMS).min_madds
    assert MaddsSet(space, Budget(smallest), PARAMS).count == 1
    assert MADDS.name == "madds"


@pytest.mark.parametrize("name", ["cells", "cells among chains", "two spellings of one body"])
def test_draws_are_uniform_over_networks(name: str) -> None:
    feasible = FeasibleSet(SPACES[name])
    drawn = Counter(feasible.specs(feasible.sample(40 * feasible.count, 1)))
    assert chi_square(drawn, feasible.count) < quantile(feasible.count - 1)


def test_a_kind_from_elsewhere_is_written_and_has_a_digest_of_its_own() -> None:
    spec = SPACES["cells among chains"].choose({"stages.0.kind": CELL, "stages.1.kind": CELL})
    rows = to_mapping(spec)["stages"]
    assert [row["kind"] for row in rows] == [CELL, CELL]
    assert {"taps", "window"} <= set(rows[0])
    others = [
        SPACES["cells among chains"].choose({"stages.0.kind": kind})
        for kind in ("share", "inverted_bottleneck")
    ]
    assert len({one.digest() for one in (spec, *others)}) == 3
    assert json.loads(to_json(spec)) == to_mapping(spec)


@pytest.mark.parametrize("name", SPACES)
def test_what_is_written_is_read_with_a_search_space_and_without(name: str) -> None:
    for spec in list(networks(SPACES[name]))[:30]:
        values = json.loads(to_json(spec))
        assert from_mapping(values) == spec == to_point(values, "FILE").spec
        assert to_mapping(from_mapping(values)) == values


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stem": {"kind": "share"}}, "stem.kind: must be a kind of stem, got share"),
        ({"stages": []}, "stages: must be a list of blocks, got []"),
        (
            {"stages": [{"kind": "share", "width": 8, "middle": 8, "splits": [1]}]},
            "stages.0.splits: must be an attribute",
        ),
        (
            {"stages": [{"kind": "share", "width": 8, "middle": 8, "se": -1}]},
            "stages.0.se: must be off or",
        ),
        ({"stages": [{"kind": "share", "width": 8}]}, "stages.0: expansion or middle is required"),
        (
            {"stages": [{"kind": "share", "width": 10, "middle": 8}]},
            "stages.0: split [1, 3] must divide",
        ),
        ({"input": {"height": "x"}}, "input.height: must be a whole number"),
        ({"extra": 1}, "keys must be among"),
        ({"head": 3}, "head: must be a mapping, got 3"),
        ({"stages": [{"kind": FLAT, "width": 8}]}, "stages.0.kind: must be a kind of block"),
    ],
)
def test_a_mapping_that_is_no_network_is_refused_at_its_place(
    change: dict[str, Any], message: str
) -> None:
    values = {**to_mapping(space_of(stage()).choose({})), **change}
    with pytest.raises(SpecError) as refused:
        from_mapping(values)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def faults(values: Any) -> tuple[str, ...]:
    with pytest.raises(DocumentError) as refused:
        to_space(values, "FILE")
    return refused.value.faults


def test_what_no_kind_at_a_place_has_is_refused_in_one_line() -> None:
    assert faults(document(stage(kind="inverted_bottleneck", split=[1, 3]))) == (
        "stages.0.split: must be an attribute of the kind, got kind inverted_bottleneck without it",
    )
    assert faults(document(cells(se=4, blocks={0: {"window": 3, "kernel": 5}}))) == (
        f"stages.0.blocks.0.kernel: must be an attribute of the kind, got kind {CELL} without it",
        f"stages.0.se: must be an attribute of the kind, got kind {CELL} without it",
    )
    assert faults(document(cells(), defaults={"kernel": 5})) == (
        f"defaults.kernel: must be an attribute of the kind, got kind {CELL}, conv_depthwise, "
        "global_depthwise without it",
    )
    assert faults(document(cells(), head={"kind": FLAT})) == (
        "head.size: is required, got nothing",
    )
    space_of(cells(), stage(), defaults={"kernel": 5})
    space_of(cells(kind=choice(CELL, "share"), kernel=choice(3, 5), expansion=1))


def test_expansion_is_required_of_the_kinds_that_have_it() -> None:
    space_of(cells())
    assert faults(document(cells(kind=choice(CELL, "share")))) == (
        "stages.0.expansion: is required, here or in defaults, got nothing",
    )


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("no.such:Kind", "must be a kind that can be imported"),
        ("tests.space.kinds:Missing", "must be a kind that can be imported"),
        ("tests.space.documents:stage", "must be a kind that can be imported"),
        ("os:system", "must be one of"),
        (FLAT, "must be one of"),
        (3, "must be one of"),
    ],
)
def test_a_kind_that_is_none_is_refused_where_it_stands(kind: Any, rule: str) -> None:
    (fault,) = faults(document(stage(kind=kind)))
    assert fault.startswith(f"stages.0.kind: {rule}")


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("no.such:Kind", True),
        ("gone", True),
        ("tests.space.kinds:Missing", False),
        ("os:system", False),
        ("conv_depthwise", False),
        (3, False),
        (None, False),
    ],
)
def test_whether_a_kind_is_installed_is_asked_of_those_that_may_not_be(
    kind: Any, asked: bool
) -> None:
    (fault,) = faults(document(stage(kind=kind)))
    assert fault.endswith("; is it installed?") == asked


def places(values: Any) -> list[str]:
    return sorted(fault.partition(":")[0] for fault in faults(values))


@pytest.mark.parametrize("kind", ["gone", "no.such:Kind", choice("share", "gone")])
def test_the_keys_of_a_kind_that_is_not_there_are_not_told(kind: Any) -> None:
    own, other = stage(kind=kind, tap=1, blocks={0: {"tap": 2}}), stage(kind="share", tap=1)
    assert places(document(own)) == ["stages.0.kind"]
    assert places(document(own, stage(), defaults={"tap": 1})) == ["stages.0.kind"]
    assert places(document(own, other)) == ["stages.0.kind", "stages.1.tap"]
    assert places(document(stage(), head={"kind": kind, "tap": 1}, stem={"tap": 1})) == [
        "head.kind",
        "stem.tap",
    ]


def test_the_keys_of_whatever_is_of_a_missing_kind_by_default_are_not_told() -> None:
    bare = {"width": 8, "tap": 1, "blocks": {0: {"tap": 1}}}
    values = document(bare, stage(kind="share", tap=1), defaults={"kind": "gone", "tap": 1})
    assert places(values) == ["defaults.kind", "stages.1.tap"]


def test_a_missing_kind_of_a_single_block_hides_what_its_stage_may_say_for_it() -> None:
    values = document(stage(tap=1, depth=2, blocks={0: {"kind": "gone", "tap": 1}, 1: {"tap": 1}}))
    assert places(values) == ["stages.0.blocks.0.kind", "stages.0.blocks.1.tap"]


def test_a_slip_in_the_grammars_own_keys_is_told_beside_a_missing_kind() -> None:
    assert places({**document(stage(kind="gone", widht=3)), "nmae": 1}) == [
        "nmae",
        "stages.0.kind",
        "stages.0.widht",
    ]


def test_a_block_of_no_layers_is_refused_where_networks_are_counted() -> None:
    with pytest.raises(
        DocumentError, match=r"stages.0: blocks of kind nothing must have at least one layer"
    ):
        FeasibleSet(space_of(stage(depth=2, blocks={1: {"kind": choice("share", NONE)}})))


def test_a_spaces_identity_is_what_it_says_and_not_how() -> None:
    one, two = (
        space_of(stage()),
        space_of(
            {"width": 8, "stride": 2}, defaults={"kind": "share", "expansion": 2, "se": "off"}
        ),
    )
    assert space_digest(one) == space_digest(two)
    others = [
        space_of(stage(se=4)),
        space_of(stage(se=choice("off", 4))),
        space_of(stage(kernel=5)),
        space_of(stage(), defaults={"activation": choice("relu", "swish")}),
        space_of(stage(activation=choice("relu", "swish"))),
        space_of(stage(), stage()),
        space_of(stage(), input={"height": 17, "width": 16}),
        space_of(stage(), head={"kind": FLAT, "size": 4}),
        space_of(stage(depth=2, blocks={1: {"se": "off"}}, se=4)),
        space_of(stage(depth=2, se=4)),
        space_of(stage(se=choice("off", 4, when={"stride": 2}))),
    ]
    assert len({space_digest(space) for space in (one, *others)}) == 1 + len(others)


def test_an_identity_of_version_0_1_is_known_for_the_same_space_alone() -> None:
    one, other = space_of(stage()), space_of(stage(se=4))
    old = "small 5f2bde6b6d3e"
    assert compatible_digest(one, old, "small") == f"small {space_digest(one)}"
    from seesawnas.space.canonical import _digest_of_0_1

    old = f"small {_digest_of_0_1(one)}"
    assert compatible_digest(one, old, "small") == old
    assert compatible_digest(other, old, "small") == f"small {space_digest(other)}"
    assert compatible_digest(one, old, "large") != old


def test_the_fields_that_an_identity_is_made_of_are_all_there() -> None:
    """A field that is added to a space or an attribute must be put into the canonical mapping, or
    be no part of it.
    """
    assert [field.name for field in fields(SearchSpace)] == [
        "name",
        "source",
        "height",
        "width",
        "mean",
        "std",
        "stem",
        "stages",
        "head",
    ]


def test_a_stem_or_head_says_its_kind_only_if_it_is_not_the_grammars_own() -> None:
    assert list(to_mapping(space_of().choose({}))["head"]) == ["width", "activation", "embedding"]
    spec: ArchSpec = space_of(head={"kind": FLAT, "size": 4}).choose({})
    assert to_mapping(spec)["head"]["kind"] == FLAT
