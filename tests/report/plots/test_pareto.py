"""The Pareto page."""

from __future__ import annotations

import re

import pytest

from seesawnas.cost import Budget
from seesawnas.report.plots.pareto import pareto_figure, pareto_html
from seesawnas.study import Objectives
from tests.study.results import result

ROWS = [
    result(0, "a" * 16, "paper/seesaw_share", 0.80, 0.88, 145_762_816, 1_370_176, 63.0),
    result(1, "b" * 16, None, 0.82, 0.89, 120_000_000, 1_000_000, 55.0),
    result(2, "c" * 16, "<b>x</b>", 0.70, 0.79, 90_000_000, 900_000, 50.0),
]


def test_the_page_works_offline() -> None:
    page = pareto_html(ROWS)
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<(script|link)[^>]+(src|href)=", page)


def test_it_names_every_network_with_its_digest_params_and_auc() -> None:
    page = pareto_html(ROWS, title="lfw", budget=Budget(150_000_000))
    data = page[page.rindex("Plotly.newPlot") :]
    for words in (
        "b" * 16,
        "AUC 0.8900",
        "1.00 M params",
        "Pareto front",
        "seesaw_share",
        "budget 150.00 M",
        "lfw",
    ):
        assert words in data


def test_markup_in_labels_and_the_title_is_shown_as_it_is_written() -> None:
    page = pareto_html(ROWS, title="<i>mine</i>")
    data = re.sub(
        r"\\u(00[0-9a-f]{2})",
        lambda code: chr(int(code[1], 16)),
        page[page.rindex("Plotly.newPlot") :],
    )
    assert "<b>x" not in data
    assert "<i>" not in data
    assert data.count("&lt;b&gt;x&lt;/b&gt;") == 2  # beside the star, and when hovering
    assert "&lt;i&gt;mine&lt;/i&gt;" in data


def test_the_front_is_of_the_study_s_objectives_and_its_first_cost_lies_below() -> None:
    dear = result(3, "d" * 16, None, 0.83, 0.89, 110_000_000, 2_000_000, 55.0)
    rows = [*ROWS, dear]
    for objectives, numbers in (
        ("accuracy", [2, 3]),
        ("accuracy,madds", [2, 3]),
        ("accuracy,params", [2, 1, 3]),
    ):
        figure = pareto_figure(rows, title="t", objectives=Objectives.parse(objectives))
        cost = "params" if "params" in objectives else "madds"
        wanted = [
            getattr(next(row for row in rows if row.number == number), cost) / 1e6
            for number in numbers
        ]
        assert list(figure.data[0].x) == wanted
    assert figure.layout.xaxis.title.text == "params (millions)"
    assert "accuracy against params" in pareto_html(
        rows, objectives=Objectives.parse("accuracy,params")
    )


def test_a_front_of_three_objectives_is_points_and_no_line() -> None:
    figure = pareto_figure(ROWS, title="t", objectives=Objectives.parse("auc,params,madds"))
    assert figure.data[0].mode == "markers"
    assert pareto_figure(ROWS, title="t").data[0].mode == "lines"


@pytest.mark.parametrize(
    ("budget", "objectives", "label"),
    [
        ("150M", "accuracy,params", None),
        ("150M, params<=1.5M", "accuracy,params", "budget 1.50 M"),
        ("150M, params<=1.5M", "accuracy,madds,params", "budget 150.00 M"),
        ("params<=1.5M", "accuracy", None),
    ],
)
def test_the_budget_s_end_stands_only_on_the_axis_that_it_limits(
    budget: str, objectives: str, label: str | None
) -> None:
    figure = pareto_figure(
        ROWS, title="t", budget=Budget.parse(budget), objectives=Objectives.parse(objectives)
    )
    assert [note.text for note in figure.layout.annotations] == ([] if label is None else [label])


def test_an_empty_study_still_has_a_page() -> None:
    assert "Plotly.newPlot" in pareto_html([])
