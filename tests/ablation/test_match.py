"""Arms rescaled to the base's MAdds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.ablation.factors import factors_of, level_of, with_level
from seesawnas.ablation.widths import CLOSE, FAR, Match, matched
from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.errors import SpecError
from seesawnas.space import load
from tests.ablation.forms import form
from tests.papers import BOTTLENECKS
from tests.strategies import arch_specs

SHARE = load("paper/seesaw_share")
KEPT = ("split", "kind", "se", "activation", "skip", "kernel", "embedding")


def arms(base: ArchSpec) -> list[ArchSpec]:
    """``base`` at every default level that builds."""
    found = []
    for factor in factors_of(base).values():
        for level in factor.defaults:
            try:
                found.append(with_level(base, factor.name, level))
            except SpecError:
                continue
    return found


@pytest.mark.parametrize("ref", BOTTLENECKS)
def test_every_default_level_of_the_papers_networks_comes_within_one_per_cent_of_the_base(
    ref: str,
) -> None:
    base = load(ref)
    madds = cost(base).madds
    found = arms(base)
    assert len(found) > 28
    for spec in found:
        match = matched(spec, madds)
        assert abs(match.off) < FAR
        assert not match.is_far
        assert form(match.spec) == form(spec)
        assert [level_of(match.spec, factor) for factor in KEPT] == [
            level_of(spec, factor) for factor in KEPT
        ]
        assert match.spec.head == spec.head


@given(arch_specs(max_blocks=4), st.integers(1, 10**9))
def test_a_match_keeps_the_form_says_how_far_it_is_and_is_no_further_than_the_network_itself(
    spec: ArchSpec, madds: int
) -> None:
    match = matched(spec, madds)
    assert match.off == cost(match.spec).madds / madds - 1
    assert abs(match.off) <= abs(cost(spec).madds / madds - 1)
    assert match.is_far == (abs(match.off) > 0.01)
    assert form(match.spec) == form(spec)


@given(arch_specs(max_blocks=4))
def test_a_network_that_is_near_enough_stays_itself(spec: ArchSpec) -> None:
    madds = cost(spec).madds
    assert matched(spec, madds) == Match(spec, 1.0, 0.0)
    assert matched(spec, round(madds * (1 + CLOSE / 2))).spec == spec


def test_a_match_comes_back_from_any_width() -> None:
    madds = cost(SHARE).madds
    for width in ("0.5", "0.75", "1.5", "3"):
        match = matched(with_level(SHARE, "width", width), madds)
        assert abs(match.off) <= CLOSE
        assert match.multiplier == pytest.approx(1 / float(width), rel=0.1)


def test_no_width_reaches_a_cost_beyond_all_networks_and_the_match_says_so() -> None:
    assert matched(SHARE, 1).is_far
    assert matched(SHARE, 10**15).is_far


def test_the_same_arm_is_matched_to_the_same_network() -> None:
    arm, madds = with_level(SHARE, "se", "0"), cost(SHARE).madds
    assert matched(arm, madds) == matched(arm, madds)
