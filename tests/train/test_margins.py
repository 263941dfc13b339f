"""One suite for every margin, and the published formula of each."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.train import MarginHead
from seesawnas.train.margins import MARGINS, Guard, Margin

_ANGLES = st.floats(0.01, math.pi - 0.01)
_KINDS = list(product(MARGINS, ("none", "linear")))


def _value(kind: Margin, guard: Guard, angle: float, size: float) -> float:
    cosine = torch.tensor(math.cos(angle), dtype=torch.float64)
    return float(MARGINS[kind](cosine, size, guard))


@pytest.mark.parametrize(("kind", "guard"), _KINDS)
@given(_ANGLES)
def test_no_margin_leaves_the_cosine(kind: Margin, guard: Guard, angle: float) -> None:
    assert _value(kind, guard, angle, 0.0) == pytest.approx(math.cos(angle), abs=1e-6)


@pytest.mark.parametrize(("kind", "guard"), _KINDS)
@given(_ANGLES, st.floats(0.05, 0.5))
def test_a_margin_makes_the_target_harder_up_to_pi_less_the_margin(
    kind: Margin, guard: Guard, angle: float, size: float
) -> None:
    angle = min(angle, math.pi - size)
    assert _value(kind, guard, angle, size) < math.cos(angle)


@pytest.mark.parametrize("kind", MARGINS)
@given(_ANGLES, _ANGLES, st.floats(0.05, 0.5))
def test_under_the_linear_guard_a_larger_angle_is_never_rewarded(
    kind: Margin, first: float, second: float, size: float
) -> None:
    near, far = sorted((first, second))
    assert _value(kind, "linear", far, size) <= _value(kind, "linear", near, size) + 1e-6


@given(_ANGLES, st.floats(0.05, 0.5))
def test_arcface_is_the_cosine_of_the_angle_and_the_margin(angle: float, size: float) -> None:
    assert _value("arcface", "none", angle, size) == pytest.approx(math.cos(angle + size), abs=1e-5)


def test_past_pi_less_the_margin_the_two_guards_are_the_published_ones() -> None:
    angle, size = math.pi - 0.1, 0.5
    assert _value("arcface", "none", angle, size) == pytest.approx(math.cos(angle + size), abs=1e-5)
    assert _value("arcface", "linear", angle, size) == pytest.approx(
        math.cos(angle) - size * math.sin(math.pi - size), abs=1e-9
    )


@pytest.mark.parametrize(("kind", "guard"), _KINDS)
def test_gradients_are_finite_where_an_embedding_meets_its_class_and_its_opposite(kind: Margin, guard: Guard) -> None:
    head = MarginHead(3, 4, margin=kind, guard=guard)
    embeddings = torch.stack([head.weight[0], -head.weight[0], head.weight[1]]).detach().requires_grad_()
    logits = head(embeddings, torch.tensor([0, 0, 2]))
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 0, 2])).backward()  # type: ignore[no-untyped-call]
    assert embeddings.grad is not None
    assert head.weight.grad is not None
    assert torch.isfinite(embeddings.grad).all()
    assert torch.isfinite(head.weight.grad).all()


def test_gradients_are_those_of_the_formula() -> None:
    cosine = torch.linspace(-0.95, 0.95, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda c: MARGINS["arcface"](c, 0.5, "none"), (cosine,))


def test_the_margin_falls_on_the_true_class_alone_and_grows_with_its_share() -> None:
    head = MarginHead(5, 8, size=0.5, scale=10.0, generator=torch.Generator().manual_seed(0))
    embeddings = torch.randn(6, 8, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 2, 3, 4, 0])
    logits = []
    for share in (0.0, 0.5, 1.0):
        head.margin_share = share
        logits.append(head(embeddings, labels))
    true = torch.nn.functional.one_hot(labels, 5).bool()
    assert torch.equal(logits[0][~true], logits[2][~true])
    assert (logits[0][true] > logits[1][true]).all()
    assert (logits[1][true] > logits[2][true]).all()


def test_the_length_of_an_embedding_does_not_matter() -> None:
    head, labels = MarginHead(5, 8), torch.tensor([1, 2])
    embeddings = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(head(embeddings, labels), head(100 * embeddings, labels))
