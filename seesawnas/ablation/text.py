"""The result of an ablation in words.

A sentence per effect, the resolved interactions, and what is not resolved. Scores have four
decimals: about the resolution of a verification set; seeds differ by more.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from seesawnas.ablation.result import (
    AblationResult,
    ArmResult,
    Effect,
    Interaction,
    RacePair,
    RaceResult,
)
from seesawnas.analysis.spending import FIRST_LOOK
from seesawnas.evaluation.metrics import METRICS
from seesawnas.text import several


def verdict_words(result: AblationResult) -> tuple[str, ...]:
    """The sentences, effects in the order of the factors and the closing one last.

    A result that is not complete has them too.
    """
    if result.race is not None:
        pairs = [_pair(result, result.race, pair) for pair in result.race.pairs]
        return (*pairs, _race_closing(result.race))
    effects = [_effect(result, effect) for effect in result.effects]
    interactions = [
        _interaction(result, found)
        for found in result.interactions
        if found.verdict != "not resolvable"
    ]
    looks = _planned_looks(result) if result.planned_looks else _looks(result)
    return (*effects, *interactions, _closing(result), *looks)


def _effect(result: AblationResult, effect: Effect) -> str:
    level, base = f"{effect.factor}={effect.level}", f"{effect.factor}={effect.base}"
    if effect.mean is None:
        return f"{level} against {base}: no seed is finished for both networks yet."
    if effect.verdict == "same network":
        return f"{level} and {base} are the same network here."
    cost = f"{_average(result)} at {_percent(result, effect)} MAdds"
    metric = _metric(result)
    if effect.p is None:
        first = result.planned_looks[0][0] if result.planned_looks else 0
        why = f"the first look is at {first} seeds" if effect.n > 1 else "an interval needs two"
        return (
            f"{level} against {base}: {_signed(effect.mean)} {metric}{cost} with "
            f"{several(effect.n, 'seed')}; {why}."
        )
    if effect.verdict != "not resolvable":
        size = f"{_size(effect.mean)} {metric} ({_evidence(result, effect)})"
        return f"{level} is {effect.verdict} than {base} by {size}{cost}."
    change = f"{_signed(effect.mean)} {metric} ({_evidence(result, effect)}){cost}"
    return (
        f"{level} against {base}: {change}, not resolvable with "
        f"{several(effect.n, 'seed')}{_needed(result, effect)}."
    )


def _pair(result: AblationResult, race: RaceResult, pair: RacePair) -> str:
    """What is said of a candidate against a rival, with the seeds that are left out."""
    failed = [
        f"{name} failed in {several(count, 'seed')}"
        for name, count in (
            (pair.candidate, pair.candidate_failed),
            (pair.rival, pair.rival_failed),
        )
        if count
    ]
    left_out = f" Left out: {', '.join(failed)}; it is about trainings that end." if failed else ""
    return _verdict(result, race, pair) + left_out


def _verdict(result: AblationResult, race: RaceResult, pair: RacePair) -> str:
    candidate, rival, metric = pair.candidate, pair.rival, _metric(result)
    if pair.verdict == "same network":
        return f"{candidate} and {rival} are the same network."
    runs = f"after {several(pair.trainings, 'training run')} ({several(pair.n, 'seed')})"
    if pair.mean is None:
        return f"{candidate} against {rival}: no seed is finished for both networks yet."
    cost = f"at {_cost_ratio(result, pair)}"
    change = f"{_signed(pair.mean)} {metric}"
    if pair.low is None or pair.high is None:
        why = (
            f"the first interval takes {FIRST_LOOK} seeds"
            if pair.n < FIRST_LOOK
            else "all seeds give the same value: no interval"
        )
        return f"{candidate} against {rival}: {change}, not resolved {runs}; {why}."
    interval = f"{_confidence(result)} interval {_plain(pair.low)}..{_plain(pair.high)}"
    beyond = f", that is by more than the margin {race.margin:g}," if race.margin else ""
    match pair.verdict:
        case "better" | "worse":
            return (
                f"{candidate} is {pair.verdict} than {rival} by {_size(pair.mean)} {metric} "
                f"({interval}){beyond} {cost}, {runs}."
            )
        case "equivalent":
            return (
                f"{candidate} and {rival} are equal within the margin {race.margin:g} {metric}: "
                f"{change} ({interval}) {cost}, {runs}."
            )
    return (
        f"{candidate} against {rival}: {change} ({interval}) {cost}, not resolved {runs}; "
        f"{_more(race, pair)}."
    )


def _more(race: RaceResult, pair: RacePair) -> str:
    """How many trainings would resolve a pair, as far as its trainings so far can say."""
    if pair.needed is None:
        return "a difference of this size would need more than 10,000 seeds"
    if pair.n >= race.seeds:
        return (
            f"the {several(race.seeds, 'seed')} of this race are spent; a new one would take about "
            f"{several(pair.needed, 'seed')} if the difference is as it seems"
        )
    if pair.needed <= pair.n:
        return "the next seeds should resolve it, if the difference is as it seems"
    more = several(2 * (pair.needed - pair.n), "more training run")
    most = f"{pair.most:,}" if pair.most else "more than 10,000"
    far = f", more than the {race.seeds} of this race" if pair.needed > race.seeds else ""
    return (
        f"about {more} ({several(pair.needed, 'seed')} in all{far}) if the difference is as it "
        f"seems; {pair.fewest:,} to {most} seeds as far as {pair.n} seeds can say"
    )


def _race_closing(race: RaceResult) -> str:
    open_ends = [pair.rival for pair in race.pairs if pair.verdict == "not resolvable"]
    rule = (
        f"The verdicts hold together, whenever one looks, with probability {1 - race.alpha:g} "
        f"(group-sequential paired t-test of at most {several(race.seeds, 'seed')}, Bonferroni "
        f"over {several(len(race.pairs), 'pair')})."
    )
    if not open_ends:
        return f"All differences are resolved. {rule}"
    return f"Not resolved (this does not mean equal): {', '.join(open_ends)}. {rule}"


def _cost_ratio(result: AblationResult, pair: RacePair) -> str:
    madds = {arm.name: arm.madds for arm in result.arms}
    own, other = madds[pair.candidate], madds[pair.rival]
    # A network of pools alone has none.
    return f"{100 * own / other:.0f} % of its MAdds" if other else f"{own:,} MAdds instead of 0"


def _interaction(result: AblationResult, found: Interaction) -> str:
    (factor, other), (level, level2) = found.factors, found.levels
    bases = {name: levels[0] for name, levels in result.factors}
    mean = 0.0 if found.mean is None else found.mean
    change = f"{_size(mean)} {_metric(result)} {'higher' if mean > 0 else 'lower'}"
    where = f"with {other}={level2} than with {other}={bases[other]}"
    aliases = [
        alias.partition(" = ")[2]
        for alias in result.aliases
        if alias.startswith(f"{factor} × {other} = ")
    ]
    or_else = f"; aliased with {aliases[0]} in this design" if aliases else ""
    return (
        f"The effect of {factor}={level} (against {factor}={bases[factor]}) is {change} {where} "
        f"({_evidence(result, found)}){or_else}."
    )


def _closing(result: AblationResult) -> str:
    open_ends = list(_unresolved(result))
    if not any(effect.mean is not None for effect in result.effects):
        return "No results yet."
    if not open_ends:
        return f"All measured effects are resolved at {_confidence(result)}."
    return (
        f"Not resolved at {_confidence(result)} (this does not mean equal): {', '.join(open_ends)}."
    )


def _planned_looks(result: AblationResult) -> Iterator[str]:
    """Say at which numbers of seeds p and intervals are computed, and that more seeds harm none."""
    numbers = [n for n, _ in result.planned_looks]
    if len(numbers) == 1:
        yield f"One look is planned, with {several(numbers[0], 'seed')}: a paired t-test."
    else:
        *others, last = map(str, numbers)
        yield (
            "p and intervals hold at every look, and seeds may be added after each: "
            f"group-sequential paired t-test with looks at {', '.join(others)} and {last} seeds."
        )
    if any(arm.failed for arm in result.arms):
        yield (
            "Failed training runs are left out, and a look waits until as many others are done; "
            "the same command tries them again."
        )
        return
    settled = min(_settled(result, arm) for arm in result.arms)
    made = [n for n in numbers if n <= settled]
    coming = next((n for n in numbers if n > settled), None)
    if settled and settled not in made:
        seen = f"verdicts are those with {made[-1]}" if made else "no verdict yet"
        later = f"the next look is at {coming}" if coming is not None else "there is no later look"
        yield f"{several(settled, 'seed')} done for all networks: {seen}; {later}."


def _settled(result: AblationResult, arm: ArmResult) -> int:
    """How many seeds of an arm, without a gap, are done."""
    known = {seed for seed, _ in arm.values}
    return next(
        (place for place, seed in enumerate(result.seeds) if seed not in known), len(result.seeds)
    )


def _looks(result: AblationResult) -> Iterator[str]:
    """Warn of repeated looks at the data: a verdict is then found more often than its p says."""
    done = {len(arm.values) for arm in result.arms}
    if max(done, default=0) > 0 and min(done) < len(result.seeds):
        yield (
            "Interim result: training runs are missing. Stopping early on a good result makes "
            "false positives "
            "more likely than p indicates."
        )
    if len(result.looks) > 1:
        times = ", ".join(map(str, result.looks))
        yield (
            f"Verdicts were computed {len(result.looks)} times, with {times} seeds: "
            f"multiply p by {len(result.looks)} to correct for this."
        )


def _unresolved(result: AblationResult) -> Iterator[str]:
    for effect in result.effects:
        if effect.verdict == "not resolvable" and effect.mean is not None:
            yield f"{effect.factor}={effect.level}"
    for found in result.interactions:
        if found.verdict == "not resolvable" and found.mean is not None:
            named = " × ".join(
                f"{factor}={level}"
                for factor, level in zip(found.factors, found.levels, strict=True)
            )
            yield f"{named} (about {several(found.needed, 'seed')})" if found.needed else named


def _evidence(result: AblationResult, found: Effect | Interaction) -> str:
    if found.low is None or found.high is None:
        interval = f"all {found.n} seeds give the same value: no interval"
    else:
        interval = f"{_confidence(result)} interval {_plain(found.low)}..{_plain(found.high)}"
    p = found.p_holm if found.p_holm is not None else found.p
    return f"{interval}, n={found.n}, {_p(p)} after Holm"


def _needed(result: AblationResult, effect: Effect) -> str:
    if effect.needed is None:
        return "" if effect.low is None else ": an effect of this size would need more than 10,000"
    more = effect.needed - effect.n
    looks = [n for n, _ in result.planned_looks]
    if looks and effect.needed not in looks:
        return (
            f": an effect of this size would need a new ablation with one look at about "
            f"{several(effect.needed, 'seed')}"
        )
    return (
        f": an effect of this size would need about {several(effect.needed, 'seed')} "
        f"({more:,} more)"
    )


def _average(result: AblationResult) -> str:
    crossed = result.design != "one-at-a-time" and len(result.factors) > 1
    return " in the mean over the other factors" if crossed else ""


def _percent(result: AblationResult, effect: Effect) -> str:
    """The change in MAdds, in per cent of those of the networks at the base's level."""
    bases = {name: levels[0] for name, levels in result.factors}
    references = [arm.madds for arm in result.arms if dict(arm.levels) == bases]
    if result.design != "one-at-a-time":
        references = [
            arm.madds for arm in result.arms if dict(arm.levels)[effect.factor] == effect.base
        ]
    return (
        f"{_unsigned_zero(100 * effect.madds / fmean(references), 1):+.1f} %"
        if references
        else "unknown"
    )


def _metric(result: AblationResult) -> str:
    return METRICS[result.metric].label if result.metric in METRICS else result.metric


def _confidence(result: AblationResult) -> str:
    return f"{100 * result.confidence:g} %"


def _p(p: float | None) -> str:
    if p is None:
        return "p unknown"
    return "p<0.001" if p < 0.001 else f"p={p:.3f}"


def _size(value: float) -> str:
    return f"{abs(value):.4f}" if round(abs(value), 4) else "less than 0.0001"


def _signed(value: float) -> str:
    return f"{_unsigned_zero(value, 4):+.4f}"


def _plain(value: float) -> str:
    return f"{_unsigned_zero(value, 4):.4f}"


def _unsigned_zero(value: float, digits: int) -> float:
    """Rounded; ``-0.0`` reads as a sign that is none."""
    return round(value, digits) + 0.0
