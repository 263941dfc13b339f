"""An ablation's plots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seesawnas.report.plots.ablation import (
    STYLES,
    forest_figure,
    interaction_forest,
    interaction_plots,
)
from seesawnas.report.study.ablation import HEADS, ablation_sentences, effect_rows, effect_words
from tests.report.ablations import made_up


def test_the_forest_holds_every_effect_in_its_factor_s_place_with_its_interval() -> None:
    result = made_up()
    figure = forest_figure(result)
    assert figure is not None
    labels = figure.layout.yaxis.ticktext
    assert labels[0] == "<b>kind</b>  share → shuffle"
    assert labels[3] == "<b>activation</b>  swish → &lt;b&gt;prelu&lt;/b&gt;"
    points = {trace.name: trace for trace in figure.data if trace.name in STYLES}
    assert set(points) == {"better", "worse", "not resolvable"}
    better = points["better"]
    assert (better.x[0], better.y[0]) == (pytest.approx(0.61), 0)
    assert better.x[0] + better.error_x.array[0] == pytest.approx(0.89)
    assert better.x[0] - better.error_x.arrayminus[0] == pytest.approx(0.33)
    assert len({(trace.marker.color, trace.marker.symbol) for trace in points.values()}) == 3
    assert [note.text for note in figure.layout.annotations] == ["not measured yet"]


def test_the_change_in_cost_stands_beside_each_effect_in_millions() -> None:
    figure = forest_figure(made_up())
    assert figure is not None
    bars = {trace.name: trace for trace in figure.data if trace.type == "bar"}
    assert list(bars["MAdds"].x) == [0.0, -1.2, 0.0, 0.0]
    assert bars["params"].text[1] == "-0.31"


def test_an_effect_is_in_points_of_shares_and_in_its_own_unit_of_auc() -> None:
    effect = made_up().effects[0]
    assert effect_words(effect, "accuracy") == "+0.61 (+0.33 to +0.89) points"
    assert effect_words(effect, "auc") == "+0.0061 (+0.0033 to +0.0089) AUC"
    assert effect_words(made_up().effects[3], "auc") == "not measured yet"


def test_an_interaction_plot_is_the_mean_of_the_arms_at_each_pair_of_levels() -> None:
    result = made_up()
    figure = interaction_plots(result)
    assert figure is not None
    line = next(trace for trace in figure.data if trace.name == "se = 0")
    wanted = {("kind", "shuffle"), ("se", "0")}
    found = [value for arm in result.arms if wanted <= set(arm.levels) for _, value in arm.values]
    assert list(line.x) == ["share", "shuffle"]
    assert line.y[1] == pytest.approx(100 * sum(found) / len(found))
    crossed = interaction_forest(result)
    assert crossed is not None
    assert crossed.layout.yaxis.ticktext == (
        "<b>kind × se</b>  shuffle, 0",
        "<b>se × activation</b>  0, relu",
    )


def test_one_factor_at_a_time_has_no_interactions_and_nothing_measured_has_no_plot() -> None:
    result = replace(made_up(), design="one-at-a-time", interactions=())
    assert interaction_plots(result) is None
    assert interaction_forest(result) is None
    assert forest_figure(replace(result, effects=(made_up().effects[3],))) is None


def test_the_sentences_and_the_table_say_the_design_and_each_verdict() -> None:
    result = replace(made_up(), resolution="IV", aliases=("se + kind × act",), matched=True)
    text = " ".join(ablation_sentences(result))
    assert (
        "Full design around paper/seesaw_share: 12 networks, rescaled to the base's MAdds, 4 "
        "training seeds" in text
    )
    assert "resolution IV; aliased: se + kind × act" in text
    rows = effect_rows(result)
    assert all(len(row) == len(HEADS) for row in rows)
    assert rows[2][5:7] == ("not resolvable", "140")
