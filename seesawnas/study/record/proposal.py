"""A network and the options that make it as a trial of a study holds them, there and back."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial

from seesawnas.arch import ArchSpec
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.io.stored_json import stored_mapping
from seesawnas.space import Assignment, Decision, read_yaml, to_point
from seesawnas.study.trial import Measurement, Proxy
from seesawnas.text import one_line

ORDERED = ("depth", "width", "height", "expansion", "middle", "kernel", "embedding")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A network to try.

    Attributes:
        assignment: The options that make it; empty if it is outside the space.
        label: What users call it.
        proxy: Another proxy than the study's.
        variant: The name of that proxy: a study holds a network once per variant.
        fixed: Whether it is a reference: it is never stopped early.
    """

    spec: ArchSpec
    assignment: Assignment
    label: str = ""
    proxy: Proxy | None = None
    variant: str = ""
    fixed: bool = False

    @property
    def key(self) -> str:
        """What no two trials of a study share."""
        return f"{self.spec.digest()}/{self.variant}" if self.variant else self.spec.digest()


def distribution(decision: Decision) -> BaseDistribution:
    """A decision as Optuna knows it.

    Evenly spaced integers of an ordered attribute are integers there; all others are categories.
    """
    options = decision.options
    numbers = [option for option in options if type(option) is int]
    steps = (
        {b - a for a, b in itertools.pairwise(numbers)} if len(numbers) == len(options) else set()
    )
    if decision.name.rsplit(".", 1)[-1] in ORDERED and len(steps) == 1 and min(steps) > 0:
        return IntDistribution(numbers[0], numbers[-1], step=steps.pop())
    return CategoricalDistribution(options)


def options_of(distribution: BaseDistribution) -> tuple[Any, ...]:
    """The options of a decision that a study holds, in order.

    Empty if another program made it continuous.
    """
    match distribution:
        case CategoricalDistribution():
            return tuple(distribution.choices)
        case IntDistribution():
            return tuple(range(distribution.low, distribution.high + 1, distribution.step))
    return ()


def trial_spec(trial: FrozenTrial, study: str = "") -> ArchSpec:
    """The network of a trial.

    Raises:
        StudyError: If something else is stored; the message names ``study`` and the trial.
    """
    source = f"{study}, trial {trial.number}: spec" if study else f"trial {trial.number}: spec"
    try:
        return to_point(read_yaml(str(trial.user_attrs.get("spec", "")), source), source).spec
    except InvalidInput as error:
        raise StudyError(one_line(str(error).splitlines()[0])) from None


def trial_proxy(trial: FrozenTrial, study: str) -> Proxy:
    """The proxy that a trial has of its own.

    Raises:
        StudyError: If it is no proxy; the message names ``study`` and the trial.
    """
    try:
        return Proxy.from_mapping(stored_mapping(trial.user_attrs["proxy"]))
    except (ValueError, KeyError, TypeError, InvalidInput) as error:
        raise _unreadable(trial, study, "proxy", error) from None


def measurement_of(trial: FrozenTrial, study: str) -> Measurement:
    """What a trial measured.

    Raises:
        StudyError: If it is no measurement; the message names ``study`` and the trial.
    """
    try:
        return Measurement.of_mapping(stored_mapping(trial.user_attrs["measurement"]))
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(trial, study, "measurement", error) from None


def _unreadable(trial: FrozenTrial, study: str, name: str, error: Exception) -> StudyError:
    rule = (
        str(error)
        if str(error).startswith("must")
        else f"must be a value stored by seesawnas: {error}"
    )
    return StudyError(one_line(f"study {study}, trial {trial.number}: {name}: {rule}"))
