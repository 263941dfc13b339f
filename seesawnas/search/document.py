"""A study as a YAML document: the search command's options by their names, checked all at once.

Keys:

    budget, space               which networks
    objectives                  a quality, then costs: accuracy,madds
    sampler, points             what is tried after fixed points (all, none, or REFs)
    trials, time, patience, target
                                the first of these that holds ends the search
    early_stopping              none, or asha, asha:FIRST, asha:FIRST:FACTOR
    repeats, repeat_top         new training seeds for each of the best networks

and those of :mod:`seesawnas.study.keys`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator

from seesawnas.cost import Budget
from seesawnas.search.plan import RANGES, SAMPLERS
from seesawnas.space.document import Text
from seesawnas.study import Halving, Objectives
from seesawnas.study.keys import RunKeys, given, one_of, told, whole
from seesawnas.train.recipe_file import number
from seesawnas.wording import short

_STOPPING = re.compile(r"asha(?::([0-9]{1,9}))?(?::([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """ASHA as asked for; ``first`` None is a quarter of the epochs."""

    first: int | None
    factor: int

    @classmethod
    def parse(cls, text: str) -> EarlyStopping:
        """``asha``, ``asha:FIRST`` or ``asha:FIRST:FACTOR``. Raises ValueError."""
        match = _STOPPING.fullmatch(text)
        if match is None:
            raise ValueError(f"must be none, asha, asha:FIRST or asha:FIRST:FACTOR, got {short(text)}")
        first, factor = match.groups()
        found = cls(None if first is None else int(first), Halving().factor if factor is None else int(factor))
        found.at(epochs=1)
        return found

    def at(self, epochs: int) -> Halving:
        """For trials of ``epochs`` epochs."""
        return Halving(max(1, epochs // 4) if self.first is None else self.first, self.factor)


def _budget(raw: Any) -> Any:
    if not isinstance(raw, (str, int)) or isinstance(raw, bool):
        raise ValueError(f"must be text such as 150M, got {short(raw)}")
    told(Budget.parse, "budget", raw)
    return str(raw)


def _objectives(raw: Any) -> Any:
    return told(Objectives.parse, "objectives", ",".join(map(str, raw)) if isinstance(raw, list) else raw)


def _early_stopping(raw: Any) -> Any:
    return None if raw in (None, "none") else told(EarlyStopping.parse, "early stopping", raw)


def _points(raw: Any) -> Any:
    if raw in ("all", "none", None):
        return None if raw == "all" else ()
    refs = raw if isinstance(raw, list) else str(raw).split(",")
    if not all(isinstance(ref, str) and ref.strip() for ref in refs):
        raise ValueError(f"must be all, none, or REFs such as paper/seesaw_share, got {short(repr(raw))}")
    return tuple(dict.fromkeys(ref.strip() for ref in refs))


class StudyKeys(RunKeys):
    """The whole document."""

    budget: Annotated[str, BeforeValidator(_budget)]
    space: Text = "seesaw"
    objectives: Annotated[Objectives, BeforeValidator(_objectives)] = Objectives()
    sampler: Annotated[str, BeforeValidator(partial(one_of, SAMPLERS))] = "linear"
    points: Annotated[tuple[str, ...] | None, BeforeValidator(_points)] = None
    trials: Annotated[int | None, BeforeValidator(partial(whole, *RANGES["trials"]))] = None
    patience: Annotated[int | None, BeforeValidator(partial(whole, *RANGES["patience"]))] = None
    target: Annotated[float | None, BeforeValidator(partial(number, 0, 1000))] = None
    early_stopping: Annotated[EarlyStopping | None, BeforeValidator(_early_stopping)] = None
    repeats: Annotated[int, BeforeValidator(partial(whole, *RANGES["repeats"])), BeforeValidator(given)] = 0
    repeat_top: Annotated[int, BeforeValidator(partial(whole, *RANGES["repeat_top"])), BeforeValidator(given)] = 5
