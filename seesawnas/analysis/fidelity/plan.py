"""``FidelityPlan``: all that a fidelity study is asked to do.

Its fields declare the options of ``fidelity``.

Nothing here imports torch or Optuna before a value needs it: help waits for this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seesawnas.plan.options import Whole, inherited, lists, option, parsed, text
from seesawnas.study.options import (
    JUDGED,
    SEARCHED,
    EnginePlan,
    RunPlan,
    SpacePlan,
    engine_conflicts,
    metric_name,
    parse_budget,
    proxy_teacher_conflicts,
    subset_conflicts,
)
from seesawnas.train.feeds.teacher_plan import TeacherPlan, feeding

if TYPE_CHECKING:
    from seesawnas.analysis.fidelity.level import Level
    from seesawnas.cost import Budget
    from seesawnas.plan.documents import Place
    from seesawnas.study import Proxy, StudyFile

LEVELS = "8x56,8x32,3x56"
"""Those that networks are trained at if none are given."""
LEAST_NETWORKS = 3
"""Of fewer no ranking is compared."""


def _budget(raw: Any) -> Any:
    return None if raw is None else parse_budget(raw)


def _stored_budget(budget: Budget | None) -> str | None:
    return None if budget is None else str(budget)


def _setting(budget: Budget | None) -> Any:
    return None if budget is None else budget.setting()


def _levels(raw: Any) -> Any:
    from seesawnas.analysis.fidelity.level import Level

    if raw in (None, ()):
        return ()
    words = raw if isinstance(raw, list) else str(raw).split(",")
    levels = tuple(parsed(Level.parse, "level", word) for word in words)
    if len(set(levels)) < len(levels):
        raise ValueError("must differ")
    return levels


def _stored_levels(levels: tuple[Level, ...]) -> list[str] | None:
    return [str(level) for level in levels] or None


def _paths(raw: Any) -> tuple[str, ...]:
    return tuple(text(path) for path in (raw if isinstance(raw, list | tuple) else [raw]))


@dataclass(frozen=True, kw_only=True)
@lists(TeacherPlan, before="study")
class FidelityPlan(TeacherPlan, EnginePlan):
    """What a fidelity study is asked to do: train the same networks at several levels and seeds.

    Attributes:
        budget: What the networks are drawn within, uniformly; None if nothing is trained.
        data: A folder of faces; None for the default set.
        identities: How many identities of ``data`` are used; None for all.
        networks: How many networks.
        levels: The reference first; empty if nothing is trained and the most expensive of the
            measurements is meant.
        seeds: Each network is trained at each level from the seeds 0 ... ``seeds`` - 1.
        seed: Draws the networks, splits the identities and draws the pairs.
        score: The measure that networks are ranked by.
        measurements: Files of measurements made before: taken in, or, without a budget, judged.
        recipe: All of the proxy's recipe but its epochs, which the levels say; see
            :class:`RunPlan`.
    """

    budget: Budget | None = option(
        _budget,
        "MADDS",
        SEARCHED,
        "MAdds range, such as 120M..150M.",
        default=None,
        store=_stored_budget,
        must_stay=True,
        keep=_setting,
    )
    space: str = inherited(SpacePlan, "space")
    data: str | None = inherited(RunPlan, "data")
    identities: int | None = inherited(RunPlan, "identities")
    networks: int = option(
        Whole(LEAST_NETWORKS, 100_000),
        "N",
        SEARCHED,
        f"Number of networks, {LEAST_NETWORKS} or more, sampled uniformly within the budget. "
        "Default: 40.",
        default=40,
    )
    levels: tuple[Level, ...] = option(
        _levels,
        "LIST",
        JUDGED,
        "Fidelity levels EPOCHSxPIXELS[:SHARE], the reference first; SHARE is the fraction of "
        "identities. "
        f"Default: {LEVELS}; with --measurements only, the most expensive level is the reference.",
        default=(),
        store=_stored_levels,
    )
    seeds: int = option(
        Whole(1, 100), "K", JUDGED, "Training runs per network and level. Default: 2.", default=2
    )
    seed: int = inherited(
        RunPlan,
        "seed",
        help="Seed of the sampled networks, the identity split and the pairs. Default: 0.",
    )
    score: str = option(
        metric_name,
        "NAME",
        JUDGED,
        "Metric to rank by: accuracy, auc, separation ... Default: auc.",
        default="auc",
    )
    measurements: tuple[str, ...] = option(
        _paths,
        "FILE",
        JUDGED,
        "Earlier measurements to add; without --budget only these are analysed. May be given more "
        "than once.",
        default=(),
        is_list=True,
        store=list,
    )
    pairs: int = inherited(RunPlan, "pairs", metavar="")
    recipe: Mapping[str, Any] = inherited(RunPlan, "recipe")
    study: str = inherited(
        RunPlan, "study", default="fidelity", help="Folder under runs/. Default: fidelity."
    )

    def __post_init__(self) -> None:
        if self.budget is not None:
            from seesawnas.study import Proxy

            default = Proxy.for_data(self.data)
            object.__setattr__(self, "levels", self.levels or _levels(LEVELS))
            self._fill("pairs", default.pairs)
            changes = {"epochs": 1, **self._distilled()}
            recipe = default.recipe.changed(**{**self.recipe, **changes})
            object.__setattr__(self, "recipe", recipe.to_mapping())
        super().__post_init__()

    @property
    def folder(self) -> Path:
        """Where the study's files lie."""
        from seesawnas.study import study_folder

        return study_folder(self.study)

    @property
    def proxy(self) -> Proxy:
        """What the levels vary."""
        from seesawnas.study import Proxy
        from seesawnas.train import Recipe

        return Proxy(Recipe(**self.recipe), pairs=self.pairs, pairs_seed=self.seed)

    @property
    def size(self) -> int:
        """Trials in all."""
        return self.networks * len(self.levels) * self.seeds

    @property
    def sides(self) -> tuple[int, ...]:
        """The sizes of the input, in the order of the levels."""
        return tuple(dict.fromkeys(level.resolution for level in self.levels))


def plan_of(options: Mapping[str, Any], file: StudyFile | None = None) -> FidelityPlan:
    """The plan of options of the command line, by their keys.

    Args:
        options: They win over the file.
        file: What a study was started with, to resume it; None for a new one.

    Raises:
        StudyError: If an option is wrong, with one line a fault.
    """
    from seesawnas.plan.documents import plan_of_options

    if file is None:
        return plan_of_options(FidelityPlan, options, _conflicts)
    from seesawnas.plan.documents import override
    from seesawnas.study.library.names import placer

    file.must_be("fidelity", "a fidelity study")
    values = override(FidelityPlan, file.values, options)
    return plan_of_options(FidelityPlan, values, _conflicts, placer(file, options))


def _conflicts(plan: FidelityPlan, place: Place) -> Iterator[str]:
    """What is wrong with options together."""
    from seesawnas.study.library.names import name_conflicts

    if plan.budget is None and not plan.measurements:
        yield f"{place('budget')} must be given, such as 120M..150M, or {place('measurements')}"
    if plan.budget is None:
        for name in _of_teacher(plan):
            yield (
                f"{place(name)} requires {place('budget')}, got none: measurements made before "
                "are not trained again"
            )
    else:
        yield from subset_conflicts(plan.identities, plan.data, place)
        yield from proxy_teacher_conflicts(plan, plan.data, place)
    yield from engine_conflicts(plan, place)
    yield from name_conflicts(plan.study, None, place)


def _of_teacher(plan: FidelityPlan) -> Iterator[str]:
    """The options of a teacher that are given, by their names."""
    if plan.teacher:
        yield "teacher"
    yield from feeding(plan)
    if plan.distill not in (None, "none"):
        yield "distill"
    if plan.distill_weight is not None:
        yield "distill_weight"
