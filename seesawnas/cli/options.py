"""Options shared by several commands, and the options that plans declare."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.models import ArgumentInfo, OptionInfo

from seesawnas.cli.completion import (
    COMPLETIONS,
    Complete,
    complete_network,
    complete_ref,
    complete_study,
    one_of,
)
from seesawnas.errors import BudgetError
from seesawnas.plan.options import OneOf, Option, Plan, options_of

if TYPE_CHECKING:
    from seesawnas.cost import Budget

MAX_SEED = 2**63 - 1


def takes_options(
    plan: type[Plan], *, whole: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options that ``plan`` declares.

    The command receives as ``**given`` those on the command line, by their keys. Its help lists its
    arguments first, then these options, then its own options.

    Args:
        plan: What declares them.
        whole: Whether no study file completes the command line: what the plan requires must be
            given.
    """
    declared = [one for one in options_of(plan) if one.flag]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)
        own = [
            one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for one in signature.parameters.values()
            if one.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        arguments = [one for one in own if _is_argument(one)]
        others = [one for one in own if not _is_argument(one)]

        @wraps(command)
        def run(**values: Any) -> None:
            former = {one.key: values.pop(one.former_key) for one in declared if one.former_key}
            asked = {one.key: values.pop(one.key) for one in declared}
            asked |= {key: value for key, value in former.items() if asked[key] is None}
            command(**values, **{key: value for key, value in asked.items() if value is not None})

        former = [replace(one, key=one.former_key) for one in declared if one.former_key]
        parameters = [
            *arguments,
            *(_parameter(one, whole) for one in declared),
            *(_parameter(one, whole=False, hidden=True) for one in former),
            *others,
        ]
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return run

    return decorate


def _is_argument(parameter: inspect.Parameter) -> bool:
    return any(
        isinstance(one, ArgumentInfo) for one in getattr(parameter.annotation, "__metadata__", ())
    )


def _parameter(one: Option, whole: bool, hidden: bool = False) -> inspect.Parameter:
    is_required = whole and one.default is ...
    default, kind = (inspect.Parameter.empty, one.kind) if is_required else (None, one.kind | None)
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(
        one.key, keyword, default=default, annotation=Annotated[kind, _typer_option(one, hidden)]
    )


def _typer_option(one: Option, hidden: bool) -> OptionInfo:
    """Without a default in the help: the value may come from a study file."""
    found: OptionInfo = typer.Option(
        one.flag,
        metavar=one.metavar or None,
        rich_help_panel=one.panel or None,
        help=one.help,
        show_default=False,
        hidden=hidden,
        autocompletion=_completion(one),
    )
    return found


def _completion(one: Option) -> Complete | None:
    if isinstance(one.rule, OneOf):
        return one_of(one.rule.names)
    return COMPLETIONS[one.completion]


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
StudyName = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A study: a folder under runs/, its path, or its name in --storage.",
        autocompletion=complete_study,
        show_default=False,
    ),
]
LatestStudy = Annotated[
    str | None,
    typer.Argument(
        metavar="STUDY",
        help="Folder under runs/. Default: the most recently changed study.",
        autocompletion=complete_study,
    ),
]
StudyStorage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        metavar="URL",
        help="Optuna storage URL of the study; needed only if the search ran on another machine.",
    ),
]
PointRef = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help="A search point: paper/NAME, a YAML file, or a trial of a study (STUDY:NUMBER or "
        "STUDY:best).",
        autocompletion=complete_network,
        show_default=False,
    ),
]
SpaceRef = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help="A search space: seesaw, seesaw_wide or a YAML file.",
        autocompletion=complete_ref,
        show_default=False,
    ),
]
BudgetText = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="BUDGET",
        help="Maximum MAdds (150M), a range (140M..150M), several limits ('150M, params<=1.5M'), "
        "a latency that a fitted model predicts ('latency<=6ms@latency.yaml') or a preset (seesaw, "
        "mobilefacenet, lfr2019-light).",
        show_default="no limit",
    ),
]


def read_budget(text: str, option: str = "--budget") -> Budget:
    """The budget that ``option`` says.

    Raises:
        BudgetError: If it does not parse; the error begins with ``option``.
    """
    from seesawnas.cost import Budget

    try:
        return Budget.parse(text)
    except BudgetError as error:
        raise BudgetError(f"{option} {str(error).removeprefix('budget ')}") from None
