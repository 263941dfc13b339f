"""``AblationResult``: what an ablation found, as plain values for tables, plots and JSON.

Effects are differences of the study's metric (accuracy, AUC: 0 to 1) between a level and the
base's, paired by training seed: both networks of a pair saw the same images in the same order.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["better", "worse", "equivalent", "not resolvable", "same network"]
DesignKind: TypeAlias = Literal["one-at-a-time", "full", "fractional"]


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One network of the design.

    Attributes:
        levels: Its (factor, level) pairs, every factor's.
        values: Its (seed, score) pairs, of the seeds that are done.
        madds: Its MAdds at full resolution.
        params: Its params at full resolution.
        failed: Seeds whose training failed and is not being tried again.
    """

    name: str
    levels: tuple[tuple[str, str], ...]
    digest: str
    madds: int
    params: int
    values: tuple[tuple[int, float], ...]
    failed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """How much ``level`` of ``factor`` changes the metric against the base's level.

    Attributes:
        n: Pairs of seeds, of the last look if looks are planned.
        mean: Of the paired differences.
        low: Lower end of its interval at the result's confidence; with planned looks of the
            repeated interval, which holds at every look.
        high: Upper end of that interval.
        p: Two-sided; with planned looks the repeated p-value, which holds at every look.
        p_holm: ``p`` corrected over all effects and interactions.
        needed: Seeds to resolve an effect of this size (power 0.8); None if it is resolved or
            cannot be said.
        verdict: ``same network``: the level changes nothing here; ``equivalent``: the difference is
            within a race's margin.
        madds: Change in MAdds against the base's level, in the mean over arms.
        params: Change in params, likewise.
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

    It is a difference of differences, with fields as in :class:`Effect`.
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
class RacePair:
    """The candidate of a race against one of its rivals.

    Attributes:
        n: Seeds that both were trained with, up to the look that resolved the pair.
        trainings: Of both networks, at that look.
        mean: Of candidate minus rival over these seeds; None before the first.
        low: Lower end of its repeated confidence interval; None if it has none yet.
        high: Upper end of that interval.
        verdict: What the candidate is.
        needed: Seeds to resolve a difference of this size in a new race (power 0.8); None if it is
            resolved or cannot be said.
        fewest: The same, if the difference is as far from undecided as it may well be (the end of
            its interval of 80 % at a fixed number of seeds).
        most: The same, if it is as close to undecided as it may well be; None if no number will do.
        candidate_failed: Seeds left out because the candidate's training failed.
        rival_failed: The same of the rival; one may be in both.
    """

    candidate: str
    rival: str
    n: int
    trainings: int
    mean: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    needed: int | None = None
    fewest: int | None = None
    most: int | None = None
    candidate_failed: int = 0
    rival_failed: int = 0


@dataclass(frozen=True, slots=True)
class RaceResult:
    """Whole networks against the first, looked at after every seed.

    Intervals and verdicts of all pairs hold together, at every look, with probability 1 - alpha.

    Attributes:
        alpha: Of the race; each pair has its equal part (Bonferroni).
        margin: A difference of at most this size does not matter.
        seeds: The most seeds, at which looking ends.
        trainings: The budget of trainings that it was last run with; None for none.
    """

    alpha: float
    margin: float
    seeds: int
    trainings: int | None
    pairs: tuple[RacePair, ...]


@dataclass(frozen=True, slots=True)
class AblationResult:
    """A whole ablation.

    Attributes:
        metric: What is compared; ``quality`` among the JSON values is the same, for readers of
            earlier versions.
        factors: (factor, its levels, the base's first).
        resolution: A fractional design's.
        aliases: A fractional design's: words such as ``se = kind × act``.
        matched: Whether arms were rescaled to the base's MAdds.
        looks: How many seeds there were each time that all were done and the verdicts were
            computed.
        planned_looks: (number of seeds, part of alpha that is spent up to it) of all looks, set at
            the start; effects are tested at the last one that their seeds have reached. None of a
            race, and of studies of earlier versions, whose ``looks`` are no part of their p.
        race: Of a race, its pairs; the effects say the same of each rival against the candidate.
    """

    study: str
    base: str
    metric: str
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
    race: RaceResult | None = None
    planned_looks: tuple[tuple[int, float], ...] = ()

    @property
    def title(self) -> str:
        """What pages call it."""
        return "Ablation" if self.race is None else "Confirmation"

    def to_mapping(self) -> dict[str, Any]:
        """JSON values; the keys are stable."""
        return {**asdict(self), "quality": self.metric}
