"""``choose``: from choices to a network, with nothing left to guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seesawnas.arch import ArchSpec
from seesawnas.arch.blocks import attributes_of
from seesawnas.errors import DocumentError, SpecError
from seesawnas.space.attributes import Option, format_attribute
from seesawnas.space.catalog import load_space
from seesawnas.space.search_space import Decision, SearchSpace
from seesawnas.text import nearest, short


def choose(
    space: SearchSpace | str | Path | Mapping[str, Any], choices: Mapping[str, Any]
) -> ArchSpec:
    """The network of ``space`` that ``choices`` make.

    ``sn.choose("mobilefacenet", {"stages.0.depth": 2, ...})``. A decision may be left out only if
    its options would make no other network, such as the kernel of a block that is not built.

    Args:
        space: A search space, or what :func:`seesawnas.load_space` takes: a shipped name, a YAML
            file, or a mapping.
        choices: An option for each decision, by its name (:attr:`SearchSpace.decisions`). An option
            is written as in YAML, such as ``[1, 3]`` for a split and ``"off"`` for ``se``, or as
            ``Decision.options`` has it.

    Returns:
        The network.

    Raises:
        DocumentError: If a decision is missing or unknown, or an option is not one of its decision:
            one line for each fault, with what is allowed.
        SpecError: If the options do not fit together; the message starts with the place.
    """
    found = space if isinstance(space, SearchSpace) else load_space(space)
    decisions = {decision.name: decision for decision in found.decisions}
    faults: list[str] = []
    chosen: dict[str, Option] = {}
    for name, raw in choices.items():
        if name not in decisions:
            faults.append(_unknown(name, list(decisions)))
        elif (option := _option(decisions[name], raw)) is None:
            faults.append(f"{name}: must be one of {_words(decisions[name])}, got {short(raw)}")
        else:
            chosen[name] = option
    faults = faults or [
        f"{decision.name}: must be one of {_words(decision)}, got nothing"
        for decision in _missing(found, chosen)
    ]
    if faults:
        raise DocumentError(found.source or found.name or "space", faults)
    return found.choose(chosen)


def _unknown(name: Any, known: list[str]) -> str:
    near = nearest(str(name), known)
    allowed = f"did you mean {near}?" if near else f"decisions are {', '.join(known) or 'none'}"
    return f"{short(name)}: is not a decision of the space; {allowed}"


def _option(decision: Decision, raw: Any) -> Option | None:
    """The option of ``decision`` that ``raw`` is, or that YAML reads it as; None if it is none."""
    raw = list(raw) if isinstance(raw, tuple) else raw
    plain = not isinstance(raw, (list, dict))
    for option in decision.options:
        if plain and isinstance(raw, bool) == isinstance(option, bool) and raw == option:
            return option
    attribute = decision.name.rsplit(".", 1)[-1]
    for role in ("block", "stem", "head"):
        declared = attributes_of(role).get(attribute)
        try:
            option = raw if declared is None else declared.rule(raw)
        except ValueError:
            continue
        if declared is not None and option in decision.options:
            return option
    return None


def _words(decision: Decision) -> str:
    name = decision.name.rsplit(".", 1)[-1]
    forms = ((option, format_attribute(name, option)) for option in decision.options)
    return ", ".join(str(option if isinstance(form, list) else form) for option, form in forms)


def _missing(space: SearchSpace, chosen: Mapping[str, Option]) -> Iterator[Decision]:
    """The decisions that are not chosen and of whose options one makes another network."""
    asked = _Asked(chosen)
    try:
        base = space.choose(asked)
    except SpecError:
        base = None
    for decision in space.decisions:
        if decision.name in asked.missing and (
            base is None
            or any(
                _other(space, base, {**chosen, decision.name: option})
                for option in decision.options[1:]
            )
        ):
            yield decision


def _other(space: SearchSpace, base: ArchSpec, choices: Mapping[str, Option]) -> bool:
    try:
        return space.choose(choices) != base
    except SpecError:
        return True


class _Asked(dict[str, Option]):
    """Choices that remember which decisions they were asked for and do not have."""

    def __init__(self, chosen: Mapping[str, Option]) -> None:
        super().__init__(chosen)
        self.missing: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self.missing.add(key)
        return super().get(key, default)
