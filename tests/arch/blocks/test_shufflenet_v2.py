"""ShuffleNetV2's unit, and ShuffleFaceNet's stem and head."""

from __future__ import annotations

from typing import Any

import pytest

from seesawnas.arch import Shape, body_of, canonical_block
from seesawnas.arch.blocks.conv_stem import ConvStem
from seesawnas.arch.blocks.face_heads import ShuffleFaceNetHead
from seesawnas.arch.blocks.parts import block_digest
from seesawnas.arch.blocks.shufflenet_v2 import ShuffleNetV2Unit
from seesawnas.arch.layers import Act, Shuffle
from seesawnas.cost import block_cost
from seesawnas.errors import SpecError

NO_SLOPES: Any = "map"


def unit(inputs: int, outputs: int, stride: int = 1, **options: Any) -> ShuffleNetV2Unit:
    return ShuffleNetV2Unit.of((Shape(inputs, 14, 14),), outputs, stride, **options)


def test_a_slope_a_layer_is_one_number_a_layer() -> None:
    inputs = (Shape(16, 14, 14),)
    for stride, acts in ((1, 2), (2, 3)):
        own, shared = (
            unit(16, 16, stride, activation="prelu", slopes=slopes)
            for slopes in ("channel", "layer")
        )
        assert len([node for node in body_of(own) if isinstance(node.layer, Act)]) == acts
        assert block_cost(own, inputs).params - block_cost(shared, inputs).params == acts * (8 - 1)


@pytest.mark.parametrize("make", [unit, None, "head"])
def test_slopes_count_only_if_there_are_any(make: Any) -> None:
    def of(slopes: Any, activation: Any) -> Any:
        if make is None:
            return ConvStem(width=8, activation=activation, slopes=slopes)
        if make == "head":
            return ShuffleFaceNetHead(16, activation, 8, slopes=slopes)
        return unit(16, 16, activation=activation, slopes=slopes)

    assert canonical_block(of("layer", "relu")) == of("channel", "relu")
    assert block_digest(of("layer", "relu")) == block_digest(of("channel", "relu"))
    assert block_digest(of("layer", "prelu")) != block_digest(of("channel", "prelu"))


def test_the_shuffle_sets_passed_and_worked_channels_by_turns() -> None:
    assert body_of(unit(16, 16))[-1].layer == Shuffle(2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: unit(16, 32), "with stride 1, width must equal the 16 input channels, got 32"),
        (lambda: unit(15, 15), "halves must divide the 15 channels"),
        (lambda: unit(16, 33, 2), "halves must divide the 33 channels"),
        (lambda: unit(16, 16, slopes="map"), "slopes must be"),
        (lambda: ConvStem(width=8, slopes=NO_SLOPES), "slopes must be"),
        (lambda: ShuffleFaceNetHead(8, slopes=NO_SLOPES), "slopes must be"),
    ],
)
def test_what_does_not_fit_is_refused(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        make()
