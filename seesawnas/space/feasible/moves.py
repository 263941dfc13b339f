"""Moves inside the feasible set: mutation, crossover and repair.

Each ends on a network that the budget admits.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping

from seesawnas.arch import ArchSpec
from seesawnas.cost.cost import cost
from seesawnas.errors import BudgetError, DocumentError, SpecError
from seesawnas.space.attributes import Option
from seesawnas.space.feasible.exact import MaddsSet
from seesawnas.space.feasible.feasible import FeasibleSet
from seesawnas.space.feasible.locate import locate
from seesawnas.space.feasible.rejection import one_of
from seesawnas.space.search_space import Assignment


def neighbours(feasible: FeasibleSet, assignment: Assignment) -> Iterator[dict[str, Option]]:
    """Every other network of the set that one changed decision makes, once each."""
    seen = {feasible.space.choose(assignment)}
    for decision in feasible.decisions:
        for option in decision.options:
            changed = {**assignment, decision.name: option}
            try:
                spec = feasible.space.choose(changed)
            except SpecError:
                continue
            if spec not in seen and feasible.holds(spec):
                seen.add(spec)
                yield changed


def mutate(feasible: FeasibleSet, assignment: Assignment, rng: random.Random) -> dict[str, Option]:
    """A uniform choice among the neighbours.

    If there is none, the repair of a random change of one decision. The result may be
    ``assignment`` itself only if nothing else can be reached.
    """
    near = list(neighbours(feasible, assignment))
    if near:
        return rng.choice(near)
    if not feasible.decisions:
        return dict(assignment)
    decision = rng.choice(feasible.decisions)
    options = [option for option in decision.options if option != assignment[decision.name]]
    return repair(feasible, {**assignment, decision.name: rng.choice(options)}, rng)


def crossover(
    feasible: FeasibleSet, mother: Assignment, father: Assignment, rng: random.Random
) -> dict[str, Option]:
    """A uniform choice among the feasible networks that mix the decisions of two parents.

    Every decision comes from one parent or the other. Under a budget of several limits a bounded
    number of draws may find no such network; then it is a feasible parent.
    """
    both = {name: (mother[name], father[name]) for name in mother}
    try:
        return _draw(feasible, both, rng)
    except BudgetError:
        parents = [
            found
            for parent in (mother, father)
            if (found := _located(feasible, parent)) is not None
        ]
        if not parents:
            raise
        return rng.choice(parents)


def repair(feasible: FeasibleSet, assignment: Assignment, rng: random.Random) -> dict[str, Option]:
    """A feasible network that keeps as many of the assignment's decisions as it can.

    Decisions are freed one at a time, in random order, until something fits; among what fits then,
    the draw is uniform. Under a budget of several limits, what fits is looked for by a bounded
    number of draws, so that one decision more may be freed.
    """
    if (whole := _located(feasible, assignment)) is not None:
        return whole
    order = [decision.name for decision in feasible.decisions]
    rng.shuffle(order)
    for freed in range(1, len(order) + 1):
        kept = {name: (assignment[name],) for name in order[freed:]}
        try:
            return _draw(feasible, kept, rng)
        except (BudgetError, DocumentError):
            continue
    raise AssertionError("a feasible set is never empty")


def approach(feasible: FeasibleSet, assignment: Assignment) -> dict[str, Option] | None:
    """A feasible network near ``assignment``: it changes one decision after another, each once.

    Each change is the one that comes closest to the limits; of those that meet them, the one that
    changes the MAdds least. So the result depends on the assignment alone, few decisions change,
    and what was expensive stays near the limit. None if no single change comes closer.
    """
    found, changed = dict(assignment), set[str]()
    spec = _chosen(feasible, found)
    excess, madds = (math.inf, None) if spec is None else (_excess(feasible, spec), _madds(spec))
    while excess > 0:
        near = (
            (decision.name, option, spec)
            for decision in feasible.decisions
            if decision.name not in changed
            for option in decision.options
            if option != found[decision.name]
            and (spec := _chosen(feasible, {**found, decision.name: option})) is not None
        )
        ranked = [
            (_excess(feasible, spec), abs(_madds(spec) - (madds or 0)), place, name, option, spec)
            for place, (name, option, spec) in enumerate(near)
        ]
        if not ranked or (best := min(ranked))[0] >= excess:
            return None
        excess, _, _, name, option, spec = best
        found[name], madds = option, _madds(spec) if madds is None else madds
        changed.add(name)
    return found


def _chosen(feasible: FeasibleSet, assignment: Assignment) -> ArchSpec | None:
    try:
        return feasible.space.choose(assignment)
    except SpecError:
        return None


def _madds(spec: ArchSpec) -> int:
    return cost(spec).madds


def _excess(feasible: FeasibleSet, spec: ArchSpec) -> float:
    """By what fractions of the limits a network is outside of them, summed; 0 inside."""
    budget = feasible.budget
    if budget is None:
        return 0.0
    costs, found = budget.costs(spec), 0.0
    for limit in budget.limits:
        value = costs[limit.name]
        if limit.high is not None:
            found += max(0.0, value / max(limit.high, 1) - 1)
        found += max(0.0, limit.low / max(value, 1) - 1)
    return found


def _draw(
    feasible: FeasibleSet, options: Mapping[str, tuple[Option, ...]], rng: random.Random
) -> dict[str, Option]:
    drawn = _drawn(feasible, options, rng)
    fixed = {name: kept[0] for name, kept in options.items()}
    found = _located(feasible, {**fixed, **drawn})
    assert found is not None, "a part of the set lies in the set"
    return found


def _drawn(
    feasible: FeasibleSet, options: Mapping[str, tuple[Option, ...]], rng: random.Random
) -> dict[str, Option]:
    if not options:  # the whole set, which is known to hold something
        return feasible.draw(rng)
    measure = feasible.candidates.measure
    part = MaddsSet(feasible.space.restrict(options), feasible.budget, measure)
    if feasible.budget is not None and any(
        limit.name != measure.name for limit in feasible.budget.limits
    ):
        return one_of(part, feasible.budget, rng)
    return next(part.drawn(1, rng).assignments())


def _located(feasible: FeasibleSet, assignment: Assignment) -> dict[str, Option] | None:
    try:
        return locate(feasible, feasible.space.choose(assignment))
    except SpecError:
        return None
