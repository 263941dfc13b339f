"""Tables of trials: those of reports, those that ship, those of other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seesawnas.cost import Budget
from seesawnas.errors import StudyError
from seesawnas.io.catalog import TABLES
from seesawnas.search.priors import Prior
from seesawnas.search.priors.table import read_table
from seesawnas.space import Decision, FeasibleSet, load_space

DECISIONS = [
    Decision("stages.0.depth", (1, 2, 4)),
    Decision("stages.0.split", ("1:1", "1:3")),
    Decision("stages.0.flag", (True, False)),
]
REPORT = Path(__file__).parents[3] / "studies" / "lfw_latency" / "trials.csv"


def table(folder: Path, text: str) -> Path:
    path = folder / "old.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_cells_are_the_options_that_they_read_like(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "\ufeffnote,stages.0.depth,stages.0.split,stages.0.flag,stages.9.width,accuracy\n"
        "first,1,1:1,True,64,0.5\n\n"
        '"a, b",4.0,1:3,False,,0.6\n'
        ",7,1:2,,64,0.7\n",
    )
    found, scores = read_table(path, "old.csv", DECISIONS, "accuracy")
    assert found == [
        {
            "stages.0.depth": 1,
            "stages.0.split": "1:1",
            "stages.0.flag": True,
            "stages.9.width": "64",
        },
        {"stages.0.depth": 4, "stages.0.split": "1:3", "stages.0.flag": False},
        {"stages.0.depth": "7", "stages.0.split": "1:2", "stages.9.width": "64"},
    ]
    assert scores.tolist() == [0.5, 0.6, 0.7]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_score_is_the_metric_or_a_column_of_that_name(tmp_path: Path, delimiter: str) -> None:
    text = "stages.0.depth,auc,score\n1,0.7,1\n2,0.8,2\n".replace(",", delimiter)
    for metric, wanted in (("auc", [0.7, 0.8]), ("accuracy", [1.0, 2.0])):
        _, scores = read_table(table(tmp_path, text), "old.csv", DECISIONS, metric)
        assert scores.tolist() == wanted


def test_only_complete_trials_of_the_study_s_own_proxy_count(tmp_path: Path) -> None:
    text = (
        "state,variant,stages.0.depth,score\ncomplete,,1,0.1\npruned,,1,0.2\n"
        "COMPLETE,seed 1,1,0.3\nfailed,,1,\ncomplete,,2,0.4\ncomplete,,2,\n"
    )
    found, scores = read_table(table(tmp_path, text), "old.csv", DECISIONS, "auc")
    assert [one["stages.0.depth"] for one in found] == [1, 2]
    assert scores.tolist() == [0.1, 0.4]


def test_scores_of_several_studies_are_compared_within_each(tmp_path: Path) -> None:
    text = "study,stages.0.depth,score\na,1,1\na,2,3\nb,1,70\nb,2,90\nc,4,5\n"
    _, scores = read_table(table(tmp_path, text), "old.csv", DECISIONS, "auc")
    np.testing.assert_allclose(scores, [-1, 1, -1, 1, 0])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "old.csv: must have a header and trials, got an empty file"),
        ("stages.0.depth,acc\n1,0.5\n", "must have a column auc or score, got stages.0.depth, acc"),
        ("auc,auc\n1,2\n", "columns must be unique, got auc twice"),
        ("stages.0.depth,auc\n1,0.5\n2,x\n", "old.csv: line 3: auc must be a number, got x"),
        ("stages.0.depth,auc\n1,inf\n", "old.csv: line 2: auc must be a number, got inf"),
        (
            "stages.0.depth,auc,score\n1,,1\n2,,2\n",
            "old.csv: column auc must have a number .*, got none for 2 complete trials",
        ),
        ('stages.0.depth,auc\n1,"0.5\n', "old.csv: line 2: "),
    ],
)
def test_a_fault_is_one_line_with_its_place(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(StudyError, match=rule) as caught:
        read_table(table(tmp_path, text), "old.csv", DECISIONS, "auc")
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="must be UTF-8 text"):
        read_table(tmp_path / "old.csv", "old.csv", DECISIONS, "auc")
    with pytest.raises(StudyError, match="cannot be read"):
        read_table(tmp_path / "none.csv", "none.csv", DECISIONS, "auc")


def test_the_table_of_a_report_is_read_as_it_is() -> None:
    decisions = FeasibleSet(load_space("seesaw"), Budget.parse("150M")).decisions
    found, scores = read_table(REPORT, "trials.csv", decisions, "auc")
    assert len(found) == len(scores) == 20
    assert set(found[0]) == {one.name for one in decisions}
    assert all(one[d.name] in d.options for one in found for d in decisions)


@pytest.mark.parametrize("name", TABLES.names())
def test_what_ships_is_small_and_predicts_its_own_trials(name: str) -> None:
    path = TABLES.find(name)
    assert path is not None
    assert path.stat().st_size < 100_000
    decisions = load_space("seesaw").decisions
    prior = Prior.learn(name, *read_table(path, name, decisions, "accuracy"), decisions)
    assert prior.r2 > 0.4
    assert prior.unused == prior.missing(decisions) == ()
