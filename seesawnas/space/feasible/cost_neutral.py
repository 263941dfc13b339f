"""Free decisions: activations that change no cost.

A space need not be compiled for each of their options.
"""

from __future__ import annotations

from collections.abc import Mapping

from seesawnas.space.attributes import Attribute
from seesawnas.space.search_space import Decision, SearchSpace, known_kind, possible_kinds

NAME = "activation"


def cost_neutral_decisions(space: SearchSpace) -> tuple[Decision, ...]:
    """Activations that always act.

    They change no MAdds and divide nothing, and each option is a network of its own.

    They are only those of kinds that say so (``free_activation``); what other kinds do with an
    activation is found by making their blocks.
    """
    acting, conditional = set[str](), set[str]()
    for part in (space.stem, space.head):
        if NAME in part:
            (acting if _acts(part) else conditional).add(part[NAME].path)
    for stage in space.stages:
        for index in range(int(max(stage.depth.options))):
            attributes = stage.at(index)
            if NAME not in attributes:
                continue
            own = attributes[NAME]
            if index < int(min(stage.depth.options)) and not own.when:
                acting.add(own.path)
            if (
                own.when
                or not _acts(attributes)
                or any(name == NAME for a in attributes.values() for name, _ in a.when)
            ):
                conditional.add(own.path)
    names = acting - conditional - _telling_apart(space)
    return tuple(decision for decision in space.decisions if decision.name in names)


def path_of(attributes: Mapping[str, Attribute]) -> str:
    """Where the activation is declared; empty if there is none."""
    return attributes[NAME].path if NAME in attributes else ""


def _acts(attributes: Mapping[str, Attribute]) -> bool:
    return all(
        known_kind(name).block.free_activation for name in possible_kinds(attributes["kind"])
    )


def _telling_apart(space: SearchSpace) -> set[str]:
    """Activations in which alone a stage's first block may differ from the blocks before it."""
    found: set[str] = set()
    for before, stage in zip(space.stages, space.stages[1:], strict=False):
        if 1 in stage.stride.options and not before.depth.is_fixed:
            own = {path_of(before.at(index)) for index in range(1, int(max(before.depth.options)))}
            found |= set() if own == {path_of(stage.at(0))} else own | {path_of(stage.at(0))}
    return found
