"""What every margin must fulfil."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from seesawnas.train.losses.margins import MarginKind
from seesawnas.train.recipe import Guard

_SIZE = 0.4


class MarginSuite:
    """Needs the fixture ``margin``, a :class:`seesawnas.train.losses.margins.MarginKind`."""

    @pytest.fixture(params=["none", "linear"])
    def guard(self, request: pytest.FixtureRequest) -> Guard:
        """What happens near the opposite of the class centre."""
        found: Guard = request.param
        return found

    def test_the_true_class_is_harder_to_win_and_more_so_by_a_larger_margin(
        self, margin: MarginKind, guard: Guard
    ) -> None:
        """At a usual length of embeddings (quality 0), if the margin does not pass the opposite."""
        cosine, quality = (
            _cosines(1.0 - math.cos(_SIZE) - 0.95),
            torch.zeros(40, dtype=torch.float64),
        )
        others = margin.other(cosine)
        small, large = (margin.target(cosine, size, guard, quality) for size in (_SIZE / 2, _SIZE))
        assert (small < others).all()
        assert (large < small).all()

    def test_no_margin_leaves_the_true_class_like_the_others(
        self, margin: MarginKind, guard: Guard
    ) -> None:
        """Size 0."""
        cosine, quality = _cosines(-0.95), torch.zeros(40, dtype=torch.float64)
        torch.testing.assert_close(
            margin.target(cosine, 0.0, guard, quality), margin.other(cosine), rtol=0, atol=1e-6
        )

    def test_a_nearer_embedding_scores_higher(self, margin: MarginKind) -> None:
        """With the guard, over all angles."""
        cosine, quality = _cosines(-0.999), torch.zeros(40, dtype=torch.float64)
        assert (margin.target(cosine, _SIZE, "linear", quality).diff() > 0).all()
        assert (margin.other(cosine).diff() > 0).all()

    def test_gradients_are_those_of_the_formula(self, margin: MarginKind, guard: Guard) -> None:
        """By finite differences."""
        cosine = torch.linspace(-0.9, 0.9, 12, dtype=torch.float64, requires_grad=True)
        quality = torch.linspace(-1.0, 1.0, 12, dtype=torch.float64)
        assert torch.autograd.gradcheck(
            lambda c: margin.target(c, _SIZE, guard, quality), (cosine,)
        )
        assert torch.autograd.gradcheck(margin.other, (cosine,))

    def test_values_and_gradients_are_finite_to_both_ends(
        self, margin: MarginKind, guard: Guard
    ) -> None:
        """In float32, at the class centre and opposite to it."""
        cosine = torch.tensor([-1.0, -0.5, 0.0, 1.0], requires_grad=True)
        found = margin.target(cosine, _SIZE, guard, torch.zeros(4)) + margin.other(cosine)
        found.sum().backward()  # type: ignore[no-untyped-call]
        assert torch.isfinite(found).all()
        assert cosine.grad is not None
        assert torch.isfinite(cosine.grad).all()


def _cosines(low: float) -> Tensor:
    return torch.linspace(low, 0.999, 40, dtype=torch.float64)
