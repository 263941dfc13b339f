"""Margins: what the true class's cosine becomes, so that it is harder to win.

Values are those of the published formulas. Gradients flow through the whole formula; arcface_torch
edits the angle without gradient, so values agree with its and gradients do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from seesawnas.errors import InvalidInput
from seesawnas.text import one_of
from seesawnas.train.recipe import OWN_MARGINS, Guard, Margin

_EPSILON = 1e-6
"""Keeps the square root's derivative finite in float32, where 1 - cos^2 rounds to zero near the
class centre.
"""
_ADAFACE_SLOPE = 0.333
_ADAFACE_EDGE = 1e-3


@dataclass(frozen=True, slots=True)
class MarginKind:
    """A kind of margin, as two functions.

    ``quality`` (N,), about -1 to 1, is how much longer than usual an image's embedding is; AdaFace
    alone uses it. If it is not needed, it is a scalar 0.

    Attributes:
        target: Of the true class's cosine (N,), the margin's size, the guard and the quality, to
            (N,).
        other: Of all cosines (N, C), to (N, C).
        needs_quality: Whether ``target`` uses the quality.
    """

    target: Callable[[Tensor, float, Guard, Tensor], Tensor]
    other: Callable[[Tensor], Tensor]
    needs_quality: bool = False


def _same(cosine: Tensor) -> Tensor:
    return cosine


def _arcface(cosine: Tensor, size: float, guard: Guard, quality: Tensor) -> Tensor:
    """cos(theta + m) (arXiv 1801.07698, equation 3).

    Past theta = pi - m it would rise again. The guard "none" lets it (arcface_torch); "linear" goes
    on falling there as cos(theta) - m sin(pi - m) (PocketNet, the Seesaw authors).
    """
    shifted = cosine * math.cos(size) - _sine(cosine) * math.sin(size)
    if guard == "none":
        return shifted
    beyond = cosine - size * math.sin(math.pi - size)
    return torch.where(cosine > math.cos(math.pi - size), shifted, beyond)


def _cosface(cosine: Tensor, size: float, guard: Guard, quality: Tensor) -> Tensor:
    """cos(theta) - m (arXiv 1801.09414, equation 4); it falls everywhere and needs no guard."""
    return cosine - size


def _li_arcface(cosine: Tensor, size: float, guard: Guard, quality: Tensor) -> Tensor:
    """(pi - 2 (theta + m)) / pi (AirFace, arXiv 1907.12256, equation 6).

    It is linear in the angle and needs no guard.
    """
    return _straight(cosine) - 2.0 * size / math.pi


def _straight(cosine: Tensor) -> Tensor:
    """(pi - 2 theta) / pi: from 1 at the class centre to -1 opposite to it, in a straight line."""
    return 1.0 - 2.0 / math.pi * torch.atan2(_sine(cosine), cosine)


def _adaface(cosine: Tensor, size: float, guard: Guard, quality: Tensor) -> Tensor:
    """cos(theta - m q) - (m + m q), q = 0.333 quality (arXiv 2204.00964, equation 11).

    The clamps are the authors': the angle is kept within [0.001, pi - 0.001], which guards it.
    """
    scaler = (_ADAFACE_SLOPE * quality).clamp(-1.0, 1.0)
    angle = torch.atan2(_sine(cosine), cosine) - size * scaler
    return torch.cos(angle.clamp(_ADAFACE_EDGE, math.pi - _ADAFACE_EDGE)) - (size + size * scaler)


def _sine(cosine: Tensor) -> Tensor:
    return torch.sqrt((1.0 - cosine.square()).clamp_min(_EPSILON))


MARGINS: dict[Margin, MarginKind] = {
    "arcface": MarginKind(_arcface, _same),
    "cosface": MarginKind(_cosface, _same),
    "li_arcface": MarginKind(_li_arcface, _straight),
    "adaface": MarginKind(_adaface, _same, needs_quality=True),
}


def find_margin(name: str) -> MarginKind:
    """The margin called ``name``: an included one, or an installed package's.

    Packages offer theirs by entry points ``seesawnas.margins``, each a :class:`MarginKind`.

    Raises:
        InvalidInput: In one line, if there is none, or if a package offers one that cannot be used.
    """
    found: MarginKind | None = OWN_MARGINS.find(name)
    included: dict[str, MarginKind] = dict(MARGINS.items())
    if found is None and name not in included:
        raise InvalidInput(f"margin {one_of(OWN_MARGINS.names(), name)}")
    return included[name] if found is None else found
