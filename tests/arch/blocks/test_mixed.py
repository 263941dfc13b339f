"""Kinds side by side in one search space.

Counted exactly, against every combination built by hand.
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from seesawnas.arch import kinds
from seesawnas.cost import Budget, cost
from seesawnas.errors import DocumentError, SpecError
from seesawnas.space import FeasibleSet, load_point, load_space
from tests.mixed_space import MIXED
from tests.space.feasible.checks import chi_square, quantile

STRIDES = """
stem: {kind: conv, width: 24, stride: {choice: [1, 2]}, kernel: {choice: [3, 5]}}
defaults: {kind: mixfacenet, middle: 48, se: off, activation: prelu}
stages:
- {depth: 1, width: 24, stride: 1, kernels: {choice: [1, 2, 3]}, shuffle: {choice: [on, off]}}
"""


@pytest.mark.parametrize(
    ("text", "budget"), [(MIXED, "12M"), (STRIDES, "100M")], ids=["mixed", "strides"]
)
def test_a_space_of_several_kinds_is_counted_exactly(
    tmp_path: Path, text: str, budget: str
) -> None:
    path = tmp_path / "mixed.yaml"
    path.write_text(text)
    space, limit = load_space(str(path)), Budget.parse(budget)
    specs = set()
    for options in product(*(decision.options for decision in space.decisions)):
        try:
            specs.add(
                space.choose(dict(zip((one.name for one in space.decisions), options, strict=True)))
            )
        except SpecError:
            continue
    madds = [cost(spec).madds for spec in specs]
    feasible = FeasibleSet(space, limit)
    assert (feasible.size, feasible.min_madds, feasible.max_madds) == (
        len(specs),
        min(madds),
        max(madds),
    )
    assert feasible.count == sum(one <= (limit.high or 0) for one in madds)
    assert 0 < feasible.count < feasible.size


@pytest.mark.parametrize("seed", [1, 2])
def test_draws_from_several_kinds_are_uniform_over_networks(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "mixed.yaml"
    path.write_text(MIXED)
    feasible = FeasibleSet(load_space(str(path)), Budget.parse("12M"))
    drawn = Counter(feasible.specs(feasible.sample(10 * feasible.count, seed)))
    assert len({spec.blocks[-1].kind for spec in drawn}) > 8
    assert len(drawn) <= feasible.count
    assert chi_square(drawn, feasible.count) < quantile(feasible.count - 1)


@pytest.mark.parametrize(
    ("stem", "place"),
    [
        ("{width: 32, stride: 1}", "stem.stride: must be"),
        ("{kind: conv, stride: 3}", "stem.stride: must be"),
        ("{kind: conv, stride: 4}", "stem: stride must be"),
        ("{kind: conv_pool, stride: 1}", "stem: stride must be"),
    ],
)
def test_a_stride_that_a_stem_does_not_have_is_refused(
    tmp_path: Path, stem: str, place: str
) -> None:
    path = tmp_path / "point.yaml"
    path.write_text(f"stem: {stem}\nstages:\n- {{kind: separable, width: 64, stride: 2}}\n")
    with pytest.raises(DocumentError, match=place):
        load_point(str(path))


def test_the_mixed_space_that_ships_chooses_among_all_kinds_of_one_input() -> None:
    ours = {
        name: kind
        for name, kind in kinds().items()
        if kind.block.__module__.startswith("seesawnas.")
    }
    chains = {name for name, kind in ours.items() if kind.role == "block" and kind.reads == 1}
    choices = [
        set(one.options) for one in load_space("mixed").decisions if one.name.endswith("kind")
    ]
    assert choices == [chains] * 3
