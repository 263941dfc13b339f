"""Arms: the networks of an ablation's design.

Each is built from the base and, if asked, rescaled to its cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from seesawnas.ablation.design import Design, make_design
from seesawnas.ablation.factors import level_of, with_levels
from seesawnas.ablation.levels import chosen_levels
from seesawnas.ablation.plan import NETWORK, AblationPlan, find_network
from seesawnas.ablation.widths import FAR, matched
from seesawnas.arch import ArchSpec
from seesawnas.cost import Cost, cost
from seesawnas.errors import InvalidInput, SpecError, StudyError

NAMED = 3
"""How many pairs of arms that are the same network are named."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A network of the design.

    It has a name, the (factor, level) pairs of every factor, and what it costs.
    """

    name: str
    levels: tuple[tuple[str, str], ...]
    spec: ArchSpec
    cost: Cost

    @property
    def digest(self) -> str:
        """Arms with equal digests are the same network, which is trained once."""
        return self.spec.digest()


@dataclass(frozen=True, slots=True)
class Arms:
    """The design, and its networks in the order of its rows.

    The first network is what the others are compared with.
    """

    base: ArchSpec
    design: Design
    arms: tuple[Arm, ...]
    notes: tuple[str, ...]

    @property
    def networks(self) -> tuple[Arm, ...]:
        """The arms, of those that are one network the first."""
        return tuple({arm.digest: arm for arm in reversed(self.arms)}.values())[::-1]


def make_arms(plan: AblationPlan) -> Arms:
    """The networks of ``plan``.

    Raises:
        InvalidInput: If a network cannot be built, with one line for each that cannot.
    """
    base = find_network(plan.base, plan.scale, plan.storage)
    others = _others(base, plan.against, plan.storage, plan.scale, "against ")
    levels = (
        chosen_levels(base, plan.factors, plan.levels, joint=plan.design != "one-at-a-time")
        if plan.factors
        else {}
    )
    _check(plan, levels)
    if others:
        levels[NETWORK] = (base.name, *others)
    design = make_design(levels, plan.design)
    made = _made(plan, base, others, design)
    return Arms(base, design, made, tuple(_notes(plan, base, made)))


def make_race(refs: Sequence[str], storage: str | None = None) -> Arms:
    """Whole networks, of which the first is compared with each other one.

    Args:
        refs: Their REFs.
        storage: Where studies lie that have no folder here.

    Raises:
        InvalidInput: If one is not found, or two cannot be compared.
    """
    base = find_network(refs[0], storage=storage)
    others = _others(base, refs[1:], storage)
    design = make_design({NETWORK: (base.name, *others)}, "one-at-a-time")
    arms = tuple(
        Arm(spec.name, ((NETWORK, spec.name),), spec, cost(spec))
        for spec in (base, *others.values())
    )
    return Arms(base, design, arms, tuple(_same_networks(arms)))


def _others(
    base: ArchSpec,
    refs: Sequence[str],
    storage: str | None,
    scale: float = 1.0,
    place: str = "",
) -> dict[str, ArchSpec]:
    """The whole networks to compare with, by name."""
    found: dict[str, ArchSpec] = {}
    for ref in refs:
        spec = find_network(ref, scale, storage)
        if spec.input != base.input:
            sizes = [f"{one.input.height}x{one.input.width}" for one in (base, spec)]
            raise StudyError(
                f"{place}{ref}: must have the base's input size {sizes[0]}, got {sizes[1]}"
            )
        if spec.name == base.name or spec.name in found:
            raise StudyError(f"{place}{ref}: must have a unique name, got {spec.name} twice")
        found[spec.name] = spec
    return found


def _check(plan: AblationPlan, levels: Mapping[str, tuple[str, ...]]) -> None:
    if plan.matched and "width" in levels:
        raise StudyError("match must be none with the factor width, got madds")


def _made(
    plan: AblationPlan, base: ArchSpec, others: Mapping[str, ArchSpec], design: Design
) -> tuple[Arm, ...]:
    names = [factor for factor, _ in design.factors]
    made, faults = [], []
    for row in design.rows:
        levels = dict(zip(names, row, strict=True))
        try:
            spec = _network(base, others, levels)
            if plan.matched:
                spec = matched(spec, cost(base).madds).spec
        except InvalidInput as error:
            name = design.name(row)
            faults.append(str(error) if str(error).startswith(f"{name}:") else f"{name}: {error}")
            continue
        made.append(Arm(design.name(row), tuple(levels.items()), spec, cost(spec)))
    if faults:
        raise SpecError("\n".join(dict.fromkeys(faults)))
    return tuple(made)


def _network(base: ArchSpec, others: Mapping[str, ArchSpec], levels: Mapping[str, str]) -> ArchSpec:
    if (name := levels.get(NETWORK, base.name)) != base.name:
        return others[name]
    changed = {
        factor: level
        for factor, level in levels.items()
        if factor != NETWORK and level != level_of(base, factor)
    }
    return with_levels(base, changed) if changed else base


def _notes(plan: AblationPlan, base: ArchSpec, arms: tuple[Arm, ...]) -> Iterator[str]:
    """What a reader of the design must know."""
    yield from _same_networks(arms)
    madds = cost(base).madds
    for arm in arms:
        if plan.matched and abs(off := arm.cost.madds / madds - 1) > FAR:
            yield (
                f"{arm.name} cannot be rescaled to the base's MAdds: the closest is "
                f"{100 * off:+.1f} %"
            )


def _same_networks(arms: tuple[Arm, ...]) -> Iterator[str]:
    first: dict[str, str] = {}
    pairs = [
        (arm.name, other)
        for arm in arms
        if (other := first.setdefault(arm.digest, arm.name)) != arm.name
    ]
    for name, other in pairs[:NAMED]:
        yield f"{name} is the same network as {other}: it is trained once"
    if len(pairs) > NAMED:
        yield f"and {len(pairs) - NAMED} more arms are the same networks as others"
