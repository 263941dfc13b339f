"""``AblationPlan``: all that an ablation is asked to do.

Its fields declare the options of ``ablate``.

Nothing here imports torch or Optuna before a value needs it, so that help is fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, get_args

from seesawnas.ablation.factors import (
    Factor,
    OwnFactors,
    factors_of,
    known_factor,
    no_factors,
    parse_level,
)
from seesawnas.ablation.levels import Levels, parse_factors, parse_levels
from seesawnas.ablation.result import DesignKind
from seesawnas.ablation.widths import scaled
from seesawnas.analysis.spending import MOST_SEEDS, declared_looks, derived_looks
from seesawnas.arch import ArchSpec
from seesawnas.errors import InvalidInput
from seesawnas.plan.options import (
    Number,
    OneOf,
    Whole,
    inherited,
    option,
    parsed,
    stored_list,
    text,
)
from seesawnas.study.options import (
    JUDGED,
    RunPlan,
    as_objectives,
    metric_name,
    references,
)
from seesawnas.text import short

if TYPE_CHECKING:
    from pydantic import ValidationInfo

CHANGED = "Design"
"""A panel of the help."""
DESIGNS: tuple[str, ...] = get_args(DesignKind)
MATCHES = ("none", "madds")
NETWORK = "network"
"""The factor whose levels are whole networks."""


def find_network(ref: str, scale: float = 1.0, storage: str | None = None) -> ArchSpec:
    """The network that ``ref`` names, its widths times ``scale``.

    ``ref`` names a network of the library, a file or a study, which lies in ``storage`` if it has
    no folder here.

    Raises:
        InvalidInput: If ``ref`` names no network, or the network cannot be scaled.
    """
    from seesawnas.study.library import reference

    spec = reference.find_network(ref, storage).spec
    return spec if scale == 1 else scaled(spec, scale).renamed(f"{spec.name} x {scale:g}")


class BaseFactors:
    """Gives the factors of the base, whose kinds may have some that no kind known by name has.

    The base is read when they are first asked for, so that it is not read if the known factors are
    enough.
    """

    def __init__(self, ref: Any, storage: Any = None) -> None:
        self.faults: list[str] = []
        """Why it could not be read, one line each, if it was asked for."""
        self._ref = ref
        self._storage = storage if isinstance(storage, str) else None

    def __call__(self) -> Mapping[str, Factor]:
        """By name; none if the base cannot be read."""
        return self._factors

    @cached_property
    def _factors(self) -> Mapping[str, Factor]:
        if not isinstance(self._ref, str):
            return {}  # the key's own rule says it
        try:
            return factors_of(find_network(self._ref, storage=self._storage))
        except InvalidInput as error:
            self.faults += str(error).splitlines()
            return {}


def _factors(raw: Any, info: ValidationInfo) -> Any:
    parse = partial(parse_factors, own=_own(info))
    if raw in (None, "", []):
        return ()
    try:
        return parsed(parse, "factors", ",".join(map(str, raw)) if isinstance(raw, list) else raw)
    except ValueError as error:
        raise ValueError(str(error).removeprefix("factor ")) from None


def _levels(raw: Any, info: ValidationInfo) -> Any:
    own = _own(info)
    if not isinstance(raw, dict):
        return {} if raw is None else parsed(partial(parse_levels, own=own), "levels", raw)
    return {factor: _words(factor, words, own) for factor, words in raw.items()}


def _own(info: ValidationInfo) -> OwnFactors:
    """What gives the base's factors, if the document is read with it."""
    return info.context or no_factors


def _words(factor: Any, raw: Any, own: OwnFactors) -> Any:
    parsed(partial(known_factor, own=own), "factor", factor)
    words = raw if isinstance(raw, list) else str(raw).split(",")
    found = tuple(parsed(partial(parse_level, str(factor), own=own), "", word) for word in words)
    if len(set(found)) < len(found):
        raise ValueError(f"must have each level of {factor} once, got {', '.join(map(str, words))}")
    return found


def _match(raw: Any) -> Any:
    return OneOf(MATCHES)("none" if raw is None else raw)


def _stored_levels(levels: Levels) -> dict[str, list[str]] | None:
    return {factor: list(words) for factor, words in levels.items()} or None


def _looks(raw: Any) -> Any:
    words = raw.split(",") if isinstance(raw, str) else [raw] if isinstance(raw, int) else raw
    fault = (
        f"must be growing numbers of seeds from 2 to {MOST_SEEDS}, such as 5,10,20, got "
        f"{short(repr(raw))}"
    )
    if words is None:
        return ()
    if not isinstance(words, list | tuple) or any(isinstance(word, bool) for word in words):
        raise ValueError(fault)
    try:
        found = [int(word) if isinstance(word, str) else word for word in words]
    except ValueError:
        raise ValueError(fault) from None
    are_whole = all(isinstance(one, int) for one in found)
    if not are_whole or sorted(set(found)) != found or not all(2 <= n <= MOST_SEEDS for n in found):
        raise ValueError(fault)
    return tuple(found)


def _stored_looks(looks: tuple[int, ...]) -> list[int] | None:
    return list(looks) or None


@dataclass(frozen=True, kw_only=True)
class AblationPlan(RunPlan):
    """What an ablation is asked to do.

    Attributes:
        base: REF of the network that is changed; the command's argument.
        scale: Multiplies all widths first, of the base and of others.
        levels: Those given, of some of the ``factors``; without any factors, theirs are meant.
        against: REFs of whole networks.
        seeds: Trainings of each network, from ``seed`` on.
        looks: Numbers of seeds at which effects are tested; none if they follow from the seeds of
            the first start.
    """

    base: str = option(text, must_stay=True)
    scale: float = option(
        Number(0.01, 100),
        "X",
        CHANGED,
        "Multiply all widths by X before any change. Default: 1.",
        default=1.0,
    )
    factors: tuple[str, ...] = option(
        _factors,
        "NAMES",
        CHANGED,
        "Attributes to change, separated by commas: split, kind, se, activation, skip, expansion, "
        "kernel, "
        "embedding, width, or any attribute of the network's block kinds.",
        default=(),
        must_stay=True,
        store=list,
    )
    levels: Levels = option(
        _levels,
        "LEVELS",
        CHANGED,
        "Levels of the factors, such as 'se=0,4,8; split=1,1:3'. Default: all levels of the "
        "search-space grammar.",
        default=dict,
        store=_stored_levels,
    )
    against: tuple[str, ...] = option(
        references,
        "REFS",
        CHANGED,
        "Other networks to compare with the base: REF,REF.",
        default=(),
        completion="networks",
        store=stored_list,
    )
    design: DesignKind = option(
        OneOf(DESIGNS),
        "NAME",
        CHANGED,
        "one-at-a-time, full (all combinations) or fractional (for factors with two levels). "
        "Default: one-at-a-time.",
        default="one-at-a-time",
        must_stay=True,
    )
    match: str = option(
        _match,
        "COST",
        CHANGED,
        "madds (rescale widths so that every variant has the base's MAdds) or none. Default: none.",
        default="none",
        must_stay=True,
    )
    seeds: int = option(
        Whole(1, 1000),
        "K",
        JUDGED,
        "Training runs per network; all networks use the same seeds. More may be added later. "
        "Default: 5.",
        default=5,
    )
    looks: tuple[int, ...] = option(
        _looks,
        "K,K",
        JUDGED,
        "Numbers of seeds at which effects are tested, such as 5,10,20; one for a single test. "
        "Fixed at the start. Default: the first --seeds, twice as many, four times ...",
        default=(),
        must_stay=True,
        store=_stored_looks,
    )
    metric: str = option(
        metric_name,
        "NAME",
        JUDGED,
        "The metric to compare: accuracy, auc, tar_at_far_1e_2, tar_at_far_1e_3 or separation. "
        "Default: auc.",
        default="auc",
        former_key="quality",
        must_stay=True,
        kept_as="objectives",
        keep=as_objectives,
    )
    data: str | None = inherited(RunPlan, "data")
    identities: int | None = inherited(RunPlan, "identities")
    seconds: float | None = inherited(RunPlan, "seconds")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.factors:
            object.__setattr__(self, "factors", tuple(self.levels))

    @classmethod
    def other_help(cls) -> Mapping[str, str]:
        """See the base."""
        return {
            "seed": "The first training seed; also the seed of the identity split and the pairs. "
            "Default: 0.",
            "study": "Name of the study, a folder under runs/. Default: derived from the study "
            "file, or from network and data.",
        }

    @property
    def matched(self) -> bool:
        """Whether arms are rescaled in width to the base's MAdds."""
        return self.match == "madds"

    @property
    def planned_looks(self) -> tuple[tuple[int, float], ...]:
        """Looks of a study that this plan starts: (number of seeds, part of alpha up to it)."""
        return declared_looks(self.looks) if self.looks else derived_looks(max(2, self.seeds))

    @property
    def training_seeds(self) -> tuple[int, ...]:
        """The seeds of each arm's trainings, the same for every arm.

        An arm's training runs see the same images in the same order as the base's.
        """
        return tuple((self.seed + number) % 2**63 for number in range(self.seeds))
