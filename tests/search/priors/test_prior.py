"""What is learnt of the options of an earlier study, and how it is stored."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.analysis.linear_model import Floats, OneHot
from seesawnas.errors import StudyError
from seesawnas.search.priors import Prior
from seesawnas.space import Decision
from tests.search.samplers.toy import toy_set

FEASIBLE = toy_set()
DECISIONS = FEASIBLE.decisions
DEPTH, WIDTH = "stages.0.depth", "stages.1.width"
FINITE = st.floats(allow_nan=False, allow_infinity=False)
OPTION = st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=3))


def trials(number: int = 60) -> tuple[list[dict[str, Any]], Floats]:
    """Networks, and scores that grow with the first depth and shrink with the last width."""
    rng = random.Random(0)
    found = [FEASIBLE.draw(rng) for _ in range(number)]
    noise = np.random.default_rng(0).normal(0, 0.002, number)
    scores = np.array([0.8 + 0.02 * int(one[DEPTH]) - 0.001 * int(one[WIDTH]) for one in found])
    return found, scores + noise


def test_it_finds_what_each_option_adds_in_standard_deviations() -> None:
    assignments, scores = trials()
    prior = Prior.learn("old", assignments, scores, DECISIONS)
    deep, wide = prior.weights[DEPTH], prior.weights[WIDTH]
    assert sorted(deep, key=lambda option: deep[option]) == [1, 2, 3, 4]
    assert sorted(wide, key=lambda option: wide[option]) == [32, 24, 16]
    assert deep[4] - deep[1] == pytest.approx(0.06 / scores.std(), rel=0.1)
    assert prior.trials == 60
    assert prior.r2 > 0.9
    assert (prior.unused, prior.missing(DECISIONS)) == ((), ())


@settings(max_examples=20)
@given(st.floats(1e-3, 1e3), st.floats(-10, 10))
def test_neither_the_scale_of_the_scores_nor_their_mean_matters(scale: float, mean: float) -> None:
    assignments, scores = trials(20)
    one, other = (
        Prior.learn("old", assignments, values, DECISIONS).column(OneHot(DECISIONS))
        for values in (scores, mean + scale * scores)
    )
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_scores_without_a_pattern_predict_no_unseen_trial() -> None:
    assignments, scores = trials()
    shuffled = np.random.default_rng(1).permutation(scores)
    prior = Prior.learn("old", assignments, shuffled, DECISIONS)
    assert prior.r2 < 0.1
    true = Prior.learn("old", assignments, scores, DECISIONS)
    options = OneHot(DECISIONS)
    assert prior.column(options).std() < 0.4 * true.column(options).std()


def test_noise_is_said_to_predict_nothing() -> None:
    found = []
    for seed in range(40):
        rng = random.Random(seed)
        networks = [FEASIBLE.draw(rng) for _ in range(12)]
        noise = np.random.default_rng(seed).normal(size=12)
        found.append(Prior.learn("old", networks, noise, DECISIONS).r2)
    assert np.mean(found) < 0


def test_what_the_spaces_do_not_share_is_named_and_weighs_nothing() -> None:
    assignments, scores = trials()
    old = [
        {**{name: option for name, option in one.items() if name != WIDTH}, "stages.7.depth": n % 3}
        for n, one in enumerate(assignments)
    ]
    for one in old:
        one["defaults.activation"] = "relu"  # one option alone says nothing
        one[DEPTH] += 2  # 3 to 6, of which the space has 3 and 4
    prior = Prior.learn("old", old, scores, DECISIONS)
    assert prior.unused == ("defaults.activation", "stages.7.depth")
    assert prior.missing(DECISIONS) == ("defaults.activation", WIDTH)
    assert list(prior.weights[DEPTH]) == [3, 4]
    options = OneHot(DECISIONS)
    column = prior.column(options)
    assert [column[place] for place in options.places[WIDTH].values()] == [0.0] * 3
    assert column[options.places[DEPTH][1]] == 0.0
    words = prior.words(DECISIONS)
    assert words.startswith("old: 60 trials")
    assert "stages.7.depth" in words
    assert WIDTH in words


def test_too_little_to_learn_from_is_one_line() -> None:
    assignments, scores = trials(12)
    for held, values, rule in (
        (assignments[:9], scores[:9], "old: must have at least 10 complete trials .*, got 9"),
        ([], np.zeros(0), "old: must have at least 10 complete trials .*, got 0"),
        (assignments, np.full(12, 0.5), r"old: must have trials of different scores, got 0\.5"),
        ([{"a.b": n % 2} for n in range(12)], scores, "old: must share decisions .*, got a.b"),
        ([{}] * 12, scores, "old: must share decisions with the search space, .*, got none"),
    ):
        with pytest.raises(StudyError, match=rf"^{rule}$"):
            Prior.learn("old", held, values, DECISIONS)


@given(
    st.builds(
        Prior,
        st.text(),
        st.integers(0, 10**6),
        FINITE,
        st.dictionaries(st.text(), st.dictionaries(OPTION, FINITE)),
        st.lists(st.text()).map(tuple),
    )
)
def test_it_is_stored_whole(prior: Prior) -> None:
    assert Prior.from_mapping(json.loads(json.dumps(prior.to_mapping()))) == prior


@pytest.mark.parametrize(
    "values",
    [
        None,
        {},
        {"name": "x"},
        {"name": "x", "trials": 1, "r2": 0.1, "weights": {"a": [[1]]}, "unused": []},
        {"name": "x", "trials": 1, "r2": float("nan"), "weights": {}, "unused": []},
        {"name": "x", "trials": 1, "r2": 0.1, "weights": {"a": [[[], 1.0]]}, "unused": []},
    ],
)
def test_what_is_damaged_is_refused(values: Any) -> None:
    with pytest.raises(ValueError, match="must be what a search learnt"):
        Prior.from_mapping(values)


def test_a_decision_is_found_by_its_name_alone() -> None:
    assignments, scores = trials()
    moved = [Decision(one.name, tuple(reversed(one.options))) for one in reversed(DECISIONS)]
    prior = Prior.learn("old", assignments, scores, moved)
    assert set(prior.weights) == {one.name for one in DECISIONS}
