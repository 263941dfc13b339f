"""Validation of stored trials.

Each trial that is read, from any storage, is checked once and then trusted.

Another program, another version or a damaged file may have stored anything. A fault is one line,
``madds: must be a whole number, got 'abc'``. Attributes that are not known here are another
version's: they are kept, and not read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model

from seesawnas.cost import ALL_COSTS
from seesawnas.errors import StudyError
from seesawnas.evaluation.metrics import METRICS, Metric
from seesawnas.io.stored_json import shown, stored_json, too_deep
from seesawnas.io.validation import faults_of
from seesawnas.study.record.renewed import renewed
from seesawnas.text import one_line, several

FORMAT, FORMAT_ATTRIBUTE = 1, "format"
"""The newest format of studies that is read here, and the study's attribute that names its own.

None is the first.
"""
_MOST = 2**63 - 1
_HUGE = 1e15
"""Above any number of seconds, or distance, that was ever measured.

What is far larger does not fit into tables.
"""
_NEEDED: dict[TrialState, tuple[str, ...]] = {
    TrialState.COMPLETE: ("accuracy", "accuracy_std", "auc", "seconds"),
    TrialState.PRUNED: ("accuracy", "accuracy_std", "auc", "stopped_after"),
}
_NETWORK = ("digest", "spec", "madds", "params")


@dataclass(frozen=True, slots=True)
class SkippedTrial:
    """A stored trial that cannot be shown, and why.

    ``number`` is None if even that cannot be read.
    """

    number: int | None
    reason: str

    def __str__(self) -> str:
        return f"trial {'?' if self.number is None else self.number}: {self.reason}"


def _text(raw: Any) -> Any:
    if not isinstance(raw, str):
        raise ValueError(f"must be text, got {shown(raw)}")
    return raw


def _whole(raw: Any) -> Any:
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise ValueError(f"must be a whole number, got {shown(raw)}")
    if not 0 <= raw <= _MOST:
        raise ValueError(f"must be from 0 to {_MOST}, got {shown(raw)}")
    return raw


def _number(low: float, high: float, raw: Any) -> Any:
    if not isinstance(raw, int | float) or isinstance(raw, bool):
        raise ValueError(f"must be a number, got {shown(raw)}")
    if not low <= raw <= high or (isinstance(raw, float) and not math.isfinite(raw)):
        raise ValueError(f"must be from {low:g} to {high:g}, got {shown(raw)}")
    return raw


def _or_none(rule: Any, raw: Any) -> Any:
    return None if raw is None else rule(raw)


def _flag(raw: Any) -> Any:
    if not isinstance(raw, bool):
        raise ValueError(f"must be true or false, got {shown(raw)}")
    return raw


def _tries(raw: Any) -> Any:
    """What :meth:`StudyRecord.lose` keeps: the epoch of the last loss, and how many there were."""
    try:
        values = stored_json(_text(raw))
    except ValueError:
        values = None
    if not (
        isinstance(values, list)
        and len(values) == 2
        and all(type(value) is int for value in values)
    ):
        raise ValueError(f"must be the JSON text of two whole numbers, got {shown(raw)}")
    return raw


_Text = Annotated[Any, BeforeValidator(_text)]
_MaybeText = Annotated[Any, BeforeValidator(partial(_or_none, _text))]
_Whole = Annotated[Any, BeforeValidator(_whole)]
_Length = Annotated[Any, BeforeValidator(partial(_number, 0, _HUGE))]


def _metric_key(metric: Metric) -> tuple[Any, Any]:
    low, high = (0, 1) if metric.is_share else (-_HUGE, _HUGE)
    rule = partial(_number, low, high)
    if metric.may_be_unresolved:
        return Annotated[Any, BeforeValidator(partial(_or_none, rule))], None
    return Annotated[Any, BeforeValidator(rule)], 0.0


class _OtherAttributes(BaseModel):
    """The attributes of a trial that are read anywhere, but for costs and metrics.

    Defaults are only for those that are absent.
    """

    model_config = ConfigDict(extra="ignore")

    digest: _Text = ""
    key: _Text = ""
    spec: _Text = ""
    label: _MaybeText = None
    variant: _MaybeText = None
    proxy: _Text = ""
    teacher: _Text = ""
    measurement: _Text = ""
    reason: _Text = ""
    interrupted: _Text = ""
    losses: Annotated[Any, BeforeValidator(_tries)] = ""
    fixed: Annotated[Any, BeforeValidator(_flag)] = False
    stopped_after: _Whole = 0
    accuracy_std: _Length = 0.0
    seconds: _Length = 0.0


_MEASURED: dict[str, Any] = {
    **dict.fromkeys(ALL_COSTS, (_Whole, 0)),
    **{name: _metric_key(metric) for name, metric in METRICS.items()},
}
_Attributes = create_model("_Attributes", __base__=_OtherAttributes, **_MEASURED)


def trial_faults(trial: FrozenTrial, objectives: int, *, ours: bool = True) -> Iterator[str]:
    """What is wrong with a stored trial, a line per fault; nothing if it can be trusted.

    Args:
        trial: The trial.
        objectives: How many values a complete trial has.
        ours: Whether the study is one of networks, so that a trial that ran has one.
    """
    attrs = trial.user_attrs
    if not isinstance(attrs, dict) or not isinstance(trial.intermediate_values, dict):
        yield f"attributes: must be a mapping, got {shown(attrs)}"
        return
    yield from (
        f"{name}: must not be nested so deeply" for name, value in attrs.items() if too_deep(value)
    )
    try:
        _Attributes.model_validate(attrs)
    except ValidationError as error:
        for place, rule in faults_of(error, lambda _: ()):
            yield f"{'.'.join(map(str, place))}: {rule}"
    needed: tuple[str, ...] = _NETWORK if "spec" in attrs else ()
    if ours and trial.state in _NEEDED:
        needed = (*_NETWORK, *_NEEDED[trial.state])
    yield from (f"{name}: is required, got nothing" for name in needed if name not in attrs)
    yield from _value_faults(trial, objectives)
    yield from _curve_faults(trial)
    yield from _param_faults(trial)


def _value_faults(trial: FrozenTrial, objectives: int) -> Iterator[str]:
    values = trial.values
    if trial.state.is_finished() and trial.datetime_complete is None:
        yield "datetime_complete: is required for a finished trial, got nothing"
    if trial.state is not TrialState.COMPLETE:
        return
    if not isinstance(values, list | tuple) or len(values) != objectives:
        yield (
            f"values: must be {several(objectives, 'number')} for a complete trial, got "
            f"{shown(values)}"
        )
    else:
        yield from _numbers_in("values", values)


def _curve_faults(trial: FrozenTrial) -> Iterator[str]:
    for step in trial.intermediate_values:
        if type(step) is not int or not 0 <= step <= 10**9:
            yield f"learning curve: epochs must be whole numbers, got {shown(step)}"
            return
    yield from _numbers_in("learning curve", list(trial.intermediate_values.values()))


def _numbers_in(name: str, values: Sequence[Any]) -> Iterator[str]:
    for value in values:
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= _MOST:
            yield f"{name}: must be finite numbers, got {shown(value)}"
            return


def _param_faults(trial: FrozenTrial) -> Iterator[str]:
    """Options outside their decisions.

    Storages keep places in a list of options, and look up whatever stands there.
    """
    if trial.params.keys() != trial.distributions.keys():
        yield "params: must match the trial's decisions, got others"
        return
    for name, value in trial.params.items():
        kind = trial.distributions[name]
        if isinstance(kind, CategoricalDistribution):
            fits = value in kind.choices
        elif isinstance(kind, IntDistribution):
            fits = (
                type(value) is int
                and kind.low <= value <= kind.high
                and (value - kind.low) % kind.step == 0
            )
        else:
            fits = (
                isinstance(kind, FloatDistribution)
                and isinstance(value, float)
                and kind.low <= value <= kind.high
            )
        if not fits:
            yield f"params: {name} must be an option of its decision, got {shown(value)}"


def trusted(
    trials: Iterable[FrozenTrial], objectives: int, *, ours: bool = True
) -> tuple[list[FrozenTrial], list[SkippedTrial]]:
    """The trials that can be shown, by number; those that cannot, with their first fault."""
    kept: list[FrozenTrial] = []
    left: list[SkippedTrial] = []
    numbers: set[int] = set()
    for trial in trials:
        number = trial.number if type(trial.number) is int and trial.number >= 0 else None
        if number is None or number in numbers:
            left.append(
                SkippedTrial(
                    number,
                    "number: must be a whole number that no other trial has, got "
                    f"{shown(trial.number)}",
                )
            )
            continue
        numbers.add(number)
        fault = next(trial_faults(trial, objectives, ours=ours), None)
        if fault is None:
            kept.append(renewed(trial))
        else:
            left.append(SkippedTrial(number, one_line(fault)))
    return sorted(kept, key=lambda trial: trial.number), left


def is_foreign(trial: FrozenTrial) -> bool:
    """Whether another program put the trial into the study: it has no attribute of a network's."""
    return (
        isinstance(trial.user_attrs, dict)
        and not trial.user_attrs.keys() & _Attributes.model_fields.keys()
    )


def check_trial(trial: FrozenTrial, objectives: int, study: str) -> None:
    """Check that a trial can be trusted to go on with.

    Raises:
        StudyError: If it cannot; the message names ``study`` and the trial.
    """
    fault = next(trial_faults(trial, objectives, ours=not is_foreign(trial)), None)
    if fault is not None:
        raise StudyError(one_line(f"{study}, trial {trial.number}: {fault}"))


def check_format(attributes: Any, study: str) -> None:
    """Check that a study is of a format that is read here.

    Raises:
        StudyError: If it is of a newer one.
    """
    kept = attributes.get(FORMAT_ATTRIBUTE, FORMAT) if isinstance(attributes, dict) else FORMAT
    if type(kept) is int and kept > FORMAT:
        raise StudyError(
            f"{study}: written by a newer version of seesawnas: format must be at most {FORMAT}, "
            f"got {shown(kept)}; "
            "update seesawnas to read it"
        )
