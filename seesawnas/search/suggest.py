"""``suggest``: networks within a budget for an Optuna objective of one's own."""

from __future__ import annotations

import random
from typing import Any, Protocol

from optuna.distributions import CategoricalDistribution, IntDistribution

from seesawnas.arch import ArchSpec
from seesawnas.space import Decision, FeasibleSet
from seesawnas.space.feasible.moves import approach, repair
from seesawnas.study.record.proposal import distribution


class OptunaTrial(Protocol):
    """What :func:`suggest` needs of a trial; ``Trial``, ``FrozenTrial`` and ``FixedTrial`` do."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1) -> int:
        """An integer."""
        ...

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """One of ``choices``."""
        ...


def suggest(trial: OptunaTrial, feasible: FeasibleSet) -> ArchSpec:
    """The network that ``trial`` suggests, always one of ``feasible``.

    Every decision of the space is a parameter of the trial, by its name and with the same
    distribution in every trial, so that any sampler of Optuna can model them; those that do not
    matter for a network are suggested too. What a sampler suggests may be outside the budget: then
    one decision after another takes another option until the network is within, near the limit. The
    network follows from the parameters alone: ``suggest(study.best_trial, feasible)`` is the best.

    Args:
        trial: The trial of ``study.optimize`` or ``study.ask()``; a finished one, or
            ``optuna.trial.FixedTrial(params)``, to have its network again.
        feasible: The networks of a space that a budget admits.

    Returns:
        A network within the budget.
    """
    drawn = {decision.name: _suggested(trial, decision) for decision in feasible.decisions}
    found = approach(feasible, drawn)
    if found is None:
        # Seeded by what was drawn, so that equal parameters are always the same network.
        found = repair(feasible, drawn, random.Random(repr(sorted(drawn.items()))))
    return feasible.space.choose(found)


def _suggested(trial: OptunaTrial, decision: Decision) -> Any:
    match distribution(decision):
        case IntDistribution(low=low, high=high, step=step):
            return trial.suggest_int(decision.name, low, high, step=step)
        case CategoricalDistribution(choices=choices):
            return trial.suggest_categorical(decision.name, choices)
    raise AssertionError("a decision is an integer or a category")
