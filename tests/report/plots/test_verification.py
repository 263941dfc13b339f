"""Pages of verification and identification."""

from __future__ import annotations

import re

import numpy as np
import pytest

from seesawnas.evaluation import (
    COSINE,
    INSIGHTFACE,
    Pairs,
    Protocol,
    VerifiedSet,
    evaluate,
    identify,
)
from seesawnas.report.plots.verification import (
    POINTS,
    comparison_html,
    identification_html,
    thin_curve,
    verification_html,
)


def _scored(name: str, protocol: Protocol, pairs: int = 400) -> VerifiedSet:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2 * pairs, 8))
    same = np.arange(pairs) % 2 == 0
    rows[pairs:][same] += rows[:pairs][same]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    chosen = Pairs(np.arange(pairs), np.arange(pairs, 2 * pairs), same)
    evaluation = evaluate(rows, chosen, protocol, resamples=0)
    return VerifiedSet(name, protocol.distances(rows, chosen), same, evaluation)


@pytest.mark.parametrize("protocol", [INSIGHTFACE, COSINE])
def test_the_page_works_offline_and_names_every_set(protocol: Protocol) -> None:
    sets = [_scored(name, protocol) for name in ("lfw", "<b>cfp</b>")]
    page = verification_html(sets, protocol, title="<i>mine</i>")
    assert not re.search(r"<(script|link)[^>]+(src|href)=", page)
    data = re.sub(
        r"\\u(00[0-9a-f]{2})",
        lambda code: chr(int(code[1], 16)),
        page[page.rindex("Plotly.newPlot") :],
    )
    for words in (
        "lfw",
        "&lt;b&gt;cfp",
        "&lt;i&gt;mine",
        protocol.score,
        "false accept rate",
        "impostor pairs",
        "AUC 0.",
    ):
        assert words in data
    assert "<b>" not in data


def test_several_models_have_a_plot_for_each_set_and_a_curve_for_each_model() -> None:
    sets = [[_scored(name, COSINE)] * 3 for name in ("lfw", "cfp")]
    page = comparison_html(["<b>mine</b>", "theirs", "old"], sets, COSINE)
    assert not re.search(r"<(script|link)[^>]+(src|href)=", page)
    start = page.rindex("Plotly.newPlot")
    assert page.count('"mode":"lines"', start) == 6
    for axis in ("xaxis", "xaxis2", "yaxis", "yaxis2"):
        assert f'"{axis}":' in page[start:]
    data = page[start:].replace("\\u003c", "<").replace("\\u003e", ">")
    assert "theirs on lfw, AUC 0." in data
    assert "<b>mine" not in data


def test_a_curve_of_many_pairs_is_thinned_but_keeps_its_ends() -> None:
    far = np.arange(1, 100_001) / 100_000
    thin, tar = thin_curve(far, np.sqrt(far))
    assert len(thin) <= POINTS + 1
    assert (thin[0], thin[-1]) == (far[0], 1.0)
    assert (np.diff(thin) > 0).all()
    np.testing.assert_array_equal(tar, np.sqrt(thin))


def test_scores_that_are_all_equal_have_a_page() -> None:
    rows = np.ones((8, 1))
    pairs = Pairs(np.arange(4), np.arange(4, 8), np.array([True, False] * 2))
    found = VerifiedSet(
        "flat",
        COSINE.distances(rows, pairs),
        pairs.same,
        evaluate(rows, pairs, COSINE, resamples=0),
    )
    assert "Plotly.newPlot" in verification_html([found], COSINE, title="t")


def test_the_det_curve_works_offline() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(20), 3)
    rows = rng.normal(size=(20, 6))[labels] + rng.normal(size=(60, 6))
    page = identification_html(
        identify(rows / np.linalg.norm(rows, axis=1, keepdims=True), labels), title="a & b"
    )
    assert not re.search(r"<(script|link)[^>]+(src|href)=", page)
    assert "40 probes among 20 identities" in page
