"""Each corruptions does what it says, and none does nothing."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from seesawnas.data.default_set.blends import with_blends
from seesawnas.data.default_set.corruptions import Corruptions, render

_NONE = Corruptions(**{field.name: 0.0 for field in fields(Corruptions)})
_SOURCES = np.random.default_rng(0).integers(60, 200, (3, 16, 16), dtype=np.uint8)


def _render(
    corruptions: Corruptions, resolution: int = 16, seed: int = 0, count: int = 3
) -> NDArray[np.uint8]:
    return render(
        _SOURCES, np.arange(count) % 3, resolution, corruptions, np.random.default_rng(seed)
    )


def test_without_nuisances_an_image_is_its_source() -> None:
    images = _render(_NONE)
    assert (images[..., 0] == images[..., 1]).all()
    # The outermost pixel centres of an image lie half a pixel inside the source: corners are
    # interpolated.
    assert abs(float(images.mean()) - float(_SOURCES.mean())) < 2.0


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("shift", 0.2),
        ("rotation", 0.5),
        ("zoom", 0.3),
        ("light", 1.0),
        ("tint", 0.5),
        ("gamma", 0.5),
        ("contrast", 0.5),
    ],
)
def test_each_nuisance_alone_changes_every_image(name: str, limit: float) -> None:
    changed = (_render(replace(_NONE, **{name: limit})) != _render(_NONE)).any(axis=(1, 2, 3))
    assert changed.all()


def test_covers_fall_on_about_the_given_share_of_the_images() -> None:
    covered = replace(_NONE, cover=0.5, covered=0.3)
    changed = (_render(covered, count=300) != _render(_NONE, count=300)).any(axis=(1, 2, 3))
    assert 60 < int(changed.sum()) < 120


@given(st.integers(0, 1000), st.integers(4, 40))
@settings(max_examples=15, deadline=None)
def test_a_seed_repeats_itself_at_any_resolution(seed: int, resolution: int) -> None:
    first, again = (_render(Corruptions(), resolution, seed) for _ in range(2))
    assert first.shape == (3, resolution, resolution, 3)
    assert (first == again).all()


def test_blends_lie_between_their_parents_and_have_no_pair_twice() -> None:
    shades = {"dark": 50, "grey": 120, "light": 200}
    photos = {name: np.full((4, 8, 8), shade, dtype=np.uint8) for name, shade in shades.items()}
    people = with_blends(photos, count=3, warp=0.02, rng=np.random.default_rng(0))
    assert list(people) == ["dark", "grey", "light", "dark+grey", "dark+light", "grey+light"]
    for name in list(people)[3:]:
        low, high = (shades[parent] for parent in name.split("+"))
        assert low < people[name].min() <= people[name].max() < high


def test_more_blends_than_pairs_are_refused() -> None:
    photos = {name: np.zeros((2, 8, 8), dtype=np.uint8) for name in "ab"}
    with pytest.raises(ValueError, match="larger sample"):
        with_blends(photos, count=2, warp=0.0, rng=np.random.default_rng(0))
