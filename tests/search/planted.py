"""Studies whose truth is known: made-up decisions, qualities that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from seesawnas.study import StudyView, Trial

DECISIONS: dict[str, BaseDistribution] = {
    "stages.0.expansion": IntDistribution(1, 4),
    "stages.0.kind": CategoricalDistribution(("share", "shuffle", "plain")),
    "stages.1.se": CategoricalDistribution((0, 4)),
    "stages.1.width": CategoricalDistribution((64, 96, 128)),
    "defaults.activation": CategoricalDistribution(("swish", "prelu")),
}


def planted(
    trials: int,
    quality: Callable[[Mapping[str, Any]], float],
    *,
    noise: float = 0.01,
    seed: int = 0,
    drop: Callable[[Mapping[str, Any]], tuple[str, ...]] = lambda options: (),
) -> StudyView:
    """Uniform options, but for those that ``drop`` says a network does not have.

    0.8 + ``quality`` + noise.
    """
    rng = np.random.default_rng(seed)
    made = []
    for number in range(trials):
        options = {name: _draw(found, rng) for name, found in DECISIONS.items()}
        kept = {name: option for name, option in options.items() if name not in drop(options)}
        value = 0.8 + quality(kept) + noise * float(rng.standard_normal())
        made.append(trial(number, kept, value, madds=int(rng.integers(100, 200)) * 10**6))
    return view(made)


def view(trials: list[Trial]) -> StudyView:
    return StudyView("planted", 0, {}, {}, ("verification accuracy",), ("maximize",), tuple(trials))


def trial(
    number: int,
    options: Mapping[str, Any],
    value: float,
    madds: int = 10**8,
    state: TrialState = TrialState.COMPLETE,
) -> Trial:
    made = create_trial(
        state=state,
        params=dict(options),
        distributions={name: DECISIONS[name] for name in options},
        value=value if state is TrialState.COMPLETE else None,
        user_attrs={"madds": madds},
    )
    made.number = number
    return made


def _draw(found: BaseDistribution, rng: np.random.Generator) -> Any:
    if isinstance(found, IntDistribution):
        return int(rng.integers(found.low, found.high + 1))
    assert isinstance(found, CategoricalDistribution)
    return found.choices[int(rng.integers(len(found.choices)))]
