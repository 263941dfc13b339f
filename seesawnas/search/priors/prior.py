"""``Prior``: what an earlier study says of the options of a search space.

It is the linear model of :mod:`seesawnas.analysis.linear_model`, fitted to the study's scores after
these were standardised: what is better in one study is often better in another of other faces, of
another budget or with longer trials, while the scores themselves cannot be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from seesawnas.analysis.leave_one_out import unseen_r2
from seesawnas.analysis.linear_model import Floats, OneHot, Posterior
from seesawnas.errors import StudyError
from seesawnas.space import Decision
from seesawnas.text import several, short

MIN_TRIALS = 10
"""Trials of an earlier study, below which nothing can be learnt."""
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Prior:
    """What an earlier study says of the options that it shares with a search space.

    Attributes:
        name: What it was called when it was read.
        trials: Trials that it was learnt from.
        r2: R^2 of the linear model for trials of the earlier study that it was not fitted to.
        weights: What each option adds to the score, in the earlier study's standard deviations, by
            decision. Options that the study did not try are missing, as are decisions that say
            nothing: those that one option alone was tried of.
        unused: The earlier study's decisions that the space does not share.
    """

    name: str
    trials: int
    r2: float
    weights: Mapping[str, Mapping[Any, float]]
    unused: tuple[str, ...] = ()

    @classmethod
    def learn(
        cls,
        name: str,
        assignments: Sequence[Mapping[str, Any]],
        scores: Floats,
        decisions: Sequence[Decision],
    ) -> Prior:
        """Learn from trials.

        Args:
            name: What messages call the study.
            assignments: Of each trial, the option of every decision that it has, whether the space
                has it or not.
            scores: Of each trial, (trials,), the more the better.
            decisions: Those of the space.

        Raises:
            StudyError: If the trials are too few, if their scores are all equal, or if they say
                nothing of any decision of the space.
        """
        if len(scores) < MIN_TRIALS:
            raise StudyError(
                f"{name}: must have at least {MIN_TRIALS} complete trials to learn from, got "
                f"{len(scores)}"
            )
        if not np.ptp(scores) > 0:
            raise StudyError(f"{name}: must have trials of different scores, got {scores[0]:g}")
        tried = _tried(assignments)
        model = OneHot(tried)
        rows = model.rows(assignments)
        rows -= rows.mean(axis=0)
        values = (scores - scores.mean()) / scores.std()
        fitted = Posterior.of(rows, values).mean
        weights = {
            decision.name: shared
            for decision in decisions
            if len(shared := _shared(decision, model, fitted)) > 1
        }
        if not weights:
            raise StudyError(
                f"{name}: must share decisions with the search space, such as "
                f"{short(decisions[0].name)}, got {_words([one.name for one in tried])}"
            )
        unused = tuple(one.name for one in tried if one.name not in weights)
        return cls(name, len(scores), unseen_r2(rows, values), weights, unused)

    def missing(self, decisions: Sequence[Decision]) -> tuple[str, ...]:
        """The decisions of a space that it says nothing of."""
        return tuple(one.name for one in decisions if one.name not in self.weights)

    def column(self, options: OneHot) -> Floats:
        """(options,): its weights in the order of a space's ``options``, 0 for those missing."""
        found = np.zeros(options.size)
        for name, places in options.places.items():
            known = self.weights.get(name, {})
            for option, place in places.items():
                found[place] = known.get(option, 0.0)
        return found

    def words(self, decisions: Sequence[Decision]) -> str:
        """In one line, with what of it and of the space is not used."""
        parts = [
            f"{self.name}: {several(self.trials, 'trial')}, R2 of unseen trials {self.r2:.2f}, "
            f"{several(len(self.weights), 'decision')} shared"
        ]
        if self.unused:
            parts.append(f"not used: {_words(self.unused)}")
        if missing := self.missing(decisions):
            parts.append(f"nothing known of {_words(missing)}")
        return "; ".join(parts)

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values; an option is listed beside its weight, since it may be a number."""
        weights = {name: [list(pair) for pair in own.items()] for name, own in self.weights.items()}
        return {
            "name": self.name,
            "trials": self.trials,
            "r2": self.r2,
            "weights": weights,
            "unused": list(self.unused),
        }

    @classmethod
    def from_mapping(cls, values: Any) -> Prior:
        """Read what :meth:`to_mapping` wrote.

        Raises:
            ValueError: If ``values`` are something else, in the words of a rule.
        """
        try:
            weights = {
                str(name): {option: _finite(weight) for option, weight in own}
                for name, own in values["weights"].items()
            }
            return cls(
                str(values["name"]),
                int(values["trials"]),
                _finite(values["r2"]),
                weights,
                tuple(map(str, values["unused"])),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"must be what a search learnt, got {short(error)}") from None


def _finite(value: Any) -> float:
    if not isfinite(number := float(value)):
        raise ValueError(f"{number} for a number")
    return number


def _tried(assignments: Sequence[Mapping[str, Any]]) -> list[Decision]:
    """The decisions with the options that were taken, in the order in which they appear."""
    found: dict[str, dict[Any, None]] = {}
    for assignment in assignments:
        for name, option in assignment.items():
            found.setdefault(name, {})[option] = None
    return [Decision(name, tuple(options)) for name, options in found.items()]


def _shared(decision: Decision, model: OneHot, fitted: Floats) -> dict[Any, float]:
    """The weights of the options of ``decision`` that were tried."""
    places = model.places.get(decision.name, {})
    return {
        option: float(fitted[places[option]]) for option in decision.options if option in places
    }


def _words(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(map(short, names[:_SHOWN]))}{more}" if names else "none"
