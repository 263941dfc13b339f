"""The Pareto page."""

from __future__ import annotations

import re

from seesawnas.cost import Budget
from seesawnas.report.pareto import pareto_html
from seesawnas.report.rows import RankedRow

ROWS = [
    RankedRow(0, "a" * 16, "paper/seesaw_share", 0.80, 0.01, 0.88, 145_762_816, 1_370_176, 63.0),
    RankedRow(1, "b" * 16, None, 0.82, 0.01, 0.89, 120_000_000, 1_000_000, 55.0),
    RankedRow(2, "c" * 16, "<b>x</b>", 0.70, 0.01, 0.79, 90_000_000, 900_000, 50.0),
]


def test_the_page_works_offline() -> None:
    page = pareto_html(ROWS)
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<(script|link)[^>]+(src|href)=", page)


def test_it_names_every_network_with_its_digest_params_and_auc() -> None:
    page = pareto_html(ROWS, title="lfw", budget=Budget(150_000_000))
    data = page[page.rindex("Plotly.newPlot") :]
    for words in ("b" * 16, "AUC 0.8900", "1.00 M params", "Pareto front", "seesaw_share", "budget 150.00 M", "lfw"):
        assert words in data


def test_markup_in_labels_and_the_title_is_shown_as_it_is_written() -> None:
    page = pareto_html(ROWS, title="<i>mine</i>")
    data = re.sub(r"\\u(00[0-9a-f]{2})", lambda code: chr(int(code[1], 16)), page[page.rindex("Plotly.newPlot") :])
    assert "<b>x" not in data
    assert "<i>" not in data
    assert data.count("&lt;b&gt;x&lt;/b&gt;") == 2  # beside the star, and when hovering
    assert "&lt;i&gt;mine&lt;/i&gt;" in data


def test_an_empty_study_still_has_a_page() -> None:
    assert "Plotly.newPlot" in pareto_html([])
