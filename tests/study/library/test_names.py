"""Names of studies: those of parts of other studies are refused before anything begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from optuna.study import StudyDirection

from seesawnas.ablation.loading import plan_of as ablation_of
from seesawnas.analysis.fidelity.plan import plan_of as fidelity_of
from seesawnas.confirmation.loading import plan_of as confirmation_of
from seesawnas.errors import StudyError
from seesawnas.search.loading import plan_of as search_of
from seesawnas.study import StudyFile
from seesawnas.study.storage.open import open_url

ASKED: dict[str, tuple[Callable[[Mapping[str, Any]], Any], dict[str, Any]]] = {
    "search": (lambda options: search_of(None, options), {"budget": "150M"}),
    "ablate": (
        lambda options: ablation_of(None, options),
        {"base": "paper/seesaw_share", "factors": "se"},
    ),
    "confirm": (
        lambda options: confirmation_of(None, options),
        {"networks": ["paper/seesaw_share", "paper/mobilefacenet"]},
    ),
    "fidelity": (lambda options: fidelity_of(options), {"budget": "150M"}),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=ASKED)
def ask(request: pytest.FixtureRequest, place: Path) -> Callable[[str], Any]:
    plan_of, options = ASKED[request.param]
    return lambda study: plan_of({**options, "study": study})


@pytest.mark.parametrize("study", ["x.repeats", "runs/x.repeats/", "x.56px", "x.56px.repeats"])
def test_a_name_of_a_part_of_another_study_is_refused(
    ask: Callable[[str], Any], study: str
) -> None:
    with pytest.raises(StudyError, match=r"^--study must not end in \.repeats or in a size") as one:
        ask(study)
    assert "\n" not in str(one.value)
    assert f"got {study.rstrip('/')}; give another name" in str(one.value)


@pytest.mark.parametrize("study", ["x", "repeats", "x.repeats.2", "56px", "x.repeats/y"])
def test_other_names_may_be_given(ask: Callable[[str], Any], study: str) -> None:
    assert ask(study).study == study


def test_a_study_that_was_begun_under_such_a_name_is_resumed(
    ask: Callable[[str], Any], place: Path
) -> None:
    (place / "runs" / "x.repeats").mkdir(parents=True)
    (place / "runs" / "x.repeats" / "journal.log").touch()
    assert ask("x.repeats").study == "x.repeats"


def test_the_name_of_a_study_file_is_a_name_too(place: Path) -> None:
    (place / "mine.repeats.yaml").write_text("budget: 150M\n")
    with pytest.raises(StudyError, match=r"^mine\.repeats\.yaml: study: must not end in"):
        search_of(StudyFile.read("mine.repeats.yaml"), {})


@pytest.mark.parametrize("command", sorted(set(ASKED) - {"fidelity"}))
def test_a_study_that_is_only_in_a_database_is_resumed_under_such_a_name(
    command: str, place: Path
) -> None:
    plan_of, options = ASKED[command]
    stored = {**options, "storage": f"sqlite:///{place}/studies.db"}
    with pytest.raises(StudyError, match="must not end in"):
        plan_of({**stored, "study": "x.56px"})
    open_url(stored["storage"]).create_new_study([StudyDirection.MAXIMIZE], "x.56px")
    assert plan_of({**stored, "study": "x.56px"}).study == "x.56px"
    with pytest.raises(StudyError, match="must not end in"):
        plan_of({**stored, "study": "y.56px"})
