"""Which decisions mattered in a study, by two methods that fail in different ways.

PED-ANOVA (Watanabe et al., arXiv 2304.10255) measures how much the distribution of options in the
best trials differs from those of all. The other method measures how much worse a linear model of
the options predicts unseen trials without a decision; it has a noise floor, from shuffled scores.
Both use only the score, within a band of MAdds: a decision that only makes networks more expensive
matters less there.

A decision that only some trials have, such as an attribute of a stage that only some networks have,
is judged among those: its columns of the model are centred over them and 0 elsewhere, so that
having it at all counts for the decision that brings it. PED-ANOVA treats having none as a regime of
its own (conditional PED-ANOVA, arXiv 2601.20800).

Complete trials of the space count, judged by the study's own proxy. Points outside the space have
no decisions; repeats are another study's.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, TypeAlias

import numpy as np
import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial
from scipy.stats import spearmanr

from seesawnas.analysis.leave_one_out import leave_one_out
from seesawnas.analysis.linear_model import Floats, OneHot
from seesawnas.cost import Budget
from seesawnas.errors import StudyError
from seesawnas.space import Decision
from seesawnas.study import StudyRecord, StudyView, Trial, TrialState


@dataclass(frozen=True, slots=True)
class OptionEffect:
    """What ``option``, taken ``n`` times, adds to the quality by the linear model.

    ``worth`` is against the mean over the trials.
    """

    option: bool | int | float | str
    n: int
    worth: float


@dataclass(frozen=True, slots=True)
class DecisionImportance:
    """A decision by both methods.

    Attributes:
        ped_anova: Its share of all decisions'.
        drop: Of the share of the variance of the quality that the linear model predicts in trials
            that it has not seen.
        floor: Below it a drop may be noise.
        n: Trials that have the decision.
        options: Those taken.
    """

    name: str
    ped_anova: float
    drop: float
    floor: float
    n: int
    options: tuple[OptionEffect, ...]

    @property
    def clears(self) -> bool:
        """Whether the drop stands out of the noise."""
        return self.drop > self.floor


@dataclass(frozen=True, slots=True)
class BandImportance:
    """The decisions among the ``n`` trials of ``low`` to ``high`` MAdds, by their drop.

    Attributes:
        explained: R^2 of the whole linear model in trials that it has not seen.
        agreement: Spearman's rank correlation of the two views; None if there is nothing to rank.
        best: How many trials PED-ANOVA compared with the rest.
    """

    low: int
    high: int
    n: int
    best: int
    explained: float
    agreement: float | None
    decisions: tuple[DecisionImportance, ...]


@dataclass(frozen=True, slots=True)
class Importance:
    """The importance of decisions for ``quality`` in the study of that name.

    ``bands`` begin with all MAdds; then comes each band, if there are several.
    """

    study: str
    quality: str
    bands: tuple[BandImportance, ...]

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values; its keys are stable."""
        values = asdict(self)
        for band, own in zip(self.bands, values["bands"], strict=True):
            for decision, entry in zip(band.decisions, own["decisions"], strict=True):
                entry["clears"] = decision.clears
        return values


MIN_TRIALS = 10
"""Trials of a band, below which nothing can be said."""
_ENOUGH = 60
"""Trials of a band that a study is split into by itself."""
_BEST = 5
"""Trials that PED-ANOVA compares with the rest, at the least; a tenth of them if that is more."""
Bands: TypeAlias = int | Sequence[Budget] | None


def importance_of(study: StudyRecord | StudyView, bands: Bands = None) -> Importance | None:
    """The importance of a study's decisions; None if fewer than ``MIN_TRIALS`` trials count.

    Args:
        study: The study, or what is read of it.
        bands: Into how many bands of equally many trials the study is split, by MAdds; or the bands
            themselves; by default three, or two, of at least 60 trials.

    Raises:
        StudyError: If a band asked for has too few trials.
    """
    name, quality, _ = _read(study)
    trials = counted_trials(study)
    if len(trials) < MIN_TRIALS:
        return None
    parts = _parts(
        sorted(trials, key=lambda trial: (trial.user_attrs["madds"], trial.number)), bands
    )
    return Importance(name, quality, tuple(map(_band, [trials, *parts])))


def counted_trials(study: StudyRecord | StudyView) -> list[Trial]:
    """The trials that count: complete ones of networks of the space, without variants."""
    return [trial for trial in _read(study)[2] if _counts(trial)]


def _read(study: StudyRecord | StudyView) -> tuple[str, str, Sequence[Trial]]:
    """Its name, its quality, its trials."""
    if isinstance(study, StudyRecord):
        return study.study.study_name, study.objectives.metric, study.trials()
    return study.name, study.metric, study.trials


def _counts(trial: Trial) -> bool:
    complete = (
        trial.state is TrialState.COMPLETE
        and bool(trial.params)
        and not trial.user_attrs.get("variant")
    )
    return complete and isfinite(trial.values[0]) and "madds" in trial.user_attrs


def _parts(trials: list[Trial], bands: Bands) -> list[list[Trial]]:
    """``trials``, cheapest first, by band; none if there is one band alone."""
    if bands is None:
        bands = next((count for count in (3, 2) if len(trials) >= count * _ENOUGH), 1)
    if isinstance(bands, int):
        if not 1 <= bands <= len(trials) // MIN_TRIALS:
            most = len(trials) // MIN_TRIALS
            raise StudyError(
                f"bands must be from 1 to {most} (each needs {MIN_TRIALS} trials; the study has "
                f"{len(trials)} complete trials "
                f"of its space), got {bands}"
            )
        ends = [len(trials) * place // bands for place in range(bands + 1)] if bands > 1 else []
        return [trials[low:high] for low, high in itertools.pairwise(ends)]
    return [_within(band, trials) for band in bands]


def _within(band: Budget, trials: list[Trial]) -> list[Trial]:
    found = [trial for trial in trials if band.admits_madds(trial.user_attrs["madds"])]
    if len(found) < MIN_TRIALS:
        raise StudyError(
            f"band {band} must contain at least {MIN_TRIALS} trials of the study, got {len(found)}"
        )
    return found


def _band(trials: list[Trial]) -> BandImportance:
    madds = [trial.user_attrs["madds"] for trial in trials]
    quality = np.array([trial.values[0] for trial in trials])
    decisions = _taken(trials)
    found = leave_one_out([_columns(decision, trials) for decision in decisions], quality)
    best = _best_of(len(trials))
    shares = _ped_anova(
        trials, {one.name for one in decisions if len(one.options) > 1}, best / len(trials)
    )
    ranked = [
        DecisionImportance(
            decision.name,
            shares[decision.name],
            drop,
            found.floor,
            *_worths(decision, trials, weights),
        )
        for decision, drop, weights in zip(decisions, found.drops, found.weights, strict=True)
    ]
    ranked.sort(key=lambda one: (-one.drop, -one.ped_anova, one.name))
    return BandImportance(
        min(madds), max(madds), len(trials), best, found.r2, _agreement(ranked), tuple(ranked)
    )


def _taken(trials: Sequence[Trial]) -> list[Decision]:
    """Each decision with the options that were taken, by the names' first appearance."""
    found: dict[str, set[Any]] = {}
    for trial in trials:
        for name, option in trial.params.items():
            found.setdefault(name, set()).add(option)
    return [Decision(name, tuple(sorted(options, key=_order))) for name, options in found.items()]


def _order(option: Any) -> tuple[bool, float, str]:
    """Numbers, then words: a ``split`` may mix them."""
    return (True, 0.0, option) if isinstance(option, str) else (False, float(option), "")


def _columns(decision: Decision, trials: Sequence[Trial]) -> Floats:
    """(trials, options), centred over the trials that have the decision and 0 in the others."""
    own = [
        {name: option for name, option in trial.params.items() if name == decision.name}
        for trial in trials
    ]
    rows = OneHot([decision]).rows(own)
    has = rows.any(axis=1)
    rows[has] -= rows[has].mean(axis=0)
    return rows


def _worths(
    decision: Decision, trials: Sequence[Trial], weights: Floats
) -> tuple[int, tuple[OptionEffect, ...]]:
    options = [trial.params[decision.name] for trial in trials if decision.name in trial.params]
    times = np.array([options.count(option) for option in decision.options])
    worth = weights - times @ weights / times.sum()
    found = zip(decision.options, times, worth, strict=True)
    return len(options), tuple(
        OptionEffect(option, int(n), float(value)) for option, n, value in found
    )


def _best_of(trials: int) -> int:
    """Half of them at the most, if a tenth would be too few to be a distribution."""
    return max(-(-trials // 10), min(_BEST, trials // 2))


def _ped_anova(trials: Sequence[Trial], varied: set[str], quantile: float) -> dict[str, float]:
    """The share of each decision that varies, 0 of any other; all 0 if none matters."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = _Copy(trials)
    evaluator = PedAnovaImportanceEvaluator(target_quantile=quantile)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # Those of fewer than 2 trials are passed over.
        warnings.filterwarnings("ignore", "Some regimes for parameter")
        # All are equally good.
        warnings.filterwarnings("ignore", "Target and region quantiles select the same")
        found = get_param_importances(study, evaluator=evaluator, normalize=False)
    total = sum(found[name] for name in varied)
    return {
        name: value / total if name in varied and total > 0 else 0.0
        for name, value in found.items()
    }


class _Copy(optuna.Study):
    """A study of the quality alone that holds ``trials``; thousands cost nothing.

    There are no copies of each trial, as a storage makes.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        made = optuna.create_study(direction="maximize")
        super().__init__(made.study_name, made._storage)
        self._held = [
            FrozenTrial(
                number=number,
                state=TrialState.COMPLETE,
                value=trial.values[0],
                datetime_start=None,
                datetime_complete=None,
                params=trial.params,
                distributions=trial.distributions,
                user_attrs={},
                system_attrs={},
                intermediate_values={},
                trial_id=number,
            )
            for number, trial in enumerate(trials)
        ]

    def get_trials(
        self,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        return [trial for trial in self._held if states is None or trial.state in states]

    def _get_trials(
        self,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
        use_cache: bool = False,
    ) -> list[FrozenTrial]:
        return self.get_trials(deepcopy, states)


def _agreement(ranked: Sequence[DecisionImportance]) -> float | None:
    varied = [one for one in ranked if len(one.options) > 1]
    views = [one.drop for one in varied], [one.ped_anova for one in varied]
    if len(varied) < 3 or any(len(set(view)) == 1 for view in views):
        return None
    return float(spearmanr(*views).statistic)
