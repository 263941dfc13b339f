"""Parallel coordinates of a study's decisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from seesawnas.report.plots.parallel import BEST, OTHERS, parallel_figure
from seesawnas.report.study.ranking import ranking_of
from seesawnas.study import StudyView, find_study
from tests.study.stored import store_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyView:
    folder: Path = tmp_path_factory.mktemp("runs") / "s"
    store_study(folder, 300)
    return find_study(str(folder)).view()


def test_every_decision_is_a_row_and_the_best_network_s_line_goes_through_its_options(
    study: StudyView,
) -> None:
    rows = ranking_of(study).rows
    figure = parallel_figure(study, rows)
    assert figure is not None
    names = list(figure.layout.yaxis.ticktext)
    best = study.trials[rows[0].number]
    assert set(best.params) - {"stages.2.kernel"} <= set(names)
    assert names.index("stages.0.width") < names.index("stages.1.depth")
    line = next(trace for trace in figure.data if trace.name.startswith("best: "))
    marks = {
        (x, y): note for note in figure.layout.annotations for x, y in [(round(note.x, 4), note.y)]
    }
    for x, y in zip(line.x, line.y, strict=True):
        if y is not None and names[y] in best.params:
            assert marks[(x, y)].text == str(best.params[names[y]])


def test_no_more_lines_than_eyes_can_follow(study: StudyView) -> None:
    figure = parallel_figure(study, ranking_of(study).rows)
    assert figure is not None
    lines = sum(list(trace.y).count(None) for trace in figure.data if trace.mode == "lines")
    assert BEST < lines <= BEST + OTHERS


def test_an_option_says_how_many_trials_have_it_and_how_good_they_are(study: StudyView) -> None:
    rows = ranking_of(study).rows
    figure = parallel_figure(study, rows)
    assert figure is not None
    words = next(
        text for text in figure.data[-1].hovertext if text.startswith("<b>stages.0.kind = share")
    )
    found = [
        row.accuracy for row in rows if study.trials[row.number].params["stages.0.kind"] == "share"
    ]
    mean = 100 * sum(found) / len(found)
    assert words.endswith(f"{len(found)} trials, mean {mean:.2f} %, best {100 * max(found):.2f} %")


def test_one_network_is_nothing_to_compare(study: StudyView) -> None:
    assert parallel_figure(study, ranking_of(study).rows[:1]) is None
    assert parallel_figure(study, []) is None
