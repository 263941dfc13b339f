"""``SearchPlan``: all that a search is asked to do. Its fields declare the options of ``search``.

Nothing here imports torch or Optuna before a value needs it, so that help is fast.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from seesawnas.cost import Budget
from seesawnas.errors import StudyError
from seesawnas.io.entry_points import Extensions
from seesawnas.plan.options import Number, Whole, inherited, option, parsed, stored_list
from seesawnas.study.options import (
    ENDS,
    JUDGED,
    MAX_EPOCHS,
    SEARCHED,
    RunPlan,
    SpacePlan,
    parse_budget,
    references,
)
from seesawnas.text import one_of, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seesawnas.study import Asha, Objectives, StopRules

SAMPLERS = ("random", "tpe", "nsga2", "gp", "evolution", "linear")
"""Names of the included samplers; :mod:`seesawnas.search.samplers` makes them."""
LEARNING_SAMPLERS = ("linear",)
"""Those that can learn from earlier studies."""
MOST_PRIORS = 4
DEFAULT_TRIALS = 12
MOST_REPEATS = 100
LONGER = 4
"""Times the epochs of a trial, if a plan does not say for how many leaders are trained."""


def _maker(found: Any) -> Any:
    if not callable(found):
        raise TypeError(f"must be a class or function of a feasible set, got {short(found)}")
    return found


OWN_SAMPLERS: Extensions[Any] = Extensions("seesawnas.samplers", SAMPLERS, _maker, StudyError)
"""Samplers of other packages: each makes a :class:`seesawnas.search.samplers.Sampler`."""


def _sampler(raw: Any) -> Any:
    if raw not in SAMPLERS and raw not in (names := OWN_SAMPLERS.names()):
        raise ValueError(one_of(names, raw))
    return raw


def format_early_stopping(halving: Asha | None) -> str:
    """Early stopping as a study file spells it: ``none``, or ``asha:FIRST:FACTOR``."""
    return "none" if halving is None else f"asha:{halving.first}:{halving.factor}"


_STOPPING = re.compile(r"asha(?::([0-9]{1,9}))?(?::([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """ASHA as asked for.

    Attributes:
        first: The first epoch at which trials are judged; None for a quarter of the epochs.
        factor: One in this number of trials continues; None for the default.
    """

    first: int | None
    factor: int | None

    @classmethod
    def parse(cls, text: str) -> EarlyStopping:
        """Parse ``asha``, ``asha:FIRST`` or ``asha:FIRST:FACTOR``.

        Raises:
            ValueError: If the text is none of these, or a number in it is not allowed.
        """
        match = _STOPPING.fullmatch(text)
        if match is None:
            raise ValueError(
                f"must be none, asha, asha:FIRST or asha:FIRST:FACTOR, got {short(text)}"
            )
        first, factor = match.groups()
        found = cls(None if first is None else int(first), None if factor is None else int(factor))
        found.at(epochs=1)
        return found

    def at(self, epochs: int) -> Asha:
        """Early stopping for trials of ``epochs`` epochs."""
        from seesawnas.study import Asha

        first = max(1, epochs // 4) if self.first is None else self.first
        return Asha(first) if self.factor is None else Asha(first, self.factor)


def _objectives(raw: Any) -> Any:
    from seesawnas.study import Objectives

    return parsed(
        Objectives.parse, "objectives", ",".join(map(str, raw)) if isinstance(raw, list) else raw
    )


def _early_stopping(raw: Any) -> Any:
    return None if raw in (None, "none") else parsed(EarlyStopping.parse, "early stopping", raw)


def _points(raw: Any) -> Any:
    if raw in ("all", "none", None):
        return None if raw == "all" else ()
    refs = raw if isinstance(raw, list) else str(raw).split(",")
    if not all(isinstance(ref, str) and ref.strip() for ref in refs):
        raise ValueError(
            "must be all, none, or a list of REFs such as paper/seesaw_share, got "
            f"{short(repr(raw))}"
        )
    return tuple(dict.fromkeys(ref.strip() for ref in refs))


def _names(objectives: Objectives) -> list[str]:
    return list(objectives.names)


def _learn_from(raw: Any) -> Any:
    found = references(raw, "studies or CSV files such as first_run or trials.csv")
    if len(found) > MOST_PRIORS:
        raise ValueError(f"must be at most {MOST_PRIORS} studies or CSV files, got {len(found)}")
    return found


def _stored_points(points: tuple[str, ...] | None) -> list[str] | str:
    return "all" if points is None else list(points)


@dataclass(frozen=True, kw_only=True)
class SearchPlan(RunPlan):
    """What a search is asked to do.

    Attributes:
        learn_from: REFs of earlier studies and of tables of trials.
        points: REFs of fixed points; None for every paper point that fits.
        trials: Finished trials that the study shall hold; a default number only if nothing else
            ends the search.
        halving: Early stopping.
        repeats: New training seeds for each of the ``repeat_top`` best networks.
        leaders: How many of the best networks are trained for ``leader_epochs`` after the search.
        confirm: REFs of networks that the best one, of the leaders if there are some, is confirmed
            against after the search.
        confirm_trainings: The most trainings of that confirmation.
    """

    budget: Budget = option(
        parse_budget,
        "BUDGET",
        SEARCHED,
        "Maximum MAdds (150M), a range (140M..150M), several limits ('150M, params<=1.5M'), "
        "a latency that a fitted model predicts ('latency<=6ms@latency.yaml') or a preset (seesaw, "
        "mobilefacenet, lfr2019-light).",
        store=str,
        must_stay=True,
        keep=Budget.setting,
        in_summary=True,
    )
    space: str = inherited(SpacePlan, "space")
    data: str | None = inherited(RunPlan, "data")
    identities: int | None = inherited(RunPlan, "identities")
    objectives: Objectives = option(
        _objectives,
        "NAMES",
        SEARCHED,
        "One metric, then any costs, such as accuracy,madds. Default: accuracy.",
        default=partial(_objectives, "accuracy"),
        must_stay=True,
        store=_names,
        in_summary=True,
    )
    sampler: str = option(
        _sampler,
        "NAME",
        SEARCHED,
        "What proposes networks: random, tpe, nsga2, gp, evolution or linear, or the name of an "
        "installed sampler. Default: linear.",
        default="linear",
        completion="sampler",
        in_summary=True,
    )
    learn_from: tuple[str, ...] = option(
        _learn_from,
        "STUDY",
        SEARCHED,
        "Earlier studies, CSV files of trials or the shipped table lfw that the sampler linear "
        "begins with, and trusts as far as the trials confirm: STUDY,FILE.csv. Default: none.",
        default=(),
        must_stay=True,
        completion="prior",
        store=stored_list,
        in_summary=True,
    )
    points: tuple[str, ...] | None = option(
        _points,
        "REFS",
        SEARCHED,
        "Networks to train first: all (those of papers that fit the budget), none, or REF,REF. "
        "Default: all.",
        default=None,
        completion="networks",
        store=_stored_points,
        in_summary=True,
    )
    trials: int | None = option(
        Whole(1, 10**6, optional=True),
        "N",
        ENDS,
        "Stop when the study has N finished trials. Default: 12, if no other stopping rule is "
        "given.",
        default=None,
        in_summary=True,
    )
    seconds: float | None = inherited(RunPlan, "seconds")
    patience: int | None = option(
        Whole(1, 10**6, optional=True),
        "N",
        ENDS,
        "Stop after N finished trials without improvement.",
        default=None,
        in_summary=True,
    )
    target: float | None = option(
        Number(0, 1000, optional=True),
        "Q",
        ENDS,
        "Stop when the metric reaches Q, such as 0.85.",
        default=None,
        in_summary=True,
    )
    halving: Asha | None = option(
        _early_stopping,
        "RULE",
        ENDS,
        "Stop poor trials early: asha, asha:FIRST or asha:FIRST:FACTOR; "
        "after FIRST epochs only the best 1/FACTOR of the trials continue. Default: none.",
        default=None,
        key="early_stopping",
        store=format_early_stopping,
        in_summary=True,
    )
    repeats: int = option(
        Whole(0, MOST_REPEATS),
        "K",
        JUDGED,
        "Retrain the best networks with K new seeds each, and rank them by the mean. Default: 0.",
        default=0,
    )
    repeat_top: int = option(
        Whole(1, 1000), "M", JUDGED, "Number of networks to retrain. Default: 5.", default=5
    )
    leaders: int = option(
        Whole(0, 1000),
        "M",
        JUDGED,
        "After the search, train its M best networks (of several objectives, the Pareto front "
        "first) for --leader-epochs from another seed, which leaves out other identities, and rank "
        "them by that, in the study NAME_leaders. Default: 0.",
        default=0,
    )
    leader_epochs: int | None = option(
        Whole(1, MAX_EPOCHS, optional=True),
        "N",
        JUDGED,
        "Epochs of proxy training per leader. Default: four times --epochs.",
        default=None,
    )
    confirm: tuple[str, ...] = option(
        references,
        "REFS",
        JUDGED,
        "After the search, confirm its best network against these, as `seesawnas confirm` does: "
        "REF,REF.",
        default=(),
        completion="networks",
        store=stored_list,
    )
    confirm_trainings: int | None = option(
        Whole(2, 10**6, optional=True),
        "N",
        JUDGED,
        "Budget of training runs of --confirm, of all networks together. Default: none, at most 20 "
        "per network.",
        default=None,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.halving, EarlyStopping):
            object.__setattr__(self, "halving", self.halving.at(self.epochs))
        if self.leaders:
            self._fill("leader_epochs", min(LONGER * self.epochs, MAX_EPOCHS))
        if self.seconds is None and self.patience is None and self.target is None:
            self._fill("trials", DEFAULT_TRIALS)

    @classmethod
    def other_help(cls) -> Mapping[str, str]:
        """See the base."""
        return {
            "time": "Time limit of this run, such as 2h or 90m; repeats and leaders use the time "
            "left after the search.",
            "study": "Name of the study, a folder under runs/. Default: derived from the study "
            "file, or from space, budget and data.",
        }

    @property
    def rules(self) -> StopRules:
        """When the search has enough."""
        from seesawnas.study import StopRules

        return StopRules(self.trials, self.seconds, self.patience, self.target)

    @property
    def repeat_seeds(self) -> tuple[int, ...]:
        """The training seeds of the repeats.

        They follow the study's own seed and are the same for every network.
        """
        return tuple((self.seed + number) % 2**63 for number in range(1, self.repeats + 1))

    @property
    def leader_seed(self) -> int:
        """The seed of the study of leaders: beyond those of any repeats."""
        return (self.seed + MOST_REPEATS + 1) % 2**63

    @property
    def confirm_seed(self) -> int:
        """The first seed of the best network's confirmation: no training before it had one so."""
        return (self.leader_seed + 1) % 2**63
