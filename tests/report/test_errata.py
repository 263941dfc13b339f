"""What errata say that was counted for a print is counted again, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import pytest

from seesawnas.arch import ArchSpec, Shape, body_of
from seesawnas.arch.blocks.parts import inputs_of
from seesawnas.arch.body import read_shapes, shapes
from seesawnas.arch.layers import Act, Conv, Layer, Linear, Norm, Pool
from seesawnas.cost import cost
from seesawnas.space import load, load_point, shipped


class ScheduledStep(NamedTuple):
    """A layer where it stands: ``name`` is ``part.layer``."""

    name: str
    layer: Layer
    reads: tuple[Shape, ...]
    output: Shape


Rule: TypeAlias = Callable[[ScheduledStep], int]


def placed(spec: ArchSpec) -> Iterator[ScheduledStep]:
    found = (Shape(3, spec.input.height, spec.input.width), *spec.shapes())
    for number, (part, block) in enumerate(spec.parts, start=1):
        inputs = inputs_of(block, found[:number])
        body = body_of(block)
        after = shapes(body, inputs)
        for node, output in zip(body, after, strict=True):
            yield ScheduledStep(
                f"{part}.{node.name}", node.layer, read_shapes(node, after, inputs), output
            )


def params(one: ScheduledStep) -> int:
    return one.layer.params(*one.reads)


def flops(one: ScheduledStep) -> int:
    return 2 * one.layer.madds(*one.reads)


def without_slopes(one: ScheduledStep) -> int:
    return 0 if isinstance(one.layer, Act) else params(one)


def with_running_statistics(one: ScheduledStep) -> int:
    return params(one) + (2 * one.output.channels if isinstance(one.layer, Norm) else 0)


def convolutions(one: ScheduledStep) -> int:
    return params(one) if isinstance(one.layer, Conv) else 0


def without_global_depthwise(one: ScheduledStep) -> int:
    return 0 if one.name == "head.pool" else flops(one)


def without_excitation_and_last_layers(one: ScheduledStep) -> int:
    left_out = ".excite." in one.name or one.name in (
        "head.pool",
        "head.hidden",
        "head.embedding.linear",
    )
    return 0 if left_out else flops(one)


def operations_of_pocketnet(one: ScheduledStep) -> int:
    match one.layer:
        case Norm():
            return 2 * one.output.elements
        case Act(name="prelu"):
            return one.output.elements
        case Pool(kind="max"):
            return 9 * one.output.elements
    return flops(one)


def operations_of_mixfacenet(one: ScheduledStep) -> int:
    match one.layer:
        case Norm():
            return 2 * one.output.elements
        case Act():
            return one.output.elements
        case Pool():
            return one.reads[0].elements
        case Conv(bias=True) | Linear(bias=True):
            return flops(one) + one.output.elements
    return flops(one)


READINGS: dict[tuple[str, str], tuple[Rule, int]] = {
    ("ghostfacenet_v1_1", "params"): (with_running_statistics, 4_088_300),
    ("ghostfacenet_v1_2", "params"): (with_running_statistics, 4_066_388),
    ("mixfacenet_s", "flops"): (operations_of_mixfacenet, 451_720_268),
    ("mixfacenet_xs", "flops"): (operations_of_mixfacenet, 161_988_532),
    ("mobiface", "madds"): (flops, 463_949_824),
    ("mobilefacenet", "params"): (without_slopes, 995_584),
    ("pocketnet_m128", "flops"): (operations_of_pocketnet, 1_099_024_384),
    ("pocketnet_m256", "flops"): (operations_of_pocketnet, 1_099_155_712),
    ("pocketnet_s128", "flops"): (operations_of_pocketnet, 587_110_016),
    ("pocketnet_s256", "flops"): (operations_of_pocketnet, 587_241_344),
    ("shufflefacenet_0_5x", "flops"): (without_global_depthwise, 66_974_272),
    ("shufflefacenet_1_5x", "flops"): (without_global_depthwise, 577_540_160),
    ("shufflefacenet_2x", "flops"): (flops, 1_052_637_104),
    ("shufflenet", "params"): (convolutions, 829_998),
    ("vargfacenet", "flops"): (without_excitation_and_last_layers, 1_022_336_000),
}


def on_file() -> dict[tuple[str, str], tuple[int, str]]:
    """Every reading that counts to something, and the text that tells of it."""
    return {
        (ref.removeprefix("paper/"), figure): (reading, erratum.text)
        for ref in shipped("paper")
        for erratum in load_point(ref).errata
        for figure, reading in erratum.explains.items()
        if reading is not None
    }


@pytest.mark.parametrize(("name", "figure"), READINGS)
def test_a_reading_is_what_its_rule_counts(name: str, figure: str) -> None:
    rule, value = READINGS[name, figure]
    assert sum(map(rule, placed(load(f"paper/{name}")))) == value


def test_each_reading_on_file_has_a_rule() -> None:
    assert {place: reading for place, (reading, _) in on_file().items()} == {
        place: value for place, (_, value) in READINGS.items()
    }


@pytest.mark.parametrize(("name", "figure"), [place for place in READINGS if place[1] == "flops"])
def test_the_text_tells_the_reading_and_twice_the_madds(name: str, figure: str) -> None:
    reading, text = on_file()[name, figure]
    assert f"{reading:,}" in text
    assert f"{cost(load(f'paper/{name}')).flops:,}" in text


def test_layers_laid_out_so_add_up_to_the_cost() -> None:
    for ref in shipped("paper"):
        total = cost(load(ref))
        layers = list(placed(load(ref)))
        assert (sum(map(params, layers)), sum(map(flops, layers))) == (total.params, total.flops), (
            ref
        )


def test_no_reading_of_mobilenet_v2_counts_to_what_is_printed() -> None:
    """Its text tells the weights of the convolutions, and those with a global depthwise conv
    instead of the pooling.
    """
    layers = list(placed(load("paper/mobilenet_v2")))
    weights = sum(map(convolutions, layers))
    depthwise = next(one.reads[0].elements for one in layers if isinstance(one.layer, Pool))
    (erratum,) = load_point("paper/mobilenet_v2").errata
    assert f"{weights:,}" in erratum.text
    assert f"{weights + depthwise:,}" in erratum.text
