"""The diagram is well-formed, complete and to scale."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from seesawnas.arch import ArchSpec, Shape, body_of
from seesawnas.arch.blocks.parts import inputs_of
from seesawnas.arch.body import read_shapes, shapes
from seesawnas.arch.layers import Conv
from seesawnas.report.network.block_drawing import COLORS
from seesawnas.report.network.body_layout import laid_out
from seesawnas.report.network.diagram import diagram
from seesawnas.space import load
from tests.kinds import cell_network, forked_network
from tests.papers import BOTTLENECKS, OTHERS
from tests.strategies import arch_specs

SVG = "{http://www.w3.org/2000/svg}"


def texts(spec: ArchSpec) -> list[str]:
    return [
        element.text or "" for element in ElementTree.fromstring(diagram(spec)).iter(f"{SVG}text")
    ]


@given(spec=arch_specs(max_blocks=5))
@settings(max_examples=40, deadline=None)
def test_any_network_is_well_formed_and_stays_on_the_canvas(spec: ArchSpec) -> None:
    root = ElementTree.fromstring(diagram(spec))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for box in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(box.get(name, 0)) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height


@pytest.mark.parametrize("ref", BOTTLENECKS)
def test_each_stage_has_its_heading_and_each_run_of_blocks_its_number(ref: str) -> None:
    spec = load(ref)
    found = texts(spec)
    assert {"stem", "head", *(f"stages.{number}" for number in range(len(spec.stages)))} <= set(
        found
    )
    assert spec.name in found
    repeated = sum(int(text.removeprefix("× ")) - 1 for text in found if text.startswith("× "))
    boxes = sum(
        " · " in text and not text.startswith(("stem", "head")) and "MAdds" not in text
        for text in found
    )
    assert boxes + repeated == len(spec.blocks)


@pytest.mark.parametrize("ref", OTHERS)
def test_a_network_of_any_kind_is_drawn(ref: str) -> None:
    spec = load(ref)
    found = texts(spec)
    assert {"stem", "head", *(f"stages.{number}" for number in range(len(spec.stages)))} <= set(
        found
    )


def test_se_skip_and_split_are_named() -> None:
    found = texts(load("paper/dw_seesaw_v2"))
    for words in ("shuffle 1:3 · swish", "SE ÷4", "max pool, conv 1×1", "residual", "3×3 ↓2"):
        assert words in found
    assert "SE ÷4" not in texts(load("paper/mobilefacenet"))


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("paper/vargfacenet", {"SE ÷4"}),
        ("paper/mixfacenet_s", {"SE ÷6", "SE ÷12", "SE ÷24"}),
        ("paper/ghostfacenet_v1_1", {"SE ÷4", "SE to 24", "SE to 40", "SE to 168", "SE to 220"}),
    ],
)
def test_squeeze_and_excitation_says_its_reduction_or_how_many_channels_it_leaves(
    ref: str, words: set[str]
) -> None:
    assert {text for text in texts(load(ref)) if text.startswith("SE ")} == words


@pytest.mark.parametrize(
    ("ref", "seesaw"),
    [("paper/seesaw_share", True), ("paper/mobilefacenet", False), ("paper/pocketnet_s128", False)],
)
def test_the_legend_speaks_of_shuffle_and_share_only_if_one_is_drawn(
    ref: str, seesaw: bool
) -> None:
    assert any("share splits it apart" in text for text in texts(load(ref))) is seesaw


def test_groups_are_drawn_to_scale() -> None:
    root = ElementTree.fromstring(diagram(load("paper/seesaw_share")))
    bars = {
        color: [
            float(box.attrib["width"])
            for box in root.iter(f"{SVG}rect")
            if box.get("fill") == color
        ]
        for color in COLORS[:2]
    }
    first, second = max(bars[COLORS[0]][:-1]), max(bars[COLORS[1]][:-1])
    assert second == pytest.approx(3 * first, abs=0.05)


def test_names_are_text_and_never_markup() -> None:
    spec = load("paper/seesaw_share").renamed('<script>"&\x01')
    assert '<script>"&?' in texts(spec)


def test_the_same_network_is_the_same_image() -> None:
    assert diagram(load("paper/seesaw_shuffle")) == diagram(load("paper/seesaw_shuffle"))


@pytest.mark.parametrize("spec", [forked_network(), cell_network()], ids=lambda spec: spec.name)
def test_a_block_of_any_kind_is_drawn_from_its_body(spec: ArchSpec) -> None:
    root = ElementTree.fromstring(diagram(spec))
    height, words = float(root.attrib["height"]), " ".join(texts(spec))
    ends = [float(box.get("y", 0)) + float(box.attrib["height"]) for box in root.iter(f"{SVG}rect")]
    assert max(ends) <= height
    found = [Shape(3, 112, 112), *spec.shapes()]
    for index, block in enumerate(spec.blocks):
        inputs = inputs_of(block, found[: index + 2])
        after = shapes(body_of(block), inputs)
        for node in body_of(block):
            if isinstance(node.layer, Conv):
                assert node.layer.label(*read_shapes(node, after, inputs)) in words


def test_branches_lie_side_by_side_and_both_inputs_are_shown() -> None:
    forked, cells = forked_network(), cell_network()
    rows = laid_out(forked.blocks[1], (Shape(32, 28, 28),)).rows
    assert [bar.channels for bar in rows[0]] == [32]
    assert len(rows[1]) == 3
    assert [bar.gate for row in rows for bar in row if bar.gate] == [4]
    assert rows[-1][0].reads == (rows[-2][0].index, -1)
    assert [
        bar.index
        for bar in laid_out(cells.blocks[1], (Shape(32, 28, 28), Shape(16, 56, 56))).rows[0]
    ] == [-1, -2]


def test_what_a_row_reads_lies_above_it() -> None:
    layout = laid_out(cell_network().blocks[1], (Shape(32, 28, 28), Shape(16, 56, 56)))
    row_of = {bar.index: number for number, row in enumerate(layout.rows) for bar in row}
    assert all(
        row_of[read] < row_of[bar.index] for row in layout.rows for bar in row for read in bar.reads
    )
    assert max(len(row) for row in layout.rows) <= 3
