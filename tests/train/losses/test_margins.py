"""One suite for every margin.

Its values by a float64 reference, its gradients by gradcheck, and the laws they share.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.train import MarginHead
from seesawnas.train.losses.margins import MARGINS
from seesawnas.train.recipe import Guard, Margin

_ANGLES = st.floats(0.01, math.pi - 0.01)
_SIZES = st.floats(0.05, 0.5)
_QUALITIES = st.floats(-4.0, 4.0)
_GUARDS: tuple[Guard, ...] = ("none", "linear")
_KINDS = list(product(MARGINS, _GUARDS))


def _arcface(angle: float, size: float, guard: Guard, quality: float) -> float:
    if guard == "linear" and angle >= math.pi - size:
        return math.cos(angle) - size * math.sin(math.pi - size)
    return math.cos(angle + size)


def _adaface(angle: float, size: float, guard: Guard, quality: float) -> float:
    scaler = min(1.0, max(-1.0, 0.333 * quality))
    turned = min(max(angle - size * scaler, 1e-3), math.pi - 1e-3)
    return math.cos(turned) - (size + size * scaler)


REFERENCES: dict[Margin, Callable[[float, float, Guard, float], float]] = {
    "arcface": _arcface,
    "cosface": lambda angle, size, guard, quality: math.cos(angle) - size,
    "li_arcface": lambda angle, size, guard, quality: (math.pi - 2 * (angle + size)) / math.pi,
    "adaface": _adaface,
}
"""The published formulas, of the angle, in Python's float64."""


def _value(kind: Margin, guard: Guard, angle: float, size: float, quality: float = 0.0) -> float:
    cosine, longer = torch.tensor([math.cos(angle), quality], dtype=torch.float64)
    return float(MARGINS[kind].target(cosine, size, guard, longer))


def test_every_margin_has_a_reference() -> None:
    assert set(REFERENCES) == set(MARGINS)


@pytest.mark.parametrize(("kind", "guard"), _KINDS)
@given(_ANGLES, _SIZES, _QUALITIES)
def test_values_are_those_of_the_reference(
    kind: Margin, guard: Guard, angle: float, size: float, quality: float
) -> None:
    expected = REFERENCES[kind](angle, size, guard, quality)
    assert _value(kind, guard, angle, size, quality) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("kind", "guard"), _KINDS)
def test_gradients_are_those_of_the_formula(kind: Margin, guard: Guard) -> None:
    margin = MARGINS[kind]
    cosine = torch.linspace(-0.95, 0.95, 12, dtype=torch.float64, requires_grad=True)
    quality = torch.linspace(-2.0, 2.0, 12, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda c: margin.target(c, 0.5, guard, quality), (cosine,))
    assert torch.autograd.gradcheck(margin.other, (cosine,))


@pytest.mark.parametrize(("kind", "guard"), _KINDS)
@given(_ANGLES, _QUALITIES)
def test_no_margin_leaves_the_true_class_like_the_others(
    kind: Margin, guard: Guard, angle: float, quality: float
) -> None:
    others = float(MARGINS[kind].other(torch.tensor(math.cos(angle), dtype=torch.float64)))
    assert _value(kind, guard, angle, 0.0, quality) == pytest.approx(others, abs=1e-9)


@pytest.mark.parametrize(("kind", "guard"), _KINDS)
@given(_ANGLES, _SIZES)
def test_a_margin_makes_the_target_harder_up_to_pi_less_the_margin(
    kind: Margin, guard: Guard, angle: float, size: float
) -> None:
    angle = min(angle, math.pi - size)
    assert _value(kind, guard, angle, size) < _value(kind, guard, angle, 0.0)


@pytest.mark.parametrize("kind", MARGINS)
@given(_ANGLES, _ANGLES, _SIZES, _QUALITIES)
def test_under_the_linear_guard_a_larger_angle_is_never_rewarded(
    kind: Margin, first: float, second: float, size: float, quality: float
) -> None:
    near, far = sorted((first, second))
    assert (
        _value(kind, "linear", far, size, quality)
        <= _value(kind, "linear", near, size, quality) + 1e-6
    )


@pytest.mark.parametrize(("kind", "guard"), _KINDS)
def test_gradients_are_finite_where_an_embedding_meets_its_class_and_its_opposite(
    kind: Margin, guard: Guard
) -> None:
    head = MarginHead(3, 4, margin=kind, guard=guard)
    embeddings = (
        torch.stack([head.weight[0], -head.weight[0], head.weight[1]]).detach().requires_grad_()
    )
    logits = head(embeddings, torch.tensor([0, 0, 2]))
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 0, 2])).backward()  # type: ignore[no-untyped-call]
    assert embeddings.grad is not None
    assert head.weight.grad is not None
    assert torch.isfinite(embeddings.grad).all()
    assert torch.isfinite(head.weight.grad).all()


@pytest.mark.parametrize(("kind", "guard"), _KINDS)
def test_the_head_s_logits_are_the_reference_s(kind: Margin, guard: Guard) -> None:
    head = (
        MarginHead(5, 8, margin=kind, guard=guard, size=0.4, scale=32.0, generator=_generator(0))
        .double()
        .eval()
    )
    head.weight.data += 0.02  # some true angles near pi - m
    embeddings, labels = (
        torch.randn(40, 8, generator=_generator(1)).double() - 0.5,
        torch.arange(40) % 5,
    )
    unit = (embeddings / embeddings.norm(dim=1, keepdim=True)).float().double().numpy()
    weight = (head.weight / head.weight.norm(dim=1, keepdim=True)).detach().numpy()
    angles = np.arccos(np.clip(unit @ weight.T, -1, 1))
    norms = embeddings.norm(dim=1).numpy()
    expected = np.array(
        [
            [
                REFERENCES[kind](
                    angle,
                    0.4 if label == column else 0.0,
                    guard,
                    (norms[row] - 20.0) / (100.0 + 1e-3),
                )
                for column, angle in enumerate(angles[row])
            ]
            for row, label in enumerate(labels.tolist())
        ]
    )
    head = head.float()
    np.testing.assert_allclose(
        head(embeddings.float(), labels).detach().numpy(), 32.0 * expected, atol=2e-4
    )


@pytest.mark.parametrize("kind", MARGINS)
def test_the_margin_falls_on_the_true_class_alone_and_grows_with_its_share(kind: Margin) -> None:
    head = MarginHead(5, 8, margin=kind, size=0.5, scale=10.0, generator=_generator(0)).eval()
    embeddings, labels = (
        torch.randn(6, 8, generator=_generator(1)),
        torch.tensor([0, 1, 2, 3, 4, 0]),
    )
    logits = []
    for share in (0.0, 0.5, 1.0):
        head.margin_share = share
        logits.append(head(embeddings, labels))
    true = torch.nn.functional.one_hot(labels, 5).bool()
    assert torch.equal(logits[0][~true], logits[2][~true])
    assert (logits[0][true] > logits[1][true]).all()
    assert (logits[1][true] > logits[2][true]).all()


@pytest.mark.parametrize("kind", [kind for kind in MARGINS if not MARGINS[kind].needs_quality])
def test_the_length_of_an_embedding_does_not_matter(kind: Margin) -> None:
    head, labels = MarginHead(5, 8, margin=kind), torch.tensor([1, 2])
    embeddings = torch.randn(2, 8, generator=_generator(0))
    torch.testing.assert_close(head(embeddings, labels), head(100 * embeddings, labels))


def test_to_adaface_a_long_embedding_is_a_good_image_and_what_is_usual_follows() -> None:
    head, labels = (
        MarginHead(5, 8, margin="adaface", scale=1.0, generator=_generator(0)),
        torch.tensor([1, 2]),
    )
    embeddings = torch.randn(2, 8, generator=_generator(1))
    before = float(head.usual_norm)
    head(embeddings, labels)
    norms = embeddings.norm(dim=1)
    assert float(head.usual_norm) == pytest.approx(before + 0.01 * (float(norms.mean()) - before))
    assert float(head.usual_spread) == pytest.approx(100.0 + 0.01 * (float(norms.std()) - 100.0))
    held = head.eval()(embeddings, labels)
    assert float(head.usual_norm) != before
    assert not torch.equal(held[0, 1], head(20 * embeddings, labels)[0, 1])
    assert torch.equal(held[0, 1], head(embeddings, labels)[0, 1])


def test_past_pi_less_the_margin_the_two_guards_of_arcface_differ() -> None:
    angle, size = math.pi - 0.1, 0.5
    assert _value("arcface", "none", angle, size) > _value("arcface", "none", math.pi - size, size)
    assert _value("arcface", "linear", angle, size) < _value(
        "arcface", "linear", math.pi - size, size
    )


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
