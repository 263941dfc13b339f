"""An ablation as a YAML document: the options of ``seesawnas ablate`` by their names, checked all at once.

Keys:

    base                        the network that is changed, a REF
    scale                       multiplies all widths first, of the base and of others
    factors, levels             what is changed: split,kind,se; and to what: {se: [0, 4]}
    against                     other whole networks to compare with, REFs
    design                      one-at-a-time, full or fractional
    match                       madds: arms are rescaled in width to the base's MAdds; or none
    seeds                       how many trainings of each network
    quality                     what is compared: accuracy, auc, ...

and those of :mod:`seesawnas.study.keys`; ``seed`` is the first of the seeds.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationInfo

from seesawnas.ablation.factors import OwnFactors, known_factor, no_factors, parse_level
from seesawnas.ablation.levels import Levels, parse_factors, parse_levels
from seesawnas.ablation.result import DesignKind
from seesawnas.space.document import Text
from seesawnas.study import QUALITIES
from seesawnas.study.keys import RUN_RANGES, RunKeys, given, one_of, told, whole
from seesawnas.train.recipe_file import number
from seesawnas.wording import short

DESIGNS: tuple[str, ...] = get_args(DesignKind)
RANGES: dict[str, tuple[int, int]] = {"seeds": (1, 1000), **RUN_RANGES}
"""The whole numbers of a plan, by their names in a study file, both ends included."""


def _factors(raw: Any, info: ValidationInfo) -> Any:
    parse = partial(parse_factors, own=_own(info))
    if raw in (None, "", []):
        return ()
    try:
        return told(parse, "factors", ",".join(map(str, raw)) if isinstance(raw, list) else raw)
    except ValueError as error:
        raise ValueError(str(error).removeprefix("factor ")) from None


def _levels(raw: Any, info: ValidationInfo) -> Any:
    own = _own(info)
    if not isinstance(raw, dict):
        return {} if raw is None else told(partial(parse_levels, own=own), "levels", raw)
    return {factor: _words(factor, words, own) for factor, words in raw.items()}


def _own(info: ValidationInfo) -> OwnFactors:
    """What gives the base's factors, if the document is read with it."""
    return info.context or no_factors


def _words(factor: Any, raw: Any, own: OwnFactors) -> Any:
    told(partial(known_factor, own=own), "factor", factor)
    words = raw if isinstance(raw, list) else str(raw).split(",")
    found = tuple(told(partial(parse_level, str(factor), own=own), "", word) for word in words)
    if len(set(found)) < len(found):
        raise ValueError(f"must have each level of {factor} once, got {', '.join(map(str, words))}")
    return found


def _references(raw: Any) -> Any:
    refs = raw if isinstance(raw, list) else str(raw or "").split(",")
    if not all(isinstance(ref, str) for ref in refs):
        raise ValueError(f"must be REFs such as paper/seesaw_share, got {short(repr(raw))}")
    return tuple(dict.fromkeys(ref.strip() for ref in refs if ref.strip()))


def _match(raw: Any) -> Any:
    return one_of(("none", "madds"), "none" if raw is None else raw)


class AblationKeys(RunKeys):
    """The whole document.

    Its validation's context, if there is one, gives the factors of the base: see :class:`seesawnas.ablation.base.BaseFactors`.
    """

    base: Text
    scale: Annotated[float, BeforeValidator(partial(number, 0.01, 100)), BeforeValidator(given)] = 1.0
    factors: Annotated[tuple[str, ...], BeforeValidator(_factors)] = ()
    levels: Annotated[Levels, BeforeValidator(_levels)] = Field(default_factory=dict)
    against: Annotated[tuple[str, ...], BeforeValidator(_references)] = ()
    design: Annotated[DesignKind, BeforeValidator(partial(one_of, DESIGNS))] = "one-at-a-time"
    match: Annotated[Literal["none", "madds"], BeforeValidator(_match)] = "none"
    seeds: Annotated[int, BeforeValidator(partial(whole, *RANGES["seeds"])), BeforeValidator(given)] = 5
    quality: Annotated[str, BeforeValidator(partial(one_of, tuple(QUALITIES)))] = "auc"
