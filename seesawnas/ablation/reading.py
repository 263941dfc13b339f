"""From what a study stores to what its ablation found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from seesawnas.ablation.analysis import analyse
from seesawnas.ablation.result import AblationResult, ArmResult
from seesawnas.errors import StudyError
from seesawnas.evaluation.metrics import METRICS
from seesawnas.io.stored_json import stored_mapping
from seesawnas.io.validation import lines_of
from seesawnas.plan.options import OneOf
from seesawnas.study import Trial, TrialState
from seesawnas.study.record.renewed import DIGEST_BEFORE
from seesawnas.text import one_line

Count = Annotated[int, Field(ge=0, le=2**63 - 1)]

ATTRIBUTE = "ablation"
"""The study's attribute with the design: the meaning of its trials' levels and networks."""


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


class StoredArm(BaseModel):
    """A network of the design, as it is stored."""

    model_config = ConfigDict(strict=True)

    name: str
    levels: list[tuple[str, Any]]
    digest: str
    madds: Count
    params: Count

    @field_validator("levels", mode="before")
    @classmethod
    def _pairs(cls, raw: Any) -> Any:
        """JSON knows lists alone."""
        return (
            [tuple(pair) if isinstance(pair, list) else pair for pair in raw]
            if isinstance(raw, list)
            else raw
        )


class StoredAblation(BaseModel):
    """What an ablation stores of its design; keys of other versions are ignored."""

    model_config = ConfigDict(strict=True)

    base: str
    quality: Annotated[str, BeforeValidator(OneOf(tuple(METRICS)))]
    design: Literal["one-at-a-time", "full", "fractional"]
    factors: list[tuple[str, list[Any]]]
    seeds: list[Count]
    matched: bool
    resolution: str | None
    aliases: list[Any]
    arms: list[StoredArm]
    looks: list[int] = []

    @field_validator("factors", mode="before")
    @classmethod
    def _pairs(cls, raw: Any) -> Any:
        """JSON knows lists alone."""
        return (
            [tuple(pair) if isinstance(pair, list) else pair for pair in raw]
            if isinstance(raw, list)
            else raw
        )


def _read(study: str, kept: StoredAblation, trials: Iterable[Trial]) -> AblationResult:
    trials = list(trials)
    values = _values(trials)
    today = {
        str(trial.user_attrs.get(DIGEST_BEFORE)): str(trial.user_attrs["digest"])
        for trial in trials
        if DIGEST_BEFORE in trial.user_attrs
    }
    arms = tuple(
        ArmResult(
            name=arm.name,
            levels=tuple(arm.levels),
            digest=today.get(arm.digest, arm.digest),
            madds=arm.madds,
            params=arm.params,
            values=tuple(sorted(values.get(today.get(arm.digest, arm.digest), {}).items())),
        )
        for arm in kept.arms
    )
    factors = tuple((factor, tuple(levels)) for factor, levels in kept.factors)
    effects, interactions = analyse(arms, factors, kept.design)
    return AblationResult(
        study=study,
        base=kept.base,
        quality=kept.quality,
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
    )


def _values(trials: Iterable[Trial]) -> dict[str, dict[int, float]]:
    """The quality of each complete training, by the network's digest and the training's seed."""
    found: dict[str, dict[int, float]] = {}
    for trial in trials:
        variant = str(trial.user_attrs.get("variant", ""))
        text = variant.removeprefix("seed ")
        if (
            trial.state is TrialState.COMPLETE
            and variant.startswith("seed ")
            and text.isdecimal()
            and len(text) < 20
        ):
            seed = int(text)
            found.setdefault(str(trial.user_attrs["digest"]), {})[seed] = trial.values[0]
    return found
