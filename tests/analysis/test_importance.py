"""Which decisions mattered, where it is known which did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from seesawnas.analysis.importance import BandImportance, DecisionImportance, importance_of
from seesawnas.analysis.importance_text import caveat, findings, importance_words
from seesawnas.analysis.leave_one_out import FALSE_ALARMS, leave_one_out
from seesawnas.cost import Budget
from seesawnas.errors import StudyError
from seesawnas.report.plots.importance import importance_figure, importance_html
from seesawnas.study import StudyView, Trial, TrialState
from tests.search.planted import DECISIONS, planted, trial, view


def by_expansion(options: Mapping[str, Any]) -> float:
    return 0.02 * int(options["stages.0.expansion"])


def nothing(options: Mapping[str, Any]) -> float:
    return 0.0


def whole(study: StudyView) -> BandImportance:
    found = importance_of(study, 1)
    assert found is not None
    return found.bands[0]


def by_name(band: BandImportance) -> dict[str, DecisionImportance]:
    return {one.name: one for one in band.decisions}


def test_the_decision_that_makes_the_metric_is_on_top_in_both_views_and_alone_above_floor() -> None:
    band = whole(planted(80, by_expansion))
    first = band.decisions[0]
    assert (
        first.name
        == max(band.decisions, key=lambda one: one.ped_anova).name
        == "stages.0.expansion"
    )
    assert [one.name for one in band.decisions if one.clears] == ["stages.0.expansion"]
    assert band.explained > 0.5
    assert sum(one.ped_anova for one in band.decisions) == pytest.approx(1.0)


def test_options_are_worth_what_was_planted() -> None:
    options = whole(planted(400, by_expansion)).decisions[0].options
    assert [option.option for option in options] == [1, 2, 3, 4]
    assert np.diff([option.worth for option in options]) == pytest.approx([0.02] * 3, abs=0.004)
    assert sum(option.n * option.worth for option in options) == pytest.approx(0.0, abs=1e-9)
    assert sum(option.n for option in options) == 400


@pytest.mark.slow
def test_of_pure_noise_no_more_studies_than_stated_have_a_decision_above_the_floor() -> None:
    studies = 200
    alarms = sum(
        any(one.clears for one in whole(planted(24, nothing, seed=seed)).decisions)
        for seed in range(studies)
    )
    # Binomial(200, 0.05) exceeds 18 once in a hundred.
    assert alarms <= 18
    assert FALSE_ALARMS == 0.05


def test_foretelling_in_closed_form_is_leaving_each_trial_out() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((12, 4)), rng.standard_normal(12)
    x -= x.mean(axis=0)
    found = leave_one_out([x[:, :2], x[:, 2:]], y)
    # By hand, with the penalty that the whole data choose.
    best = min(
        ([_press(x, y, penalty), penalty] for penalty in (0.3, 1, 3, 10, 30, 100, 300, 1000, 3000)),
        key=lambda pair: abs(pair[0] - found.r2),
    )
    assert found.r2 == pytest.approx(best[0], abs=1e-9)
    assert found.drops[0] == pytest.approx(found.r2 - _press(x[:, 2:], y, best[1]), abs=1e-9)


def _press(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], penalty: float) -> float:
    errors, means = 0.0, 0.0
    for one in range(len(y)):
        rest = np.arange(len(y)) != one
        design = np.column_stack([np.ones(rest.sum()), x[rest]])
        ridge = np.diag([0.0, *[penalty] * x.shape[1]])
        weights = np.linalg.solve(design.T @ design + ridge, design.T @ y[rest])
        errors += float((y[one] - np.array([1.0, *x[one]]) @ weights) ** 2)
        means += float((y[one] - y[rest].mean()) ** 2)
    return 1 - errors / means


def without_se(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Networks of an activation have no such decision."""
    return ("stages.1.se",) if options["defaults.activation"] == "swish" else ()


def test_a_conditional_decision_that_matters_where_it_exists_is_found_by_both_views() -> None:
    study = planted(160, lambda options: 0.05 * (options.get("stages.1.se") == 4), drop=without_se)
    found = by_name(whole(study))
    se = found["stages.1.se"]
    assert se.clears
    assert se.n < 160
    assert sum(option.n for option in se.options) == se.n
    assert se.drop == max(one.drop for one in found.values())
    assert sorted(found, key=lambda name: -found[name].ped_anova)[0] in (
        "stages.1.se",
        "defaults.activation",
    )


def test_having_a_conditional_decision_counts_for_the_one_that_brings_it() -> None:
    study = planted(160, lambda options: 0.05 * ("stages.1.se" in options), drop=without_se)
    found = by_name(whole(study))
    assert found["defaults.activation"].clears
    assert not found["stages.1.se"].clears


def test_a_conditional_decision_that_a_single_trial_has_disturbs_nothing() -> None:
    study = planted(40, by_expansion, drop=lambda options: ("stages.1.se",))
    one = trial(
        40,
        {name: DECISIONS[name].to_external_repr(0) for name in DECISIONS if "expansion" not in name}
        | {"stages.0.expansion": 1},
        0.8,
    )
    found = by_name(whole(view([*study.trials, one])))
    assert found["stages.1.se"].n == 1
    assert found["stages.1.se"].drop == 0.0
    assert found["stages.0.expansion"].clears


def test_points_outside_the_space_other_proxies_and_trials_that_did_not_end_count_for_nothing() -> (
    None
):
    study = planted(40, by_expansion)
    options = dict(study.trials[0].params)
    outside = trial(40, {}, 5.0)
    stopped = trial(41, options, 9.0, state=TrialState.PRUNED)
    other = trial(42, options, 9.0)
    other.user_attrs["variant"] = "8x32"
    endless = trial(43, options, float("inf"))
    assert importance_of(view([*study.trials, outside, stopped, other, endless])) == importance_of(
        study
    )


def test_bands_hold_equally_many_trials_by_madds_after_the_whole() -> None:
    found = importance_of(planted(90, by_expansion), 3)
    assert found is not None
    assert [band.n for band in found.bands] == [90, 30, 30, 30]
    _, first, second, third = found.bands
    assert first.high <= second.low
    assert second.high <= third.low
    assert all(band.decisions[0].name == "stages.0.expansion" for band in found.bands)


def test_a_study_is_split_by_itself_where_each_band_has_sixty_trials() -> None:
    def bands(trials: int) -> list[int]:
        found = importance_of(planted(trials, nothing))
        assert found is not None
        return [band.n for band in found.bands]

    assert bands(119) == [119]
    assert bands(120) == [120, 60, 60]


def test_a_decision_that_matters_in_one_band_alone_is_found_there() -> None:
    rng = np.random.default_rng(1)
    trials: list[Trial] = []
    for number in range(160):
        options = dict(planted(1, nothing, seed=number).trials[0].params)
        madds = 10**8 if number % 2 else 2 * 10**8
        better = 0.05 * (options["stages.0.kind"] == "share") * (madds > 10**8)
        trials.append(
            trial(number, options, 0.8 + better + 0.01 * float(rng.standard_normal()), madds)
        )
    found = importance_of(view(trials), [Budget.parse("150M"), Budget.parse("150M..300M")])
    assert found is not None
    _, cheap, dear = found.bands
    assert by_name(dear)["stages.0.kind"].clears
    assert not by_name(cheap)["stages.0.kind"].clears


def test_bands_with_too_few_trials_are_refused_in_one_line_and_a_study_with_too_few_has_none() -> (
    None
):
    study = planted(30, nothing)
    for bands, said in (
        (
            4,
            r"^bands must be from 1 to 3 \(each needs 10 trials; the study has \d+ complete "
            r"trials of its space\), got 4$",
        ),
        (0, r"^bands must be from 1 to 3 "),
        (
            [Budget.parse("50M")],
            r"^band 50\.00 ?M must contain at least 10 trials of the study, got 0$",
        ),
    ):
        with pytest.raises(StudyError, match=said):
            importance_of(study, bands)
    assert importance_of(planted(9, nothing)) is None


def test_equal_qualities_and_a_single_option_are_no_fault() -> None:
    band = whole(planted(20, nothing, noise=0.0))
    assert all(one.drop == 0 and not one.clears for one in band.decisions)
    assert band.agreement is None
    fixed = view([trial(number, {"stages.1.se": 4}, 0.8 + number / 1000) for number in range(12)])
    assert [(one.drop, one.ped_anova, len(one.options)) for one in whole(fixed).decisions] == [
        (0.0, 0.0, 1)
    ]
    assert findings(whole(fixed))


def test_the_same_study_says_the_same_twice() -> None:
    assert importance_of(planted(40, by_expansion)) == importance_of(planted(40, by_expansion))


def test_the_words_say_how_few_trials_there_are_what_is_clear_and_whether_the_views_agree() -> None:
    clear = " ".join(findings(whole(planted(40, by_expansion))))
    assert "5 decisions vary; 8.0 trials per decision are few." in clear
    assert "stages.0.expansion (" in clear
    assert "best 4" in clear
    assert "both rank stages.0.expansion first" in clear
    noise = " ".join(findings(whole(planted(60, nothing, seed=4))))
    assert "No decision is above the noise floor" in noise
    assert "are few" not in noise
    assert "has no noise floor" in noise
    found = importance_of(planted(60, nothing))
    assert found is not None
    assert importance_words(found)[-1] == caveat(found)


def test_the_mapping_is_json_and_the_figure_has_both_views_of_every_band() -> None:
    found = importance_of(planted(60, by_expansion), 2)
    assert found is not None
    values = json.loads(json.dumps(found.to_mapping()))
    assert values["bands"][0]["decisions"][0]["clears"] is True
    figure = importance_figure(found)
    assert len(figure.data) == 6
    assert figure.data[0].y[0] == "stages.0.expansion"
    assert figure.data[0].marker.color[0] != figure.data[0].marker.color[-1]
    assert "stages.0.expansion" in importance_html(found)
