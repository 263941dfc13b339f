"""What must stay when a study goes on."""

from __future__ import annotations

from typing import Any

import pytest

from seesawnas.study.record.agreement import differences, refusal

SEARCH: dict[str, Any] = {
    "budget": [0, 150_000_000],
    "space": "seesaw 0123456789ab",
    "data": "faces: 10 images of 5 people to train on, 4 images of 2 people to verify on 0f0f",
    "objectives": ["accuracy"],
    "resolution": 32,
    "epochs": 2,
    "recipe": {"label": "proxy", "epochs": 2, "learning_rate": 0.1},
    "pairs": 100,
    "share": 1.0,
    "seed": 0,
}
OTHER = "faces: 11 images of 5 people to train on, 3 images of 2 people to verify on 1a1a"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"resolution": 56, "data": OTHER}, "must be resumed with --resolution 32, got 56;"),
        ({"seed": 1, "data": OTHER}, "must be resumed with --seed 0, got 1;"),
        (
            {"seed": 1, "resolution": 56, "data": OTHER},
            "must be resumed with --resolution 32 and --seed 0, got 56 and 1;",
        ),
        (
            {"epochs": 3, "recipe": {"label": "own", "epochs": 3, "learning_rate": 0.1}},
            "must be resumed with --epochs 2, got 3;",
        ),
        (
            {"recipe": {"label": "p", "epochs": 2, "learning_rate": 0.2}},
            "must be resumed with recipe.learning_rate 0.1, got 0.2;",
        ),
        (
            {"budget": [10, 200_000_000]},
            "must be resumed with --budget 150.00 M, got 10..200.00 M;",
        ),
        (
            {"objectives": ["auc", "madds"]},
            "must be resumed with --objectives accuracy, got auc,madds;",
        ),
        ({"pairs": 50}, "must be resumed with --pairs 100, got 50;"),
        ({"space": "mine 0123"}, "must be resumed with --space seesaw, got mine;"),
        (
            {"space": "seesaw 9999"},
            "must be resumed with --space seesaw 0123456789ab, got seesaw 9999;",
        ),
        ({"data": OTHER}, f"must be resumed with --data {SEARCH['data']}, got {OTHER};"),
        (
            {"data": f"5 identities of {OTHER}", "identities": 5},
            "must be resumed with --identities none, got 5;",
        ),
        (
            {"data": f"5 identities of {OTHER.replace('faces', 'more')}", "identities": 5},
            "must be resumed with --data faces and --identities none, got more and 5;",
        ),
        (
            {"data": OTHER.replace("faces", "more"), "seed": 3},
            "must be resumed with --data faces and --seed 0, got more and 3;",
        ),
    ],
)
def test_every_option_that_differs_is_named_with_both_values(
    changes: dict[str, Any], words: str
) -> None:
    found = refusal("study s", SEARCH, {**SEARCH, **changes})
    assert found == f"study s: {words} or use another --study"


def test_the_same_settings_agree_also_as_json_has_them() -> None:
    assert refusal("study s", SEARCH, {**SEARCH, "objectives": ("accuracy",)}) is None
    assert differences(SEARCH, dict(SEARCH)) == []


def test_a_search_is_no_ablation() -> None:
    found = refusal("study s", SEARCH, {"base": "paper/x 0f", "seed": 1})
    assert found == "study s: must be resumed as a search, got an ablation; use another --study"


def test_networks_that_follow_from_the_factors_are_not_told_beside_them() -> None:
    kept = {"base": "x 0f", "factors": {"se": ["4", "0"]}, "networks": {"base": "0f", "se=0": "1"}}
    now = {"base": "x 0f", "factors": {"se": ["4", "8"]}, "networks": {"base": "0f", "se=8": "2"}}
    assert (
        refusal("study s", kept, now)
        == "study s: must be resumed with --levels se 4,0, got 4,8; or use another --study"
    )
    changed = {**kept, "networks": {"base": "0f", "se=0": "7"}}
    assert (
        refusal("study s", kept, changed)
        == "study s: must be resumed with network se=0 1, got 7; or use another --study"
    )
