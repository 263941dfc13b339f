from __future__ import annotations

import pytest

from seesawnas.errors import InvalidInput
from seesawnas.io.catalog import shipped_kind
from seesawnas.io.kinds import document_kind
from seesawnas.search import StudyFile, plan_of
from seesawnas.space import load_point, load_space
from seesawnas.train import read_recipe


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"stages": [{"width": 8}]}, "point"),
        ({"stages": [{"width": {"choice": [8, 16]}}]}, "space"),
        ({"budget": "70M", "epochs": 2}, "search"),
        ({"base": "paper/seesaw_share", "budget": "70M"}, "ablation"),
        ({"epochs": 2, "margin": "arcface"}, "recipe"),
        ({"colour": "red"}, None),
        ([1], None),
    ],
)
def test_a_document_is_known_by_its_keys(values: object, kind: str | None) -> None:
    assert document_kind(values) == kind


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("seesaw", "--space"),
        ("paper/seesaw_share", "build"),
        ("search_150m", "search"),
        ("small", "--recipe"),
    ],
)
def test_what_ships_is_known_by_its_name(ref: str, words: str) -> None:
    assert words in (shipped_kind(ref) or "")
    assert shipped_kind(f"{ref}.yaml") is not None
    assert shipped_kind(f"no_{ref}") is None


@pytest.mark.parametrize("ref", ["x" * 5000, "", "/", "..", "a\0b", "../seesaw"])
def test_no_name_is_too_odd_to_be_asked_for(ref: str) -> None:
    assert shipped_kind(ref) is None


def test_one_in_another_s_place_is_named() -> None:
    for read, ref, words in (
        (load_point, "seesaw", "`seesawnas sample --space seesaw`"),
        (load_space, "search_150m", "seesawnas search search_150m"),
        (read_recipe, "seesaw", "--space seesaw"),
        (StudyFile.read, "small", "--recipe small"),
    ):
        with pytest.raises(InvalidInput) as caught:
            read(ref)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(InvalidInput, match="got a search point"):
        plan_of(StudyFile({"stages": []}, "net.yaml", "net"), {})
