"""The feasible set against brute force.

Every network once, none missing, none over budget, all equally likely.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from seesawnas.cost import Budget, cost
from seesawnas.errors import BudgetError, DocumentError
from seesawnas.space import FeasibleSet, SearchSpace, load_space, to_space
from seesawnas.space.feasible import counting
from tests.space.documents import choice, networks, space_of, spellings, stage
from tests.space.feasible.checks import (
    SPACES,
    WAYS,
    assert_is_exactly,
    check_against_brute_force,
    chi_square,
    quantile,
    small_space,
)
from tests.strategies import space_documents


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(space_documents())
def test_the_set_is_exactly_what_brute_force_finds(values: dict[str, Any]) -> None:
    check_against_brute_force(small_space(values))


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(space_documents())
def test_tables_count_exactly_what_asking_counts(values: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_work_to_list", lambda node: -1.0)
        patch.setattr(counting, "_SORT_AT_MOST", 0)
        check_against_brute_force(small_space(values))


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(space_documents(max_stages=2))
def test_big_integers_count_exactly_what_machine_integers_count(values: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_dtype", lambda _: object)
        check_against_brute_force(small_space(values))


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize(("work_to_list", "sort_at_most"), WAYS, ids=["asked", "sorted", "gridded"])
def test_decisions_anywhere_are_counted_exactly(
    name: str, work_to_list: float, sort_at_most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_work_to_list", lambda node: work_to_list)
    monkeypatch.setattr(counting, "_SORT_AT_MOST", sort_at_most)
    assert spellings(SPACES[name]) > 1
    check_against_brute_force(SPACES[name])


@pytest.mark.parametrize("bits", [62, 63, 64, 65, 100])
def test_any_number_of_network_wide_choices_is_counted(bits: int) -> None:
    space = space_of(
        {"width": 8, "stride": 2, "kind": "inverted_bottleneck"},
        stem={"width": {"range": [1, bits]}},
        defaults={"expansion": choice(1, 2)},
    )
    assert FeasibleSet(space).count == 2 * bits
    assert_is_exactly(FeasibleSet(space), networks(space))


def test_free_decisions_beyond_machine_integers_are_counted_and_drawn() -> None:
    blocks = {
        index: {"activation": choice("swish", "relu", "prelu", "gelu")} for index in range(40)
    }
    feasible = FeasibleSet(space_of(stage(depth=40, width=choice(8, 12), blocks=blocks)))
    assert feasible.count == feasible.size == 2 * 4**40
    specs = list(feasible.specs(feasible.sample(50, seed=1)))
    assert len(set(specs)) == 50
    assert {block.activation for spec in specs for block in spec.blocks} == {
        "swish",
        "relu",
        "prelu",
        "gelu",
    }
    ends = feasible.at([0, feasible.count - 1])
    assert ends.vectors.tolist()[0] != ends.vectors.tolist()[1]


def many_decisions(stages: int, blocks: int) -> SearchSpace:
    """A kernel for every block.

    2 ** (stages x blocks) networks, of which comb(stages x blocks, k) have k large kernels.
    """
    kernels = {index: {"kernel": choice(3, 5)} for index in range(blocks)}
    rows = [
        stage(
            kind="inverted_bottleneck",
            expansion=1,
            depth=blocks,
            blocks=kernels,
            stride=1 if i else 2,
        )
        for i in range(stages)
    ]
    return space_of(*rows, input={"height": 4, "width": 4})


@pytest.mark.parametrize(("stages", "blocks"), [(5, 12), (6, 11), (7, 9), (9, 10)])
@pytest.mark.parametrize(("work_to_list", "sort_at_most"), WAYS, ids=["asked", "sorted", "gridded"])
def test_counts_beyond_machine_integers_are_exact(
    stages: int,
    blocks: int,
    work_to_list: float,
    sort_at_most: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counting, "_work_to_list", lambda node: work_to_list)
    monkeypatch.setattr(counting, "_SORT_AT_MOST", sort_at_most)
    space, n = many_decisions(stages, blocks), stages * blocks
    whole = FeasibleSet(space)
    assert whole.count == whole.size == 2**n
    step, rest = divmod(whole.max_madds - whole.min_madds, n)
    assert rest == 0
    for kept in (0, 1, n // 2, n - 1):
        ceiling = FeasibleSet(space, Budget(whole.min_madds + kept * step))
        assert ceiling.count == sum(_binomials(n)[: kept + 1])
        exact = FeasibleSet(
            space, Budget(whole.min_madds + kept * step, whole.min_madds + kept * step)
        )
        assert exact.count == _binomials(n)[kept]
        sample = exact.at([0, exact.count // 2, exact.count - 1])
        assert [cost(spec).madds for spec in exact.specs(sample)] == sample.madds.tolist()
        assert set(sample.madds.tolist()) == {whole.min_madds + kept * step}


def _binomials(n: int) -> list[int]:
    row = [1]
    for k in range(n):
        row.append(row[-1] * (n - k) // (k + 1))
    return row


def test_counts_just_beyond_a_machine_integer_do_not_wrap_round() -> None:
    """The last stages together stay below 2 ** 62; the first carries the count far beyond."""
    for stages, blocks in ((4, 15), (5, 13)):
        space = many_decisions(stages, blocks)
        first = FeasibleSet(
            space.restrict({f"stages.0.blocks.{i}.kernel": (3,) for i in range(blocks)})
        )
        assert first.count == 2 ** ((stages - 1) * blocks)
        assert FeasibleSet(space, Budget(10**12)).count == 2 ** (stages * blocks)


def test_the_same_seed_draws_the_same_networks() -> None:
    feasible = FeasibleSet(load_space("seesaw"), Budget.parse("140M..150M"))
    one, two, other = (feasible.sample(20, seed) for seed in (1, 1, 2))
    assert one.vectors.tolist() == two.vectors.tolist()
    assert one.madds.tolist() == two.madds.tolist()
    assert one.vectors.tolist() != other.vectors.tolist()
    assert (
        FeasibleSet(load_space("seesaw"), Budget.parse("140M..150M")).sample(20, 1).madds.tolist()
        == one.madds.tolist()
    )


def test_a_sample_grows_without_changing_its_beginning() -> None:
    feasible = FeasibleSet(SPACES["defaults shared by stages"])
    assert feasible.sample(30, 5).vectors[:10].tolist() == feasible.sample(10, 5).vectors.tolist()


@pytest.mark.parametrize("budget", ["150M", "140M..150M", "40M"])
def test_every_network_drawn_fits_and_costs_what_the_sample_says(budget: str) -> None:
    feasible = FeasibleSet(load_space("seesaw"), Budget.parse(budget))
    sample = feasible.sample(60, seed=3)
    specs = list(feasible.specs(sample))
    assert [cost(spec).madds for spec in specs] == sample.madds.tolist()
    assert all(Budget.parse(budget).admits_madds(madds) for madds in sample.madds.tolist())
    assert len(set(specs)) == 60


def test_a_sample_says_its_options_by_decision() -> None:
    feasible = FeasibleSet(SPACES["stem"])
    sample = feasible.sample(5, seed=0)
    assert sample.decisions == feasible.space.decisions
    for assignment, vector in zip(sample.assignments(), sample.vectors.tolist(), strict=True):
        assert list(assignment) == [decision.name for decision in feasible.decisions]
        assert list(assignment.values()) == [
            d.options[i] for d, i in zip(feasible.decisions, vector, strict=True)
        ]


def test_a_sample_of_none_is_empty() -> None:
    sample = FeasibleSet(SPACES["five stages"]).sample(0, seed=0)
    assert len(list(sample.assignments())) == len(sample.madds) == 0


# 99.9 % points of the chi-square distribution, by degrees of freedom.
QUANTILES = {35: 66.619, 63: 103.442, 99: 148.230, 127: 181.993}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_draw_is_uniform_over_the_networks_and_not_over_their_spellings(seed: int) -> None:
    # Of 12 spellings of a stage's mixing and split, 7 networks are left: a draw by options would be
    # far from uniform.
    space = space_of(
        stage(
            kind=choice("share", "shuffle", "plain"),
            split=choice([1, 3], [1, 1], [1]),
            depth=choice(1, 2),
        ),
        stage(se=choice("off", 4, 5), expansion=choice(2, 3)),
    )
    expected = networks(space)
    budget = Budget(sorted(expected.values())[63])
    feasible = FeasibleSet(space, budget)
    admitted = {spec for spec, madds in expected.items() if budget.admits_madds(madds)}
    assert feasible.count == len(admitted)
    drawn = Counter(feasible.specs(feasible.sample(40 * len(admitted), seed)))
    assert set(drawn) <= admitted
    assert chi_square(drawn, len(admitted)) < quantile(len(admitted) - 1)


def test_the_approximated_quantiles_are_the_tabulated_ones() -> None:
    for freedom, tabulated in QUANTILES.items():
        assert abs(quantile(freedom) / tabulated - 1) < 2e-3


def test_most_networks_drawn_lie_near_the_ceiling_where_most_networks_are() -> None:
    feasible = FeasibleSet(load_space("seesaw"), Budget.parse("150M"))
    depths = Counter(feasible.sample(400, seed=5).madds // 10_000_000)
    assert max(depths) == 14
    assert depths[14] > depths[9] > depths[5]


@pytest.mark.parametrize("index", [-1, 72, 10**30])
def test_an_index_outside_the_set_is_refused(index: int) -> None:
    feasible = FeasibleSet(SPACES["input"])
    count = feasible.count
    with pytest.raises(IndexError, match=rf"^indices must lie in 0..{count - 1}$"):
        feasible.at([0, index])


@pytest.mark.parametrize("budget", ["10", "1M", "1G..2G", "100000G..1000000G"])
def test_a_budget_that_nothing_meets_names_the_smallest_and_the_largest_cost(budget: str) -> None:
    with pytest.raises(BudgetError) as caught:
        FeasibleSet(load_space("seesaw"), Budget.parse(budget))
    expected = (
        f"budget must contain at least one network of seesaw, got {Budget.parse(budget)}: "
        "MAdds range from 38.35 M (38345728) to 912.97 M (912973824)"
    )
    assert str(caught.value) == expected


def test_a_budget_beyond_machine_integers_is_no_crash() -> None:
    space = SPACES["stem"]
    assert FeasibleSet(space, Budget(10**40)).count == FeasibleSet(space).count
    with pytest.raises(
        BudgetError, match=r"^budget must contain at least one network of FILE, got "
    ):
        FeasibleSet(space, Budget(10**40, 10**39))


def test_a_gap_between_two_costs_admits_nothing() -> None:
    space = space_of(stage(width=choice(8, 16)))
    feasible = FeasibleSet(space)
    with pytest.raises(BudgetError):
        FeasibleSet(space, Budget(feasible.max_madds - 1, feasible.min_madds + 1))


def test_a_space_in_which_no_split_divides_any_width_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"^FILE: contains no network"):
        FeasibleSet(space_of(stage(width=choice(10, 14))))


@pytest.mark.parametrize(
    "stages",
    [
        (stage(depth=choice(1, 2, 3)), stage(stride=1)),
        (stage(depth=choice(1, 2)), stage(stride=choice(1, 2), depth=choice(1, 2))),
        (stage(depth=choice(1, 2), split=choice([1, 3], [3, 1])), stage(stride=1, split=[3, 1])),
        # Only their activations tell these blocks apart, and some choices make them equal.
        (
            stage(depth=choice(1, 2), activation=choice("swish", "relu")),
            stage(depth=choice(1, 2), stride=1, activation=choice("relu", "swish")),
        ),
        (
            stage(depth=choice(1, 2), activation=choice("swish", "relu")),
            stage(depth=choice(1, 2), stride=1, activation="relu"),
        ),
    ],
)
def test_a_stage_that_cannot_be_told_from_the_one_before_is_refused(
    stages: tuple[dict[str, Any], ...],
) -> None:
    rule = "stride must be 2 after stages.0 (variable depth, same block possible), got 1"
    with pytest.raises(DocumentError) as caught:
        FeasibleSet(space_of(*stages))
    assert str(caught.value) == f"FILE: stages.1: {rule}; or merge the two stages"


@pytest.mark.parametrize(
    "stages",
    [
        (stage(depth=3), stage(stride=1)),
        (stage(depth=choice(1, 2)), stage()),
        (stage(depth=choice(1, 2)), stage(stride=1, width=16)),
        (stage(depth=choice(1, 2)), stage(stride=1, kernel=5)),
        (
            stage(depth=choice(1, 2), activation="relu"),
            stage(stride=1, activation=choice("swish", "gelu")),
        ),
        # The first block of a stage always begins it, so the second stage's may equal it.
        (
            stage(depth=choice(1, 2), skip="conv"),
            stage(stride=choice(1, 2), kernel=choice(5, 7), depth=choice(1, 2)),
        ),
    ],
)
def test_stages_that_can_be_told_apart_are_counted(stages: tuple[dict[str, Any], ...]) -> None:
    check_against_brute_force(space_of(*stages))


def test_the_first_block_of_a_stage_may_equal_the_first_of_the_one_before() -> None:
    overrides = {"blocks": {0: {"kernel": 5}}}
    check_against_brute_force(
        space_of(
            stage(stride=1, depth=choice(1, 2), **overrides),
            stage(stride=1, depth=choice(1, 2), **overrides),
        )
    )


def test_a_block_too_dear_for_exact_counts_is_refused() -> None:
    wide = stage(
        kind="inverted_bottleneck", width=choice(100_000, 90_000), middle=100_000, stride=1
    )
    wide.pop("expansion")
    with pytest.raises(
        BudgetError,
        match=r"^FILE: stages.0: must have blocks of at most 10000000000000 MAdds, got ",
    ):
        FeasibleSet(space_of(wide, input={"height": 4096, "width": 4096}))


def test_too_many_combinations_in_one_stage_are_refused() -> None:
    kernels = {index: {"kernel": choice(3, 5)} for index in range(25)}
    with pytest.raises(
        DocumentError,
        match=r"^FILE: stages.0: must have at most 2000000 combinations of options, got 33554432$",
    ):
        FeasibleSet(space_of(stage(depth=25, blocks=kernels)))


def test_too_many_network_wide_combinations_are_refused() -> None:
    space = space_of(input={"height": {"range": [1, 70]}, "width": {"range": [1, 70]}})
    with pytest.raises(
        DocumentError,
        match=r"^FILE: must have at most 4096 combinations of network-wide decisions, got 4900$",
    ):
        FeasibleSet(space)


def test_costs_too_fine_to_tabulate_are_refused_with_advice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counting, "_work_to_list", lambda node: -1.0)
    monkeypatch.setattr(counting, "_SORT_AT_MOST", 0)
    monkeypatch.setattr(counting, "MAX_CELLS", 3)
    with pytest.raises(
        BudgetError, match=r"^stages.\d and later: must have at most 3 distinct costs, got \d+"
    ):
        FeasibleSet(SPACES["five stages"])


def test_a_space_laid_out_in_the_six_rows_of_a_papers_table_is_counted_whole() -> None:
    attributes = {
        "expansion": {"choice": [2, 3, 4]},
        "se": {"choice": ["off", 4]},
        "kernel": {"choice": [3, 5]},
    }
    stages = [
        {
            **attributes,
            "depth": depth,
            "width": {"range": [width, width + 32, 16]},
            "stride": stride,
        }
        for width in (48, 96, 128)
        for depth, stride in ((1, 2), ({"range": [2, 6]}, 1))
    ]
    space = to_space({"defaults": {"kind": "share"}, "stages": stages}, "six.yaml")
    feasible = FeasibleSet(space, Budget.parse("150M"))
    # (3 widths x 12 blocks) and (3 widths x 5 depths x 12 blocks), three times over; all widths
    # divide by 4.
    assert feasible.size == (36 * 180) ** 3
    assert 0 < feasible.count < feasible.size
    low, high = (
        FeasibleSet(space, Budget.parse("120M")),
        FeasibleSet(space, Budget.parse("120000001..150M")),
    )
    assert low.count + high.count == feasible.count
    assert all(madds <= 150_000_000 for madds in feasible.sample(50, seed=0).madds)


def test_too_many_network_wide_decisions_are_refused_before_they_are_listed() -> None:
    wide = {"range": [1, 1000]}
    values = {
        "input": {"height": wide, "width": wide},
        "stem": {"width": wide},
        "defaults": {"kind": "share", "expansion": 2},
    }
    with pytest.raises(
        DocumentError, match="must have at most 4096 combinations of network-wide decisions"
    ):
        FeasibleSet(to_space({**values, "stages": [{"width": 16}]}, "wide.yaml"))
