"""``seesawnas importance``: what it prints, and that it only reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Ran
from tests.study.stored import store_study

TRIALS = 60


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("importance")
    store_study(folder / "runs" / "s", TRIALS)
    store_study(folder / "runs" / "few", 3)
    return folder


@pytest.fixture
def folder(stored: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(stored)
    return stored


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_prints_a_table_a_band_with_its_words_and_writes_nothing(folder: Path) -> None:
    before = files(folder)
    ran = Ran("importance", "s", "--bands", "2", "--top", "3")
    assert ran.code == 0, ran.err
    assert ran.out.count("options, best first") == 3
    assert "more decisions" in ran.out
    assert "trials per decision are few" in ran.out
    assert "rank correlation" in ran.out
    assert files(folder) == before


def test_json_has_stable_keys_and_the_words(folder: Path) -> None:
    values = Ran("importance", "s", "--bands", "120M..135M", "--json").json
    assert list(values) == ["study", "quality", "bands", "words", "notes"]
    assert (values["study"], values["quality"]) == ("s", "accuracy")
    assert 120_000_000 <= values["bands"][1]["low"] <= values["bands"][1]["high"] <= 135_000_000
    decision = values["bands"][0]["decisions"][0]
    assert list(decision) == ["name", "ped_anova", "drop", "floor", "n", "options", "clears"]
    assert list(decision["options"][0]) == ["option", "n", "worth"]
    assert len(values["words"]) == 3


def test_the_plot_is_a_page_that_needs_no_network(folder: Path, tmp_path: Path) -> None:
    assert Ran("importance", "s", "--plot", str(tmp_path / "bars.html")).code == 0
    assert "PED-ANOVA" in (tmp_path / "bars.html").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "nothing: must be an existing study, got none in runs/nothing"),
        (["few"], "study few: must have at least 10 complete trials of its search space"),
        (["s", "--bands", "50"], "bands must be from 1 to 3 (each needs 10 trials; the study has "),
        (["s", "--bands", "1M"], "band 1.00 M must contain at least 10 trials of the study, got 0"),
        (["s", "--bands", "wide"], "got 'wide'"),
        (["s", "--bands", "params<=1M"], "--bands must limit MAdds only, got params<=1M"),
        (["s", "--storage", "sqlite:///x.db"], "this study is stored in"),
        (["new", "--storage", "sqlite:///x.db"], "storage sqlite:///x.db: there is no such file"),
    ],
)
def test_a_fault_is_one_line_and_exit_code_two(
    folder: Path, words: list[str], message: str
) -> None:
    ran = Ran("importance", *words)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert message in ran.err
