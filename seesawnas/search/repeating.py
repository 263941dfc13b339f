"""Which networks are trained again, and from which seeds."""

from __future__ import annotations

from dataclasses import dataclass

from seesawnas.search.plan import SearchPlan
from seesawnas.study import Objectives, Proposal, StudyRecord, Trial, TrialState, ranked_trials, trial_spec, unbeaten


@dataclass(frozen=True, slots=True)
class Repeating:
    """The search is over and its best networks are trained again: ``wanted`` trials in all, ``done`` of them before."""

    wanted: int
    done: int


def missing_repeats(plan: SearchPlan, record: StudyRecord, repeats: StudyRecord) -> list[Proposal]:
    """The repeats that ``plan`` asks for and the study of repeats does not hold yet.

    Seed by seed, so that an interruption leaves the networks with nearly equally many.
    """
    held = repeats.keys()
    complete = [trial for trial in record.trials(TrialState.COMPLETE) if "spec" in trial.user_attrs]
    best = worth_repeating(complete, plan.objectives)[: plan.repeat_top]
    wanted = (_repeat(trial, plan, seed) for seed in plan.repeat_seeds for trial in best)
    return [proposal for proposal in wanted if proposal.key not in held]


def worth_repeating(complete: list[Trial], objectives: Objectives) -> list[Trial]:
    """The trials in the order in which to repeat them, by what the search measured.

    With several objectives those on the Pareto front come first.
    """
    best = ranked_trials(complete, {})
    if not objectives.costs:
        return best
    front = unbeaten([trial.values for trial in best])
    return [best[place] for place in sorted(range(len(best)), key=lambda place: (place not in front, place))]


def _repeat(trial: Trial, plan: SearchPlan, seed: int) -> Proposal:
    label, proxy = str(trial.user_attrs.get("label") or ""), plan.proxy.with_seed(seed)
    return Proposal(trial_spec(trial), trial.params, label, proxy, variant=f"seed {seed}", fixed=True)
