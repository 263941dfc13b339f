"""From what a study stores to what its ablation found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import ceil
from statistics import fmean, stdev
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from scipy import stats

from seesawnas.ablation.analysis import POWER, PlannedLooks, analyse, power_of, seeds_for
from seesawnas.ablation.result import (
    AblationResult,
    ArmResult,
    Effect,
    RacePair,
    RaceResult,
    Verdict,
)
from seesawnas.analysis.group_sequential import Judgement, critical_values, judge
from seesawnas.analysis.spending import FIRST_LOOK, MOST_SEEDS
from seesawnas.errors import StudyError
from seesawnas.evaluation.metrics import METRICS
from seesawnas.io.stored_json import stored_mapping
from seesawnas.io.validation import lines_of
from seesawnas.plan.options import OneOf
from seesawnas.study import Trial, TrialState
from seesawnas.study.record.renewed import DIGEST_BEFORE
from seesawnas.text import one_line, short

Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Part = Annotated[float, Field(gt=0, le=1)]

ATTRIBUTE = "ablation"
"""The study's attribute with the design: the meaning of its trials' levels and networks."""
PLANNED_LOOKS = "planned_looks"
"""The key of its looks."""
SEQUENTIAL = "group-sequential t"
"""The method of results that are looked at more than once."""


def read_ablation(
    study: str, attributes: Mapping[str, Any], trials: Iterable[Trial]
) -> AblationResult | None:
    """What the ablation stored under the name ``study`` found so far.

    None if the study is of another kind.

    Args:
        study: The study's name.
        attributes: The study's own.
        trials: In whatever state; those that are complete count.

    Raises:
        StudyError: If the study says what it is of in a way that cannot be read.
    """
    text = attributes.get(ATTRIBUTE)
    if text is None:
        return None
    try:
        return _read(study, StoredAblation.model_validate(stored_mapping(text)), trials)
    except ValidationError as error:
        fault = next(lines_of(error, lambda _: ()))
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        fault = (
            str(error)
            if str(error).startswith("must")
            else "its factors, levels and networks must agree"
        )
    raise StudyError(one_line(f"study {study}: {ATTRIBUTE}: {fault}")) from None


def _as_tuples(raw: Any) -> Any:
    """Pairs as tuples: JSON knows lists alone."""
    if not isinstance(raw, list):
        return raw
    return [tuple(pair) if isinstance(pair, list) else pair for pair in raw]


_PAIRS = BeforeValidator(_as_tuples)


class StoredArm(BaseModel):
    """A network of the design, as it is stored."""

    model_config = ConfigDict(strict=True)

    name: str
    levels: Annotated[list[tuple[str, Any]], _PAIRS]
    digest: str
    madds: Count
    params: Count


class StoredRace(BaseModel):
    """The rules of a race, as they are stored."""

    model_config = ConfigDict(strict=True)

    alpha: Annotated[float, Field(gt=0, lt=1)]
    margin: Annotated[float, Field(ge=0, le=1)]
    seeds: Annotated[int, Field(ge=FIRST_LOOK, le=MOST_SEEDS)]
    trainings: Count | None = None


class StoredAblation(BaseModel):
    """What an ablation stores of its design; keys of other versions are ignored."""

    model_config = ConfigDict(strict=True)

    base: str
    quality: Annotated[str, BeforeValidator(OneOf(tuple(METRICS)))]
    design: Literal["one-at-a-time", "full", "fractional"]
    factors: Annotated[list[tuple[str, list[Any]]], _PAIRS]
    seeds: list[Count]
    matched: bool
    resolution: str | None
    aliases: list[Any]
    arms: list[StoredArm]
    looks: list[int] = []
    planned_looks: Annotated[list[tuple[Annotated[int, Field(ge=2, le=1000)], Part]], _PAIRS] = []
    race: StoredRace | None = None

    @field_validator("planned_looks")
    @classmethod
    def _growing(cls, looks: list[tuple[int, float]]) -> list[tuple[int, float]]:
        for column in zip(*looks, strict=True):
            if sorted(set(column)) != list(column):
                raise ValueError(f"must grow from look to look, got {short(str(looks))}")
        return looks


def _read(study: str, kept: StoredAblation, trials: Iterable[Trial]) -> AblationResult:
    trials = list(trials)
    values = _values(trials)
    today = {
        str(trial.user_attrs.get(DIGEST_BEFORE)): str(trial.user_attrs["digest"])
        for trial in trials
        if DIGEST_BEFORE in trial.user_attrs
    }
    states = trial_places(trials)
    arms = tuple(
        ArmResult(
            name=arm.name,
            levels=tuple(arm.levels),
            digest=digest,
            madds=arm.madds,
            params=arm.params,
            values=tuple(sorted(values.get(digest, {}).items())),
            failed=_failed(states, digest),
        )
        for arm in kept.arms
        for digest in (today.get(arm.digest, arm.digest),)
    )
    factors = tuple((factor, tuple(levels)) for factor, levels in kept.factors)
    race = None
    if kept.race is None:
        looks = tuple(kept.planned_looks)
        planned = PlannedLooks(looks, partial(seeds_in_order, states)) if looks else None
        effects, interactions = analyse(arms, factors, kept.design, planned=planned)
    else:
        race = RaceResult(**kept.race.model_dump(), pairs=tuple(_pairs(arms, states, kept.race)))
        effects, interactions = tuple(map(_effect, race.pairs, arms[1:], arms[:1] * len(arms))), ()
    found = AblationResult(
        study=study,
        base=kept.base,
        metric=kept.quality,
        design=kept.design,
        factors=factors,
        seeds=tuple(kept.seeds),
        arms=arms,
        effects=effects,
        interactions=interactions,
        matched=kept.matched,
        resolution=kept.resolution,
        aliases=tuple(kept.aliases),
        looks=tuple(kept.looks),
        race=race,
        planned_looks=tuple(kept.planned_looks),
    )
    if race is not None:
        return replace(found, confidence=1 - race.alpha, method=SEQUENTIAL)
    return replace(found, method=SEQUENTIAL) if len(found.planned_looks) > 1 else found


def _pairs(arms: Sequence[ArmResult], states: TrialPlaces, rules: StoredRace) -> Iterator[RacePair]:
    """The first arm against each other one."""
    candidate, *rivals = arms
    family = len({arm.digest for arm in rivals} - {candidate.digest})
    for rival in rivals:
        if rival.digest == candidate.digest:
            yield RacePair(
                candidate.name, rival.name, 0, 0, 0.0, None, None, verdict="same network"
            )
            continue
        differences = paired_differences(states, candidate.digest, rival.digest)
        found = judge(
            differences, most=rules.seeds, alpha=rules.alpha / family, margin=rules.margin
        )
        verdict = _VERDICTS[found.judgement]
        needed = fewest = most = None
        if verdict == "not resolvable" and found.low is not None:
            needed, fewest, most = _needed(differences[: found.n], rules, rules.alpha / family)
        yield RacePair(
            candidate.name,
            rival.name,
            found.n,
            2 * found.n,
            found.mean,
            found.low,
            found.high,
            verdict,
            needed,
            fewest,
            most,
            candidate_failed=len(candidate.failed),
            rival_failed=len(rival.failed),
        )


_VERDICTS: dict[Judgement, Verdict] = {
    "better": "better",
    "worse": "worse",
    "equivalent": "equivalent",
    "not resolved": "not resolvable",
}
_TURNED: dict[Verdict, Verdict] = {"better": "worse", "worse": "better"}
_INFLATION = 1.15
"""Seeds of a race over those of a t-test at a fixed number, for the same power; measured by
``benchmarks/bench_confirm.py``."""
_LIKELY = 0.8


def _needed(differences: Sequence[float], rules: StoredRace, alpha: float) -> Iterator[int | None]:
    """Seeds that resolve the difference as it is, at its far end and at its near end.

    The ends are those of its interval at a fixed number of seeds. What cannot be resolved is a
    difference of exactly the margin, on either side of 0.
    """
    n, mean, spread = len(differences), abs(fmean(differences)), stdev(differences)
    reach = float(stats.t.ppf((1 + _LIKELY) / 2, n - 1)) * spread / n**0.5
    ends = [abs(end - rules.margin) for end in (mean - reach, mean + reach)]
    nearest = 0.0 if mean - reach <= rules.margin <= mean + reach else min(ends)
    for distance in (abs(mean - rules.margin), max(ends), nearest):
        yield seeds_of_race(distance / spread, n, rules.seeds, alpha)


def seeds_of_race(size: float, done: int, most: int, alpha: float) -> int | None:
    """The fewest seeds, more than ``done``, at which a race resolves an effect of ``size``.

    That is with power 0.8, at a single look: a little more than it takes. If it takes more than the
    race has, it is said of a longer one.

    Args:
        size: In standard deviations of the differences.
        done: Seeds that are done.
        most: The most seeds of the race.
        alpha: The pair's part of the race's.

    Returns:
        None if it takes more than 10,000, or ``size`` is 0.
    """
    critical = critical_values(most, alpha)
    for n in range(max(done + 1, FIRST_LOOK), most + 1):
        if size and power_of(size, n, critical[n]) >= POWER:
            return n
    seeds = seeds_for(size, alpha) if size else None
    return None if seeds is None else max(most + 1, ceil(_INFLATION * seeds))


def _effect(pair: RacePair, rival: ArmResult, candidate: ArmResult) -> Effect:
    """The same of the rival against the candidate."""
    return Effect(
        rival.levels[0][0],
        pair.rival,
        pair.candidate,
        pair.n,
        _minus(pair.mean),
        _minus(pair.high),
        _minus(pair.low),
        None,
        None,
        _TURNED.get(pair.verdict, pair.verdict),
        pair.needed,
        madds=rival.madds - candidate.madds,
        params=rival.params - candidate.params,
    )


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


TrialPlaces: TypeAlias = dict[tuple[str, int], tuple[int, TrialState, float | None]]
"""By a network's digest and a seed: the number and state of its last training, its metric."""


def seeds_in_order(states: TrialPlaces, networks: Collection[str]) -> list[int]:
    """The seeds that are done for all ``networks``, in the order in which they are looked at.

    That is the order of the last training of each seed, so that what is trained later, also another
    try of a seed that failed, never changes earlier looks. A seed that failed for one of the
    networks is left out; one that is not done yet ends the list, also if later ones are done.

    Args:
        states: The trainings.
        networks: By their digests.
    """
    rows = {
        seed: [states[digest, seed] for digest in networks]
        for seed in {seed for _, seed in states}
        if all((digest, seed) in states for digest in networks)
    }
    found: list[int] = []
    for seed in sorted(rows, key=lambda seed: max((row[0] for row in rows[seed]), default=0)):
        if all(value is not None for _, _, value in rows[seed]):
            found.append(seed)
        elif all(state is not TrialState.FAIL for _, state, _ in rows[seed]):
            break
    return found


def paired_differences(states: TrialPlaces, candidate: str, rival: str) -> list[float]:
    """Candidate minus rival, by seed, in the order of :func:`seeds_in_order`."""
    pairs = (
        (states[candidate, seed][2], states[rival, seed][2])
        for seed in seeds_in_order(states, (candidate, rival))
    )
    return [one - two for one, two in pairs if one is not None and two is not None]


def _failed(states: TrialPlaces, digest: str) -> tuple[int, ...]:
    """The seeds whose last training of a network failed."""
    return tuple(
        sorted(
            seed
            for (owner, seed), (_, state, _) in states.items()
            if owner == digest and state is TrialState.FAIL
        )
    )


def trial_places(trials: Iterable[Trial]) -> TrialPlaces:
    """The trainings of a study by what they are of."""
    found: TrialPlaces = {}
    for trial in trials:
        if (seed := training_seed(trial)) is not None:
            value = trial.values[0] if trial.state is TrialState.COMPLETE else None
            key = (str(trial.user_attrs["digest"]), seed)
            if key not in found or found[key][2] is None:
                found[key] = (trial.number, trial.state, value)
    return found


def training_seed(trial: Trial) -> int | None:
    """The seed of a training; None if it is no training of an ablation."""
    variant = str(trial.user_attrs.get("variant", ""))
    text = variant.removeprefix("seed ")
    is_seed = variant.startswith("seed ") and text.isdecimal() and len(text) < 20
    return int(text) if is_seed and "digest" in trial.user_attrs else None


def _values(trials: Iterable[Trial]) -> dict[str, dict[int, float]]:
    """The score of each complete training, by the network's digest and the training's seed."""
    found: dict[str, dict[int, float]] = {}
    for trial in trials:
        if trial.state is TrialState.COMPLETE and (seed := training_seed(trial)) is not None:
            found.setdefault(str(trial.user_attrs["digest"]), {})[seed] = trial.values[0]
    return found
