"""The grammar at the door: what is refused, how it is said, and that all of it is said at once."""

from __future__ import annotations

from typing import Any

import pytest

from seesawnas.arch.blocks import kinds
from seesawnas.errors import DocumentError
from seesawnas.space import FeasibleSet, load_space, read_yaml, to_space
from tests.space.documents import choice, document, stage

KINDS = ", ".join(name for name, kind in kinds().items() if kind.role == "block")


def faults(values: Any) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        to_space(values, "FILE")
    lines = str(caught.value).split("\n")
    assert all(line.startswith("FILE: ") for line in lines)
    assert [line.removeprefix("FILE: ") for line in lines] == list(caught.value.faults)
    return list(caught.value.faults)


def test_a_fault_is_file_and_path_then_the_rule_then_the_value(tmp_path: Any) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "stages:\n"
        + "- {kind: share, expansion: 2, width: 8}\n" * 2
        + "- {kind: share, expansion: -2, width: 8}\n"
    )
    with pytest.raises(DocumentError) as caught:
        load_space(path)
    assert str(caught.value) == f"{path}: stages.2.expansion: must be positive, got -2"


def test_all_faults_of_a_file_are_reported_at_once() -> None:
    text = """
stem: {width: wide}
defaults: {kernel: 4, se: 0.5}
stages:
- {kind: stir, expansion: -2, width: 8, depht: 3}
- {depth: 0, split: [1, -3], activation: sine, skip: pool}
head: {embedding: 1.5}
published: {params: many, lfw: 101}
"""
    assert sorted(faults(read_yaml(text, "FILE"))) == [
        "defaults.kernel: must be one of 3, 5, 7, got 4",
        "defaults.se: must be off or a positive reduction, got 0.5",
        "head.embedding: must be a whole number, got 1.5",
        "published.lfw: must be less than or equal to 100, got 101",
        "published.params: must be a number with an optional K, M or G, got 'many'",
        "stages.0.depht: is not a known key; did you mean depth?",
        "stages.0.expansion: must be positive, got -2",
        f"stages.0.kind: must be one of {KINDS}, got stir; is it installed?",
        "stages.1.activation: must be one of swish, hard_swish, prelu, relu, relu6, leaky_relu, "
        "gelu, got sine",
        "stages.1.depth: must be positive, got 0",
        "stages.1.skip: must be one of none, conv, maxpool_conv, got pool",
        "stages.1.split: must be a list of positive whole numbers such as [1, 3], got [1, -3]",
        "stages.1.width: is required, got nothing",
        "stem.width: must be a whole number, got wide",
    ]


@pytest.mark.parametrize(
    ("where", "key", "nearest"),
    [
        ((), "stagse", "stages"),
        (("stem",), "widht", "width"),
        (("head",), "embeding", "embedding"),
        (("input",), "hight", "height"),
        (("defaults",), "kernl", "kernel"),
        (("stages", 0), "expantion", "expansion"),
        (("stages", 0, "blocks", 0), "splt", "split"),
        (("published",), "lwf", "lfw"),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(
    where: tuple[str | int, ...], key: str, nearest: str
) -> None:
    values = document(stage(blocks={0: {}}), defaults={}, published={})
    part: Any = values
    for name in where:
        part = part[name]
    part[key] = 1
    assert faults(values) == [
        f"{'.'.join(map(str, (*where, key)))}: is not a known key; did you mean {nearest}?"
    ]


@pytest.mark.parametrize("values", [None, [], "stages", 5, True])
def test_a_document_that_is_no_mapping_is_refused(values: Any) -> None:
    assert faults(values) == [f"must be a mapping of keys such as stem, stages, head, got {values}"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"stages": []}, "stages: must have at least one entry, got none"),
        ({"stages": [stage()] * 15_000}, "stages: must have at most 100 entries, got 15000"),
        ({"stages": 5}, "stages: must be a list, got 5"),
        ({"stages": [5]}, "stages.0: must be a mapping, got 5"),
        ({"stem": [64]}, "stem: must be a mapping, got [64]"),
        ({"stages": [stage(blocks=[1])]}, "stages.0.blocks: must be a mapping, got [1]"),
        ({"name": ["a"]}, "name: must be text, got ['a']"),
        (
            {"input": {"mean": "grey"}},
            "input.mean: must be a number, or one for each of red, green and blue, got grey",
        ),
        (
            {"input": {"mean": [1, 2]}},
            "input.mean: must be a number, or one for each of red, green and blue, got [1, 2]",
        ),
        (
            {"input": {"mean": float("inf")}},
            "input.mean: must be a number, or one for each of red, green and blue, got inf",
        ),
        ({"input": {"std": [1, 0, 1]}}, "input.std: must be positive, got [1, 0, 1]"),
        ({"input": {"height": 5000}}, "input.height: must be at most 4096, got 5000"),
        ({"stages": [stage(depth=1001)]}, "stages.0.depth: must be at most 1000, got 1001"),
        ({"stages": [stage(width=100_001)]}, "stages.0.width: must be at most 100000, got 100001"),
        ({"stages": [stage(width=True)]}, "stages.0.width: must be a whole number, got True"),
        ({"stages": [stage(expansion=1001)]}, "stages.0.expansion: must be at most 1000, got 1001"),
        ({"stages": [stage(expansion="2")]}, "stages.0.expansion: must be a number, got 2"),
        ({"stages": [stage(stride=3)]}, "stages.0.stride: must be one of 1, 2, got 3"),
        ({"stages": [stage(stride=True)]}, "stages.0.stride: must be one of 1, 2, got True"),
        (
            {"stages": [stage(se=True)]},
            "stages.0.se: must be off or a positive reduction, got True",
        ),
        (
            {"stages": [stage(kind=None)]},
            f"stages.0.kind: must be one of {KINDS}, got nothing",
        ),
        (
            {"stages": [stage(middle=16)]},
            "stages.0: must have only one of expansion and middle, got both",
        ),
        (
            {"stages": [stage(blocks={1: {}})]},
            "stages.0.blocks: must be indices below the depth 1, got 1",
        ),
    ],
)
def test_a_key_that_breaks_its_rule_is_refused_by_place_rule_and_value(
    change: dict[str, Any], fault: str
) -> None:
    assert faults({**document(), **change}) == [fault]


def test_a_document_of_the_most_stages_can_be_counted_and_drawn_from() -> None:
    values = document(*[stage(stride=1)] * 99, stage(se=choice("off", 4)))
    assert FeasibleSet(to_space(values, "FILE")).count == 2


@pytest.mark.parametrize(
    "split", [[], [0, 1], [1.5, 1], [1, "x"], "1:", "a", 3, [[1], 3], [True], None]
)
def test_a_split_is_a_list_of_positive_whole_numbers(split: Any) -> None:
    rule = (
        "must be a list of positive whole numbers such as [1, 3], got "
        f"{'nothing' if split is None else split}"
    )
    assert faults(document(stage(split=split))) == [f"stages.0.split: {rule}"]


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ({}, "must be a value, {choice: [...]} or {range: [from, to, step]}, got {}"),
        (
            {"choose": [8]},
            "must be a value, {choice: [...]} or {range: [from, to, step]}, got {'choose': [8]}",
        ),
        ({"choice": []}, "choice must be a list of options, got []"),
        ({"choice": 8}, "choice must be a list of options, got 8"),
        ({"choice": [8, 8]}, "must offer each option once, got [8, 8]"),
        ({"choice": [8, -8]}, "must be positive, got -8"),
        ({"range": [8]}, "range must be [from, to] or [from, to, step], got [8]"),
        ({"range": [8, "x"]}, "range must be [from, to] or [from, to, step], got [8, 'x']"),
        ({"range": 8}, "range must be [from, to] or [from, to, step], got 8"),
        ({"range": [8, 4]}, "range must be ascending, with at most 1000 values, got [8, 4]"),
        (
            {"range": [8, 16, 0]},
            "range must be ascending, with at most 1000 values, got [8, 16, 0]",
        ),
        (
            {"range": [1, 100_000]},
            "range must be ascending, with at most 1000 values, got [1, 100000]",
        ),
        ({"range": [8, 9, 0.5]}, "must be a whole number, got 8.5"),
        (
            {"choice": [8, 16], "when": {"stride": 2}},
            "must not have `when` (only block attributes may), got {'stride': 2}",
        ),
    ],
)
def test_a_choice_that_breaks_a_rule_is_refused(raw: dict[str, Any], rule: str) -> None:
    assert faults(document(stage(width=raw))) == [f"stages.0.width: {rule}"]


@pytest.mark.parametrize(
    ("name", "raw", "rule"),
    [
        ("se", {"choice": ["off", 0]}, "must offer each option once, got ['off', 0]"),
        ("expansion", {"choice": [2, 2.0]}, "must offer each option once, got [2, 2.0]"),
        (
            "split",
            {"choice": [[1, 3], [2, 6]]},
            "must offer each option once, got [[1, 3], [2, 6]]",
        ),
        (
            "activation",
            {"choice": ["silu", "swish"]},
            "must offer each option once, got ['silu', 'swish']",
        ),
        ("se", {"choice": [2, 4], "otherwise": 8}, "must have `when` together with `otherwise`"),
        ("se", {"choice": [2, 4], "when": {}}, "when must map attributes to values, got {}"),
        ("se", {"choice": [2, 4], "when": 2}, "when must map attributes to values, got 2"),
        (
            "se",
            {"choice": [2, 4], "when": {"depth": 2}},
            "when must name block attributes or stride, got depth",
        ),
        ("se", {"choice": [2, 4], "when": {"stride": 3}}, "must be one of 1, 2, got 3"),
        (
            "expansion",
            {"choice": [2, 4], "when": {"stride": 2}},
            "must give `otherwise`: this attribute has no default",
        ),
        (
            "expansion",
            {"choice": [2, 4], "when": {"stride": 2}, "otherwise": 0},
            "must be positive, got 0",
        ),
    ],
)
def test_a_block_attribute_that_breaks_a_rule_is_refused(
    name: str, raw: dict[str, Any], rule: str
) -> None:
    assert faults(document(stage(**{name: raw}))) == [f"stages.0.{name}: {rule}"]


def test_what_no_scope_sets_is_asked_for_once_a_stage() -> None:
    values = document({"width": 8, "depth": 3}, {"width": 8, "kind": "share"})
    assert faults(values) == [
        "stages.0.kind: is required, here or in defaults, got nothing",
        "stages.1.expansion: is required, here or in defaults, got nothing",
    ]


def test_a_choice_that_narrower_scopes_set_everywhere_is_refused() -> None:
    values = document(stage(se=4), defaults={"se": choice("off", 8)})
    assert faults(values) == [
        "defaults.se: no block uses this choice: narrower scopes override it everywhere"
    ]
    values = document(stage(se=choice("off", 8), blocks={0: {"se": 4}}))
    assert faults(values) == [
        "stages.0.se: no block uses this choice: narrower scopes override it everywhere"
    ]


@pytest.mark.parametrize("value", ["a\nb", ["x" * 5000], {"choice": ["a\n\nb"]}, "y" * 5000])
def test_a_fault_is_one_short_line_whatever_the_value(value: Any) -> None:
    (fault,) = faults(document(stage(activation=value)))
    assert "\n" not in fault
    assert len(fault) <= 400
    (fault,) = faults({**document(), "odd\nkey": 1})
    assert "\n" not in fault


@pytest.mark.parametrize("key", ["1x", "-1", "x", ""])
def test_blocks_are_named_by_their_index(key: str) -> None:
    (fault,) = faults(document(stage(blocks={key: {}})))
    assert fault.startswith("stages.0.blocks")
    assert "Input should" not in fault


@pytest.mark.parametrize(
    ("name", "several"),
    [
        ("depth", [2, 4]),
        ("width", [8, 16]),
        ("kind", ["share", "plain"]),
        ("kernel", [3, 5]),
        ("split", [[1, 3], [1]]),
    ],
)
def test_a_bare_list_is_refused_with_the_choice_that_it_would_be(
    name: str, several: list[Any]
) -> None:
    (fault,) = faults(document({**stage(), name: several}))
    assert fault.endswith(f"; a choice is written {{choice: [{', '.join(map(str, several))}]}}")


@pytest.mark.parametrize("number", [10**400, -(10**400), float("inf"), float("nan"), 1e308])
@pytest.mark.parametrize("place", ["mean", "std", "height"])
def test_a_number_beyond_all_sense_is_a_fault_of_its_place(place: str, number: float) -> None:
    (fault,) = faults({**document(stage()), "input": {place: number}})
    assert fault.startswith(f"input.{place}: must be ")
    assert len(fault) < 200
