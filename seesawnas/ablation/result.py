"""``AblationResult``: what an ablation found, as plain values that tables, plots and JSON are made
of.

Effects are differences of the study's quality (accuracy, AUC: 0 to 1) between a level and the
base's, paired by training seed: both networks of a pair saw the same images in the same order.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["better", "worse", "not resolvable", "same network"]
DesignKind: TypeAlias = Literal["one-at-a-time", "full", "fractional"]


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One network of the design.

    ``levels`` are its (factor, level) pairs, every factor's; ``values`` its (seed, quality) pairs,
    of the seeds that are done; costs are those of the network at full resolution.
    """

    name: str
    levels: tuple[tuple[str, str], ...]
    digest: str
    madds: int
    params: int
    values: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """How much ``level`` of ``factor`` changes the quality against the base's level.

    n: pairs of seeds; mean: of the paired differences; low, high: its interval at the result's
    confidence; p: two-sided, p_holm: corrected over all effects and interactions; needed: seeds to
    resolve an effect of this size (power 0.8), None if it is resolved or cannot be said; verdict
    ``same network``: the level changes nothing here; madds, params: change in cost against the
    base's level, in the mean over arms.
    """

    factor: str
    level: str
    base: str
    n: int
    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    verdict: Verdict
    needed: int | None
    madds: float
    params: float


@dataclass(frozen=True, slots=True)
class Interaction:
    """How much the effect of the first factor's level depends on the second's.

    A difference of differences.

    Fields as in :class:`Effect`.
    """

    factors: tuple[str, str]
    levels: tuple[str, str]
    n: int
    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    verdict: Verdict
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class AblationResult:
    """A whole ablation. ``factors`` are (factor, its levels, the base's first).

    ``resolution`` and ``aliases`` (words such as ``se = kind × act``) are a fractional design's;
    ``matched``: arms were rescaled to the base's MAdds; ``looks``: how many seeds there were each
    time that all were done and the verdicts were computed.
    """

    study: str
    base: str
    quality: str
    design: DesignKind
    factors: tuple[tuple[str, tuple[str, ...]], ...]
    seeds: tuple[int, ...]
    arms: tuple[ArmResult, ...]
    effects: tuple[Effect, ...]
    interactions: tuple[Interaction, ...] = ()
    matched: bool = False
    resolution: str | None = None
    aliases: tuple[str, ...] = ()
    confidence: float = 0.95
    method: str = "paired t"
    looks: tuple[int, ...] = ()

    def to_mapping(self) -> dict[str, Any]:
        """JSON values; the keys are stable."""
        return asdict(self)
