"""Margins of other packages: by name in a recipe, checked before a training or a study begins."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from seesawnas.errors import DocumentError, InvalidInput
from seesawnas.search import plan_of
from seesawnas.space import load
from seesawnas.testing import MarginSuite
from seesawnas.train import MarginHead, MarginKind, Recipe, read_recipe
from seesawnas.train.full import TrainPlan
from seesawnas.train.losses.margins import MARGINS, find_margin
from tests.offers import Offer, offer

__all__ = ["offer"]
GROUP = "seesawnas.margins"
MODULE = """
from seesawnas.train import MarginKind
FADING = MarginKind(
    lambda cosine, size, guard, quality: cosine - size * (1 + cosine) / 2, lambda cosine: cosine
)
"""

LOOK_ALIKE = """
class MARGIN:
    def target(cosine, size, guard, quality): return cosine - size
    def other(cosine): return cosine
"""


@pytest.fixture
def fading(offer: Offer) -> None:
    offer("pack", GROUP, {"fading": "fading_margin:FADING"}, {"fading_margin": MODULE})


@pytest.mark.usefixtures("fading")
class TestFading(MarginSuite):
    @pytest.fixture
    def margin(self) -> MarginKind:
        return find_margin("fading")


@pytest.mark.usefixtures("fading")
def test_a_recipe_and_a_head_take_it_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("epochs: 1\nmargin: fading\n")
    recipe = read_recipe(path)
    assert recipe.margin == "fading"
    assert Recipe(**recipe.to_mapping()) == recipe
    embeddings, labels = torch.eye(3), torch.tensor([0, 1, 2])
    heads = [
        MarginHead(3, 3, margin=name, size=0.5, generator=torch.Generator().manual_seed(0))
        for name in ("fading", "cosface")
    ]
    cosine = heads[1](embeddings, labels) / 64 + 0.5 * torch.eye(3)
    expected = 64 * (cosine - 0.25 * torch.eye(3) * (1 + cosine))
    torch.testing.assert_close(heads[0](embeddings, labels), expected)


def test_every_included_margin_is_found() -> None:
    assert {name: find_margin(name) for name in MARGINS} == MARGINS
    with pytest.raises(
        InvalidInput, match=r"margin must be one of arcface, .*, got arkface; did you mean arcface"
    ):
        find_margin("arkface")


@pytest.mark.usefixtures("fading")
def test_a_name_that_is_none_is_one_line_with_all_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("epochs: 1\nmargin: fadign\n")
    with pytest.raises(DocumentError) as caught:
        read_recipe(path)
    names = "arcface, cosface, li_arcface, adaface, fading"
    assert caught.value.faults == (
        f"margin: must be one of {names}, got fadign; did you mean fading?",
    )


@pytest.mark.parametrize(
    ("point", "margin", "words"),
    [
        ("alike = look_alike:MARGIN", "alike", "must be a seesawnas.train.MarginKind"),
        ("gone = no_such_module:M", "gone", "gone of pack: cannot be imported"),
        ("wrong = json:dumps", "wrong", "must be a seesawnas.train.MarginKind"),
    ],
)
def test_a_broken_one_is_reported_by_every_plan_before_it_begins(
    offer: Offer, folder: Path, point: str, margin: str, words: str
) -> None:
    name, _, value = point.partition(" = ")
    offer("pack", GROUP, {name: value}, {"look_alike": LOOK_ALIKE})
    path = folder / "mine.yaml"
    path.write_text(f"epochs: 1\nmargin: {margin}\n")
    spec = load("paper/mobilefacenet")
    asked = {"budget": "1M", "data": "faces", "recipe": {"margin": margin}}
    for begin in (
        lambda: TrainPlan(spec=spec, data="faces", recipe=read_recipe(path)),
        lambda: plan_of(None, asked),
    ):
        with pytest.raises(InvalidInput) as caught:
            begin()
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


def test_an_included_name_is_the_included_margin(offer: Offer) -> None:
    offer("pack", GROUP, {"arcface": "no_such_module:M"})
    with pytest.warns(UserWarning, match="arcface of pack: is not used"):
        assert find_margin("arcface") is MARGINS["arcface"]
    with pytest.warns(UserWarning, match="arcface of pack: is not used"):
        assert read_recipe("small").changed(margin="arcface").margin == "arcface"
