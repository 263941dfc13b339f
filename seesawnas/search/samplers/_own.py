"""Samplers of other packages, found by the entry points ``seesawnas.samplers``.

What they propose is checked: no network outside the budget is ever built.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from seesawnas.errors import InvalidInput, SpecError, StudyError
from seesawnas.search.plan import OWN_SAMPLERS
from seesawnas.search.samplers._base import History, Sampler
from seesawnas.space import Assignment, FeasibleSet
from seesawnas.text import error_line, short


def find_own(name: str) -> Callable[[FeasibleSet], Sampler] | None:
    """What makes the sampler that an installed package calls ``name``; None if none does.

    Raises:
        StudyError: In one line, if its entry point cannot be used.
    """
    make = OWN_SAMPLERS.find(name)
    return None if make is None else lambda feasible: _OwnSampler(name, make, feasible)


class _OwnSampler:
    """A sampler of another package; what it raises is its author's fault, in one line."""

    def __init__(
        self, name: str, make: Callable[[FeasibleSet], Any], feasible: FeasibleSet
    ) -> None:
        self._name, self._feasible = name, feasible
        self._options = {one.name: one.options for one in feasible.decisions}
        try:
            self._sampler = make(feasible)
        except InvalidInput:
            raise
        except Exception as error:
            raise self._fault(error_line(error)) from error
        if not callable(getattr(self._sampler, "candidates", None)):
            raise self._fault(
                f"must have a method candidates, got {short(type(self._sampler).__name__)}"
            )

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        """What it proposes, checked."""
        try:
            for assignment in self._sampler.candidates(history, rng):
                self._check(assignment)
                yield assignment
        except InvalidInput:
            raise
        except Exception as error:
            raise self._fault(error_line(error)) from error

    def _check(self, assignment: Assignment) -> None:
        """Check that ``assignment`` is a network of the set.

        Raises:
            StudyError: If it is not.
        """
        if set(assignment) != set(self._options):
            wrong = sorted(set(assignment) ^ set(self._options))
            raise self._fault(
                f"must propose an option for every decision and no other, got {short(wrong[0])} "
                "wrong"
            )
        for name, option in assignment.items():
            if option not in self._options[name]:
                raise self._fault(f"must propose an option of {name}, got {short(option)}")
        try:
            held = self._feasible.holds(self._feasible.space.choose(assignment))
        except SpecError as error:
            raise self._fault(f"must propose networks that can be built: {error}") from None
        if not held:
            raise self._fault(f"must propose networks within the budget {self._feasible.budget}")

    def _fault(self, words: str) -> StudyError:
        return StudyError(f"sampler {self._name}: {words}")
