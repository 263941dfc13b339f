"""Whole networks: equality, digests, sizes and rules."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.arch import ArchSpec, Head, Input, InvertedBottleneck, SeesawBlock, Stem
from seesawnas.errors import SpecError
from tests.strategies import arch_specs


def bottleneck(inputs: int = 8, outputs: int = 8, stride: int = 1) -> InvertedBottleneck:
    return InvertedBottleneck(inputs=inputs, middle=16, outputs=outputs, stride=stride)


def network(*blocks: InvertedBottleneck | SeesawBlock, **parts: Any) -> ArchSpec:
    return ArchSpec(blocks or (bottleneck(),), **{"stem": Stem(8), **parts})


@settings(max_examples=60)
@given(arch_specs(max_blocks=2), arch_specs(max_blocks=2))
def test_digests_are_equal_exactly_where_specs_are(one: ArchSpec, two: ArchSpec) -> None:
    assert (one.digest() == two.digest()) == (one == two)
    assert ArchSpec(one.blocks, one.input, one.stem, one.head).digest() == one.digest()


@given(arch_specs(max_blocks=1))
def test_a_digest_is_16_hexadecimal_digits(spec: ArchSpec) -> None:
    assert re.fullmatch("[0-9a-f]{16}", spec.digest())


@pytest.mark.parametrize(
    "change",
    [
        {"input": Input(112, 96)},
        {"input": Input(mean=(0.0, 0.0, 0.0))},
        {"input": Input(std=(1.0, 1.0, 2.0))},
        {"stem": Stem(8, "relu")},
        {"head": Head(256)},
        {"head": Head(activation="relu")},
        {"head": Head(embedding=0)},
        {"blocks": (bottleneck(), bottleneck())},
        {"blocks": (bottleneck(stride=2),)},
        {"blocks": (replace(bottleneck(), kernel=5),)},
        {"blocks": (replace(bottleneck(), se=4),)},
        {"blocks": (replace(bottleneck(), activation="gelu"),)},
        {"blocks": (SeesawBlock(inputs=8, middle=16, outputs=8, split=(1, 1), mixing="plain"),)},
    ],
)
def test_every_part_of_the_network_is_part_of_its_digest(change: dict[str, Any]) -> None:
    spec = network()
    assert replace(spec, **change) != spec
    assert replace(spec, **change).digest() != spec.digest()


def test_a_digest_is_the_same_in_every_process() -> None:
    program = """
from seesawnas.arch import *
block = SeesawBlock(inputs=8, middle=16, outputs=8, stride=2, se=4, split=(1, 3), mixing="share")
print(ArchSpec((block,), Input(mean=(1, 2.5, 3)), Stem(8), name="any").digest())
"""
    found = set()
    for seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout.strip())
    block = SeesawBlock(
        inputs=8, middle=16, outputs=8, stride=2, se=4, split=(2, 6), mixing="share"
    )
    assert found == {ArchSpec((block,), Input(mean=(1.0, 2.5, 3.0)), Stem(8)).digest()}


def test_whole_numbers_and_floats_name_the_same_image() -> None:
    whole, floats = (network(input=Input(mean=mean)) for mean in ((0, 0, 0), (0.0, 0.0, 0.0)))
    assert whole == floats
    assert whole.digest() == floats.digest()


def test_a_spec_is_canonical_however_it_was_made() -> None:
    blocks = [
        SeesawBlock(inputs=8, middle=16, outputs=8, split=split, mixing="share")
        for split in ((2, 6), (1, 3))
    ]
    assert network(blocks[0]) == network(blocks[1])
    assert network(blocks[0]).blocks[0] == blocks[1]
    assert replace(network(), blocks=(blocks[0],)) == network(blocks[1])
    assert hash(network(blocks[0])) == hash(network(blocks[1]))


def test_a_name_is_a_label_and_not_part_of_the_network() -> None:
    spec = network()
    named = spec.renamed("mine")
    assert named.name == "mine"
    assert spec.name == ""
    assert named == spec
    assert named.digest() == spec.digest()
    assert {named, spec} == {spec}


def test_a_spec_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        network().name = "other"  # type: ignore[misc]


def test_another_resolution_changes_the_input_alone() -> None:
    spec = network(bottleneck(stride=2), bottleneck(stride=2))
    assert spec.at_resolution(96).input == Input(96, 96)
    assert spec.at_resolution(112, 96).input == Input(112, 96)
    assert spec.at_resolution(96).blocks == spec.blocks
    assert spec.at_resolution(112) == spec
    assert spec.at_side(96).input == Input(96, 96)
    assert spec.at_resolution(112, 96).at_side(56).input == Input(56, 48)
    assert spec.at_resolution(96, 112).at_side(56).input == Input(48, 56)
    assert spec.at_resolution(4096, 1).at_side(16).input == Input(16, 1)
    assert spec.feature_size == (14, 14)
    assert spec.at_resolution(112, 96).feature_size == (14, 12)


@given(arch_specs(), st.integers(1, 40))
def test_every_map_is_half_the_one_before_rounded_up_where_the_stride_is_2(
    spec: ArchSpec, height: int
) -> None:
    sizes = spec.at_resolution(height, 3).sizes()
    strides = [2, *(block.stride for block in spec.blocks)]
    before = [(height, 3), *sizes[:-1]]
    assert list(sizes) == [
        ((h + s - 1) // s, (w + s - 1) // s) for (h, w), s in zip(before, strides, strict=True)
    ]
    assert min(sizes[-1]) >= 1


@given(arch_specs(max_blocks=4))
def test_stages_hold_every_block_once_and_one_resolution_each(spec: ArchSpec) -> None:
    stages = spec.stages
    assert tuple(block for stage in stages for block in stage.blocks) == spec.blocks
    assert [stage.first for stage in stages] == [
        sum(len(s.blocks) for s in stages[:i]) for i in range(len(stages))
    ]
    for number, stage in enumerate(stages):
        assert all(block.stride == 1 for block in stage.blocks[1:])
        assert number == 0 or stage.blocks[0].stride == 2
        assert (stage.height, stage.width) == spec.sizes()[stage.first + len(stage.blocks)]


def test_the_embedding_is_the_linear_layer_or_else_the_heads_channels() -> None:
    assert network(head=Head(512, embedding=128)).embedding_size == 128
    assert network(head=Head(512, embedding=0)).embedding_size == 512


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Input(0, 112), "input must be at least 1x1 pixels, got 0x112"),
        (lambda: Input(112, -1), "input must be at least 1x1 pixels, got 112x-1"),
        (lambda: Input(std=(1.0, 0.0, 1.0)), r"std must be positive, got \[1.0, 0.0, 1.0\]"),
        (lambda: Stem(0), "stem width must be positive, got 0"),
        (lambda: Stem(8, "sine"), "stem activation must be one of swish, .*, got sine"),  # type: ignore[arg-type]
        (lambda: Head(0), "head width must be positive, got 0"),
        (lambda: Head(8, "sine"), "head activation must be one of swish, .*, got sine"),  # type: ignore[arg-type]
        (lambda: Head(embedding=-1), "embedding must be positive, or 0 .*, got -1"),
        (lambda: ArchSpec(()), "a network must have at least one block, got none"),
        (lambda: network(bottleneck(inputs=12)), "block 0 must take 8 input channels .*, got 12"),
        (
            lambda: network(bottleneck(outputs=12), bottleneck()),
            "block 1 must take 12 input channels .*, got 8",
        ),
        (lambda: network().at_resolution(0), "input must be at least 1x1 pixels, got 0x0"),
    ],
)
def test_a_network_that_breaks_a_rule_is_refused_with_the_value(make: Any, message: str) -> None:
    with pytest.raises(SpecError, match=f"^{message}$"):
        make()


def test_images_that_are_equal_have_one_digest_however_their_numbers_are_written() -> None:
    zero, minus, whole = (
        Input(mean=mean) for mean in ((0.0, 0.0, 0.0), (-0.0, -0.0, 0.0), (0, 0, 0))
    )
    block = InvertedBottleneck(inputs=64, middle=64, outputs=64)
    digests = {ArchSpec(blocks=(block,), input=image).digest() for image in (minus, zero, whole)}
    assert len(digests) == 1
