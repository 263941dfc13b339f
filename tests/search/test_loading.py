"""Study files and options: what they come to, and what is said of their faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.cost import Budget
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.io.catalog import shipped_folder
from seesawnas.search import StudyFile, plan_of, samplers
from seesawnas.search.plan import SAMPLERS
from seesawnas.space import read_yaml, write_yaml
from seesawnas.study import Asha, Objectives, StudyRecord, open_storage
from seesawnas.study.engines.registry import ENGINES
from seesawnas.study.library.files import read_study, shipped_studies
from seesawnas.study.record.provenance import Run
from seesawnas.train import FIRST_RUN, PROXY
from tests.study.fakes import small_set

SHARE = "paper/seesaw_share"


def file(text: str, name: str = "mine") -> StudyFile:
    return StudyFile(read_yaml(text, "mine.yaml"), "mine.yaml", name)


def faults(study: StudyFile | None, /, **options: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        plan_of(study, options)
    return str(caught.value).splitlines()


def test_the_shipped_default_is_the_search_by_budget_alone() -> None:
    assert plan_of(StudyFile.read("studies/search_150m.yaml"), {}) == plan_of(
        None, {"budget": "150M"}
    )
    assert plan_of(None, {"budget": "150M"}).study == "search_150m"


def test_a_study_is_named_by_its_space_budget_and_faces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert plan_of(None, {"budget": "150M", "space": "mixed"}).study == "search_mixed_150m"
    assert plan_of(None, {"budget": "1M", "space": "own/A b.yaml", "data": "lfw/train"}).study == (
        "search_a_b_1m_train"
    )


def test_a_study_that_an_earlier_version_named_without_its_space_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    former = Path("runs/search_150m")
    storage = open_storage(None, former, writing=True)
    record = StudyRecord(storage, "search_150m", small_set().decisions)
    Run(record, former, {"space": "mixed", "budget": "150M"}, {})
    assert plan_of(None, {"budget": "150M", "space": "mixed"}).study == "search_150m"
    assert plan_of(None, {"budget": "150M", "space": "mobilefacenet"}).study == (
        "search_mobilefacenet_150m"
    )


@pytest.mark.parametrize(
    "name", [name for name in shipped_studies() if "base" not in StudyFile.read(name).values]
)
def test_every_shipped_study_is_a_plan_under_each_of_its_names(name: str) -> None:
    plans = [
        plan_of(StudyFile.read(ref), {}) for ref in (name, f"{name}.yaml", f"studies/{name}.yaml")
    ]
    assert plans[0] == plans[1] == plans[2]
    assert plans[0].study == name
    assert StudyFile.read(name).values["about"]


def test_all_shipped_studies_lie_in_one_folder_of_the_repository() -> None:
    assert shipped_folder("studies") == Path(__file__).parents[2] / "studies"
    assert {"first_run", "search_150m", "search_careful", "search_pareto"} <= set(shipped_studies())


def test_options_win_over_the_file_and_the_file_over_defaults() -> None:
    plan = plan_of(
        file("{budget: 1M, trials: 5, objectives: [auc, params], time: 1h30m, seed: 3}"),
        {"trials": 7},
    )
    assert (plan.rules.trials, plan.rules.seconds, plan.seed) == (7, 5400.0, 3)
    assert plan.objectives == Objectives("auc", ("params",))
    assert (plan.study, plan.sampler, plan.points) == ("mine", "linear", None)


@pytest.mark.parametrize(
    ("options", "trials"),
    [
        ({}, 12),
        ({"time": "1h"}, None),
        ({"patience": 3}, None),
        ({"target": 0.9}, None),
        ({"time": "1h", "trials": 4}, 4),
    ],
)
def test_trials_have_a_default_only_where_nothing_else_ends_the_search(
    options: dict[str, Any], trials: int | None
) -> None:
    assert plan_of(None, {"budget": "1M", **options}).rules.trials == trials


def test_a_recipe_changes_what_it_names_and_nothing_else() -> None:
    plan = plan_of(
        file("{budget: 1M, data: faces, epochs: 3, recipe: {learning_rate: 0.2, flip: false}}"), {}
    )
    recipe = plan.proxy.recipe
    assert (recipe.learning_rate, recipe.flip, recipe.epochs) == (0.2, False, 3)
    assert (recipe.label, recipe.scale, recipe.decay) == (PROXY.label, PROXY.scale, PROXY.decay)


@pytest.mark.parametrize(
    ("text", "halving"),
    [("none", None), ("asha", Asha(2, 2)), ("asha:3", Asha(3, 2)), ("asha:1:4", Asha(1, 4))],
)
def test_early_stopping_begins_at_a_quarter_of_the_epochs_unless_told(
    text: str, halving: Asha | None
) -> None:
    assert plan_of(None, {"budget": "1M", "epochs": 8, "early_stopping": text}).halving == halving


def test_early_stopping_of_the_default_faces_two_epochs_begins_after_the_first() -> None:
    assert FIRST_RUN.epochs == 2
    assert plan_of(None, {"budget": "1M", "early_stopping": "asha"}).halving == Asha(1, 2)


OPTIONS = st.fixed_dictionaries(
    {
        "budget": st.sampled_from(
            ("1M", "140M..150M", "150M, params<=1500001", "params<=15K", "1004001")
        )
    },
    optional={
        "data": st.just("faces"),
        "identities": st.integers(2, 10**9),
        "objectives": st.sampled_from(("accuracy", "auc,madds", "separation,params,madds")),
        "points": st.sampled_from(("all", "none", "paper/seesaw_share", "a.yaml,b.yaml")),
        "trials": st.integers(1, 10**6),
        "time": st.sampled_from(("2h", "90m", "1h30m20s", "0.5s")),
        "patience": st.integers(1, 99),
        "target": st.floats(0, 1),
        "early_stopping": st.sampled_from(("none", "asha", "asha:1", "asha:2:3")),
        "repeats": st.integers(0, 9),
        "repeat_top": st.integers(1, 9),
        "epochs": st.integers(5, 9),
        "resolution": st.integers(16, 512),
        "pairs": st.integers(2, 10**6),
        "share": st.floats(0.01, 1),
        "recipe": st.fixed_dictionaries(
            {}, optional={"scale": st.floats(1, 64), "guard": st.just("none")}
        ),
        "seed": st.integers(0, 2**63 - 1),
        "study": st.sampled_from(("s", "12", "a[b] c")),
        "storage": st.just("sqlite:///x.db"),
        "engine": st.sampled_from(sorted(ENGINES)),
        "workers": st.integers(1, 64),
        "stall_timeout": st.sampled_from(("1h", "30s")),
    },
)


@given(options=OPTIONS)
def test_a_resolved_study_file_is_the_plan_it_was_written_from(options: dict[str, Any]) -> None:
    options = {"epochs": 5, **options}
    if not options.get("repeats"):
        options.pop("repeat_top", None)
    if "data" not in options:
        options.pop("identities", None)
    plan = plan_of(None, options)
    text = write_yaml({**plan.to_mapping(), "provenance": {"git": None}})
    again = StudyFile(read_yaml(text, "study.yaml"), "study.yaml", "another name")
    assert plan_of(again, {}) == plan


def test_the_stall_timeout_is_still_read_by_its_former_key() -> None:
    study = file("{budget: 1M, silence: 30s}")
    assert plan_of(study, {}).stall_timeout == 30
    assert plan_of(study, {}).to_mapping()["stall_timeout"] == "30s"
    assert plan_of(study, {"stall_timeout": "2h"}).stall_timeout == 7200
    assert plan_of(file("{budget: 1M, stall_timeout: 2h}"), {}).stall_timeout == 7200
    assert faults(file("{budget: 1M, silence: soon}"))[0].startswith("mine.yaml: silence: must be ")
    both = faults(file("{budget: 1M, stall_timeout: 2h, silence: 30s}"))
    assert both[0].startswith("mine.yaml: silence: is not a known key")


def test_a_password_is_not_written_into_the_resolved_file() -> None:
    for url in ("postgresql://me:secret@host/db", "postgresql://host/db"):
        kept = plan_of(None, {"budget": "1M", "storage": url}).to_mapping().get("storage")
        assert kept == (None if "secret" in url else url)


def test_every_fault_is_told_at_once_by_its_file_and_key_or_its_option() -> None:
    study = file(
        "{budget: much, trails: 3, trials: 0, recipe: {learning: 1, scale: x}, time: soon, "
        "storage: x, seed: 1.5}"
    )
    found = faults(study, patience=0, sampler="random_walk", points="", space="nowhere")
    assert found[:-2] == [
        "mine.yaml: time: must be a time such as 2h, 90m, 30s or 1h30m, got soon",
        "mine.yaml: recipe.scale: must be a number from 0 to 1e+06, got x",
        "mine.yaml: recipe.learning: is not a known key; did you mean learning_rate?",
        "mine.yaml: seed: must be a whole number from 0 to 9223372036854775807, got 1.5",
        "mine.yaml: budget: must be a number with an optional K, M or G, got 'much'; "
        "write such as 150M, or a range such as 140M..150M",
        f"--sampler must be one of {', '.join(SAMPLERS)}, got random_walk; did you mean random?",
        "--points must be all, none, or a list of REFs such as paper/seesaw_share, got ''",
        "mine.yaml: trials: must be from 1 to 1000000, got 0",
        "--patience must be from 1 to 1000000, got 0",
        "mine.yaml: trails: is not a known key; did you mean trials?",
    ]
    assert found[-2].startswith("nowhere: must be a YAML file or a shipped name")
    assert found[-1] == "storage must be a URL such as sqlite:///study.db, got x"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"objectives": "madds"}, "--objectives must be one of accuracy, "),
        ({"objectives": "accuracy,speed"}, "--objectives must be one of accuracy, "),
        (
            {"early_stopping": "hyperband"},
            "--early-stopping must be none, asha, asha:FIRST or asha:FIRST:FACTOR, got h",
        ),
        ({"early_stopping": "asha:0"}, "--early-stopping must have a FIRST of at least 1, got 0"),
        (
            {"early_stopping": "asha:1:1"},
            "--early-stopping must have a FACTOR of at least 2, got 1",
        ),
        (
            {"early_stopping": "asha:2", "epochs": 2},
            "--early-stopping FIRST must be less than the 2 epochs of a trial, got 2",
        ),
        (
            {"gpus_per_trial": 0.5, "engine": "local"},
            "--gpus-per-trial requires engine ray, got engine local",
        ),
        ({"target": float("nan")}, "--target must be a number from 0 to 1000, got nan"),
        ({"repeats": -1}, "--repeats must be from 0 to 100, got -1"),
        ({"stall_timeout": "0s"}, "--stall-timeout must be a time such as 2h"),
        (
            {"stall_timeout": "none"},
            "--stall-timeout must be a time such as 2h, 90m, 30s or 1h30m, got none",
        ),
        ({"target": 85}, "--target must be at most 1 for verification accuracy, got 85"),
        ({"target": 1.5, "objectives": "auc,madds"}, "--target must be at most 1 for AUC, got 1.5"),
        (
            {"repeat_top": 3},
            "--repeat-top requires repeats of at least 1, got 0; give --repeats too",
        ),
        (
            {"objectives": "accuracy,accuracy"},
            "--objectives must be unique, got 'accuracy,accuracy'",
        ),
        (
            {"study": "mine.repeats"},
            "--study must not end in .repeats or in a size such as .56px, which are reserved for "
            "parts of studies, got mine.repeats",
        ),
        ({"study": "elsewhere/mine.56px"}, "--study must not end in .repeats or in a size such as"),
        ({"identities": 50}, "--identities requires --data, got none"),
        ({"identities": 1}, "--identities must be from 2 to 1000000000, got 1"),
        ({"engine": "spark"}, "--engine must be one of ray, local, inline, got spark"),
    ],
)
def test_a_fault_of_an_option_is_one_line(options: dict[str, Any], fault: str) -> None:
    (line,) = faults(None, budget="150M", space="paper/seesaw_share", **options)
    assert line.startswith(fault)


def test_a_separation_may_be_any_number_and_a_file_may_hold_a_top_without_repeats() -> None:
    assert (
        plan_of(None, {"budget": "1M", "objectives": "separation", "target": 3}).rules.target == 3
    )
    assert plan_of(file("{budget: 1M, repeat_top: 3}"), {}).repeat_top == 3


@pytest.mark.parametrize("key", ["1", "off", "null", "2.5"])
def test_a_key_that_is_no_word_is_one_line(key: str) -> None:
    (line,) = faults(
        StudyFile(yaml.safe_load(f"{{budget: 150M, {key}: x}}"), "mine.yaml", "mine"), space=SHARE
    )
    assert line.startswith("mine.yaml: ")
    assert "must be a string key, got " in line
    (line,) = faults(file(f"{{budget: 150M, recipe: {{{key}: x}}}}"), space=SHARE)
    assert line.startswith("mine.yaml: recipe.")


def test_a_plan_made_in_python_is_held_to_the_same_ranges() -> None:
    from seesawnas.search import SearchPlan

    with pytest.raises(StudyError) as caught:
        SearchPlan(budget=Budget.parse("1M"), study="s", repeats=101, workers=65)
    assert str(caught.value).splitlines() == [
        "repeats must be from 0 to 100, got 101",
        "workers must be from 1 to 64, got 65",
    ]


def test_a_user_s_own_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_study("studies/search_150m.yaml")[0]["budget"] == "150M"
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "search_150m.yaml").write_text("budget: 2M\n")
    assert read_study("studies/search_150m.yaml")[0]["budget"] == "2M"


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("studies/search_150n.yaml", "did you mean search_150m?"),
        ("x" * 300, "must be a study file or a shipped one's name"),
        ("", "must be a study file"),
        ("list.yaml", "must be a study file, a mapping of keys such as"),
        ("torn.yaml", "torn.yaml: line 2, column 1: must be YAML"),
        ("latin.yaml", "must be UTF-8 text"),
    ],
)
def test_what_is_no_study_file_is_one_line(
    ref: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.yaml").write_text("- budget\n")
    Path("torn.yaml").write_text("points: [a\n")
    Path("latin.yaml").write_bytes(b"about: \xe9\n")
    with pytest.raises(InvalidInput) as caught:
        StudyFile.read(ref)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_sampler_that_may_be_named_can_be_made() -> None:
    assert tuple(samplers.SAMPLERS) == SAMPLERS
