"""What an ablation found, in plain words."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.ablation.analysis import analyse
from seesawnas.ablation.design import make_design
from seesawnas.ablation.result import (
    AblationResult,
    ArmResult,
    DesignKind,
    Effect,
    Interaction,
    RacePair,
    RaceResult,
    Verdict,
)
from seesawnas.ablation.text import _more, verdict_words
from tests.ablation.designed import make_arms, planted, two_levels

BASE = ArmResult("base", (("se", "4"),), "a", 1_000_000, 500, ())
WORSE = Effect(
    "se", "0", "4", 5, -0.0112, -0.0151, -0.0073, 0.0015, 0.003, "worse", None, 0.0, -10.0
)
OPEN = replace(
    WORSE,
    mean=0.0012,
    low=-0.003,
    high=0.0054,
    p=0.4,
    p_holm=1.0,
    verdict="not resolvable",
    needed=14,
)
INTERACTION = Interaction(
    ("se", "kind"), ("0", "plain"), 5, 0.02, 0.01, 0.03, 0.0004, 0.0009, "better"
)


def result(*effects: Effect, **more: object) -> AblationResult:
    found = AblationResult(
        "s",
        "paper/seesaw_share",
        "auc",
        "one-at-a-time",
        (("se", ("4", "0")),),
        (0, 1),
        (BASE,),
        effects,
    )
    return replace(found, **more)  # type: ignore[arg-type]


def words(*effects: Effect, **more: object) -> tuple[str, ...]:
    return verdict_words(result(*effects, **more))


def test_a_resolved_effect_says_how_much_how_sure_and_at_which_cost() -> None:
    assert words(WORSE)[0] == (
        "se=0 is worse than se=4 by 0.0112 AUC (95 % interval -0.0151..-0.0073, n=5, p=0.003 "
        "after Holm) at +0.0 % MAdds."
    )
    better = replace(
        WORSE, mean=0.02, low=0.01, high=0.03, p_holm=0.0004, verdict="better", madds=-25_400.0
    )
    assert words(better)[0] == (
        "se=0 is better than se=4 by 0.0200 AUC (95 % interval 0.0100..0.0300, n=5, p<0.001 after "
        "Holm) at -2.5 % MAdds."
    )


def test_an_open_effect_says_how_many_seeds_would_resolve_it() -> None:
    assert words(OPEN) == (
        "se=0 against se=4: +0.0012 AUC (95 % interval -0.0030..0.0054, n=5, p=1.000 after Holm) "
        "at +0.0 % MAdds, "
        "not resolvable with 5 seeds: an effect of this size would need about 14 seeds (9 more).",
        "Not resolved at 95 % (this does not mean equal): se=0.",
    )
    assert words(replace(OPEN, needed=2616))[0].endswith(
        "would need about 2,616 seeds (2,611 more)."
    )
    assert words(replace(OPEN, needed=None))[0].endswith(
        "an effect of this size would need more than 10,000."
    )


def test_partial_results_say_what_is_missing() -> None:
    unknown = replace(OPEN, n=0, mean=None, low=None, high=None, p=None, p_holm=None, needed=None)
    assert words(unknown) == (
        "se=0 against se=4: no seed is finished for both networks yet.",
        "No results yet.",
    )
    one = replace(unknown, n=1, mean=-0.00123)
    assert (
        words(one)[0]
        == "se=0 against se=4: -0.0012 AUC at +0.0 % MAdds with 1 seed; an interval needs two."
    )


LOOKS = ((2, 0.25), (4, 1.0))


def at_looks(seeds: int, **more: object) -> tuple[str, ...]:
    """What is said of looks, of as many seeds that are done out of five."""
    arm = replace(BASE, values=tuple((seed, 0.5) for seed in range(seeds)))
    fields = {"planned_looks": LOOKS, "seeds": tuple(range(5)), "arms": (arm,), **more}
    return words(OPEN, **fields)[2:]


def test_planned_looks_are_listed_and_what_waits_for_the_next_one_is_said() -> None:
    always = at_looks(2)
    assert len(always) == 1
    assert "looks at 2 and 4 seeds" in always[0]
    assert at_looks(4) == always
    assert at_looks(0) == always
    one, three, five = (at_looks(seeds)[1] for seeds in (1, 3, 5))
    assert "no verdict yet; the next look is at 2" in one
    assert "verdicts are those with 2; the next look is at 4" in three
    assert "verdicts are those with 4; there is no later look" in five
    failed = replace(BASE, values=((0, 0.5),), failed=(1,))
    said = at_looks(0, arms=(failed,))
    assert said[0] == always[0]
    assert len(said) == 2, "that a look waits for seeds in place of failed ones is said"
    assert "One look is planned, with 4 seeds" in at_looks(4, planned_looks=LOOKS[1:])[0]


def test_seeds_that_no_look_to_come_has_are_said_of_a_new_ablation() -> None:
    said = words(OPEN, planned_looks=((5, 0.75), (14, 1.0)))[0]
    assert said.endswith("would need about 14 seeds (9 more).")
    said = words(OPEN, planned_looks=((5, 0.75), (10, 1.0)))[0]
    assert said.endswith("would need a new ablation with one look at about 14 seeds.")


def test_before_the_first_look_an_effect_says_when_it_is() -> None:
    early = replace(OPEN, n=3, low=None, high=None, p=None, p_holm=None, needed=None)
    said = words(early, planned_looks=((5, 0.75), (10, 1.0)))[0]
    assert "with 3 seeds; the first look is at 5 seeds." in said


def test_the_same_network_and_seeds_that_agree_are_named_as_what_they_are() -> None:
    same = replace(
        OPEN,
        mean=0.0,
        low=None,
        high=None,
        p=None,
        p_holm=None,
        needed=None,
        verdict="same network",
    )
    assert words(same)[0] == "se=0 and se=4 are the same network here."
    agree = replace(OPEN, mean=0.003, low=None, high=None, p=0.0625, p_holm=0.0625, needed=None)
    assert words(agree)[0] == (
        "se=0 against se=4: +0.0030 AUC (all 5 seeds give the same value: no interval, n=5, "
        "p=0.062 after Holm) at +0.0 % MAdds, "
        "not resolvable with 5 seeds."
    )


def test_nothing_is_said_finer_than_four_decimals() -> None:
    tiny = replace(WORSE, mean=-0.00001, low=-0.00002, high=-0.000001)
    assert words(tiny)[0].startswith(
        "se=0 is worse than se=4 by less than 0.0001 AUC (95 % interval 0.0000..0.0000,"
    )
    assert words(replace(OPEN, mean=-0.00001, madds=-1.0))[0].startswith(
        "se=0 against se=4: +0.0000 AUC"
    )


@pytest.mark.parametrize(
    ("metric", "name"),
    [("accuracy", "accuracy"), ("auc", "AUC"), ("tar_at_far_1e_3", "TAR@FAR 1e-3"), ("own", "own")],
)
def test_the_metric_has_its_name(metric: str, name: str) -> None:
    assert f"by 0.0112 {name} (90 % interval" in words(WORSE, metric=metric, confidence=0.9)[0]


def test_all_resolved_is_said() -> None:
    assert words(WORSE)[-1] == "All measured effects are resolved at 95 %."


def test_resolved_interactions_are_said_and_open_ones_are_listed() -> None:
    factors = (("se", ("4", "0")), ("kind", ("share", "plain")))
    arms = (
        replace(BASE, levels=(("se", "4"), ("kind", "share"))),
        replace(BASE, levels=(("se", "4"), ("kind", "plain")), madds=3_000_000),
    )
    more: dict[str, object] = {"factors": factors, "design": "full", "arms": arms}
    found = words(replace(WORSE, madds=20_000.0), interactions=(INTERACTION,), **more)
    assert found == (
        "se=0 is worse than se=4 by 0.0112 AUC (95 % interval -0.0151..-0.0073, n=5, p=0.003 "
        "after Holm) "
        "in the mean over the other factors at +1.0 % MAdds.",
        "The effect of se=0 (against se=4) is 0.0200 AUC higher with kind=plain than with "
        "kind=share "
        "(95 % interval 0.0100..0.0300, n=5, p<0.001 after Holm).",
        "All measured effects are resolved at 95 %.",
    )
    unresolved = replace(INTERACTION, verdict="not resolvable")
    assert words(WORSE, OPEN, interactions=(unresolved,), **more)[-1] == (
        "Not resolved at 95 % (this does not mean equal): se=0, se=0 × kind=plain."
    )
    aliased = words(interactions=(INTERACTION,), aliases=("se × kind = skip × kernel",), **more)
    assert aliased[0].endswith("; aliased with skip × kernel in this design.")


@settings(max_examples=40)
@given(
    st.sampled_from(("one-at-a-time", "full", "fractional")),
    st.integers(0, 4),
    st.integers(0, 99),
    st.booleans(),
)
def test_every_result_has_a_sentence_per_effect_and_a_closing_one(
    kind: DesignKind, seeds: int, seed: int, partial: bool
) -> None:
    design = two_levels(4, kind)
    values = planted(design, lambda levels: 0.02 * (levels["se"] == "1"), seeds, 0.005, seed)
    if partial:
        values[len(values) // 2 :, seeds // 2 :] = np.nan
    arms = make_arms(design, values)
    effects, interactions = analyse(arms, design.factors, kind)
    found = verdict_words(
        AblationResult(
            "s",
            "b",
            "auc",
            kind,
            design.factors,
            tuple(range(seeds)),
            tuple(arms),
            effects,
            interactions,
            False,
        )
    )
    resolved: list[Verdict] = [
        one.verdict for one in interactions if one.verdict != "not resolvable"
    ]
    interim = any("Interim" in sentence for sentence in found)
    done = [len(arm.values) for arm in arms]
    assert interim == (max(done) > 0 and min(done) < seeds)
    assert len(found) == len(effects) + len(resolved) + 1 + interim
    for sentence in found:
        assert sentence.endswith(".")
        assert not re.search(r"None|nan|-0\.0000|\d\.\d{5}|\n", sentence)


def test_whole_networks_are_compared_in_the_same_words() -> None:
    design = make_design(
        {"network": ("paper/seesaw_share", "paper/seesaw_shuffle")}, "one-at-a-time"
    )
    arms = make_arms(design, np.array([[0.8, 0.81, 0.83], [0.7, 0.72, 0.72]]))
    effects, _ = analyse(arms, design.factors, design.kind)
    found = verdict_words(result(*effects, factors=design.factors, arms=tuple(arms)))
    assert found[0].startswith(
        "network=paper/seesaw_shuffle is worse than network=paper/seesaw_share by 0.1000 AUC"
    )


@pytest.mark.parametrize(
    ("n", "needed", "said"),
    [
        (4, 6, "about 4 more training runs (6 seeds in all)"),
        (6, 5, "the next seeds should resolve it"),
        (8, 7, "the 8 seeds of this race are spent; a new one would take about 7 seeds"),
        (8, 40, "the 8 seeds of this race are spent; a new one would take about 40 seeds"),
        (4, None, "more than 10,000 seeds"),
    ],
)
def test_an_open_race_says_what_is_left_to_do(n: int, needed: int | None, said: str) -> None:
    pair = RacePair("a", "b", n, 2 * n, 0.01, -0.01, 0.03, "not resolvable", needed, 3, 50)
    assert said in _more(RaceResult(0.05, 0.0, 8, None, (pair,)), pair)
