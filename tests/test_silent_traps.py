"""A kind from outside is nowhere taken for an inverted bottleneck.

Not run, named, written, told, changed or drawn as one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import seesawnas as sn
from seesawnas.ablation.factors import factors_of, level_of, with_levels
from seesawnas.ablation.widths import scaled
from seesawnas.arch import ArchSpec, Block, Head, InvertedBottleneck, Shape, Stem, body_of
from seesawnas.arch.codec import from_mapping, to_json, to_mapping
from seesawnas.arch.table import spec_columns, spec_lines
from seesawnas.nn.network import FaceNetwork
from seesawnas.report.network.build import write_bundle
from seesawnas.report.network.diagram import diagram
from seesawnas.report.network.summary import sheet
from seesawnas.space.load import to_point
from tests.kinds import Cell, Forked, MeanHead, PlainStem, cell_network, forked_network
from tests.nn.interpreter import interpret

FORKED, CELLS = forked_network(), cell_network()
NETWORKS = pytest.mark.parametrize("spec", [FORKED, CELLS], ids=lambda spec: spec.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(Forked):
    """The same body under another name."""

    kind: ClassVar[str] = "renamed"


@pytest.fixture(params=[FORKED, CELLS], ids=lambda spec: spec.name)
def trained(request: pytest.FixtureRequest) -> FaceNetwork:
    """In float64 and eval mode, after batches that moved every running statistic."""
    torch.manual_seed(0)
    network = sn.build(request.param.at_resolution(32)).double()
    for _ in range(2):
        network(3 * _images(8) + 1)
    return network.eval()


def test_eval_mode_is_every_node_with_its_running_statistics(trained: FaceNetwork) -> None:
    x = _images(3)
    expected = _by_hand(trained, x)
    torch.testing.assert_close(trained(x), expected)
    with torch.no_grad():
        single = trained.float()(x.float())
    torch.testing.assert_close(single.double(), expected, rtol=1e-3, atol=1e-3)


def test_eval_mode_of_a_stem_is_its_convolution_folded_by_hand() -> None:
    torch.manual_seed(0)
    network = sn.build(CELLS.at_resolution(32)).double()
    network(3 * _images(8) + 1)
    x, state = _images(2), network.eval().stem.state_dict()
    names = ("weight", "bias", "running_mean", "running_var")
    gain, bias, mean, variance = (state[f"conv.norm.{name}"] for name in names)
    scale = gain / (variance + 1e-5).sqrt()
    folded = F.conv2d(
        x,
        state["conv.weight"] * scale[:, None, None, None],
        bias - mean * scale,
        stride=2,
        padding=2,
    )
    torch.testing.assert_close(network.stem(x), folded)


def test_each_batch_norm_counts_in_eval_mode(trained: FaceNetwork) -> None:
    x = _images(2)
    norms = [module for module in trained.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) > 3 * len(trained.blocks)
    for norm in norms:
        assert norm.running_var is not None
        before, kept = trained(x), norm.running_var.clone()
        norm.running_var.mul_(4)
        assert not torch.allclose(trained(x), before)
        norm.running_var.copy_(kept)


def test_the_digest_is_of_the_kind_s_own_body() -> None:
    size = {"inputs": 16, "outputs": 32, "stride": 2}
    plain = InvertedBottleneck(middle=32, **size)  # type: ignore[arg-type]
    cell = Cell(last=Shape(16, 56, 56), earlier=Shape(16, 56, 56), outputs=32, stride=2)
    forked = [
        Forked(**size, reach=reach, gated=gated)  # type: ignore[arg-type]
        for reach in (3, 5)
        for gated in ("yes", "no")
    ]
    networks = [ArchSpec((block,), stem=Stem(16)) for block in (plain, cell, *forked)]
    networks += [replace(networks[0], stem=PlainStem()), replace(networks[0], head=MeanHead())]
    networks += [
        replace(networks[0], head=MeanHead(biased="yes")),
        replace(networks[0], stem=Stem(16), head=Head(64)),
    ]
    assert len({network.digest() for network in networks}) == len(networks)
    assert ArchSpec((Renamed(**size),), stem=Stem(16)) == ArchSpec((Forked(**size),), stem=Stem(16))  # type: ignore[arg-type]


@NETWORKS
def test_a_written_network_keeps_its_kinds(spec: ArchSpec, tmp_path: Path) -> None:
    written = to_mapping(spec)
    kind = f"tests.kinds:{type(spec.blocks[0]).__name__}"
    assert [row["kind"] for row in written["stages"]] == [kind] * 3
    again = [
        from_mapping(written),
        from_mapping(json.loads(to_json(spec))),
        to_point(written, "written").spec,
    ]
    folder = sn.save_model(sn.build(spec), tmp_path / "model")
    assert (folder / "spec.yaml").read_text().count(kind) == 3
    again += [sn.load_model(folder).spec, sn.load_point(folder / "spec.yaml").spec]
    for found in again:
        assert (found.stem, found.blocks, found.head) == (spec.stem, spec.blocks, spec.head)
        assert [type(part) for _, part in found.parts] == [type(part) for _, part in spec.parts]


def test_a_saved_network_of_any_kind_computes_what_it_did(
    trained: FaceNetwork, tmp_path: Path
) -> None:
    network, x = trained.float(), _images(2).float()
    again = sn.load_model(sn.save_model(network, tmp_path / "model"))
    assert torch.equal(again(x), network(x))


def test_sheet_and_summary_say_the_kind_and_its_attributes(tmp_path: Path) -> None:
    for spec, kind, own in (
        (FORKED, "tests.kinds:Forked", [(9, "yes"), (5, "yes"), (5, "no")]),
        (CELLS, "tests.kinds:Cell", [("dw3",)] * 3),
    ):
        point = to_point(to_mapping(spec), spec.name)
        write_bundle(point, tmp_path / spec.name, 0)
        for values in (
            sheet(point),
            json.loads((tmp_path / spec.name / "summary.json").read_text()),
        ):
            blocks = [block for stage in values["stages"][1:-1] for block in stage["blocks"]]
            names = ("reach", "gated") if spec is FORKED else ("edge",)
            assert [tuple(block[name] for name in names) for block in blocks] == own
            for block in blocks:
                assert block["kind"] == kind
                assert [block[name] for name in ("split", "middle", "kernel", "se")] == [None] * 4
            params = [sum(p.numel() for p in block.parameters()) for block in sn.build(spec).blocks]
            assert [block["params"] for block in blocks] == params
            ends = [values["stages"][place]["kind"] for place in (0, -1)]
            expected = ["tests.kinds:PlainStem", "tests.kinds:MeanHead"]
            assert ends == (expected if spec is CELLS else ["conv_depthwise", "global_depthwise"])


def test_a_line_of_the_network_says_the_kind_and_its_attributes() -> None:
    assert spec_lines(FORKED)[1:4] == [
        "stage 0, 1x, tests.kinds:Forked, 16 → 32, stride 2, relu, reach in pixels 9, gated yes, "
        "output 28x28",
        "stage 0, 1x, tests.kinds:Forked, 32 → 32, stride 1, relu, skip input, reach in pixels 5, "
        "gated yes, output 28x28",
        "stage 1, 1x, tests.kinds:Forked, 32 → 64, stride 2, relu, reach in pixels 5, gated no, "
        "output 14x14",
    ]
    assert spec_lines(CELLS)[0] == "stem, tests.kinds:PlainStem, 3 → 16, stride 2, output 56x56"
    assert (
        spec_lines(CELLS)[1]
        == "stage 0, 1x, tests.kinds:Cell, 16 → 32, stride 2, edge dw3, output 28x28"
    )
    assert spec_lines(CELLS)[-1] == "head, tests.kinds:MeanHead, 64 → 32, bias no, output 32"
    assert {"reach in pixels", "gated"} <= set(spec_columns(FORKED))
    assert all(
        cell in FORKED._repr_html_() for cell in ("tests.kinds:Forked", "<th>reach in pixels</th>")
    )


def test_its_attributes_are_the_factors_and_set_on_blocks_of_the_kind() -> None:
    assert set(factors_of(FORKED)) == {"reach", "gated", "activation", "embedding", "kind", "width"}
    assert set(factors_of(CELLS)) == {"edge", "biased", "kind", "width"}
    assert level_of(FORKED, "kind") == "tests.kinds:Forked"
    found = with_levels(FORKED, {"reach": "3", "gated": "no", "activation": "silu"})
    assert found.blocks == (
        Forked(inputs=16, outputs=32, stride=2, reach=3, gated="no", activation="swish"),
        Forked(inputs=32, outputs=32, reach=3, gated="no", activation="swish"),
        Forked(inputs=32, outputs=64, stride=2, reach=3, gated="no", activation="swish"),
    )
    cells = with_levels(CELLS, {"edge": "dw5", "biased": "yes"})
    assert [(type(block), block.edge, block.takes()) for block in cells.blocks] == [
        (Cell, "dw5", block.takes()) for block in CELLS.blocks
    ]
    assert (cells.stem, cells.head) == (PlainStem(), MeanHead(biased="yes"))


def test_widths_scale_blocks_of_the_kind_and_all_that_they_take() -> None:
    assert scaled(FORKED, 2).blocks == (
        Forked(inputs=32, outputs=64, stride=2, reach=9),
        Forked(inputs=64, outputs=64),
        Forked(inputs=64, outputs=128, stride=2, gated="no"),
    )
    cells = scaled(CELLS, 2)
    assert [type(block) for block in cells.blocks] == [Cell] * 3
    assert [block.takes() for block in cells.blocks] == [(32, 32), (64, 32), (64, 64)]
    assert (cells.stem, cells.head) == (PlainStem(outputs=32), MeanHead())


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            FORKED,
            {
                "Forked · relu": 3,
                "depthwise 9x9 16 ↓2": 1,
                "depthwise 5x5 32": 1,
                "max pool 3x3": 1,
                "SE ÷2": 2,
            },
        ),
        (
            CELLS,
            {
                "Cell · edge dw3": 3,
                "depthwise 3x3 8": 13,
                "input before 16": 2,
                "conv 5x5 3->16 ↓2": 1,
            },
        ),
    ],
    ids=["forked", "cells"],
)
def test_a_block_is_drawn_from_its_own_body(spec: ArchSpec, words: dict[str, int]) -> None:
    root = ElementTree.fromstring(diagram(spec))
    texts = [
        "".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")
    ]
    assert {word: texts.count(word) for word in words} == words
    assert not any("inverted" in text for text in texts)


def _images(n: int) -> Tensor:
    return torch.randn(n, 3, 32, 32, dtype=torch.float64)


def _by_hand(network: FaceNetwork, x: Tensor) -> Tensor:
    """Each part's body, node by node, on what the parts before it gave."""
    values: list[Tensor] = []
    modules = [network.stem, *network.blocks, network.head]
    for module, (_, block) in zip(modules, network.spec.parts, strict=True):
        values.append(
            interpret(body_of(block), module.state_dict(), _read(block, values) or [x], False)
        )
    return values[-1].flatten(1)


def _read(block: Block, values: list[Tensor]) -> list[Tensor]:
    return (
        [values[max(0, len(values) - back)] for back in range(1, block.reads + 1)] if values else []
    )
