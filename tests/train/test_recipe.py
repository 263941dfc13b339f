"""Recipes as YAML."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from seesawnas.errors import DocumentError, UnknownReference
from seesawnas.train import PROXY, Recipe, read_recipe, shipped_recipes
from seesawnas.train.recipe import RECIPE_KEYS, read_changes, to_recipe


def test_the_paper_s_recipe_is_the_paper_s() -> None:
    assert read_recipe("paper") == Recipe(
        label="paper",
        epochs=16,
        batch_size=160,
        learning_rate=0.1,
        momentum=0.9,
        nesterov=False,
        weight_decay=4e-5,
        embedding_weight_decay=4e-4,
        head_weight_decay=4e-4,
        decay="steps",
        decay_steps=(9 / 16, 13 / 16, 15 / 16),
        decay_factor=0.1,
        warm_up=0.0,
        margin="arcface",
        margin_size=0.5,
        guard="linear",
        scale=64.0,
        flip=True,
    )


def test_the_small_recipe_is_the_proxy_s_for_longer() -> None:
    assert read_recipe("small") == replace(PROXY, label="small", epochs=16)


@pytest.mark.parametrize("name", shipped_recipes())
def test_what_ships_is_found_by_each_of_its_names(name: str) -> None:
    assert read_recipe(name) == read_recipe(f"{name}.yaml")


def test_a_file_of_one_s_own_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("paper.yaml").write_text(
        "{epochs: 1, margin: li_arcface, margin_size: 0.45, sample_rate: 0.1}"
    )
    assert read_recipe("paper") == Recipe(
        "paper", 1, margin="li_arcface", margin_size=0.45, sample_rate=0.1
    )


def test_every_fault_is_told_at_once() -> None:
    values = {
        "learning_rte": 0.1,
        "batch_size": 1,
        "margin": "arc",
        "decay_steps": [0.5, 0.2],
        "scale": "64",
        "sample_rate": 0,
        "flip": 1,
    }
    with pytest.raises(DocumentError) as caught:
        to_recipe(values, "mine.yaml", "mine")
    lines = str(caught.value).splitlines()
    assert all(line.startswith("mine.yaml: ") for line in lines)
    assert {line.split(": ")[1] for line in lines} == {*values, "epochs"}
    assert "mine.yaml: epochs: is required, got nothing" in lines
    assert "mine.yaml: learning_rte: is not a known key; did you mean learning_rate?" in lines
    assert (
        "mine.yaml: margin: must be one of arcface, cosface, li_arcface, adaface, got arc" in lines
    )
    assert "mine.yaml: decay_steps: must rise, got [0.5, 0.2]" in lines
    assert "mine.yaml: sample_rate: must be a number from 0.0001 to 1, got 0" in lines


def test_a_recipe_s_file_says_how_a_teacher_is_learnt_from_and_a_study_file_s_recipe_does_not() -> (
    None
):
    values = {
        "epochs": 2,
        "distill": "embedding",
        "distill_weight": 50.0,
        "generations": 3,
        "generation_teacher": "previous",
    }
    recipe = to_recipe(values, "mine.yaml", "mine")
    assert recipe == Recipe("mine", **values)  # type: ignore[arg-type]
    assert recipe.to_mapping().items() >= values.items()
    assert set(values).isdisjoint(RECIPE_KEYS)
    assert set(values).isdisjoint(PROXY.to_mapping().keys() - {"epochs"})
    wrong = {
        "epochs": 2,
        "distill": "soft",
        "distill_weight": -1,
        "generations": 0,
        "generation_teacher": "next",
    }
    with pytest.raises(DocumentError) as caught:
        to_recipe(wrong, "mine.yaml", "mine")
    assert sorted(str(caught.value).splitlines()) == [
        "mine.yaml: distill: must be one of none, angular, embedding, multistep, got soft",
        "mine.yaml: distill_weight: must be a number from 0 to 1e+06, got -1",
        "mine.yaml: generation_teacher: must be one of same, previous, got next",
        "mine.yaml: generations: must be a whole number from 1 to 100, got 0",
    ]


@pytest.mark.parametrize("values", [None, [], "epochs"])
def test_what_is_no_mapping_is_one_fault(values: object) -> None:
    with pytest.raises(DocumentError, match="must be a mapping"):
        to_recipe(values, "mine.yaml", "mine")


def test_a_name_that_is_none_has_a_hint() -> None:
    with pytest.raises(UnknownReference, match="did you mean paper"):
        read_recipe("papr")


def test_a_recipe_from_json_is_the_recipe() -> None:
    recipe = Recipe("r", 2)
    assert Recipe(
        **{
            **{field.name: getattr(recipe, field.name) for field in fields(recipe)},
            "decay_steps": [0.5],
        }
    ) == (replace(recipe, decay_steps=(0.5,)))
    assert "epochs" not in RECIPE_KEYS


def test_a_recipe_as_a_mapping_is_what_it_was_before_fields_were_added() -> None:
    plain = PROXY.to_mapping()
    assert {"decay_steps", "decay_factor", "embedding_weight_decay", "sample_rate"}.isdisjoint(
        plain
    )
    changed = replace(PROXY, decay_steps=(0.5,), sample_rate=0.5)
    assert changed.to_mapping() == {**plain, "decay_steps": [0.5], "sample_rate": 0.5}
    assert Recipe(**changed.to_mapping()) == changed


def test_settings_have_the_keys_the_values_and_the_rules_of_a_recipe_s_file() -> None:
    settings = [
        "weight_decay=1e-4",
        " decay_steps = [0.5, 0.75]",
        "margin=cosface",
        "flip=false",
        "scale=32",
        "epochs=3",
        "embedding_weight_decay=null",
        "distill=angular",
        "betas=[0.9, 0.95]",
    ]
    found = read_changes(settings, "--set")
    changed = replace(read_recipe("paper"), **found)
    in_file = {
        "epochs": 3,
        "weight_decay": 1e-4,
        "decay_steps": [0.5, 0.75],
        "margin": "cosface",
        "flip": False,
        "scale": 32,
        "distill": "angular",
        "betas": [0.9, 0.95],
    }
    same = to_recipe(in_file, "mine.yaml", "mine").to_mapping()
    assert {name: changed.to_mapping()[name] for name in in_file} == {
        name: same[name] for name in in_file
    }
    assert changed.embedding_weight_decay is None
    assert read_recipe("paper").embedding_weight_decay is not None


def test_every_fault_of_the_settings_is_a_line_that_names_its_place() -> None:
    settings = [
        "lr=0.1",
        "epochs=0",
        "about=x",
        "label",
        "weight_decay=",
        "momentum=1",
        "scale=[",
        "margin=arcface",
        "margin=cosface",
        "betas=[0.9]",
    ]
    with pytest.raises(DocumentError) as caught:
        read_changes(settings, "--set")
    lines = str(caught.value).splitlines()
    assert all(line.startswith("--set: ") for line in lines)
    assert "--set: lr: is not a known key; did you mean learning_rate?" in lines
    assert "--set: momentum: must be a number from 0 to 0.999, got 1" in lines
    assert "--set: weight_decay: must have a value, got nothing" in lines
    assert len(lines) == len(settings) - 1  # the first of the two margins is none


def test_a_recipe_of_adamw_says_its_learning_rate() -> None:
    with pytest.raises(
        DocumentError, match=r"^mine\.yaml: optimizer adamw requires learning_rate, got none$"
    ):
        to_recipe({"epochs": 1, "optimizer": "adamw"}, "mine.yaml", "mine")
    recipe = to_recipe(
        {"epochs": 1, "optimizer": "adamw", "learning_rate": 1e-3}, "mine.yaml", "mine"
    )
    assert recipe.to_mapping().items() >= {"optimizer": "adamw", "learning_rate": 1e-3}.items()
    assert Recipe(**{**recipe.to_mapping(), "betas": [0.9, 0.999]}) == recipe
