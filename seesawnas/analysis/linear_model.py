"""The linear model of a study: what each option adds to the quality.

Bayesian linear regression on the options (one number each), its penalty by the marginal likelihood
(MacKay, 1992, "Bayesian interpolation").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seesawnas.space import Assignment, Decision

Floats: TypeAlias = npt.NDArray[np.float64]
PENALTIES = np.array([0.3, 1.0, 3.0, 10.0, 30.0, 100.0])


class OneHot:
    """The columns of ``decisions``.

    ``places`` has the column of each option, by decision; ``size`` is their number.
    """

    def __init__(self, decisions: Iterable[Decision]) -> None:
        decisions = tuple(decisions)
        ends = np.cumsum([0, *(len(decision.options) for decision in decisions)])
        self.places = {
            decision.name: {
                option: int(start) + place for place, option in enumerate(decision.options)
            }
            for decision, start in zip(decisions, ends[:-1], strict=True)
        }
        self.size = int(ends[-1])

    def rows(self, assignments: Sequence[Assignment]) -> Floats:
        """(networks, options): 1 if the option is taken.

        A decision that an assignment lacks is 0 throughout.
        """
        found = np.zeros((len(assignments), self.size))
        for row, assignment in zip(found, assignments, strict=True):
            row[[self.places[name][option] for name, option in assignment.items()]] = 1.0
        return found


@dataclass(frozen=True, slots=True)
class Posterior:
    """The posterior of the weights of centred columns.

    It is normal, with ``mean`` and ``root`` root^T as its covariance.
    """

    mean: Floats
    root: Floats

    @classmethod
    def of(cls, taken: Floats, values: Floats) -> Posterior:
        """Given ``values`` (trials,), the more the better, of ``taken`` (trials, options)."""
        x, y = taken - taken.mean(axis=0), values - values.mean()
        left, singular, right = np.linalg.svd(x, full_matrices=True)
        squares = np.zeros(len(right))
        squares[: len(singular)] = singular**2
        projected = np.zeros(len(right))
        projected[: len(singular)] = left[:, : len(singular)].T @ y
        penalty, variance = evidence(squares, projected, y)
        mean = right.T @ (np.sqrt(squares) * projected / (squares + penalty))
        return cls(mean, right.T * np.sqrt(variance / (squares + penalty)))

    def draw(self, drawing: np.random.Generator, boldness: float) -> Floats:
        """Weights, with ``boldness`` times the posterior's deviation."""
        return np.asarray(
            self.mean + boldness * (self.root @ drawing.standard_normal(self.root.shape[1]))
        )


def evidence(
    squares: Floats, projected: Floats, y: Floats, penalties: Floats = PENALTIES
) -> tuple[float, float]:
    """The penalty of the highest marginal likelihood, and the noise's variance under it.

    y ~ N(0, variance (I + X X^T / penalty)): in the basis of X's left singular vectors each
    component has the variance (1 + square / penalty), and what lies outside of them 1.

    Args:
        squares: Of X's singular values.
        projected: Centred ``y`` on its left singular vectors.
        y: Centred qualities, (trials,).
        penalties: Those to choose from.
    """
    trials = max(1, len(y) - 1)
    outside = max(0.0, float(y @ y - projected @ projected))
    best, found = -np.inf, (float(penalties[0]), 1e-12)
    for penalty in penalties:
        factors = 1.0 + squares / penalty
        variance = max(1e-12, (float((projected**2 / factors).sum()) + outside) / trials)
        likelihood = -0.5 * (trials * np.log(variance) + float(np.log(factors).sum()))
        if likelihood > best:
            best, found = likelihood, (float(penalty), variance)
    return found
