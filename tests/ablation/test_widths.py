"""Widths of a network as a few numbers."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.ablation.factors import factors_of, with_level
from seesawnas.ablation.widths import Segments, matched, scaled
from seesawnas.arch import ArchSpec, SeesawBlock
from seesawnas.cost import cost
from seesawnas.errors import SpecError
from seesawnas.space import load
from tests.ablation.forms import form
from tests.kinds import cell_network, forked_network
from tests.papers import BOTTLENECKS, OTHERS
from tests.strategies import arch_specs

MULTIPLIERS = st.floats(1 / 32, 32)


@given(arch_specs(max_blocks=5))
def test_a_network_at_its_own_widths_is_itself(spec: ArchSpec) -> None:
    segments = Segments.of(spec)
    assert segments.at(1.0) == segments.widths
    assert segments.network(segments.widths) == spec


@given(arch_specs(max_blocks=5), MULTIPLIERS)
def test_every_multiplier_builds_and_keeps_all_but_the_widths(
    spec: ArchSpec, multiplier: float
) -> None:
    segments = Segments.of(spec)
    found = segments.network(segments.at(multiplier))
    assert segments.keeps(found) == (form(found) == form(spec))
    assert (found.head, found.input, found.stem.activation) == (
        spec.head,
        spec.input,
        spec.stem.activation,
    )


@given(arch_specs(max_blocks=5), MULTIPLIERS, MULTIPLIERS)
def test_a_wider_network_costs_no_less(spec: ArchSpec, one: float, two: float) -> None:
    segments = Segments.of(spec)
    low, high = (segments.network(segments.at(multiplier)) for multiplier in sorted((one, two)))
    assert cost(low).madds <= cost(high).madds


@given(arch_specs(max_blocks=5))
def test_what_residuals_tie_together_is_one_segment(spec: ArchSpec) -> None:
    segments = Segments.of(spec)
    assert len(segments.widths) == 1 + sum(not block.is_residual for block in spec.blocks)
    for block, before, after in zip(
        spec.blocks, segments.places, segments.places[1:], strict=False
    ):
        assert (before == after) == block.is_residual
        assert segments.widths[after] == block.outputs


@pytest.mark.parametrize("ref", BOTTLENECKS)
def test_the_papers_networks_double_exactly(ref: str) -> None:
    spec = load(ref)
    double = scaled(spec, 2)
    for block, own in zip(double.blocks, spec.blocks, strict=True):
        assert (block.inputs, block.middle, block.outputs) == (
            2 * own.inputs,
            2 * own.middle,
            2 * own.outputs,
        )
    assert form(double) == form(spec)
    assert scaled(double, 0.5) == spec


def test_widths_stay_multiples_of_what_splits_and_hardware_ask() -> None:
    spec = load("paper/seesaw_share")
    found = scaled(spec, 0.777)
    assert all(
        width % 4 == 0
        for block in found.blocks
        for width in (block.inputs, block.middle, block.outputs)
    )


def test_widths_that_meet_would_make_a_shortcut_and_are_refused() -> None:
    block = SeesawBlock(inputs=64, middle=128, outputs=68, split=(1, 3), mixing="share")
    spec = ArchSpec((block,))
    with pytest.raises(
        SpecError, match=r"^width must not add or remove residual connections, got 0.1$"
    ):
        scaled(spec, 0.1)


@pytest.mark.parametrize("spec", [forked_network(), cell_network()], ids=lambda spec: spec.name)
def test_a_network_of_any_kind_is_scaled_and_matched(spec: ArchSpec) -> None:
    segments = Segments.of(spec)
    assert segments.network(segments.widths) == spec
    assert scaled(scaled(spec, 2), 0.5) == spec
    assert cost(scaled(spec, 2)).madds > 2 * cost(spec).madds
    assert segments.keeps(scaled(spec, 2))
    assert abs(matched(spec, 2 * cost(spec).madds).off) < 0.15


def test_blocks_that_add_their_input_are_tied_whatever_their_kind() -> None:
    segments = Segments.of(forked_network())
    assert segments.places == (0, 1, 1, 2)
    assert segments.steps == (16, 16, 16), "a quarter of the outputs is in groups of so many"


@pytest.mark.parametrize("ref", OTHERS)
def test_networks_of_any_kind_are_themselves_at_their_own_widths_and_double_or_say_why_not(
    ref: str,
) -> None:
    spec = load(ref)
    assert scaled(spec, 1) == spec
    try:
        double = scaled(spec, 2)
    except SpecError:
        return
    assert cost(double).params > 2 * cost(spec).params


@pytest.mark.parametrize("ref", OTHERS)
def test_factors_of_any_kind_build_or_say_why_not(ref: str) -> None:
    spec = load(ref)
    for factor in factors_of(spec).values():
        for level in factor.defaults:
            with suppress(SpecError):
                assert cost(with_level(spec, factor.name, level)).params > 0
