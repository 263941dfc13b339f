"""VarGFaceNet's units, stem and head."""

from __future__ import annotations

from typing import Any

import pytest

from seesawnas.arch import Shape, body_of, canonical_block
from seesawnas.arch.blocks.face_heads import VarGFaceNetHead
from seesawnas.arch.blocks.parts import block_digest
from seesawnas.arch.blocks.vargroup import ConvVarGroupStem, VarGroupUnit
from seesawnas.arch.layers import Conv
from seesawnas.cost import block_cost
from seesawnas.errors import SpecError


def unit(inputs: int, outputs: int, stride: int = 1, **options: Any) -> VarGroupUnit:
    return VarGroupUnit.of((Shape(inputs, 14, 14),), outputs, stride, **options)


@pytest.mark.parametrize(
    ("inputs", "outputs", "stride", "params"),
    [
        (40, 80, 2, 62_800),
        (80, 160, 2, 189_600),
        (160, 320, 2, 635_200),
        (80, 80, 1, 53_400),
        (320, 320, 1, 559_200),
    ],
)
def test_a_unit_has_the_published_networks_params(
    inputs: int, outputs: int, stride: int, params: int
) -> None:
    made = unit(inputs, outputs, stride, se=4, activation="prelu")
    assert block_cost(made, (Shape(inputs, 14, 14),)).params == params


def test_the_stem_has_the_published_networks_params() -> None:
    stem = ConvVarGroupStem(width=40, se=4, activation="prelu")
    assert block_cost(stem, (Shape(3, 112, 112),)).params == 1_200 + 14_980


def test_groups_grow_in_number_with_the_width_and_keep_theirs() -> None:
    for width in (16, 48):
        convs = [
            node.layer
            for node in body_of(unit(width, width, group_width=8))
            if isinstance(node.layer, Conv)
        ]
        assert [conv.groups for conv in convs] == [width // 8, 1, width // 8, 1]
        assert [conv.outputs for conv in convs] == [2 * width, width, 2 * width, width]


def test_squeeze_and_excitation_counts_in_normal_units_alone() -> None:
    assert block_digest(unit(16, 32, 2, se=4)) == block_digest(unit(16, 32, 2))
    assert canonical_block(unit(16, 32, 2, se=4)) == unit(16, 32, 2)
    assert block_digest(unit(16, 16, se=4)) != block_digest(unit(16, 16))
    assert (
        canonical_block(unit(16, 16, se=9))
        == canonical_block(unit(16, 16, se=16))
        == unit(16, 16, se=16)
    )


def test_a_unit_may_change_the_width_at_stride_1() -> None:
    assert not unit(16, 32).is_normal
    assert unit(16, 32).outputs == 32


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: unit(12, 16, 2), "group_width must divide the 12 channels, got 8"),
        (lambda: unit(16, 12, 2), "group_width must divide the 12 channels, got 8"),
        (lambda: unit(16, 16, se=17), "se must be"),
        (lambda: unit(16, 16, factor=0), "factor must be positive"),
        (lambda: unit(16, 16, 3), "stride must be 1 or 2"),
        (lambda: unit(16, 16, kernel=4), "kernel must be"),
        (lambda: unit(16, 16, activation="tanh"), "activation must be"),
        (lambda: ConvVarGroupStem(width=12), "group_width must divide the 12 channels"),
        (lambda: VarGFaceNetHead(20), "group_width must divide the 20 channels"),
        (lambda: VarGFaceNetHead(16, hidden=0), "hidden must be positive"),
    ],
)
def test_what_does_not_fit_is_refused(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        make()


def test_the_hidden_channels_are_the_embedding_if_there_is_no_other() -> None:
    assert VarGFaceNetHead(16, "relu", 0, hidden=24).outputs == 24
