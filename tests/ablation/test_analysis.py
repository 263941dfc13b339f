"""What the arms' qualities say: effects, interactions, intervals, corrected p-values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from seesawnas.ablation.analysis import analyse
from seesawnas.ablation.design import make_design
from seesawnas.ablation.result import DesignKind
from tests.ablation.designed import (
    Levels,
    every,
    found_in,
    make_arms,
    named,
    paired,
    planted,
    truth,
    two_levels,
)

NAN = float("nan")
KINDS: tuple[DesignKind, ...] = ("one-at-a-time", "full", "fractional")
THREE = {"kind": ("share", "shuffle", "plain"), "se": ("4", "0")}


@pytest.mark.parametrize("kind", KINDS)
def test_planted_effects_are_found_and_no_others(kind: DesignKind) -> None:
    design = two_levels(4, kind)
    effects, interactions = found_in(design, planted(design, truth, 5, 0.001))
    assert {effect.factor: effect.verdict for effect in effects} == {
        "se": "better",
        "kind": "worse",
        "split": "not resolvable",
        "skip": "not resolvable",
    }
    assert named(effects, "se").mean == pytest.approx(0.02, abs=0.002)
    assert named(effects, "kind").mean == pytest.approx(-0.03, abs=0.002)
    assert {interaction.verdict for interaction in interactions} <= {"not resolvable"}


def test_one_at_a_time_is_the_paired_t_test_with_holms_correction() -> None:
    design = make_design(THREE, "one-at-a-time")
    values = planted(design, lambda levels: 0.01 * (levels["se"] == "0"), 6, 0.01)
    effects, interactions = found_in(design, values, confidence=0.9)
    tests = [stats.ttest_rel(arm, values[0]) for arm in values[1:]]
    holm = multipletests([test.pvalue for test in tests], method="holm")[1]
    assert [(effect.factor, effect.level, effect.base) for effect in effects] == [
        ("kind", "shuffle", "share"),
        ("kind", "plain", "share"),
        ("se", "0", "4"),
    ]
    for effect, arm, test, p_holm in zip(effects, values[1:], tests, holm, strict=True):
        interval = test.confidence_interval(0.9)
        assert effect.n == 6
        assert [effect.p, effect.p_holm] == pytest.approx([test.pvalue, p_holm])
        assert [effect.low, effect.high] == pytest.approx([interval.low, interval.high])
        assert effect.mean == pytest.approx((arm - values[0]).mean())
    assert interactions == ()


@pytest.mark.parametrize("kind", ["full", "fractional"])
def test_factorial_effects_are_those_of_a_linear_model_of_each_seed(kind: DesignKind) -> None:
    design = two_levels(5, kind)
    values = planted(design, truth, 4, 0.01)
    effects, interactions = found_in(design, values)
    columns = [[-1 if level == "0" else 1 for level in row] for row in design.rows]
    main = np.array(columns, float)
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    model = np.column_stack(
        [np.ones(len(main)), main, *(main[:, i] * main[:, j] for i, j in pairs)]
    )
    fitted = np.linalg.lstsq(model, values, rcond=None)[0]
    assert [effect.mean for effect in effects] == pytest.approx(list(2 * fitted[1:6].mean(axis=1)))
    assert [found.mean for found in interactions] == pytest.approx(
        list(4 * fitted[6:].mean(axis=1))
    )
    assert len(interactions) == 10


def test_levels_beyond_two_are_each_compared_with_the_first_in_a_full_design() -> None:
    design = make_design(THREE, "full")

    def quality(levels: Levels) -> float:
        return {"share": 0.0, "shuffle": 0.02, "plain": -0.01}[levels["kind"]] - 0.03 * (
            levels == {"kind": "plain", "se": "0"}
        )

    effects, interactions = found_in(design, planted(design, quality, 5, 0.0003))
    assert [(effect.factor, effect.level) for effect in effects] == [
        ("kind", "shuffle"),
        ("kind", "plain"),
        ("se", "0"),
    ]
    assert [effect.mean for effect in effects] == pytest.approx([0.02, -0.025, -0.01], abs=0.0007)
    assert [(found.factors, found.levels) for found in interactions] == [
        (("kind", "se"), ("shuffle", "0")),
        (("kind", "se"), ("plain", "0")),
    ]
    assert [found.mean for found in interactions] == pytest.approx([0.0, -0.03], abs=0.0015)
    assert [found.verdict for found in interactions] == ["not resolvable", "worse"]


def test_an_interaction_is_recovered_in_a_full_design() -> None:
    design = two_levels(3, "full")
    values = planted(
        design, lambda levels: 0.02 * (levels["se"] == levels["split"] == "1"), 5, 0.001
    )
    effects, interactions = found_in(design, values)
    assert paired(interactions, "se", "split").mean == pytest.approx(0.02, abs=0.002)
    assert {found.factors for found in interactions if found.verdict == "better"} == {
        ("se", "split")
    }
    assert named(effects, "se").mean == pytest.approx(0.01, abs=0.001), (
        "half of the arms have the other level"
    )


def test_in_resolution_four_an_interaction_shows_by_its_alias_and_moves_no_main_effect() -> None:
    design = two_levels(4, "fractional")
    assert "se × kind = split × skip" in design.aliases
    values = planted(
        design, lambda levels: 0.02 if levels["split"] == levels["skip"] else 0.0, 5, 0.0005
    )
    effects, interactions = found_in(design, values)
    assert [found.factors for found in interactions] == [
        ("se", "kind"),
        ("se", "split"),
        ("se", "skip"),
    ]
    assert paired(interactions, "se", "kind").mean == pytest.approx(0.04, abs=0.002)
    assert [found.verdict for found in interactions[1:]] == ["not resolvable"] * 2
    assert [effect.verdict for effect in effects] == ["not resolvable"] * 4


def test_in_resolution_three_an_interaction_shows_as_the_main_effect_that_the_aliases_name() -> (
    None
):
    design = two_levels(3, "fractional")
    assert "se = -kind × split" in design.aliases
    values = planted(
        design, lambda levels: 0.02 if levels["kind"] == levels["split"] else 0.0, 5, 0.0005
    )
    effects, interactions = found_in(design, values)
    assert interactions == ()
    assert named(effects, "se").mean == pytest.approx(-0.02, abs=0.001)
    assert [effect.verdict for effect in effects] == ["worse", "not resolvable", "not resolvable"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_seed_does_to_all_arms_alike_drops_out(kind: DesignKind) -> None:
    design = two_levels(4, kind)
    values = planted(design, truth, 5, 0.005)
    shifted = values + np.random.default_rng(1).normal(size=values.shape[1])
    assert_close(found_in(design, values), found_in(design, shifted))


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_arms_and_seeds_does_not_matter(kind: DesignKind) -> None:
    design, rng = two_levels(4, kind), np.random.default_rng(0)
    arms = make_arms(design, planted(design, truth, 5, 0.005))
    found = analyse(arms, design.factors, kind)
    others = [arms[index] for index in rng.permutation(len(arms))]
    assert_close(found, analyse(others, design.factors, kind))
    order = rng.permutation(5)
    turned = make_arms(design, planted(design, truth, 5, 0.005)[:, order])
    assert_close(found, analyse(turned, design.factors, kind))


def assert_close(found: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    for one, two in zip((*found[0], *found[1]), (*other[0], *other[1]), strict=True):
        for name in one.__slots__:
            value, value2 = getattr(one, name), getattr(two, name)
            assert value == (
                pytest.approx(value2, abs=1e-9) if isinstance(value2, float) else value2
            ), name


def test_only_seeds_that_both_arms_have_are_compared() -> None:
    design = two_levels(2, "one-at-a-time")
    values = np.array(
        [[0.5, 0.6, 0.7, NAN, 0.9], [0.6, 0.8, 0.7, 0.9, NAN], [NAN, NAN, NAN, 0.5, 0.5]]
    )
    effects, _ = found_in(design, values)
    se, kind = effects
    assert (se.n, kind.n) == (3, 1)
    assert [se.mean, kind.mean] == pytest.approx([0.1, -0.4])
    assert (kind.low, kind.high, kind.p, kind.needed) == (None, None, None, None)


def test_a_factorial_effect_is_of_the_seeds_that_all_its_arms_have() -> None:
    design = two_levels(2, "full")
    values = planted(design, truth, 5, 0.01)
    values[3, 4] = NAN
    found, whole = every(found_in(design, values)), every(found_in(design, values[:, :4]))
    assert [one.n for one in found] == [4, 4, 4]
    assert [one.p for one in found] == pytest.approx([one.p for one in whole])


@pytest.mark.parametrize("kind", KINDS)
def test_before_any_seed_is_done_nothing_is_known_but_the_costs(kind: DesignKind) -> None:
    design = two_levels(3, kind)
    effects, interactions = found_in(design, np.full((len(design.rows), 2), NAN))
    for found in every((effects, interactions)):
        assert (found.n, found.mean, found.low, found.high, found.p, found.p_holm) == (
            0,
            None,
            None,
            None,
            None,
            None,
        )
        assert found.verdict == "not resolvable"
    assert any(effect.madds for effect in effects)


def test_what_still_waits_for_seeds_counts_in_the_correction_already() -> None:
    design = two_levels(4, "one-at-a-time")
    values = planted(design, truth, 5, 0.01)
    values[2:] = NAN
    effects, _ = found_in(design, values)
    assert effects[0].p_holm == pytest.approx(4 * (effects[0].p or 0.0))
    assert [effect.p_holm for effect in effects[1:]] == [None] * 3


def test_costs_are_the_change_against_the_base_or_in_the_mean_over_arms() -> None:
    alone = two_levels(2, "one-at-a-time")
    effects, _ = found_in(alone, planted(alone, truth, 2, 0.01))
    assert [(effect.madds, effect.params) for effect in effects] == [(10, -1), (20, -2)]
    crossed = two_levels(2, "full")
    effects, _ = found_in(crossed, planted(crossed, truth, 2, 0.01))
    assert [(effect.madds, effect.params) for effect in effects] == [(20, -2), (10, -1)]


def test_the_same_network_twice_is_no_comparison_and_costs_the_others_nothing() -> None:
    design = two_levels(3, "one-at-a-time")
    values = planted(design, truth, 5, 0.01)
    values[3] = values[0]
    arms = make_arms(design, values, digests=["a", "b", "c", "a"])
    effects, _ = analyse(arms, design.factors, design.kind)
    split = named(effects, "split")
    assert (split.n, split.mean, split.low, split.p, split.p_holm, split.needed) == (
        5,
        0.0,
        None,
        None,
        None,
        None,
    )
    assert split.verdict == "same network"
    smaller = two_levels(2, "one-at-a-time")
    others, _ = found_in(smaller, values[:3])
    assert [effect.p_holm for effect in effects[:2]] == [effect.p_holm for effect in others]


def test_a_factorial_contrast_between_the_same_networks_is_none() -> None:
    design = make_design({"split": ("1:3", "1"), "kind": ("share", "inverted_bottleneck")}, "full")
    values = planted(design, lambda levels: 0.0, 5, 0.01)
    values[1:] = values[1]
    arms = make_arms(design, values, digests=["seesaw", "whole", "whole", "whole"])
    effects, interactions = analyse(arms, design.factors, design.kind)
    # It would be the effects once more: of two networks there is one difference.
    assert interactions == ()
    assert effects[0].mean == pytest.approx(effects[1].mean)
    alike = make_arms(design, values, digests=["a", "b", "a", "b"])
    split = analyse(alike, design.factors, design.kind)[0][0]
    assert (split.mean, split.p) == (0.0, None)


@pytest.mark.parametrize(("seeds", "p"), [(2, 0.5), (5, 0.0625), (8, 2 / 2**8)])
def test_seeds_that_agree_to_the_last_digit_are_judged_by_the_sign_test_without_an_interval(
    seeds: int, p: float
) -> None:
    design = two_levels(1, "one-at-a-time")
    base = np.round(np.random.default_rng(0).normal(0.8, 0.01, seeds), 4)
    effect = found_in(design, np.array([base, base - 0.003]))[0][0]
    assert effect.mean == pytest.approx(-0.003)
    assert (effect.low, effect.high, effect.needed) == (None, None, 6 if p >= 0.05 else None)
    assert effect.p == pytest.approx(p)
    assert effect.verdict == ("worse" if p < 0.05 else "not resolvable")


def test_other_networks_that_are_equally_good_on_every_seed_are_tested_and_not_resolved() -> None:
    design = two_levels(1, "one-at-a-time")
    effect = found_in(design, np.full((2, 5), 0.8))[0][0]
    assert (effect.mean, effect.p, effect.p_holm, effect.verdict, effect.needed) == (
        0.0,
        1.0,
        1.0,
        "not resolvable",
        None,
    )


def test_a_resolved_effect_needs_no_seeds_and_an_unresolved_one_more_than_it_has() -> None:
    design = two_levels(4, "full")
    for seed in range(20):
        for effect in found_in(design, planted(design, truth, 3, 0.03, seed))[0]:
            if effect.verdict != "not resolvable":
                assert effect.needed is None
            else:
                assert effect.needed is None or effect.needed > effect.n
